package intake

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// Mode says what becomes of a record whose user exists.
type Mode string

// The modes.
const (
	// CreateOnly rejects it.
	CreateOnly Mode = "create"
	// Update makes the user's attributes those of the record; what the record does not name stays.
	Update Mode = "update"
)

// State is where an import is.
type State string

// The states of an import.
const (
	Unfinished State = "open"
	Finished   State = "finished"
)

const (
	// BatchSize is how many records a batch has at most: it holds the head of the ledger for well under 100 ms.
	BatchSize = 500
	// MaxBatches bounds an import.
	MaxBatches = 100_000
	maxName    = 255
)

// Import is one file on its way into the directory.
type Import struct {
	Environment uuid.UUID
	ID          uuid.UUID
	// Source is the SHA-256 of the file in hexadecimal: the same file goes on where it stopped.
	Source    string
	Name      string
	Mode      Mode
	State     State
	CreatedBy string
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Counts is what became of records.
type Counts struct{ Created, Changed, Unchanged, Rejected int64 }

func (c *Counts) add(o Counts) {
	c.Created, c.Changed = c.Created+o.Created, c.Changed+o.Changed
	c.Unchanged, c.Rejected = c.Unchanged+o.Unchanged, c.Rejected+o.Rejected
}

// Reject is a record that was not applied.
type Reject struct {
	Line   int64
	Reason string
}

// Outcome is what became of one batch.
type Outcome struct {
	Counts
	Rejects []Reject
	// Differences says for the first changed users of a dry run what would change: line, user name, attributes.
	Differences []Difference
	// Again says that the batch had been applied before, and nothing was done.
	Again bool
}

// Difference is what a record would change.
type Difference struct {
	Line       int64
	UserName   string
	Attributes []string
}

var sourceShape = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Open begins the import of a file, or returns the one that was begun for the same file and mode and is not finished.
func Open(tx *db.Tx, actor *access.Actor, source, name string, mode Mode) (*Import, error) {
	if err := access.AllowSomewhere(tx, actor, access.WriteUsers); err != nil {
		return nil, err
	}
	switch {
	case !sourceShape.MatchString(source):
		return nil, fault.On("source", "the SHA-256 of the file, in lowercase hexadecimal")
	case len(name) == 0 || len(name) > maxName || access.ValidName("name", clip(name)) != nil:
		return nil, fault.On("name", "what the file is called, in 1 to %d characters", maxName)
	case mode != CreateOnly && mode != Update:
		return nil, fault.On("mode", "it is create or update")
	}
	found, err := db.All(tx, scanImport, selectBySource, actor.Environment.String(), source)
	if err != nil {
		return nil, err
	}
	for _, i := range found {
		// Somebody else's may have been begun with more or less authority.
		if i.State == Unfinished && i.Mode == mode && i.CreatedBy == actor.Who().ID {
			return i, nil
		}
	}
	i := &Import{
		Environment: actor.Environment, ID: uuid.New(), Source: source, Name: clip(name), Mode: mode, State: Unfinished,
		CreatedBy: actor.Who().ID, CreatedAt: tx.Now(), UpdatedAt: tx.Now(),
	}
	if err := i.insert(tx); err != nil {
		return nil, err
	}
	i.record(tx, actor, "import.begun", nil)
	return i, nil
}

// Get returns an import of the actor's environment, or [fault.NotFound].
func Get(tx *db.Tx, actor *access.Actor, id uuid.UUID) (*Import, error) {
	if err := access.AllowSomewhere(tx, actor, access.ReadUsers); err != nil {
		return nil, err
	}
	return db.One(tx, scanImport, selectImport, actor.Environment.String(), id.String())
}

// List returns the imports of the actor's environment, the newest first, at most 200.
func List(tx *db.Tx, actor *access.Actor) ([]*Import, error) {
	if err := access.AllowSomewhere(tx, actor, access.ReadUsers); err != nil {
		return nil, err
	}
	return db.All(tx, scanImport, selectImports, actor.Environment.String())
}

// Counts adds up what became of the records so far.
func (i *Import) Counts(tx *db.Tx) (c Counts, err error) {
	err = tx.Each(func(s db.Scan) error {
		var one Counts
		err := s(&one.Created, &one.Changed, &one.Unchanged, &one.Rejected)
		c.add(one)
		return err
	}, selectCounts, i.Environment.String(), i.ID.String())
	return c, err
}

// Done lists the numbers of the batches that were applied, from after on, at most 1,000.
func (i *Import) Done(tx *db.Tx, after int64) ([]int64, error) {
	return db.All(tx, func(s db.Scan) (n int64, err error) { return n, s(&n) }, selectDone, i.Environment.String(), i.ID.String(), after)
}

// Rejects lists the rejects from a line on, at most 1,000.
func (i *Import) Rejects(tx *db.Tx, after int64) ([]Reject, error) {
	return db.All(tx, func(s db.Scan) (r Reject, err error) { return r, s(&r.Line, &r.Reason) }, selectRejects, i.Environment.String(), i.ID.String(), after)
}

// Finish says that every batch was sent.
func Finish(tx *db.Tx, actor *access.Actor, id uuid.UUID) (*Import, Counts, error) {
	i, err := writable(tx, actor, id)
	if err != nil {
		return nil, Counts{}, err
	}
	counts, err := i.Counts(tx)
	if err != nil || i.State == Finished {
		return i, counts, err
	}
	i.State, i.UpdatedAt = Finished, tx.Now()
	if _, err := tx.Exec(updateState, i.Environment.String(), i.ID.String(), string(i.State), db.Micros(i.UpdatedAt)); err != nil {
		return nil, counts, err
	}
	i.record(tx, actor, "import.finished", &counts)
	return i, counts, nil
}

func writable(tx *db.Tx, actor *access.Actor, id uuid.UUID) (*Import, error) {
	if err := access.AllowSomewhere(tx, actor, access.WriteUsers); err != nil {
		return nil, err
	}
	return db.One(tx, scanImport, selectImport, actor.Environment.String(), id.String())
}

// Digest is the SHA-256 of a batch, by which a batch that comes again is told from another under its number.
func Digest(records []Record) (string, error) {
	text, err := json.Marshal(records)
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), err
}

func (i *Import) record(tx *db.Tx, actor *access.Actor, kind string, counts *Counts) {
	after := map[string]any{"name": i.Name, "source": i.Source, "mode": string(i.Mode)}
	if counts != nil {
		after["created"], after["changed"], after["unchanged"], after["rejected"] = counts.Created, counts.Changed, counts.Unchanged, counts.Rejected
	}
	ledger.Append(tx, actor.Who(), ledger.Event{
		Environment: i.Environment, Kind: kind, Subject: ledger.Subject{Kind: "import", ID: i.ID.String()}, After: after,
	})
}

// populations resolves names of populations, once per transaction.
type populations struct {
	byName map[string]uuid.UUID
}

func newPopulations(tx *db.Tx, environment uuid.UUID) (*populations, error) {
	all, err := directory.AllPopulations(tx, environment)
	p := &populations{byName: make(map[string]uuid.UUID, 2*len(all))}
	for _, one := range all {
		p.byName[directory.Fold(one.Name)] = one.ID
		p.byName[one.ID.String()] = one.ID
	}
	return p, err
}

func (p *populations) find(name string) (uuid.UUID, error) {
	if name == "" {
		return uuid.Nil, nil
	}
	id, ok := p.byName[directory.Fold(name)]
	if !ok {
		return id, fault.New(fault.Invalid, "there is no population %q", clip(name))
	}
	return id, nil
}
