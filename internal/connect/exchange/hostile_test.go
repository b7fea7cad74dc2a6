package exchange_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/connect/exchange"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/egress"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// Whatever a provider answers, a person reads a stage and a sentence of ours, soon.
func TestHostileAnswersGetTheirStageAndHint(t *testing.T) {
	drip := func(w http.ResponseWriter, r *http.Request, _ seen) {
		for {
			select {
			case <-r.Context().Done():
				return
			case <-time.After(50 * time.Millisecond):
				_, _ = w.Write([]byte(" "))
				_ = http.NewResponseController(w).Flush()
			}
		}
	}
	flood := func(w http.ResponseWriter, _ *http.Request, _ seen) {
		block := make([]byte, 64<<10)
		for range 1 << 14 {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	}
	packed := func(w http.ResponseWriter, _ *http.Request, _ seen) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = io.WriteString(w, good)
	}
	hangUp := func(w http.ResponseWriter, _ *http.Request, _ seen) {
		conn, _, _ := w.(http.Hijacker).Hijack()
		_ = conn.Close()
	}
	elsewhere := func(w http.ResponseWriter, r *http.Request, _ seen) {
		http.Redirect(w, r, "https://127.0.0.2/", http.StatusTemporaryRedirect)
	}
	never := func(_ http.ResponseWriter, r *http.Request, _ seen) { <-r.Context().Done() }
	for name, c := range map[string]struct {
		reply func(http.ResponseWriter, *http.Request, seen)
		words string
	}{
		"a page":             {answers(200, "<html><form action=/login>"), "not as a token endpoint"},
		"nothing":            {answers(200, ""), "not as a token endpoint"},
		"a list":             {answers(200, "["+good+"]"), "not as a token endpoint"},
		"two answers":        {answers(200, good+good), "not as a token endpoint"},
		"no token":           {answers(200, `{"hello":"world"}`), "no token in the answer"},
		"null":               {answers(200, `{"access_token":null}`), "no token in the answer"},
		"a number":           {answers(200, `{"access_token":7}`), "no token in the answer"},
		"a member twice":     {answers(200, `{"access_token":"a","access_token":"b"}`), "one thing twice"},
		"deep":               {answers(200, `{"a":`+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)+`}`), "not as a token endpoint"},
		"a header":           {answers(200, `{"access_token":"a\r\nX-Admin: yes"}`), "no request could carry"},
		"a blank":            {answers(200, `{"access_token":"a b"}`), "no request could carry"},
		"a NUL":              {answers(200, `{"access_token":"a\u0000"}`), "no request could carry"},
		"letters":            {answers(200, `{"access_token":"ä"}`), "no request could carry"},
		"a bad refresh":      {answers(200, `{"access_token":"a","refresh_token":"b\n"}`), "no request could carry"},
		"a long token":       {answers(200, `{"access_token":"`+strings.Repeat("a", 20000)+`"}`), "no request could carry"},
		"an end before now":  {answers(200, `{"access_token":"a","expires_in":-5}`), "ended already"},
		"an end long before": {answers(200, `{"access_token":"a","expires_in":-1e300}`), "ended already"},
		"a time before now":  {answers(200, `{"access_token":"a","expires_at":"2020-01-01T00:00:00Z"}`), "ended already"},
		"1 GB":               {flood, "far too long"},
		"a drip":             {drip, "in time"},
		"silence":            {never, "in time"},
		"a packed answer":    {packed, "packed"},
		"a redirect":         {elsewhere, "another one"},
		"a dropped line":     {hangUp, "broke off"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := provide(t, c.reply)
			begun := time.Now()
			_, err := f.open(t).Fetch(t.Context(), f.credential(t, plain), nil)
			failed, ok := errors.AsType[*exchange.Failure](err)
			if !ok || failed.Stage != provider.TokenEndpoint || !strings.Contains(failed.Hint, c.words) || failed.Final {
				t.Errorf("got %v, want %q", err, c.words)
			}
			if took := time.Since(begun); took > 2*exchange.Deadline {
				t.Errorf("took %v", took)
			}
		})
	}
}

func TestLifetimesAreReadAsTheyAreMeant(t *testing.T) {
	f := provide(t, nil)
	x := f.open(t)
	year := 366 * 24 * time.Hour
	for body, want := range map[string]time.Duration{
		`"expires_in":60`:                     time.Minute,
		`"expires_in":"60"`:                   time.Minute,
		`"expires_in":60.5`:                   60500 * time.Millisecond,
		`"expires_in":6e1`:                    time.Minute,
		`"x":1`:                               provider.DefaultLifetime,
		`"expires_in":0`:                      provider.DefaultLifetime,
		`"expires_in":null`:                   provider.DefaultLifetime,
		`"expires_in":"soon"`:                 provider.DefaultLifetime,
		`"expires_in":"NaN"`:                  provider.DefaultLifetime,
		`"expires_in":{"a":1}`:                provider.DefaultLifetime,
		`"expires_in":true`:                   provider.DefaultLifetime,
		`"expires_in":99999999999999999999`:   year,
		`"expires_in":1e999`:                  year,
		`"expires_in":"9223372036854775807"`:  year,
		`"expires_at":"2026-11-23T01:10:00Z"`: 10 * time.Minute,
		`"expires_at":1795396200`:             10 * time.Minute,
		`"expires_at":"1795396200"`:           10 * time.Minute,
		`"expires_at":"tomorrow"`:             provider.DefaultLifetime,
		`"expires_in":60,"expires_at":"1"`:    time.Minute,
		`"expires_at":"9999-01-01T00:00:00Z"`: year,
		`"expires_at":99999999999999999999`:   provider.DefaultLifetime,
	} {
		f.reply = answers(200, `{"access_token":"a",`+body+`}`)
		if got := fetched(t, x, f.credential(t, plain), nil); got.ExpiresAt.Sub(now) != want {
			t.Errorf("%s: %s, want %s", body, got.ExpiresAt.Sub(now), want)
		}
	}
	f.reply = answers(200, `{"access_token":"a"}`)
	c := f.credential(t, `
mode: client_credentials
token: {url: "${base_url}/token", auth: none, assume: 8h}
`)
	if got := fetched(t, x, c, nil); got.ExpiresAt.Sub(now) != 8*time.Hour {
		t.Errorf("assumed %s", got.ExpiresAt.Sub(now))
	}
}

func TestErrorsNameTheStageAndWhatTheProviderDoesNotTellApart(t *testing.T) {
	f := provide(t, nil)
	x := f.open(t)
	for _, c := range []struct {
		status int
		body   string
		stage  provider.Stage
		among  []provider.Stage
		kind   fault.Kind
	}{
		{401, `{"error":"invalid_client"}`, provider.ClientKnown, []provider.Stage{provider.AuthMethod, provider.AppEnabled}, fault.Conflict},
		{400, `{"error":"unauthorized_client"}`, provider.AuthMethod, []provider.Stage{provider.AppEnabled}, fault.Conflict},
		{400, `{"error":"invalid_scope"}`, provider.ScopeGranted, nil, fault.Conflict},
		{400, `{"error":"unsupported_grant_type"}`, provider.TokenEndpoint, nil, fault.Conflict},
		{200, `{"error":"access_denied"}`, provider.AppEnabled, []provider.Stage{provider.ScopeGranted}, fault.Conflict},
		{401, `<html>who are you`, provider.ClientKnown, []provider.Stage{provider.AuthMethod, provider.AppEnabled}, fault.Conflict},
		{403, ``, provider.AppEnabled, []provider.Stage{provider.ScopeGranted}, fault.Conflict},
		{404, `not here`, provider.TokenEndpoint, nil, fault.Conflict},
		{429, `{}`, provider.TokenEndpoint, nil, fault.Unavailable},
		{500, `{}`, provider.TokenEndpoint, nil, fault.Unavailable},
		{418, `{"error":"own_word"}`, provider.TokenEndpoint, []provider.Stage{provider.ClientKnown, provider.AuthMethod}, fault.Conflict},
		{400, `{"error":"switched_off"}`, provider.AppEnabled, nil, fault.Conflict},
	} {
		f.reply = func(w http.ResponseWriter, r *http.Request, s seen) {
			w.Header().Set("X-Request-Id", "req-0815-4711")
			w.Header().Set("Retry-After", "7")
			answers(c.status, c.body)(w, r, s)
		}
		credential := f.credential(t, plain+`errors: [{code: switched_off, stage: application_enabled, hint: Switch it on., section: "#toggle"}]`)
		_, err := x.Fetch(t.Context(), credential, nil)
		failed, ok := errors.AsType[*exchange.Failure](err)
		if !ok || failed.Stage != c.stage || fmt.Sprint(failed.Among) != fmt.Sprint(c.among) || fault.Of(err) != c.kind || failed.Hint == "" {
			t.Errorf("%d %s: %+v", c.status, c.body, failed)
			continue
		}
		if failed.Status != c.status || failed.Reference != "req-0815-4711" || failed.RetryAfter != 7*time.Second {
			t.Errorf("%d %s: %+v", c.status, c.body, failed)
		}
		r := x.Check(t.Context(), credential)
		if step := r.Failed(); step == nil || step.Stage != c.stage || step.Hint != failed.Hint || r.Token != nil || r.Warning != "" {
			t.Errorf("%d %s: %+v", c.status, c.body, r)
		}
		if c.body == `{"error":"switched_off"}` && (failed.Hint != "Switch it on." || r.Failed().Section != "#toggle") {
			t.Errorf("the provider's own rule: %+v", r.Failed())
		}
	}
}

// Nothing that a provider says may show what was entered, however it writes it.
func TestProviderThatEchoesTheSecretShowsItToNobody(t *testing.T) {
	b64 := base64.StdEncoding.EncodeToString
	forms := map[string]string{
		"as it is":         secret,
		"half of it":       secret[:8],
		"in capitals":      strings.ToUpper(secret),
		"in base64":        b64([]byte(secret)),
		"in base64url":     base64.RawURLEncoding.EncodeToString([]byte(secret)),
		"after its id":     b64([]byte("our-client:" + secret)),
		"one byte off":     b64([]byte("a" + secret)),
		"two bytes off":    b64([]byte("ab" + secret)),
		"escaped":          url.QueryEscape(secret),
		"in hex":           hex.EncodeToString([]byte(secret)),
		"in HTML":          html.EscapeString(secret),
		"letter by letter": strings.Join(strings.Split(secret, ""), " "),
		"in two words":     secret[:11] + " " + secret[11:],
	}
	for name, form := range forms {
		quoted, _ := json.Marshal("The secret " + form + " is wrong for this client")
		for _, body := range []string{
			`{"error":"invalid_client","error_description":` + string(quoted) + `}`,
			`{"error":` + string(quoted) + `,"message":` + string(quoted) + `}`,
			`{"error":"` + strings.NewReplacer("/", "", "+", "", " ", "", "%", "", "=", "").Replace(form) + `","request_id":"` + strings.NewReplacer("/", "", "+", "", " ", "").Replace(form) + `"}`,
			`<html><p>The secret ` + form + ` is wrong`,
			`{"client":{"secret":` + string(quoted) + `},"error":{"code":` + string(quoted) + `}}`,
		} {
			f := provide(t, func(w http.ResponseWriter, r *http.Request, s seen) {
				w.Header().Set("X-Request-Id", form)
				w.Header().Set("Retry-After", form)
				answers(400, body)(w, r, s)
			})
			x, c := f.open(t), f.credential(t, plain)
			_, err := x.Fetch(t.Context(), c, nil)
			failed, _ := errors.AsType[*exchange.Failure](err)
			shown, _ := json.Marshal(failed)
			report := x.Check(t.Context(), c)
			more, _ := json.Marshal(report)
			all := strings.ToLower(string(shown) + string(more) + fmt.Sprintf("%+v %+v %v", failed, report, err))
			bare := strings.NewReplacer(" ", "", "…", "").Replace(all)
			for _, canary := range []string{"kanari", "vogel", "s3cr3t", "cznjcjn0", "0thbmfya", strings.ToLower(form)} {
				if strings.Contains(all, canary) || strings.Contains(bare, canary) {
					t.Errorf("%s: %q shows in %s", name, canary, all)
				}
			}
		}
	}
}

func TestWordsOfTheProviderAreShownWithoutWhatLooksLikeAToken(t *testing.T) {
	f := provide(t, nil)
	x := f.open(t)
	for text, want := range map[string]string{
		"Unsupported authentication method":                            "Unsupported authentication method",
		"The tenant 4f1c2d7a-9b3e-4a55-8c1d-000000000000 is not there": "The tenant … is not there",
		"see <script>alert(1)</script> for more, please":               "see … for more, please",
		"token eyJhbGciOiJub25lIn0.e30. is bad now":                    "token … is bad now",
		"x9f": "", "": "", strings.Repeat("long words ", 1000): "",
		strings.Repeat("words ", 100): strings.TrimSpace(strings.Repeat("words ", 33)),
	} {
		body, _ := json.Marshal(map[string]string{"error": "own", "error_description": text})
		f.reply = answers(400, string(body))
		_, err := x.Fetch(t.Context(), f.credential(t, plain), nil)
		failed, ok := errors.AsType[*exchange.Failure](err)
		if !ok || failed.Says != want || failed.Code != "own" {
			t.Errorf("%q is shown as %q", text, failed.Says)
		}
	}
}

// F08: no place in a provider's file is a way into our own network.
func TestNothingThatIsEnteredLeadsIntoOurNetwork(t *testing.T) {
	f := provide(t, answers(200, good))
	x := f.exchange(t) // allows nothing
	port := f.URL[strings.LastIndexByte(f.URL, ':')+1:]
	const all = `
mode: client_credentials
token: {url: "${base_url}/token", auth: client_secret_basic}
api: {base_url: "${base_url}"}
verify: {path: /me}
revoke: {url: "${base_url}/revoke"}
`
	c, code := f.credential(t, all), f.credential(t, agreed)
	bare := f.credential(t, "mode: api_key\napi: {base_url: \"${base_url}\", headers: {X-Key: \"${client_secret}\"}}\nverify: {path: /me}\n")
	token := fetched(t, f.open(t), c, nil)
	before := f.connections.Load()
	for _, host := range []string{
		"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0.0.0.0", "2130706433", "0x7f.1", "0177.0.0.1", "127.1",
		"10.0.0.1", "192.168.0.1", "169.254.169.254", "[fd00:ec2::254]", "[fe80::1%25lo]", "100.100.100.200", "[64:ff9b::7f00:1]",
	} {
		for _, credential := range []exchange.Credential{c, code, bare} {
			credential.Values["base_url"] = "https://" + host + ":" + port
		}
		if _, err := x.Fetch(t.Context(), c, nil); err == nil {
			t.Errorf("a token from %s", host)
		} else if failed, ok := errors.AsType[*exchange.Failure](err); ok && failed.Stage != provider.ReachHost {
			t.Errorf("%s: %v", host, failed)
		}
		if _, err := x.Redeem(t.Context(), code, "c", "v"); err == nil {
			t.Errorf("a code redeemed at %s", host)
		}
		if _, err := x.Fetch(t.Context(), code, token); err == nil {
			t.Errorf("a refresh at %s", host)
		}
		if err := x.Revoke(t.Context(), c, token); err == nil {
			t.Errorf("revoked at %s", host)
		}
		for _, r := range []exchange.Report{x.Check(t.Context(), c), x.Try(t.Context(), c, token), x.Check(t.Context(), bare)} {
			if r.Failed() == nil || r.Token != nil {
				t.Errorf("%s: %+v", host, r)
			}
		}
	}
	if n := f.connections.Load() - before; n != 0 {
		t.Errorf("%d connections were made", n)
	}

	inside := provide(t, answers(200, good)) // a public provider sends us inside
	f.reply = func(w http.ResponseWriter, r *http.Request, _ seen) {
		http.Redirect(w, r, inside.URL, http.StatusTemporaryRedirect)
	}
	c.Values["base_url"], bare.Values["base_url"] = f.URL, f.URL
	open := f.exchange(t, "127.0.0.0/8")
	_, err := open.Fetch(t.Context(), c, nil)
	probed := open.Check(t.Context(), bare)
	if err == nil || probed.Failed() == nil || open.Revoke(t.Context(), c, token) == nil {
		t.Errorf("redirects are followed: %v, %+v", err, probed)
	}
	if n := inside.connections.Load(); n != 0 {
		t.Errorf("%d connections were made by redirects", n)
	}
	if egress.TroubleOf(err) != "" { // the failure stands alone: its cause may name addresses
		t.Errorf("got %v", err)
	}
}
