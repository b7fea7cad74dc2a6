package rule

import "github.com/counterfoil/counterfoil/internal/access"

func open(door Door, route, why string) Rule {
	r := row(door, "", route)
	r.Guard = Public
	return r.because(why)
}

func guarded(door Door, route string, guard Guard, families access.Families, why string) Rule {
	r := row(door, "", route)
	r.Guard, r.Families = guard, families
	return r.because(why)
}

// theirOwn is a row about what a person who is signed in looks after.
func theirOwn(route string) Rule {
	return guarded(House, route, Person, access.NoFamilies, "the person's own account; what concerns factors asks for a fresh proof")
}

// house are the routes that belong to no door of their own.
var house = []Rule{
	open(House, "GET /healthz", "a probe, which says nothing but that the process runs"),
	open(House, "GET /readyz", "a probe, which says nothing but whether to send requests here"),
	guarded(House, "GET /metrics", Local, access.NoFamilies, "they tell more than strangers need to know"),
	guarded(House, "GET /mailbox", Local, access.NoFamilies, "only a server for trying out has one, with everybody's mails"),
	guarded(House, "GET /mailbox/{mail}", Local, access.NoFamilies, "only a server for trying out has one, with everybody's mails"),
	open(House, "GET /console", "the way to the console"),
	open(House, "GET /console/{path...}", "the files of the console, the same for everybody; what it shows comes from the management API"),
	open(House, "GET /docs", "the way to the documentation"),
	open(House, "GET /docs/{page...}", "the documentation, the same in every environment, which says nothing of this one"),
	open(House, "GET /handover/{link}", "a page with a button, the same for every link, which opens nothing"),
	guarded(House, "POST /handover/{link}", Link, access.NoFamilies, "the link shows one secret once, to whoever has it"),
	guarded(House, "GET /activate/{ticket}", Link, access.NoFamilies, "the page behind a mailed link, which asking for does not use up"),
	guarded(House, "POST /activate/{ticket}", Link, access.NoFamilies, "the link activates one user once, and sets a first password"),
	open(House, "GET /activate/done", "a page that says that an account is active, whose is not known"),
	guarded(House, "GET /reset/{ticket}", Link, access.NoFamilies, "the page behind a mailed link, which asking for does not use up"),
	guarded(House, "POST /reset/{ticket}", Link, access.NoFamilies, "the link sets one user's password once"),
	open(House, "GET /reset/done", "a page that says that a password is changed, whose is not known"),
	open(House, "GET /forgot", "a form to ask for a new password with"),
	open(House, "POST /forgot", "a mail goes to the user's own address, and the answer is the same to everybody"),
	open(House, "GET /forgot/sent", "a page that says the same to everybody"),
	open(House, "GET /signin", "the form to sign in with"),
	open(House, "POST /signin", "a name and a password, which count toward the user's lock; every refusal is the same"),
	guarded(House, "GET /signin/factor", Person, access.NoFamilies, "the state of a sign-in, in a cookie of two minutes, says whose factors are asked"),
	guarded(House, "POST /signin/factor", Person, access.NoFamilies, "the state of a sign-in and a code; five wrong ones burn it"),
	open(House, "GET /signin/change", "a form to change a password with"),
	open(House, "POST /signin/change", "it asks for the present password, which counts like a sign-in"),
	open(House, "POST /signout", "it ends the session of the browser that sends it, and no other"),
	guarded(House, "GET /account", Person, access.NoFamilies, "the person's own account; everybody else is sent to sign in"),
	guarded(House, "GET /signin/step-up", Person, access.NoFamilies, "a form for who is signed in; everybody else is sent to sign in"),
	guarded(House, "POST /signin/step-up", Person, access.NoFamilies, "the password of who is signed in, which counts like a sign-in, and the factor"),
	open(House, "GET /signin/passkey.js", "the script of those pages that ask for a passkey"),
	open(House, "POST /signin/passkey", "the signature of a passkey, which says whose it is"),
	guarded(House, "POST /signin/passkey/begin", Person, access.NoFamilies, "a challenge to sign; for whose passkey, cookies say, and without any for anybody's"),
	theirOwn("POST /account/sessions"),
	theirOwn("POST /account/sessions/all"),
	theirOwn("POST /account/devices"),
	theirOwn("POST /account/factors"),
	theirOwn("POST /account/apps"),
	theirOwn("POST /account/apps/confirm"),
	theirOwn("POST /account/codes"),
	theirOwn("POST /account/passkeys"),
	guarded(House, "GET /setup/{ticket}", Link, access.NoFamilies, "the page behind the link that the server prints while no person administers it"),
	guarded(House, "POST /setup/{ticket}", Link, access.NoFamilies, "the link makes the first administrator who is a person, once"),
	guarded(House, "POST /leaks/github", Signature, access.NoFamilies, "a partner signs its alerts"),
}

// oauth are tokens and what is known of them.
var oauth = []Rule{
	open(OAuth, "GET /oauth2/jwks", "public keys"),
	open(OAuth, "GET /.well-known/oauth-authorization-server", "public by RFC 8414 §3"),
	open(OAuth, "GET /.well-known/oauth-authorization-server/{environment}", "public by RFC 8414 §3"),
	open(OAuth, "GET /.well-known/openid-configuration", "public by OpenID Connect Discovery §4"),
	open(OAuth, "GET /.well-known/openid-configuration/{environment}", "public by OpenID Connect Discovery §4"),
	guarded(OAuth, "POST /oauth2/token", Client, access.FamilyOpenID, "what the token may do is the attenuation's business"),
	guarded(OAuth, "POST /as/token", Client, access.FamilyOpenID, "the token endpoint at a path that other programs know, for workers alone"),
	guarded(OAuth, "POST /oauth2/introspect", Client, access.FamilyOpenID, "of tokens that were handed to it; of others with tokens:introspect (RFC 7662)"),
	guarded(OAuth, "POST /oauth2/revoke", Client, access.FamilyOpenID, "of its own tokens (RFC 7009)"),
}
