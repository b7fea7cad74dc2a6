package exchange_test

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/exchange"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/egress"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

const probed = plain + `
api: {base_url: "${base_url}/api", headers: {X-Tenant: "${client_id}"}}
verify: {path: "/me/${client_id}", warn: [403]}
errors: [{on: verify, status: 403, stage: probe, hint: Grant a role., section: "#roles"}]
`

// states are a report in one word.
func states(r exchange.Report) string {
	var all []string
	for _, s := range r.Steps {
		all = append(all, string(s.State))
	}
	return strings.Join(all, " ")
}

// api answers to tokens with good, and to all else as it is told.
func api(t *testing.T, status int) *far {
	t.Helper()
	return provide(t, func(w http.ResponseWriter, r *http.Request, s seen) {
		if s.path == "/token" {
			answers(200, good)(w, r, s)
			return
		}
		answers(status, `{"error":"x"}`)(w, r, s)
	})
}

func TestEveryStageIsPassedInOrder(t *testing.T) {
	f := api(t, 200)
	r := f.open(t).Check(t.Context(), f.credential(t, probed))
	if states(r) != "ok ok ok ok ok ok ok ok" || r.Failed() != nil || r.Warning != "" || r.Token.Access.Reveal() != "at-1" {
		t.Errorf("got %+v", r)
	}
	var order []provider.Stage
	for _, s := range r.Steps {
		order = append(order, s.Stage)
	}
	if !slices.Equal(order, provider.Stages()) {
		t.Errorf("order %v", order)
	}
	if s := f.last(t); s.method != "GET" || s.path != "/api/me/our-client" || s.header.Get("Authorization") != "Bearer at-1" || s.header.Get("X-Tenant") != "our-client" {
		t.Errorf("probe %+v", s)
	}
	if r = f.open(t).Check(t.Context(), f.credential(t, plain)); states(r) != "ok ok ok ok ok ok ok skipped" || r.Token == nil {
		t.Errorf("without a probe: %s", states(r))
	}
}

func TestWhatTheProbeSaysIsAWarningOrAFailure(t *testing.T) {
	for status, want := range map[int]string{403: "ok ok ok ok ok ok ok warning", 401: "ok ok ok ok ok ok ok failed", 404: "ok ok ok ok ok ok ok failed", 500: "ok ok ok ok ok ok ok failed"} {
		f := api(t, status)
		r := f.open(t).Check(t.Context(), f.credential(t, probed))
		if states(r) != want || (r.Token != nil) != (status == 403) || (r.Warning == "Grant a role.") != (status == 403) {
			t.Errorf("%d: %s, %q", status, states(r), r.Warning)
		}
		if s := r.Steps[7]; s.Hint == "" || (s.Section == "#roles") != (status == 403) {
			t.Errorf("%d: %+v", status, s)
		}
	}
}

func TestFailureLeavesNothingBehindItAndSaysWhatMayHaveFailed(t *testing.T) {
	f := provide(t, answers(401, `{"error":"invalid_client"}`))
	x := f.open(t)
	r := x.Check(t.Context(), f.credential(t, probed))
	if states(r) != "ok ok ok failed unknown unknown skipped skipped" || r.Token != nil || len(r.Failed().Among) != 2 {
		t.Errorf("got %s", states(r))
	}
	f.reply = answers(400, `{"error":"invalid_scope"}`)
	if r = x.Check(t.Context(), f.credential(t, probed)); states(r) != "ok ok ok ok ok ok failed skipped" {
		t.Errorf("got %s", states(r))
	}
	stranger, err := egress.New(egress.Options{Allow: []string{f.Listener.Addr().String()}, RootCAs: x509.NewCertPool()})
	if err != nil {
		t.Fatal(err)
	}
	x.Egress = stranger
	if r = x.Check(t.Context(), f.credential(t, probed)); states(r) != "ok failed skipped skipped skipped skipped skipped skipped" || !strings.Contains(r.Failed().Hint, "certificate") {
		t.Errorf("a foreign certificate: %s", states(r))
	}
	c := f.credential(t, probed)
	f.Close()
	if r = x.Check(t.Context(), c); states(r) != "failed skipped skipped skipped skipped skipped skipped skipped" {
		t.Errorf("nobody listens: %s", states(r))
	}
	delete(c.Values, "base_url")
	if r = x.Check(t.Context(), c); states(r) != "failed skipped skipped skipped skipped skipped skipped skipped" || r.Failed().Hint == "" {
		t.Errorf("an empty field: %+v", r)
	}
}

func TestFewerScopesThanWereAskedForAreAWarning(t *testing.T) {
	f := provide(t, answers(200, `{"access_token":"a","scope":"read"}`))
	x := f.open(t)
	r := x.Check(t.Context(), f.credential(t, plain, "scope", "read write"))
	if states(r) != "ok ok ok ok ok ok warning skipped" || r.Warning == "" || r.Token == nil {
		t.Errorf("got %s, %q", states(r), r.Warning)
	}
	if r = x.Check(t.Context(), f.credential(t, plain, "scope", "read")); r.Warning != "" {
		t.Errorf("got %q", r.Warning)
	}
}

func TestModesWithoutTokensAreCheckedByTheProbeAlone(t *testing.T) {
	const basic = "mode: basic\napi: {base_url: \"${base_url}\"}\nverify: {path: /me}\n"
	for status, want := range map[int]string{
		200: "ok ok skipped ok ok ok skipped ok",
		401: "ok ok skipped failed unknown unknown skipped skipped",
		403: "ok ok skipped ok ok ok skipped failed",
	} {
		f := api(t, status)
		r := f.open(t).Check(t.Context(), f.credential(t, basic, "username", "me", "password", "p:w"))
		if states(r) != want || r.Token != nil {
			t.Errorf("%d: %s, want %s", status, states(r), want)
		}
		if user, password, ok := (&http.Request{Header: f.last(t).header}).BasicAuth(); !ok || user != "me" || password != "p:w" {
			t.Errorf("sent %v", f.last(t).header)
		}
	}
	f := api(t, 200)
	r := f.open(t).Check(t.Context(), f.credential(t, "mode: api_key\napi: {base_url: \"${base_url}\", headers: {X-Key: \"${client_secret}\"}}\n"))
	if states(r) != "unknown unknown skipped unknown unknown unknown skipped skipped" || f.connections.Load() != 0 || r.Failed() != nil {
		t.Errorf("without a probe: %s", states(r))
	}
	// Nothing is stored for a grant that nobody gave.
	if r = f.open(t).Check(t.Context(), f.credential(t, agreed)); r.Failed() == nil || r.Token != nil {
		t.Errorf("a code's mode: %+v", r)
	}
}

func TestCertificateIsShownToTokenEndpointAndProbe(t *testing.T) {
	f := &far{}
	f.reply = func(w http.ResponseWriter, r *http.Request, s seen) {
		if len(r.TLS.PeerCertificates) != 1 {
			answers(401, `{"error":"invalid_client"}`)(w, r, s)
			return
		}
		answers(200, good)(w, r, s)
	}
	f.Server = httptest.NewUnstartedServer(http.HandlerFunc(f.serve))
	f.TLS = &tls.Config{ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12}
	f.StartTLS()
	t.Cleanup(f.Close)
	der := f.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(der.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	certificate := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der.Certificate[0]}))
	private := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key}))
	mode := strings.Replace(probed, "client_secret_basic", "tls_client_auth", 1)
	x := f.open(t)
	for _, fields := range [][]string{{"client_certificate", certificate, "client_key", private}, {"client_certificate", certificate + private}} {
		if r := x.Check(t.Context(), f.credential(t, mode, fields...)); states(r) != "ok ok ok ok ok ok ok ok" {
			t.Errorf("got %+v", r)
		}
	}
	if s := f.seen[0]; s.form.Get("client_id") != "our-client" || s.form.Has("client_secret") || s.header.Get("Authorization") != "" {
		t.Errorf("sent %v", s.form)
	}
	asked := len(f.seen)
	if r := x.Check(t.Context(), f.credential(t, mode, "client_certificate", certificate, "client_key", "Kanarienvogel")); r.Failed() == nil || r.Failed().Stage != provider.AuthMethod || strings.Contains(r.Failed().Hint, "Kanarien") || len(f.seen) != asked {
		t.Errorf("half a pair: %+v", r)
	}
}

func TestDeletionRevokesInTheProvidersWay(t *testing.T) {
	f := provide(t, answers(200, ""))
	x := f.open(t)
	token := &connect.Token{Access: seal.NewSecret("at-1")}
	both := &connect.Token{Access: seal.NewSecret("at-1"), Refresh: seal.NewSecret("rt-1")}
	revoke := func(how string, of *connect.Token) seen {
		t.Helper()
		if err := x.Revoke(t.Context(), f.credential(t, plain+how), of); err != nil {
			t.Fatal(err)
		}
		return f.last(t)
	}
	const standard = `revoke: {url: "${base_url}/revoke"}`
	if s := revoke(standard, token); s.path != "/revoke" || s.body != "token=at-1" || !strings.HasPrefix(s.header.Get("Authorization"), "Basic ") {
		t.Errorf("RFC 7009: %+v", s)
	}
	if s := revoke(standard, both); s.form.Get("token") != "rt-1" || s.form.Get("token_type_hint") != "refresh_token" {
		t.Errorf("with a refresh token: %s", s.body)
	}
	s := revoke(`revoke: {url: "${base_url}/end", auth: none, body: json, params: {t: "${access_token}", r: "${refresh_token}"}, headers: {Authorization: "token ${access_token}"}}`, token)
	if o := object(t, s.body); len(o) != 1 || o["t"] != "at-1" || s.header.Get("Authorization") != "token at-1" {
		t.Errorf("the provider's own way: %+v", s)
	}
	f.reply = answers(503, `at-1`)
	if err := x.Revoke(t.Context(), f.credential(t, plain+standard), token); !fault.Is(err, fault.Unavailable) {
		t.Errorf("got %v", err)
	}
	asked := len(f.seen)
	for _, of := range []*connect.Token{nil, {}} {
		if err := x.Revoke(t.Context(), f.credential(t, plain+standard), of); err != nil {
			t.Error(err)
		}
	}
	if err := x.Revoke(t.Context(), f.credential(t, plain), token); err != nil || len(f.seen) != asked {
		t.Errorf("a provider that has nothing of the kind: %v", err)
	}
}

// What a provider tells about itself is no way to change what a person entered.
func TestWhatIsToldNeverReplacesWhatWasEntered(t *testing.T) {
	f := provide(t, answers(200, `{"access_token":"a","base_url":"https://evil.example","tenant":"t1"}`))
	c := f.credential(t, `
mode: client_credentials
token: {url: "${base_url}/token", auth: client_secret_basic, answer: {told: [base_url, tenant]}}
api: {base_url: "${base_url}"}
verify: {path: "/${tenant}"}
`)
	r := f.open(t).Check(t.Context(), c)
	if s := f.last(t); states(r) != "ok ok ok ok ok ok ok ok" || s.path != "/t1" {
		t.Errorf("%s, %s", states(r), s.path)
	}
}

func FuzzTokenAnswersAreReadOrRefused(f *testing.F) {
	for _, s := range []string{good, `{"access_token":"a","expires_in":-1}`, `{"a":{"b":"c"}}`, `[]`, `{"access_token":"a","access_token":"b"}`, `{"access_token":"a\n"}`} {
		f.Add([]byte(s), "access_token", "expires_in", "milliseconds")
	}
	f.Fuzz(func(t *testing.T, body []byte, name, in, unit string) {
		token, err := exchange.ReadToken(body, &provider.Answer{Token: name, ExpiresIn: in, Unit: unit, Told: []string{"x"}}, 0, now)
		if err != nil {
			return
		}
		if text := token.Access.Reveal(); text == "" || strings.ContainsAny(text, " \r\n\x00") || strings.ContainsAny(token.Refresh.Reveal(), " \r\n\x00") {
			t.Errorf("%q is taken for a token", text)
		}
		if life := token.ExpiresAt.Sub(now); life <= 0 || life > 366*24*time.Hour {
			t.Errorf("lives %s", life)
		}
	})
}
