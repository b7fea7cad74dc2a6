package proof

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/crc32"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"pgregory.net/rapid"
)

var shape = regexp.MustCompile(`^cfs_[0-9A-Za-z]{49}$`)

func TestEverySecretHasTheShapeThatScannersLookFor(t *testing.T) {
	seen := map[string]bool{}
	for range 2000 {
		secret, err := Generate()
		if err != nil {
			t.Fatal(err)
		}
		if !shape.Match(secret) || !WellFormed(secret) || seen[string(secret)] {
			t.Fatalf("%s", secret)
		}
		seen[string(secret)] = true
	}
}

// The format is a promise to people who write scanners: this secret is one for good.
func TestFormatIsTheDocumentedOne(t *testing.T) {
	body := "cfs_" + strings.Repeat("A", randomLength)
	sum := crc32.ChecksumIEEE([]byte(body))
	check := ""
	for range 6 {
		check = alphabet[sum%62:sum%62+1] + check
		sum /= 62
	}
	if secret := appendCheck([]byte(body)); string(secret) != body+check || string(secret) != "cfs_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA4LJjGZ" {
		t.Errorf("%s, want %s", secret, body+check)
	}
}

func TestChecksumCatchesEveryWrongCharacter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret, err := generate(bytes.NewReader(rapid.SliceOfN(rapid.ByteRange(0, 247), 64, 64).Draw(t, "random")))
		if err != nil {
			t.Fatal(err)
		}
		at := rapid.IntRange(0, len(secret)-1).Draw(t, "at")
		other := bytes.Clone(secret)
		other[at] = rapid.Byte().Draw(t, "byte")
		if WellFormed(other) != (other[at] == secret[at]) {
			t.Fatalf("%s became %q", secret, other)
		}
		if WellFormed(secret[:at]) || WellFormed(append(bytes.Clone(secret), 'A')) {
			t.Fatal("another length is well-formed")
		}
	})
}

// Bytes that would favour some characters are thrown away, and a source that ends makes no short secret.
func TestSecretsAreDrawnEvenly(t *testing.T) {
	full := bytes.Repeat([]byte{255, 248, 249, 250}, 16)
	secret, err := generate(bytes.NewReader(append(full, make([]byte, 64)...)))
	if err != nil || !strings.HasPrefix(string(secret), "cfs_"+strings.Repeat("0", randomLength)) {
		t.Errorf("%s, %v", secret, err)
	}
	counts := map[byte]int{}
	const drawn = 4000
	for range drawn {
		secret, err := generate(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range secret[len(Prefix) : len(Prefix)+randomLength] {
			counts[c]++
		}
	}
	// 62 classes: a chi-square above 140 comes once in a hundred million fair draws.
	expected, chi := float64(drawn*randomLength)/62, 0.0
	for i := range alphabet {
		d := float64(counts[alphabet[i]]) - expected
		chi += d * d / expected
	}
	if chi > 140 {
		t.Errorf("the characters are not drawn evenly: chi-square %.0f, %v", chi, counts)
	}
	for n := range 64 {
		if secret, err := generate(bytes.NewReader(make([]byte, n))); err == nil {
			t.Errorf("%d random bytes made %s", n, secret)
		}
	}
	broken := errors.New("no randomness")
	if _, err := generate(iotest.ErrReader(broken)); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

func FuzzWellFormed(f *testing.F) {
	secret, _ := Generate()
	f.Add(secret)
	f.Add([]byte("cfs_"))
	f.Add([]byte(fmt.Sprintf("cfs_%049d", 0)))
	f.Fuzz(func(t *testing.T, s []byte) {
		if WellFormed(s) && (!shape.Match(s) || !bytes.Equal(appendCheck(bytes.Clone(s[:SecretLength-checkLength])), s)) {
			t.Fatalf("%q is called well-formed", s)
		}
	})
}
