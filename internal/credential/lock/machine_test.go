package lock_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/counterfoil/counterfoil/internal/credential/lock"
	"github.com/counterfoil/counterfoil/internal/db"
)

// model is the counter as an administrator would describe it.
type model struct {
	failures int
	last     time.Time
	until    time.Time
	told     time.Time
	events   int
}

func (m *model) locked(now time.Time) bool { return m.until.After(now) }

func (m *model) fail(now time.Time) {
	if m.locked(now) {
		return
	}
	if !m.until.IsZero() || now.Sub(m.last) >= lock.For {
		m.failures, m.until = 0, time.Time{}
	}
	m.failures++
	m.last = now
	if m.failures == lock.MaxFailures {
		m.until = now.Add(lock.For)
		if now.Sub(m.told) >= lock.For {
			m.told = now
			m.events++
		}
	}
}

func (m *model) succeed(now time.Time) {
	if !m.locked(now) {
		m.failures, m.until = 0, time.Time{}
	}
}

func (m *model) seen(now time.Time) int {
	if !m.locked(now) && (!m.until.IsZero() || now.Sub(m.last) >= lock.For) {
		return 0
	}
	return m.failures
}

// Two nodes that have heard of each other's doings behave as one counter; one of them may be restarted any time.
func TestCounterIsThatOfTheModel(t *testing.T) {
	each(t, func(h *house) {
		rapid.Check(t, func(rt *rapid.T) {
			runModel(rt, h, rapid.SampledFrom([]lock.Mode{lock.On, lock.ClientNetwork}).Draw(rt, "mode"))
		})
	})
}

func runModel(rt *rapid.T, h *house, mode lock.Mode) {
	nodes := []*node{h.node(), h.node()}
	l := h.client(mode)
	m := &model{}
	either := func(rt *rapid.T) *node { return nodes[rapid.IntRange(0, 1).Draw(rt, "node")] }
	change := func(fn func(n *node, tx *db.Tx) error) func(*rapid.T) {
		return func(rt *rapid.T) {
			n := either(rt)
			h.wait(3 * time.Millisecond)
			if err := h.DB.Write(h.Context(), func(tx *db.Tx) error { return fn(n, tx) }); err != nil {
				rt.Fatal(err)
			}
		}
	}
	rt.Repeat(map[string]func(*rapid.T){
		"fail": func(rt *rapid.T) {
			n := either(rt)
			h.wait(3 * time.Millisecond)
			if (n.Verdict(l, h.now()) == lock.Locked) != m.locked(h.now()) {
				rt.Fatalf("locked: %v by the model", m.locked(h.now()))
			}
			n.Failed(h.Context(), l, h.now())
			m.fail(h.now())
		},
		"succeed": func(rt *rapid.T) {
			n := either(rt)
			h.wait(3 * time.Millisecond)
			if n.Verdict(l, h.now()) == lock.Open {
				n.Succeeded(l, h.now(), true)
			}
			m.succeed(h.now())
			h.wait(3 * time.Millisecond)
		},
		"wait": func(rt *rapid.T) {
			h.wait(time.Duration(rapid.IntRange(1, 70).Draw(rt, "minutes")) * time.Minute)
		},
		"restart": func(rt *rapid.T) {
			nodes[rapid.IntRange(0, 1).Draw(rt, "node")] = h.node()
		},
		"unlock": change(func(n *node, tx *db.Tx) error {
			if m.seen(tx.Now()) > 0 || m.locked(tx.Now()) {
				*m = model{events: m.events}
			}
			return n.Unlock(tx, &h.Operator, l.Application)
		}),
		"disable": change(func(n *node, tx *db.Tx) error {
			m.failures = 0
			return n.Disable(tx, l.Environment, l.Application)
		}),
		"forget": func(rt *rapid.T) {
			if err := nodes[0].Forget(h.Context()); err != nil {
				rt.Fatal(err)
			}
		},
		"": func(rt *rapid.T) {
			for _, n := range []*node{nodes[0], nodes[1], nodes[0]} {
				if err := n.Flush(h.Context()); err != nil {
					rt.Fatal(err)
				}
				if err := n.PollAnyway(h.Context()); err != nil {
					rt.Fatal(err)
				}
			}
			s := h.state(l)
			failures, until := s.Failures, s.LockedUntil
			if mode == lock.ClientNetwork && len(s.Networks) > 0 {
				failures, until = s.Networks[0].Failures, s.Networks[0].LockedUntil
			}
			now := h.now()
			if failures != m.seen(now) || until.After(now) != m.locked(now) || m.locked(now) && !until.Equal(m.until) {
				rt.Fatalf("rows say %d and %v, the model %+v (seen %d)", failures, until, *m, m.seen(now))
			}
			for i, n := range nodes {
				if (n.Verdict(l, now) == lock.Locked) != m.locked(now) {
					rt.Fatalf("node %d says otherwise than the model, which says locked: %v", i, m.locked(now))
				}
			}
			if told := h.events(l, "application.locked"); told != m.events {
				rt.Fatalf("the ledger tells of %d locks, the model of %d", told, m.events)
			}
		},
	})
}
