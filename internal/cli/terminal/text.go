package terminal

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Printable escapes what a terminal would obey or hide: control characters, line separators, changes of the
// direction of writing. A name chosen by somebody else must not move the cursor.
func Printable(s string) string {
	if !strings.ContainsFunc(s, unprintable) {
		return s
	}
	var b strings.Builder
	for _, c := range s {
		if unprintable(c) {
			b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(c), "'"))
		} else {
			b.WriteRune(c)
		}
	}
	return b.String()
}

// U+FFFD is what ranging over invalid UTF-8 yields.
func unprintable(c rune) bool { return !unicode.IsPrint(c) || c == '\uFFFD' }

// Stamp shows a time in UTC, which is the same for everybody who talks about it; the zero time is empty.
func Stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}

// StampOr shows a time that may be missing.
func StampOr(t *time.Time, missing string) string {
	if t == nil {
		return missing
	}
	return Stamp(*t)
}

// Seconds shows a length of time given in seconds, such as 10m or 1m30s; 0 is empty.
func Seconds(n int) string {
	if n == 0 {
		return ""
	}
	text := (time.Duration(n) * time.Second).String()
	if whole, ok := strings.CutSuffix(text, "m0s"); ok {
		return whole + "m"
	}
	return text
}

// Brief joins words for a column, where a long list would push everything else off the screen.
func Brief(words []string) string {
	const most = 4
	if len(words) <= most {
		return strings.Join(words, " ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(words[:most-1], " "), len(words)-most+1)
}
