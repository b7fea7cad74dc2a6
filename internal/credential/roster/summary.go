package roster

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/db"
)

// Summary is what an application has, in one line.
type Summary struct {
	// LockedUntil is until when its secrets are not taken, wherever from; zero unless they are locked.
	LockedUntil time.Time
	// Told says that the actor may read its credentials; the rest is zero otherwise.
	Told bool
	// Credentials is how many it has, of all kinds.
	Credentials int
	// NextExpiry is when the first of those that are enabled expires; zero if none will.
	NextExpiry time.Time
}

const (
	selectLocked = `SELECT application_id, locked_until FROM logon_failure WHERE environment_id = $1 AND network = '' AND locked_until > $2
AND application_id IN (`
	selectCounts = `SELECT application_id, count(*), COALESCE(min(CASE WHEN enabled AND expires_at > $2 THEN expires_at END), 0) FROM credential
WHERE environment_id = $1 AND application_id IN (`

	// chunk bounds the parameters of one statement.
	chunk = 400
)

// Summaries says of each of these applications what it has, in two queries however many they are. The caller has found
// that the actor may see them.
func Summaries(tx *db.Tx, actor *access.Actor, all []*application.Application) (map[uuid.UUID]Summary, error) {
	found := make(map[uuid.UUID]Summary, len(all))
	for some := range slices.Chunk(all, chunk) {
		args := []any{actor.Environment.String(), db.Micros(tx.Now())}
		for _, a := range some {
			args = append(args, a.ID.String())
			found[a.ID] = Summary{Told: actor.MayOn(access.ReadCredentials, access.OverApplication, a.ID)}
		}
		if err := summarize(tx, found, args); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func summarize(tx *db.Tx, found map[uuid.UUID]Summary, args []any) error {
	among := db.Placeholders(3, len(args)-2) + `)`
	err := tx.Each(func(s db.Scan) error {
		var text string
		var until int64
		if err := s(&text, &until); err != nil {
			return err
		}
		id, err := uuid.Parse(text)
		one := found[id]
		one.LockedUntil = db.Time(until)
		found[id] = one
		return err
	}, selectLocked+among, args...)
	if err != nil {
		return err
	}
	return tx.Each(func(s db.Scan) error {
		var text string
		var count int
		var next int64
		if err := s(&text, &count, &next); err != nil {
			return err
		}
		id, err := uuid.Parse(text)
		if one := found[id]; one.Told {
			one.Credentials, one.NextExpiry = count, db.Time(next)
			found[id] = one
		}
		return err
	}, selectCounts+among+` GROUP BY application_id`, args...)
}
