package fresh

import (
	"context"
	"crypto/subtle"
	"encoding/base64"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/exchange"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Fetcher gets tokens from providers; [exchange.Exchange] is one.
type Fetcher interface {
	Fetch(ctx context.Context, c exchange.Credential, former *connect.Token) (*connect.Token, error)
}

// Options say what a [Keeper] works with.
type Options struct {
	DB      *db.DB
	Connect *connect.Authority
	Fetcher Fetcher
	// Node is what this process is called among the others.
	Node string
	// Fresh refuses, as [fault.Unavailable], while this node has not heard of changes for too long: a switch may be off
	// that it knows nothing of. Nil never does.
	Fresh func(now time.Time) error
	Now   func() time.Time
	Log   *slog.Logger
}

// Keeper keeps the tokens of connections fresh. It is safe for concurrent use.
type Keeper struct {
	db      *db.DB
	connect *connect.Authority
	fetcher Fetcher
	node    string
	current func(time.Time) error
	now     func() time.Time
	log     *slog.Logger

	entries    sync.Map // key → *entry
	connectors sync.Map // id → *connect.Connector
}

type key struct{ environment, connection uuid.UUID }

// entry is what a node knows of a connection. It stays when the connection's way is forgotten.
type entry struct {
	way atomic.Pointer[Way]
	// heard grows whenever something happened to the connection: what was read before is not kept.
	heard  atomic.Uint64
	flight struct {
		sync.Mutex

		now *flight
	}
	reading sync.Mutex   // held by the one who reads the way, for all who come meanwhile
	usedAt  atomic.Int64 // microseconds; 0 when it is written down
	callers atomic.Pointer[[]uuid.UUID]
	traffic traffic
}

// Way is what must be known to call the system behind a connection. It is shared and never changes.
type Way struct {
	// Connection is what was connected. What no call needs may be missing: values, metadata, tags, end user.
	Connection *connect.Connection
	Provider   *provider.Provider
	// Token is the provider's; nil in modes that have none.
	Token *connect.Token
	// BaseURL is where its API begins, empty if nobody said. Headers show that we may call it; they are secret.
	BaseURL string
	Headers map[string]string

	// renewAt is when the successor of Token is due, zero never; after a failure nothing is tried before retryAt.
	renewAt, retryAt time.Time
}

// New returns a keeper that knows nothing yet.
func New(o Options) *Keeper {
	if o.Fresh == nil {
		o.Fresh = func(time.Time) error { return nil }
	}
	return &Keeper{db: o.DB, connect: o.Connect, fetcher: o.Fetcher, node: o.Node, current: o.Fresh, now: o.Now, log: o.Log}
}

// usable is how long a token must still live to be handed out: the caller has to get somewhere with it.
const usable = 5 * time.Second

func (w *Way) valid(now time.Time) bool {
	if w.Token == nil {
		return !w.Provider.Mode.HasToken()
	}
	return w.Token.ExpiresAt.IsZero() || now.Add(usable).Before(w.Token.ExpiresAt)
}

func (w *Way) due(now time.Time) bool {
	return !w.renewAt.IsZero() && !now.Before(w.renewAt) && !w.resting(now)
}

// resting reports whether there is no use in trying: it was, a moment ago or too often.
func (w *Way) resting(now time.Time) bool {
	return w.Connection.State == connect.Exhausted || now.Before(w.retryAt)
}

// Token returns the way to a connection's system with a token that is valid. A connection whose mode has no token is
// [fault.Conflict], and so is one that is switched off. One that fails and has no valid token left is
// [fault.Unavailable], with the reason in words.
func (k *Keeper) Token(ctx context.Context, actor *access.Actor, connection uuid.UUID) (*Way, error) {
	w, err := k.Way(ctx, actor, connection)
	if err == nil && w.Token == nil {
		return nil, fault.New(fault.Conflict, "this connection has no token of its own: call its system through the proxy")
	}
	return w, err
}

// Way is [Keeper.Token] for calling the system, which connections without a token allow as well. Whoever calls holds
// [access.UseConnections]; that is the door's to see to.
func (k *Keeper) Way(ctx context.Context, actor *access.Actor, connection uuid.UUID) (*Way, error) {
	now := k.now()
	if err := k.current(now); err != nil {
		return nil, err
	}
	at := key{actor.Environment, connection}
	e := k.entry(at)
	w := e.way.Load()
	if w == nil {
		var err error
		if w, err = k.resident(ctx, at, e); err != nil {
			return nil, err
		}
	}
	if err := w.Connection.Usable(); err != nil {
		return nil, err
	}
	switch {
	case !w.valid(now) && w.resting(now):
		return nil, unavailable(w.Connection)
	case !w.valid(now):
		var err error
		if w, err = k.renew(ctx, at, e, w, wantDue); err != nil {
			return nil, err
		}
		if !w.valid(k.now()) { // it was while we waited for somebody else's renewal, and is not any more
			return nil, unavailable(w.Connection)
		}
	case w.due(now):
		k.begin(at, e, w, wantDue) // its successor; this one is good until then
	}
	return w, k.note(ctx, actor, e, w, now)
}

// Refresh fetches a token now, unless the last attempt is less than ten seconds ago: then it returns the token, or the
// error, of that one. It is for a person who wants to know, also after a connection was given up.
func (k *Keeper) Refresh(ctx context.Context, environment, connection uuid.UUID) (*Way, error) {
	if err := k.current(k.now()); err != nil {
		return nil, err
	}
	at := key{environment, connection}
	e := k.entry(at)
	w, err := k.load(ctx, at, e)
	if err == nil {
		err = w.Connection.Usable()
	}
	if err != nil {
		return nil, err
	}
	if !w.Provider.Mode.HasToken() {
		return nil, fault.New(fault.Conflict, "this connection has no token to refresh")
	}
	return k.renew(ctx, at, e, w, wantNow)
}

// Rejected says that the system refused a token (401). If it is the one that is handed out, another is fetched, once;
// errors are the next caller's to hear. A provider that is being left in peace stays so: a system that refuses whatever it
// is shown must not make us ask for tokens all day.
func (k *Keeper) Rejected(ctx context.Context, environment, connection uuid.UUID, token seal.Secret) {
	at := key{environment, connection}
	e := k.entry(at)
	w := e.way.Load()
	if w == nil || w.Token == nil || subtle.ConstantTimeCompare([]byte(w.Token.Access.Reveal()), []byte(token.Reveal())) == 0 {
		return
	}
	if k.current(k.now()) == nil && w.Connection.Usable() == nil {
		_, _ = k.renew(ctx, at, e, w, wantOther)
	}
}

// Heard forgets what an event of the ledger may have changed, or everything where no subject is named. The register calls
// it, on every node, before the change counts as known there.
func (k *Keeper) Heard(environment uuid.UUID, subject ledger.Subject) {
	switch subject.Kind {
	case "":
		k.Forget()
	case "connection":
		if id, err := uuid.Parse(subject.ID); err == nil {
			if e, ok := k.entries.Load(key{environment, id}); ok {
				e.(*entry).forget()
			}
		}
	case "connector", "provider":
		k.forget(func(at key) bool { return at.environment == environment })
	}
}

// Forget forgets everything that is resident, as after the catalogue of providers changed.
func (k *Keeper) Forget() { k.forget(func(key) bool { return true }) }

func (k *Keeper) forget(which func(key) bool) {
	k.entries.Range(func(at, e any) bool {
		if which(at.(key)) {
			e.(*entry).forget()
		}
		return true
	})
}

func (e *entry) forget() {
	e.heard.Add(1)
	e.way.Store(nil)
}

func (k *Keeper) entry(at key) *entry {
	if e, ok := k.entries.Load(at); ok {
		return e.(*entry)
	}
	e, _ := k.entries.LoadOrStore(at, &entry{})
	return e.(*entry)
}

// resident returns the way that is remembered, and reads it if there is none: once for all who come meanwhile.
func (k *Keeper) resident(ctx context.Context, at key, e *entry) (*Way, error) {
	e.reading.Lock()
	defer e.reading.Unlock()
	if w := e.way.Load(); w != nil {
		return w, nil
	}
	return k.load(ctx, at, e)
}

// load reads a connection and what there is of its token. A connection that is not there leaves no entry behind, or
// whoever guesses ids would fill the memory.
func (k *Keeper) load(ctx context.Context, at key, e *entry) (*Way, error) {
	before := e.heard.Load()
	var w *Way
	err := k.db.Read(ctx, func(tx *db.Tx) error {
		row, err := readToken(tx, at, "")
		if err != nil {
			return err
		}
		w, err = k.read(tx, at, row)
		return err
	})
	if err != nil {
		if fault.Is(err, fault.NotFound) {
			k.entries.CompareAndDelete(at, e)
			return nil, fault.New(fault.NotFound, "there is no such connection")
		}
		return nil, err
	}
	k.keep(e, w, before)
	return w, nil
}

// keep makes a way resident unless something was heard of the connection since its reading began.
func (k *Keeper) keep(e *entry, w *Way, before uint64) {
	c := *w.Connection
	c.Values, c.Metadata, c.Tags, c.EndUser = nil, nil, nil, connect.EndUser{} // as much as kilobytes each
	c.Connector = k.shared(c.Connector)
	slim := *w
	slim.Connection = &c
	w = &slim
	e.way.Store(w)
	if e.heard.Load() != before {
		e.way.CompareAndSwap(w, nil)
	}
}

// shared returns the connector that other ways have already, if it is the same.
func (k *Keeper) shared(c *connect.Connector) *connect.Connector {
	if known, ok := k.connectors.Load(c.ID); ok {
		if known := known.(*connect.Connector); known.Version == c.Version && known.Stopped == c.Stopped && known.Environment == c.Environment {
			return known
		}
	}
	k.connectors.Store(c.ID, c)
	return c
}

func (k *Keeper) read(tx *db.Tx, at key, row *tokenRow) (*Way, error) {
	c, err := connect.Load(tx, at.environment, at.connection)
	if err != nil {
		return nil, err
	}
	token, err := k.connect.UnsealToken(tx, at.environment, at.connection, row.sealed)
	if err != nil {
		return nil, err
	}
	secrets := map[string]seal.Secret{}
	if p := k.connect.Catalogue.Get(c.Connector.Provider); p != nil && !p.Mode.HasToken() || p != nil && len(p.API.Headers) > 0 {
		if secrets, err = k.connect.Secrets(tx, c); err != nil {
			return nil, err
		}
	}
	w, err := k.way(c, token, secrets)
	if err == nil {
		w.retryAt = row.retryAt
	}
	return w, err
}

// way puts together what a call needs.
func (k *Keeper) way(c *connect.Connection, token *connect.Token, secrets map[string]seal.Secret) (*Way, error) {
	p := k.connect.Catalogue.Get(c.Connector.Provider)
	if p == nil {
		return nil, fault.New(fault.Conflict, "the provider %s is not in the catalogue any more", c.Connector.Provider)
	}
	w := &Way{Connection: c, Provider: p, Token: token, Headers: map[string]string{}}
	values := c.Filled()
	if token != nil {
		for name, value := range token.Told {
			if _, entered := values[name]; !entered { // a provider does not say where a person wants to go
				values[name] = value
			}
		}
		if at := connect.RefreshAt(token, c.ID); at != 0 {
			w.renewAt = db.Time(at)
		}
	}
	if p.API.BaseURL != "" {
		// A base URL of fields that were left empty is none: the caller may have one that its connector lists.
		w.BaseURL, _ = provider.ExpandURL(p.API.BaseURL, values)
	}
	for name, secret := range secrets {
		values[name] = secret.Reveal()
	}
	switch {
	case token != nil:
		const scheme = "Bearer "
		header := scheme + token.Access.Reveal()
		values["access_token"], w.Headers["Authorization"] = header[len(scheme):], header
		once := *token
		once.Access = seal.NewSecret(header[len(scheme):]) // the same bytes: tokens are most of what is resident
		w.Token = &once
	case p.Mode == provider.Basic:
		w.Headers["Authorization"] = "Basic " + base64.StdEncoding.EncodeToString([]byte(values["username"]+":"+values["password"]))
	}
	for name, template := range p.API.Headers {
		value, err := provider.Expand(template, values)
		if err != nil && token == nil && p.Mode.HasToken() {
			continue // of a token that is not there yet
		}
		if err != nil {
			return nil, err
		}
		w.Headers[name] = value
	}
	return w, nil
}
