package rule

import (
	"slices"
	"strings"
)

// calm are the last words of routes that a person may call without a fresh proof, though they are no reading: what takes
// authority away must not wait for a password, and what only tries, tells or goes on with something gives nobody anything. PATCH
// is calm, too: it widens nothing beyond what the person may hand out.
var calm = []string{
	"disable",
	"lock",
	"unlock",
	"suspend",
	"reject",
	"logout",
	"revoke",
	"inspect",
	"check",
	"test",
	"try",
	"explain",
	"batches",
	"finish",
	"send",
	"confirm",
	"verify",
	"retry",
	"checkpoints",
	"search",
}

// StepUp reports whether a person in a browser session must have proven a short while ago who they are: before anything is
// made, rotated, revealed, exported or deleted. Whatever is not known to be calm asks for it, so that a new route does.
func (r *Rule) StepUp() bool {
	switch {
	case r.Door != API:
		return false
	case r.Method == "GET":
		return strings.HasSuffix(r.Path, "/export")
	case r.Method == "PATCH":
		return false
	case r.Method == "DELETE":
		return !strings.Contains(r.Path, "/users/{user}/sessions") // as calm as logout, which is the same
	}
	return !slices.Contains(calm, r.Path[strings.LastIndexByte(r.Path, '/')+1:])
}
