package server_test

import (
	"slices"
	"testing"

	"github.com/counterfoil/counterfoil/internal/access/rule"
	"github.com/counterfoil/counterfoil/internal/housetest"
)

// TestEveryRouteHasARuleAndEveryRuleARoute keeps the permission table whole: what is served has a row, and what has a row
// is served.
func TestEveryRouteHasARuleAndEveryRuleARoute(t *testing.T) {
	routes := housetest.Start(t).Routes()
	for _, route := range routes {
		if _, ok := rule.Find(route); !ok {
			t.Errorf("%s is served, and no row of the permission table says who may call it", route)
		}
	}
	for _, r := range rule.All() {
		if !slices.Contains(routes, r.Route()) {
			t.Errorf("%s has a row in the permission table, and the house does not serve it", r.Route())
		}
	}
}
