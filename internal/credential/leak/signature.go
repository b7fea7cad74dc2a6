package leak

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Bounds of a published set of keys, and of a signature: two numbers of 33 bytes with 8 bytes of ASN.1 around them.
const (
	KeysMost      = 64 << 10 // bytes
	keyCountMost  = 64
	keyIDMost     = 128
	signatureMost = 128
)

// Keys are the public keys with which a partner signs, by their identifiers. They do not change once parsed.
type Keys struct{ byID map[string]*ecdsa.PublicKey }

// Knows reports whether a key with this identifier is in the set. When it is not, the partner may have published a
// new one: fetch the set again, but not more often than once in some minutes, since anybody can name an identifier.
func (k Keys) Knows(id string) bool { return k.byID[id] != nil }

// ParseKeys reads a set of keys as it is published: {"public_keys": [{"key_identifier", "key", "is_current"}]}, the key
// being SubjectPublicKeyInfo in PEM. Keys that are not current verify too: an alert may be under way when they change,
// and the partner takes out a key that must not be believed any more. Keys of another kind than ECDSA on P-256 are
// passed over. [fault.Invalid]: it is no such set, or has no key that can be used.
func ParseKeys(document []byte) (Keys, error) {
	var wire struct {
		Keys []struct {
			ID  string `json:"key_identifier"`
			Key string `json:"key"`
		} `json:"public_keys"`
	}
	if len(document) > KeysMost {
		return Keys{}, fault.New(fault.TooLarge, "a set of keys has at most 64 KiB")
	}
	if err := decodeOne(document, &wire); err != nil {
		return Keys{}, fault.Wrap(fault.Invalid, err, "a set of keys is a JSON object with public_keys")
	}
	if len(wire.Keys) > keyCountMost {
		return Keys{}, fault.New(fault.TooLarge, "a set has at most %d keys", keyCountMost)
	}
	keys := Keys{map[string]*ecdsa.PublicKey{}}
	for _, w := range wire.Keys {
		if !name(w.ID, keyIDMost) {
			return Keys{}, fault.On("key_identifier", "is a word of at most %d letters, digits and _-.", keyIDMost)
		}
		if keys.Knows(w.ID) {
			return Keys{}, fault.On("key_identifier", "%s names two keys", w.ID)
		}
		if key := parseKey(w.Key); key != nil {
			keys.byID[w.ID] = key
		}
	}
	if len(keys.byID) == 0 {
		return Keys{}, fault.On("public_keys", "has no ECDSA key on P-256")
	}
	return keys, nil
}

func parseKey(text string) *ecdsa.PublicKey {
	block, _ := pem.Decode([]byte(text))
	if block == nil || block.Type != "PUBLIC KEY" {
		return nil
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil
	}
	if key, ok := parsed.(*ecdsa.PublicKey); ok && key.Curve == elliptic.P256() {
		return key
	}
	return nil
}

// VerifySignature verifies that the holder of the key called id signed body, byte for byte as it came: ECDSA over its
// SHA-256, in ASN.1 and base64 (the headers Github-Public-Key-Identifier and Github-Public-Key-Signature).
// [fault.Unauthenticated] otherwise, in the same words whatever was wrong.
//
// A signature has no time in it: the same alert can come again, so acting on one must be safe to repeat.
func VerifySignature(keys Keys, id, signature string, body []byte) error {
	key := keys.byID[id]
	if key == nil || len(signature) > signatureMost {
		return errSignature
	}
	raw, err := base64.StdEncoding.Strict().DecodeString(signature)
	if err != nil {
		return errSignature
	}
	if sum := sha256.Sum256(body); !ecdsa.VerifyASN1(key, sum[:], raw) {
		return errSignature
	}
	return nil
}

var errSignature error = fault.New(fault.Unauthenticated, "the alert is not signed by a key that the partner publishes")
