package keyring_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/keyring"
)

func TestAlteredHandleIsRefusedAtEveryBit(t *testing.T) {
	f := onSQLite(t)
	key := f.load().HandleKey(f.Now())
	aad := []byte{1, 0, 0, 0, 1}
	sealed := key.Seal(nil, []byte("content"), aad)
	if len(sealed) != len("content")+keyring.HandleOverhead {
		t.Errorf("the handle is %d bytes long", len(sealed))
	}
	if got, ok := key.Open([]byte("prefix "), sealed, aad); !ok || string(got) != "prefix content" {
		t.Fatalf("the handle opens as %q, %v", got, ok)
	}
	flip := func(text []byte, bit int) { text[bit/8] ^= 1 << (bit % 8) }
	for bit := range len(sealed) * 8 {
		flip(sealed, bit)
		if got, ok := key.Open(nil, sealed, aad); ok || got != nil {
			t.Fatalf("with bit %d flipped it opens as %q", bit, got)
		}
		flip(sealed, bit)
	}
	for bit := range len(aad) * 8 {
		flip(aad, bit)
		if _, ok := key.Open(nil, sealed, aad); ok {
			t.Fatalf("with bit %d of the associated data flipped it opens", bit)
		}
		flip(aad, bit)
	}
	for length := range sealed {
		if _, ok := key.Open(nil, sealed[:length], aad); ok {
			t.Fatalf("cut to %d bytes it opens", length)
		}
	}
	if _, ok := key.Open(nil, append(sealed, 0), aad); ok {
		t.Error("with a byte more it opens")
	}
	if again := key.Seal(nil, []byte("content"), aad); bytes.Equal(again[:24], sealed[:24]) {
		t.Error("two handles have one nonce")
	}
}

func TestHandleKeyIsKnownADayBeforeItIsUsed(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		set := f.load()
		if set.HandleKey(f.Now()).Number != 1 || set.HandleKeyByNumber(2) == nil {
			t.Fatalf("a new environment seals with key %d", set.HandleKey(f.Now()).Number)
		}
		for day := int64(1); day <= 10; day++ {
			set := f.load()
			f.pass(keyring.HandlePeriod)
			// A node that has read nothing for a day still has the key that the others seal with now.
			changed := f.tend()
			used := f.load().HandleKey(f.Now()).Number
			if used != day+1 || set.HandleKeyByNumber(used) == nil {
				t.Fatalf("day %d: key %d is in use; known the day before: %v", day, used, set.HandleKeyByNumber(used) != nil)
			}
			if len(changed) == 0 || changed[0].State != keyring.Next {
				t.Errorf("day %d: changed %+v", day, changed)
			}
			if again := f.tend(); len(again) != 0 {
				t.Errorf("a second Tend at once changed %+v", again)
			}
		}
	})
}

func TestNodesSwitchHandleKeysByTheClockAlone(t *testing.T) {
	f := onSQLite(t)
	set := f.load()
	at := set.HandleKeyByNumber(2).UsedFrom
	if got := set.HandleKey(at.Add(-time.Nanosecond)).Number; got != 1 {
		t.Errorf("before its time key %d seals", got)
	}
	if got := set.HandleKey(at).Number; got != 2 {
		t.Errorf("at its time key %d seals", got)
	}
}

// The worst case: a node loads, loses its database at once, goes on for 72 h and makes a handle that lives 24 h.
func TestHandleLivesAsLongAsANodeWithoutDatabaseCanMakeIt(t *testing.T) {
	f := onSQLite(t)
	for range 60 {
		f.pass(7 * time.Hour)
		f.tend()
		lone := f.load()
		start := f.Now()
		for hours := time.Duration(0); hours <= 72; hours += 12 {
			made := start.Add(hours * time.Hour)
			key := lone.HandleKey(made)
			sealed := key.Seal(nil, []byte("content"), nil)
			f.pass(made.Add(24 * time.Hour).Sub(f.Now()))
			f.tend()
			known := f.load().HandleKeyByNumber(key.Number)
			if known == nil {
				t.Fatalf("a handle made %s after the last contact is unknown a day later", hours*time.Hour)
			}
			if _, ok := known.Open(nil, sealed, nil); !ok {
				t.Fatal("the handle does not open")
			}
		}
	}
	set := f.load()
	newest := set.HandleKey(f.Now()).Number
	if set.HandleKeyByNumber(newest-10) != nil || set.HandleKeyByNumber(1) != nil {
		t.Error("handle keys are kept for ever")
	}
}

func TestHandleKeyOfAnInstallationThatSleptIsNotLost(t *testing.T) {
	f := onSQLite(t)
	f.pass(30 * 24 * time.Hour)
	key := f.load().HandleKey(f.Now())
	sealed := key.Seal(nil, []byte("content"), nil)
	f.tend()
	f.tend()
	f.pass(24 * time.Hour)
	f.tend()
	if _, ok := f.load().HandleKeyByNumber(key.Number).Open(nil, sealed, nil); !ok {
		t.Error("the handle made before the chores ran is lost")
	}
}

func FuzzOpenHandle(f *testing.F) {
	fix := onSQLite(f)
	key := fix.load().HandleKey(fix.Now())
	whole := key.Seal(nil, []byte("content"), []byte("aad"))
	f.Add(whole, []byte("aad"))
	f.Add(whole[:30], []byte{})
	f.Add([]byte{}, []byte("aad"))
	f.Add(make([]byte, keyring.HandleOverhead), []byte{})
	f.Fuzz(func(t *testing.T, sealed, aad []byte) {
		if got, ok := key.Open(nil, sealed, aad); ok && (!bytes.Equal(sealed, whole) || string(aad) != "aad") {
			t.Errorf("a handle that nobody made opens as %q", got)
		}
	})
}

func FuzzVerify(f *testing.F) {
	fix := onSQLite(f).ensure(keyring.ES256, keyring.EdDSA)
	set := fix.load()
	_, signed, signature := split(token(f, set, keyring.ES256, payload))
	f.Add([]byte(signed), []byte(signature))
	f.Add([]byte(""), []byte("AAAA"))
	f.Fuzz(func(t *testing.T, input, text []byte) {
		for _, alg := range []keyring.Alg{keyring.ES256, keyring.EdDSA} {
			if set.Active(alg).Verify(input, text) && (string(input) != signed || alg != keyring.ES256) {
				t.Errorf("a forged %s signature %q over %q passes", alg, text, input)
			}
		}
	})
}
