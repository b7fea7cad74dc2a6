package desk

import (
	"testing"
	"time"
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
