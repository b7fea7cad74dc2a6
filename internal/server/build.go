package server

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/exchange"
	"github.com/counterfoil/counterfoil/internal/connect/fresh"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/assertion"
	"github.com/counterfoil/counterfoil/internal/credential/chosen"
	"github.com/counterfoil/counterfoil/internal/credential/lock"
	"github.com/counterfoil/counterfoil/internal/credential/usage"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/directory/recovery"
	"github.com/counterfoil/counterfoil/internal/egress"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/environment/furnish"
	"github.com/counterfoil/counterfoil/internal/keyring"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/logon"
	"github.com/counterfoil/counterfoil/internal/notice/letter"
	"github.com/counterfoil/counterfoil/internal/notice/mail"
	"github.com/counterfoil/counterfoil/internal/notice/webhook"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/server/config"
	"github.com/counterfoil/counterfoil/internal/server/front"
	"github.com/counterfoil/counterfoil/internal/token"
	"github.com/counterfoil/counterfoil/internal/web"
	"github.com/counterfoil/counterfoil/internal/web/stream"
)

// House is one node of an installation, put together and ready to be served.
type House struct {
	config *config.Config
	now    func() time.Time
	log    *slog.Logger

	db           *db.DB
	vault        *seal.Vault
	environments *environment.Authority
	apis         *access.Authority
	credentials  *credential.Authority
	register     *register.Register
	tokens       *token.Authority
	logon        *logon.Authority
	locks        *lock.Book
	passwords    *password.Authority
	recovery     *recovery.Authority
	egress       *egress.Client
	webhooks     *webhook.Authority
	mail         *mail.Office
	letters      *letter.Office
	connect      *connect.Authority
	exchange     *exchange.Exchange
	keeper       *fresh.Keeper
	mailbox      *mail.Mailbox // nil where mails are sent, or there are none
	figures      atomic.Pointer[figures]
	usage        *usage.Counter
	refusals     *usage.Refusals
	idempotency  *web.Idempotency
	metrics      *web.Metrics
	streams      *stream.Book
	handler      http.Handler

	drain  front.Drain
	stop   context.CancelFunc
	chores sync.WaitGroup

	// FirstAdmin is set when this start founded the installation: the credential of its first administrator, which
	// is shown once.
	FirstAdmin *Admin
}

// Admin is a client credential for the management API of the default environment.
type Admin struct {
	ClientID string
	Secret   seal.Secret
}

// Parts are what a house is built from besides its settings.
type Parts struct {
	// Now is the clock of everything that decides; nil means [time.Now].
	Now func() time.Time
	// Log takes the program's log; it must stay open until the house is closed.
	Log *web.Log
}

// NewLog returns the log that c asks for, written to out.
func NewLog(c *config.Config, out io.Writer) *web.Log { return web.OpenLog(out, c.Level()) }

// Build opens everything, founds the installation if the database is new, and starts the chores. The errors are
// those of [db.Open] and [seal.Open]: they say what to mend. The house must be closed.
func Build(ctx context.Context, c *config.Config, parts Parts) (*House, error) {
	h := newHouse(c, parts)
	err := h.open(ctx)
	if err == nil {
		err = h.found(ctx)
	}
	if err == nil {
		err = h.register.Load(ctx)
	}
	if err == nil {
		err = h.hang(parts.Log)
	}
	if err != nil {
		_ = h.Close()
		return nil, err
	}
	h.start()
	return h, nil
}

func newHouse(c *config.Config, parts Parts) *House {
	if parts.Now == nil {
		parts.Now = time.Now
	}
	return &House{
		config: c, now: parts.Now, log: parts.Log.Logger(),
		usage: &usage.Counter{}, refusals: &usage.Refusals{}, idempotency: &web.Idempotency{},
		streams: stream.NewBook(),
	}
}

// open opens the database and the vault and puts the rooms together.
func (h *House) open(ctx context.Context) (err error) {
	h.db, err = db.Open(ctx, db.Options{DSN: h.config.DSN(), Now: h.now, Log: h.log})
	if err != nil {
		return err
	}
	if h.vault, err = seal.Open(ctx, h.db, h.config.RootSource()); err != nil {
		return err
	}
	ring := keyring.New(h.vault)
	h.apis = &access.Authority{Ring: ring}
	h.environments = furnish.Authority(h.vault, ring, h.apis)
	if h.environments.Regions, err = environment.ParseRegions(h.config.Regions, h.config.Region); err != nil {
		return err
	}
	h.credentials = &credential.Authority{Vault: h.vault}
	h.locks = lock.New(lock.Options{DB: h.db, Now: h.now, Log: h.log})
	h.register = register.New(register.Options{
		DB: h.db, Ring: ring, BaseURL: h.config.BaseURL, Now: h.now, Log: h.log, Rewritten: h.rewritten, Locks: h.locks,
		Moved:   func() { h.webhooks.Wake() },
		Heard:   func(environment uuid.UUID, about ledger.Subject) { h.keeper.Heard(environment, about) },
		Regions: h.environments.Regions,
	})
	h.tokens = token.New(h.register)
	if h.egress, err = h.config.WayOut(); err != nil {
		return err
	}
	h.logon = &logon.Authority{
		DB: h.db, Register: h.register, Vault: h.vault, Credentials: h.credentials, Checker: chosen.New(chosen.Options{Now: h.now}), Locks: h.locks,
		Fetcher: &assertion.Fetcher{Egress: h.egress, Now: h.now}, Seen: &assertion.Seen{DB: h.db, Now: h.now}, Usage: h.usage,
	}
	if err = h.openPasswords(); err != nil {
		return err
	}
	if err = h.openNotices(); err != nil {
		return err
	}
	h.openRecovery()
	if err = h.openConnect(); err != nil {
		return err
	}
	h.openKeeper()
	return h.locks.Load(ctx)
}

// Handler serves every route of the house.
func (h *House) Handler() http.Handler { return h.handler }

// Config returns the settings it was built with.
func (h *House) Config() *config.Config { return h.config }

// Ready reports whether the house answers requests as it should.
func (h *House) Ready() bool {
	return h.drain.Ready() && h.register.Loaded() && h.register.Age(h.now()) < register.MaxStale
}

// Flush writes what is written behind: uses of credentials, and refusals.
func (h *House) Flush(ctx context.Context) error {
	ctx = db.Chore(ctx)
	return errors.Join(h.usage.Flush(ctx, h.db), h.refusals.Flush(ctx, h.db), h.locks.Flush(ctx), h.logon.Flush(ctx), h.keeper.Flush(ctx))
}

// Close ends the chores, writes what is written behind and closes the database.
func (h *House) Close() error {
	h.streams.End()
	if h.stop != nil {
		h.stop()
		h.chores.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := h.Flush(ctx); err != nil {
			h.log.Warn("uses of credentials and refusals not written", "error", err)
		}
		if err := h.register.Leave(db.Chore(ctx)); err != nil {
			h.log.Warn("the other nodes will wait for this one for a while", "error", err)
		}
	}
	h.closePasswords()
	if h.db != nil {
		return h.db.Close()
	}
	return nil
}
