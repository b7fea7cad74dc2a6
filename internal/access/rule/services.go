package rule

import "github.com/counterfoil/counterfoil/internal/access"

const (
	signIn = "one of the five operations of the preset authentication-only"
	theirs = "an application by its family sees only users that it registered or invited"
)

// signing is a row of the services that sign people in; a family opens none of them.
func signing(route string) Rule {
	r := row(Services, "/services", route)
	r.Permission = access.UseSignin
	return r.because(signIn)
}

// serving is a row of the services about users: for ordinary applications by the family of their credential, for workers
// and pairs by permission.
func serving(route, permission string) Rule {
	r := row(Services, "/services", route)
	r.Guard, r.Permission, r.Families = Either, permission, access.FamilyUsers
	return r
}

// services are what applications ask about people.
var services = []Rule{
	signing("POST /saml-assertion").absent(),
	signing("POST /saml-assertion/verify-factor").absent(),
	signing("POST /login"),
	signing("POST /login/verify-factor"),
	signing("POST /users/{user}/logout"),
	guarded(Services, "POST /session", Link, access.NoFamilies, "the session login token in the body opens one session once, to a page that its application lists"),
	open(Services, "OPTIONS /session", "browsers ask whether a page may post at all; which one may is said when it does"),
	serving("POST /invitations", access.WriteInvitations),
	serving("GET /users", access.ReadUsers).because(theirs),
	serving("POST /users", access.WriteUsers),
	serving("GET /users/{user}", access.ReadUsers).because(theirs),
	serving("PATCH /users/{user}", access.WriteUsers).because(theirs),
	serving("DELETE /users/{user}", access.WriteUsers).because(theirs),
	serving("POST /password", access.SetPasswords).because("it verifies the name and password of any user, and counts toward the user's lock"),
	serving("POST /forgot-password", access.SetPasswords).because("of any user; the answer is always the same"),
	serving("POST /verify-factor", access.WriteFactors).because("of any user"),
	serving("GET /users/{user}/tokens", access.ReadSessions).because(theirs),
	serving("DELETE /users/{user}/tokens", access.WriteSessions).because(theirs),
	serving("DELETE /users/{user}/tokens/{token}", access.WriteSessions).because(theirs),
}
