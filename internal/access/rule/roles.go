package rule

import "github.com/counterfoil/counterfoil/internal/access"

// roles are about sets of permissions and who holds them.
var roles = []Rule{
	may("GET /access/explain", access.ReadCredentials).because("the answer says what a credential may do"),
	may("GET /roles", access.ReadRoles),
	may("POST /roles", access.WriteRoles).because("nobody makes a role that may do more than they may"),
	may("GET /roles/{role}", access.ReadRoles),
	may("PATCH /roles/{role}", access.WriteRoles).because("only who holds all that it permits, before and after; built-in ones are fixed"),
	field(may("PATCH /roles/{role}", access.WriteRoles), "scopes", access.AssignRoles).because("when somebody holds the role: it is a way of assigning"),
	may("DELETE /roles/{role}", access.WriteRoles).because("roles:assign, too, when somebody holds the role: it is a way of taking it away"),
	may("GET /roles/{role}/users", access.ReadRoles).because("those whom the caller may see"),
	may("GET /users/{user}/roles", access.ReadRoles),
	may("POST /users/{user}/roles", access.AssignRoles).because("nobody assigns what they do not hold over the same scope"),
	may("DELETE /users/{user}/roles/{assignment}", access.AssignRoles).because("nobody takes away what they do not hold over the same scope"),
}
