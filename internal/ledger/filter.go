package ledger

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// Filter chooses events; its zero value chooses the first [MaxPage] of the environment.
type Filter struct {
	After  int64 // only events with a higher number
	Before int64 // only events with a lower number; 0: no bound
	// Kind chooses one kind, or with a dot at its end all that begin so ("application." has "application.disabled"); empty: every
	// kind.
	Kind string
	// Subject and Actor choose by the id of the subject and of the actor; empty: everything, everybody.
	Subject, Actor string
	// From and To bound when it happened: from the one on, and before the other. Zero is no bound. Clocks of nodes that are
	// apart by more than [clocks] make them miss events.
	From, To   time.Time
	Limit      int  // at most so many events; not within 1 to [MaxPage]: MaxPage
	Descending bool // newest first
}

// clocks is how far an event may be dated before an earlier one: transactions take seconds, and nodes whose clocks are apart by more
// than half a minute make tokens that others refuse. All that lies within it of a bound is read, and passed over if it is outside: an
// hour of it was half a second of reading where a million things had happened in one.
const clocks = 2 * time.Minute

// Events returns the events of an environment that f chooses, in the order of their numbers.
func Events(tx *db.Tx, environment uuid.UUID, f Filter) ([]Record, error) {
	f.Limit = page(f.Limit)
	if err := f.narrow(tx, environment); err != nil {
		return nil, err
	}
	// By a subject there is an index, and hardly ever more events than fit on a few pages.
	if f.Subject != "" || f.Kind == "" && f.Actor == "" {
		return f.read(tx, environment)
	}
	// Of every kind as many as all of them together may be, by an index, and the first of those: nothing is read past that is
	// of other kinds or by others, of which there may be a million.
	kinds, err := f.kinds(tx, environment)
	if err != nil {
		return nil, err
	}
	var all []Record
	for _, f.Kind = range kinds {
		rows, err := f.read(tx, environment)
		if err != nil {
			return nil, err
		}
		all = f.first(append(all, rows...))
	}
	return all, nil
}

// first sorts events of several readings and cuts them to the limit. What comes after the last one is of no use to later
// readings either.
func (f *Filter) first(all []Record) []Record {
	slices.SortFunc(all, func(a, b Record) int {
		if f.Descending {
			a, b = b, a
		}
		return cmp.Compare(a.Number, b.Number)
	})
	if len(all) < f.Limit {
		return all
	}
	all = all[:f.Limit]
	if last := all[f.Limit-1].Number; f.Descending {
		f.After = max(f.After, last)
	} else {
		f.Before = last
	}
	return all
}

// read reads what f chooses by one statement. Without a subject its kind is one, or there is neither kind nor actor.
func (f *Filter) read(tx *db.Tx, environment uuid.UUID) ([]Record, error) {
	var query strings.Builder
	query.WriteString(selectEvents)
	args := []any{environment.String()}
	where := func(condition string, value any) {
		args = append(args, value)
		fmt.Fprintf(&query, " AND %s $%d", condition, len(args))
	}
	where("number >", f.After)
	if f.Before > 0 {
		where("number <", f.Before)
	}
	kind, actor := "kind", "actor_id"
	if f.Subject != "" {
		where("subject_id =", f.Subject)
		kind, actor = "kind || ''", "actor_id || ''" // for which there is no index: SQLite would prefer one by kind
	}
	if f.Actor != "" {
		where(actor+" =", f.Actor)
	}
	if prefix := int64(len(f.Kind)); strings.HasSuffix(f.Kind, ".") {
		where("substr(kind, 1, "+decimal(prefix)+") =", f.Kind)
	} else if f.Kind != "" {
		where(kind+" =", f.Kind)
	}
	if !f.From.IsZero() {
		where("at >=", db.Micros(f.From))
	}
	if !f.To.IsZero() {
		where("at <", db.Micros(f.To))
	}
	query.WriteString(" ORDER BY number")
	if f.Descending {
		query.WriteString(" DESC")
	}
	args = append(args, f.Limit)
	fmt.Fprintf(&query, " LIMIT $%d", len(args))
	return db.All(tx, scanRecord, query.String(), args...)
}

// matches reports whether an event is of the kind and by the actor that f chooses.
func (f *Filter) matches(r *Record) bool {
	prefix, several := strings.CutSuffix(f.Kind, ".")
	switch {
	case f.Actor != "" && r.Actor.ID != f.Actor:
		return false
	case several:
		return strings.HasPrefix(r.Kind, prefix+".")
	}
	return f.Kind == "" || r.Kind == f.Kind
}

// narrow turns bounds in time into bounds in number, by halving: events are dated nearly in the order of their numbers, and no
// index by date has to be kept up. The bounds are wider than they need be by [clocks]; the dates themselves decide.
func (f *Filter) narrow(tx *db.Tx, environment uuid.UUID) error {
	if f.From.IsZero() && f.To.IsZero() {
		return nil
	}
	head, err := End(tx, environment)
	if err != nil {
		return err
	}
	end := head.Number + 1
	if f.Before > 0 {
		end = min(end, f.Before)
	}
	if !f.From.IsZero() {
		// What was dated before the hour before From has nothing behind it that is as late as From.
		if f.After, err = halve(tx, environment, f.After, end, f.From.Add(-clocks)); err != nil {
			return err
		}
	}
	if !f.To.IsZero() {
		// What is behind one that was dated an hour past To, or later, is not as early as To.
		last, err := halve(tx, environment, f.After, end, f.To.Add(clocks))
		if err != nil {
			return err
		}
		f.Before = last + 1
	}
	return nil
}

// halve returns a number from low on and below high whose event is dated before when, while the next one's is not; it is low if
// the very next one's is not. A number that somebody removed is dated as the next one that is there.
func halve(tx *db.Tx, environment uuid.UUID, low, high int64, when time.Time) (int64, error) {
	for high-low > 1 {
		middle := low + (high-low)/2
		at, err := db.Value[int64](tx, selectEventTime, environment.String(), middle)
		switch {
		case err != nil && !fault.Is(err, fault.NotFound):
			return 0, err
		case err == nil && at < db.Micros(when):
			low = middle
		default:
			high = middle
		}
	}
	return low, nil
}

// kinds returns the kinds that f chooses and that there are events of, by the actor if f names one. There are some 150 kinds in
// all; each is one step along an index, whatever the order of the database's letters.
func (f *Filter) kinds(tx *db.Tx, environment uuid.UUID) (kinds []string, err error) {
	prefix, several := strings.CutSuffix(f.Kind, ".")
	if f.Kind != "" && !several {
		return []string{f.Kind}, nil
	}
	for last := ""; ; {
		if f.Actor == "" {
			last, err = db.Value[string](tx, selectNextKind, environment.String(), last)
		} else {
			last, err = db.Value[string](tx, selectNextActorKind, environment.String(), f.Actor, last)
		}
		if fault.Is(err, fault.NotFound) {
			return kinds, nil
		}
		if err != nil {
			return nil, err
		}
		if !several || strings.HasPrefix(last, prefix+".") {
			kinds = append(kinds, last)
		}
	}
}
