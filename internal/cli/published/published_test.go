package published_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/published"
	"github.com/counterfoil/counterfoil/internal/housetest"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// forger sits between a client and the server and edits what the server says.
type forger struct {
	path string // ends the path of what is edited
	edit func(answer map[string]any)
}

func (f *forger) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || f.edit == nil || !strings.HasSuffix(r.URL.Path, f.path) {
		return resp, err
	}
	var answer map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return nil, err
	}
	_ = resp.Body.Close()
	f.edit(answer)
	text, err := json.Marshal(answer)
	resp.Body, resp.ContentLength = io.NopCloser(bytes.NewReader(text)), int64(len(text))
	return resp, err
}

// event returns the item of a page with a number, or nil.
func event(answer map[string]any, number float64) map[string]any {
	for _, item := range answer["items"].([]any) {
		if e := item.(map[string]any); e["number"] == number {
			return e
		}
	}
	return nil
}

func TestLedgerThatAServerShowsIsVerifiedFromOutside(t *testing.T) {
	h := housetest.Start(t)
	f := &forger{}
	c, err := client.New(client.Options{
		BaseURL: h.URL, ClientID: h.Admin.ID, ClientSecret: client.NewSecret(h.Admin.Secret), HTTPClient: &http.Client{Transport: f},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"one", "two", "three"} {
		if _, err := c.CreateApplication(t.Context(), client.NewApplication{Name: name}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := c.SignLedger(t.Context()); err != nil {
		t.Fatal(err)
	}
	read := int64(0)
	verify := func() (ledger.Proof, error) {
		return ledger.Verify(t.Context(), &published.Ledger{Client: c, Progress: func(n int64) { read = n }}, nil)
	}
	proof, err := verify()
	if err != nil || proof.Events < 4 || proof.Signed != proof.Events || read != proof.Events {
		t.Fatalf("got %+v, %v after %d events", proof, err, read)
	}

	for _, forgery := range []struct {
		flaw ledger.Flaw
		path string
		edit func(map[string]any)
	}{
		{ledger.EditedPayload, "/ledger/events", func(a map[string]any) {
			if e := event(a, 3); e != nil {
				e["payload"] = strings.ToUpper(e["payload"].(string))
			}
		}},
		{ledger.EditedEvent, "/ledger/events", func(a map[string]any) {
			if e := event(a, 3); e != nil {
				e["actor"].(map[string]any)["id"] = "somebody-else"
			}
		}},
		{ledger.EditedEvent, "/ledger/events", func(a map[string]any) {
			if e := event(a, 3); e != nil {
				e["register"] = e["register"] != true
			}
		}},
		{ledger.RemovedEvent, "/ledger/events", func(a map[string]any) {
			if all := a["items"].([]any); len(all) > 3 {
				a["items"] = append(all[:2:2], all[3:]...)
			}
		}},
		{ledger.CutTail, "/ledger/events", func(a map[string]any) {
			if all := a["items"].([]any); len(all) > 0 {
				a["items"] = all[:len(all)-1]
			}
		}},
		{ledger.ForgedCheckpoint, "/ledger/checkpoints", func(a map[string]any) {
			for _, c := range a["items"].([]any) {
				c.(map[string]any)["hash"] = strings.Repeat("0", 64)
			}
		}},
		{ledger.ForgedCheckpoint, "/ledger/head", func(a map[string]any) {
			a["public_key"] = bytes.Repeat([]byte{1}, 32)
		}},
	} {
		f.path, f.edit = forgery.path, forgery.edit
		var flaw *ledger.Problem
		if _, err := verify(); !errors.As(err, &flaw) || flaw.Flaw != forgery.flaw {
			t.Errorf("%s: got %v", forgery.flaw, err)
		}
	}

	f.path, f.edit = "/ledger/events", func(a map[string]any) {
		if e := event(a, 3); e != nil {
			e["hash"] = "not hexadecimal"
		}
	}
	if _, err := verify(); err == nil || !strings.Contains(err.Error(), "event 3 is malformed") {
		t.Errorf("got %v", err)
	}
}
