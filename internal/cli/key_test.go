package cli_test

import (
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

func TestKeyIsWithdrawnAfterAQuestion(t *testing.T) {
	d := at(t, housetest.Start(t))
	type key struct{ ID, State string }
	kid := func(state string) string {
		for _, k := range decode[struct{ Items []key }](t, d.must("key", "list", "-o", "json")).Items {
			if k.State == state {
				return k.ID
			}
		}
		t.Fatalf("no key is %s", state)
		return ""
	}
	active, next := kid("active"), kid("next")
	d.asks, d.stdin = true, "n\n"
	d.fails(1, "nothing was changed", "key", "withdraw", "--", active)
	if kid("active") != active {
		t.Fatal("the key was withdrawn against the answer")
	}
	done := decode[struct{ Changes []key }](t, d.must("key", "withdraw", "--yes", "-o", "json", "--", active))
	if len(done.Changes) != 3 || done.Changes[0] != (key{active, "withdrawn"}) || done.Changes[1] != (key{next, "active"}) {
		t.Errorf("got %+v", done)
	}
	d.asks = false
	d.must("key", "withdraw", "--", kid("next"))
	d.fails(3, "", "key", "withdraw", "--", active)
	if kid("active") != next {
		t.Error("the key that was next is not active")
	}
}
