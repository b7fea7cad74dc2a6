package ledger

import (
	"crypto/ed25519"
	"fmt"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// MaxPage is the most that [Events] and [Checkpoints] return at once: a thousand, and one that tells whoever shows a
// thousand that there are more.
const MaxPage = 1001

func page(limit int) int {
	if limit < 1 || limit > MaxPage {
		return MaxPage
	}
	return limit
}

// Checkpoints returns at most limit (1 to [MaxPage], else MaxPage) signed checkpoints of an environment with a
// higher number than after, in the order of their numbers.
func Checkpoints(tx *db.Tx, environment uuid.UUID, after int64, limit int) ([]Checkpoint, error) {
	return db.All(tx, scanCheckpoint(environment), selectCheckpoints, environment.String(), after, page(limit))
}

// Head is the end of an environment's chain and the key that signs its checkpoints: what [Verify] starts from.
type Head struct {
	Environment uuid.UUID `json:"environment"`
	Position
	Public ed25519.PublicKey `json:"public_key"` // 32 bytes (RFC 8032 §5.1.5), base64 in JSON
}

// Last returns the head of an environment's ledger, and [fault.NotFound] when it has none.
func Last(tx *db.Tx, environment uuid.UUID) (Head, error) {
	head, err := db.One(tx, func(scan db.Scan) (Head, error) {
		h := Head{Environment: environment}
		return h, scan(&h.Number, &h.Hash, (*[]byte)(&h.Public))
	}, selectHead, environment.String())
	if fault.Is(err, fault.NotFound) {
		err = fault.New(fault.NotFound, "there is no ledger of environment %s", environment)
	}
	return head, err
}

// Heads returns where the ledger of every environment ends.
func Heads(tx *db.Tx) (map[uuid.UUID]Position, error) {
	heads := map[uuid.UUID]Position{}
	err := tx.Each(func(scan db.Scan) error {
		var id uuid.UUID
		var p Position
		if err := scan(&id, &p.Number, &p.Hash); err != nil {
			return err
		}
		heads[id] = p
		return nil
	}, selectHeads)
	return heads, err
}

// ErrRewritten says that the ledger no longer contains the past that a reader has seen: a backup was restored, a
// failover lost commits, or somebody edited it. What the reader made of that past must be thrown away.
var ErrRewritten error = fault.New(fault.Internal, "the ledger was rewritten")

// Change is an event for the register.
type Change struct {
	Number  int64
	Kind    string
	Subject Subject
}

// Since returns the events after from that matter to the register, in order, and the head up to which they reach.
// It answers [ErrRewritten] when the event at from is missing or has another hash, or the head lies before it. One
// query, whatever the number of events in between.
func Since(tx *db.Tx, environment uuid.UUID, from Position) (head Position, changes []Change, err error) {
	head, at := Position{Number: -1}, Genesis(environment)
	err = tx.Each(func(scan db.Scan) error {
		var part int
		var p Position
		var c Change
		if err := scan(&part, &p.Number, &p.Hash, &c.Kind, &c.Subject.Kind, &c.Subject.ID); err != nil {
			return err
		}
		switch part {
		case 0:
			head = p
		case 1:
			at = p
		default:
			c.Number = p.Number
			changes = append(changes, c)
		}
		return nil
	}, selectSince, environment.String(), from.Number)
	switch {
	case err != nil:
		return Position{}, nil, err
	case at != from:
		err = fmt.Errorf("%w: environment %s has no event %d with hash %s", ErrRewritten, environment, from.Number, from.Hash)
	case head.Number < from.Number || head.Number == from.Number && head.Hash != from.Hash:
		err = fmt.Errorf("%w: the head of environment %s went back to %d from %d", ErrRewritten, environment, head.Number, from.Number)
	default:
		return head, changes, nil
	}
	return Position{}, nil, err
}
