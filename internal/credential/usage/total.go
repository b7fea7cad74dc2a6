package usage

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

const (
	// The sum of an environment has rows of its own, or looking at it would read a row for every credential and day.
	upsertTotal = `INSERT INTO environment_usage (environment_id, hour, uses, refused, failed) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (environment_id, hour) DO UPDATE SET uses = environment_usage.uses + excluded.uses,
refused = environment_usage.refused + excluded.refused, failed = environment_usage.failed + excluded.failed`
	upsertFailed = `INSERT INTO application_usage (environment_id, application_id, hour, failed) VALUES ($1, $2, $3, $4)
ON CONFLICT (environment_id, application_id, hour) DO UPDATE SET failed = application_usage.failed + excluded.failed`
	selectFailed        = `SELECT hour, failed FROM application_usage WHERE environment_id = $1 AND application_id = $2 AND hour >= $3`
	deleteFailed        = `DELETE FROM application_usage WHERE hour < $1`
	selectTotal         = `SELECT hour, uses, refused, failed FROM environment_usage WHERE environment_id = $1 AND hour >= $2 ORDER BY hour`
	deleteTotal         = `DELETE FROM environment_usage WHERE hour < $1`
	selectOfApplication = `SELECT u.day, u.hours, u.refused FROM credential c
JOIN credential_usage u ON u.environment_id = c.environment_id AND u.credential_id = c.id
WHERE c.environment_id = $1 AND c.application_id = $2 AND u.day >= $3`
	selectOwner = `SELECT application_id FROM credential WHERE environment_id = $1 AND id = $2`
)

// Subject says whose uses are asked for: those of one credential, of one application with all of its credentials, or, with
// neither, of all that the actor may see. With both, the credential must be one of the application's.
type Subject struct{ Application, Credential *uuid.UUID }

// Sum is the uses of several credentials in one hour that had any.
type Sum struct {
	At            time.Time // when it began
	Uses, Refused int64
	Failed        int64 // what proved nothing, which is no credential's
}

// Sums lists uses since some time by the hour, oldest first and at most [Days] back. Those of the environment hold what is
// deleted by now; an application's are those of the credentials that it has. An actor whose roles cover only some
// applications sees the sum of these. It faults [fault.NotFound] for what is not there, and in the same words for what such
// an actor may not see.
func Sums(tx *db.Tx, actor *access.Actor, of Subject, since time.Time) ([]Sum, error) {
	if err := access.AllowSomewhere(tx, actor, access.ReadCredentials); err != nil {
		return nil, err
	}
	since = since.UTC().Truncate(time.Hour)
	switch {
	case of.Credential != nil:
		return ofCredential(tx, actor, of, since)
	case of.Application != nil:
		if !actor.MayOn(access.ReadCredentials, access.OverApplication, *of.Application) {
			return nil, fault.New(fault.NotFound, "there is no such application")
		}
		if _, err := application.Load(tx, actor.Environment, *of.Application); err != nil {
			return nil, err
		}
		return ofApplications(tx, actor.Environment, []uuid.UUID{*of.Application}, since)
	}
	everything, some := actor.Over(access.ReadCredentials, access.OverApplication)
	if !everything {
		return ofApplications(tx, actor.Environment, some, since)
	}
	return db.All(tx, func(s db.Scan) (sum Sum, err error) {
		var hour int64
		err = s(&hour, &sum.Uses, &sum.Refused, &sum.Failed)
		sum.At = time.Unix(hour*3600, 0).UTC()
		return sum, err
	}, selectTotal, actor.Environment.String(), since.Unix()/3600)
}

func ofCredential(tx *db.Tx, actor *access.Actor, of Subject, since time.Time) ([]Sum, error) {
	missing := fault.New(fault.NotFound, "there is no such credential; if there was one, it has been deleted")
	text, err := db.Value[string](tx, selectOwner, actor.Environment.String(), of.Credential.String())
	if fault.Is(err, fault.NotFound) {
		return nil, missing
	}
	if err != nil {
		return nil, err
	}
	owner, err := uuid.Parse(text)
	if err != nil {
		return nil, err
	}
	if !actor.MayOn(access.ReadCredentials, access.OverApplication, owner) || of.Application != nil && *of.Application != owner {
		return nil, missing
	}
	hours, err := Uses(tx, actor.Environment, *of.Credential, since)
	sums := make([]Sum, len(hours))
	for i, h := range hours {
		sums[i] = Sum{At: h.At, Uses: int64(h.Uses), Refused: int64(h.Refused)}
	}
	return sums, err
}

func ofApplications(tx *db.Tx, environment uuid.UUID, apps []uuid.UUID, since time.Time) ([]Sum, error) {
	byHour := map[time.Time]*Sum{}
	for _, app := range apps {
		err := tx.Each(func(s db.Scan) error {
			var day int64
			var usesText, refusedText string
			if err := s(&day, &usesText, &refusedText); err != nil {
				return err
			}
			return addDay(byHour, day, usesText, refusedText, since)
		}, selectOfApplication, environment.String(), app.String(), since.Unix()/86400)
		if err != nil {
			return nil, err
		}
		err = tx.Each(func(s db.Scan) error {
			var hour, failed int64
			if err := s(&hour, &failed); err != nil {
				return err
			}
			of(byHour, time.Unix(hour*3600, 0).UTC()).Failed += failed
			return nil
		}, selectFailed, environment.String(), app.String(), since.Unix()/3600)
		if err != nil {
			return nil, err
		}
	}
	sums := make([]Sum, 0, len(byHour))
	for _, at := range slices.SortedFunc(maps.Keys(byHour), time.Time.Compare) {
		sums = append(sums, *byHour[at])
	}
	return sums, nil
}

func addDay(byHour map[time.Time]*Sum, day int64, usesText, refusedText string, since time.Time) error {
	var uses, refused [24]uint32
	if err := errors.Join(json.Unmarshal([]byte(usesText), &uses), json.Unmarshal([]byte(refusedText), &refused)); err != nil {
		return err
	}
	for i := range uses {
		at := time.Unix((day*24+int64(i))*3600, 0).UTC()
		if uses[i] == 0 && refused[i] == 0 || at.Before(since) {
			continue
		}
		sum := of(byHour, at)
		sum.Uses += int64(uses[i])
		sum.Refused += int64(refused[i])
	}
	return nil
}

// of returns the sum of an hour, which it makes if there is none.
func of(byHour map[time.Time]*Sum, at time.Time) *Sum {
	if byHour[at] == nil {
		byHour[at] = &Sum{At: at}
	}
	return byHour[at]
}

// addTotals adds what a batch wrote to the sums of its environments. Their rows are locked after those of credentials and in
// one order, by all nodes.
func addTotals(tx *db.Tx, batch []usageKey, counts map[usageKey]usageCount) error {
	type place struct {
		environment string
		hour        int64
	}
	totals := map[place]*Sum{}
	for _, key := range batch {
		at := place{key.environment.String(), key.hour}
		if totals[at] == nil {
			totals[at] = &Sum{}
		}
		totals[at].Uses += int64(counts[key].uses)
		totals[at].Refused += int64(counts[key].refused)
		totals[at].Failed += int64(counts[key].failed)
	}
	places := slices.SortedFunc(maps.Keys(totals), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.environment, b.environment), cmp.Compare(a.hour, b.hour))
	})
	for _, at := range places {
		if _, err := tx.Exec(upsertTotal, at.environment, at.hour, totals[at].Uses, totals[at].Refused, totals[at].Failed); err != nil {
			return err
		}
	}
	return nil
}

// Rate is how many uses there were in a second.
type Rate struct{ Highest, Mean float64 }

// RateOf returns the rate of uses from since to now. The highest is that of the busiest hour, and an hour that is not over
// counts as a whole one: what is left of it would make one use in its first second look like a storm.
func RateOf(sums []Sum, since, now time.Time) (r Rate) {
	var all int64
	for _, s := range sums {
		all += s.Uses
		r.Highest = max(r.Highest, float64(s.Uses)/3600)
	}
	r.Mean = float64(all) / max(now.Sub(since).Seconds(), 3600)
	return r
}
