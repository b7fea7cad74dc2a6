package rule

import "github.com/counterfoil/counterfoil/internal/access"

// anybodys is why sessions may be ended of those who may do more: nothing is taken from them but a moment.
const anybodys = "also of a mightier user, who signs in again"

// mightier is why whoever may write users may not write all of them.
const mightier = "nobody touches names, state or existence of a user whose roles include more than they may do"

// The rows about people under the management API. Each resource has its own list; a row that asks for more because of a
// field stands after that of its route: field(may("POST /users", access.WriteUsers), "password", access.SetPasswords).

// users are about users and what belongs to one of them: factors, sessions, roles.
var users = []Rule{
	may("GET /users", access.ReadUsers),
	may("POST /users", access.WriteUsers),
	may("GET /users/{user}", access.ReadUsers),
	may("PATCH /users/{user}", access.WriteUsers).because(mightier),
	may("DELETE /users/{user}", access.WriteUsers).because(mightier),
	may("GET /users/{user}/groups", access.ReadUsers).and(access.ReadGroups),
	may("POST /users/{user}/activate", access.WriteUsers).because(mightier),
	may("POST /users/{user}/approve", access.WriteUsers).because(mightier),
	may("POST /users/{user}/lock", access.WriteUsers).because(mightier),
	may("POST /users/{user}/logout", access.WriteSessions).because(anybodys),
	may("GET /users/{user}/sessions", access.ReadSessions),
	may("DELETE /users/{user}/sessions", access.WriteSessions).because(anybodys),
	may("DELETE /users/{user}/sessions/{session}", access.WriteSessions).because(anybodys),
	may("POST /users/{user}/reject", access.WriteUsers).because(mightier),
	may("POST /users/{user}/send-activation", access.WriteInvitations).because("the link is in the mail alone"),
	may("POST /users/{user}/send-reset", access.WriteUsers).because("the link is in the mail alone, which goes to a verified address"),
	may("POST /users/{user}/suspend", access.WriteUsers).because(mightier),
	may("POST /users/{user}/unlock", access.WriteUsers).because(mightier),
}

// factors are about what users have beside their passwords.
var factors = []Rule{
	may("GET /users/{user}/factors", access.ReadFactors),
	may("POST /users/{user}/factors", access.WriteFactors).because(mightier),
	may("GET /users/{user}/factors/{factor}", access.ReadFactors),
	may("DELETE /users/{user}/factors/{factor}", access.WriteFactors).because(mightier),
	may("POST /users/{user}/factors/{factor}/confirm", access.WriteFactors).because(mightier),
	may("POST /users/{user}/factors/{factor}/send", access.WriteFactors).because("the code goes to the user"),
	may("POST /users/{user}/factors/{factor}/verify", access.WriteFactors).because("of any user: it is the user's own code that is asked for"),
	may("POST /users/{user}/recovery-codes", access.WriteFactors).because(mightier),
}

// imports are about files of users.
var imports = []Rule{
	may("GET /user-imports", access.ReadUsers),
	may("POST /user-imports", access.WriteUsers),
	may("POST /user-imports/try", access.WriteUsers).because("what a dry run says about names is what an import would say"),
	may("GET /user-imports/{import}", access.ReadUsers),
	may("POST /user-imports/{import}/batches", access.WriteUsers),
	may("GET /user-imports/{import}/rejects", access.ReadUsers),
	may("POST /user-imports/{import}/finish", access.WriteUsers),
}

// groups are about groups, their members, and populations.
var groups = []Rule{
	may("GET /groups", access.ReadGroups),
	may("POST /groups", access.WriteGroups),
	may("GET /groups/{group}", access.ReadGroups),
	may("PATCH /groups/{group}", access.WriteGroups),
	may("DELETE /groups/{group}", access.WriteGroups),
	may("GET /groups/{group}/members", access.ReadGroups).because("names of members are shown to those who may read them"),
	may("POST /groups/{group}/members", access.WriteGroups).because("nobody adds a user whom they may not see"),
	may("DELETE /groups/{group}/members/{member}", access.WriteGroups),
	may("GET /populations", access.ReadPopulations),
	may("POST /populations", access.WritePopulations),
	may("GET /populations/{population}", access.ReadPopulations),
	may("PATCH /populations/{population}", access.WritePopulations),
	may("DELETE /populations/{population}", access.WritePopulations),
}

// schemas are about the attributes that users and groups have.
var schemas = []Rule{
	may("GET /schemas", access.ReadSchemas),
	may("POST /schemas", access.WriteSchemas),
	may("GET /schemas/{schema}", access.ReadSchemas),
	may("PATCH /schemas/{schema}", access.WriteSchemas),
	may("DELETE /schemas/{schema}", access.WriteSchemas),
}

// invitations are about people who are asked to join.
var invitations = []Rule{
	may("GET /invitations", access.ReadInvitations),
	may("POST /invitations", access.WriteInvitations).because("whoever is no user yet becomes one, which needs users:write, too; to be shown the link needs users:password"),
	may("GET /invitations/{invitation}", access.ReadInvitations),
	may("DELETE /invitations/{invitation}", access.WriteInvitations),
}
