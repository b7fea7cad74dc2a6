package leak

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"
)

func searched(t testing.TB, r io.Reader) (all []sighting) {
	t.Helper()
	if _, err := newSearcher().search(r, func(s sighting) error {
		all = append(all, s)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestSecretIsFoundWhereverBuffersMeet(t *testing.T) {
	hidden := secret(1)
	forms := map[string]string{"plain": hidden}
	for n := range 3 {
		forms[fmt.Sprintf("base64 after %d bytes", n)] = base64.StdEncoding.EncodeToString([]byte("id:"[:n] + hidden + "\n"))
	}
	for name, text := range forms {
		t.Run(name, func(t *testing.T) {
			// Every place from well before the end of the first buffer to well after its beginning in the second.
			for at := chunk - 200; at < chunk+ahead+behind+200; at++ {
				all := bytes.Repeat([]byte{'.'}, at+len(text)+2*ahead)
				all[at-5] = '\n'
				copy(all[at:], text)
				found := searched(t, bytes.NewReader(all))
				if len(found) != 1 || found[0].fingerprint != Fingerprint([]byte(hidden)) || found[0].line != 2 || found[0].column < 5 || found[0].column > 7 {
					t.Fatalf("at %d: %+v", at, found)
				}
			}
		})
	}
}

func TestSecretIsFoundAtTheVeryEnds(t *testing.T) {
	hidden := secret(1)
	for _, text := range []string{hidden, hidden + "\n", "\n" + hidden, hidden + hidden, "cfs_" + hidden, "cfs_cfs_cfs_" + hidden + "cfs_"} {
		if n, want := len(searched(t, strings.NewReader(text))), strings.Count(text, hidden); n != want {
			t.Errorf("%d findings in %q", n, text)
		}
		if n, want := len(searched(t, iotest.OneByteReader(strings.NewReader(text)))), strings.Count(text, hidden); n != want {
			t.Errorf("%d findings in %q read byte by byte", n, text)
		}
	}
}

func TestWhatOnlyLooksLikeASecretIsNoFinding(t *testing.T) {
	good := secret(1)
	for i := 4; i < len(good); i++ {
		bad := []byte(good)
		bad[i] = base62[(strings.IndexByte(base62, bad[i])+1)%62]
		if len(searched(t, bytes.NewReader(bad))) > 0 {
			t.Errorf("%s has a wrong checksum and was found", bad)
		}
		encoded := base64.StdEncoding.EncodeToString(bad)
		if len(searched(t, strings.NewReader(encoded))) > 0 {
			t.Errorf("%s has a wrong checksum and was found in base64", bad)
		}
	}
	for _, text := range []string{"", "cfs_", good[:52], "CFS_" + good[4:], good[:20] + "\n" + good[20:], strings.Repeat("cfs_", 1e5), strings.Repeat("Y2ZzX", 1e5)} {
		if len(searched(t, strings.NewReader(text))) > 0 {
			t.Errorf("found something in %.60q", text)
		}
	}
}

func TestFindingsOfOneStreamComeInOrderWithTheirPlaces(t *testing.T) {
	var text strings.Builder
	for n := range uint64(2000) {
		line := secret(n)
		if n%2 == 1 {
			line = base64.RawURLEncoding.EncodeToString([]byte(line))
		}
		fmt.Fprintf(&text, "%*s%s\n", n%300, "", line)
	}
	found := searched(t, strings.NewReader(text.String()))
	if len(found) != 2000 {
		t.Fatalf("%d findings", len(found))
	}
	for n, f := range found {
		if f.line != int64(n+1) || f.column != int64(n%300+1) || f.encoded != (n%2 == 1) || f.fingerprint != Fingerprint([]byte(secret(uint64(n)))) {
			t.Fatalf("finding %d: %+v", n, f)
		}
	}
}

func TestWhatCameBeforeAnErrorIsSearched(t *testing.T) {
	broken := errors.New("broken")
	var found int
	_, err := newSearcher().search(io.MultiReader(strings.NewReader(secret(1)), iotest.ErrReader(broken)), func(sighting) error {
		found++
		return nil
	})
	if !errors.Is(err, broken) || found != 1 {
		t.Errorf("%d findings, %v", found, err)
	}
}

func TestFindingShowsTheLineAndNoSecret(t *testing.T) {
	hidden, other := secret(1), secret(2)
	key := "AKIA" + strings.Repeat("Ab3", 12)
	for text, want := range map[string]string{
		"COUNTERFOIL_CLIENT_SECRET=" + hidden + "\n":                       "COUNTERFOIL_CLIENT_SECRET=" + hidden[:8] + "…",
		"first\n\t\"secret\": \"" + hidden + "\", \"a\": 1\nlast":          `"secret": "` + hidden[:8] + `…", "a": 1`,
		"id=123e4567-e89b-12d3-a456-426614174000 " + hidden:                "id=123e4567-e89b-12d3-a456-426614174000 " + hidden[:8] + "…",
		key + " " + hidden + " " + key:                                     "… " + hidden[:8] + "… …",
		other + "," + hidden[:0] + hidden:                                  "…," + hidden[:8] + "…",
		strings.Repeat("é", 100) + "=" + hidden + "\x1b[31m\x00\xff":       strings.Repeat("é", 23) + "=" + hidden[:8] + "….[31m..",
		strings.Repeat("x", 100) + " a " + hidden + strings.Repeat("y", 9): "… a " + hidden[:8] + "…yyyyyyyyy",
	} {
		found := searched(t, strings.NewReader(text))
		got := found[len(found)-1].redacted
		if strings.TrimLeft(got, ".") != want {
			t.Errorf("%q is shown as %q, want %q", text, got, want)
		}
	}
}

// FuzzRedactedLine demands that no part of a secret longer than its hint is ever shown, whatever is around it.
func FuzzRedactedLine(f *testing.F) {
	f.Add("a=", "\n", uint64(1), false)
	f.Add("", "\xff\x00", uint64(2), true)
	f.Fuzz(func(t *testing.T, before, after string, number uint64, encoded bool) {
		first, second := secret(number), secret(number+1)
		text := before + first + after + second + before
		if encoded {
			text = before + base64.StdEncoding.EncodeToString([]byte(first)) + after + base64.URLEncoding.EncodeToString([]byte(second))
		}
		for _, found := range searched(t, strings.NewReader(text)) {
			for _, hidden := range []string{first, second, base64.StdEncoding.EncodeToString([]byte(first))} {
				for i := 0; i+16 <= len(hidden); i++ {
					piece := hidden[i : i+16]
					if strings.Contains(found.redacted, piece) && !strings.Contains(before+after, piece) {
						t.Fatalf("%q shows %q", found.redacted, piece)
					}
				}
			}
		}
	})
}

func TestNamesAreMasked(t *testing.T) {
	hidden := secret(1)
	for text, want := range map[string]string{
		"":                           "",
		"a/b.txt":                    "a/b.txt",
		"a/cfs_b":                    "a/cfs_b",
		"a/" + hidden + ".txt":       "a/" + hidden[:8] + "….txt",
		hidden + hidden:              hidden[:8] + "…" + hidden[:8] + "…",
		"cfs_cfs_" + hidden + "cfs_": "cfs_cfs_" + hidden[:8] + "…cfs_",
	} {
		if got := Mask(text); got != want {
			t.Errorf("Mask(%q) = %q, want %q", text, got, want)
		}
	}
}

func BenchmarkSearch(b *testing.B) {
	code := strings.Repeat("\tfor _, record := range specifics { count += record.config[\"cfs_x\"] } // Nmc of a cache_fs\n", 1<<16)
	random := make([]byte, len(code))
	for i := range random {
		random[i] = byte(i * i >> 7)
	}
	s := newSearcher()
	for name, text := range map[string][]byte{"text": []byte(code), "binary": random} {
		b.Run(name+"/search", func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				_, _ = s.search(bytes.NewReader(text), nil)
			}
		})
		b.Run(name+"/index", func(b *testing.B) { // the floor: one pass for the prefix alone
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				for at := 0; ; at += 4 {
					next := bytes.Index(text[at:], forms[0].mark)
					if next < 0 {
						break
					}
					at += next
				}
			}
		})
	}
}
