//go:build !race

package chosen

import "testing"

// The race detector makes pools forget at random, so this is not its business.
func TestRecallAllocatesNothing(t *testing.T) {
	c := New(Options{})
	c.Remember(env, app, id, secret, stored)
	for name, presented := range map[string][]byte{"right": secret, "wrong": []byte("battery staple"), "generated": []byte("cfs_0123")} {
		if n := testing.AllocsPerRun(100, func() { c.Recall(env, app, presented) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
