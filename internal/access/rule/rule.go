package rule

import (
	"fmt"
	"slices"
	"strings"

	"github.com/counterfoil/counterfoil/internal/access"
)

// Door is where a route is served.
type Door string

// The doors that have routes.
const (
	API      Door = "api"      // the management API
	OAuth    Door = "oauth"    // tokens and what is known of them
	Services Door = "services" // what applications ask about people
	SCIM     Door = "scim"     // provisioning (RFC 7644)
	Connect  Door = "connect"  // other people's systems, called through connections
	House    Door = "house"    // what belongs to no door: probes, pages behind links, reports of leaks
)

// Prefix is where the routes of the management API stand in every environment.
const Prefix = "/api/v1"

// Guard is what kind of authority a route asks for.
type Guard string

// The guards.
const (
	// Permission is one permission of the management API, or several.
	Permission Guard = "permission"
	// OneOf is any one of several permissions.
	OneOf Guard = "one of"
	// Family is an API family among the scopes of the caller's credential.
	Family Guard = "family"
	// Either is the family for ordinary applications, and the permission for everybody: workers and pairs need it.
	Either Guard = "family or permission"
	// AnyToken is a good token of the environment, for whichever API.
	AnyToken Guard = "any token"
	// Client is the client's own credential (RFC 6749 §2.3).
	Client Guard = "client"
	// Link is a secret link in the path, which nobody's authority stands in for.
	Link Guard = "link"
	// Person is a person who is signed in, or about to be, in the browser that asks.
	Person Guard = "a person's session"
	// Signature is a signature over the body.
	Signature Guard = "signature"
	// Local is a caller on this machine; to others there is nothing there.
	Local Guard = "this machine"
	// Public is nothing.
	Public Guard = "public"
)

// Rule is a row of the table.
type Rule struct {
	Door         Door
	Method, Path string // as the route is registered: {name} stands for one segment, {name...} for the rest
	// Field is the field of the request (or of the answer) that the row is about; empty for the route itself. A row
	// about a field adds to that of its route.
	Field string
	Guard Guard
	// Permission is what lets a caller in, and Also what it must hold besides; OneOf are permissions any one of which will
	// do. Families are those of the credential.
	Permission string
	Also       []string
	OneOf      []string
	Families   access.Families
	Why        string
	// Absent rows are decided before there is anything behind them; the route answers 404 to whoever may call it.
	Absent bool
}

// Route returns method and path as the mux has them.
func (r *Rule) Route() string { return r.Method + " " + r.Path }

// Asks says in words what the rule asks for.
func (r *Rule) Asks() string {
	needed := strings.Join(append([]string{r.Permission}, r.Also...), " and ")
	switch r.Guard {
	case Permission:
		return needed
	case Family:
		return "family " + r.Families.String()
	case OneOf:
		return "one of " + strings.Join(r.OneOf, ", ")
	case Either:
		return "family " + r.Families.String() + " or " + needed
	case Client:
		if r.Families == access.NoFamilies {
			return "a client's credential"
		}
		return "a client's credential of the family " + r.Families.String()
	case Link:
		return "the link"
	case Signature:
		return "a signature"
	case AnyToken, Local, Public, Person:
	}
	return string(r.Guard)
}

// Admits reports whether somebody who may do what may says has a permission that the rule asks for; a rule that asks for none
// admits everybody.
func (r *Rule) Admits(may func(permission string) bool) bool {
	return (r.Permission == "" || may(r.Permission)) && (len(r.OneOf) == 0 || slices.ContainsFunc(r.OneOf, may))
}

// because gives the reason.
func (r Rule) because(why string) Rule {
	r.Why = why
	return r
}

// and adds permissions that a caller must hold besides.
func (r Rule) and(permissions ...string) Rule {
	r.Also = permissions
	return r
}

// absent marks a row whose route answers 404 for now.
func (r Rule) absent() Rule {
	r.Absent = true
	return r
}

// row makes a row of "METHOD /path" under a prefix.
func row(door Door, prefix, route string) Rule {
	method, path, _ := strings.Cut(route, " ")
	return Rule{Door: door, Method: method, Path: prefix + path, Guard: Permission}
}

// may is a row of the management API: who holds permission may call route, which stands under [Prefix].
func may(route, permission string) Rule {
	r := row(API, Prefix, route)
	r.Permission = permission
	return r
}

// mayIfAny is a row of the management API for whoever holds any one of some permissions: what each is for asks again.
func mayIfAny(route string, permissions ...string) Rule {
	r := row(API, Prefix, route)
	r.Guard, r.OneOf = OneOf, permissions
	return r
}

// field is a row about one field of a route.
func field(r Rule, name, permission string) Rule {
	r.Field, r.Permission, r.Guard, r.Also, r.Families = name, permission, Permission, nil, access.NoFamilies
	return r
}

var table = slices.Concat(
	house,
	oauth,
	applications,
	environments,
	notices,
	roles,
	users,
	passwords,
	factors,
	imports,
	groups,
	schemas,
	invitations,
	services,
	scim,
	connectPages,
	connections,
)

// byRoute holds the rows about routes.
var byRoute = index()

func index() map[string]*Rule {
	rules := map[string]*Rule{}
	for i := range table {
		r := &table[i]
		if r.Field != "" {
			continue
		}
		if rules[r.Route()] != nil {
			panic("the permission table has two rows for " + r.Route())
		}
		rules[r.Route()] = r
	}
	return rules
}

// All lists every row, by door; rows about fields come after that of their route.
func All() []Rule { return slices.Clone(table) }

// Of returns the row of a route as it is registered, such as "GET /api/v1/users/{user}". It panics if there is none: a
// route that nobody has said who may call must not be served.
func Of(route string) Rule {
	r := byRoute[route]
	if r == nil {
		panic(fmt.Sprintf("no row of the permission table says who may call %q; add one in internal/access/rule", route))
	}
	return *r
}

// Find is [Of] for routes that may be missing.
func Find(route string) (r Rule, ok bool) {
	if known := byRoute[route]; known != nil {
		return *known, true
	}
	return Rule{}, false
}
