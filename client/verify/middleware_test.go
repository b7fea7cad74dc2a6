package verify_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/client/verify"
)

func TestMiddlewareAnswersAsRFC6750Says(t *testing.T) {
	i := newIssuer(t)
	key := i.key(t, "k1")
	good := i.token(t, key, nil)
	narrow := i.token(t, key, map[string]any{"scope": "invoices:write"})
	expired := i.token(t, key, map[string]any{"exp": time.Now().Add(-time.Hour).Unix()})
	guarded := verify.Require(offline(t, i, &clock{}), "invoices:read")(
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			token, ok := verify.FromContext(r.Context())
			if !ok || token.ClientID != "app" {
				t.Errorf("the handler saw %+v, %v", token, ok)
			}
		}))

	for _, c := range []struct {
		name      string
		headers   []string
		status    int
		challenge string // must occur in WWW-Authenticate
		absent    string // must not
	}{
		{"a good token", []string{"Bearer " + good}, 200, "", ""},
		{"the scheme in another case", []string{"bearer " + good}, 200, "", ""},
		{"no header", nil, 401, `Bearer scope="invoices:read"`, "error="},
		{"another scheme", []string{"Basic YTpi"}, 401, "Bearer", "error="},
		{"an expired token", []string{"Bearer " + expired}, 401, `error="invalid_token"`, ""},
		{"too little scope", []string{"Bearer " + narrow}, 403, `error="insufficient_scope"`, ""},
		{"two headers, both good", []string{"Bearer " + good, "Bearer " + good}, 400, `error="invalid_request"`, ""},
		{"two headers, one Basic", []string{"Basic YTpi", "Bearer " + good}, 400, `error="invalid_request"`, ""},
		{"two tokens", []string{"Bearer " + good + " " + good}, 400, `error="invalid_request"`, ""},
		{"a token with a quote", []string{`Bearer a"b`}, 400, `error="invalid_request"`, ""},
		{"an empty token", []string{"Bearer "}, 400, `error="invalid_request"`, ""},
		{"an oversize token", []string{"Bearer " + strings.Repeat("A", verify.MaxToken+1)}, 401, `error="invalid_token"`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			// The token in the query must not help.
			r := httptest.NewRequest(http.MethodGet, "/?access_token="+good, nil)
			r.Header["Authorization"] = c.headers
			w := httptest.NewRecorder()
			guarded.ServeHTTP(w, r)
			got := w.Header().Get("WWW-Authenticate")
			if w.Code != c.status || !strings.Contains(got, c.challenge) || c.absent != "" && strings.Contains(got, c.absent) {
				t.Errorf("got %d %q", w.Code, got)
			}
			if strings.Contains(got+w.Body.String(), "issuer") {
				t.Errorf("the answer tells why: %q %q", got, w.Body)
			}
		})
	}
}

func TestMiddlewareAnswers503WhenTheIssuerIsAway(t *testing.T) {
	i := newIssuer(t)
	token := i.token(t, i.key(t, "k1"), nil)
	i.away.Store(true)
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	verify.Require(offline(t, i, &clock{}))(http.NotFoundHandler()).ServeHTTP(w, r)
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" || w.Header().Get("WWW-Authenticate") != "" {
		t.Errorf("got %d %v", w.Code, w.Header())
	}
}

func TestScopeThatIsNoScopeIsAMistakeInTheProgram(t *testing.T) {
	for _, scope := range []string{"", "two words", `quo"te`, "line\nbreak"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q: accepted", scope)
				}
			}()
			verify.Require(nil, scope)
		}()
	}
}

func TestHandlersOutsideTheMiddlewareSeeNoToken(t *testing.T) {
	if token, ok := verify.FromContext(t.Context()); ok || token != nil {
		t.Errorf("got %v", token)
	}
}
