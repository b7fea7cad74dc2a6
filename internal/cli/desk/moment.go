package desk

import (
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

// Moment reads a flag that says when: a span from now such as 90d, 2w, 12h or 1y (of calendar days, weeks and
// years), a date (its first moment, in UTC), or a time as in RFC 3339. It must be to come, and not after the year
// 9999, which RFC 3339 cannot write. words are those that the flag knows besides, for the complaint.
func Moment(flag, text string, now time.Time, words string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return future(flag, at, now)
		}
	}
	if at, ok := afterSpan(text, now); ok {
		return future(flag, at, now)
	}
	return time.Time{}, Usage("%s %q: say 90d, 2w, 12h, 1y, 2027-12-31 or %s", flag, text, words)
}

// longest bounds the number of a span.
const longest = 10_000

func afterSpan(text string, now time.Time) (time.Time, bool) {
	if text == "" {
		return time.Time{}, false
	}
	count, err := strconv.Atoi(text[:len(text)-1])
	if err != nil || count < 1 || count > longest {
		return time.Time{}, false
	}
	switch text[len(text)-1] {
	case 'h':
		return now.Add(time.Duration(count) * time.Hour), true
	case 'd':
		return now.AddDate(0, 0, count), true
	case 'w':
		return now.AddDate(0, 0, 7*count), true
	case 'y':
		return now.AddDate(count, 0, 0), true
	}
	return time.Time{}, false
}

func future(flag string, at, now time.Time) (time.Time, error) {
	at = at.UTC()
	switch {
	case !at.After(now):
		return time.Time{}, Usage("%s: %s is in the past", flag, at.Format(time.RFC3339))
	case at.Year() > 9999:
		return time.Time{}, Usage("%s: nothing can be said of times after the year 9999; say never", flag)
	}
	return at.Truncate(time.Second), nil
}

// Expires is the flag --expires.
type Expires struct{ text string }

// Bind adds the flag to cmd. what is the thing that ends, such as "the secret".
func (e *Expires) Bind(cmd *cobra.Command, what string) {
	cmd.Flags().StringVar(&e.text, "expires", "", "when "+what+" ends: 90d, 2w, 1y, 2027-12-31 or never (the default)")
}

// Given reports whether the flag was given, be it as never.
func (e *Expires) Given() bool { return e.text != "" }

// At returns when the thing ends; nil is never.
func (e *Expires) At(now time.Time) (*time.Time, error) {
	if e.text == "" || e.text == "never" {
		return nil, nil
	}
	return pointer(Moment("--expires", e.text, now, "never"))
}

// Old is the flag --old of a rotation: how long what is replaced goes on working.
type Old struct{ text string }

// Bind adds the flag to cmd. what is the thing that is replaced, such as "secret"; meant is what the server does
// without the flag.
func (o *Old) Bind(cmd *cobra.Command, what, meant string) {
	cmd.Flags().StringVar(&o.text, "old", "", "when the old "+what+" ends: now, 1h, 24h, 7d or 2027-12-31; "+meant+" unless given")
	_ = cmd.RegisterFlagCompletionFunc("old", cobra.FixedCompletions([]string{"now", "1h", "24h", "7d"}, cobra.ShellCompDirectiveNoFileComp))
}

// Given reports whether the flag was given.
func (o *Old) Given() bool { return o.text != "" }

// Now reports whether the old one is to end at once, for which no clock is needed: ours may differ from the server's.
func (o *Old) Now() bool { return o.text == "now" }

// At returns when the old one ends: now itself for now, nil without the flag.
func (o *Old) At(now time.Time) (*time.Time, error) {
	switch o.text {
	case "":
		return nil, nil
	case "now":
		return &now, nil
	}
	return pointer(Moment("--old", o.text, now, "now"))
}

// Span returns the same as seconds from now where the flag is now or a span, and as a time where it is one: a span is
// counted by the server's clock, which may differ from ours.
func (o *Old) Span(now time.Time) (seconds *int64, at *time.Time, err error) {
	if o.Now() {
		return new(int64), nil, nil
	}
	at, err = o.At(now)
	if end, ok := afterSpan(o.text, now.UTC()); ok && err == nil {
		return new(int64(end.Sub(now) / time.Second)), nil, nil
	}
	return nil, at, err
}

func pointer(at time.Time, err error) (*time.Time, error) {
	if err != nil {
		return nil, err
	}
	return &at, nil
}
