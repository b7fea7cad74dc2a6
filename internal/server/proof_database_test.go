package server_test

import (
	"database/sql"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/housetest"
	"github.com/counterfoil/counterfoil/internal/register"
)

// stranger is a client that does not exist, with a secret in the right form, so that nothing about it can be
// refused without looking for it.
var stranger = housetest.Client{
	ID:     "b7a8f6de-3c1c-4d55-9f5e-6a1f5d0c0b11",
	Secret: "cfs_00000000000000000000000000000000000000000002o4kxa",
}

// formats are those that a token can have.
var formats = []string{"jwt", "handle"}

// stand is what most proofs begin with: an API with JWTs and one with handles, a client that gets tokens of both
// and a gateway that may look into them.
type stand struct {
	*housetest.House
	client, gateway housetest.Client
}

// newStand makes a stand in h. settings apply to both APIs, and name keeps stands in one house apart.
func newStand(h *housetest.House, name string, settings housetest.O) *stand {
	h.T.Helper()
	s := &stand{House: h}
	for _, format := range formats {
		all := housetest.O{"token_format": format}
		for key, value := range settings {
			all[key] = value
		}
		h.NewAPI(name+"-"+format, all, name+":"+format)
	}
	s.client = h.NewApp(name+" client", nil, name+":jwt", name+":handle")
	s.gateway = h.NewApp(name+" gateway", housetest.O{"introspects": []string{name + "-jwt", name + "-handle"}})
	return s
}

// await returns once met does, and fails the test when that takes longer than limit.
func await(t testing.TB, limit time.Duration, what string, met func() bool) {
	t.Helper()
	for deadline := time.Now().Add(limit); !met(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after %v still not: %s", limit, what)
		}
	}
}

// repeat calls do times times, from many goroutines.
func repeat(t testing.TB, times, lanes int, do func() error) {
	t.Helper()
	var g errgroup.Group
	for lane := range lanes {
		g.Go(func() error {
			for i := lane; i < times; i += lanes {
				if err := do(); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}

// expect sends a form and wants a status and a text in the answer.
func (s *stand) expect(status int, text, path string, as housetest.Client, parameters ...string) error {
	a, err := housetest.Attempt(s.FormRequest(path, as, parameters...))
	if err == nil && (a.Status != status || !strings.Contains(a.Text, text)) {
		err = fmt.Errorf("%s %v: %d %s, want %d with %s", path, parameters, a.Status, a.Text, status, text)
	}
	return err
}

func (s *stand) issue(scope string) error {
	return s.expect(http.StatusOK, `"access_token":"`, "/oauth2/token", s.client, "grant_type", "client_credentials", "scope", scope)
}

func (s *stand) introspect(token string) error {
	return s.expect(http.StatusOK, `{"active":true,`, "/oauth2/introspect", s.gateway, "token", token)
}

func (s *stand) refuse() error {
	return s.expect(http.StatusUnauthorized, `"invalid_client"`, "/oauth2/token", stranger, "grant_type", "client_credentials")
}

// TestTokenPathTouchesNoDatabase holds the promise that the token path costs no statement, whatever it answers.
func TestTokenPathTouchesNoDatabase(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		s := newStand(h, "warm", nil)
		jwt, handle := h.Token(s.client, "scope", "warm:jwt"), h.Token(s.client, "scope", "warm:handle")
		before := h.Statements()
		for _, kind := range []struct {
			name  string
			lanes int
			do    func() error
		}{
			{"issue a JWT", 16, func() error { return s.issue("warm:jwt") }},
			{"issue a handle", 16, func() error { return s.issue("warm:handle") }},
			{"introspect a JWT", 16, func() error { return s.introspect(jwt) }},
			{"introspect a handle", 16, func() error { return s.introspect(handle) }},
			// Each refusal waits 50 ms, so many wait together.
			{"refuse a stranger", 500, s.refuse},
		} {
			repeat(t, proofRequests, kind.lanes, kind.do)
			if ran := h.Statements() - before; ran != 0 {
				t.Errorf("%s: %d statements for %d requests, want none", kind.name, ran, proofRequests)
			}
		}
	})
}

// outage is a house whose database can be taken away, with a stand for each of the two ways to take that.
type outage struct {
	*housetest.House
	cable          *dbtest.Cable
	serve, refuse  *stand
	tokens, doomed map[string]string // by scope; the doomed ones are for revocation
}

func newOutage(t *testing.T) *outage {
	cable := dbtest.Through(t, dbtest.PostgreSQLDSN(t))
	h := housetest.StartOn(t, cable.DSN, filepath.Join(t.TempDir(), "root.key"), &housetest.Clock{}, nil)
	day := 24 * 60 * 60
	o := &outage{House: h, cable: cable, tokens: map[string]string{}, doomed: map[string]string{}}
	o.serve = newStand(h, "serve", housetest.O{"on_stale": "serve", "token_lifetime": day})
	o.refuse = newStand(h, "refuse", housetest.O{"on_stale": "refuse", "token_lifetime": day})
	for scope, s := range o.scopes() {
		o.tokens[scope] = h.Token(s.client, "scope", scope)
		o.doomed[scope] = h.Token(s.client, "scope", scope)
	}
	return o
}

func (o *outage) scopes() map[string]*stand {
	return map[string]*stand{"serve:jwt": o.serve, "serve:handle": o.serve, "refuse:jwt": o.refuse, "refuse:handle": o.refuse}
}

// cut takes the database away and makes sure that it is.
func (o *outage) cut(t *testing.T) {
	t.Helper()
	o.cable.Cut()
	if _, err := db.Open(t.Context(), db.Options{DSN: o.cable.DSN}); !fault.Is(err, fault.Unavailable) {
		t.Fatalf("the database is not away: opening it gives %v", err)
	}
}

// mend brings the database back and waits until the house has noticed.
func (o *outage) mend(t *testing.T) {
	t.Helper()
	o.cable.Mend()
	o.recovered(t)
}

func (o *outage) recovered(t *testing.T) {
	t.Helper()
	await(t, 10*time.Second, "fresh again", func() bool { return o.refuse.issue("refuse:jwt") == nil })
}

// unavailable wants an answer that says "not now" and nothing else.
func unavailable(t *testing.T, what string, a *housetest.Answer) {
	t.Helper()
	if a.Status != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" || strings.Contains(a.Text, "active") {
		t.Errorf("%s: %d %s (Retry-After %q), want 503", what, a.Status, a.Text, a.Header.Get("Retry-After"))
	}
}

// TestTokenPathOutlivesItsDatabase takes PostgreSQL away for an hour: an API that serves goes on, one that refuses
// says so and never calls a token inactive that may be good, and what must be written is refused as a whole.
func TestTokenPathOutlivesItsDatabase(t *testing.T) {
	o := newOutage(t)
	admin := o.AdminToken()
	o.cut(t)
	unavailable(t, "the management API, in the first moment", o.CallAs(admin, "GET", "/api/v1/applications", nil))
	o.Clock.Move(time.Hour)

	for _, format := range formats {
		scope := "serve:" + format
		repeat(t, 500, 16, func() error { return o.serve.issue(scope) })
		repeat(t, 500, 16, func() error { return o.serve.introspect(o.tokens[scope]) })
		scope = "refuse:" + format
		unavailable(t, "a token of "+scope, o.Form("/oauth2/token", o.refuse.client, "grant_type", "client_credentials", "scope", scope))
		unavailable(t, "introspection of "+scope, o.Introspect(o.refuse.gateway, o.tokens[scope]))
		unavailable(t, "introspection of "+scope+" by its client", o.Introspect(o.refuse.client, o.tokens[scope]))
	}
	repeat(t, 200, 200, o.serve.refuse)
	unavailable(t, "the management API", o.CallAs(admin, "GET", "/api/v1/applications", nil))
	unavailable(t, "a change through the management API", o.CallAs(admin, "POST", "/api/v1/applications", housetest.O{"name": "late"}))
	unavailable(t, "a token of the management API", o.Form("/oauth2/token", o.Admin, "grant_type", "client_credentials"))
	for scope, s := range o.scopes() {
		unavailable(t, "revocation of "+scope, o.Form("/oauth2/revoke", s.client, "token", o.doomed[scope]))
	}
	if !o.Active(o.serve.gateway, o.doomed["serve:jwt"]) {
		t.Error("a revocation that was refused is half done: the token is dead")
	}

	o.mend(t)
	if a := o.Call("GET", "/applications", nil); a.Status != http.StatusOK || strings.Contains(a.Text, `"late"`) {
		t.Errorf("after the outage: %d %s", a.Status, a.Text)
	}
	for scope, s := range o.scopes() {
		if !o.Active(s.gateway, o.tokens[scope]) || !o.Active(s.gateway, o.doomed[scope]) {
			t.Errorf("%s: after the outage a good token is inactive", scope)
		}
		if a := o.Form("/oauth2/revoke", s.client, "token", o.doomed[scope]); a.Status != http.StatusOK || o.Active(s.gateway, o.doomed[scope]) {
			t.Errorf("%s: a revocation after the outage: %d %s, active %v", scope, a.Status, a.Text, o.Active(s.gateway, o.doomed[scope]))
		}
	}
}

// TestServingWithoutADatabaseEndsAfterThreeDays goes to the end of what a node may do on its own: it issues until
// then, across the days whose handle keys nobody could make, and refuses afterwards.
func TestServingWithoutADatabaseEndsAfterThreeDays(t *testing.T) {
	o := newOutage(t)
	o.cut(t)
	for range 3 {
		o.Clock.Move(23 * time.Hour)
		for _, scope := range []string{"serve:jwt", "serve:handle"} {
			if token := o.Token(o.serve.client, "scope", scope); !o.Active(o.serve.gateway, token) {
				t.Errorf("%s: a token from before 72 hours were over is inactive", scope)
			}
		}
	}
	last := o.Token(o.serve.client, "scope", "serve:handle")
	o.Clock.Move(4 * time.Hour)
	unavailable(t, "a token after 73 hours", o.Form("/oauth2/token", o.serve.client, "grant_type", "client_credentials", "scope", "serve:jwt"))
	unavailable(t, "introspection after 73 hours", o.Introspect(o.serve.gateway, last))
	if a := o.Send(o.Request("GET", "/readyz", nil)); a.Status != http.StatusServiceUnavailable {
		t.Errorf("after 73 hours the house says that it is ready: %d", a.Status)
	}
	o.mend(t)
	if !o.Active(o.serve.gateway, last) {
		t.Error("a good token is inactive after the outage")
	}
	for _, scope := range []string{"serve:jwt", "serve:handle"} {
		if err := o.serve.issue(scope); err != nil {
			t.Error(err)
		}
	}
}

// TestAHouseDoesNotStartWithoutItsDatabase because it could only give wrong answers.
func TestAHouseDoesNotStartWithoutItsDatabase(t *testing.T) {
	cable := dbtest.Through(t, dbtest.PostgreSQLDSN(t))
	cable.Cut()
	err := housetest.Refused(t, cable.DSN, filepath.Join(t.TempDir(), "root.key"))
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "PostgreSQL at 127.0.0.1:") {
		t.Errorf("the error does not say what to mend: %v", err)
	}
}

// TestTokenPathOutlivesADatabaseThatHangs lets every query that concerns the ledger wait for a lock that nobody gives
// back: worse than a database that is away, because nothing fails by itself.
func TestTokenPathOutlivesADatabaseThatHangs(t *testing.T) {
	o := newOutage(t)
	pool, err := sql.Open("pgx", o.cable.DSN)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = pool.Close() }()
	lock, err := pool.Begin()
	if err == nil {
		_, err = lock.Exec(`LOCK TABLE ledger_head IN ACCESS EXCLUSIVE MODE`)
	}
	if err != nil {
		t.Fatal(err)
	}
	o.Clock.Move(2 * register.RefuseAfter)
	began := time.Now()
	for _, format := range formats {
		repeat(t, 200, 8, func() error { return o.serve.issue("serve:" + format) })
		repeat(t, 200, 8, func() error { return o.serve.introspect(o.tokens["serve:"+format]) })
		unavailable(t, "introspection", o.Introspect(o.refuse.gateway, o.tokens["refuse:"+format]))
	}
	repeat(t, 20, 20, o.serve.refuse)
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("answering without the database took %v: something waits for it", took)
	}
	began = time.Now()
	unavailable(t, "a revocation", o.Form("/oauth2/revoke", o.serve.client, "token", o.doomed["serve:jwt"]))
	if took := time.Since(began); took > 6*time.Second || !o.Active(o.serve.gateway, o.doomed["serve:jwt"]) {
		t.Errorf("a revocation is refused after %v; half done: %v", took, !o.Active(o.serve.gateway, o.doomed["serve:jwt"]))
	}
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	o.recovered(t)
}
