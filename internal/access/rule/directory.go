package rule

import "github.com/counterfoil/counterfoil/internal/access"

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
	may("POST /users/{user}/activate", access.WriteUsers).because(mightier),
	may("POST /users/{user}/approve", access.WriteUsers).because(mightier),
	may("POST /users/{user}/lock", access.WriteUsers).because(mightier),
	may("POST /users/{user}/logout", access.WriteSessions).because("also of a mightier user, who signs in again"),
	may("POST /users/{user}/reject", access.WriteUsers).because(mightier),
	may("POST /users/{user}/suspend", access.WriteUsers).because(mightier),
	may("POST /users/{user}/unlock", access.WriteUsers).because(mightier),
}

// groups are about groups, their members, and populations.
var groups = []Rule{}

// schemas are about the attributes that users and groups have.
var schemas = []Rule{}

// invitations are about people who are asked to join.
var invitations = []Rule{}
