package chosen

import (
	"encoding/binary"
	"testing"
	"time"

	"github.com/google/uuid"
)

type clock struct{ now time.Time }

func (c *clock) pass(d time.Duration) { c.now = c.now.Add(d) }

func remembering() (*Checker, *clock) {
	c := &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	return New(Options{Now: func() time.Time { return c.now }}), c
}

var (
	secret = []byte("correct horse")
	id     = uuid.UUID{7}
	stored = [32]byte{8}
)

func knows(c *Checker, app uuid.UUID, secret string) bool {
	_, _, ok := c.Recall(env, app, []byte(secret))
	return ok
}

func TestARightSecretIsRemembered(t *testing.T) {
	c, _ := remembering()
	if knows(c, app, string(secret)) {
		t.Error("before it was verified")
	}
	c.Remember(env, app, id, secret, stored)
	if credential, mac, ok := c.Recall(env, app, secret); !ok || credential != id || mac != stored {
		t.Errorf("got %v, %x, %v", credential, mac, ok)
	}
	if _, _, ok := c.Recall(app, app, secret); ok || knows(c, env, string(secret)) || knows(c, app, "Correct horse") || knows(c, app, "correct horse ") {
		t.Error("something else is remembered")
	}
	other, _ := remembering()
	if knows(other, app, string(secret)) {
		t.Error("another process remembers it")
	}
	c.Remember(env, app, uuid.UUID{9}, secret, [32]byte{10})
	if credential, mac, _ := c.Recall(env, app, secret); credential != (uuid.UUID{9}) || mac != ([32]byte{10}) {
		t.Error("the later verification does not count")
	}
	c.Remember(env, app, id, []byte("cfs_secret"), stored)
	if c.memo.size() != 1 {
		t.Errorf("%d are remembered, want 1", c.memo.size())
	}
}

func TestASecretIsForgottenAfterAnIdleHour(t *testing.T) {
	c, clock := remembering()
	c.Remember(env, app, id, secret, stored)
	for range 5 {
		clock.pass(59 * time.Minute)
		if !knows(c, app, string(secret)) {
			t.Fatal("forgotten although it is in use")
		}
	}
	clock.pass(time.Hour)
	if knows(c, app, string(secret)) {
		t.Error("remembered after an idle hour")
	}
	if c.memo.size() != 0 {
		t.Error("it is still in memory")
	}
}

func TestSweepingTakesIdleSecretsOutOfMemory(t *testing.T) {
	c, clock := remembering()
	c.Remember(env, app, id, secret, stored)
	clock.pass(30 * time.Minute)
	c.Remember(env, app, id, []byte("another"), stored)
	clock.pass(30 * time.Minute)
	c.Sweep()
	if c.memo.size() != 1 || !knows(c, app, "another") {
		t.Errorf("%d are left", c.memo.size())
	}
}

func TestForgettingAnApplicationLeavesTheOthers(t *testing.T) {
	c, _ := remembering()
	other := uuid.UUID{200}
	c.Remember(env, app, id, secret, stored)
	c.Remember(env, app, id, []byte("another"), stored)
	c.Remember(env, other, id, secret, stored)
	c.Remember(other, app, id, secret, stored)
	c.Forget(env, app)
	if knows(c, app, string(secret)) || knows(c, app, "another") {
		t.Error("something of it is left")
	}
	if _, _, ok := c.Recall(other, app, secret); !ok || !knows(c, other, string(secret)) {
		t.Error("something else is gone")
	}
}

func TestMemoryIsBoundedAndKeepsWhatIsInUse(t *testing.T) {
	const entries = 1024
	m := newMemo(newKeyed(), entries, time.Now)
	m.remember(env, app, id, secret, stored)
	for i := range 20 * entries {
		var filler uuid.UUID
		binary.BigEndian.PutUint64(filler[:], uint64(i))
		m.remember(env, filler, id, secret, stored)
		if i%2 == 0 {
			if _, _, ok := m.recall(env, app, secret); !ok {
				t.Fatalf("what is in use gave way to number %d", i)
			}
		}
	}
	if n := m.size(); n > entries || n < entries/4 {
		t.Errorf("%d are remembered, at most %d wanted", n, entries)
	}
}
