package credential

import (
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Kind is what an application proves itself with.
type Kind string

// The kinds of credential.
const (
	KindSecret      Kind = "secret"
	KindCertificate Kind = "certificate"
	KindKey         Kind = "jwt_key"
	KindTrust       Kind = "trust"
)

// plural is how messages speak of several.
func (k Kind) plural() string {
	return map[Kind]string{
		KindSecret: "secrets", KindCertificate: "certificates", KindKey: "JWT keys", KindTrust: "federated trusts",
	}[k]
}

// limit returns how many of a kind one application may have.
func (k Kind) limit(p *environment.Policy) int {
	switch k {
	case KindCertificate:
		return p.Limits.Certificates
	case KindKey:
		return p.Limits.JWTKeys
	case KindTrust:
		return p.Limits.Trusts
	default:
		return p.Limits.Secrets
	}
}

// Form is how a secret came to be.
type Form string

// The forms of a secret.
const (
	// Generated secrets are 256 random bits that Counterfoil drew.
	Generated Form = "generated"
	// Chosen secrets were thought up by an administrator.
	Chosen Form = "chosen"
	// Imported secrets came as another system's hash and become chosen ones when they are used first.
	Imported Form = "imported"
)

// Credential is one way in which an application proves itself.
type Credential struct {
	Environment, Application, ID uuid.UUID
	Kind                         Kind
	Form                         Form // of a secret; else empty
	Description                  string
	// Hint is the beginning of a generated secret, or what else recognises the credential and gives nothing away.
	Hint    string
	Enabled bool
	Epoch   uint32
	// NotBefore and ExpiresAt bound its life; the zero time is no bound.
	NotBefore, ExpiresAt time.Time
	// Families are the kinds of doors it opens.
	Families access.Families
	// Narrowed says that Permissions, sorted numbers, bound the credential; else the application's do.
	Narrowed    bool
	Permissions []uint32
	// Networks are where it may be used from; none is anywhere.
	Networks access.Networks
	// Viewable says that its secret is kept sealed and can be shown again.
	Viewable bool
	// Replaces is the credential that this one was rotated from; zero if none.
	Replaces uuid.UUID
	// Grace is how long the replaced one goes on after the first use of this one; negative when that is settled.
	Grace time.Duration
	// QuietDays deletes it after so many days without a use; 0 never does.
	QuietDays int
	// ExposedAt is when it was reported as leaked; zero if it was not.
	ExposedAt time.Time
	// Score is the strength of a chosen secret when it was made, 0 to 4; all else has 4.
	Score     int
	Proof     proof.Proof
	Version   int64
	CreatedBy string
	CreatedAt time.Time
	UpdatedAt time.Time

	mac     [32]byte
	layers  proof.Layers
	sealed  []byte
	noticed uint32
}

// Usable reports whether the credential itself would be let in at now; its application may still not be.
func (c *Credential) Usable(now time.Time) bool {
	return c.Enabled && !c.Expired(now) && !now.Before(c.NotBefore)
}

// Expired reports whether its time is over at now.
func (c *Credential) Expired(now time.Time) bool {
	return !c.ExpiresAt.IsZero() && !now.Before(c.ExpiresAt)
}

// Authority adds and changes credentials.
type Authority struct{ Vault *seal.Vault }
