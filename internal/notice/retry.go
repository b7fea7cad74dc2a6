package notice

import (
	"math/rand/v2"
	"strings"
	"time"
	"unicode"
)

// waits are the times between attempts: short ones for a receiver that restarts, long ones for a weekend. They are
// those that the Standard Webhooks specification advises.
var waits = [...]time.Duration{
	5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute,
	time.Hour, 3 * time.Hour, 8 * time.Hour, 24 * time.Hour,
}

// Attempts is how often a message is tried before it is given up.
const Attempts = len(waits) + 1

const (
	// patience is the sum of all waits, in round figures.
	patience = 37 * time.Hour
	// leastAttempts is how often even a message is tried that has grown old in the queue.
	leastAttempts = 3
)

// Next returns when a message is tried again that was queued at a time and has failed so often by now, and false when
// it is given up: after [Attempts], or after 37 hours and 3 attempts. Age counts because messages about one thing wait
// for each other: if each had all attempts to itself, ten of them would occupy a dead receiver for two weeks. Waits
// vary by a fifth either way, so that what failed together does not come back together.
func Next(now, queued time.Time, failed int) (time.Time, bool) {
	if failed < 1 {
		return now, true
	}
	if failed >= Attempts || failed >= leastAttempts && now.Sub(queued) > patience {
		return time.Time{}, false
	}
	wait := waits[failed-1]
	return now.Add(wait - wait/5 + rand.N(2*wait/5)), true
}

// Clean returns the first characters of what a stranger said, at most limit, in one line that is safe to show: what
// does not print has become a space, and runs of spaces are one.
func Clean(said string, limit int) string {
	var b strings.Builder
	space, count := false, 0
	for _, r := range said {
		if !unicode.IsPrint(r) || r == ' ' || r == unicode.ReplacementChar {
			space = count > 0
			continue
		}
		if space {
			count++
		}
		if count >= limit {
			break
		}
		if space {
			b.WriteByte(' ')
		}
		space = false
		b.WriteRune(r)
		count++
	}
	return b.String()
}
