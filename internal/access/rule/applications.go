package rule

import "github.com/counterfoil/counterfoil/internal/access"

// anyToken is a row of the management API for whoever has a good token of the environment.
func anyToken(route string) Rule {
	r := row(API, Prefix, route)
	r.Guard = AnyToken
	return r
}

// person is a row of the management API for people who are signed in.
func person(route string) Rule {
	r := row(API, Prefix, route)
	r.Guard = Person
	return r
}

// own is a row about the caller's own application: for ordinary applications by the family of their credential, with a token of
// whichever API or HTTP Basic; for workers and pairs, who may do what their roles and their access say, by permission.
func own(route, permission string) Rule {
	r := row(API, Prefix, route)
	r.Guard, r.Permission, r.Families = Either, permission, access.FamilyApplication
	return r.because("the caller's own application; nothing that could widen anybody's authority is shown or changed")
}

// applications are about applications and how they prove themselves.
var applications = []Rule{
	may("GET /applications", access.ReadApplications),
	may("POST /applications", access.WriteApplications).because("nobody gives an application what they may not do"),
	own("GET /applications/self", access.ReadApplications),
	own("PATCH /applications/self", access.WriteApplications),
	may("GET /applications/{application}", access.ReadApplications),
	may("PATCH /applications/{application}", access.WriteApplications),
	may("DELETE /applications/{application}", access.WriteApplications).because("nobody deletes what may do more than they may"),
	may("GET /applications/{application}/certificates", access.ReadCredentials),
	may("POST /applications/{application}/certificates", access.WriteCredentials),
	may("GET /applications/{application}/certificates/{credential}", access.ReadCredentials),
	may("PATCH /applications/{application}/certificates/{credential}", access.WriteCredentials),
	may("DELETE /applications/{application}/certificates/{credential}", access.WriteCredentials),
	may("POST /applications/{application}/certificates/{credential}/disable", access.WriteCredentials),
	may("POST /applications/{application}/certificates/{credential}/enable", access.WriteCredentials),
	may("GET /applications/{application}/certificates/{credential}/usage", access.ReadCredentials),
	may("GET /applications/{application}/credentials", access.ReadCredentials),
	may("POST /applications/{application}/disable", access.WriteApplications),
	may("POST /applications/{application}/enable", access.WriteApplications),
	may("GET /applications/{application}/jwt-keys", access.ReadCredentials),
	may("POST /applications/{application}/jwt-keys", access.WriteCredentials),
	may("GET /applications/{application}/jwt-keys/{credential}", access.ReadCredentials),
	may("PATCH /applications/{application}/jwt-keys/{credential}", access.WriteCredentials),
	may("DELETE /applications/{application}/jwt-keys/{credential}", access.WriteCredentials),
	may("POST /applications/{application}/jwt-keys/{credential}/disable", access.WriteCredentials),
	may("POST /applications/{application}/jwt-keys/{credential}/enable", access.WriteCredentials),
	may("GET /applications/{application}/jwt-keys/{credential}/usage", access.ReadCredentials),
	may("GET /applications/{application}/lock", access.ReadApplications),
	may("POST /applications/{application}/lock", access.WriteCredentials).because("it decides which secrets are taken"),
	may("PUT /applications/{application}/lock-policy", access.WriteApplications),
	may("GET /applications/{application}/refusals", access.ReadApplications),
	may("GET /applications/{application}/roles", access.ReadApplications),
	may("POST /applications/{application}/roles", access.AssignRoles).because("nobody grants a role that may do more than they may over the same scope"),
	may("DELETE /applications/{application}/roles/{assignment}", access.AssignRoles),
	may("GET /applications/{application}/secrets", access.ReadCredentials),
	may("POST /applications/{application}/secrets", access.WriteCredentials),
	may("GET /applications/{application}/secrets/{secret}", access.ReadCredentials),
	may("PATCH /applications/{application}/secrets/{secret}", access.WriteCredentials),
	may("DELETE /applications/{application}/secrets/{secret}", access.WriteCredentials),
	may("POST /applications/{application}/secrets/{secret}/disable", access.WriteCredentials),
	may("POST /applications/{application}/secrets/{secret}/enable", access.WriteCredentials),
	may("POST /applications/{application}/secrets/{secret}/reveal", access.RevealCredentials).because("besides, the token must be at most five minutes old"),
	may("POST /applications/{application}/secrets/{secret}/rotate", access.WriteCredentials),
	may("GET /applications/{application}/secrets/{secret}/usage", access.ReadCredentials),
	may("GET /applications/{application}/trusts", access.ReadCredentials),
	may("POST /applications/{application}/trusts", access.WriteCredentials),
	may("GET /applications/{application}/trusts/{credential}", access.ReadCredentials),
	may("PATCH /applications/{application}/trusts/{credential}", access.WriteCredentials),
	may("DELETE /applications/{application}/trusts/{credential}", access.WriteCredentials),
	may("POST /applications/{application}/trusts/{credential}/disable", access.WriteCredentials),
	may("POST /applications/{application}/trusts/{credential}/enable", access.WriteCredentials),
	may("POST /applications/{application}/trusts/{credential}/test", access.ReadCredentials).because("it says what a trust finds in a token, and nothing comes of it"),
	may("GET /applications/{application}/trusts/{credential}/usage", access.ReadCredentials),
	may("POST /applications/{application}/unlock", access.WriteCredentials),
	may("GET /certificate-authorities", access.ReadCredentials),
	may("POST /certificate-authorities", access.WriteCredentials),
	may("GET /certificate-authorities/{authority}", access.ReadCredentials),
	may("DELETE /certificate-authorities/{authority}", access.WriteCredentials),
	may("GET /credentials", access.ReadApplications),
	may("POST /credentials", access.WriteApplications).because("nobody gives a pair what they may not do"),
	anyToken("GET /credentials/self").because("everybody may ask who they are"),
	person("GET /session").because("who the person is; nobody else has a session"),
	anyToken("GET /rate-limit").because("the caller's own buckets; not for who may see nothing at all, such as the preset authentication-only"),
	may("GET /credentials/{pair}", access.ReadApplications),
	may("DELETE /credentials/{pair}", access.WriteApplications).because("nobody deletes what may do more than they may"),
	may("POST /credentials/{pair}/disable", access.WriteApplications),
	may("POST /credentials/{pair}/enable", access.WriteApplications),
	may("GET /global-credential", access.ReadApplications),
	may("POST /global-credential/disable", access.WriteApplications),
	may("POST /global-credential/enable", access.WriteApplications),
	may("PUT /global-credential/secret", access.WriteCredentials),
	may("GET /expiries", access.ReadCredentials),
	may("GET /hygiene", access.ReadCredentials),
	may("GET /overview", access.ReadApplications).because("each part only for who may read what it counts"),
	may("GET /usage", access.ReadCredentials),
	may("GET /integration-credentials", access.ReadApplications),
	may("POST /integration-credentials", access.WriteApplications),
	may("GET /integration-credentials/{integration}", access.ReadApplications),
	may("PATCH /integration-credentials/{integration}", access.WriteApplications),
	may("DELETE /integration-credentials/{integration}", access.WriteApplications).because("nobody deletes what may do more than they may"),
	may("POST /integration-credentials/{integration}/disable", access.WriteApplications),
	may("POST /integration-credentials/{integration}/enable", access.WriteApplications),
}
