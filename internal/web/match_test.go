package web

import (
	"slices"
	"strings"
	"testing"
)

func TestIfNoneMatchComparesWeakly(t *testing.T) {
	for header, want := range map[string]bool{
		"": false, "*": true, `"7"`: true, `W/"7"`: true, `"6", W/"7"`: true, `"6"`: false, `7`: false, `"7`: false,
	} {
		if got := NoneMatch(header, ETag(7)); got != want {
			t.Errorf("If-None-Match: %s is %v", header, got)
		}
	}
}

func FuzzTagsAreReadBackAsTheyWere(f *testing.F) {
	f.Add(`"7", W/"8"`)
	f.Add(`*`)
	f.Add(`"a,b" ,"7"`)
	f.Fuzz(func(t *testing.T, header string) {
		all, ok := tags(header)
		if !ok {
			if NoneMatch(header, ETag(7)) {
				t.Errorf("%q cannot be read and matches", header)
			}
			return
		}
		if again, ok := tags(strings.Join(all, ", ")); !ok || !slices.Equal(all, again) {
			t.Errorf("%q is %q and then %q", header, all, again)
		}
	})
}
