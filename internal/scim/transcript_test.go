package scim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// TestProvidersGoThroughTheirCycles plays what identity providers send, as their documentation has it, with a credential of
// the kind that docs/scim.md names.
func TestProvidersGoThroughTheirCycles(t *testing.T) {
	for name, present := range map[string]func(h *housetest.House, as housetest.Client, r *http.Request){
		"okta": func(_ *housetest.House, as housetest.Client, r *http.Request) { r.SetBasicAuth(as.ID, as.Secret) },
		"entra": func(h *housetest.House, as housetest.Client, r *http.Request) {
			r.Header.Set("Authorization", "Bearer "+h.Token(as))
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := housetest.Start(t)
			pair := h.Must("POST", "/credentials", o{"name": name, "access": "manage-users"})
			as := housetest.Client{ID: pair.String("client_id"), Secret: pair.String("secret")}
			text, err := os.ReadFile("testdata/" + name + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			known := map[string]string{}
			for block := range strings.SplitSeq(string(text), "\n\n") {
				play(h, block, known, func(r *http.Request) { present(h, as, r) })
			}
			if len(known) < 2 {
				t.Errorf("the transcript made only %v", known)
			}
		})
	}
}

// play sends one request of a transcript and compares the answer.
func play(h *housetest.House, block string, known map[string]string, present func(*http.Request)) {
	h.T.Helper()
	request, answer, found := strings.Cut(block, "\n---")
	if !found {
		return // a comment
	}
	fill := func(text string) string {
		for name, value := range known {
			text = strings.ReplaceAll(text, "$"+name, value)
		}
		return text
	}
	for strings.HasPrefix(request, "#") {
		_, request, _ = strings.Cut(request, "\n")
	}
	first, body, _ := strings.Cut(fill(request), "\n")
	method, path, _ := strings.Cut(first, " ")
	r := h.Request(method, base+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/scim+json; charset=utf-8")
	}
	present(r)
	a := h.Send(r)
	lines := strings.Split(strings.TrimSpace(answer), "\n")
	if lines[0] != fmt.Sprint(a.Status) {
		h.T.Fatalf("%s: %d %s, want %s", first, a.Status, a.Text, lines[0])
	}
	for _, line := range lines[1:] {
		if path, name, ok := strings.Cut(line, " -> "); ok {
			known[name] = fmt.Sprint(at(a.JSON, path))
			continue
		}
		path, text, _ := strings.Cut(fill(line), " = ")
		var want any
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			h.T.Fatalf("%s: %v", line, err)
		}
		if got := at(a.JSON, path); !reflect.DeepEqual(got, want) {
			h.T.Errorf("%s: %s is %v, want %v: %s", first, path, got, want, a.Text)
		}
	}
}
