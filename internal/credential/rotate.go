package credential

import (
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential/usage"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Rotation says how a secret gives way to its successor.
type Rotation struct {
	// Retire is when the old secret dies, with its tokens: the zero time is at once. It is never later than the old
	// secret's own expiry.
	Retire time.Time
	// Grace replaces Retire when OnFirstUse is set: how long the old secret goes on after the new one was first used.
	Grace      time.Duration
	OnFirstUse bool
	// QuietDays deletes the old secret once it has not been used for so many days; 0 never does.
	QuietDays int
	// ExpiresAt of the new secret; zero gives it as long a life as the old one was made with.
	ExpiresAt time.Time
}

// maxGrace bounds how long an old secret may go on beside its successor.
const maxGrace = 366 * 24 * time.Hour

// Rotate makes a successor of a secret, with its description, scopes, networks and way of being kept, and lets the old
// one go as r says. Tokens of the old one never outlive it. A secret that is disabled or has expired is
// [fault.Conflict], and so is an application with as many secrets as it may have.
func (y *Authority) Rotate(tx *db.Tx, actor *access.Actor, app, id uuid.UUID, version int64, r Rotation) (next *Credential, plain seal.Secret, old *Credential, err error) {
	old, p, err := open(tx, actor, app, id, version)
	if err != nil {
		return nil, seal.Secret{}, nil, err
	}
	now := tx.Now()
	switch {
	case old.Kind != KindSecret:
		err = fault.New(fault.Conflict, "only secrets are rotated; add another %s instead", old.Kind)
	case !old.Enabled:
		err = fault.New(fault.Conflict, "the secret is disabled; enable it first, or add a new one")
	case old.Expired(now):
		err = fault.New(fault.Conflict, "the secret has expired; add a new one")
	case !r.Retire.IsZero() && r.Retire.Before(now):
		err = fault.On("old", "the old secret would have retired in the past")
	case r.Retire.Sub(now) > maxGrace || r.Grace > maxGrace || r.Grace < 0:
		err = fault.On("old", "the old secret goes on for a year at most")
	case r.QuietDays < 0 || r.QuietDays > usage.Days: // beyond, a use is forgotten and quiet cannot be told from unknown
		err = fault.On("auto_retire_days", "it is 0, for never, or a number of days up to %d", usage.Days)
	}
	if err != nil {
		return nil, seal.Secret{}, nil, err
	}
	all, err := db.All(tx, scan, selectAll, actor.Environment.String(), app.String())
	if err != nil {
		return nil, seal.Secret{}, nil, err
	}
	if heir := old.successor(all); heir != nil {
		// Two administrators at once: the second would get a successor with what is left of the old one's life.
		return nil, seal.Secret{}, nil, fault.New(fault.Conflict, "the secret was rotated already; rotate its successor %s, or delete that first", heir.ID)
	}
	spec := SecretSpec{Spec: old.spec(p.catalogue), Viewable: &old.Viewable}
	spec.NotBefore, spec.ExpiresAt = time.Time{}, r.ExpiresAt
	if spec.ExpiresAt.IsZero() && !old.ExpiresAt.IsZero() {
		spec.ExpiresAt = now.Add(old.ExpiresAt.Sub(old.CreatedAt))
	}
	p.heirOf = old // whatever the policy says of new secrets by now, a successor may do what the old one could
	next, plain, err = y.succeed(p, old, spec, r)
	if err != nil {
		return nil, seal.Secret{}, nil, err
	}
	before := old.facts(p.catalogue)
	old.QuietDays = r.QuietDays
	kind := "credential.rotated"
	if !r.OnFirstUse {
		old.retire(now, r.Retire)
	}
	if err := old.update(tx); err != nil {
		return nil, seal.Secret{}, nil, err
	}
	old.record(tx, actor.Who(), p.catalogue, kind, before)
	return next, plain, old, nil
}

// succeed makes the successor and marks it as such.
func (y *Authority) succeed(p *place, old *Credential, spec SecretSpec, r Rotation) (*Credential, seal.Secret, error) {
	next, plain, err := y.generate(p, spec)
	if err != nil {
		return nil, seal.Secret{}, err
	}
	next.Replaces = old.ID
	if r.OnFirstUse {
		next.Grace = r.Grace
	}
	if _, err := p.tx.Exec(updateSuccession, next.Environment.String(), next.Application.String(), next.ID.String(), next.Replaces.String(), seconds(next.Grace)); err != nil {
		return nil, seal.Secret{}, err
	}
	next.record(p.tx, p.actor.Who(), p.catalogue, "credential.created", nil)
	return next, plain, nil
}

// retire gives a credential its last day, at the zero time now.
func (c *Credential) retire(now, at time.Time) {
	if at.IsZero() || !at.After(now) {
		at = now
		c.Epoch++
		c.noticed = uint32(len(Horizons)) // nobody needs to be told of the end that they just ordered
	}
	if c.ExpiresAt.IsZero() || at.Before(c.ExpiresAt) {
		c.ExpiresAt = at.UTC().Truncate(time.Microsecond)
	}
}

// Activate is called when a successor that starts the old secret's grace by its first use was used. Calling it again
// changes nothing.
func Activate(tx *db.Tx, environment, app, id uuid.UUID) error {
	c, err := getForUpdate(tx, environment, app, id)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil || c.Grace < 0 {
		return err
	}
	catalogue, err := access.LoadCatalogue(tx, environment)
	if err != nil {
		return err
	}
	grace := c.Grace
	c.Grace = -1
	if _, err := tx.Exec(updateSuccession, environment.String(), app.String(), id.String(), c.Replaces.String(), seconds(c.Grace)); err != nil {
		return err
	}
	ledger.Append(tx, ledger.System, c.Event("credential.activated"))
	old, err := getForUpdate(tx, environment, app, c.Replaces)
	if fault.Is(err, fault.NotFound) {
		return nil // gone already
	}
	if err != nil {
		return err
	}
	before := old.facts(catalogue)
	old.retire(tx.Now(), tx.Now().Add(grace))
	if err := old.update(tx); err != nil {
		return err
	}
	old.record(tx, ledger.System, catalogue, "credential.retiring", before)
	return nil
}
