package roster

import (
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/lock"
	"github.com/counterfoil/counterfoil/internal/credential/usage"
	"github.com/counterfoil/counterfoil/internal/db"
)

// State is what a credential is in one word, the one that matters most to whoever looks.
type State string

// The states, in the order in which they count: of several that apply, the first is told.
const (
	// Disabled credentials let nobody in until they are enabled.
	Disabled State = "disabled"
	// Expired ones are over.
	Expired State = "expired"
	// Locked secrets are not taken now, because failed logons or an administrator locked their client.
	Locked State = "locked"
	// NotYet is one whose time has not begun.
	NotYet State = "not_yet"
	// Retiring ones work and expire because they were rotated.
	Retiring State = "retiring"
	// Active ones work.
	Active State = "active"
)

// Entry is a credential with all that is said of it.
type Entry struct {
	*credential.Credential
	State      State
	Last       usage.LastUse
	Succession credential.Succession
	// OldEnds is when the credential that this one replaces expires; zero if it does not, or is gone.
	OldEnds time.Time
}

// The last day of each credential on which it was used, all in one query: a list of twenty must not ask twenty times.
const selectLastUses = `SELECT u.credential_id, u.last_used_at, u.last_address, u.last_agent FROM credential c
JOIN credential_usage u ON u.environment_id = c.environment_id AND u.credential_id = c.id
WHERE c.environment_id = $1 AND c.application_id = $2 AND u.day = (SELECT max(x.day) FROM credential_usage x
WHERE x.environment_id = c.environment_id AND x.credential_id = c.id AND x.last_used_at > 0)`

// Of lists the credentials of an application of the actor's environment, oldest first: of the kinds that are named, or of
// all. [fault.Denied] and [fault.NotFound] are as for [credential.List].
func Of(tx *db.Tx, actor *access.Actor, app uuid.UUID, kinds map[credential.Kind]bool) ([]Entry, error) {
	all, err := credential.List(tx, actor, app, "")
	if err != nil {
		return nil, err
	}
	last, err := lastUses(tx, actor.Environment, app)
	if err != nil {
		return nil, err
	}
	now := tx.Now()
	locked, err := lock.State(tx, actor.Environment, app, now)
	if err != nil {
		return nil, err
	}
	ends := map[uuid.UUID]time.Time{}
	for _, c := range all {
		ends[c.ID] = c.ExpiresAt
	}
	entries := make([]Entry, 0, len(all))
	for _, c := range all {
		if len(kinds) > 0 && !kinds[c.Kind] {
			continue
		}
		e := Entry{Credential: c, Last: last[c.ID], OldEnds: ends[c.Replaces]}
		e.Succession = c.Succession(all, e.Last, now)
		e.State = stateOf(&e, !locked.LockedUntil.IsZero(), now)
		entries = append(entries, e)
	}
	return entries, nil
}

func lastUses(tx *db.Tx, environment, app uuid.UUID) (map[uuid.UUID]usage.LastUse, error) {
	last := map[uuid.UUID]usage.LastUse{}
	return last, tx.Each(func(s db.Scan) error {
		var text string
		var at int64
		var l usage.LastUse
		if err := s(&text, &at, &l.Address, &l.Agent); err != nil {
			return err
		}
		id, err := uuid.Parse(text)
		l.At = db.Time(at)
		last[id] = l
		return err
	}, selectLastUses, environment.String(), app.String())
}

func stateOf(e *Entry, locked bool, now time.Time) State {
	switch {
	case !e.Enabled:
		return Disabled
	case e.Expired(now):
		return Expired
	case locked && e.Kind == credential.KindSecret:
		return Locked
	case now.Before(e.NotBefore):
		return NotYet
	case e.Succession.Retiring:
		return Retiring
	}
	return Active
}
