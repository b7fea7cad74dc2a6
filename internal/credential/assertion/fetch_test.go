package assertion_test

import (
	"context"
	"crypto/x509"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/credential/assertion"
	"github.com/counterfoil/counterfoil/internal/egress"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// publisher is a server that publishes keys and can be changed while it runs.
type publisher struct {
	*httptest.Server
	*assertion.Fetcher
	asked atomic.Int64
	clock atomic.Int64 // seconds since now

	mu      sync.Mutex
	handler http.HandlerFunc
}

func (p *publisher) set(h http.HandlerFunc) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.handler = h
}

func (p *publisher) publish(body string) {
	p.set(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, body) })
}

func (p *publisher) fail() {
	p.set(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
}

func (p *publisher) pass(d time.Duration) { p.clock.Add(int64(d / time.Second)) }

// keys asks for a token's keys and returns how many there are.
func (p *publisher) keys(t *testing.T, kid string) (int, error) {
	t.Helper()
	s, err := p.Keys(t.Context(), assertion.Source{URI: p.URL + "/jwks"}, kid)
	if err != nil {
		return 0, err
	}
	return len(s.Keys()), nil
}

func publish(t *testing.T, body string) *publisher {
	t.Helper()
	p := &publisher{}
	p.publish(body)
	p.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked.Add(1)
		p.mu.Lock()
		h := p.handler
		p.mu.Unlock()
		h(w, r)
	}))
	p.Config.ErrorLog = log.New(io.Discard, "", 0)
	p.StartTLS()
	t.Cleanup(p.Close)
	p.Fetcher = &assertion.Fetcher{
		Egress: out(t, p.Server, p.Listener.Addr().String()),
		Now:    func() time.Time { return now.Add(time.Duration(p.clock.Load()) * time.Second) },
	}
	return p
}

func out(t *testing.T, s *httptest.Server, allow ...string) *egress.Client {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	c, err := egress.New(egress.Options{Allow: allow, RootCAs: roots, Timeout: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestPublishedKeysAreFetchedOnceForManyTokens(t *testing.T) {
	p := publish(t, set(jwk(t, keys().p256, object{"kid": "a"})))
	gate := make(chan struct{})
	answer := p.handler
	p.set(func(w http.ResponseWriter, r *http.Request) { <-gate; answer(w, r) })
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			if n, err := p.keys(t, "a"); n != 1 || err != nil {
				t.Errorf("got %d, %v", n, err)
			}
		})
	}
	close(gate)
	all.Wait()
	if n, err := p.keys(t, ""); n != 1 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	if n := p.asked.Load(); n != 1 {
		t.Errorf("asked %d times", n)
	}
}

func TestAnUnknownKeyMakesOneQuestionAMinute(t *testing.T) {
	p := publish(t, set(jwk(t, keys().p256, object{"kid": "a"})))
	step := func(what, kid string, keys int, asked int64) {
		t.Helper()
		n, err := p.keys(t, kid)
		if err != nil || n != keys || p.asked.Load() != asked {
			t.Errorf("%s: %d keys, asked %d times, %v; want %d, %d", what, n, p.asked.Load(), err, keys, asked)
		}
	}
	step("first", "a", 1, 1)
	p.publish(set(jwk(t, keys().p256, object{"kid": "a"}), jwk(t, keys().rsa, object{"kid": "b"})))
	for range 5 {
		step("too soon", "b", 1, 1)
	}
	p.pass(59 * time.Second)
	step("still too soon", "b", 1, 1)
	p.pass(time.Second)
	step("now", "b", 2, 2)
	step("known", "b", 2, 2)
	p.pass(time.Minute)
	step("known after a minute", "b", 2, 2)
	step("made up", "../../etc/passwd", 2, 3)
	step("made up again", "x", 2, 3)
	p.pass(assertion.MaxAge - time.Second)
	step("young enough", "a", 2, 3)
	p.pass(time.Second)
	step("too old", "a", 2, 4)
}

func TestKeysServeForADayWhileTheirServerIsAway(t *testing.T) {
	p := publish(t, set(jwk(t, keys().p256, object{"kid": "a"})))
	if _, err := p.keys(t, "a"); err != nil {
		t.Fatal(err)
	}
	p.fail()
	for _, wait := range []time.Duration{assertion.MaxAge, time.Minute, assertion.MaxStale - assertion.MaxAge - time.Minute - time.Second} {
		p.pass(wait)
		if n, err := p.keys(t, "a"); n != 1 || err != nil {
			t.Errorf("after %v: %d, %v", wait, n, err)
		}
	}
	if n := p.asked.Load(); n != 4 {
		t.Errorf("asked %d times", n)
	}
	p.pass(time.Second)
	_, err := p.keys(t, "a")
	wantReason(t, "after a day", err, assertion.KeysUnavailable)
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "status 500") {
		t.Errorf("got %v", err)
	}
	p.publish(set(jwk(t, keys().p256, object{"kid": "a"})))
	if _, err := p.keys(t, "a"); err == nil {
		t.Error("it was asked again too soon")
	}
	p.pass(time.Minute)
	if n, err := p.keys(t, "a"); n != 1 || err != nil {
		t.Errorf("back again: %d, %v", n, err)
	}
}

func TestAServerThatHangsHoldsNobodyUpWhoHasKeys(t *testing.T) {
	p := publish(t, set(jwk(t, keys().p256, object{"kid": "a"})))
	if _, err := p.keys(t, "a"); err != nil {
		t.Fatal(err)
	}
	gate := make(chan struct{})
	p.set(func(http.ResponseWriter, *http.Request) { <-gate })
	defer close(gate)
	p.pass(assertion.MaxAge)
	begun := time.Now()
	if n, err := p.keys(t, "a"); n != 1 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	if took := time.Since(begun); took > 4*time.Second {
		t.Errorf("took %v", took)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := p.Keys(ctx, assertion.Source{URI: p.URL + "/other"}, "a")
	wantReason(t, "who does not wait", err, assertion.KeysUnavailable)
}

func TestKeysOfNoUseArePassedOver(t *testing.T) {
	p := publish(t, set(
		jwk(t, keys().p256, object{"kid": "a", "x5c": []string{"x"}}), jwk(t, keys().rsa, object{"use": "enc", "kid": "b"}), object{"kty": "AKP"},
		object{"kty": "oct", "k": "c2VjcmV0"}, jwk(t, keys().ed, object{"d": "x"}), jwk(t, keys().rsa, object{"alg": "RS512"}), jwk(t, keys().rsa, object{"kid": "a"})))
	if n, err := p.keys(t, "a"); n != 2 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
	for _, bad := range []string{"", "hello", `{"keys":[]}`, `{"keys":[{"kty":"oct","k":"AA"}]}`, `{"keys":[{"kty":"EC","kty":"EC"}]}`, set(make([]object, 101)...)} {
		p.publish(bad)
		if err := p.CheckURI(t.Context(), p.URL); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	p.publish(strings.Repeat(" ", 1<<20))
	if err := p.CheckURI(t.Context(), p.URL); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "more than") {
		t.Errorf("1 MiB: %v", err)
	}
}

func TestKeysAreDiscovered(t *testing.T) {
	p := publish(t, "")
	body := set(jwk(t, keys().p256, object{"kid": "a"}))
	metadata := func(changes object) {
		p.set(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/t/.well-known/openid-configuration":
				all := object{"issuer": p.URL + "/t", "jwks_uri": p.URL + "/keys"}
				for k, v := range changes {
					all[k] = v
				}
				_, _ = io.WriteString(w, text(all))
			case "/keys":
				_, _ = io.WriteString(w, body)
			default:
				http.NotFound(w, r)
			}
		})
	}
	metadata(nil)
	s, err := p.Keys(t.Context(), assertion.Source{Issuer: p.URL + "/t"}, "a")
	if err != nil || len(s.Keys()) != 1 || p.asked.Load() != 2 {
		t.Errorf("got %v, %v, asked %d", s, err, p.asked.Load())
	}
	if err := p.CheckIssuer(t.Context(), p.URL+"/t"); err != nil {
		t.Error(err)
	}
	for name, changes := range map[string]object{
		"another issuer": {"issuer": "https://other.example"}, "a slash more": {"issuer": p.URL + "/t/"}, "no keys": {"jwks_uri": ""}, "keys inside": {"jwks_uri": "https://10.0.0.1/keys"},
		"keys from a file": {"jwks_uri": "file:///etc/passwd"}, "issuer a number": {"issuer": 1},
	} {
		metadata(changes)
		err := p.CheckIssuer(t.Context(), p.URL+"/t")
		if field, message := fault.Public(err); field != "issuer" || message == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bad := range []string{"", "issuer", "https://x.example/?a", "https://x.example/#a", p.URL + "/t?"} {
		if field, _ := fault.Public(p.CheckIssuer(t.Context(), bad)); field != "issuer" {
			t.Errorf("%q passes", bad)
		}
	}
}

// F08, and the issue's own words: a jwks_uri on loopback or redirecting there.
func TestAnAddressThatCannotWorkIsRefusedWhenItIsEntered(t *testing.T) {
	p := publish(t, set(jwk(t, keys().p256, nil)))
	if err := p.CheckURI(t.Context(), p.URL); err != nil {
		t.Fatal(err)
	}
	before := p.asked.Load()
	guarded := &assertion.Fetcher{Egress: out(t, p.Server), Now: time.Now}
	for address, words := range map[string]string{
		p.URL: "loopback", "https://localhost/jwks": "loopback", "https://[::1]/": "loopback", "https://10.1.2.3/": "private", "https://169.254.169.254/": "link-local",
		"file:///etc/passwd": "https://", "": "missing", "https://a:b@example.com": "user name", "https://0/": "usual form",
	} {
		err := guarded.CheckURI(t.Context(), address)
		if field, message := fault.Public(err); field != "jwks_uri" || !strings.Contains(message, words) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if p.asked.Load() != before {
		t.Error("the server on loopback was asked")
	}
	p.set(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://127.0.0.1/", http.StatusFound)
	})
	if field, message := fault.Public(p.CheckURI(t.Context(), p.URL)); field != "jwks_uri" || !strings.Contains(message, "redirects") {
		t.Errorf("a redirect: %q", message)
	}
	p.fail()
	if err := p.CheckURI(t.Context(), p.URL); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a server that fails: %v", err)
	}
}

func TestInlineKeysNeedNoFetching(t *testing.T) {
	inline := parseSet(t, set(jwk(t, keys().p256, nil)))
	s, err := (&assertion.Fetcher{}).Keys(t.Context(), assertion.Source{Inline: inline}, "unknown")
	if s != inline || err != nil {
		t.Errorf("got %v, %v", s, err)
	}
}
