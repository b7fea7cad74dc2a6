package chosen

import (
	"context"
	"net/netip"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/fault"
)

var (
	env, app = uuid.UUID{1}, uuid.UUID{2}
	here     = netip.MustParseAddr("192.0.2.1")
	// cheap are the cheapest parameters there can be.
	cheap = &Params{Memory: 8, Time: 1, Threads: 1, Salt: [16]byte{3}}
)

func parse(t *testing.T, text string) *Imported {
	t.Helper()
	h, err := ParseImported(text)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// hashOfSecret is bcrypt's of "secret", by libxcrypt, and quickHashOfSecret SHA-256's, by OpenSSL.
const (
	hashOfSecret      = "$2b$04$abcdefghijklmnopqrstuu2r9OfJnfCsdneAXAGHnS4UpFFP8WIrW"
	quickHashOfSecret = "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
)

func TestAWorkerComputesWhatTheFunctionsDo(t *testing.T) {
	c := New(Options{})
	got, err := c.Derive(t.Context(), here, env, app, cheap, []byte("secret"))
	if want := cheap.Derive([]byte("secret")); err != nil || got != want {
		t.Errorf("got %x, %v; want %x", got, err, want)
	}
	for _, hash := range []string{hashOfSecret, quickHashOfSecret} {
		for secret, want := range map[string]bool{"secret": true, "Secret": false} {
			if got, err := c.VerifyImported(t.Context(), here, env, app, parse(t, hash), []byte(secret)); err != nil || got != want {
				t.Errorf("%s of %s: %v, %v", hash, secret, got, err)
			}
		}
	}
	for _, bad := range []*Params{nil, {}, {Memory: 1 << 30, Time: 1, Threads: 1}} {
		if _, err := c.Derive(t.Context(), here, env, app, bad, []byte("secret")); !fault.Is(err, fault.Internal) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	c.queue.assertUnused(t, New(Options{}).queue.free)
	if len(c.flights) != 0 {
		t.Errorf("%d flights are left", len(c.flights))
	}
}

// A context that is over gets no worker, so what answers otherwise did not ask for one.
func TestGeneratedSecretsAndQuickHashesNeedNoWorker(t *testing.T) {
	c := New(Options{})
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Derive(over, here, env, app, cheap, []byte("cfs_0123")); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("what looks generated: %v", err)
	}
	if ok, err := c.VerifyImported(over, here, env, app, parse(t, hashOfSecret), []byte("cfs_0123")); ok || err != nil {
		t.Errorf("what looks generated, imported: %v, %v", ok, err)
	}
	if ok, err := c.VerifyImported(over, here, env, app, parse(t, quickHashOfSecret), []byte("secret")); !ok || err != nil {
		t.Errorf("SHA-256: %v, %v", ok, err)
	}
	if _, err := c.VerifyImported(over, here, env, app, parse(t, hashOfSecret), []byte("secret")); !fault.Is(err, fault.Unavailable) {
		t.Errorf("bcrypt: %v", err)
	}
	if _, err := c.Derive(over, here, env, app, cheap, []byte("secret")); !fault.Is(err, fault.Unavailable) {
		t.Errorf("argon2id: %v", err)
	}
}

func TestEqualQuestionsAreComputedOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Workers: 4, PerSource: 2})
		var computed, right atomic.Int64
		for range 100 {
			go func() {
				o, err := c.run(t.Context(), here, [32]byte{1}, func() outcome {
					computed.Add(1)
					time.Sleep(time.Second)
					return outcome{right: true}
				})
				if err == nil && o.right {
					right.Add(1)
				}
			}()
		}
		time.Sleep(2 * time.Second)
		if computed.Load() != 1 || right.Load() != 100 {
			t.Errorf("computed %d times for %d right answers", computed.Load(), right.Load())
		}
	})
}

func TestWhoSharesAComputationTakesItOverWhenItIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := New(Options{Workers: 1})
		holder, err := c.queue.enter(t.Context(), origin{network: networkOf(here)})
		if err != nil {
			t.Fatal(err)
		}
		first, cancel := context.WithCancel(t.Context())
		answers := make(chan error, 2)
		for _, ctx := range []context.Context{first, t.Context()} {
			go func() {
				o, err := c.run(ctx, here, [32]byte{1}, func() outcome { return outcome{right: true} })
				if err == nil && !o.right {
					t.Error("an answer that nobody computed")
				}
				answers <- err
			}()
			synctest.Wait()
		}
		cancel()
		if err := <-answers; !fault.Is(err, fault.Unavailable) {
			t.Errorf("the first: %v", err)
		}
		c.queue.leave(holder)
		if err := <-answers; err != nil {
			t.Errorf("the second: %v", err)
		}
		c.queue.assertUnused(t, 1)
	})
}

func TestAComputationThatFailsLeavesNothingBehind(t *testing.T) {
	c := New(Options{Workers: 1})
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic is lost")
			}
		}()
		_, _ = c.run(t.Context(), here, [32]byte{1}, func() outcome { panic("a defect") })
	}()
	c.queue.assertUnused(t, 1)
	if o, err := c.run(t.Context(), here, [32]byte{1}, func() outcome { return outcome{right: true} }); err != nil || !o.right {
		t.Errorf("the next: %v, %v", o, err)
	}
}

func TestQuestionsOfDifferentApplicationsAreNotEqual(t *testing.T) {
	k := newKeyed()
	seen := map[[32]byte]string{}
	for name, sum := range map[string][32]byte{
		"one":                   k.sum(forFlights, env, app, "detail", []byte("secret")),
		"another environment":   k.sum(forFlights, uuid.UUID{9}, app, "detail", []byte("secret")),
		"another application":   k.sum(forFlights, env, uuid.UUID{9}, "detail", []byte("secret")),
		"another detail":        k.sum(forFlights, env, app, "Detail", []byte("secret")),
		"another secret":        k.sum(forFlights, env, app, "detail", []byte("Secret")),
		"a letter that moved":   k.sum(forFlights, env, app, "details", []byte("ecret")),
		"another purpose":       k.sum(forMemo, env, app, "detail", []byte("secret")),
		"another checker's key": newKeyed().sum(forFlights, env, app, "detail", []byte("secret")),
	} {
		if other, taken := seen[sum]; taken {
			t.Errorf("%s and %s are the same", name, other)
		}
		seen[sum] = name
	}
}
