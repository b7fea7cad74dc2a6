//go:build !race

package seal_test

import (
	"testing"

	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// The race detector makes pools forget at random, so this is not its business.
func TestMACAllocatesNothing(t *testing.T) {
	p := open(t, dbtest.SQLite(t), file(t)).Peppers()
	dst := make([]byte, 0, seal.MACSize)
	allocations := testing.AllocsPerRun(100, func() {
		var environment, application [16]byte
		secret := [53]byte{1: 2}
		_, _ = p.MAC(1, dst, environment[:], application[:], secret[:])
	})
	if allocations != 0 {
		t.Errorf("%v allocations", allocations)
	}
}
