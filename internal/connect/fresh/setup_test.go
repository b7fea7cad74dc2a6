package fresh_test

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/exchange"
	"github.com/counterfoil/counterfoil/internal/connect/fresh"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/roomtest"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// clock is what everybody's watch shows.
type clock struct{ ahead atomic.Int64 }

func (c *clock) Now() time.Time {
	return time.Now().UTC().Truncate(time.Microsecond).Add(time.Duration(c.ahead.Load()))
}
func (c *clock) pass(d time.Duration) { c.ahead.Add(int64(d)) }

// far is a system of somebody else's. Its tokens are numbered.
type far struct {
	clock *clock
	life  time.Duration
	calls atomic.Int64
	// answer is called for every call, if it is set.
	mu     sync.Mutex
	answer func(ctx context.Context, call int64) error
}

func (f *far) says(answer func(ctx context.Context, call int64) error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = answer
}

// Fetch implements [fresh.Fetcher].
func (f *far) Fetch(ctx context.Context, c exchange.Credential, former *connect.Token) (*connect.Token, error) {
	call := f.calls.Add(1)
	f.mu.Lock()
	answer := f.answer
	f.mu.Unlock()
	if answer != nil {
		if err := answer(ctx, call); err != nil {
			return nil, err
		}
	}
	t := token(f.clock.Now(), f.life, fmt.Sprintf("token %d", call))
	if former != nil {
		t.Refresh = former.Refresh
	}
	return t, nil
}

func token(now time.Time, life time.Duration, text string) *connect.Token {
	return &connect.Token{Access: seal.NewSecret(text), Type: "Bearer", FetchedAt: now, ExpiresAt: now.Add(life)}
}

// node is one process.
type node struct {
	*fresh.Keeper
	db      *db.DB
	connect *connect.Authority
	heard   int64
	deaf    atomic.Bool // it has not heard of changes for too long
}

// house is an installation with one connection.
type house struct {
	*testing.T
	clock *clock
	far   *far
	dsn   string
	root  string
	rooms *roomtest.Rooms
	nodes []*node
	actor access.Actor
	at    *connect.Connection
}

func build(t *testing.T, dsn string, providerName string) *house {
	t.Helper()
	h := &house{T: t, clock: &clock{}, dsn: dsn, root: filepath.Join(t.TempDir(), "root.key")}
	h.far = &far{clock: h.clock, life: time.Hour}
	first := dbtest.Open(t, dsn, h.clock.Now)
	h.rooms = roomtest.Found(t, first, h.root)
	n := h.join(first)
	h.actor = access.Actor{Environment: h.rooms.Home.ID, Application: uuid.New()}
	operator := access.Operator(h.rooms.Home.ID)
	h.rooms.Write(func(tx *db.Tx) error {
		c, err := n.connect.CreateConnector(tx, &operator, connect.ConnectorSpec{Provider: providerName})
		if err != nil {
			return err
		}
		filled := connect.Filled{
			Values:  map[string]string{"client_id": "me"},
			Secrets: map[string]seal.Secret{"client_secret": seal.NewSecret("s3cret")},
		}
		t := token(h.clock.Now(), time.Hour, "token 0")
		if providerName == "rotating" {
			t.Refresh = seal.NewSecret("refresh 0")
		}
		h.at, err = n.connect.Create(tx, operator.Who(), c, connect.Spec{}, filled, t, "")
		return err
	})
	return h
}

// join adds a node.
func (h *house) join(d *db.DB) *node {
	h.Helper()
	vault, err := seal.Open(h.Context(), d, seal.Source{File: h.root})
	if err != nil {
		h.Fatal(err)
	}
	catalogue, err := provider.Open("testdata/providers")
	if err != nil {
		h.Fatal(err)
	}
	n := &node{db: d, connect: &connect.Authority{Vault: vault, Catalogue: catalogue}}
	n.Keeper = fresh.New(fresh.Options{
		DB: d, Connect: n.connect, Fetcher: h.far, Node: uuid.NewString(), Now: h.clock.Now, Log: slog.New(slog.DiscardHandler),
		Fresh: func(time.Time) error {
			if n.deaf.Load() {
				return fault.New(fault.Unavailable, "deaf")
			}
			return nil
		},
	})
	h.nodes = append(h.nodes, n)
	return n
}

// tell lets a node hear of everything that it has not heard of yet, as the register does.
func (h *house) tell(n *node) {
	h.Helper()
	err := n.db.Read(h.Context(), func(tx *db.Tx) error {
		events, err := ledger.Events(tx, h.rooms.Home.ID, ledger.Filter{After: n.heard, Limit: 1000})
		for _, e := range events {
			n.heard = e.Number
			n.Heard(h.rooms.Home.ID, e.Subject)
		}
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) token(n *node) (string, error) {
	w, err := n.Token(h.Context(), &h.actor, h.at.ID)
	if err != nil {
		return "", err
	}
	return w.Token.Access.Reveal(), nil
}

// gets fails the test unless a node hands out that token.
func (h *house) gets(n *node, want string) {
	h.Helper()
	if got, err := h.token(n); err != nil || got != want {
		h.Errorf("got %q, %v; want %q", got, err, want)
	}
}

// load reads the connection from the database.
func (h *house) load() (c *connect.Connection) {
	h.Helper()
	err := h.nodes[0].db.Read(h.Context(), func(tx *db.Tx) (err error) {
		c, err = connect.Load(tx, h.rooms.Home.ID, h.at.ID)
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return c
}

// kinds are the kinds of the events about the connection, in order.
func (h *house) kinds() (kinds []string) {
	h.Helper()
	err := h.nodes[0].db.Read(h.Context(), func(tx *db.Tx) error {
		events, err := ledger.Events(tx, h.rooms.Home.ID, ledger.Filter{Limit: 1000})
		for _, e := range events {
			if e.Subject.ID == h.at.ID.String() {
				kinds = append(kinds, e.Kind)
			}
		}
		return err
	})
	if err != nil {
		h.Fatal(err)
	}
	return kinds
}
