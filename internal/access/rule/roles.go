package rule

import "github.com/counterfoil/counterfoil/internal/access"

// roles are about sets of permissions and who holds them.
var roles = []Rule{
	may("GET /roles", access.ReadRoles),
}
