package oauth_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// inactive is all that anybody hears of a token that is dead or not theirs to see (RFC 7662 §2.2).
const inactive = `{"active":false}`

func TestOnlyThoseEntitledSeeAToken(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *House) {
		jwt, handle := furnish(h)
		gateway := h.NewApp("gateway", O{"introspects": []string{"invoices"}})
		depot := h.NewApp("depot", O{"introspects": []string{"parcels"}})
		sibling := h.NewApp("sibling", nil, "invoices:read", "invoices:write")
		auditor := h.NewApp("auditor", nil, "tokens:introspect", "tokens:revoke")
		s := h.Must("POST", "/applications/"+auditor.ID+"/secrets", O{"scopes": []string{"tokens:revoke"}})
		narrowed := Client{ID: auditor.ID, Secret: s.String("secret")}
		tokens := map[string]string{"invoices": h.Token(jwt), "parcels": h.Token(handle)}
		for name, c := range map[string]struct {
			as   Client
			sees string
		}{
			"the invoices' client": {jwt, "invoices"}, "the parcels' client": {handle, "parcels"}, "the invoices' gateway": {gateway, "invoices"},
			"the parcels' depot": {depot, "parcels"}, "another client of the API": {sibling, ""}, "one who may see any": {auditor, "invoices parcels"},
			"that one with a credential that may not": {narrowed, ""}, "the administrator": {h.Admin, "invoices parcels"},
		} {
			for api, token := range tokens {
				a := h.Introspect(c.as, token)
				if a.Status != http.StatusOK || a.Header.Get("Cache-Control") != "no-store" {
					t.Errorf("%s: %d %v", name, a.Status, a.Header)
				}
				if strings.Contains(c.sees, api) != (a.JSON["active"] == true) {
					t.Errorf("%s looks at a token for %s: %s", name, api, a.Text)
				}
				if !strings.Contains(c.sees, api) && a.Text != inactive {
					t.Errorf("%s hears %s", name, a.Text)
				}
			}
		}
		for _, scope := range []string{"tokens:introspect", "tokens:revoke"} {
			bearer := h.Token(auditor, "scope", scope)
			a := post(h, "/oauth2/introspect", "token="+tokens["parcels"], "Authorization", "bearer "+bearer)
			if scope == "tokens:introspect" && a.JSON["active"] != true {
				t.Errorf("a bearer with %s: %d %s", scope, a.Status, a.Text)
			}
			if scope == "tokens:revoke" {
				refused(t, a, 401, "invalid_token")
			}
		}
	})
}

func TestBearerOfIntrospectionMustBeGoodAndForManagement(t *testing.T) {
	h := housetest.Start(t)
	jwt, handle := furnish(h)
	token := h.Token(jwt)
	b := newPlace(h, "acme")
	auditor := h.NewApp("auditor", nil, "tokens:introspect")
	dead := h.Token(auditor)
	h.Must("POST", "/applications/"+auditor.ID+"/disable", nil)
	for name, bearer := range map[string]string{
		"a token of another API": token, "a handle of another API": h.Token(handle), "a management token of another environment": b.token(b.admin),
		"a token that died": dead, "rubbish": "x", "nothing": "", "two tokens": h.AdminToken() + " " + h.AdminToken(), "a list": h.AdminToken() + ",x",
		"a space in front": " " + h.AdminToken(), "an altered one": h.AdminToken() + "A",
	} {
		a := post(h, "/oauth2/introspect", "token="+token, "Authorization", "Bearer "+bearer)
		if bearer == "" {
			refused(t, a, 400, "invalid_request")
		} else {
			refused(t, a, 401, "invalid_token")
			if c := a.Header.Get("WWW-Authenticate"); !strings.HasPrefix(c, "Bearer ") {
				t.Errorf("%s: the challenge is %q", name, c)
			}
		}
	}
	for _, body := range []string{"&client_secret=x", "&client_assertion=x"} {
		refused(t, post(h, "/oauth2/introspect", "token="+token+body, "Authorization", "Bearer "+h.AdminToken()), 400, "invalid_request")
	}
	// A bearer token opens introspection and nothing else here.
	refused(t, post(h, "/oauth2/revoke", "token="+token, "Authorization", "Bearer "+h.AdminToken()), 400, "invalid_request")
	refused(t, post(h, "/oauth2/token", "grant_type=client_credentials", "Authorization", "Bearer "+h.AdminToken()), 400, "invalid_request")
}

func TestActiveTokenIsDescribedAsItIs(t *testing.T) {
	h := housetest.Start(t)
	jwt, handle := furnish(h)
	for _, c := range []struct {
		as              Client
		scope, audience string
	}{{jwt, "invoices:read", "https://invoices.example"}, {handle, "parcels:read", "https://parcels.example"}} {
		before := h.Clock.Now().Unix()
		a := h.Introspect(c.as, h.Token(c.as))
		want := map[string]any{
			"active": true, "scope": c.scope, "client_id": c.as.ID, "sub": c.as.ID, "aud": c.audience, "iss": h.URL, "token_type": "Bearer",
		}
		for name, value := range want {
			if a.JSON[name] != value {
				t.Errorf("%s is %v, want %v", name, a.JSON[name], value)
			}
		}
		issued, _ := a.JSON["iat"].(float64)
		if int64(issued) < before || a.JSON["exp"] != issued+600 || len(a.String("jti")) != 22 || len(a.String("credential_id")) != 36 || len(a.JSON) != len(want)+4 {
			t.Errorf("%s", a.Text)
		}
	}
}

func TestIntrospectionAnswersWhatTheTokenMayDoNow(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *House) {
		id := h.NewAPI("invoices", nil, "a", "b", "c", "d")
		app := h.NewApp("app", nil, "a", "b", "c", "d")
		s := h.Must("POST", "/applications/"+app.ID+"/secrets", O{"scopes": []string{"a", "b", "c"}})
		c := Client{ID: app.ID, Secret: s.String("secret")}
		token := h.Token(c)
		scope := func(when, want string) {
			t.Helper()
			if a := h.Introspect(h.Admin, token); a.JSON["active"] != true || a.String("scope") != want {
				t.Errorf("%s: %s, want %q", when, a.Text, want)
			}
		}
		scope("at first", "a b c")
		h.Must("PATCH", "/applications/"+app.ID, O{"scopes": []string{"b", "c", "d"}})
		scope("after the application lost a", "b c")
		h.Must("PATCH", "/applications/"+app.ID+"/secrets/"+s.String("id"), O{"scopes": []string{"c", "d"}})
		scope("after the credential lost b", "c")
		h.Must("PATCH", "/apis/"+id, O{"scopes": []O{{"name": "a"}, {"name": "b"}, {"name": "d"}}})
		scope("after the API lost c", "")
		h.Must("PATCH", "/apis/"+id, O{"scopes": []O{{"name": "a"}, {"name": "b"}, {"name": "c"}, {"name": "d"}}})
		scope("after another scope was given the name c", "")
		h.Must("PATCH", "/applications/"+app.ID, O{"scopes": []string{"a", "b", "c", "d"}})
		h.Must("PATCH", "/applications/"+app.ID+"/secrets/"+s.String("id"), O{"scopes": nil})
		scope("after everything was given back but c, which is another now", "a b")
	})
}

// Every way in which a token dies, for both formats: introspection, which must say nothing of why.
func TestDeadTokensAreInactiveAndSayNothingMore(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *House) {
		b := newPlace(h, "acme")
		for _, format := range []string{"jwt", "handle"} {
			for i, kill := range []func(api, app, secret string){
				func(api, _, _ string) {
					b.must("POST", "/apis/"+api+"/disable", nil)
					b.must("POST", "/apis/"+api+"/enable", nil)
				},
				func(api, _, _ string) { b.must("DELETE", "/apis/"+api, nil) },
				func(_, app, _ string) {
					b.must("POST", "/applications/"+app+"/disable", nil)
					b.must("POST", "/applications/"+app+"/enable", nil)
				},
				func(_, app, _ string) { b.must("DELETE", "/applications/"+app, nil) },
				func(_, app, secret string) { b.must("POST", "/applications/"+app+"/secrets/"+secret+"/disable", nil) },
				func(_, app, secret string) {
					b.must("DELETE", "/applications/"+app+"/secrets/"+secret+"?force=true", nil)
				},
				func(_, _, _ string) {
					h.Must("POST", "/environments/"+b.id+"/disable", nil)
					h.Must("POST", "/environments/"+b.id+"/enable", nil)
				},
				func(_, _, _ string) { later(h, 11*time.Minute) },
			} {
				name := fmt.Sprintf("%s%d", format, i)
				c := b.furnish(name, O{"token_format": format})
				token := b.token(c)
				if a := h.Form(b.path("/oauth2/introspect"), b.admin, "token", token); a.JSON["active"] != true {
					t.Fatalf("%s: %s", name, a.Text)
				}
				apis := b.must("GET", "/apis?limit=200", nil).JSON["items"].([]any)
				api := apis[len(apis)-1].(map[string]any)["id"].(string)
				secrets := b.must("GET", "/applications/"+c.ID+"/secrets", nil).JSON["items"].([]any)
				kill(api, c.ID, secrets[0].(map[string]any)["id"].(string))
				if a := h.Form(b.path("/oauth2/introspect"), b.admin, "token", token); a.Status != 200 || a.Text != inactive {
					t.Errorf("%s: %d %s", name, a.Status, a.Text)
				}
			}
		}
	})
}
