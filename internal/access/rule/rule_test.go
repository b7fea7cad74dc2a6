package rule_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/access/rule"
)

func TestEveryRowAsksForSomethingThatThereIs(t *testing.T) {
	known := access.ManagementPermissions()
	for _, r := range rule.All() {
		for _, name := range slices.Concat(r.Also, r.OneOf, []string{r.Permission}) {
			if name != "" && !slices.Contains(known, name) {
				t.Errorf("%s %s: there is no permission %q", r.Route(), r.Field, name)
			}
		}
		byPermission := r.Guard == rule.Permission || r.Guard == rule.Either
		byFamily := r.Guard == rule.Family || r.Guard == rule.Either
		if byPermission != (r.Permission != "") || (r.Guard == rule.OneOf) != (len(r.OneOf) > 1) || byFamily && r.Families == access.NoFamilies {
			t.Errorf("%s %s: asks for %s, permission %q and families %q", r.Route(), r.Field, r.Guard, r.Permission, r.Families)
		}
		if (r.Guard == rule.Public || r.Guard == rule.AnyToken || r.Absent || r.Field != "") && r.Why == "" {
			t.Errorf("%s %s: say why", r.Route(), r.Field)
		}
		if _, ok := rule.Find(r.Route()); !ok {
			t.Errorf("%s %s: a row about a field of a route that has none itself", r.Route(), r.Field)
		}
	}
}

// The preset authentication-only is five operations and nothing else.
func TestExactlyFiveOperationsSignPeopleIn(t *testing.T) {
	var found []string
	for _, r := range rule.All() {
		if r.Permission == access.UseSignin || slices.Contains(r.Also, access.UseSignin) {
			found = append(found, r.Route())
		}
	}
	want := []string{
		"POST /services/saml-assertion", "POST /services/saml-assertion/verify-factor", "POST /services/login",
		"POST /services/login/verify-factor", "POST /services/users/{user}/logout",
	}
	if !slices.Equal(found, want) {
		t.Errorf("signin:use opens %v", found)
	}
}

// A preset that only reads changes nothing, whatever a permission is called.
func TestReadingPermissionsOpenNoRouteThatChangesSomething(t *testing.T) {
	// These look something up or try something out, and take what they need in a body.
	harmless := []string{"POST /api/v1/policy/check", "POST /api/v1/search", "POST /api/v1/ledger/verify", "POST /api/v1/applications/{application}/trusts/{credential}/test"}
	for _, r := range rule.All() {
		writing := func(name string) bool { return !strings.HasSuffix(name, ":read") }
		reads := r.Guard == rule.OneOf && !slices.ContainsFunc(r.OneOf, writing) || r.Permission != "" && !writing(r.Permission)
		if reads && r.Method != "GET" && !slices.Contains(harmless, r.Route()) && !strings.HasSuffix(r.Path, "/.search") {
			t.Errorf("%s asks for no more than %s", r.Route(), r.Permission)
		}
		if r.Method == "GET" && strings.HasSuffix(r.Permission, ":write") {
			t.Errorf("%s asks for %s to read", r.Route(), r.Permission)
		}
	}
}

func TestARouteWithoutARowIsNotServed(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("it is served")
		}
	}()
	rule.Of("GET /api/v1/nothing")
}

func TestAPathIsDecidedByTheRowThatSaysMostAboutIt(t *testing.T) {
	for path, want := range map[string]string{
		"GET /api/v1/applications/self":            "GET /api/v1/applications/self",
		"GET /api/v1/applications/6f1c":            "GET /api/v1/applications/{application}",
		"get /users/6f1c/roles":                    "GET /api/v1/users/{user}/roles",
		"DELETE /api/v1/users/6f1c/roles/1":        "DELETE /api/v1/users/{user}/roles/{assignment}",
		"POST /services/users/6f1c/logout":         "POST /services/users/{user}/logout",
		"PATCH /scim/v2/Users/6f1c":                "PATCH /scim/v2/Users/{id}",
		"GET /api/v1/users/":                       "",
		"GET /api/v1/users//roles":                 "",
		"PUT /api/v1/applications/self":            "",
		"GET /api/v1/applications/6f1c/no/such":    "",
		"GET /api/v1/../api/v1/applications/x":     "",
		"GET /staging/api/v1/applications/6f1c":    "",
		"GET /oauth2/jwks":                         "GET /oauth2/jwks",
		"GET /api/v1/credentials/self":             "GET /api/v1/credentials/self",
		"POST /api/v1/credentials/6f1c/disable":    "POST /api/v1/credentials/{pair}/disable",
		"GET /api/v1/applications/6f1c/secrets/1/": "",
	} {
		method, rest, _ := strings.Cut(path, " ")
		got, _, ok := rule.Match(method, rest)
		if ok != (want != "") || ok && got.Route() != want {
			t.Errorf("%s is decided by %q, want %q", path, got.Route(), want)
		}
	}
	if _, fields, _ := rule.Match("PATCH", "/roles/x"); len(fields) != 1 || fields[0].Field != "scopes" {
		t.Error(fields)
	}
}

func TestWhatMakesRotatesRevealsOrDeletesAsksForAFreshProof(t *testing.T) {
	asks := map[string]bool{
		"POST /api/v1/applications": true, "POST /api/v1/applications/{application}/secrets": true, "POST /api/v1/credentials": true,
		"POST /api/v1/applications/{application}/secrets/{secret}/rotate": true, "POST /api/v1/applications/{application}/secrets/{secret}/reveal": true,
		"DELETE /api/v1/applications/{application}": true, "PUT /api/v1/users/{user}/password": true, "POST /api/v1/users/{user}/roles": true,
		"POST /api/v1/applications/{application}/enable": true, "PUT /api/v1/global-credential/secret": true, "POST /api/v1/keys/rotate": true,
		"POST /api/v1/applications/{application}/disable": false, "POST /api/v1/users/{user}/lock": false, "GET /api/v1/applications": false,
		"GET /api/v1/ledger/export": true, "GET /api/v1/ledger/events": false,
		"DELETE /api/v1/users/{user}/sessions": false, "DELETE /api/v1/users/{user}/sessions/{session}": false, // as logout
		"DELETE /api/v1/users/{user}": true, "DELETE /api/v1/connect/sessions/{connect_session}": true,
		"PATCH /api/v1/applications/{application}": false, "POST /api/v1/tokens/revoke": false, "POST /scim/v2/Users": false,
	}
	for route, want := range asks {
		if r := rule.Of(route); r.StepUp() != want {
			t.Errorf("%s: %v", route, !want)
		}
	}
}
