package lock_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential/lock"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

func TestFifthFailureLocksForAnHour(t *testing.T) {
	each(t, func(h *house) {
		n, l := h.node(), h.client(lock.On)
		n.fail(from(l, "198.51.100.1"), 4)
		n.is(l, lock.Open, "after four failures")
		if s := h.state(l); s.Failures != 4 || !s.LockedUntil.IsZero() {
			t.Errorf("administrators see %+v after four failures", s)
		}
		n.fail(l, 1)
		n.is(l, lock.Locked, "after five, from two networks")
		n.is(h.client(lock.On), lock.Open, "another client")
		until := h.now().Add(lock.For)
		if s := h.state(l); s.Failures != 5 || !s.LockedUntil.Equal(until) || !s.LastFailure.Equal(h.now()) {
			t.Errorf("administrators see %+v, want five failures, the last now, and a lock until %v", s, until)
		}
		h.wait(lock.For - time.Microsecond)
		n.is(l, lock.Locked, "a moment before the hour is over")
		h.wait(time.Microsecond)
		n.is(l, lock.Open, "after an hour")
		if s := h.state(l); s.Failures != 0 || !s.LockedUntil.IsZero() {
			t.Errorf("administrators see %+v when the lock is over", s)
		}
		if compared := n.fail(l, 9); compared != 5 {
			t.Errorf("after the lock %d secrets were compared before the next one, want 5", compared)
		}
		if told := h.events(l, "application.locked"); told != 2 {
			t.Errorf("the ledger tells of %d locks, want 2", told)
		}
	})
}

func TestAnHourOfSilenceIsForgotten(t *testing.T) {
	each(t, func(h *house) {
		n, l := h.node(), h.client(lock.On)
		n.fail(l, 4)
		h.wait(lock.For)
		n.fail(l, 4)
		n.is(l, lock.Open, "four failures an hour after four others")
		if s := h.state(l); s.Failures != 4 {
			t.Errorf("%d failures are counted, want 4", s.Failures)
		}
		n.fail(l, 1)
		n.is(l, lock.Locked, "the fifth in a row")
	})
}

func TestFiveFailuresOnTwoNodesLockBoth(t *testing.T) {
	each(t, func(h *house) {
		a, b, c, l := h.node(), h.node(), h.node(), h.client(lock.On)
		a.fail(l, 3)
		b.fail(l, 2)
		b.is(l, lock.Locked, "the node that counted the fifth")
		a.chores()
		c.chores()
		a.is(l, lock.Locked, "the other one after a poll")
		c.is(l, lock.Locked, "one that counted nothing, after a poll")
		if told := h.events(l, "application.locked"); told != 1 {
			t.Errorf("the ledger tells of %d locks, want 1", told)
		}
	})
}

func TestNodeThatHasNotHeardOfALockCountsNothingMore(t *testing.T) {
	each(t, func(h *house) {
		a, b, l := h.node(), h.node(), h.client(lock.On)
		b.fail(l, 1)
		a.fail(l, 4)
		locked := h.state(l).LockedUntil
		h.wait(time.Minute)
		if compared := b.fail(l, 9); compared != 1 {
			t.Errorf("%d secrets were compared on a node that had not heard of the lock, want 1", compared)
		}
		if s := h.state(l); s.Failures != 5 || !s.LockedUntil.Equal(locked) {
			t.Errorf("a failure while locked made it %+v, want five and %v", s, locked)
		}
	})
}

func TestRestartKeepsLocksAndCounts(t *testing.T) {
	each(t, func(h *house) {
		locked, counted := h.client(lock.On), h.client(lock.ClientNetwork)
		n := h.node()
		n.fail(locked, 5)
		n.fail(counted, 4)
		n = h.node()
		n.is(locked, lock.Locked, "after a restart")
		n.fail(counted, 1)
		n.is(counted, lock.Locked, "the fifth failure after a restart")
	})
}

func TestNetworksAreCountedApart(t *testing.T) {
	each(t, func(h *house) {
		n, l := h.node(), h.client(lock.ClientNetwork)
		stranger := from(l, "198.51.100.1")
		n.fail(stranger, 3)
		n.fail(from(l, "198.51.100.200"), 2) // the same /24
		n.is(stranger, lock.Locked, "the stranger's network")
		n.is(l, lock.Open, "the client's own")
		n.fail(from(l, "2001:db8::1"), 4)
		n.succeed(l)
		n.chores()
		n.is(stranger, lock.Locked, "after a success elsewhere")
		n.fail(from(l, "2001:db8::ffff:1"), 1) // the same /64
		n.is(from(l, "2001:db8::1"), lock.Locked, "a success elsewhere took nothing back")
		s := h.state(l)
		if len(s.Networks) != 2 || s.Networks[0].Network != "2001:db8::/64" || s.Networks[1].Network != "198.51.100.0/24" ||
			s.Networks[1].Failures != 5 || s.Networks[1].LockedUntil.IsZero() || !s.LockedUntil.IsZero() {
			t.Errorf("administrators see %+v", s)
		}
		if told := h.events(l, "application.locked"); told != 1 {
			t.Errorf("within an hour the ledger tells of %d locks, want 1", told)
		}
	})
}

func TestAddressesOfOneNetworkAreOne(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.200": "192.0.2.0/24", "::ffff:192.0.2.1": "192.0.2.0/24", "2001:db8:1:2:3::4": "2001:db8:1:2::/64",
		"fe80::1%eth0": "fe80::/64", "::1": "::/64", "0.0.0.1": "0.0.0.0/24",
	} {
		a := netip.MustParseAddr(address)
		if got := lock.NetworkName(a); got != want {
			t.Errorf("%s is of network %s, want %s", a, got, want)
		}
		if !lock.ReadsNetwork(a) {
			t.Errorf("the network of %s is not read back", a)
		}
	}
	if lock.NetworkName(netip.Addr{}) != "-" || !lock.ReadsNetwork(netip.Addr{}) {
		t.Error("callers without an address are not counted together")
	}
}

func TestSuccessTakesFailuresBackOnEveryNode(t *testing.T) {
	for _, mode := range []lock.Mode{lock.On, lock.ClientNetwork} {
		t.Run(mode.String(), func(t *testing.T) {
			each(t, func(h *house) {
				a, b, l := h.node(), h.node(), h.client(mode)
				a.fail(l, 4)
				b.succeed(l) // b has not heard of the failures yet
				b.chores()
				b.chores()
				a.chores()
				if s := h.state(l); s.Failures != 0 || len(s.Networks) != 0 {
					t.Errorf("after a success on the other node %+v is left", s)
				}
				a.fail(l, 4)
				a.is(l, lock.Open, "four failures after a success on the other node")
				b.chores()
				b.succeed(l) // now it has
				b.chores()
				a.chores()
				a.fail(l, 4)
				a.succeed(l)
				a.fail(l, 4)
				a.is(l, lock.Open, "four failures after a success on the same node")
				a.fail(l, 1)
				a.is(l, lock.Locked, "the fifth")
			})
		})
	}
}

func TestSuccessOnANodeThatNeverPolledCountsBeforeItsOwnFailure(t *testing.T) {
	each(t, func(h *house) {
		a, b, l := h.node(), h.node(), h.client(lock.On)
		a.fail(l, 4)
		b.succeed(l)
		b.fail(l, 1)
		b.is(l, lock.Open, "one failure after a success")
	})
}

func TestSuccessLiftsNoLock(t *testing.T) {
	each(t, func(h *house) {
		a, b, l := h.node(), h.node(), h.client(lock.On)
		a.fail(l, 5)
		if !b.succeed(l) {
			t.Fatal("the node has heard of the lock too early for this test")
		}
		for _, n := range []*node{b, a, b} {
			n.chores()
			n.is(l, lock.Locked, "after a success on a node that had not heard of the lock")
		}
		a.Succeeded(l, h.now(), true)
		a.chores()
		a.is(l, lock.Locked, "after a right secret that was under way")
	})
}

func TestRightSecretBuysNoGuessesAtAnother(t *testing.T) {
	for _, c := range []struct {
		chosen     int
		withChosen bool
		want       bool
	}{{0, false, true}, {1, true, true}, {1, false, false}, {2, true, false}, {2, false, false}} {
		if got := lock.Resets(c.chosen, c.withChosen); got != c.want {
			t.Errorf("with %d chosen secrets, the right one among them: %v, failures are taken back: %v", c.chosen, c.withChosen, got)
		}
	}
	each(t, func(h *house) {
		n, l := h.node(), h.client(lock.On)
		n.fail(l, 4)
		n.Succeeded(l, h.now(), false)
		n.fail(l, 1)
		n.is(l, lock.Locked, "after a success that proves nothing")
	})
}

func TestTurningLockingOffClearsTheCountButKeepsTheLock(t *testing.T) {
	each(t, func(h *house) {
		a, b, l := h.node(), h.node(), h.client(lock.On)
		counted := h.client(lock.On)
		a.fail(l, 5)
		a.fail(counted, 4)
		h.Write(func(tx *db.Tx) error {
			if err := a.Disable(tx, counted.Environment, counted.Application); err != nil {
				return err
			}
			return a.Disable(tx, l.Environment, l.Application)
		})
		b.chores()
		off := l
		off.Mode = lock.Off
		for _, n := range []*node{a, b} {
			n.is(off, lock.Locked, "locking was turned off while locked")
			n.fail(counted, 1)
			n.is(counted, lock.Open, "a failure after the count was cleared")
		}
		if s := h.state(l); s.Failures != 0 || s.LockedUntil.IsZero() {
			t.Errorf("administrators see %+v, want no failures and the lock", s)
		}
		h.wait(lock.For)
		a.is(off, lock.Open, "when the lock is over")
		if compared := a.fail(off, 20); compared != 20 {
			t.Errorf("%d of 20 secrets were compared with locking off", compared)
		}
	})
}

func TestUnlockLetsInOnEveryNode(t *testing.T) {
	each(t, func(h *house) {
		a, b := h.node(), h.node()
		l, guarded := h.client(lock.On), h.client(lock.ClientNetwork)
		reader, writer := h.Actor(access.ReadCredentials), h.Actor(access.WriteCredentials)
		a.fail(l, 5)
		a.fail(guarded, 5)
		b.chores()
		h.Refused("unlocking without the permission", fault.Denied, func(tx *db.Tx) error { return a.Unlock(tx, &reader, l.Application) })
		h.Refused("unlocking what is not there", fault.NotFound, func(tx *db.Tx) error { return a.Unlock(tx, &writer, uuid.New()) })
		a.is(l, lock.Locked, "after refused unlockings")
		for _, one := range []lock.Logon{l, guarded} {
			h.wait(time.Millisecond)
			h.Write(func(tx *db.Tx) error { return a.Unlock(tx, &writer, one.Application) })
			a.is(one, lock.Open, "on the node that unlocked")
			h.read(func(tx *db.Tx) error { return b.Refresh(tx, one.Environment, one.Application) })
			b.is(one, lock.Open, "on a node that followed the event")
			h.Write(func(tx *db.Tx) error { return a.Unlock(tx, &writer, one.Application) })
			if told := h.events(one, "application.unlocked"); told != 1 {
				t.Errorf("unlocking twice made %d events, want 1", told)
			}
			if compared := b.fail(one, 9); compared != 5 {
				t.Errorf("after unlocking %d secrets were compared, want 5", compared)
			}
			if told := h.events(one, "application.locked"); told != 2 {
				t.Errorf("the ledger tells of %d locks, before and after the unlocking, want 2", told)
			}
		}
	})
}

func TestLockByHandHoldsInEveryMode(t *testing.T) {
	each(t, func(h *house) {
		a, b, l := h.node(), h.node(), h.client(lock.Off)
		until := h.now().Add(24 * time.Hour)
		reader := h.Actor(access.ReadCredentials)
		by := func(actor *access.Actor, until time.Time) func(*db.Tx) error {
			return func(tx *db.Tx) error { return a.Lock(tx, actor, l.Application, until, "found in public") }
		}
		h.Refused("locking without the permission", fault.Denied, by(&reader, until))
		h.Refused("locking into the past", fault.Invalid, by(&h.Operator, h.now()))
		h.Refused("locking for ever", fault.Invalid, by(&h.Operator, h.now().Add(lock.MaxLock+time.Second)))
		h.Write(by(&h.Operator, until))
		h.Write(by(&h.Operator, until.Add(-time.Hour))) // shortens nothing
		b.chores()
		h.wait(24*time.Hour - time.Second)
		for _, mode := range []lock.Mode{lock.Off, lock.On, lock.ClientNetwork} {
			l.Mode = mode
			a.is(l, lock.Locked, "locked by hand, mode "+mode.String())
			b.is(l, lock.Locked, "on the other node, mode "+mode.String())
			h.node().is(l, lock.Locked, "after a restart, mode "+mode.String())
		}
		h.wait(time.Second)
		a.is(l, lock.Open, "when it is over")
	})
}

func TestModesHaveWords(t *testing.T) {
	for _, m := range []lock.Mode{lock.On, lock.ClientNetwork, lock.Off} {
		if got, err := lock.ParseMode(m.String()); got != m || err != nil {
			t.Errorf("%q is read as %v: %v", m, got, err)
		}
	}
	for _, word := range []string{"", "ON", "client", "of"} {
		if _, err := lock.ParseMode(word); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q is a mode: %v", word, err)
		}
	}
}

func TestRowsThatAreOverAreForgotten(t *testing.T) {
	each(t, func(h *house) {
		n, l, deleted := h.node(), h.client(lock.On), h.client(lock.ClientNetwork)
		n.fail(l, 5)
		n.fail(deleted, 1)
		h.Write(func(tx *db.Tx) error { return application.Delete(tx, &h.Operator, deleted.Application, 0) })
		h.wait(lock.For - time.Minute)
		forget := func() int {
			if err := n.Forget(t.Context()); err != nil {
				t.Fatal(err)
			}
			n.chores()
			return h.rows()
		}
		if rows := forget(); rows != 2 {
			t.Errorf("%d rows are there before the hour is over, want 2", rows)
		}
		h.wait(2 * time.Minute)
		if rows := forget(); rows != 0 {
			t.Errorf("%d rows are there when the hour is over", rows)
		}
		if clients, networks := n.Entries(); clients+networks != 0 {
			t.Errorf("the node remembers %d clients and %d networks", clients, networks)
		}
	})
}
