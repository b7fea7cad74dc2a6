package provider

import (
	"strconv"
	"strings"
	"time"
)

// maxWait is the longest time that a provider may ask us to wait.
const maxWait = 24 * time.Hour

// Wait returns how long an answer asks to be left alone, from 0 to 24 hours, and whether it asks at all: by Retry-After, in seconds
// or as a date (RFC 9110 §10.2.3), or by the headers that the provider uses for it.
func (r *Retry) Wait(header func(string) string, now time.Time) (wait time.Duration, asks bool) {
	after := r.After
	if after == "" {
		after = "Retry-After"
	}
	text := strings.TrimSpace(header(after))
	if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds >= 0 { // which NaN is not
		return time.Duration(min(seconds, maxWait.Seconds()) * float64(time.Second)), true
	}
	for _, form := range []string{"Mon, 02 Jan 2006 15:04:05 GMT", time.RFC850, time.ANSIC} { // RFC 9110 §5.6.7
		if at, err := time.Parse(form, text); err == nil {
			return bounded(at.Sub(now)), true
		}
	}
	if r.At == "" {
		return 0, false
	}
	seconds, err := strconv.ParseInt(strings.TrimSpace(header(r.At)), 10, 64)
	if err != nil || seconds < 0 || seconds > 1<<40 {
		return 0, false
	}
	return bounded(time.Unix(seconds, 0).Sub(now)), true
}

func bounded(d time.Duration) time.Duration { return min(max(d, 0), maxWait) }
