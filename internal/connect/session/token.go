package session

import (
	"crypto/hmac"
	"crypto/rand"
	"encoding/base32"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Prefix begins every token of a connect session, so that scanners and people recognise one. Client secrets begin
// otherwise: one of those in a link is a leak, one of these is where it belongs.
const Prefix = "cfc_"

const (
	secretSize = 34 // bytes: 272 random bits, which with the id fill base32 without padding
	bodyLength = (16 + secretSize) * 8 / 5
	// TokenLength is that of every token, in characters.
	TokenLength = len(Prefix) + bodyLength
)

// encoding survives mail programs that take a "-" or "_" at the end of a link for punctuation.
var encoding = base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567").WithPadding(base32.NoPadding)

func newSecret() []byte {
	secret := make([]byte, secretSize)
	_, _ = rand.Read(secret) // never fails (crypto/rand)
	return secret
}

func format(id uuid.UUID, secret []byte) seal.Secret {
	return seal.NewSecret(Prefix + encoding.EncodeToString(append(id[:], secret...)))
}

// parse takes a token apart. It says nothing about whether anybody was given it.
func parse(token seal.Secret) (id uuid.UUID, secret []byte, ok bool) {
	text := token.Reveal()
	if len(text) != TokenLength {
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

// digest is what is stored of a token, bound to its row: whoever reads the database cannot make one of it.
func digest(p *seal.Peppers, version int64, environment, id uuid.UUID, secret []byte) ([]byte, bool) {
	return p.MAC(version, nil, []byte("connect_session"), environment[:], id[:], secret)
}

// proves compares in constant time. A hash under a root key that this node has not read yet is [fault.Unavailable]: the
// token may well be good.
func (s *Session) proves(p *seal.Peppers, secret []byte) (bool, error) {
	want, ok := digest(p, s.pepper, s.Environment, s.ID, secret)
	if !ok {
		return false, fault.New(fault.Unavailable, "the root key of this session is not loaded on this node")
	}
	return hmac.Equal(want, s.hash), nil
}
