package notice_test

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/counterfoil/counterfoil/internal/notice"
)

func TestWaitsGrowAndVaryByAFifth(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	want := []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, time.Hour, 3 * time.Hour, 8 * time.Hour, 24 * time.Hour}
	for i, wait := range want {
		seen := map[time.Duration]bool{}
		for range 100 {
			at, again := notice.Next(now, now, i+1)
			if got := at.Sub(now); !again || got < wait*4/5 || got > wait*6/5 {
				t.Fatalf("after %d failures: %v (%v), want about %v", i+1, got, again, wait)
			}
			seen[at.Sub(now)] = true
		}
		if len(seen) < 50 {
			t.Errorf("after %d failures there are only %d different waits in 100", i+1, len(seen))
		}
	}
	if _, again := notice.Next(now, now, notice.Attempts); again || notice.Attempts != len(want)+1 {
		t.Errorf("it goes on after %d attempts", notice.Attempts)
	}
}

func TestAnOldMessageIsTriedThreeTimes(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for failed, want := range []bool{true, true, true, false} {
		if _, again := notice.Next(now, now.Add(-38*time.Hour), failed); again != want {
			t.Errorf("after %d failures in 38 hours: again is %v", failed, again)
		}
	}
}

func FuzzCleanedTextIsOneShortLine(f *testing.F) {
	f.Add("  hello\r\nSet-Cookie: a \x1b[31m\u202e", 20)
	f.Add("\xff\xfe", 1)
	f.Add("a b", 2)
	f.Fuzz(func(t *testing.T, said string, limit int) {
		limit = 1 + (limit&0xFFFF)%300
		got := notice.Clean(said, limit)
		unsafe := strings.ContainsFunc(got, func(r rune) bool { return !unicode.IsPrint(r) })
		if unsafe || utf8.RuneCountInString(got) > limit || strings.TrimSpace(got) != got || strings.Contains(got, "  ") {
			t.Errorf("%q becomes %q at %d", said, got, limit)
		}
	})
}
