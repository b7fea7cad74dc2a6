package expiry

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
)

// Lately is how long ago a credential may have expired to be listed still.
const Lately = 7 * 24 * time.Hour

const (
	// "> 0 AND enabled" are for the index, which is partial. The page is cut before names are looked up: a planner that knows
	// how many rows there are would begin with the applications, and sort all credentials.
	selectExpiring = `SELECT c.id, c.kind, c.application_id, a.name, c.description, c.expires_at FROM (
	SELECT environment_id, id, kind, application_id, description, expires_at FROM credential
	WHERE environment_id = $1 AND expires_at > 0 AND enabled AND expires_at <= $2 AND (expires_at, id) > ($3, $4)`
	cutExpiring = `
	ORDER BY expires_at, id LIMIT $5) c
JOIN application a ON a.environment_id = c.environment_id AND a.id = c.application_id ORDER BY c.expires_at, c.id`
	ofApplication = ` AND application_id = $6`
	countExpiring = `SELECT count(*) FROM credential WHERE environment_id = $1 AND expires_at > 0 AND enabled AND expires_at >= $2 AND expires_at <= $3`
)

// Expiry is a credential that has an end.
type Expiry struct {
	Credential      uuid.UUID
	Kind            credential.Kind
	Application     uuid.UUID
	ApplicationName string
	Description     string
	At              time.Time
}

// Page says which part of the list is wanted: the Limit entries after the one that ends at After, in microseconds since 1970,
// and has that ID.
type Page struct {
	After int64
	ID    string
	Limit int
}

// List returns the enabled credentials that expire within a time from now, and those that expired within [Lately], soonest
// first. An actor whose roles cover only some applications sees only theirs. Nobody waits for what is disabled, so it is left
// out; what belongs to a disabled application is not, because the application may come back.
func List(tx *db.Tx, actor *access.Actor, within time.Duration, page Page) ([]Expiry, error) {
	if err := access.AllowSomewhere(tx, actor, access.ReadCredentials); err != nil {
		return nil, err
	}
	now := tx.Now()
	if first := db.Micros(now.Add(-Lately)); page.After < first {
		page.After, page.ID = first, ""
	}
	args := []any{actor.Environment.String(), db.Micros(now.Add(within)), page.After, page.ID, page.Limit}
	everything, some := actor.Over(access.ReadCredentials, access.OverApplication)
	if everything {
		return db.All(tx, scan, selectExpiring+cutExpiring, args...)
	}
	var all []Expiry
	for _, app := range some {
		of, err := db.All(tx, scan, selectExpiring+ofApplication+cutExpiring, append(slices.Clone(args), app.String())...)
		if err != nil {
			return nil, err
		}
		all = append(all, of...)
	}
	slices.SortFunc(all, func(a, b Expiry) int {
		return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Credential.String(), b.Credential.String()))
	})
	return all[:min(len(all), page.Limit)], nil
}

func scan(s db.Scan) (e Expiry, err error) {
	var id, app string
	var at int64
	if err = s(&id, (*string)(&e.Kind), &app, &e.ApplicationName, &e.Description, &at); err != nil {
		return e, err
	}
	e.At = db.Time(at)
	if e.Credential, err = uuid.Parse(id); err != nil {
		return e, err
	}
	e.Application, err = uuid.Parse(app)
	return e, err
}

// Count returns how many enabled credentials of an environment expire within a time from now, and how many expired within
// [Lately]. For callers that have asked whether somebody may know.
func Count(tx *db.Tx, environment uuid.UUID, within time.Duration) (ahead, over int64, err error) {
	now := tx.Now()
	if ahead, err = db.Value[int64](tx, countExpiring, environment.String(), db.Micros(now)+1, db.Micros(now.Add(within))); err != nil {
		return 0, 0, err
	}
	over, err = db.Value[int64](tx, countExpiring, environment.String(), db.Micros(now.Add(-Lately)), db.Micros(now))
	return ahead, over, err
}
