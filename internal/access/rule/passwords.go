package rule

import "github.com/counterfoil/counterfoil/internal/access"

// passwords are about people's passwords and what is demanded of them.
var passwords = []Rule{
	may("PUT /users/{user}/password", access.SetPasswords).because("besides, everything that the user may: whoever sets a password could sign in with it"),
	may("DELETE /users/{user}/password", access.SetPasswords).because("besides, everything that the user may"),
	may("GET /password-policy", access.ReadPolicy),
	may("PATCH /password-policy", access.WritePolicy),
}
