package session

import (
	"crypto/rand"
	"encoding/base64"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/seal"
)

// secretSize is how many random bytes a cookie has beside the session's id.
const secretSize = 32

// CookieLength is that of a cookie's value, in characters.
const CookieLength = (16 + secretSize) * 4 / 3

var encoding = base64.RawURLEncoding.Strict()

// cookie writes the value of a cookie: id and secret.
func cookie(id uuid.UUID, secret []byte) seal.Secret {
	return seal.NewSecret(encoding.EncodeToString(append(id[:], secret...)))
}

// parse takes a cookie's value apart. It says nothing about whether anybody was given it.
func parse(value seal.Secret) (id uuid.UUID, secret []byte, ok bool) {
	text := value.Reveal()
	if len(text) != CookieLength || strings.ContainsAny(text, "\r\n") { // which encoding/base64 passes over
		return uuid.Nil, nil, false
	}
	raw, err := encoding.DecodeString(text)
	if err != nil || len(raw) != 16+secretSize {
		return uuid.Nil, nil, false
	}
	return uuid.UUID(raw[:16]), raw[16:], true
}

func newSecret() []byte {
	secret := make([]byte, secretSize)
	_, _ = rand.Read(secret) // never fails
	return secret
}

// digest is what is stored of a secret, bound to its row: whoever reads the database cannot make a cookie of it.
func digest(p *seal.Peppers, version int64, environment, id uuid.UUID, secret []byte) ([]byte, bool) {
	return p.MAC(version, nil, []byte("session"), environment[:], id[:], secret)
}
