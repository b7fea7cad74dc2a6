package ledger

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// Flaw names a way in which a ledger is not what was written.
type Flaw string

// The flaws that [Verify] finds.
const (
	EditedPayload     Flaw = "edited payload"     // the payload does not belong to its digest
	EditedEvent       Flaw = "edited event"       // the hash does not follow from the event and the one before it
	RemovedEvent      Flaw = "removed event"      // a number is missing in between
	ReorderedEvent    Flaw = "reordered event"    // an event stands where another belongs
	RecomputedChain   Flaw = "recomputed chain"   // the chain fits together, but not with what was signed
	CutTail           Flaw = "cut tail"           // the ledger ends before an event that is known to have existed
	EditedHead        Flaw = "edited head"        // the head has another hash than the event it names
	ForgedCheckpoint  Flaw = "forged checkpoint"  // its signature is not by the environment's key, or it is out of order
	UnrecordedErasure Flaw = "unrecorded erasure" // a payload is gone, and no event says who erased it
)

// Problem is the first flaw that was found.
type Problem struct {
	Flaw   Flaw
	Number int64  // of the event or checkpoint at fault
	Detail string // one sentence; it quotes nothing from the ledger but numbers
}

// Error names the flaw and where it is.
func (p *Problem) Error() string { return string(p.Flaw) + ": " + p.Detail }

func problem(flaw Flaw, number int64, format string, args ...any) error {
	return &Problem{Flaw: flaw, Number: number, Detail: fmt.Sprintf(format, args...)}
}

// Proof is what [Verify] established.
type Proof struct {
	Events      int64 // how many events there are; all of them fit together
	Signed      int64 // the last of them that a signature vouches for; later ones could still be edited unseen
	Checkpoints int   // how many signatures were checked
	Erased      int   // how many payloads are gone, each by an event that says so
}

// Source is where [Verify] reads a ledger: the API of a server, or [InDatabase]. Both lists are read a page at a
// time, of any size, in the order of their numbers and from the first number after the one given (0: from the
// start); an empty page is the end.
type Source interface {
	Head(ctx context.Context) (Head, error)
	Checkpoints(ctx context.Context, after int64) ([]Checkpoint, error)
	Events(ctx context.Context, after int64) ([]Record, error)
}

// Verify reads a whole ledger and proves that nobody edited it, or returns the first flaw as a [*Problem]. kept is
// a checkpoint from earlier times, or nil; with it Verify also finds what somebody did who has the database and
// the key. A kept checkpoint of another environment is [fault.Invalid]. Errors of s are returned as they are. The
// ledger may grow meanwhile.
func Verify(ctx context.Context, s Source, kept *Checkpoint) (Proof, error) {
	// What must be in the ledger is read before the events, which by then are all there.
	head, err := s.Head(ctx)
	if err != nil {
		return Proof{}, err
	}
	v := newVerifier(head)
	if kept != nil {
		if kept.Environment != head.Environment {
			return Proof{}, fault.New(fault.Invalid, "the kept checkpoint is of environment %s, the ledger of %s",
				kept.Environment, head.Environment)
		}
		if err := v.vouch(*kept); err != nil {
			return Proof{}, err
		}
	}
	if err := v.readCheckpoints(ctx, s); err != nil {
		return Proof{}, err
	}
	if err := v.readEvents(ctx, s); err != nil {
		return Proof{}, err
	}
	end, err := s.Head(ctx)
	if err != nil {
		return Proof{}, err
	}
	return v.finish(end)
}

// verifier walks along a chain.
type verifier struct {
	head   Head
	at     Position       // up to here all is well
	signed map[int64]Hash // what signatures say about positions still to come
	erased map[int64]bool // events without payload whose erasure was not yet seen
	proof  Proof
	known  int64 // the highest number that the head or a signature names
}

func newVerifier(head Head) *verifier {
	return &verifier{
		head: head, at: Genesis(head.Environment), known: head.Number,
		signed: map[int64]Hash{}, erased: map[int64]bool{},
	}
}

func (v *verifier) readCheckpoints(ctx context.Context, s Source) error {
	for after := int64(0); ; {
		page, err := s.Checkpoints(ctx, after)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, c := range page {
			if c.Number <= after {
				return problem(ForgedCheckpoint, c.Number, "the checkpoint at event %d comes after that at %d", c.Number, after)
			}
			if err := v.vouch(c); err != nil {
				return err
			}
			after = c.Number
		}
	}
}

func (v *verifier) readEvents(ctx context.Context, s Source) error {
	if err := v.compare(); err != nil { // the beginning has a hash, too
		return err
	}
	for {
		page, err := s.Events(ctx, v.at.Number)
		if err != nil || len(page) == 0 {
			return err
		}
		for i := range page {
			if err := v.event(&page[i], page[i+1:]); err != nil {
				return err
			}
		}
	}
}

// vouch notes what a checkpoint says. All checkpoints come before the first event.
func (v *verifier) vouch(c Checkpoint) error {
	c.Environment = v.head.Environment // one of another environment thereby has a wrong signature
	if !c.SignedBy(v.head.Public) {
		return problem(ForgedCheckpoint, c.Number,
			"the checkpoint at event %d is not signed by the key that the environment shows", c.Number)
	}
	if other, ok := v.signed[c.Number]; ok && other != c.Hash {
		return problem(RecomputedChain, c.Number, "two different hashes were signed for event %d", c.Number)
	}
	v.signed[c.Number] = c.Hash
	v.known = max(v.known, c.Number)
	v.proof.Checkpoints++
	return nil
}

// event takes the next event; rest is what follows it on the page.
func (v *verifier) event(r *Record, rest []Record) error {
	number := v.at.Number + 1
	switch {
	case r.Number > number:
		return problem(RemovedEvent, number, "event %d is missing, the next one is %d", number, r.Number)
	case r.Number < number:
		return problem(ReorderedEvent, r.Number, "event %d comes after event %d", r.Number, v.at.Number)
	}
	next := v.at.next(v.head.Environment, r)
	if next.Hash != r.Hash {
		return v.misfit(number, rest)
	}
	if r.Erased() {
		v.erased[number] = true
		v.proof.Erased++
	} else if digest(r.Salt, r.Payload) != r.Digest {
		return problem(EditedPayload, number, "the payload of event %d is not the one that was written", number)
	}
	if r.Kind == ErasedKind && r.Subject.Kind == EventSubject {
		if erased, err := strconv.ParseInt(r.Subject.ID, 10, 64); err == nil {
			delete(v.erased, erased)
		}
	}
	v.at = next
	return v.compare()
}

// misfit says what became of event number, whose hash is not what it should be. An event that was moved still fits
// its old place and is recognised by that, as far as the page goes.
func (v *verifier) misfit(number int64, rest []Record) error {
	for _, moved := range rest {
		from := moved.Number
		moved.Number = number
		if v.at.next(v.head.Environment, &moved).Hash == moved.Hash {
			return problem(ReorderedEvent, number, "the event that stands at %d belongs at %d", from, number)
		}
	}
	return problem(EditedEvent, number, "event %d does not follow from event %d: one of them was edited", number, number-1)
}

// compare holds the position that was reached against what is known of it.
func (v *verifier) compare() error {
	number := v.at.Number
	if hash, ok := v.signed[number]; ok {
		if hash != v.at.Hash {
			return problem(RecomputedChain, number,
				"event %d has another hash than was signed: it or an event before it was edited and the chain computed anew", number)
		}
		v.proof.Signed = number
		delete(v.signed, number)
	}
	if number == v.head.Number && v.head.Hash != v.at.Hash {
		return problem(EditedHead, number, "the head of the ledger names another hash than event %d has", number)
	}
	return nil
}

// finish draws the conclusion. end is the head as it stands after the last event was read.
func (v *verifier) finish(end Head) (Proof, error) {
	v.proof.Events = v.at.Number
	if end.Number < v.at.Number {
		return Proof{}, problem(EditedHead, end.Number,
			"the head of the ledger is at event %d, but there is an event %d", end.Number, v.at.Number)
	}
	if v.known > v.at.Number {
		return Proof{}, problem(CutTail, v.at.Number+1,
			"the ledger ends at event %d, but there was an event %d", v.at.Number, v.known)
	}
	if len(v.erased) > 0 {
		number := slices.Min(slices.Collect(maps.Keys(v.erased)))
		return Proof{}, problem(UnrecordedErasure, number,
			"the payload of event %d is gone, and no event says that it was erased", number)
	}
	return v.proof, nil
}

// InDatabase is the ledger of an environment as it stands in d.
func InDatabase(d *db.DB, environment uuid.UUID) Source { return stored{d, environment} }

type stored struct {
	d           *db.DB
	environment uuid.UUID
}

func (s stored) Head(ctx context.Context) (head Head, err error) {
	err = s.d.Read(ctx, func(tx *db.Tx) error {
		head, err = Last(tx, s.environment)
		return err
	})
	return head, err
}

func (s stored) Checkpoints(ctx context.Context, after int64) (page []Checkpoint, err error) {
	err = s.d.Read(ctx, func(tx *db.Tx) error {
		page, err = Checkpoints(tx, s.environment, after, MaxPage)
		return err
	})
	return page, err
}

func (s stored) Events(ctx context.Context, after int64) (page []Record, err error) {
	err = s.d.Read(ctx, func(tx *db.Tx) error {
		page, err = Events(tx, s.environment, Filter{After: after})
		return err
	})
	return page, err
}
