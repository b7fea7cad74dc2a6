package adminapi_test

import (
	"net/http"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// O is a JSON object.
type O = housetest.O

var (
	expect  = housetest.Expect
	at      = housetest.About
	items   = housetest.Items
	members = housetest.Members
)

// other is an environment beside the default one.
type other struct {
	h        *housetest.House
	id, path string
	admin    housetest.Client
	token    string
}

func elsewhere(t *testing.T, h *housetest.House, slug string) *other {
	t.Helper()
	made := expect(t, h.Call("POST", "/environments", O{"name": "Other " + slug, "slug": slug}), http.StatusCreated)
	o := &other{h: h, id: made.String("id"), path: "/" + slug}
	o.admin = housetest.Client{ID: made.Object("admin").String("client_id"), Secret: made.Object("admin").String("client_secret")}
	o.token = expect(t, h.Form(o.path+"/oauth2/token", o.admin, "grant_type", "client_credentials"), http.StatusOK).String("access_token")
	return o
}

// call calls the management API of the other environment as its administrator.
func (o *other) call(method, path string, body any) *housetest.Answer {
	o.h.T.Helper()
	return o.h.CallAs(o.token, method, o.path+"/api/v1"+path, body)
}
