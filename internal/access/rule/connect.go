package rule

import "github.com/counterfoil/counterfoil/internal/access"

// tokenOf is why the pages of a connect session ask for nothing else.
const tokenOf = "the token of the session, in a form or its cookie, is good for entering one credential once"

// connectPages are what customers see who enter a credential.
var connectPages = []Rule{
	open(House, "GET /connect/connect.js", "a script, the same for every site"),
	open(House, "GET /connect", "a form that takes a link"),
	guarded(House, "POST /connect", Link, access.NoFamilies, tokenOf),
	open(House, "GET /connect/enter/{session}", "a form that takes a link; which sites may frame it is in its policy"),
	guarded(House, "POST /connect/enter/{session}", Link, access.NoFamilies, tokenOf),
	guarded(House, "GET /connect/enter/{session}/form", Link, access.NoFamilies, tokenOf),
	guarded(House, "POST /connect/enter/{session}/form", Link, access.NoFamilies, tokenOf),
	guarded(House, "POST /connect/enter/{session}/try", Link, access.NoFamilies, tokenOf),
	guarded(House, "POST /connect/enter/{session}/paste", Link, access.NoFamilies, tokenOf),
	guarded(House, "POST /connect/enter/{session}/agree", Link, access.NoFamilies, tokenOf),
	guarded(House, "POST /connect/enter/{session}/look", Link, access.NoFamilies, tokenOf),
	guarded(House, "GET /connect/enter/{session}/done", Link, access.NoFamilies, tokenOf),
	guarded(House, "POST /connect/enter/{session}/done", Link, access.NoFamilies, tokenOf),
	guarded(House, "GET /connect/callback", Link, access.NoFamilies, "state, and a cookie of the browser that was sent to the provider"),
}
