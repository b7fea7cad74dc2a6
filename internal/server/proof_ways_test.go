package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/housetest"
)

// wayIn is a way for a client to prove itself.
type wayIn struct {
	name   string
	method string // as settings and refusals call it
	// make gives an application, which has no credential yet, the one of this way. It returns the credential's path under
	// the application and what proves it: a right proof, or one that is wrong.
	make func(p *prover, c *housetest.Client) (path string, prove func(r *http.Request, form url.Values, right bool))
	// guessed says that what is wrong is a guess at a secret, which counts, and that a lock refuses it.
	guessed bool
}

// condition is what an application and its credential can be in.
type condition struct {
	name string
	// of is the body that the credential is changed with; take is what is done besides.
	of      housetest.O
	take    func(p *prover, way *wayIn, app, credential string)
	wrong   bool // the proof
	locked  bool
	refused access.Refusal // what a right proof learns
	method  bool           // that the method is not allowed
}

var conditions = []condition{
	{name: "right"},
	{name: "wrong", wrong: true},
	{name: "locked, right", locked: true},
	{name: "locked, wrong", locked: true, wrong: true},
	{name: "application disabled", refused: access.ApplicationDisabled, take: func(p *prover, _ *wayIn, app, _ string) { p.Must("POST", app+"/disable", nil) }},
	{name: "application disabled, wrong", wrong: true, take: func(p *prover, _ *wayIn, app, _ string) { p.Must("POST", app+"/disable", nil) }},
	{name: "credential disabled", refused: access.CredentialDisabled, take: func(p *prover, _ *wayIn, _, credential string) { p.Must("POST", credential+"/disable", nil) }},
	{name: "not valid yet", refused: access.CredentialNotYetValid, take: func(p *prover, _ *wayIn, _, credential string) {
		p.Must("PATCH", credential, housetest.O{"not_before": p.Clock.Now().Add(time.Hour).Format(time.RFC3339)})
	}},
	{name: "outside its networks", refused: access.NetworkNotAllowed, of: housetest.O{"networks": []string{"192.0.2.0/24"}}},
	{name: "without the family", refused: access.FamilyMissing, of: housetest.O{"scopes": []string{"application", "application-users"}}},
	{name: "method not allowed", method: true, take: func(p *prover, way *wayIn, app, _ string) {
		other := "client_secret_post"
		if way.method == other {
			other = "client_secret_basic"
		}
		p.Must("PATCH", app, housetest.O{"auth_methods": []string{other}})
	}},
}

// TestEveryStateByEveryWayIn is the table of the issue: what each way in hears in each state, in status and words, and
// what is counted, kept and locked for it. It is A01, A03 to A05 and A08 of the threat list, too.
func TestEveryStateByEveryWayIn(t *testing.T) {
	housetest.EachWith(t, []string{"--trusted-proxies", "127.0.0.1", "--client-cert-header", "rfc9440"}, func(t *testing.T, h *housetest.House) {
		h.Must("PATCH", "/policy", housetest.O{"chosen_secrets": true})
		p := newProver(h)
		expired := map[string]*proven{}
		for i := range waysIn {
			expired[waysIn[i].name] = p.ready(&waysIn[i], "expired", housetest.O{"expires_at": h.Clock.Now().Add(2 * time.Minute).Format(time.RFC3339)})
		}
		pass(h, 3*time.Minute)
		for i := range waysIn {
			way := &waysIn[i]
			t.Run(way.name, func(t *testing.T) {
				t.Parallel() // a refusal takes 50 ms, whatever its cause
				p := p.with(t)
				e := expired[way.name]
				e.prover = p
				e.expect(&condition{name: "expired", refused: access.CredentialExpired})
				for j := range conditions {
					c := &conditions[j]
					e := p.ready(way, c.name, c.of)
					if c.take != nil {
						c.take(p, way, e.app, e.credential)
					}
					e.expect(c)
				}
			})
		}
		t.Run("environment disabled", func(t *testing.T) {
			inside, id := h.With(t).NewEnvironment("shut")
			inside.Must("PATCH", "/policy", housetest.O{"chosen_secrets": true})
			p := newProver(inside)
			var all []*proven
			for i := range waysIn {
				all = append(all, p.ready(&waysIn[i], "inside", nil))
			}
			h.With(t).Must("POST", "/environments/"+id+"/disable", nil)
			for _, e := range all {
				if a := e.send("/oauth2/token", true); a.Status != http.StatusUnauthorized || a.String("error_description") != access.EnvironmentDisabled.Sentence() {
					t.Errorf("%s: %d %s", e.way.name, a.Status, a.Text)
				}
				if a := e.send("/oauth2/token", false); a.Text != strangersHear {
					t.Errorf("%s, wrong: %d %s", e.way.name, a.Status, a.Text)
				}
			}
		})
	})
}

// strangersHear is all that anybody hears who did not prove who they are.
const strangersHear = `{"error":"invalid_client","error_description":"Client authentication failed."}` + "\n"

// proven is an application with the credential of one way in.
type proven struct {
	*prover
	way             *wayIn
	what            string
	client          housetest.Client
	app, credential string
	prove           func(*http.Request, url.Values, bool)
}

// ready makes an application with the credential of a way, and changes the credential.
func (p *prover) ready(way *wayIn, what string, change housetest.O) *proven {
	p.T.Helper()
	made := p.Must("POST", "/applications", housetest.O{"name": way.name + ", " + what, "scopes": []string{"applications:read"}})
	e := &proven{prover: p, way: way, what: what, client: housetest.Client{ID: made.String("client_id")}}
	e.app = "/applications/" + e.client.ID
	path, prove := way.make(p, &e.client)
	e.credential, e.prove = e.app+path, prove
	if change != nil {
		p.Must("PATCH", e.credential, change)
	}
	return e
}

// send presents a proof at an endpoint that takes forms.
func (e *proven) send(endpoint string, right bool) *housetest.Answer {
	e.T.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, "token": {"x"}}
	r := e.Request("POST", endpoint, nil, "Content-Type", "application/x-www-form-urlencoded")
	e.prove(r, form, right)
	return e.Send(withForm(r, form))
}

// expect tries every endpoint in a condition and looks at what it left behind.
func (e *proven) expect(c *condition) {
	e.T.Helper()
	if c.locked {
		e.Must("POST", e.app+"/lock", housetest.O{"minutes": 30})
	}
	status, words, reason := http.StatusOK, "", ""
	switch {
	case c.wrong:
		status, words = http.StatusUnauthorized, "Client authentication failed."
	case c.locked && e.way.guessed:
		status, words, reason = http.StatusUnauthorized, "Client authentication failed.", "locked"
	case c.method:
		status, words, reason = http.StatusUnauthorized, "The application does not allow this client authentication method.", "method_not_allowed"
	case c.refused != access.Admitted:
		status, words, reason = http.StatusUnauthorized, c.refused.Sentence(), c.refused.String()
	}
	endpoints := []string{"/oauth2/token", "/oauth2/introspect", "/oauth2/revoke"}
	for _, endpoint := range endpoints {
		a := e.send(endpoint, !c.wrong)
		if a.Status != status || status != http.StatusOK && (a.String("error") != "invalid_client" || a.String("error_description") != words) {
			e.T.Errorf("%s, %s, at %s: %d %s, want %d %s", e.way.name, c.name, endpoint, a.Status, a.Text, status, words)
		}
		if status != http.StatusOK && a.Header.Get("WWW-Authenticate") == "" {
			e.T.Errorf("%s, %s, at %s: no challenge", e.way.name, c.name, endpoint)
		}
	}
	counted := 0.0
	if c.wrong && e.way.guessed && !c.locked {
		counted = float64(len(endpoints))
	}
	if l := e.Must("GET", e.app+"/lock", nil); l.JSON["failures"] != counted || l.JSON["locked"] != c.locked {
		e.T.Errorf("%s, %s: %s, want %v failures", e.way.name, c.name, l.Text, counted)
	}
	if status == http.StatusOK {
		return
	}
	if err := e.Flush(e.T.Context()); err != nil {
		e.T.Fatal(err)
	}
	refusals := housetest.Items(e.T, e.Call("GET", e.app+"/refusals", nil))
	if len(refusals) != len(endpoints) {
		e.T.Errorf("%s, %s: %d refusals are kept", e.way.name, c.name, len(refusals))
	}
	for _, r := range refusals {
		knows := c.refused != access.Admitted && !c.wrong || c.method // which credential it was
		if reason != "" && r["reason"] != reason || r["reason"] == "" || (r["credential_id"] != nil) != knows || knows && r["method"] != e.way.method {
			e.T.Errorf("%s, %s: kept as %v, want %s", e.way.name, c.name, r, reason)
		}
	}
}

// A03: two proofs in one request are refused, however right they are, and the weaker never wins.
func TestTwoProofsInOneRequestAreRefused(t *testing.T) {
	housetest.EachWith(t, []string{"--trusted-proxies", "127.0.0.1", "--client-cert-header", "rfc9440"}, func(t *testing.T, h *housetest.House) {
		h.Must("PATCH", "/policy", housetest.O{"chosen_secrets": true})
		p := newProver(h)
		byName := map[string]*wayIn{}
		for i := range waysIn {
			byName[waysIn[i].name] = &waysIn[i]
		}
		first, second := p.ready(byName["Basic, raw"], "two", nil), p.ready(byName["private_key_jwt"], "two", nil)
		post, third := p.ready(byName["post"], "two", nil), p.ready(byName["tls_client_auth"], "two", nil)
		for name, pair := range map[string][2]*proven{"Basic and post": {first, post}, "Basic and JWT": {first, second}, "post and JWT": {post, second}} {
			form := url.Values{"grant_type": {"client_credentials"}}
			r := h.Request("POST", "/oauth2/token", nil, "Content-Type", "application/x-www-form-urlencoded")
			pair[0].prove(r, form, true)
			pair[1].prove(r, form, true)
			if a := h.Send(withForm(r, form)); a.Status != http.StatusBadRequest || a.String("error") != "invalid_request" {
				t.Errorf("%s: %d %s", name, a.Status, a.Text)
			}
		}
		// A certificate beside another proof is the connection's and proves nobody.
		form := url.Values{"grant_type": {"client_credentials"}}
		r := h.Request("POST", "/oauth2/token", nil, "Content-Type", "application/x-www-form-urlencoded")
		third.prove(r, form, true)
		form.Set("client_id", second.client.ID)
		if a := h.Send(withForm(r, form)); a.Text != strangersHear {
			t.Errorf("the certificate of one client with the client_id of another: %d %s", a.Status, a.Text)
		}
	})
}

// The application's own door takes its secret as it is, in every state that the OAuth doors know.
func TestTheApplicationsOwnDoorTakesHTTPBasic(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		p := newProver(h)
		way := &waysIn[0]
		const own = managementPrefix + "/applications/self"
		send := func(e *proven, method string, right bool) *housetest.Answer {
			r := h.CallRequest("", method, own, map[string]housetest.O{"GET": nil, "PATCH": {"description": "by itself"}}[method])
			e.prove(r, url.Values{}, right)
			return h.Send(r)
		}
		right := p.ready(way, "own", nil)
		housetest.Members(t, housetest.Expect(t, send(right, "GET", true), http.StatusOK), housetest.O{"client_id": right.client.ID})
		housetest.Members(t, housetest.Expect(t, send(right, "PATCH", true), http.StatusOK), housetest.O{"description": "by itself"})
		for _, route := range []string{"/applications", "/credentials/self", "/applications/" + right.client.ID} {
			r := h.Request("GET", managementPrefix+route, nil)
			right.prove(r, url.Values{}, true)
			housetest.Expect(t, h.Send(r), http.StatusUnauthorized) // which take tokens only
		}
		for range 5 {
			a := housetest.Expect(t, send(right, "GET", false), http.StatusUnauthorized)
			if a.Header.Get("WWW-Authenticate") != `Basic realm="counterfoil", charset="UTF-8"` || a.String("detail") != "client authentication failed" {
				t.Errorf("%v %s", a.Header, a.Text)
			}
		}
		if a := housetest.Expect(t, send(right, "GET", true), http.StatusUnauthorized); a.String("detail") != "client authentication failed" {
			t.Errorf("locked by guesses at this door, with the right secret: %s", a.Text)
		}
		if a := right.send("/oauth2/token", true); a.Text != strangersHear {
			t.Errorf("and at the other door: %s", a.Text)
		}
		disabled := p.ready(way, "own, disabled", nil)
		h.Must("POST", disabled.app+"/disable", nil)
		if a := housetest.Expect(t, send(disabled, "GET", true), http.StatusUnauthorized); a.String("detail") != access.ApplicationDisabled.Sentence() {
			t.Errorf("%s", a.Text)
		}
		openid := p.ready(way, "own, of another family", housetest.O{"scopes": []string{"openid", "applications:read"}})
		housetest.Expect(t, send(openid, "PATCH", true), http.StatusForbidden)
		if a := openid.send("/oauth2/token", true); a.Status != http.StatusOK {
			t.Errorf("its own family: %d %s", a.Status, a.Text)
		}
		housetest.Expect(t, h.Send(h.Request("GET", own, nil, "Authorization", "Basic %%%")), http.StatusUnprocessableEntity)
	})
}

// A02: rubbish in the header is refused at once and breaks nothing. A08: an id has one spelling.
func TestRubbishInBasicIsRefusedAtEveryDoor(t *testing.T) {
	h := housetest.Start(t)
	c := h.NewApp("billing", nil, "applications:read")
	for name, userinfo := range map[string]string{
		"%zz": "%zz:%zz", "overlong UTF-8": c.ID + ":\xc0\xaf", "NUL": c.ID + ":\x00", "48 kB": c.ID + ":" + fmt.Sprintf("%048000d", 0), "no id": ":" + c.Secret,
		"a space after the id": c.ID + " :" + c.Secret, "a space before it": " " + c.ID + ":" + c.Secret, "capitals": fmt.Sprintf("%X", c.ID) + ":" + c.Secret,
		"braces": "{" + c.ID + "}:" + c.Secret, "a second colon": c.ID + "::" + c.Secret,
	} {
		for _, route := range []string{"POST /oauth2/token", "GET " + managementPrefix + "/applications/self"} {
			r := basicRequest(h, route, userinfo)
			if a := h.Send(r); a.Status != http.StatusUnauthorized {
				t.Errorf("%s at %s: %d %s", name, route, a.Status, a.Text)
			}
		}
	}
}
