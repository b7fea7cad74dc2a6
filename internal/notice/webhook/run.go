package webhook

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Sender is the way out. It resolves names once, refuses addresses that nobody outside should make this server talk
// to, follows no redirects and reads no more of an answer than it returns.
type Sender interface {
	// Post sends body and returns the status of the answer and its beginning. It ends when ctx does. The error of a
	// request without an answer may be a [fault.Error] with words for the endpoint's owner.
	Post(ctx context.Context, url string, header map[string]string, body []byte) (status int, excerpt []byte, err error)
	// CheckURL refuses ([fault.Invalid]) an address that Post would not talk to.
	CheckURL(ctx context.Context, url string) error
}

// Options are what an [Authority] is made of.
type Options struct {
	DB     *db.DB
	Vault  *seal.Vault
	Sender Sender
	// Node tells the nodes of one database apart; on SQLite there is only one.
	Node string
	// Plain allows http to loopback addresses, for trying out.
	Plain bool
	Log   *slog.Logger
}

// Authority makes, changes and serves the endpoints of all environments.
type Authority struct {
	Options

	turns    chan struct{} // a place for every endpoint that is being served
	database chan struct{} // a place for every statement that serves one
	wake     chan struct{}

	mu   sync.Mutex
	busy map[uuid.UUID]bool
}

const (
	// pollEvery is how often the ledger is looked at when nobody calls [Authority.Wake].
	pollEvery = time.Second
	// Of the database's 16 connections deliveries take 4 at most, so that they never starve requests.
	maxTurns, maxStatements = 16, 4
	// workers is how many messages are under way to one endpoint, each about another subject.
	workers = 4
	// page is how many messages are prepared at once.
	page = 64
	// answerTime is what a receiver has to answer.
	answerTime = 10 * time.Second
	// stopTime is what it still has when the server stops.
	stopTime = 2 * time.Second
	// turnTime is how long one endpoint is served before its turn is over; no message is sent later than that after
	// the lease was taken, so that the last one is noted well before the lease ends.
	turnTime  = 30 * time.Second
	noteTime  = 5 * time.Second
	leaseTime = time.Minute
	// After tolerated failures in a row an endpoint is asked once in a while, until it answers.
	tolerated = 3
	minPause  = 5 * time.Second
	maxPause  = time.Minute
)

// New returns an authority; a nil log discards.
func New(o Options) *Authority {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Authority{
		Options: o, turns: make(chan struct{}, maxTurns), database: make(chan struct{}, maxStatements),
		wake: make(chan struct{}, 1), busy: map[uuid.UUID]bool{},
	}
}

// Wake makes [Authority.Run] look at the ledger now rather than within a second.
func (y *Authority) Wake() {
	select {
	case y.wake <- struct{}{}:
	default:
	}
}

// Run delivers until ctx ends, and returns when nothing is under way any more, within seconds. Failures of the database are logged and
// tried again.
func (y *Authority) Run(ctx context.Context) {
	var under sync.WaitGroup
	defer under.Wait()
	ticker := time.NewTicker(pollEvery)
	defer ticker.Stop()
	for failing := false; ctx.Err() == nil; {
		err := y.begin(ctx, &under)
		if err != nil && !failing && ctx.Err() == nil {
			y.Log.Warn("webhooks not looked at; trying again", "error", err)
		}
		failing = err != nil
		select {
		case <-ctx.Done():
		case <-y.wake:
		case <-ticker.C:
		}
	}
}

// Deliver serves every endpoint once that has something to be sent, and returns when that is done. [Authority.Run] is
// for servers, because there a receiver that hangs keeps nobody else waiting.
func (y *Authority) Deliver(ctx context.Context) error {
	var under sync.WaitGroup
	err := y.begin(ctx, &under)
	under.Wait()
	return err
}

// begin starts a turn for every endpoint that waits for one, as far as there are places. The order is random, so that
// endpoints which hang do not take all places every time.
func (y *Authority) begin(ctx context.Context, under *sync.WaitGroup) error {
	ctx = db.Chore(ctx)
	looking, cancel := context.WithTimeout(ctx, noteTime)
	defer cancel()
	targets, err := y.waiting(looking)
	if err != nil {
		return err
	}
	rand.Shuffle(len(targets), func(i, j int) { targets[i], targets[j] = targets[j], targets[i] })
	for _, t := range targets {
		if !y.occupy(t.id) {
			continue
		}
		select {
		case y.turns <- struct{}{}:
		default:
			y.vacate(t.id)
			return nil
		}
		under.Go(func() {
			defer func() { <-y.turns; y.vacate(t.id) }()
			if err := y.turn(ctx, t); err != nil && ctx.Err() == nil {
				y.Log.Warn("webhook not served; trying again", "webhook", t.id, "error", err)
			}
		})
	}
	return nil
}

func (y *Authority) occupy(id uuid.UUID) bool {
	y.mu.Lock()
	defer y.mu.Unlock()
	if y.busy[id] {
		return false
	}
	y.busy[id] = true
	return true
}

func (y *Authority) vacate(id uuid.UUID) {
	y.mu.Lock()
	defer y.mu.Unlock()
	delete(y.busy, id)
}

func (y *Authority) read(ctx context.Context, fn func(*db.Tx) error) error {
	return y.bounded(ctx, func(ctx context.Context) error { return y.DB.Read(ctx, fn) })
}

func (y *Authority) write(ctx context.Context, fn func(*db.Tx) error) error {
	return y.bounded(ctx, func(ctx context.Context) error { return y.DB.Write(ctx, fn) })
}

// bounded does something with the database, of which deliveries have a share only. It takes [noteTime] at most.
func (y *Authority) bounded(ctx context.Context, do func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, noteTime)
	defer cancel()
	select {
	case y.database <- struct{}{}:
		defer func() { <-y.database }()
		return do(ctx)
	case <-ctx.Done():
		return ctx.Err()
	}
}
