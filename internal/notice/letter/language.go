package letter

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Languages returns those that people are written to in. The first is for everybody else.
func Languages() []string { return []string{"en", "de", "fr", "es"} }

// maxTags bounds how much of a list of languages is read.
const maxTags = 20

// Speak returns the one of [Languages] that suits best: a language tag (BCP 47), of which the first part counts, or a list
// of such with weights, as Accept-Language has (RFC 9110 §12.5.4). Whatever it cannot make sense of says English.
func Speak(tags string) string {
	type wish struct {
		language string
		weight   float64
	}
	var wishes []wish
	for tag := range strings.SplitSeq(tags, ",") {
		if len(wishes) == maxTags {
			break
		}
		tag, parameters, _ := strings.Cut(tag, ";")
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.ReplaceAll(parameters, " ", ""), "q="); ok {
			weight, _ = strconv.ParseFloat(q, 64) // what is no number counts as 0
		}
		language, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(strings.ReplaceAll(tag, "_", "-"))), "-")
		wishes = append(wishes, wish{language, weight})
	}
	slices.SortStableFunc(wishes, func(a, b wish) int { return cmp.Compare(b.weight, a.weight) })
	for _, w := range wishes {
		if w.weight > 0 && slices.Contains(Languages(), w.language) {
			return w.language
		}
	}
	return Languages()[0]
}
