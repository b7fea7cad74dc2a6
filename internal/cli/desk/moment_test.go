package desk

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
)

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// refusedAsUsage checks that text was refused as wrong usage.
func refusedAsUsage(t *testing.T, text string, err error) {
	t.Helper()
	if err == nil {
		t.Errorf("%q: accepted", text)
	} else if code, _ := Verdict(err); code != ExitUsage {
		t.Errorf("%q: exit code %d: %v", text, code, err)
	}
}

func TestExpiryIsASpanADateATimeOrNever(t *testing.T) {
	for text, want := range map[string]string{
		"90d":                       "2027-02-20T12:00:00Z",
		"2w":                        "2026-12-06T12:00:00Z",
		"12h":                       "2026-11-23T00:00:00Z",
		"1y":                        "2027-11-22T12:00:00Z",
		"2y":                        "2028-11-22T12:00:00Z",
		"2027-12-31":                "2027-12-31T00:00:00Z",
		"2027-12-31T10:00:00Z":      "2027-12-31T10:00:00Z",
		"2027-12-31T10:00:00+02:00": "2027-12-31T08:00:00Z",
	} {
		got, err := (&Expires{text}).At(now)
		if err != nil || got.Format(time.RFC3339) != want {
			t.Errorf("%q: got %v, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"never", ""} {
		e := Expires{text}
		if got, err := e.At(now); got != nil || err != nil || e.Given() != (text == "never") {
			t.Errorf("%q: got %v, %v, given %v", text, got, err, e.Given())
		}
	}
	for _, text := range []string{"d", "1", "0d", "-1d", "1m", "1.5y", "99999999999d", "9999y", "soon", "now", "2020-01-01", "2027-13-01", "é"} {
		_, err := (&Expires{text}).At(now)
		refusedAsUsage(t, text, err)
	}
}

func TestOldEndsNowInAWhileOrAtADate(t *testing.T) {
	for text, want := range map[string]string{
		"now":        "2026-11-22T12:00:00Z",
		"1h":         "2026-11-22T13:00:00Z",
		"24h":        "2026-11-23T12:00:00Z",
		"7d":         "2026-11-29T12:00:00Z",
		"2027-12-31": "2027-12-31T00:00:00Z",
	} {
		o := Old{text}
		got, err := o.At(now)
		if err != nil || got.Format(time.RFC3339) != want || o.Now() != (text == "now") || !o.Given() {
			t.Errorf("%q: got %v, %v; want %s", text, got, err, want)
		}
	}
	var none Old
	if got, err := none.At(now); got != nil || err != nil || none.Given() || none.Now() {
		t.Errorf("got %v, %v without the flag", got, err)
	}
	for _, text := range []string{"never", "2020-01-01", "0h", "h"} {
		_, err := (&Old{text}).At(now)
		refusedAsUsage(t, text, err)
	}
}

func TestSpansOfOldAreForTheClockOfTheServer(t *testing.T) {
	for text, want := range map[string]string{"now": "0", "1h": "3600", "7d": "604800", "2027-12-31": "at 2027-12-31", "": ""} {
		seconds, at, err := (&Old{text}).Span(now)
		got := ""
		if seconds != nil {
			got = strconv.FormatInt(*seconds, 10)
		}
		if at != nil {
			got += "at " + at.Format(time.DateOnly)
		}
		if err != nil || got != want {
			t.Errorf("%q: got %q, %v; want %q", text, got, err, want)
		}
	}
	_, _, err := (&Old{"soon"}).Span(now)
	refusedAsUsage(t, "soon", err)
}

func TestComplaintNamesTheFlagAndItsWords(t *testing.T) {
	_, expires := (&Expires{"soon"}).At(now)
	_, old := (&Old{"soon"}).At(now)
	for err, words := range map[error]string{expires: "--expires never", old: "--old now"} {
		for word := range strings.FieldsSeq(words) {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%v lacks %s", err, word)
			}
		}
	}
}

func FuzzMomentIsToComeAndCanBeWritten(f *testing.F) {
	for _, text := range []string{"90d", "1y", "12h", "9999y", "2027-12-31", "2027-12-31T10:00:00+02:00", "never", "", "é", "0001-01-01"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		at, err := Moment("--expires", text, now, "never")
		if err != nil {
			refusedAsUsage(t, text, err)
			return
		}
		// Cutting the fraction of a second off may reach now, and no further.
		if at.Before(now) || at.Location() != time.UTC || at.Nanosecond() != 0 {
			t.Errorf("%q: got %v", text, at)
		}
		if _, err := at.MarshalJSON(); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}

// parsed parses arguments by the flags that bind adds.
func parsed(t *testing.T, bind func(*cobra.Command), args ...string) error {
	t.Helper()
	cmd := &cobra.Command{Use: "x", RunE: func(*cobra.Command, []string) error { return nil }, SilenceErrors: true, SilenceUsage: true}
	bind(cmd)
	cmd.SetArgs(args)
	return cmd.Execute()
}

func TestFlagsOfTimeAreParsed(t *testing.T) {
	var expires Expires
	var old Old
	err := parsed(t, func(cmd *cobra.Command) { expires.Bind(cmd, "the secret"); old.Bind(cmd, "secret", "24h") }, "--expires", "1y", "--old=now")
	if err != nil || expires.text != "1y" || !old.Now() {
		t.Errorf("got %+v, %+v, %v", expires, old, err)
	}
}

func TestScopesAreRepeatedOrSeparatedByCommas(t *testing.T) {
	for args, want := range map[string]string{
		"":                                  "",
		"--scope openid":                    "openid",
		"--scope a,b --scope c":             "a b c",
		"--scope a:read,b --scope b,a:read": "a:read b",
	} {
		var scopes ScopeList
		err := parsed(t, func(cmd *cobra.Command) { scopes.Bind(cmd, "scope", "what it may do") }, strings.Fields(args)...)
		if got := strings.Join(scopes, " "); err != nil || got != want || (scopes == nil) != (args == "") {
			t.Errorf("%s: got %q, %v; want %q", args, got, err, want)
		}
	}
	for _, text := range []string{"", ",", "a,,b", "a,", " "} {
		var scopes ScopeList
		if err := parsed(t, func(cmd *cobra.Command) { scopes.Bind(cmd, "scope", "") }, "--scope", text); err == nil {
			t.Errorf("%q: accepted as %q", text, scopes)
		}
	}
}

func TestChosenSecretIsOneLineAsItWasTyped(t *testing.T) {
	for text, want := range map[string]string{
		"correct horse\n":    "correct horse",
		" %+: ü 日本 \r\n":     " %+: ü 日本 ",
		"no line break":      "no line break",
		"trailing space  \n": "trailing space  ",
	} {
		d := &Desk{Surroundings: Surroundings{In: strings.NewReader(text)}}
		if got, err := d.ChosenSecret(); err != nil || got.Reveal() != want {
			t.Errorf("%q: got %q, %v", text, got.Reveal(), err)
		}
	}
	for _, text := range []string{"", "\n", "two\nlines\n", "two\rlines"} {
		_, err := (&Desk{Surroundings: Surroundings{In: strings.NewReader(text)}}).ChosenSecret()
		refusedAsUsage(t, text, err)
	}
}
