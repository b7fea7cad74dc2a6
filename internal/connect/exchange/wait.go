package exchange

import (
	"strconv"
	"strings"
	"time"

	"github.com/counterfoil/counterfoil/internal/connect/provider"
)

// maxWait is the longest time that a provider may ask us to wait.
const maxWait = 24 * time.Hour

// retryAfter reads how long to wait from the header that the provider uses for it.
func retryAfter(r *provider.Retry, header func(string) string, now time.Time) time.Duration {
	name := r.After
	if name == "" {
		name = "Retry-After"
	}
	if wait := readAfter(header(name), now); wait > 0 || r.At == "" {
		return wait
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(header(r.At)), 10, 64)
	if err != nil || seconds < 0 || seconds > 1<<40 {
		return 0
	}
	return bounded(time.Unix(seconds, 0).Sub(now))
}

// readAfter reads seconds or a date (RFC 9110 §10.2.3 and §5.6.7); what it cannot read is 0.
func readAfter(text string, now time.Time) time.Duration {
	text = strings.TrimSpace(text)
	if seconds, err := strconv.ParseFloat(text, 64); err == nil {
		if !(seconds > 0) { // also NaN
			return 0
		}
		return bounded(time.Duration(min(seconds, maxWait.Seconds()) * float64(time.Second)))
	}
	for _, form := range []string{"Mon, 02 Jan 2006 15:04:05 GMT", time.RFC850, time.ANSIC} {
		if at, err := time.Parse(form, text); err == nil {
			return bounded(at.Sub(now))
		}
	}
	return 0
}

func bounded(d time.Duration) time.Duration { return min(max(d, 0), maxWait) }
