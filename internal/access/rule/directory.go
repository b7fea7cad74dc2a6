package rule

// The rows about people under the management API. Each resource has its own list; a row that asks for more because of a
// field stands after that of its route: field(may("POST /users", access.WriteUsers), "password", access.SetPasswords).

// users are about users and what belongs to one of them: factors, sessions, roles.
var users = []Rule{}

// groups are about groups, their members, and populations.
var groups = []Rule{}

// schemas are about the attributes that users and groups have.
var schemas = []Rule{}

// invitations are about people who are asked to join.
var invitations = []Rule{}
