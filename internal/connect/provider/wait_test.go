package provider_test

import (
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/connect/provider"
)

var now = time.Date(2026, 11, 23, 1, 0, 0, 0, time.UTC)

func FuzzWaitsAreBounded(f *testing.F) {
	for _, s := range []string{"7", "-1", "1e9", "Mon, 23 Nov 2026 01:05:00 GMT", "NaN", "", "1.5", "99999999999999999999"} {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, after, at string) {
		header := func(name string) string { return map[string]string{"Retry-After": after, "X-At": at}[name] }
		if d, _ := (&provider.Retry{At: "X-At"}).Wait(header, now); d < 0 || d > 24*time.Hour {
			t.Errorf("%q, %q: %s", after, at, d)
		}
	})
}

func TestWaitsAreReadAsTheyAreWritten(t *testing.T) {
	for _, c := range []struct {
		retry  provider.Retry
		header map[string]string
		want   time.Duration
		asks   bool
	}{
		{provider.Retry{}, map[string]string{"Retry-After": "7"}, 7 * time.Second, true},
		{provider.Retry{}, map[string]string{"Retry-After": " 1.5 "}, 1500 * time.Millisecond, true},
		{provider.Retry{}, map[string]string{"Retry-After": "Mon, 23 Nov 2026 01:05:00 GMT"}, 5 * time.Minute, true},
		{provider.Retry{}, map[string]string{"Retry-After": "Monday, 23-Nov-26 01:05:00 GMT"}, 5 * time.Minute, true},
		{provider.Retry{}, map[string]string{"Retry-After": "Mon, 23 Nov 2020 01:05:00 GMT"}, 0, true},
		{provider.Retry{}, map[string]string{"Retry-After": "1e300"}, 24 * time.Hour, true},
		{provider.Retry{}, map[string]string{"Retry-After": "soon"}, 0, false},
		{provider.Retry{After: "X-Wait"}, map[string]string{"Retry-After": "7", "X-Wait": "9"}, 9 * time.Second, true},
		{provider.Retry{At: "X-Reset"}, map[string]string{"X-Reset": "1795395660"}, time.Minute, true},
		{provider.Retry{At: "X-Reset"}, map[string]string{"X-Reset": "-1"}, 0, false},
	} {
		if got, asks := c.retry.Wait(func(name string) string { return c.header[name] }, now); got != c.want || asks != c.asks {
			t.Errorf("%+v %v: %s, %t, want %s, %t", c.retry, c.header, got, asks, c.want, c.asks)
		}
	}
}
