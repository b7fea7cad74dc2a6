package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/counterfoil/counterfoil/client"
)

func TestTokenIsFetchedOnceAndRenewedBeforeItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.handle("GET /api/v1/credentials/self", func(w http.ResponseWriter, _ *http.Request) { write(w, `{"client_id":"c1"}`) })
		c := f.client(t)
		for range 3 {
			if _, err := c.Self(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if f.tokens != 1 {
			t.Errorf("%d tokens for three calls", f.tokens)
		}
		time.Sleep(541 * time.Second) // on synctest's clock: nine tenths of 600 s and one more
		if _, err := c.Self(t.Context()); err != nil {
			t.Fatal(err)
		}
		if f.tokens != 2 {
			t.Errorf("the token was not renewed before its end")
		}
		user, password, _ := f.requests[0].BasicAuth()
		if user != "id%3Awith+colon" || password != "se+cret" {
			t.Errorf("Basic parts are not form-encoded: %q %q", user, password)
		}
		form, _ := url.ParseQuery(f.bodies[0])
		if form.Get("resource") != "https://auth.example/api/v1" || form.Get("grant_type") != "client_credentials" {
			t.Errorf("token request %q", f.bodies[0])
		}
	})
}

func TestRefusedTokenIsRenewedOnceEvenForWhatIsNotRepeatable(t *testing.T) {
	f := newFake()
	f.handle("POST /api/v1/keys/rotate", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer t2" {
			problem(w, 401, "unauthenticated")
		}
	})
	if _, err := f.client(t).RotateKeys(t.Context(), "ES256", false); err != nil {
		t.Fatal(err)
	}
	f.handle("POST /api/v1/keys/rotate", func(w http.ResponseWriter, _ *http.Request) { problem(w, 401, "unauthenticated") })
	_, err := f.client(t).RotateKeys(t.Context(), "ES256", false)
	if client.Status(err) != 401 {
		t.Errorf("got %v, want the 401", err)
	}
}

func TestCreationIsRepeatedUnderOneKeyAfterALostAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		running := func(w http.ResponseWriter, _ *http.Request) { problem(w, 409, "still running") }
		f.handle("POST /api/v1/applications", failFirst(1, connectionLost, failFirst(1, running,
			func(w http.ResponseWriter, _ *http.Request) { write(w, created) })))
		made, err := f.client(t).CreateApplication(t.Context(), client.NewApplication{Name: "billing", Enabled: new(false)})
		if err != nil {
			t.Fatal(err)
		}
		if made.Secret.Secret.Reveal() != "cfs_x" {
			t.Errorf("got %+v", made)
		}
		sent := f.sent("POST /api/v1/applications")
		keys := map[string]bool{}
		for _, r := range sent {
			keys[r.Header.Get("Idempotency-Key")] = true
		}
		if len(sent) != 3 || len(keys) != 1 || keys[""] {
			t.Errorf("%d requests with keys %v", len(sent), keys)
		}
		if last := f.bodies[len(f.bodies)-1]; !strings.Contains(last, `"enabled":false`) || !strings.Contains(last, `"name":"billing"`) {
			t.Errorf("sent %s", last)
		}
	})
}

func TestConflictOfAFirstAttemptIsFinal(t *testing.T) {
	f := newFake()
	f.handle("POST /api/v1/apis", func(w http.ResponseWriter, _ *http.Request) { problem(w, 409, "conflict") })
	_, err := f.client(t).CreateAPI(t.Context(), client.NewAPI{Name: "a"}, client.IdempotencyKey("mine"))
	sent := f.sent("POST /api/v1/apis")
	if client.Status(err) != 409 || len(sent) != 1 || sent[0].Header.Get("Idempotency-Key") != "mine" {
		t.Errorf("got %v after %d requests", err, len(sent))
	}
	var p *client.Problem
	if !errors.As(err, &p) || p.RequestID != "r1" || len(p.Errors) != 1 || p.Error() != "conflict: the detail; body.name: is taken" {
		t.Errorf("got %+v", p)
	}
}

func TestChangeIsNeverRepeated(t *testing.T) {
	f := newFake()
	f.handle("PATCH /api/v1/applications/c1", connectionLost)
	_, err := f.client(t).UpdateApplication(t.Context(), "c1", client.ApplicationChange{
		Name: client.Set(""), Scopes: client.Clear[[]string](),
	}, client.IfMatch(`"7"`))
	sent := f.sent("PATCH /api/v1/applications/c1")
	if err == nil || len(sent) != 1 || sent[0].Header.Get("If-Match") != `"7"` {
		t.Fatalf("got %v after %d requests", err, len(sent))
	}
	if body := f.bodies[len(f.bodies)-1]; body != `{"name":"","scopes":null}` {
		t.Errorf("sent %s", body)
	}
}

func TestRepeatedDeletionThatFindsNothingHasSucceeded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		gone := func(w http.ResponseWriter, _ *http.Request) { problem(w, 404, "not found") }
		f.handle("DELETE /api/v1/applications/c1", failFirst(1, connectionLost, gone))
		if _, err := f.client(t).DeleteApplication(t.Context(), "c1"); err != nil {
			t.Errorf("after a lost answer: %v", err)
		}
		f.handle("DELETE /api/v1/applications/c1", gone)
		if _, err := f.client(t).DeleteApplication(t.Context(), "c1"); client.Status(err) != 404 {
			t.Errorf("at the first attempt: got %v, want 404", err)
		}
	})
}

func TestServerThatAsksToWaitIsWaitedForWithinReason(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		ok := func(w http.ResponseWriter, _ *http.Request) { write(w, `{"client_id":"c1"}`) }
		f.handle("GET /api/v1/credentials/self", failFirst(1, busy("3"), ok))
		start := time.Now()
		if _, err := f.client(t).Self(t.Context()); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(start); waited != 3*time.Second {
			t.Errorf("waited %s, want 3 s", waited)
		}
		f.handle("GET /api/v1/credentials/self", busy("3600"))
		start = time.Now()
		_, err := f.client(t).Self(t.Context())
		var p *client.Problem
		if !errors.As(err, &p) || p.RetryAfter != time.Hour || time.Since(start) > time.Second {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
	})
}

func TestWaitingCanBeGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		f.handle("GET /api/v1/credentials/self", busy("9"))
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		if _, err := f.client(t).Self(ctx); !errors.Is(err, context.DeadlineExceeded) || time.Since(start) != time.Second {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
	})
}

func TestListsAreFetchedPageByPage(t *testing.T) {
	f := newFake()
	f.handle("GET /api/v1/apis", func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Query().Get("cursor") {
		case "":
			write(w, `{"items":[{"id":"1"},{"id":"2"}],"next":"n"}`)
		default:
			write(w, `{"items":[{"id":"3"}]}`)
		}
	})
	all, err := client.Collect(f.client(t).APIs(t.Context()))
	if err != nil || len(all) != 3 || all[2].ID != "3" {
		t.Errorf("got %d, %v", len(all), err)
	}
	f.handle("GET /api/v1/apis", func(w http.ResponseWriter, _ *http.Request) { write(w, `{"items":[],"next":"same"}`) })
	if _, err := client.Collect(f.client(t).APIs(t.Context())); err == nil {
		t.Error("a list that does not advance went on for ever, or ended well")
	}
}

func TestResourceCarriesItsVersionAndWhetherAllNodesKnow(t *testing.T) {
	f := newFake()
	f.handle("GET /api/v1/applications/c1", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"7"`)
		write(w, `{"client_id":"c1","later_member":true}`)
	})
	f.handle("POST /api/v1/applications/c1/disable", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Counterfoil-Propagated", "true")
		write(w, `{"propagated":true}`)
	})
	c := f.client(t)
	app, err := c.Application(t.Context(), "c1")
	if err != nil || app.ETag != `"7"` || app.ClientID != "c1" {
		t.Errorf("got %+v, %v", app, err)
	}
	answer, err := c.DisableApplication(t.Context(), "c1")
	if err != nil || !answer.Propagated {
		t.Errorf("got %+v, %v", answer, err)
	}
}

func TestIdsCannotLeaveTheirPlaceInTheAddress(t *testing.T) {
	f := newFake()
	c := f.client(t)
	for _, id := range []string{"", ".", ".."} {
		if _, err := c.DeleteApplication(t.Context(), id); err == nil || len(f.requests) > 0 {
			t.Errorf("%q: sent", id)
		}
	}
	_, _ = c.Application(t.Context(), "../apis?x=1#y")
	if len(f.sent("GET /api/v1/applications/..%2Fapis%3Fx=1%23y")) != 1 {
		t.Errorf("got %s", f.requests[len(f.requests)-1].URL)
	}
}

func TestRedirectIsNotFollowed(t *testing.T) {
	thief := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the redirect was followed") }))
	defer thief.Close()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, thief.URL+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer server.Close()
	_, err := client.RequestToken(t.Context(), client.TokenRequest{
		TokenURL: server.URL + "/oauth2/token", ClientID: "a", ClientSecret: client.NewSecret("b"), HTTPClient: server.Client(),
	})
	if client.Status(err) != http.StatusTemporaryRedirect {
		t.Errorf("got %v, want the 307 as a problem", err)
	}
}

func TestPlainHTTPIsForLoopbackOnly(t *testing.T) {
	try := func(base string, allow bool) error {
		_, err := client.New(client.Options{BaseURL: base, ClientID: "a", ClientSecret: client.NewSecret("b"), AllowHTTP: allow})
		return err
	}
	for base, good := range map[string]bool{
		"https://auth.example": true, "https://auth.example/staging/": true, "http://127.0.0.1:8700": true, "http://[::1]:1": true,
		"http://localhost:8700": true, "http://auth.example": false, "http://127.0.0.1.evil.example": false, "ftp://auth.example": false,
		"auth.example": false, "": false, "https://user:pw@auth.example": false, "https://auth.example?x=1": false,
	} {
		if err := try(base, false); (err == nil) != good {
			t.Errorf("%q: %v", base, err)
		}
	}
	if err := try("http://auth.example", true); err != nil {
		t.Errorf("allowed: %v", err)
	}
}

func TestTokenEndpointsErrorIsAProblem(t *testing.T) {
	f := newFake()
	f.handle("POST /oauth2/token", func(w http.ResponseWriter, _ *http.Request) {
		reply(w, 401, map[string]string{"error": "invalid_client", "error_description": "no such client or wrong secret"})
	})
	_, err := f.client(t).Self(t.Context())
	var p *client.Problem
	if !errors.As(err, &p) || p.Title != "invalid_client" || p.Status != 401 || len(f.requests) != 1 {
		t.Errorf("got %v after %d requests", err, len(f.requests))
	}
}

func TestProxysErrorPageIsNotQuoted(t *testing.T) {
	f := newFake()
	f.handle("GET /api/v1/apis/a", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusTeapot)
		write(w, "<h1>\033[2J</h1>")
	})
	_, err := f.client(t).API(t.Context(), "a")
	if client.Status(err) != http.StatusTeapot || strings.Contains(err.Error(), "h1") {
		t.Errorf("got %v", err)
	}
}

func TestEndlessAnswerIsCutOff(t *testing.T) {
	f := newFake()
	f.handle("GET /api/v1/apis/a", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.CopyN(w, endless{}, 17<<20)
	})
	c, err := client.New(client.Options{
		BaseURL: "https://auth.example", ClientID: "a", ClientSecret: client.NewSecret("b"),
		HTTPClient: &http.Client{Transport: f}, Retries: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.API(t.Context(), "a"); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("got %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
