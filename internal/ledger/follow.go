package ledger

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// At returns the position of an event, and with 0 the beginning. A number past the end of the ledger is [fault.Conflict]:
// whoever has seen it has seen a ledger that is gone.
func At(tx *db.Tx, environment uuid.UUID, number int64) (Position, error) {
	if number == 0 {
		return Genesis(environment), nil
	}
	p, err := db.One(tx, scanPosition, selectEventPosition, environment.String(), number)
	if fault.Is(err, fault.NotFound) {
		err = fault.New(fault.Conflict, "the ledger has no event %d: it was set back, or the number is of another environment", number)
	}
	return p, err
}

// End returns the last position of a ledger, and [fault.NotFound] when there is none.
func End(tx *db.Tx, environment uuid.UUID) (Position, error) {
	return db.One(tx, scanPosition, selectPosition, environment.String())
}

// Follow returns the events after from that f chooses, oldest first, and up to where the caller has then read; more says that
// there are further ones. After, Before, From, To and Descending of f do not count; what is of another kind or by somebody else is
// read and passed over. It answers [ErrRewritten] when the ledger no longer
// holds from.
func Follow(tx *db.Tx, environment uuid.UUID, from Position, f Filter) (events []Record, to Position, more bool, err error) {
	head, err := End(tx, environment)
	if err != nil || head == from {
		return nil, from, false, err
	}
	at, err := At(tx, environment, from.Number)
	switch {
	case fault.Is(err, fault.Conflict), err == nil && (at != from || head.Number <= from.Number):
		return nil, Position{}, false, fmt.Errorf("%w: environment %s has no event %d with hash %s", ErrRewritten, environment, from.Number, from.Hash)
	case err != nil:
		return nil, Position{}, false, err
	}
	all := Filter{After: from.Number, Subject: f.Subject, Limit: page(f.Limit)}
	if events, err = Events(tx, environment, all); err != nil {
		return nil, Position{}, false, err
	}
	to = head
	if more = len(events) == all.Limit; more {
		last := events[len(events)-1]
		to = Position{Number: last.Number, Hash: last.Hash}
	}
	return slices.DeleteFunc(events, func(r Record) bool { return !f.matches(&r) }), to, more, nil
}
