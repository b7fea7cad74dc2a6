package keyring

import (
	"crypto/cipher"
	"crypto/rand"
	"slices"
	"time"

	"golang.org/x/crypto/chacha20poly1305"
)

// HandleOverhead is by how many bytes [HandleKey.Seal] makes its input longer: a nonce and an authentication tag.
const HandleOverhead = chacha20poly1305.NonceSizeX + chacha20poly1305.Overhead

// HandleKey seals the content of opaque tokens with XChaCha20-Poly1305. Its nonces have 192 random bits, so that no
// number of tokens a day makes a repetition likely (96 bits would be used up in days). It never changes and is safe
// for concurrent use.
type HandleKey struct {
	// Number names the key within its environment. A token carries it.
	Number int64
	// UsedFrom is when nodes begin to seal with the key; they can open with it a [HandlePeriod] earlier.
	UsedFrom time.Time

	aead cipher.AEAD
}

// newHandleKey returns the key with the given bytes, made at created.
func newHandleKey(number int64, created time.Time, secret []byte) (*HandleKey, error) {
	aead, err := chacha20poly1305.NewX(secret)
	return &HandleKey{Number: number, UsedFrom: created.Add(HandlePeriod), aead: aead}, err
}

// Seal appends nonce, ciphertext and tag of plaintext to dst. aad is what the handle says in the clear: it is not
// part of the output, and [HandleKey.Open] must be given the same. The environment and the number are bound
// anyway, since no two share a key. plaintext and aad must not overlap the free space of dst; when that has room
// for len(plaintext) + [HandleOverhead] bytes, dst is not moved.
func (k *HandleKey) Seal(dst, plaintext, aad []byte) []byte {
	start := len(dst)
	dst = slices.Grow(dst, len(plaintext)+HandleOverhead)[:start+chacha20poly1305.NonceSizeX]
	nonce := dst[start:]
	_, _ = rand.Read(nonce) // never fails; the program ends instead
	return k.aead.Seal(dst, nonce, plaintext, aad)
}

// Open appends to dst what [HandleKey.Seal] was given. It returns false for anything that this key did not seal
// with this aad.
func (k *HandleKey) Open(dst, sealed, aad []byte) ([]byte, bool) {
	if len(sealed) < HandleOverhead {
		return dst, false
	}
	nonce, box := sealed[:chacha20poly1305.NonceSizeX], sealed[chacha20poly1305.NonceSizeX:]
	plaintext, err := k.aead.Open(dst, nonce, box, aad)
	if err != nil {
		return dst, false
	}
	return plaintext, true
}
