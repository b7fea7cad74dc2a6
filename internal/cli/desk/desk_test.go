package desk

import (
	"fmt"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/fault"
)

func TestEveryKindOfFaultHasAnExitCode(t *testing.T) {
	for _, kind := range fault.Kinds() {
		code, _ := Verdict(fmt.Errorf("in the way: %w", fault.New(kind, "x")))
		if code == ExitOK || code == ExitFailure && kind != fault.Internal {
			t.Errorf("%s: exit code %d", kind, code)
		}
	}
}

func TestRefusalsOfTheServerExitLikeTheSameFaultsHere(t *testing.T) {
	for status, kind := range map[int]fault.Kind{
		400: fault.Invalid, 401: fault.Unauthenticated, 403: fault.Denied, 404: fault.NotFound, 409: fault.Conflict, 412: fault.Stale,
		413: fault.TooLarge, 415: fault.Invalid, 422: fault.Invalid, 429: fault.Exhausted, 500: fault.Internal, 503: fault.Unavailable,
	} {
		if code, _ := Verdict(&client.Problem{Status: status}); code != codeOf(kind) {
			t.Errorf("%d: exit code %d, want %d", status, code, codeOf(kind))
		}
	}
	for title, want := range map[string]int{
		"invalid_client": ExitDenied, "unauthorized_client": ExitDenied, "invalid_scope": ExitDenied, "invalid_target": ExitDenied,
		"invalid_request": ExitUsage,
	} {
		if code, _ := Verdict(&client.Problem{Status: 400, Title: title}); code != want {
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
		got := strings.Join(EditList(strings.Fields(c.now), strings.Fields(c.replace), strings.Fields(c.add), strings.Fields(c.remove), same), " ")
		if got != c.want {
			t.Errorf("%+v: got %q", c, got)
		}
	}
}
