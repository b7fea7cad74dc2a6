package ledger

import (
	"bytes"
	"fmt"
	"maps"
	"slices"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Begin starts the ledger of an environment, at its birth: a head before the first event, and the sealed key that
// signs its checkpoints. A ledger that has begun is [fault.Conflict].
func Begin(tx *db.Tx, v *seal.Vault, environment uuid.UUID) error {
	start := Genesis(environment)
	if _, err := tx.Exec(insertHead, environment.String(), start.Number, start.Hash); err != nil {
		return err
	}
	return makeKey(tx, v, environment)
}

// Append adds e to the ledger of its environment when the transaction commits, and to nothing when it does not.
// Events of one transaction keep their order. A malformed event, or an environment without a ledger, undoes the
// transaction.
//
// The events are written by the last statements of the transaction, because from there on every other writer of
// the environment waits. Environments are taken in the order of their ids, so that two transactions never wait
// for each other.
func Append(tx *db.Tx, who Who, e Event) {
	p := tx.Local(pendingKey{}, func() any {
		p := &pending{records: map[uuid.UUID][]*Record{}}
		tx.BeforeCommit(p.write)
		return p
	}).(*pending)
	if p.written {
		panic("ledger: Append after the transaction's events were written: the event would be lost")
	}
	r, err := newRecord(tx.Now(), who, e)
	if err != nil && p.err == nil {
		p.err = err
	}
	p.records[e.Environment] = append(p.records[e.Environment], r)
}

type pendingKey struct{}

// pending is what a transaction is going to append.
type pending struct {
	records map[uuid.UUID][]*Record
	err     error // the first malformed event
	written bool
}

func (p *pending) write(tx *db.Tx) error {
	p.written = true
	if p.err != nil {
		return p.err
	}
	inOrder := func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) }
	for _, environment := range slices.SortedFunc(maps.Keys(p.records), inOrder) {
		if err := extend(tx, environment, p.records[environment]); err != nil {
			return err
		}
	}
	return nil
}

// extend locks the head of a chain and puts records behind it.
func extend(tx *db.Tx, environment uuid.UUID, records []*Record) error {
	id := environment.String()
	head, err := db.One(tx, scanPosition, selectPosition+tx.ForUpdate(), id)
	if fault.Is(err, fault.NotFound) {
		return fmt.Errorf("environment %s has no ledger", id)
	}
	if err != nil {
		return err
	}
	rows := make([][]any, len(records))
	for i, r := range records {
		r.Number = head.Number + 1
		head = head.next(environment, r)
		r.Hash = head.Hash
		rows[i] = []any{id, r.Number, db.Micros(r.At), r.Kind, r.Actor.Kind, r.Actor.ID,
			r.Subject.Kind, r.Subject.ID, r.Register, r.Payload, r.Salt, r.Digest, r.Hash}
	}
	if _, err := tx.InsertRows(insertEvent, rows, ""); err != nil {
		return err
	}
	_, err = tx.Exec(updateHead, id, head.Number, head.Hash)
	return err
}

// ErasedKind is the kind of the event that says that another event's payload was erased. Its subject is of kind
// [EventSubject] and has the other event's number as id.
const (
	ErasedKind   = "ledger.payload_erased"
	EventSubject = "ledger_event"
)

// Erase removes the payload of event number, and appends an event that says so and by whom. An event that does not
// exist is [fault.NotFound]; one that is erased already is left alone. The database may keep the bytes in free
// pages and logs until it reuses them, and backups keep theirs.
func Erase(tx *db.Tx, who Who, environment uuid.UUID, number int64) error {
	found, err := Events(tx, environment, Filter{After: number - 1, Limit: 1})
	if err != nil {
		return err
	}
	if len(found) == 0 || found[0].Number != number {
		return fault.New(fault.NotFound, "there is no ledger event %d", number)
	}
	erased, err := tx.Exec(eraseEvent, environment.String(), number)
	if err != nil || erased == 0 {
		return err
	}
	Append(tx, who, Event{
		Environment: environment, Kind: ErasedKind, Subject: Subject{Kind: EventSubject, ID: decimal(number)},
	})
	return nil
}
