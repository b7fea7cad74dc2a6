package cli

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/fault"
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

func TestEveryKindOfFaultHasAnExitCode(t *testing.T) {
	for _, kind := range fault.Kinds() {
		code, _ := verdict(fmt.Errorf("in the way: %w", fault.New(kind, "x")))
		if code == exitOK || code == exitFailure && kind != fault.Internal {
			t.Errorf("%s: exit code %d", kind, code)
		}
	}
}

func TestRefusalsOfTheServerExitLikeTheSameFaultsHere(t *testing.T) {
	for status, kind := range map[int]fault.Kind{
		400: fault.Invalid, 401: fault.Unauthenticated, 403: fault.Denied, 404: fault.NotFound, 409: fault.Conflict, 412: fault.Stale,
		413: fault.TooLarge, 415: fault.Invalid, 422: fault.Invalid, 429: fault.Exhausted, 500: fault.Internal, 503: fault.Unavailable,
	} {
		if code, _ := verdict(&client.Problem{Status: status}); code != codeOf(kind) {
			t.Errorf("%d: exit code %d, want %d", status, code, codeOf(kind))
		}
	}
	for title, want := range map[string]int{
		"invalid_client": exitDenied, "unauthorized_client": exitDenied, "invalid_scope": exitDenied, "invalid_target": exitDenied,
		"invalid_request": exitUsage,
	} {
		if code, _ := verdict(&client.Problem{Status: 400, Title: title}); code != want {
			t.Errorf("%s: exit code %d, want %d", title, code, want)
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
