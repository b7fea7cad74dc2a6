package password

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// MaxBytes is how long a password may be in UTF-8. All of it counts: nothing is cut off.
const MaxBytes = 1024

// Normal returns a password as it is hashed: the OpaqueString profile of RFC 8265 §4.2, in which a keyboard that sends
// an accent by itself and one that sends the whole letter mean the same. Spaces of other scripts become ordinary ones,
// and the rest is put into Unicode's form C; case, width and spaces at the ends stay. An empty password, one of more than
// [MaxBytes], one that is not UTF-8 or one with a control character is [fault.Invalid] on password.
//
// Against the profile, code points that this program's Unicode does not know yet are let through: their owner's telephone
// does.
func Normal(password seal.Secret) (seal.Secret, error) {
	text := password.Reveal()
	switch {
	case text == "":
		return seal.Secret{}, fault.On("password", "the password is empty")
	case len(text) > MaxBytes:
		return seal.Secret{}, fault.On("password", "the password is too long: at most %d bytes are possible", MaxBytes)
	case !utf8.ValidString(text):
		return seal.Secret{}, fault.On("password", "the password is not valid UTF-8")
	case strings.ContainsFunc(text, unicode.IsControl):
		return seal.Secret{}, fault.On("password", "the password contains a control character, such as a tab or the end of a line")
	}
	text = norm.NFC.String(strings.Map(plainSpace, text))
	if len(text) > MaxBytes { // form C makes a few rare letters longer
		return seal.Secret{}, fault.On("password", "the password is too long: at most %d bytes are possible", MaxBytes)
	}
	return seal.NewSecret(text), nil
}

// plainSpace maps spaces that are not ASCII (RFC 8265 §4.2.2, rule 2).
func plainSpace(r rune) rune {
	if unicode.Is(unicode.Zs, r) {
		return ' '
	}
	return r
}

// readings returns what a password may have been hashed as, its normal spelling first: other systems hash bytes as they
// come. How many there are depends on the input alone, so that the time spent on them tells nothing else.
func readings(password seal.Secret) [][]byte {
	normal, err := Normal(password)
	if err != nil {
		return nil
	}
	if normal.Reveal() == password.Reveal() {
		return [][]byte{[]byte(normal.Reveal())}
	}
	return [][]byte{[]byte(normal.Reveal()), []byte(password.Reveal())}
}
