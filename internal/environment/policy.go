package environment

import (
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// ScopesDefault is what a secret may be used for when nobody says.
type ScopesDefault string

// The two defaults of [Policy.DefaultSecretScopes].
const (
	AllScopes ScopesDefault = "all"
	NoScopes  ScopesDefault = "none"
)

// OnLeak is what happens to a secret that was reported as leaked; the report is in the ledger in any case.
type OnLeak string

// The answers to a leak. Notify only tells; Lock disables the secret; Rotate also makes its successor, which an
// administrator finds waiting where it is viewable.
const (
	LeakNotify OnLeak = "notify"
	LeakLock   OnLeak = "lock"
	LeakRotate OnLeak = "rotate"
)

// Limits are how many credentials of each kind one application may have, expired and disabled ones included.
type Limits struct {
	Secrets      int `json:"secrets"`
	Certificates int `json:"certificates"`
	JWTKeys      int `json:"jwt_keys"`
	Trusts       int `json:"trusts"`
}

// Policy is what an environment demands of its credentials. It is asked when a credential is made or changed;
// [credential.Breaches] lists those that it would not allow any more.
type Policy struct {
	DefaultSecretScopes ScopesDefault `json:"default_secret_scopes"`
	// ChosenSecrets lets administrators choose secrets themselves; what is chosen has at least MinLength characters
	// and MinScore of four points of strength. The second two bind the global credential also where the first is off.
	ChosenSecrets bool `json:"chosen_secrets"`
	MinLength     int  `json:"chosen_min_length"`
	MinScore      int  `json:"chosen_min_score"`
	// ViewableSecrets keeps the secrets of workers, pairs and the global credential sealed, so that they can be seen
	// again, unless whoever makes one says otherwise.
	ViewableSecrets bool `json:"viewable_secrets"`
	// LeastDays and MostDays bound how long a credential is valid; 0 is no bound. With a most, "never" is refused.
	LeastDays int    `json:"min_expiry_days"`
	MostDays  int    `json:"max_expiry_days"`
	OnLeak    OnLeak `json:"on_leak"`
	Limits    Limits `json:"limits"`
}

// DefaultPolicy is the policy of an environment that nobody has given another.
func DefaultPolicy() Policy {
	return Policy{
		DefaultSecretScopes: AllScopes, MinLength: 16, MinScore: 3, OnLeak: LeakNotify,
		Limits: Limits{Secrets: 20, Certificates: 80, JWTKeys: 20, Trusts: 20},
	}
}

const (
	maxLimit  = 200
	mostYears = 100
)

// Validate returns [fault.Invalid] for a policy that makes no sense.
func (p *Policy) Validate() error {
	switch {
	case p.DefaultSecretScopes != AllScopes && p.DefaultSecretScopes != NoScopes:
		return fault.On("default_secret_scopes", "it is all or none")
	case p.MinLength < 8 || p.MinLength > 128:
		return fault.On("chosen_min_length", "a chosen secret has at least 8 to 128 characters")
	case p.MinScore < 0 || p.MinScore > 4:
		return fault.On("chosen_min_score", "strength has 0 to 4 points")
	case p.LeastDays < 0 || p.LeastDays > mostYears*366:
		return fault.On("min_expiry_days", "it is 0, for no bound, or a number of days")
	case p.MostDays < 0 || p.MostDays > mostYears*366:
		return fault.On("max_expiry_days", "it is 0, for no bound, or a number of days")
	case p.MostDays != 0 && p.MostDays < p.LeastDays:
		return fault.On("max_expiry_days", "it is less than min_expiry_days, so that no expiry would be allowed")
	case p.OnLeak != LeakNotify && p.OnLeak != LeakLock && p.OnLeak != LeakRotate:
		return fault.On("on_leak", "it is notify, lock or rotate")
	}
	for name, n := range map[string]int{
		"secrets": p.Limits.Secrets, "certificates": p.Limits.Certificates, "jwt_keys": p.Limits.JWTKeys, "trusts": p.Limits.Trusts,
	} {
		if n < 1 || n > maxLimit {
			return fault.On("limits."+name, "an application may have 1 to %d", maxLimit)
		}
	}
	return nil
}

// AllowExpiry refuses ([fault.Invalid]) an expiry, zero for never, that lies outside what the policy allows.
func (p *Policy) AllowExpiry(now, expires time.Time) error {
	const day = 24 * time.Hour
	switch {
	case p.MostDays > 0 && expires.IsZero():
		return fault.On("expires_at", "credentials of this environment expire: at the latest after %d days", p.MostDays)
	case p.MostDays > 0 && expires.Sub(now) > time.Duration(p.MostDays)*day+time.Hour: // an hour for clocks and forms
		return fault.On("expires_at", "credentials of this environment expire at the latest after %d days", p.MostDays)
	case p.LeastDays > 0 && !expires.IsZero() && expires.Sub(now) < time.Duration(p.LeastDays)*day-time.Hour:
		return fault.On("expires_at", "credentials of this environment are valid for at least %d days", p.LeastDays)
	}
	return nil
}

const (
	selectPolicy = `SELECT policy FROM environment WHERE id = $1`
	updatePolicy = `UPDATE environment SET policy = $2, version = version + 1, updated_at = $3 WHERE id = $1`
)

// PolicyOf returns the policy of an environment, for the rooms that obey it; doors use [GetPolicy].
func PolicyOf(tx *db.Tx, environment uuid.UUID) (Policy, error) {
	text, err := db.Value[string](tx, selectPolicy, environment.String())
	if err != nil {
		return Policy{}, err
	}
	return parsePolicy(text)
}

func parsePolicy(text string) (Policy, error) {
	p := DefaultPolicy()
	if text == "" {
		return p, nil
	}
	err := json.Unmarshal([]byte(text), &p)
	return p, err
}

// GetPolicy returns the policy of the actor's environment and the version of the environment.
func GetPolicy(tx *db.Tx, actor *access.Actor) (Policy, int64, error) {
	if err := access.Allow(tx, actor, access.ReadPolicy); err != nil {
		return Policy{}, 0, err
	}
	e, err := get(tx, actor.Environment)
	if err != nil {
		return Policy{}, 0, err
	}
	p, err := PolicyOf(tx, actor.Environment)
	return p, e.Version, err
}

// ChangePolicy applies change to the policy of the actor's environment. version is that of the environment which the
// caller saw, or 0; another is [fault.Stale]. Existing credentials stay as they are.
func ChangePolicy(tx *db.Tx, actor *access.Actor, version int64, change func(*Policy)) (Policy, int64, error) {
	if err := access.Allow(tx, actor, access.WritePolicy); err != nil {
		return Policy{}, 0, err
	}
	e, err := getForUpdate(tx, actor.Environment)
	if err != nil {
		return Policy{}, 0, err
	}
	if version != 0 && version != e.Version {
		return Policy{}, 0, fault.New(fault.Stale, "the environment was changed by somebody else; read its policy again")
	}
	before, err := PolicyOf(tx, actor.Environment)
	if err != nil {
		return Policy{}, 0, err
	}
	p := before
	change(&p)
	if err := p.Validate(); err != nil || p == before {
		return p, e.Version, err
	}
	text, err := json.Marshal(p)
	if err != nil {
		return Policy{}, 0, err
	}
	if _, err := tx.Exec(updatePolicy, e.ID.String(), string(text), db.Micros(tx.Now())); err != nil {
		return Policy{}, 0, err
	}
	appendPolicyChanged(tx, actor, before, p)
	return p, e.Version + 1, nil
}

func appendPolicyChanged(tx *db.Tx, actor *access.Actor, before, after Policy) {
	ledger.Append(tx, actor.Who(), ledger.Event{
		Environment: actor.Environment, Kind: "policy.changed", Subject: ledger.Subject{Kind: "policy", ID: actor.Environment.String()},
		Before: before, After: after,
	})
}
