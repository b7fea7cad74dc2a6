package ticket

import (
	"crypto/rand"
	"encoding/base32"
	"math/big"
	"strings"

	"github.com/google/uuid"
)

// Prefix begins every ticket that is no code, so that scanners and people recognise one.
const Prefix = "cfu_"

const (
	secretSize = 24 // bytes: 192 random bits
	bodyLength = (16 + secretSize) * 8 / 5
	// Length is that of a ticket that is no code, in characters.
	Length = len(Prefix) + bodyLength
)

// encoding survives mail programs that take a "-" or "_" at the end of a link for punctuation, and ones that change
// case. 40 bytes are 64 characters without padding.
var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

// format writes a ticket: Prefix, then its id and its secret.
func format(id uuid.UUID, secret []byte) string {
	return Prefix + encoding.EncodeToString(append(id[:], secret...))
}

// Parse takes a ticket that is no code apart into the id under which its row is found and the secret that proves it. It
// says nothing about whether anybody issued it. Letters may be in either case.
func Parse(text string) (id uuid.UUID, secret []byte, ok bool) {
	if len(text) != Length {
		return uuid.Nil, nil, false
	}
	body, found := strings.CutPrefix(strings.ToLower(text), Prefix)
	if !found || len(body) != bodyLength {
		return uuid.Nil, nil, false
	}
	raw, err := encoding.DecodeString(body)
	if err != nil || len(raw) != len(id)+secretSize {
		return uuid.Nil, nil, false
	}
	return uuid.UUID(raw[:len(id)]), raw[len(id):], true
}

// newCode returns that many random digits.
func newCode(digits int) (string, error) {
	code := make([]byte, digits)
	for i := range code {
		n, err := rand.Int(rand.Reader, big.NewInt(10))
		if err != nil {
			return "", err
		}
		code[i] = '0' + byte(n.Int64())
	}
	return string(code), nil
}

// isCode reports whether text is that many digits and nothing else.
func isCode(text string, digits int) bool {
	return len(text) == digits && strings.Trim(text, "0123456789") == ""
}

// codeID is where the code for a holder is kept: one holder has one code of a purpose at a time.
func codeID(holder uuid.UUID, p Purpose) uuid.UUID { return uuid.NewSHA1(holder, []byte(p)) }
