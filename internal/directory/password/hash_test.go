package password_test

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/counterfoil/counterfoil/internal/credential/chosen"
	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

var here = netip.MustParseAddr("192.0.2.1")

func parse(t testing.TB, text string) *chosen.Imported {
	t.Helper()
	h, err := chosen.ParsePassword(text)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestHashIsRightForItsPasswordOnly(t *testing.T) {
	h := &password.Hasher{Checker: chosen.New(chosen.Options{})}
	text, err := h.Hash(t.Context(), here, seal.NewSecret("été in Orléans"))
	if err != nil || !strings.HasPrefix(text.Reveal(), "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatal(text.Reveal(), err)
	}
	stored := parse(t, text.Reveal())
	for guess, want := range map[string]bool{"été in Orléans": true, "e\u0301te\u0301 in\u00a0Orle\u0301ans": true, "Été in Orléans": false, "": false, strings.Repeat("x", 2000): false, "ete\x00": false} {
		right, upgrade, err := h.Verify(t.Context(), here, stored, seal.NewSecret(guess))
		if right != want || !upgrade.Empty() || err != nil {
			t.Errorf("%q: %v, %v", guess, right, err)
		}
	}
	if right, _, err := h.Verify(t.Context(), here, nil, seal.NewSecret("anything at all")); right || err != nil {
		t.Errorf("somebody without a password: %v, %v", right, err)
	}
}

func TestHashFromElsewhereGivesWayAtItsFirstRightUse(t *testing.T) {
	h := &password.Hasher{Checker: chosen.New(chosen.Options{})}
	for _, text := range []string{
		"{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3",
		"$argon2id$v=19$m=64,t=1,p=1$c29tZXNhbHQ$/W8oa2nCSEhbfJU4HpkMcUDxHG5HUmf4kvgwA27wDU8",
	} {
		guess := map[bool]string{true: "secret", false: "pa%ss+wo:rd é"}[strings.HasPrefix(text, "{")]
		right, upgrade, err := h.Verify(t.Context(), here, parse(t, text), seal.NewSecret(guess))
		if !right || err != nil || upgrade.Empty() {
			t.Fatalf("%s: %v, %v", text, right, err)
		}
		if right, again, err := h.Verify(t.Context(), here, parse(t, upgrade.Reveal()), seal.NewSecret(guess)); !right || err != nil || !again.Empty() {
			t.Errorf("%s, upgraded: %v, %v", text, right, err)
		}
		if right, upgrade, _ := h.Verify(t.Context(), here, parse(t, text), seal.NewSecret("wrong")); right || !upgrade.Empty() {
			t.Errorf("%s: a wrong password is right", text)
		}
	}
}

func TestOtherSystemsHashedBytesAsTheyCame(t *testing.T) {
	h := &password.Hasher{Checker: chosen.New(chosen.Options{})}
	raw := parse(t, "{SSHA256}wXOU01PUOP79WxikCN9XK8scUmJRKU+a5+2pjyOhHIVzYWx0") // made on a telephone that sends accents by themselves
	right, upgrade, err := h.Verify(t.Context(), here, raw, seal.NewSecret("Ame\u0301lie"))
	if !right || err != nil {
		t.Fatalf("as it came: %v, %v", right, err)
	}
	if right, _, err := h.Verify(t.Context(), here, parse(t, upgrade.Reveal()), seal.NewSecret("Amélie")); !right || err != nil {
		t.Errorf("after the upgrade, from another keyboard: %v, %v", right, err)
	}
}

func TestAFloodOfGuessesIsRefusedAndNotWorkedOff(t *testing.T) {
	h := &password.Hasher{Checker: chosen.New(chosen.Options{Workers: 1, Queue: 4, PerSource: 4})}
	var busy, done atomic.Int32
	var wait sync.WaitGroup
	start := make(chan struct{})
	for range 40 {
		wait.Go(func() {
			<-start
			_, _, err := h.Verify(context.Background(), here, nil, seal.NewSecret("guess"))
			switch {
			case err == nil:
				done.Add(1)
			case errors.Is(err, chosen.ErrBusy) && fault.Is(err, fault.Exhausted):
				busy.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	close(start)
	wait.Wait()
	if busy.Load() == 0 || done.Load() < 4 || busy.Load()+done.Load() != 40 {
		t.Errorf("%d worked off, %d refused", done.Load(), busy.Load())
	}
}

func BenchmarkVerify(b *testing.B) {
	h := &password.Hasher{Checker: chosen.New(chosen.Options{PerSource: 1000, Queue: 1000})}
	text, err := h.Hash(b.Context(), here, seal.NewSecret("correct horse battery staple"))
	if err != nil {
		b.Fatal(err)
	}
	stored := parse(b, text.Reveal())
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			if right, _, err := h.Verify(b.Context(), here, stored, seal.NewSecret("correct horse battery staple")); !right || err != nil {
				b.Error(err)
			}
		}
	})
}
