package session

import (
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// OfOwn returns the sessions of a user who asks for them itself; see [List].
func OfOwn(tx *db.Tx, environment, user uuid.UUID) ([]*Session, error) {
	return alive(tx, environment, user)
}

// EndOwn is [End] for a session of the user who ends it.
func EndOwn(tx *db.Tx, who ledger.Who, environment, user, id uuid.UUID) error {
	return end(tx, who, environment, user, id)
}

// alive returns the sessions of a user that are good now, the latest first.
func alive(tx *db.Tx, environment, user uuid.UUID) ([]*Session, error) {
	rows, err := db.All(tx, scanRow, selectOfUser, environment.String(), user.String(), db.Micros(tx.Now()))
	if err != nil {
		return nil, err
	}
	living := make([]*Session, 0, len(rows))
	for _, r := range rows {
		if r.good(tx.Now()) {
			living = append(living, &r.Session)
		}
	}
	return living, nil
}

// over returns a user over whose sessions the actor holds permission; another looks missing.
func over(tx *db.Tx, actor *access.Actor, permission string, user uuid.UUID) (*directory.User, error) {
	if err := access.AllowSomewhere(tx, actor, permission); err != nil {
		return nil, err
	}
	u, err := directory.Load(tx, actor.Environment, user)
	if fault.Is(err, fault.NotFound) || err == nil && !actor.MayOn(permission, access.OverPopulation, u.Population) {
		return nil, fault.New(fault.NotFound, "there is no such user")
	}
	return u, err
}

// List returns the living sessions of a user, the latest first: [MaxPerUser] at most. The actor must be allowed to read
// sessions of the user's population; a user it may not see is [fault.NotFound].
func List(tx *db.Tx, actor *access.Actor, user uuid.UUID) ([]*Session, error) {
	u, err := over(tx, actor, access.ReadSessions, user)
	if err != nil {
		return nil, err
	}
	return alive(tx, u.Environment, u.ID)
}

// End ends one session of a user. The actor must be allowed to write sessions of the user's population; a session that
// is no living one of the user is [fault.NotFound].
func End(tx *db.Tx, actor *access.Actor, user, id uuid.UUID) error {
	u, err := over(tx, actor, access.WriteSessions, user)
	if err != nil {
		return err
	}
	return end(tx, actor.Who(), u.Environment, user, id)
}

func end(tx *db.Tx, who ledger.Who, environment, user, id uuid.UUID) error {
	r, err := db.One(tx, scanRow, selectGate, environment.String(), id.String())
	if fault.Is(err, fault.NotFound) || err == nil && (r.User != user || !r.good(tx.Now())) {
		return errGone
	}
	if err != nil {
		return err
	}
	return r.end(tx, who)
}

// EndAll ends every session of a user, and its tickets with them: the user's next epoch begins.
func EndAll(tx *db.Tx, actor *access.Actor, user uuid.UUID) error {
	if _, err := over(tx, actor, access.WriteSessions, user); err != nil {
		return err
	}
	u, err := directory.LoadForUpdate(tx, actor.Environment, user)
	if err != nil {
		return err
	}
	return directory.Expel(tx, actor.Who(), u)
}

// end ends a session that was good a moment ago; of all who try, one transaction does, and records it.
func (r *row) end(tx *db.Tx, who ledger.Who) error {
	n, err := tx.Exec(updateEnded, r.Environment.String(), r.User.String(), r.ID.String(), db.Micros(tx.Now()))
	if err != nil || n == 0 {
		return err
	}
	ledger.Append(tx, who, ledger.Event{
		Environment: r.Environment, Kind: "session.ended", Subject: ledger.Subject{Kind: "user", ID: r.User.String()},
		Before: map[string]any{"session": r.ID.String(), "created_at": r.CreatedAt},
	})
	return nil
}
