package adminapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

func TestApplicationReadsAndDescribesItself(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		const own = "/api/v1/applications/self"
		h.NewAPI("invoices", nil, "invoices:read")
		app := h.NewApp("billing", nil, "invoices:read")
		token := h.Token(app)
		shown := expect(t, h.CallAs(token, "GET", own, nil), http.StatusOK)
		members(t, shown, O{"client_id": app.ID, "name": "billing", "secret": nil})
		changed := expect(t, h.CallAs(token, "PATCH", own, O{"description": "ours"}, "If-Match", shown.Header.Get("ETag")), http.StatusOK)
		members(t, changed, O{"description": "ours"})
		members(t, h.Must("GET", "/applications/"+app.ID, nil), O{"description": "ours"})
		expect(t, h.CallAs(token, "PATCH", own, O{"description": "late"}, "If-Match", shown.Header.Get("ETag")), http.StatusPreconditionFailed)

		// Nothing that could widen anything, nor text without an end.
		for _, body := range []O{{"scopes": []string{}}, {"enabled": true}, {"name": "x"}, {"token_lifetime": 60}, {"description": strings.Repeat("x", 256)}} {
			expect(t, h.CallAs(token, "PATCH", own, body), http.StatusUnprocessableEntity)
		}
		// A credential that lacks the family opens another door only.
		narrow := h.Must("POST", "/applications/"+app.ID+"/secrets", O{"scopes": []string{"openid"}})
		foreign := h.Token(housetest.Client{ID: app.ID, Secret: narrow.String("secret")})
		for _, method := range []string{"GET", "PATCH"} {
			var body any
			if method == "PATCH" {
				body = O{"description": "stolen"}
			}
			if a := expect(t, h.CallAs(foreign, method, own, body), http.StatusForbidden); !strings.Contains(a.Text, "family application") {
				t.Error(a.Text)
			}
		}
		// A family that is taken away is gone from live tokens.
		h.Must("PATCH", "/applications/"+app.ID+"/secrets/"+secretID(h, app), O{"scopes": []string{"openid"}})
		expect(t, h.CallAs(token, "GET", own, nil), http.StatusForbidden)
		h.Must("PATCH", "/applications/"+app.ID+"/secrets/"+secretID(h, app), O{"scopes": nil})
		expect(t, h.CallAs(token, "GET", own, nil), http.StatusOK)

		h.Must("POST", "/applications/"+app.ID+"/disable", nil)
		expect(t, h.CallAs(token, "PATCH", own, O{"description": "from the grave"}), http.StatusUnauthorized)
		members(t, h.Must("GET", "/applications/"+app.ID, nil), O{"description": "ours"})
	})
}

// secretID returns the id of an application's oldest secret.
func secretID(h *housetest.House, app housetest.Client) string {
	h.T.Helper()
	return housetest.Items(h.T, h.Call("GET", "/applications/"+app.ID+"/secrets", nil))[0]["id"].(string)
}
