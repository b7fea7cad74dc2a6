package leak

import (
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/credential/proof"
)

const base62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// secret makes a generated secret, a different one for each number.
func secret(number uint64) string {
	random := rand.New(rand.NewPCG(number, 1))
	b := []byte("cfs_")
	for len(b) < 47 {
		b = append(b, base62[random.IntN(62)])
	}
	sum, check := crc32.ChecksumIEEE(b), make([]byte, 6)
	for i := range check {
		check[5-i] = base62[sum%62]
		sum /= 62
	}
	return string(append(b, check...))
}

func TestSecretsOfTheseTestsAreRealOnes(t *testing.T) {
	for n := range uint64(100) {
		if !proof.WellFormed([]byte(secret(n))) {
			t.Fatalf("%s is not well-formed", secret(n))
		}
	}
}

// write puts files, by slash path, into a new folder.
func write(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		put(t, filepath.Join(root, name), text)
	}
	return root
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// scanned runs a scan and returns its findings, sorted by path and line.
func scanned(t *testing.T, o Options) ([]Finding, Summary) {
	t.Helper()
	var all []Finding
	summary, err := Scan(t.Context(), o, func(f Finding) error {
		all = append(all, f)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if summary.Findings != len(all) {
		t.Errorf("the summary has %d findings, and there were %d", summary.Findings, len(all))
	}
	slices.SortFunc(all, func(a, b Finding) int {
		if c := strings.Compare(a.Path+a.Commit, b.Path+b.Commit); c != 0 {
			return c
		}
		return int(a.Line - b.Line)
	})
	return all, summary
}

// demand compares the places of findings, relative to root, with secrets by place.
func demand(t *testing.T, root string, found []Finding, want map[string]string) {
	t.Helper()
	for _, f := range found {
		place := strings.TrimPrefix(f.Path, root+"/")
		if want[place] == "" {
			t.Errorf("an unwanted finding at %q: %+v", place, f)
			continue
		}
		if f.Fingerprint != Fingerprint([]byte(want[place])) || f.Hint != want[place][:8] {
			t.Errorf("at %q another secret was found", place)
		}
		delete(want, place)
	}
	for place := range want {
		t.Errorf("nothing was found at %q", place)
	}
}
