package seal_test

import (
	"bytes"
	"testing"

	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/seal"
)

func TestPeppersDifferByVersionAndSurviveARestart(t *testing.T) {
	d := dbtest.SQLite(t)
	s := withKeys(t, seal.GenerateRootKey(), seal.GenerateRootKey())
	first, second := open(t, d, s).Peppers(), open(t, d, s).Peppers()
	if first.Newest() != 2 {
		t.Fatalf("two keys, newest is version %d", first.Newest())
	}
	one, ok1 := first.MAC(1, nil, []byte("text"))
	two, ok2 := first.MAC(2, nil, []byte("text"))
	again, ok3 := second.MAC(1, nil, []byte("text"))
	if !ok1 || !ok2 || !ok3 || bytes.Equal(one, two) || !bytes.Equal(one, again) || len(one) != seal.MACSize {
		t.Errorf("version 1 gives %x, version 2 %x, version 1 later %x", one, two, again)
	}
	if out, ok := first.MAC(3, []byte("dst"), []byte("text")); ok || string(out) != "dst" {
		t.Errorf("an unknown version gives %q, %v", out, ok)
	}
}

func TestFirstLineOfASourceIsTheNewestRootKey(t *testing.T) {
	newest, oldest := seal.GenerateRootKey(), seal.GenerateRootKey()
	both := open(t, dbtest.SQLite(t), withKeys(t, newest, oldest)).Peppers()
	alone := open(t, dbtest.SQLite(t), withKeys(t, newest)).Peppers()
	of2, _ := both.MAC(2, nil, []byte("text"))
	of1, _ := alone.MAC(1, nil, []byte("text"))
	if !bytes.Equal(of2, of1) {
		t.Error("the first line is not version 2 of 2")
	}
}

func TestPartsOfAMACCannotBeShifted(t *testing.T) {
	p := open(t, dbtest.SQLite(t), file(t)).Peppers()
	seen := map[string]int{}
	for i, parts := range [][][]byte{
		nil, {nil}, {nil, nil}, {[]byte("ab")}, {[]byte("a"), []byte("b")}, {[]byte("ab"), nil}, {nil, []byte("ab")},
		{bytes.Repeat([]byte("long"), 200)},
	} {
		mac, _ := p.MAC(1, []byte("prefix"), parts...)
		if !bytes.HasPrefix(mac, []byte("prefix")) {
			t.Fatal("MAC does not append")
		}
		if j, ok := seen[string(mac)]; ok {
			t.Errorf("parts %d and %d have the same MAC", i, j)
		}
		seen[string(mac)] = i
	}
}

func BenchmarkMAC(b *testing.B) {
	p := open(b, dbtest.SQLite(b), file(b)).Peppers()
	dst := make([]byte, 0, seal.MACSize)
	var environment, application [16]byte
	var secret [53]byte
	b.ReportAllocs()
	for b.Loop() {
		_, _ = p.MAC(1, dst, environment[:], application[:], secret[:])
	}
}
