package limit

import (
	"hash/maphash"
	"sync"
	"time"
)

const (
	shards = 64
	// perShard bounds a table to a quarter of a million buckets, some 20 MB.
	perShard = 4096
	// looked is how many buckets are looked at to find one to forget when a shard is full.
	looked = 16
)

// table holds buckets. A bucket is one number, the moment at which it is full again (GCRA): one that is full needs no
// entry.
type table[K comparable] struct {
	seed   maphash.Seed
	shards [shards]struct {
		sync.Mutex
		full map[K]int64 // nanoseconds since 1970
	}
}

func newTable[K comparable]() *table[K] {
	t := &table[K]{seed: maphash.MakeSeed()}
	for i := range t.shards {
		t.shards[i].full = map[K]int64{}
	}
	return t
}

// take takes one request out of the bucket of key. wait is how long it takes until there is one, if there is none.
func take[K comparable](t *table[K], key K, policy string, rate Rate, now time.Time) (s State, wait time.Duration) {
	shard := &t.shards[maphash.Comparable(t.seed, key)%shards]
	at := now.UnixNano()
	shard.Lock()
	full, known := shard.full[key]
	if full < at || full-at > rate.depth() { // the latter when the clock was set back: nobody waits for that
		full = at
	}
	after := full + rate.interval()
	if over := after - at - rate.depth(); over > 0 {
		after, wait = full, time.Duration(over)
	} else {
		if !known && len(shard.full) >= perShard {
			forget(shard.full, at)
		}
		shard.full[key] = after
	}
	shard.Unlock()
	left := max(rate.depth()-(after-at), 0) / rate.interval()
	return State{policy, rate, left, time.Duration(after - at)}, wait
}

// forget makes room for one bucket: by one that is full if there is one among those that are looked at, which forgets
// nothing, else by the fullest of them. Who floods a table so that others are forgotten gives them, not itself, more.
func forget[K comparable](full map[K]int64, now int64) {
	var fullest K
	least, n := int64(0), 0
	for key, at := range full { // begins anywhere
		if at <= now {
			delete(full, key)
			return
		}
		if n == 0 || at < least {
			fullest, least = key, at
		}
		if n++; n == looked {
			break
		}
	}
	delete(full, fullest)
}
