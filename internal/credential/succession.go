package credential

import (
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/credential/usage"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// QuietBefore is how long a rotated secret has not been used when it is said to be safe to remove.
const QuietBefore = 24 * time.Hour

// Succession is how far a rotation has come, as its old secret shows it. The zero value is that of a credential which
// nothing replaces.
type Succession struct {
	// By is the successor, the youngest if there were several.
	By uuid.UUID
	// Retiring says that the credential expires because it was rotated; one whose successor waits for its first use
	// does not yet.
	Retiring bool
	// StillUsed says that somebody used it since the successor was made, as far as that is written.
	StillUsed bool
	// Safe says that removing it breaks nobody who came by in the last [QuietBefore]: there is a usable successor.
	Safe bool
}

// Succession looks for the successor of c among all credentials of its application. last is the last use of c.
func (c *Credential) Succession(all []*Credential, last usage.LastUse, now time.Time) Succession {
	heir := c.successor(all)
	if heir == nil {
		return Succession{}
	}
	return Succession{
		By:        heir.ID,
		Retiring:  heir.Grace < 0 && !c.ExpiresAt.IsZero() && !c.Expired(now),
		StillUsed: last.At.After(heir.CreatedAt),
		Safe:      heir.Usable(now) && now.Sub(last.At) >= QuietBefore,
	}
}

// successor returns the youngest credential that replaces c, or nil. all is in the order in which they were made.
func (c *Credential) successor(all []*Credential) (heir *Credential) {
	for _, other := range all {
		if other.Replaces == c.ID {
			heir = other
		}
	}
	return heir
}

// unviewable says what is known of a secret that cannot be shown again, and why it cannot.
func (c *Credential) unviewable() error {
	begins := "begins with " + c.Hint
	if c.Hint == "" {
		begins = "was chosen or imported, so that no part of it is kept"
	}
	return fault.New(fault.Conflict, "this credential of client ID %s %s; it was not made viewable, so it was shown once and only "+
		"what recognises it is kept. Rotate it to get another", c.Application, begins)
}
