package rule

import "github.com/counterfoil/counterfoil/internal/access"

// provisioning is a row of SCIM. Its callers are workers and pairs; the family application-users opens nothing here.
func provisioning(route, permission string) Rule {
	r := row(SCIM, "/scim/v2", route)
	r.Permission = permission
	return r
}

// described is a row of SCIM for whoever may do anything there: who may touch neither users nor groups is not let in, not
// even to read what the service offers.
func described(route, why string) Rule {
	r := provisioning(route, "")
	r.Guard, r.OneOf = OneOf, []string{access.ReadUsers, access.WriteUsers, access.ReadGroups, access.WriteGroups}
	return r.because(why)
}

const (
	describes = "every client reads first what the service offers"
	eachAsks  = "each operation asks for what its own route asks for"
	nobodys   = "only people have a resource of their own: a program hears so, and a person comes with the cookie of a session instead"
)

// scim is provisioning (RFC 7644).
var scim = []Rule{
	described("GET /ServiceProviderConfig", describes),
	described("GET /ResourceTypes", describes),
	described("GET /ResourceTypes/{id}", describes),
	described("GET /Schemas", describes),
	described("GET /Schemas/{id}", describes),
	described("POST /.search", "of users and groups it finds what the caller may read, by users:read and groups:read"),
	described("POST /Bulk", eachAsks),
	described("GET /Me", nobodys),
	described("PUT /Me", nobodys),
	described("PATCH /Me", nobodys),
	described("DELETE /Me", nobodys),
	provisioning("GET /Users", access.ReadUsers),
	provisioning("POST /Users", access.WriteUsers),
	field(provisioning("POST /Users", access.WriteUsers), "password", access.SetPasswords).because("whoever knows a password is its user"),
	field(provisioning("POST /Users", access.WriteUsers), "roles", access.AssignRoles).because("a role is authority, whichever request gives it"),
	provisioning("POST /Users/.search", access.ReadUsers),
	provisioning("GET /Users/{id}", access.ReadUsers),
	provisioning("PUT /Users/{id}", access.WriteUsers),
	field(provisioning("PUT /Users/{id}", access.WriteUsers), "password", access.SetPasswords).because("whoever knows a password is its user"),
	field(provisioning("PUT /Users/{id}", access.WriteUsers), "roles", access.AssignRoles).because("a role is authority, whichever request gives it"),
	provisioning("PATCH /Users/{id}", access.WriteUsers),
	field(provisioning("PATCH /Users/{id}", access.WriteUsers), "password", access.SetPasswords).because("whoever knows a password is its user"),
	field(provisioning("PATCH /Users/{id}", access.WriteUsers), "roles", access.AssignRoles).because("a role is authority, whichever request gives it"),
	provisioning("DELETE /Users/{id}", access.WriteUsers),
	provisioning("GET /Groups", access.ReadGroups),
	provisioning("POST /Groups", access.WriteGroups),
	provisioning("POST /Groups/.search", access.ReadGroups),
	provisioning("GET /Groups/{id}", access.ReadGroups),
	provisioning("PUT /Groups/{id}", access.WriteGroups),
	provisioning("PATCH /Groups/{id}", access.WriteGroups),
	provisioning("DELETE /Groups/{id}", access.WriteGroups),
}
