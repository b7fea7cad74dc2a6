package assertion

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// Algorithms by which assertions may be signed with a key. RFC 9864 renames EdDSA over this curve to Ed25519.
const (
	es256, es384, es512 = "ES256", "ES384", "ES512"
	ps256, rs256        = "PS256", "RS256"
	eddsa, ed25519Alg   = "EdDSA", "Ed25519"
)

// Algorithms lists those by which assertions may be signed, with keys and with secrets.
func Algorithms() []string {
	return []string{es256, es384, es512, ps256, rs256, eddsa, ed25519Alg, "HS256", "HS384", "HS512"}
}

const (
	minRSA, maxRSA = 2048, 8192 // bits; more would let a key cost more than a request is worth
	minExponent    = 65537
	maxExponent    = 1<<31 - 1 // what crypto/rsa takes on every machine
)

// Key is one public key that an application or an issuer signs with.
type Key struct {
	// ID is its kid, or "" if it was given without one.
	ID string
	// Type says what it is, for people: "P-256", "RSA 2048", "Ed25519".
	Type string
	// Algorithm is the one it is bound to, or "" for any that its type allows.
	Algorithm string
	// Thumbprint is that of RFC 7638 by SHA-256, in base64url.
	Thumbprint string

	public  crypto.PublicKey
	allowed []string
	members map[string]string // those of RFC 7638
}

// allows reports whether a token by that algorithm may be signed by the key. The key decides, the token never does
// (RFC 8725 §3.1).
func (k *Key) allows(algorithm string) bool {
	if algorithm == ed25519Alg {
		algorithm = eddsa
	}
	if k.Algorithm != "" {
		pinned := k.Algorithm
		if pinned == ed25519Alg {
			pinned = eddsa
		}
		return algorithm == pinned
	}
	return slices.Contains(k.allowed, algorithm)
}

// pin binds the key to an algorithm of its type.
func (k *Key) pin(algorithm string) error {
	if algorithm == "" {
		return nil
	}
	if !k.allows(algorithm) {
		return fmt.Errorf("has the alg %q, but a key of type %s signs by %s here", Clean(algorithm), k.Type, list(k.allowed))
	}
	k.Algorithm = algorithm
	return nil
}

func list(words []string) string {
	all := words[0]
	for _, w := range words[1:] {
		all += " or " + w
	}
	return all
}

var curves = map[string]struct {
	curve     elliptic.Curve
	algorithm string
}{
	"P-256": {elliptic.P256(), es256},
	"P-384": {elliptic.P384(), es384},
	"P-521": {elliptic.P521(), es512},
}

// fromPublic makes a key of a type that is accepted, or says why it is not.
func fromPublic(public crypto.PublicKey) (*Key, error) {
	k := &Key{public: public}
	switch public := public.(type) {
	case *ecdsa.PublicKey:
		name := public.Curve.Params().Name
		c, ok := curves[name]
		if !ok {
			return nil, fmt.Errorf("is on the curve %s: use P-256, P-384 or P-521", name)
		}
		point, err := public.Bytes()
		if err != nil {
			return nil, errors.New("is not a point on its curve")
		}
		half := (len(point) - 1) / 2
		k.Type, k.allowed = name, []string{c.algorithm}
		k.members = map[string]string{
			"kty": "EC", "crv": name, "x": base64url.EncodeToString(point[1 : 1+half]), "y": base64url.EncodeToString(point[1+half:]),
		}
	case *rsa.PublicKey:
		bits := public.N.BitLen()
		switch {
		case bits < minRSA || bits > maxRSA:
			return nil, fmt.Errorf("is an RSA key of %d bits: it must have %d to %d", bits, minRSA, maxRSA)
		case public.N.Bit(0) == 0:
			return nil, errors.New("has an even RSA modulus, which is no product of two primes")
		case public.E < minExponent || public.E > maxExponent || public.E%2 == 0:
			return nil, fmt.Errorf("has an RSA exponent that is not an odd number from %d to %d", minExponent, maxExponent)
		}
		k.Type, k.allowed = fmt.Sprintf("RSA %d", bits), []string{ps256, rs256}
		k.members = map[string]string{
			"kty": "RSA", "n": base64url.EncodeToString(public.N.Bytes()),
			"e": base64url.EncodeToString(big.NewInt(int64(public.E)).Bytes()),
		}
	case ed25519.PublicKey:
		if err := checkEd25519(public); err != nil {
			return nil, err
		}
		k.Type, k.allowed = "Ed25519", []string{eddsa}
		k.members = map[string]string{"kty": "OKP", "crv": "Ed25519", "x": base64url.EncodeToString(public)}
	default:
		return nil, errors.New("is of a type that is not supported: use P-256, P-384, P-521, Ed25519 or RSA")
	}
	canonical, err := json.Marshal(k.members) // sorted, which is what RFC 7638 §3 asks for
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(canonical)
	k.Thumbprint = base64url.EncodeToString(sum[:])
	return k, nil
}

// prime is the field of Curve25519, and curveD the constant of its Edwards form.
var (
	prime     = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	curveD, _ = new(big.Int).SetString("37095705934669439343138083508754565189542113879843219016388785533085940283555", 10)
)

// lowOrder are the canonical y coordinates of the eight points of small order, little-endian. With such a key there are
// signatures that fit any message.
var lowOrder = [][]byte{
	{0: 0, 31: 0},
	{0: 1, 31: 0},
	littleEndian(new(big.Int).Sub(prime, big.NewInt(1))),
	{
		0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
		0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
	},
	{
		0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
		0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
	},
}

func littleEndian(n *big.Int) []byte {
	b := n.FillBytes(make([]byte, 32))
	slices.Reverse(b)
	return b
}

// checkEd25519 refuses what [ed25519.Verify] does not look at: points off the curve, of small order or written in a
// second way (RFC 8032 §5.1.3).
func checkEd25519(public ed25519.PublicKey) error {
	if len(public) != ed25519.PublicKeySize {
		return fmt.Errorf("is an Ed25519 key of %d bytes instead of %d", len(public), ed25519.PublicKeySize)
	}
	b := bytes.Clone(public)
	b[31] &= 0x7f
	for _, low := range lowOrder {
		if bytes.Equal(b, low) {
			return errors.New("is an Ed25519 point of small order, with which anything verifies")
		}
	}
	slices.Reverse(b)
	y := new(big.Int).SetBytes(b)
	if y.Cmp(prime) >= 0 {
		return errors.New("is an Ed25519 key that is not written canonically")
	}
	// x² = (y² − 1) / (d·y² + 1) must have a root.
	y2 := y.Mul(y, y)
	under := new(big.Int).Mul(curveD, y2)
	under.Add(under, big.NewInt(1)).Mod(under, prime).ModInverse(under, prime)
	x2 := y2.Sub(y2, big.NewInt(1))
	x2.Mul(x2, under).Mod(x2, prime)
	if big.Jacobi(x2, prime) < 0 {
		return errors.New("is an Ed25519 key that is no point on its curve")
	}
	return nil
}
