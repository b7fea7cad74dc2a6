package rule

import "github.com/counterfoil/counterfoil/internal/access"

// provisioning is a row of SCIM. Its callers are workers and pairs; the family application-users opens nothing here.
func provisioning(route, permission string) Rule {
	r := row(SCIM, "/scim/v2", route)
	r.Permission = permission
	return r
}

// scim is provisioning (RFC 7644).
var scim = []Rule{
	provisioning("GET /Users", access.ReadUsers),
	provisioning("POST /Users", access.WriteUsers),
	provisioning("POST /Users/.search", access.ReadUsers),
	provisioning("GET /Users/{id}", access.ReadUsers),
	provisioning("PUT /Users/{id}", access.WriteUsers),
	provisioning("PATCH /Users/{id}", access.WriteUsers),
	provisioning("DELETE /Users/{id}", access.WriteUsers),
	provisioning("GET /Groups", access.ReadGroups),
	provisioning("POST /Groups", access.WriteGroups),
	provisioning("POST /Groups/.search", access.ReadGroups),
	provisioning("GET /Groups/{id}", access.ReadGroups),
	provisioning("PUT /Groups/{id}", access.WriteGroups),
	provisioning("PATCH /Groups/{id}", access.WriteGroups),
	provisioning("DELETE /Groups/{id}", access.WriteGroups),
}
