package lock_test

import (
	"context"
	"net/netip"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential/lock"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/roomtest"
)

// house is an installation with a clock that tests move.
type house struct {
	*roomtest.Rooms
	start time.Time
	ahead atomic.Int64 // nanoseconds
}

func each(t *testing.T, test func(h *house)) {
	t.Helper()
	h := &house{start: time.Now().Truncate(time.Second)}
	dbtest.EachAt(t, h.now, func(t *testing.T, d *db.DB) { h.found(t, d); test(h) })
}

// found founds the installation on a database that goes by the house's clock.
func (h *house) found(t *testing.T, d *db.DB) {
	t.Helper()
	h.ahead.Store(0)
	h.Rooms = roomtest.Found(t, d, filepath.Join(t.TempDir(), "root.key"))
}

func (h *house) now() time.Time { return h.start.Add(time.Duration(h.ahead.Load())) }

func (h *house) wait(d time.Duration) { h.ahead.Add(int64(d)) }

// node starts a node over the house's database.
func (h *house) node() *node {
	h.Helper()
	n := &node{h, lock.New(lock.Options{DB: h.DB, Now: h.now})}
	n.Remember()
	n.Patient()
	if err := n.Load(h.Context()); err != nil {
		h.Fatal(err)
	}
	return n
}

// client makes an application whose logons come from one address.
func (h *house) client(mode lock.Mode) lock.Logon {
	h.Helper()
	var made *application.Application
	h.Write(func(tx *db.Tx) (err error) {
		made, err = application.Create(tx, &h.Operator, application.Spec{Name: uuid.NewString()})
		return err
	})
	return lock.Logon{Environment: h.Home.ID, Application: made.ID, Address: netip.MustParseAddr("192.0.2.7"), Mode: mode}
}

func (h *house) state(l lock.Logon) (s lock.Status) {
	h.Helper()
	h.read(func(tx *db.Tx) (err error) {
		s, err = lock.State(tx, l.Environment, l.Application, h.now())
		return err
	})
	return s
}

func (h *house) read(fn func(tx *db.Tx) error) {
	h.Helper()
	if err := h.DB.Read(context.Background(), fn); err != nil {
		h.Fatal(err)
	}
}

// events counts the ledger's events of a kind about a client.
func (h *house) events(l lock.Logon, kind string) (count int) {
	h.Helper()
	h.read(func(tx *db.Tx) (err error) {
		count, err = db.Value[int](tx, `SELECT count(*) FROM ledger_event WHERE environment_id = $1 AND subject_id = $2 AND kind = $3`,
			l.Environment.String(), l.Application.String(), kind)
		return err
	})
	return count
}

func (h *house) rows() (count int) {
	h.Helper()
	h.read(func(tx *db.Tx) (err error) {
		count, err = db.Value[int](tx, `SELECT count(*) FROM logon_failure`)
		return err
	})
	return count
}

// node is one of several over one database.
type node struct {
	*house
	*lock.Book
}

// fail sends wrong secrets, as a door does, and returns how many were compared.
func (n *node) fail(l lock.Logon, times int) (compared int) {
	for range times {
		n.wait(2 * time.Millisecond)
		if n.Verdict(l, n.now()) == lock.Locked {
			continue
		}
		compared++
		n.Failed(n.Context(), l, n.now())
	}
	return compared
}

// succeed sends a right secret, as a door does but for the verdict before, and reports whether it was let in.
func (n *node) succeed(l lock.Logon) bool {
	n.wait(2 * time.Millisecond)
	if n.Verdict(l, n.now()) == lock.Locked {
		return false
	}
	n.Succeeded(l, n.now(), true)
	n.wait(2 * time.Millisecond)
	return true
}

func (n *node) chores() {
	n.Helper()
	if err := n.Flush(n.Context()); err != nil {
		n.Fatal(err)
	}
	if err := n.PollAnyway(n.Context()); err != nil {
		n.Fatal(err)
	}
}

// is fails the test unless the node's verdict is that one.
func (n *node) is(l lock.Logon, want lock.Verdict, when string) {
	n.Helper()
	if got := n.Verdict(l, n.now()); got != want {
		n.Errorf("%s: the verdict is %d, want %d", when, got, want)
	}
}

func from(l lock.Logon, address string) lock.Logon {
	l.Address = netip.MustParseAddr(address)
	return l
}
