package assertion

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Bounds of what an administrator gives, and of what a server publishes, in keys and bytes.
const (
	MaxKeys = 20
	MaxJWKS = 64 << 10

	maxPublished     = 100
	maxPublishedJWKS = 256 << 10
)

// KeySet is a set of public keys. It never changes.
type KeySet struct{ keys []*Key }

// Keys returns the keys in the order they were given in. They must not be changed.
func (s *KeySet) Keys() []*Key { return s.keys }

// Hints returns the keys' thumbprints (RFC 7638), to recognise them by.
func (s *KeySet) Hints() []string {
	hints := make([]string, len(s.keys))
	for i, k := range s.keys {
		hints[i] = k.Thumbprint
	}
	return hints
}

// Text returns the set as JSON in one spelling, with the public members and nothing else. [ParseJWKS] reads it back.
func (s *KeySet) Text() string {
	all := make([]map[string]string, len(s.keys))
	for i, k := range s.keys {
		all[i] = maps.Clone(k.members)
		all[i]["use"] = "sig"
		if k.ID != "" {
			all[i]["kid"] = k.ID
		}
		if k.Algorithm != "" {
			all[i]["alg"] = k.Algorithm
		}
	}
	text, _ := json.Marshal(map[string]any{"keys": all}) // maps of strings cannot fail
	return string(text)
}

// candidates returns the keys that a token with that kid may be signed by. A kid is a hint (RFC 7515 §4.1.4): keys that
// were given without one are tried for every kid that no key has.
func (s *KeySet) candidates(kid string) []*Key {
	if s == nil {
		return nil
	}
	if kid == "" {
		return s.keys
	}
	var named, nameless []*Key
	for _, k := range s.keys {
		switch k.ID {
		case kid:
			named = append(named, k)
		case "":
			nameless = append(nameless, k)
		}
	}
	if len(named) > 0 {
		return named
	}
	return nameless
}

// has reports whether some key could be meant by kid.
func (s *KeySet) has(kid string) bool { return len(s.candidates(kid)) > 0 }

// ParseJWKS reads the public keys that an administrator gives for an application: a JWK Set (RFC 7517 §5), one JWK, or
// public keys in PEM. Nothing is passed over in silence: one key that cannot be used refuses the set. At most [MaxKeys]
// keys and [MaxJWKS] bytes; errors are [fault.Invalid] on "jwks" and hold no key.
func ParseJWKS(text []byte) (*KeySet, error) {
	if len(text) > MaxJWKS {
		return nil, fault.On("jwks", "is longer than %d KiB", MaxJWKS>>10)
	}
	if bytes.Contains(text, []byte("-----BEGIN ")) {
		return parsePEM(text)
	}
	list, err := readSet(text)
	if err != nil {
		return nil, fault.On("jwks", "%v", err)
	}
	if len(list) == 0 || len(list) > MaxKeys {
		return nil, fault.On("jwks", "holds %d keys: it must hold 1 to %d", len(list), MaxKeys)
	}
	set := &KeySet{}
	for i, entry := range list {
		k, err := readKey(entry)
		if err != nil {
			return nil, fault.On("jwks", "key %d %v", i+1, err)
		}
		set.keys = append(set.keys, k)
	}
	return set.distinct()
}

// distinct refuses two keys of one name, of which only one could be meant, and one key twice.
func (s *KeySet) distinct() (*KeySet, error) {
	for i, k := range s.keys {
		for j, other := range s.keys[:i] {
			if k.ID != "" && k.ID == other.ID {
				return nil, fault.On("jwks", "keys %d and %d have the same kid %q", j+1, i+1, Clean(k.ID))
			}
			if k.Thumbprint == other.Thumbprint {
				return nil, fault.On("jwks", "keys %d and %d are the same key", j+1, i+1)
			}
		}
	}
	return s, nil
}

// parsePublished reads what a server publishes. Keys that are of no use here are passed over (RFC 7517 §5), for their
// owner has other readers, too.
func parsePublished(text []byte) (*KeySet, error) {
	list, err := readSet(text)
	if err != nil {
		return nil, err
	}
	if len(list) > maxPublished {
		return nil, fmt.Errorf("holds more than %d keys", maxPublished)
	}
	set := &KeySet{}
	for _, entry := range list {
		if k, err := readKey(entry); err == nil {
			set.keys = append(set.keys, k)
		}
	}
	if len(set.keys) == 0 {
		return nil, errors.New("holds no key that signatures can be verified with")
	}
	return set, nil
}

// readSet returns the entries of a JWK Set, or the one JWK that stands alone.
func readSet(text []byte) ([]any, error) {
	object, err := readObject(text)
	if err != nil {
		return nil, err
	}
	if _, alone := object["kty"]; alone {
		return []any{object}, nil
	}
	list, ok := object["keys"].([]any)
	if !ok {
		return nil, errors.New(`has no list "keys": a JWK Set, one JWK or public keys in PEM are accepted`)
	}
	return list, nil
}

// readKey reads one JWK (RFC 7517 §4). Its errors continue "key 1 …".
func readKey(entry any) (*Key, error) {
	jwk, ok := entry.(map[string]any)
	if !ok {
		return nil, errors.New("is not a JSON object")
	}
	if err := checkUse(jwk); err != nil {
		return nil, err
	}
	member := map[string]string{}
	for _, name := range []string{"kty", "crv", "x", "y", "n", "e", "kid", "alg"} {
		value, there := jwk[name]
		text, ok := value.(string)
		if there && !ok {
			return nil, fmt.Errorf("has a member %q that is not a string", name)
		}
		member[name] = text
	}
	if len(member["kid"]) > maxName {
		return nil, fmt.Errorf("has a kid longer than %d bytes", maxName)
	}
	k, err := readPublic(member)
	if err != nil {
		return nil, err
	}
	k.ID = member["kid"]
	return k, k.pin(member["alg"])
}

// checkUse refuses keys that are secret or for something else.
func checkUse(jwk map[string]any) error {
	if _, symmetric := jwk["k"]; symmetric || jwk["kty"] == "oct" {
		return errors.New("is symmetric: its secret would be shared with this server; give a public key")
	}
	for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth"} {
		if _, there := jwk[private]; there {
			return fmt.Errorf("is a private key (it has the member %q), which nobody but its owner may have: "+
				"replace it, and give the public part of the new one", private)
		}
	}
	if use, there := jwk["use"]; there && use != "sig" {
		return errors.New(`is not for signatures: its "use" must be "sig" or left out`)
	}
	operations, there := jwk["key_ops"]
	list, ok := operations.([]any)
	if there && (!ok || len(list) != 1 || list[0] != "verify") {
		return errors.New(`is not for verifying: its "key_ops" must be ["verify"] or left out`)
	}
	return nil
}

func readPublic(member map[string]string) (*Key, error) {
	number := func(name string) ([]byte, error) {
		b, err := decode(member[name])
		if err == nil && len(b) == 0 {
			err = errors.New("is missing")
		}
		if err != nil {
			return nil, fmt.Errorf("cannot be read: %q %w", name, err)
		}
		return b, nil
	}
	first, second := "x", "y"
	switch member["kty"] {
	case "RSA":
		first, second = "n", "e"
	case "EC":
	case "OKP":
		if member["crv"] != "Ed25519" {
			return nil, fmt.Errorf("is on the curve %q: of its type, Ed25519 is supported", Clean(member["crv"]))
		}
		x, err := number("x")
		if err != nil {
			return nil, err
		}
		return fromPublic(ed25519.PublicKey(x))
	default:
		return nil, fmt.Errorf("has the kty %q: EC, OKP and RSA are supported", Clean(member["kty"]))
	}
	a, err := number(first)
	if err != nil {
		return nil, err
	}
	b, err := number(second)
	if err != nil {
		return nil, err
	}
	if member["kty"] == "EC" {
		return readEC(member["crv"], a, b)
	}
	if len(b) > 8 || len(a) > maxRSA/8+1 {
		return nil, fmt.Errorf("is an RSA key of more than %d bits, or its exponent is too large", maxRSA)
	}
	exponent := new(big.Int).SetBytes(b)
	if !exponent.IsInt64() || exponent.Int64() > maxExponent {
		exponent.SetInt64(0) // refused with the words for all bad exponents
	}
	return fromPublic(&rsa.PublicKey{N: new(big.Int).SetBytes(a), E: int(exponent.Int64())})
}

func readEC(name string, x, y []byte) (*Key, error) {
	c, ok := curves[name]
	if !ok {
		return nil, fmt.Errorf("is on the curve %q: use P-256, P-384 or P-521", Clean(name))
	}
	size := (c.curve.Params().BitSize + 7) / 8
	if len(x) != size || len(y) != size {
		return nil, fmt.Errorf("has coordinates that are not %d bytes long, as RFC 7518 section 6.2.1.2 wants for %s", size, name)
	}
	public, err := ecdsa.ParseUncompressedPublicKey(c.curve, slices.Concat([]byte{4}, x, y))
	if err != nil {
		return nil, errors.New("is not a point on its curve")
	}
	return fromPublic(public)
}

func parsePEM(text []byte) (*KeySet, error) {
	set := &KeySet{}
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			if len(set.keys) == 0 || len(bytes.TrimSpace(rest)) > 0 {
				return nil, fault.On("jwks", "cannot be read as PEM")
			}
			return set.distinct()
		}
		public, err := readBlock(block)
		if err != nil {
			return nil, fault.On("jwks", "key %d %v", len(set.keys)+1, err)
		}
		k, err := fromPublic(public)
		if err != nil {
			return nil, fault.On("jwks", "key %d %v", len(set.keys)+1, err)
		}
		if set.keys = append(set.keys, k); len(set.keys) > MaxKeys {
			return nil, fault.On("jwks", "holds more than %d keys", MaxKeys)
		}
	}
}

func readBlock(block *pem.Block) (public any, err error) {
	switch block.Type {
	case "PUBLIC KEY":
		public, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		public, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE":
		return nil, errors.New("is a certificate: add it as one, or give its public key alone (openssl x509 -pubkey -noout)")
	default:
		if bytes.Contains([]byte(block.Type), []byte("PRIVATE KEY")) {
			return nil, errors.New("is a private key, which nobody but its owner may have: " +
				"replace it, and give the public part of the new one (openssl pkey -pubout)")
		}
		return nil, fmt.Errorf("is a %q block: PUBLIC KEY is expected", Clean(block.Type))
	}
	if err != nil {
		return nil, errors.New("is not a public key that can be read")
	}
	return public, nil
}
