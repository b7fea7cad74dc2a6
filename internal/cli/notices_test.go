package cli_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

func TestWebhooksFromTheCommandLine(t *testing.T) {
	h := housetest.Start(t)
	d := at(t, h)
	came := make(chan string, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		came <- string(body)
	}))
	t.Cleanup(receiver.Close)
	made := d.must("webhook", "create", receiver.URL, "--kind", "application", "--description", "audit")
	if !strings.Contains(made, "whsec_") || !strings.Contains(made, "shown this once") {
		t.Error(made)
	}
	if shown := d.must("webhook", "show", receiver.URL, "-o", "json"); strings.Contains(shown, "whsec_") || !strings.Contains(shown, `"audit"`) {
		t.Error(shown)
	}
	var rotated struct{ ID, Secret string }
	if err := json.Unmarshal([]byte(d.must("webhook", "rotate", receiver.URL, "-o", "json")), &rotated); err != nil || !strings.HasPrefix(rotated.Secret, "whsec_") {
		t.Fatal(rotated, err)
	}
	d.must("webhook", "test", rotated.ID)
	select {
	case body := <-came:
		if !strings.Contains(body, `"webhook.test"`) {
			t.Error(body)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("no message came")
	}
	for deadline := time.Now().Add(20 * time.Second); !strings.Contains(d.must("webhook", "deliveries", rotated.ID, "--state", "delivered"), "webhook.test"); {
		if time.Now().After(deadline) {
			t.Fatal("the delivery is not listed")
		}
	}
	if edited := d.must("webhook", "edit", rotated.ID, "--every-kind", "--description", ""); !strings.Contains(edited, "all") || strings.Contains(edited, "audit") {
		t.Error(edited)
	}
	d.must("webhook", "replay", rotated.ID, "--dead")
	d.fails(2, "required", "webhook", "replay", rotated.ID)
	d.must("webhook", "disable", rotated.ID)
	d.fails(5, "disabled", "webhook", "test", rotated.ID)
	d.must("webhook", "enable", rotated.ID)
	d.fails(3, "no webhook", "webhook", "show", "https://nowhere.example/")
	d.fails(2, "https://", "webhook", "create", "http://receiver.example/")
	d.must("webhook", "delete", rotated.ID, "--yes")
	if list := d.must("webhook", "list"); strings.Contains(list, rotated.ID) {
		t.Error(list)
	}
}

func TestNoticesFromTheCommandLine(t *testing.T) {
	h := housetest.Start(t)
	d := at(t, h)
	if r := d.run("notice", "address", "set", "ops@example.com"); r.code != 0 || !strings.Contains(r.out, "ops@example.com") || !strings.Contains(r.err, "mailbox") {
		t.Error(r)
	}
	d.fails(2, "ops@example.com", "notice", "address", "set", "Ops <ops@example.com>")
	d.must("app", "create", "billing", "--expires", time.Now().Add(30*time.Hour).Format(time.DateOnly))
	if err := h.Notice(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.Clock.Move(11 * time.Minute)
	if err := h.Notice(t.Context()); err != nil {
		t.Fatal(err)
	}
	if list := d.must("notice", "mailbox"); !strings.Contains(list, "ops@example.com") {
		t.Error(list)
	}
	if mail := d.must("notice", "mailbox", "1"); !strings.Contains(mail, "billing") {
		t.Error(mail)
	}
	d.fails(3, "no mail", "notice", "mailbox", "7")
	d.fails(2, "number", "notice", "mailbox", "first")
	if mails := d.must("notice", "mails", "--state", "sent"); !strings.Contains(mails, "ops@example.com") {
		t.Error(mails)
	}
	d.must("notice", "retry")
	d.must("notice", "address", "set")
	if list := d.must("notice", "address", "list"); strings.Contains(list, "ops@") {
		t.Error(list)
	}
}
