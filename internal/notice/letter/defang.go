package letter

import (
	"regexp"

	"github.com/counterfoil/counterfoil/internal/notice"
)

// What mail programs make links of: a full stop between words of which the latter could begin a top-level domain, also in
// the spellings that browsers take for one (UTS #46 §4); and what follows a scheme. "J.R.R." and "1.12.2026" stay, because no
// such domain has one letter or begins with a digit.
var (
	dotted  = regexp.MustCompile(`([^\s.。．｡․﹒])([.。．｡․﹒])(\pL[\pL\pN\pM-])`)
	prefix  = regexp.MustCompile(`(?i)(www[.。．｡․﹒])(\S)`)
	schemed = regexp.MustCompile(`(?i)([a-z][a-z0-9+.-]*:)(/|[^\s/]*@|\S*\d{3})`)
)

// Defang returns a stranger's words such that mail programs find nothing in them to make a link of: a space stands where one
// would begin. The words stay readable, as "evil. com" does. People's names come through as they are.
func Defang(text string) string {
	for {
		safe := prefix.ReplaceAllString(text, "$1 $2")
		safe = dotted.ReplaceAllString(schemed.ReplaceAllString(safe, "$1 $2"), "$1$2 $3")
		if safe == text {
			return text
		}
		text = safe // a match may have hidden another: in "a.bc.de" they overlap
	}
}

// name returns a stranger's name for a thing or a person, fit for a line of a letter.
func name(text string) string { return notice.Clean(Defang(notice.Clean(text, maxName)), maxName) }
