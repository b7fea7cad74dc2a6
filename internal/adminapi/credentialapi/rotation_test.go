package credentialapi_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// secretOf returns the path of an application's oldest secret.
func secretOf(h *housetest.House, app housetest.Client) string {
	h.T.Helper()
	return "/applications/" + app.ID + "/secrets/" + housetest.Items(h.T, h.Call("GET", "/applications/"+app.ID+"/secrets", nil))[0]["id"].(string)
}

func at(t *testing.T, text string) time.Time {
	t.Helper()
	moment, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return moment
}

func TestRotationGivesTheOldSecretAsLongAsItIsTold(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		h.NewAPI("invoices", nil, "invoices:read", "invoices:write")
		for name, c := range map[string]struct {
			body O
			ends time.Duration // 0: at once; negative: not settled
		}{
			"unless told": {O{}, 24 * time.Hour},
			"now":         {O{"old_ends_in": 0}, 0},
			"a span":      {O{"old_ends_in": 3600, "auto_retire_days": 7}, time.Hour},
			"a date":      {O{"old_ends_at": h.Clock.Now().Add(48 * time.Hour)}, 48 * time.Hour},
			"first use":   {O{"old_ends_in": 60, "activate_on_first_use": true}, -1},
			"never later": {O{"old_ends_in": 366 * 86400}, 200 * 24 * time.Hour},
		} {
			app := h.NewApp("app "+name, O{"secret": O{
				"scopes": []string{"openid", "invoices:read"}, "networks": []string{"127.0.0.0/8"}, "description": "of " + name, "viewable": true,
				"expires_at": h.Clock.Now().Add(200 * 24 * time.Hour),
			}}, "invoices:read", "invoices:write")
			token, path := h.Token(app), secretOf(h, app)
			made := expect(t, h.Call("POST", path+"/rotate", c.body), http.StatusCreated)
			next := housetest.Client{ID: app.ID, Secret: made.String("secret")}
			members(t, made, O{
				"description": "of " + name, "scopes": []any{"openid", "invoices:read"}, "networks": []any{"127.0.0.0/8"}, "viewable": true,
				"replaces": path[strings.LastIndex(path, "/")+1:],
			})
			if where := made.Header.Get("Location"); where != h.URL+"/api/v1/applications/"+app.ID+"/secrets/"+made.String("id") {
				t.Errorf("%s: Location: %s", name, where)
			}
			if life := at(t, made.String("expires_at")).Sub(h.Clock.Now()); life < 199*24*time.Hour || life > 201*24*time.Hour {
				t.Errorf("%s: the successor lives %v", name, life)
			}
			h.Token(next)
			old := made.Object("old")
			if old.JSON["tokens_ended"] != (c.ends == 0) || h.Active(next, token) == (c.ends == 0) {
				t.Errorf("%s: %v, and the old token's being active is %v", name, old.JSON, h.Active(next, token))
			}
			if refused := h.Form("/oauth2/token", app, "grant_type", "client_credentials"); (refused.Status == http.StatusOK) != (c.ends != 0) {
				t.Errorf("%s: the old secret gets %d", name, refused.Status)
			}
			shown := h.Must("GET", path, nil)
			if c.ends < 0 {
				members(t, shown, O{"replaced_by": made.String("id"), "retiring": nil})
				members(t, made, O{"old_ends_in": 60})
				continue
			}
			members(t, shown, O{"replaced_by": made.String("id"), "expires_at": old.String("expires_at"), "auto_retire_days": c.body["auto_retire_days"]})
			if left := at(t, old.String("expires_at")).Sub(h.Clock.Now()); left > c.ends || left < c.ends-time.Minute {
				t.Errorf("%s: the old secret dies in %v, want %v", name, left, c.ends)
			}
		}
	})
}

func TestTokensOfARotatedSecretNeverOutliveIt(t *testing.T) {
	h := housetest.Start(t)
	h.NewAPI("invoices", nil, "invoices:read")
	app := h.NewApp("billing", nil, "invoices:read")
	token := h.Token(app)
	made := h.Must("POST", secretOf(h, app)+"/rotate", O{"old_ends_in": 60})
	next := housetest.Client{ID: app.ID, Secret: made.String("secret")}
	late := h.Token(app)
	h.Clock.Move(61 * time.Second)
	if h.Active(next, token) || h.Active(next, late) {
		t.Error("a token outlived the secret that it was got with")
	}
}

func TestRotationIsRefusedWhereItMakesNoSense(t *testing.T) {
	h := housetest.Start(t)
	app := h.NewApp("billing", nil)
	path := secretOf(h, app)
	now := h.Clock.Now()
	for name, body := range map[string]O{
		"two ends":                   {"old_ends_in": 1, "old_ends_at": now.Add(time.Hour)},
		"an end in the past":         {"old_ends_at": now.Add(-time.Hour)},
		"a date on first use":        {"old_ends_at": now.Add(time.Hour), "activate_on_first_use": true},
		"a negative end":             {"old_ends_in": -1},
		"more than a year":           {"old_ends_in": 367 * 86400},
		"a date after a year":        {"old_ends_at": now.AddDate(2, 0, 0)},
		"an expiry in the past":      {"expires_at": now.Add(-time.Hour)},
		"too long a hand-over":       {"handover": 72*3600 + 1},
		"too short a hand-over":      {"handover": 59},
		"a year and more of silence": {"auto_retire_days": 367},
		"another word":               {"old": "now"},
	} {
		if a := h.Call("POST", path+"/rotate", body); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", name, a.Status, a.Text)
		}
	}
	etag := h.Must("GET", path, nil).Header.Get("ETag")
	h.Must("PATCH", path, O{"description": "edited by somebody else"})
	expect(t, h.Call("POST", path+"/rotate", O{}, "If-Match", etag), http.StatusPreconditionFailed)
	h.Must("POST", path+"/disable", nil)
	expect(t, h.Call("POST", path+"/rotate", O{}), http.StatusConflict)
	h.Must("POST", path+"/enable", nil)

	first := expect(t, h.Call("POST", path+"/rotate", O{}, "Idempotency-Key", "once"), http.StatusCreated)
	again := expect(t, h.Call("POST", path+"/rotate", O{}, "Idempotency-Key", "once"), http.StatusCreated)
	members(t, again, O{"id": first.String("id"), "secret": nil, "secret_shown": true})
	if again.Object("old").String("id") != first.Object("old").String("id") || again.Header.Get("Location") != first.Header.Get("Location") {
		t.Errorf("%s %v", again.Text, again.Header)
	}
	// Two administrators at once: the second is told, not given a second successor.
	if late := expect(t, h.Call("POST", path+"/rotate", O{}), http.StatusConflict); !strings.Contains(late.Text, first.String("id")) {
		t.Error(late.Text)
	}
	h.Clock.Move(25 * time.Hour)
	h.ForgetToken()
	h.Must("DELETE", "/applications/"+app.ID+"/secrets/"+first.String("id")+"?force=true", nil)
	expect(t, h.Call("POST", path+"/rotate", O{}), http.StatusConflict) // expired
	if h.Call("POST", path+"/rotate", O{}, "If-Match", `"1", "2"`).Status != http.StatusUnprocessableEntity {
		t.Error("a list of entity tags was taken")
	}
	if a := h.Call("POST", "/applications/"+app.ID+"/secrets/"+first.String("id")+"/rotate", O{}); a.Status != http.StatusNotFound {
		t.Errorf("a deleted secret: %d", a.Status)
	}
}

func TestWhoStillUsesTheOldSecretIsSeen(t *testing.T) {
	h := housetest.Start(t)
	h.NewAPI("invoices", nil, "invoices:read")
	app := h.NewApp("billing", nil, "invoices:read")
	path := secretOf(h, app)
	request := h.FormRequest("/oauth2/token", app, "grant_type", "client_credentials")
	request.Header["User-Agent"] = []string{"billing-job/1.2"}
	if a := h.Send(request); a.Status != http.StatusOK {
		t.Fatal(a.Text)
	}
	seen := func(want O) {
		t.Helper()
		if err := h.Flush(context.Background()); err != nil {
			t.Fatal(err)
		}
		h.ForgetToken()
		members(t, h.Must("GET", path, nil), want)
	}
	seen(O{"last_used_from": "127.0.0.1", "still_used": nil, "safe_to_remove": nil, "usable": true})
	made := h.Must("POST", path+"/rotate", O{"old_ends_in": 7 * 86400})
	seen(O{"still_used": nil, "safe_to_remove": nil, "retiring": true})
	h.Clock.Move(time.Minute)
	h.Token(app)
	seen(O{"still_used": true, "safe_to_remove": nil})
	h.Clock.Move(25 * time.Hour)
	seen(O{"still_used": true, "safe_to_remove": true})
	h.Must("POST", "/applications/"+app.ID+"/secrets/"+made.String("id")+"/disable", nil)
	seen(O{"safe_to_remove": nil})

	used := h.Must("GET", path+"/usage?hours=48", nil)
	if used.JSON["written_behind_seconds"] != 30.0 {
		t.Error(used.Text)
	}
	uses := 0.0
	for _, hour := range used.JSON["items"].([]any) {
		uses += hour.(O)["uses"].(float64)
	}
	if uses != 2 {
		t.Errorf("%v uses, want 2: %s", uses, used.Text)
	}
	if items := h.Must("GET", path+"/usage?hours=1", nil).JSON["items"].([]any); len(items) != 0 {
		t.Errorf("an hour knows of yesterday: %v", items)
	}
	for _, hours := range []string{"0", "2161", "x"} {
		expect(t, h.Call("GET", path+"/usage?hours="+hours, nil), 422)
	}
}

func TestRotationUnderLoadFailsNoRequest(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		h.NewAPI("invoices", nil, "invoices:read")
		app := h.NewApp("billing", nil, "invoices:read")
		var current atomic.Pointer[housetest.Client]
		current.Store(&app)
		var stop atomic.Bool
		var asked atomic.Int64
		failures := make(chan string, 64)
		var workers sync.WaitGroup
		for range 4 {
			workers.Go(func() {
				for !stop.Load() {
					a, err := housetest.Attempt(h.FormRequest("/oauth2/token", *current.Load(), "grant_type", "client_credentials"))
					asked.Add(1)
					if err != nil || a.Status != http.StatusOK {
						select {
						case failures <- fmt.Sprint(a, err):
						default:
						}
					}
				}
			})
		}
		path := secretOf(h, app)
		for range 10 {
			made := h.Must("POST", path+"/rotate", O{"old_ends_in": 3600})
			for before := asked.Load(); asked.Load() < before+20; {
				time.Sleep(time.Millisecond) // the load goes on with the old secret
			}
			current.Store(&housetest.Client{ID: app.ID, Secret: made.String("secret")})
			path = "/applications/" + app.ID + "/secrets/" + made.String("id")
		}
		stop.Store(true)
		workers.Wait()
		close(failures)
		for failure := range failures {
			t.Error(failure)
		}
		t.Logf("%d requests during 10 rotations", asked.Load())
	})
}

// eventually waits until what is done a moment later has been done.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !done(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal(what)
		}
	}
}

func TestFirstUseOfTheSuccessorStartsTheOldOnesGrace(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		h.NewAPI("invoices", nil, "invoices:read")
		app := h.NewApp("billing", nil, "invoices:read")
		path := secretOf(h, app)
		made := h.Must("POST", path+"/rotate", O{"old_ends_in": 3600, "activate_on_first_use": true})
		h.Token(app) // that of the old one starts nothing
		members(t, h.Must("GET", path, nil), O{"expires_at": nil, "retiring": nil})
		h.Token(housetest.Client{ID: app.ID, Secret: made.String("secret")})
		eventually(t, "the old secret does not retire", func() bool {
			if err := h.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
			return h.Must("GET", path, nil).JSON["retiring"] == true
		})
		if left := at(t, h.Must("GET", path, nil).String("expires_at")).Sub(h.Clock.Now()); left > time.Hour || left < 59*time.Minute {
			t.Errorf("the old secret dies in %v", left)
		}
		members(t, h.Must("GET", "/applications/"+app.ID+"/secrets/"+made.String("id"), nil), O{"old_ends_in": nil})
		h.Token(app)
	})
}

func TestChosenSecretWorksWhereTheEnvironmentAllowsIt(t *testing.T) {
	h := housetest.Start(t)
	h.NewAPI("invoices", nil, "invoices:read")
	app := h.NewApp("billing", nil, "invoices:read")
	h.Must("PATCH", "/policy", O{"chosen_secrets": true, "max_expiry_days": 90})
	list := "/applications/" + app.ID + "/secrets"
	const secret = "Zebra gravel 9 lantern moss"
	expect(t, h.Call("POST", list, O{"chosen_secret": secret}), 422) // never expires
	expect(t, h.Call("POST", list, O{"chosen_secret": secret, "expires_at": h.Clock.Now().AddDate(0, 0, 92)}), 422)
	made := h.Must("POST", list, O{"chosen_secret": secret, "expires_at": h.Clock.Now().AddDate(0, 0, 80), "viewable": true})
	h.Token(housetest.Client{ID: app.ID, Secret: secret})
	members(t, h.Must("POST", list+"/"+made.String("id")+"/reveal", nil), O{"secret": secret, "hint": ""})
	// Its successor is generated.
	members(t, h.Must("POST", list+"/"+made.String("id")+"/rotate", O{}), O{"form": "generated", "viewable": true})
}
