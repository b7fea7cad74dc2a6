package ledger

import (
	"context"
	"slices"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// MaxPart is how many events [VerifyPart] verifies at most.
const MaxPart = 100_000

// Part is what [VerifyPart] established about the events From to To, as far as there are any.
type Part struct {
	From, To    int64
	End         int64 // the number of the ledger's last event when the verification began
	Checkpoints int   // how many signatures over positions in this part were checked
	Erased      int
}

// VerifyPart verifies the events from the number from on (1 at least) up to the number to (0: the end), [MaxPart] at most, or
// returns the first flaw in them as a [*Problem] with the part that it was to verify. What comes before is believed: parts that
// follow on each other from 1 to the end are worth as much as [Verify] without a kept checkpoint. A part that begins past the end
// is [fault.Invalid].
func VerifyPart(ctx context.Context, d *db.DB, environment uuid.UUID, from, to int64) (Part, error) {
	from = max(from, 1)
	var v *verifier
	err := d.Read(ctx, func(tx *db.Tx) error {
		head, err := Last(tx, environment)
		if err != nil {
			return err
		}
		if from > head.Number+1 {
			return fault.On("from", "the ledger ends at event %d", head.Number)
		}
		v = newVerifier(head)
		v.at, err = At(tx, environment, from-1)
		if fault.Is(err, fault.Conflict) {
			err = problem(RemovedEvent, from-1, "event %d is missing", from-1)
		}
		return err
	})
	if err != nil {
		return Part{From: from}, err
	}
	if to <= 0 || to > v.head.Number {
		to = v.head.Number
	}
	part := Part{From: from, To: min(to, from+MaxPart-1), End: v.head.Number}
	return part, v.part(ctx, d, &part)
}

func (v *verifier) part(ctx context.Context, d *db.DB, part *Part) error {
	source := InDatabase(d, v.head.Environment)
	for after := part.From - 2; ; {
		page, err := source.Checkpoints(ctx, after)
		if err != nil {
			return err
		}
		for _, c := range page {
			if after = c.Number; after > part.To {
				break
			}
			if err := v.vouch(c); err != nil {
				return err
			}
		}
		if len(page) == 0 || after > part.To {
			break
		}
	}
	part.Checkpoints = v.proof.Checkpoints
	if err := v.compare(); err != nil {
		return err
	}
	for v.at.Number < part.To {
		page, err := source.Events(ctx, v.at.Number)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			return problem(CutTail, v.at.Number+1, "the ledger ends at event %d, but there was an event %d", v.at.Number, part.To)
		}
		for i := range page {
			if page[i].Number > part.To && v.at.Number == part.To {
				break
			}
			if err := v.event(&page[i], page[i+1:]); err != nil {
				return err
			}
		}
	}
	part.Erased = v.proof.Erased
	return v.recorded(ctx, d)
}

// recorded finds a payload that is gone without an event, in this part or later, that says so.
func (v *verifier) recorded(ctx context.Context, d *db.DB) error {
	numbers := []int64{}
	for number := range v.erased {
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	for _, number := range numbers {
		var found []Record
		err := d.Read(ctx, func(tx *db.Tx) (err error) {
			found, err = Events(tx, v.head.Environment, Filter{Kind: ErasedKind, Subject: decimal(number), Limit: 1})
			return err
		})
		if err != nil {
			return err
		}
		if len(found) == 0 {
			return problem(UnrecordedErasure, number, "the payload of event %d is gone, and no event says that it was erased", number)
		}
	}
	return nil
}
