package register

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/lock"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/keyring"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// Register is one node's memory. Its methods may be called from many goroutines.
type Register struct {
	db   *db.DB
	ring *keyring.Ring
	base string // the base URL, without a trailing slash
	now  func() time.Time
	log  *slog.Logger
	node uuid.UUID

	environments atomic.Pointer[environments]
	clients      *clients
	revoked      *revoked
	loaded       atomic.Bool
	heard        atomic.Pointer[time.Time] // the start of the last successful reading
	deaf         atomic.Pointer[time.Time] // since when readings fail; nil while they succeed
	alarms       atomic.Uint64
	rewritten    func(context.Context) error
	locks        *lock.Book
	moved        func()
	heardOf      func(uuid.UUID, ledger.Subject)

	tail tail

	regions environment.Regions

	// Only the goroutine that reads the ledger touches these.
	positions map[uuid.UUID]ledger.Position
	reported  map[uuid.UUID]int64
	indices   map[uuid.UUID]uint32
	signed    time.Time // when this node last gave a sign of life
}

// Options say what a register works with.
type Options struct {
	DB   *db.DB
	Ring *keyring.Ring
	// BaseURL is the public URL of the default environment, without a trailing slash.
	BaseURL string
	Now     func() time.Time
	Log     *slog.Logger
	// Rewritten is called after the ledger was found rewritten and everything was read again; nil does nothing.
	Rewritten func(context.Context) error
	// Locks hears of every application that changed, so that an unlocking reaches all nodes at once; nil is none.
	Locks *lock.Book
	// Heard is told of every subject that the register itself keeps nothing of, before the change counts as known here; of
	// none (a zero subject) when everything was read again. It must not block. Nil does nothing.
	Heard func(environment uuid.UUID, subject ledger.Subject)
	// Moved is called after a reading that found any ledger longer; it must not block. Nil does nothing.
	Moved func()
	// Regions say which environments live elsewhere.
	Regions environment.Regions
}

// New returns an empty register.
func New(o Options) *Register {
	return &Register{
		db: o.DB, ring: o.Ring, locks: o.Locks, moved: o.Moved, heardOf: o.Heard, regions: o.Regions, rewritten: o.Rewritten, base: o.BaseURL, now: o.Now, log: o.Log, node: uuid.New(),
		clients: newClients(newSets()), revoked: newRevoked(),
		positions: map[uuid.UUID]ledger.Position{}, reported: map[uuid.UUID]int64{}, indices: map[uuid.UUID]uint32{},
	}
}

// Node is the name this process goes by among the nodes of the installation; it lasts as long as the process.
func (r *Register) Node() uuid.UUID { return r.node }

// Loaded reports whether every client is in memory. Until then [Register.Client] reads through.
func (r *Register) Loaded() bool { return r.loaded.Load() }

// Load reads the environments, so that requests can be routed, and returns; [Register.Follow] reads the rest.
func (r *Register) Load(ctx context.Context) error {
	if err := r.announce(ctx); err != nil {
		return err
	}
	started := r.now()
	err := r.load(ctx)
	if err == nil {
		r.heard.Store(&started)
	}
	return err
}

func (r *Register) load(ctx context.Context) error {
	return r.db.Read(db.Chore(ctx), func(tx *db.Tx) error {
		heads, err := ledger.Heads(tx)
		if err != nil {
			return err
		}
		rows, err := environment.All(tx)
		if err != nil {
			return err
		}
		table := &environments{}
		for _, row := range rows {
			e, err := r.compile(tx, row)
			if err != nil {
				return err
			}
			table = table.with(e)
		}
		err = eachRevoked(tx, func(env uuid.UUID, jti JTI, expires int64) {
			r.revoked.add(r.indexOf(env), jti, expires)
		}, selectRevoked, db.Micros(tx.Now()))
		if err != nil {
			return err
		}
		r.environments.Store(table)
		r.positions = heads
		return nil
	})
}

// fill reads every client into a fresh table and puts it in place of the old one. The ledger is read from the
// positions taken before, so a change that happens meanwhile is applied a second time, which does no harm.
func (r *Register) fill(ctx context.Context) error {
	fresh := newClients(newSets())
	err := r.db.Read(db.Chore(ctx), func(tx *db.Tx) error {
		if err := tx.Unhurried(); err != nil {
			return err
		}
		err := application.Each(tx, uuid.Nil, uuid.Nil, func(a *application.Application) error {
			fresh.put(r.indexOf(a.Environment), a.ID, a, nil)
			return nil
		})
		if err != nil {
			return err
		}
		return credential.Each(tx, uuid.Nil, uuid.Nil, func(env, app uuid.UUID, c *proof.Candidate) error {
			fresh.attach(r.indexOf(env), app, c)
			return nil
		})
	})
	if err != nil {
		return err
	}
	r.clients.become(fresh)
	return nil
}

// Client fills into with the client of an environment and reports whether there is one. The error is
// [fault.Unavailable], while this node is starting and the database does not answer.
func (r *Register) Client(ctx context.Context, e *Environment, id uuid.UUID, into *Client) (bool, error) {
	if r.loaded.Load() {
		return r.clients.find(e, id, into), nil
	}
	found := false
	err := r.db.Read(ctx, func(tx *db.Tx) error {
		a, candidates, err := readClient(tx, e.ID, id)
		if err != nil || a == nil {
			return err
		}
		found = true
		*into = Client{
			Environment: e, ID: id, Kind: a.Kind, Enabled: a.Enabled, Epoch: a.Epoch, Lifetime: a.Lifetime, Methods: methodsOf(a.Methods),
			Lock: a.Lock, LegacyAudience: a.LegacyAudience,
			Permissions: a.Permissions, Introspects: a.Introspects, Candidates: candidates,
		}
		return nil
	})
	return found, err
}

// readClient returns an application with its credentials as the transaction sees them, or nil.
func readClient(tx *db.Tx, env, id uuid.UUID) (*application.Application, []proof.Candidate, error) {
	var found *application.Application
	err := application.Each(tx, env, id, func(a *application.Application) error {
		one := *a
		found = &one
		return nil
	})
	if err != nil || found == nil {
		return nil, nil, err
	}
	var candidates []proof.Candidate
	err = credential.Each(tx, env, id, func(_, _ uuid.UUID, c *proof.Candidate) error {
		candidates = append(candidates, *c)
		return nil
	})
	return found, candidates, err
}

// IsRevoked reports whether a token was revoked by itself.
func (r *Register) IsRevoked(e *Environment, jti JTI) bool { return r.revoked.has(e.index, jti) }

// Sweep forgets what has expired.
func (r *Register) Sweep() { r.revoked.sweep(r.now()) }

// tail is the state of those who wait for the ledger to be read.
type tail struct {
	reading sync.Mutex // held by the one who reads
	mu      sync.Mutex
	next    *reading      // asked for and not begun; whoever asks now is served by it
	asked   time.Time     // when a request last made the node read
	news    chan struct{} // closed when the ledger is longer; nil while nobody waits
}

// reading is one pass over the ledger.
type reading struct {
	done chan struct{}
	err  error
}
