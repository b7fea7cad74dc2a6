package password

import (
	"encoding/json"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// PolicyOf returns the policy of an environment, for rooms that obey it; doors use [GetPolicy].
func PolicyOf(tx *db.Tx, environment uuid.UUID) (Policy, error) {
	p, _, err := policyOf(tx, environment, "")
	return p, err
}

func policyOf(tx *db.Tx, environment uuid.UUID, lock string) (Policy, int64, error) {
	p := DefaultPolicy()
	text, version, err := storedPolicy(tx, environment, lock)
	if err != nil || text == "" {
		return p, 1, err
	}
	return p, version, json.Unmarshal([]byte(text), &p)
}

// GetPolicy returns the policy of the actor's environment and its version.
func GetPolicy(tx *db.Tx, actor *access.Actor) (Policy, int64, error) {
	if err := access.Allow(tx, actor, access.ReadPolicy); err != nil {
		return Policy{}, 0, err
	}
	return policyOf(tx, actor.Environment, "")
}

// ChangePolicy applies change to the policy of the actor's environment. version is the one that the caller saw, or 0;
// another is [fault.Stale]. Passwords that there are stay, but for their age.
func ChangePolicy(tx *db.Tx, actor *access.Actor, version int64, change func(*Policy)) (Policy, int64, error) {
	if err := access.Allow(tx, actor, access.WritePolicy); err != nil {
		return Policy{}, 0, err
	}
	before, current, err := policyOf(tx, actor.Environment, tx.ForUpdate())
	if err != nil {
		return Policy{}, 0, err
	}
	if version != 0 && version != current {
		return Policy{}, 0, fault.New(fault.Stale, "the policy was changed by somebody else; read it again")
	}
	p := before
	change(&p)
	if err := p.Validate(); err != nil || p == before {
		return p, current, err
	}
	text, err := json.Marshal(p)
	if err != nil {
		return Policy{}, 0, err
	}
	if _, err := tx.Exec(upsertPolicy, actor.Environment.String(), string(text), current+1, db.Micros(tx.Now())); err != nil {
		return Policy{}, 0, err
	}
	ledger.Append(tx, actor.Who(), ledger.Event{
		Environment: actor.Environment, Kind: "password_policy.changed",
		Subject: ledger.Subject{Kind: "password_policy", ID: actor.Environment.String()}, Before: before, After: p,
	})
	return p, current + 1, nil
}
