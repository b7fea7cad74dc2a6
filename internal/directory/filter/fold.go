package filter

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Fold is the form in which texts are compared whose case does not count: without the space around them, in one width
// and one composition (NFKC), and without case. It is Unicode's toNFKC_Casefold, near enough: what it takes for equal looks
// equal. The directory keeps what it is searched by in this form, so that an index and [Filter.Eval] never disagree.
func Fold(text string) string { return fold(strings.TrimSpace(text)) }

func fold(text string) string {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return norm.NFKC.String(cases.Fold().String(norm.NFKC.String(text)))
		}
	}
	return strings.ToLower(text)
}
