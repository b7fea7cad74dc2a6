package web

import (
	"testing"

	"github.com/counterfoil/counterfoil/internal/fault"
)

func TestIfMatchDecidesByStrongComparison(t *testing.T) {
	const fits, stale, bad = "fits", "stale", "bad"
	for header, want := range map[string]string{
		"": fits, "*": fits, ` * `: fits, `"7"`: fits, `"6", "7"`: fits, `"6","7" ,"8"`: fits, `"a,b", "7"`: fits, `W/"7", "7"`: fits,
		`"6"`: stale, `W/"7"`: stale, `"07"`: stale, `""`: stale, `"6", "8"`: stale, `"7,"`: stale,
		`7`: bad, `"7`: bad, `"7" "8"`: bad, `w/"7"`: bad, `*, "7"`: bad, `"7", *`: bad, `W/7`: bad,
	} {
		got := fits
		switch err := CheckMatch(header, 7); {
		case fault.Is(err, fault.Stale):
			got = stale
		case fault.Is(err, fault.Invalid):
			got = bad
		case err != nil:
			t.Errorf("%s: %v", header, err)
		}
		if got != want {
			t.Errorf("If-Match: %s is %s, want %s", header, got, want)
		}
	}
}

func TestIfNoneMatchComparesWeakly(t *testing.T) {
	for header, want := range map[string]bool{
		"": false, "*": true, `"7"`: true, `W/"7"`: true, `"6", W/"7"`: true, `"6"`: false, `7`: false, `"7`: false,
	} {
		if got := NoneMatch(header, ETag(7)); got != want {
			t.Errorf("If-None-Match: %s is %v", header, got)
		}
	}
}

func FuzzTagsNeverPanic(f *testing.F) {
	f.Add(`"7", W/"8"`)
	f.Add(`*`)
	f.Fuzz(func(t *testing.T, header string) {
		if CheckMatch(header, 7) == nil && header != "" && !NoneMatch(header, ETag(7)) {
			t.Errorf("%q matches strongly and not weakly", header)
		}
	})
}
