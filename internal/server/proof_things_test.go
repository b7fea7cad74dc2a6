package server_test

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// things are what a path can name, by the part of the path that names it. Of two parts that fit, the longer counts.
type things map[string]string

func (x things) path(route string) (method, path string) {
	method, path, _ = strings.Cut(route, " ")
	longest := func(a, b string) int { return cmp.Compare(len(b), len(a)) }
	for _, part := range slices.SortedFunc(maps.Keys(x), longest) {
		at, _, _ := strings.Cut(part, "{") // what stands before the parameter stays
		path = strings.ReplaceAll(path, part, at+x[part])
	}
	if route == "GET /api/v1/ledger/stream" || route == "GET /api/v1/ledger/export" {
		method = "HEAD" // the same guard, and an answer that ends, or none that is noted
	}
	return method, path
}

// within are the parts that name something inside an application.
var within = []string{"{secret}", "/certificates/{credential}", "/jwt-keys/{credential}", "/trusts/{credential}"}

// somebodysKey is the public key of RFC 7517, appendix A.1.
var somebodysKey = housetest.O{
	"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
}

// readersFirst returns routes in an order in which things need not be made for each: first those that change nothing.
func readersFirst(routes map[string]string) []string {
	reads := func(route string) int { return strings.Index(route, "GET ") } // 0 or -1
	return slices.SortedFunc(maps.Keys(routes), func(a, b string) int {
		return cmp.Or(cmp.Compare(reads(b), reads(a)), cmp.Compare(a, b))
	})
}

// unlessUsed returns things for a route to work on: these where it changes none of them, new ones where it may. To make
// them takes forty requests, and makes room by deleting older ones; see [readersFirst].
func (x things) unlessUsed(h *housetest.House, route string) things {
	if strings.HasPrefix(route, "GET ") {
		return x
	}
	made := newThings(h, x["{environment}"])
	if strings.Contains(route, sessionOfUser) {
		made.signIn(h)
	}
	return made
}

const sessionOfUser = "/sessions/{session}"

// signIn gives the user a session. It costs two hashes of a password, so that only what is about a session gets one.
func (x things) signIn(h *housetest.House) {
	h.T.Helper()
	user, password := "/users/"+x["{user}"], "granite otter velvet 9 harbour"
	h.Must("PUT", user+"/password", housetest.O{"password": password})
	h.Visit().SignIn(h.Must("GET", user, nil).String("user_name"), password)
	x[sessionOfUser] = housetest.Items(h.T, h.Must("GET", user+"/sessions", nil))[0]["id"].(string)
}

// newThings makes one of each; environment is the one that a path shall name.
func newThings(h *housetest.House, environment string) things {
	h.T.Helper()
	name := uuid.NewString()
	app := h.Must("POST", "/applications", housetest.O{"name": name, "secret": housetest.O{}})
	id := app.String("client_id")
	under := func(kind string, body housetest.O) string {
		h.T.Helper()
		return h.Must("POST", "/applications/"+id+"/"+kind, body).String("id")
	}
	worker := h.Must("POST", "/applications", housetest.O{"name": "worker " + name, "kind": "worker"}).String("client_id")
	h.Must("POST", "/global-credential/enable", nil)
	user := h.Must("POST", "/users", housetest.O{"user_name": "user " + name}).String("id") // without a role: nobody is less
	makeRoom(h, "/webhooks", "id")
	makeRoom(h, "/schemas", "id")
	makeRoom(h, "/roles", "role")
	makeRoom(h, "/integration-credentials?kind=connection", "client_id")
	group := h.Must("POST", "/groups", housetest.O{"name": name}).String("id")
	h.Must("POST", "/groups/"+group+"/members", housetest.O{"add": []housetest.O{{"id": user}}})
	holder := h.Must("POST", "/users", housetest.O{"user_name": "holder " + name}).String("id") // of a role: not everybody may change it
	held := h.Must("POST", "/users/"+holder+"/roles", housetest.O{"role": "identity-data-read-only"}).String("id")
	person := h.CallAs(h.AdminToken(), "POST", "/scim/v2/Users", housetest.O{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:User"}, "userName": "scim " + name}).String("id")
	crowd := h.CallAs(h.AdminToken(), "POST", "/scim/v2/Groups", housetest.O{"schemas": []string{"urn:ietf:params:scim:schemas:core:2.0:Group"}, "displayName": "scim " + name}).String("id")
	connector := h.Must("POST", "/connect/connectors", housetest.O{"name": "c" + name, "provider": "oauth2-client-credentials"}).String("name")
	entered := housetest.O{"token_url": "https://127.0.0.1:9/token", "client_id": "somebody", "client_secret": "s3cret"} // where nobody is let
	connection := h.Must("POST", "/connect/connections", housetest.O{"connector": connector, "values": entered, "check": false}).String("id")
	h.Must("POST", "/connect/connections/"+connection+"/disable", nil) // a provider is not called
	return things{
		"{provider}": "pingone", "{connector}": connector, "{connection}": connection, "{path...}": "users", "{page...}": "glossary",
		"{connect_session}": h.Must("POST", "/connect/sessions", housetest.O{"connectors": []string{connector}}).String("id"),
		"/Users/{id}":       person, "/Groups/{id}": crowd, "/ResourceTypes/{id}": "User", "/Schemas/{id}": "urn:ietf:params:scim:schemas:core:2.0:User",
		"{schema}":                         h.Must("POST", "/schemas", housetest.O{"name": "s" + name, "attributes": []housetest.O{{"name": "a", "type": "string"}}}).String("id"),
		"{role}":                           h.Must("POST", "/roles", housetest.O{"name": name + " role", "scopes": []string{"roles:write"}}).String("role"),
		"/users/{user}":                    user,
		"/users/{user}/roles/{assignment}": holder + "/roles/" + held,
		"{environment}":                    environment, "{key}": keyIn(h, "next"), "{api}": h.NewAPI(name, nil, name+":read"),
		"{application}": id, "{secret}": app.Object("secret").String("id"),
		"/certificates/{credential}": under("certificates", housetest.O{"generate": true}),
		"/jwt-keys/{credential}":     under("jwt-keys", housetest.O{"jwks": somebodysKey}),
		"/trusts/{credential}":       under("trusts", housetest.O{"issuer": "https://issuer.example", "subject": name, "jwks": somebodysKey}),
		"{authority}":                h.Must("GET", "/certificate-authorities/own", nil).String("id"),
		"{application}/roles":        worker + "/roles",
		"{assignment}":               h.Must("POST", "/applications/"+worker+"/roles", housetest.O{"role": "configuration-read-only"}).String("id"),
		"{pair}":                     h.Must("POST", "/credentials", housetest.O{"name": "pair " + name, "access": "read-users"}).String("client_id"),
		"{integration}":              h.Must("POST", "/integration-credentials", housetest.O{"kind": "connection"}).String("client_id"),
		// Disabled: nothing is sent.
		"{webhook}":    h.Must("POST", "/webhooks", housetest.O{"url": "http://127.0.0.1:9/", "disabled": true}).String("id"),
		"{user}":       user,
		"{factor}":     h.Must("POST", "/users/"+user+"/factors", housetest.O{"kind": "totp", "name": "Phone"}).String("id"),
		"{population}": h.Must("POST", "/populations", housetest.O{"name": name}).String("id"),
		"{group}":      group, "{member}": user,
		"{import}": h.Must("POST", "/user-imports", housetest.O{"source": strings.Repeat("ab", 32), "name": "people.csv"}).String("id"),
		"{mail}":   "1", "{link}": strings.Repeat("A", 43), "{ticket}": "cfu_" + strings.Repeat("a", 64), "{token}": uuid.NewString(),
		sessionOfUser:  uuid.NewString(),
		"{invitation}": h.Must("POST", "/invitations", housetest.O{"email": "guest." + uuid.NewString() + "@example.com", "send_email": false}).String("id"),
	}
}

// makeRoom deletes those of a list of which there can only be a few.
func makeRoom(h *housetest.House, list, id string) {
	h.T.Helper()
	path, _, _ := strings.Cut(list, "?")
	for _, old := range housetest.Items(h.T, h.Must("GET", list, nil)) {
		if old["builtin"] != true {
			h.Must("DELETE", path+"/"+old[id].(string), nil)
		}
	}
}
