package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestExpiryIsASpanADateATimeOrNever(t *testing.T) {
	for text, want := range map[string]string{
		"90d":                  "2027-02-20T12:00:00Z",
		"2w":                   "2026-12-06T12:00:00Z",
		"12h":                  "2026-11-23T00:00:00Z",
		"1y":                   "2027-11-22T12:00:00Z",
		"2027-12-31":           "2027-12-31T00:00:00Z",
		"2027-12-31T10:00:00Z": "2027-12-31T10:00:00Z",
	} {
		got, err := expiry(text, now)
		if err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("%q: got %v, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"never", ""} {
		if got, err := expiry(text, now); got != nil || err != nil {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{"d", "1", "0d", "-1d", "1m", "1.5y", "99999999999d", "soon", "2020-01-01", "2027-13-01", "é"} {
		if got, err := expiry(text, now); err == nil {
			t.Errorf("%q: accepted as %v", text, got)
		} else if code, _ := verdict(err); code != exitUsage {
			t.Errorf("%q: exit code %d", text, code)
		}
	}
}

func TestEnvLinesComeBackAsTheyWere(t *testing.T) {
	values := []string{
		"plain", "cfs_AbC123", "https://auth.example/oauth2/token", "two words", "it's", `"quoted"`, "$(rm -rf /)", "`x`", "a;b", "",
		"#comment", "\\", "a=b",
	}
	var text strings.Builder
	text.WriteString("# a comment\n\nexport EXPORTED=yes\nDOUBLE=\"a \\\"b\\\" \\$c\"\n")
	for i, value := range values {
		text.WriteString(envLine("V"+string(rune('A'+i)), value))
	}
	path := filepath.Join(t.TempDir(), ".env")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := readEnvFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i, value := range values {
		if key := "V" + string(rune('A'+i)); got[key] != value {
			t.Errorf("%q came back as %q", value, got[key])
		}
	}
	if got["EXPORTED"] != "yes" || got["DOUBLE"] != `a "b" $c` {
		t.Errorf("got %v", got)
	}
	for _, bad := range []string{"no equals sign", "A='open", `A="open`, "A='"} {
		if err := os.WriteFile(path, []byte(bad), 0o600); err != nil {
			t.Fatal(err)
		}
		if got, err := readEnvFile(path); err == nil {
			t.Errorf("%q: read as %v", bad, got)
		}
	}
}

func TestNothingThatATerminalObeysIsPrinted(t *testing.T) {
	for text, want := range map[string]string{
		"plain – ünïcode 日本":    "plain – ünïcode 日本",
		"\x1b[2J\x1b]0;pwned\a": `\x1b[2J\x1b]0;pwned\a`,
		"a\tb\r\nc":             `a\tb\r\nc`,
		"\u202egnp.exe":         `\u202egnp.exe`,
		"\u009b31m":             `\u009b31m`,
		"bad\xffutf8":           `bad\ufffdutf8`,
		"zero\u200bwidth":       `zero\u200bwidth`,
	} {
		if got := printable(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestEditingAListKeepsItsOrder(t *testing.T) {
	same := func(s string) string { return s }
	for _, c := range []struct{ now, replace, add, remove, want string }{
		{"a b", "", "c", "", "a b c"},
		{"a b c", "", "", "b", "a c"},
		{"a b", "x y", "", "", "x y"},
		{"a b", "", "a", "", "b a"},
		{"a", "", "", "a", ""},
	} {
		got := strings.Join(editList(strings.Fields(c.now), strings.Fields(c.replace), strings.Fields(c.add), strings.Fields(c.remove), same), " ")
		if got != c.want {
			t.Errorf("%+v: got %q", c, got)
		}
	}
}
