package fresh

import "time"

// Resident counts the connections that a keeper remembers anything of.
func (k *Keeper) Resident() (n int) {
	k.entries.Range(func(any, any) bool { n++; return true })
	return n
}

// Traffic returns a counter of one connection's uses.
func Traffic() func(time.Time) (int64, float64, bool) { return (&traffic{}).count }
