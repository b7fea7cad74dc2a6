package breach_test

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/directory/password/breach"
)

func build(t testing.TB, list string, o breach.Options) (*breach.Filter, breach.Result) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "breached")
	r, err := breach.Build(strings.NewReader(list), path, o)
	if err != nil {
		t.Fatal(err)
	}
	f, err := breach.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f, r
}

func has(t testing.TB, f *breach.Filter, password string) bool {
	t.Helper()
	found, err := f.Has([]byte(password))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestWhatIsInTheListIsFoundAndLittleElse(t *testing.T) {
	const entries, others = 50_000, 200_000
	var plain, hashes []string
	for i := range entries {
		plain = append(plain, fmt.Sprintf("password %d", i))
		hashes = append(hashes, fmt.Sprintf("%X:%d", sha1.Sum([]byte(plain[i])), i))
	}
	slices.Sort(hashes)
	for _, rate := range []float64{0.05, 0.001, 0.00001} {
		o := breach.Options{FalsePositives: rate, Count: entries}
		first, made := build(t, strings.Join(plain, "\n"), o)
		second, again := build(t, strings.Join(hashes, "\r\n")+"\r\n", o)
		if made != again || made.Entries != entries || made.Left != 0 || first.Entries() != entries {
			t.Errorf("%+v and %+v", made, again)
		}
		for _, f := range []*breach.Filter{first, second} {
			for _, password := range plain {
				if !has(t, f, password) {
					t.Fatalf("%q is not found", password)
				}
			}
		}
		found := 0
		for i := range others {
			if has(t, first, fmt.Sprintf("another %d", i)) {
				found++
			}
		}
		t.Logf("%g asked for: %d of %d, %.1f bits for each password", rate, found, others, float64(made.Bytes*8)/entries)
		if float64(found) > 1.3*rate*others+6 || rate == 0.05 && float64(found) < 0.5*rate*others {
			t.Errorf("%g asked for, %d of %d found", rate, found, others)
		}
	}
}

func TestLinesAreReadAsTheyAre(t *testing.T) {
	long := strings.Repeat("x", 5000)
	list := " spaced \n\nwin\r\n" + long + "\nrefused\n" + strings.Repeat("y", 200_000) + "\n5BAA61E4C9B93F3F0682250B6CF8331B7EE68FD8\n5baa61e4c9b93f3f0682250b6cf8331b7ee68fd9:12\nlast"
	f, r := build(t, list, breach.Options{FalsePositives: 0.001, Count: 100, Spell: func(line []byte) ([]byte, bool) {
		return bytes.ToLower(line), string(line) != "refused"
	}})
	if r.Entries != 5 || r.Left != 3 {
		t.Errorf("%+v", r)
	}
	for password, want := range map[string]bool{" spaced ": true, "spaced": false, "win": true, "win\r": false, long: false, "refused": false, "password": true, "last": true, "": false} {
		if has(t, f, password) != want {
			t.Errorf("%.20q: not %v", password, want)
		}
	}
	if n, err := breach.Lines(strings.NewReader(list)); n != 9 || err != nil {
		t.Errorf("%d lines, %v", n, err)
	}
}

func TestOnlyWholeFiltersAreOpened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "breached")
	if _, err := breach.Build(strings.NewReader("one\ntwo\n"), path, breach.Options{FalsePositives: 0.01, Count: 100}); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func([]byte) []byte{
		"cut":       func(b []byte) []byte { return b[:len(b)-1] },
		"empty":     func([]byte) []byte { return nil },
		"longer":    func(b []byte) []byte { return append(b, 0) },
		"a list":    func([]byte) []byte { return []byte(strings.Repeat("password\n", 100)) },
		"version 2": func(b []byte) []byte { b[11] = 2; return b },
		"no probes": func(b []byte) []byte { b[15] = 0; return b },
		"probes":    func(b []byte) []byte { b[15] = 11; return b },
		"blocks":    func(b []byte) []byte { b[16] = 255; return b },
	} {
		if err := os.WriteFile(path, change(slices.Clone(whole)), 0o600); err != nil {
			t.Fatal(err)
		}
		if f, err := breach.Open(path); err == nil {
			t.Errorf("%s: it opens, with %d entries", what, f.Entries())
		}
	}
}

func TestABuildThatFailsLeavesWhatWasThere(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "breached")
	if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, o := range []breach.Options{{FalsePositives: 0, Count: 1}, {FalsePositives: 0.5, Count: 1}, {FalsePositives: 0.00001, Count: 1 << 40}} {
		if _, err := breach.Build(strings.NewReader("one\n"), path, o); err == nil {
			t.Errorf("%+v: built", o)
		}
	}
	if _, err := breach.Build(failing{}, path, breach.Options{FalsePositives: 0.01, Count: 1}); err == nil {
		t.Error("built from nothing")
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) != 1 {
		t.Errorf("%v, %v", left, err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "old" {
		t.Errorf("%s, %v", text, err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, os.ErrClosed }

func FuzzOpen(f *testing.F) {
	folder := f.TempDir()
	path := filepath.Join(folder, "seed")
	if _, err := breach.Build(strings.NewReader("one\n"), path, breach.Options{FalsePositives: 0.01, Count: 1}); err != nil {
		f.Fatal(err)
	}
	seed, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Fuzz(func(t *testing.T, content []byte) {
		path := filepath.Join(t.TempDir(), "breached")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		filter, err := breach.Open(path)
		if err != nil {
			return
		}
		if _, err := filter.Has([]byte("one")); err != nil {
			t.Error(err)
		}
		_ = filter.Close()
	})
}

func BenchmarkHas(b *testing.B) {
	var list strings.Builder
	for i := range 100_000 {
		fmt.Fprintf(&list, "password %d\n", i)
	}
	f, _ := build(b, list.String(), breach.Options{FalsePositives: 0.001, Count: 100_000})
	guess := []byte("seven purple bicycles")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.Has(guess); err != nil {
			b.Fatal(err)
		}
	}
}
