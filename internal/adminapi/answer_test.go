package adminapi_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

func TestRepeatedCreationAnswersTheSameWithoutTheSecret(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		app := h.NewApp("billing", nil)
		for path, c := range map[string]struct {
			body, another O
			secret        func(*housetest.Answer) *housetest.Answer // the part that holds the secret
			member        string
		}{
			"/apis":                                {O{"name": "a", "audience": "https://a.example"}, O{"name": "z", "audience": "https://z.example"}, nil, ""},
			"/applications":                        {O{"name": "b", "secret": O{}}, O{"name": "b"}, func(a *housetest.Answer) *housetest.Answer { return a.Object("secret") }, "secret"},
			"/applications/" + app.ID + "/secrets": {O{}, O{"scopes": []string{}}, func(a *housetest.Answer) *housetest.Answer { return a }, "secret"},
			"/environments":                        {O{"name": "d"}, O{"name": "e"}, func(a *housetest.Answer) *housetest.Answer { return a }, "admin"},
		} {
			key := "key-for" + path
			first := expect(t, h.Call("POST", path, c.body, "Idempotency-Key", key), http.StatusCreated)
			again := expect(t, h.Call("POST", path, c.body, "Idempotency-Key", key), http.StatusCreated)
			if first.Header.Get("Idempotency-Replayed") != "" || again.Header.Get("Idempotency-Replayed") != "true" {
				t.Errorf("%s: %v, then %v", path, first.Header, again.Header)
			}
			for _, header := range []string{"Location", "ETag"} {
				if first.Header.Get(header) == "" || first.Header.Get(header) != again.Header.Get(header) {
					t.Errorf("%s: %s %q, then %q", path, header, first.Header.Get(header), again.Header.Get(header))
				}
			}
			if c.secret != nil {
				shown, hidden := c.secret(first), c.secret(again)
				if shown.JSON[c.member] == nil || hidden.JSON[c.member] != nil || hidden.JSON["secret_shown"] != true {
					t.Errorf("%s: %s, then %s", path, first.Text, again.Text)
				}
				delete(shown.JSON, c.member)
				delete(hidden.JSON, "secret_shown")
			}
			if diff := cmp.Diff(first.JSON, again.JSON); diff != "" {
				t.Errorf("%s: %s", path, diff)
			}
			at(t, expect(t, h.Call("POST", path, c.another, "Idempotency-Key", key), 422), "header.Idempotency-Key")
		}
	})
}

func TestIdempotencyKeysBelongToTheirCallerAndRoute(t *testing.T) {
	h := housetest.Start(t)
	first, second := h.NewApp("first", nil), h.NewApp("second", nil)
	made := h.Must("POST", "/applications/"+first.ID+"/secrets", O{}, "Idempotency-Key", "k")
	expect(t, h.Call("POST", "/applications/"+second.ID+"/secrets", O{}, "Idempotency-Key", "k"), 422)
	mate := h.Limited("credentials:write", "credentials:read")
	other := expect(t, h.CallAs(mate, "POST", "/api/v1/applications/"+first.ID+"/secrets", O{}, "Idempotency-Key", "k"), http.StatusCreated)
	if other.String("id") == made.String("id") || other.String("secret") == "" {
		t.Errorf("another caller was answered with the first one's: %s", other.Text)
	}
	expect(t, h.Call("POST", "/applications/"+first.ID+"/secrets", O{"scopes": []string{}}, "Idempotency-Key", "k"), 422)
	for _, key := range []string{"with space", strings.Repeat("x", 256), "ümlaut"} {
		expect(t, h.Call("POST", "/applications/"+first.ID+"/secrets", O{}, "Idempotency-Key", key), 422)
	}

	h.Must("DELETE", "/applications/"+first.ID+"/secrets/"+made.String("id"), nil)
	expect(t, h.Call("POST", "/applications/"+first.ID+"/secrets", O{}, "Idempotency-Key", "k"), http.StatusNotFound)
	h.Clock.Move(25 * time.Hour)
	fresh := h.Token(h.Admin)
	expect(t, h.CallAs(fresh, "POST", "/api/v1/applications/"+second.ID+"/secrets", O{}, "Idempotency-Key", "k"), http.StatusCreated)
}

func TestOneOfManyEqualCreationsMakesSomething(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		h.AdminToken()
		var wait sync.WaitGroup
		answers := make([]*housetest.Answer, 8)
		for i := range answers {
			wait.Go(func() {
				answers[i] = h.Call("POST", "/applications", O{"name": "once", "secret": O{}}, "Idempotency-Key", "same")
			})
		}
		wait.Wait()
		shown, ids := 0, map[string]bool{}
		for _, a := range answers {
			if a.Status == http.StatusConflict {
				continue
			}
			expect(t, a, http.StatusCreated)
			ids[a.String("client_id")] = true
			if a.Object("secret").String("secret") != "" {
				shown++
			}
		}
		if shown != 1 || len(ids) != 1 {
			t.Errorf("%d secrets shown, ids %v", shown, ids)
		}
	})
}

func TestChangesKeepToTheVersionTheyAreBasedOn(t *testing.T) {
	h := housetest.Start(t)
	app := h.NewApp("billing", nil)
	api := h.NewAPI("invoices", nil)
	o := elsewhere(t, h, "staging")
	secret := "/applications/" + app.ID + "/secrets/" + items(t, h.Call("GET", "/applications/"+app.ID+"/secrets", nil))[0]["id"].(string)
	for path, body := range map[string]O{
		"/environments/" + o.id: {"name": "x"}, "/apis/" + api: {"name": "x"},
		secret: {"description": "x"}, "/applications/" + app.ID: {"name": "x"},
	} {
		old := h.Must("GET", path, nil).Header.Get("ETag")
		expect(t, h.Call("GET", path, nil, "If-None-Match", old), http.StatusNotModified)
		changed := h.Must("PATCH", path, body, "If-Match", old)
		if changed.Header.Get("ETag") == old || changed.Header.Get("Counterfoil-Propagated") != "true" {
			t.Errorf("%s: %v", path, changed.Header)
		}
		if now := h.Must("GET", path, nil, "If-None-Match", old); now.Header.Get("ETag") != changed.Header.Get("ETag") {
			t.Errorf("%s: shown as %s, changed to %s", path, now.Header.Get("ETag"), changed.Header.Get("ETag"))
		}
		for _, stale := range []string{old, `W/` + changed.Header.Get("ETag"), `"x"`, "1"} {
			expect(t, h.Call("PATCH", path, body, "If-Match", stale), http.StatusPreconditionFailed)
			if !strings.HasPrefix(path, "/environments") {
				expect(t, h.Call("DELETE", path, nil, "If-Match", stale), http.StatusPreconditionFailed)
			}
		}
		h.Must("PATCH", path, body, "If-Match", "*")
		h.Must("PATCH", path, body)
	}
	expect(t, h.Call("DELETE", secret, nil), http.StatusConflict) // the last one
	h.Must("DELETE", secret+"?force=true", nil, "If-Match", h.Must("GET", secret, nil).Header.Get("ETag"))
	expect(t, h.Call("GET", secret, nil), http.StatusNotFound)
}

func TestListsComeInPages(t *testing.T) {
	h := housetest.Start(t)
	app := h.NewApp("app", nil)
	for i := range 5 {
		h.NewAPI(fmt.Sprintf("api%d", i), nil)
		h.NewApp(fmt.Sprintf("App %d", i), nil)
		h.Must("POST", "/applications/"+app.ID+"/secrets", O{})
		h.Must("POST", "/environments", O{"name": fmt.Sprintf("environment %d", i)})
	}
	h.Must("PATCH", "/apis/"+h.NewAPI("more", nil), O{"signing_alg": "EdDSA"})
	for path, member := range map[string]string{
		"/apis": "id", "/applications": "client_id", "/applications/" + app.ID + "/secrets": "id", "/environments": "id",
		"/keys": "id", "/ledger/events": "number", "/ledger/events?order=desc": "number", "/ledger/events?subject=" + app.ID: "number",
	} {
		separator := "?"
		if strings.Contains(path, "?") {
			separator = "&"
		}
		whole := h.EveryPage(path+separator+"limit=200", member)
		for _, limit := range []string{"1", "2", "3"} {
			if diff := cmp.Diff(whole, h.EveryPage(path+separator+"limit="+limit, member)); diff != "" {
				t.Errorf("%s by %s: %s", path, limit, diff)
			}
		}
		if distinct := slices.Compact(slices.Sorted(slices.Values(whole))); len(distinct) != len(whole) {
			t.Errorf("%s: shows something twice: %v", path, whole)
		}
	}
	cursor := h.Must("GET", "/apis?limit=1", nil).String("next")
	for _, query := range []string{"/applications?cursor=" + cursor, "/apis?cursor=x", "/apis?cursor=" + cursor + "A", "/apis?limit=0", "/apis?limit=201", "/apis?nope=1"} {
		expect(t, h.Call("GET", query, nil), 422)
	}
	staging := elsewhere(t, h, "staging")
	expect(t, staging.call("GET", "/apis?cursor="+cursor, nil), 422)
}

func TestDeletedRowsDoNotBreakAListInProgress(t *testing.T) {
	h := housetest.Start(t)
	var ids []string
	for i := range 4 {
		ids = append(ids, h.NewAPI(fmt.Sprintf("api%d", i), nil))
	}
	page := h.Must("GET", "/apis?limit=2", nil) // the management API and api0
	h.Must("DELETE", "/apis/"+ids[0], nil)
	rest := items(t, h.Call("GET", "/apis?limit=200&cursor="+page.String("next"), nil))
	if len(rest) != 3 || rest[0]["id"] != ids[1] {
		t.Errorf("%v", rest)
	}
}

func TestBadBodiesAreRefusedBeforeAnythingHappens(t *testing.T) {
	h := housetest.Start(t)
	send := func(body string) *housetest.Answer {
		return h.Send(h.Request("POST", "/api/v1/applications", strings.NewReader(body),
			"Authorization", "Bearer "+h.AdminToken(), "Content-Type", "application/json"))
	}
	before := len(items(t, h.Call("GET", "/applications", nil)))
	for body, status := range map[string]int{
		``: 400, `{`: 400, `null`: 422, `[]`: 422, `{}`: 422, `{"name":""}`: 422, `{"name":7}`: 422, `{"Name":"x"}`: 422,
		`{"name":"x","name":"y"}`: 400, `{"name":"x","nam_e":"y"}`: 422, `{"name":"x","secret":{"kind":"y"}}`: 422,
		`{"name":"x","token_lifetime":18446744074}`: 422, `{"name":"x","token_lifetime":5}`: 422, `{"name":"x","token_lifetime":1.5}`: 422,
		`{"name":"x","scopes":["nope"]}`: 422, `{"name":"x","auth_methods":["none"]}`: 422, `{"name":"a\u0000b"}`: 400, `{"name":"a\nb"}`: 422,
		`{"name":"x","secret":{"expires_at":"2001-01-01T00:00:00Z"}}`: 422, `{"name":"x","secret":{"expires_at":"0001-01-01T00:00:00Z"}}`: 422,
		`{"name":"x","secret":{"expires_at":"tomorrow"}}`: 422, `{"name":"x","secret":{"scopes":["keys:read"]}}`: 422,
		`{"name":"` + strings.Repeat("x", 1<<20) + `"}`: 413,
	} {
		if a := send(body); a.Status != status {
			t.Errorf("%.60s: %d %s", body, a.Status, a.Text)
		}
	}
	if after := len(items(t, h.Call("GET", "/applications", nil))); after != before {
		t.Errorf("%d applications became %d", before, after)
	}
}

func TestSecretsAreNeitherLoggedNorShownAgain(t *testing.T) {
	h := housetest.Start(t)
	app := h.NewApp("billing", nil)
	o := elsewhere(t, h, "staging")
	for _, secret := range []string{app.Secret, o.admin.Secret, h.Admin.Secret} {
		for _, path := range []string{"/applications", "/applications/" + app.ID + "/secrets", "/ledger/events?limit=1000", "/environments"} {
			if strings.Contains(h.Must("GET", path, nil).Text, secret) {
				t.Errorf("%s shows a secret", path)
			}
		}
		if strings.Contains(h.Log.String(), secret) {
			t.Error("a secret is in the log")
		}
	}
	if strings.Contains(h.Log.String(), h.AdminToken()) {
		t.Error("a token is in the log")
	}
}
