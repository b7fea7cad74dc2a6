package credential

import (
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// facts is what the ledger keeps of a credential: never the secret, nor its hash.
type facts struct {
	Application string   `json:"application"`
	Kind        Kind     `json:"kind"`
	Form        Form     `json:"form,omitempty"`
	Description string   `json:"description,omitempty"`
	Hint        string   `json:"hint"`
	Enabled     bool     `json:"enabled"`
	Epoch       uint32   `json:"epoch"`
	NotBefore   string   `json:"not_before,omitempty"`
	ExpiresAt   string   `json:"expires_at,omitempty"`
	Scopes      []string `json:"scopes,omitzero"`
	Networks    []string `json:"networks,omitempty"`
	Viewable    bool     `json:"viewable,omitempty"`
	Replaces    string   `json:"replaces,omitempty"`
	QuietDays   int      `json:"auto_retire_days,omitempty"`
	ExposedAt   string   `json:"exposed_at,omitempty"`
	*proof.Facts
}

func (c *Credential) facts(catalogue *access.Catalogue) *facts {
	f := &facts{
		Application: c.Application.String(), Kind: c.Kind, Form: c.Form, Description: c.Description, Hint: c.Hint,
		Enabled: c.Enabled, Epoch: c.Epoch, NotBefore: stamp(c.NotBefore), ExpiresAt: stamp(c.ExpiresAt),
		Scopes: c.Scopes(catalogue), Networks: c.Networks.Strings(), Viewable: c.Viewable, QuietDays: c.QuietDays, ExposedAt: stamp(c.ExposedAt),
	}
	f.Facts = c.Proof.Facts()
	if c.Replaces != uuid.Nil {
		f.Replaces = c.Replaces.String()
	}
	return f
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.RFC3339)
}

// Event returns an event of the ledger about the credential, which the token path hears of.
func (c *Credential) Event(kind string) ledger.Event {
	return ledger.Event{
		Environment: c.Environment, Kind: kind, Register: true,
		Subject: ledger.Subject{Kind: "credential", ID: c.Application.String() + "/" + c.ID.String()},
	}
}

// record appends an event about the credential as it is now; before is nil for a new one.
func (c *Credential) record(tx *db.Tx, who ledger.Who, catalogue *access.Catalogue, kind string, before *facts) {
	e := c.Event(kind)
	e.After = c.facts(catalogue)
	if before != nil {
		e.Before = before
	}
	ledger.Append(tx, who, e)
}
