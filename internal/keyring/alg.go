package keyring

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	"golang.org/x/crypto/cryptobyte/asn1"
)

// Alg names a signature algorithm as JOSE does (RFC 7518 §3.1, RFC 8037 §3.1). A key serves one algorithm only.
type Alg string

// What keys sign by.
const (
	ES256 Alg = "ES256"
	EdDSA Alg = "EdDSA" // Ed25519
	RS256 Alg = "RS256" // 2048 bits
	PS256 Alg = "PS256" // 2048 bits, salt as long as the hash
)

// Algs lists every algorithm, the default first.
func Algs() []Alg { return []Alg{ES256, EdDSA, RS256, PS256} }

// Valid reports whether a is one of [Algs].
func (a Alg) Valid() bool { return slices.Contains(Algs(), a) }

const rsaBits = 2048

// Lengths of signatures in bytes, as a JWS carries them.
const (
	coordinateSize = 32
	shortSignature = 2 * coordinateSize
	rsaSignature   = rsaBits / 8
)

func (a Alg) signatureSize() int {
	if a == RS256 || a == PS256 {
		return rsaSignature
	}
	return shortSignature
}

// pss accepts exactly one salt length, which RFC 7518 §3.5 demands and many libraries forget.
var pss = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}

// signerOpts is what [crypto.Signer] is told about an algorithm.
func (a Alg) signerOpts() crypto.SignerOpts {
	switch a {
	case EdDSA:
		return crypto.Hash(0)
	case PS256:
		return pss
	default:
		return crypto.SHA256
	}
}

// generate makes a key. RSA takes 0.1–0.5 s, the others less than 0.1 ms.
func (a Alg) generate() (crypto.Signer, error) {
	switch a {
	case ES256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case EdDSA:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		return key, err
	case RS256, PS256:
		return rsa.GenerateKey(rand.Reader, rsaBits)
	default:
		return nil, errors.New("unknown signature algorithm")
	}
}

// fits reports whether key is of the type and size that the algorithm asks for.
func (a Alg) fits(key crypto.PublicKey) bool {
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		return a == ES256 && key.Curve == elliptic.P256()
	case ed25519.PublicKey:
		return a == EdDSA
	case *rsa.PublicKey:
		return (a == RS256 || a == PS256) && key.N.BitLen() == rsaBits
	default:
		return false
	}
}

// rawSignature turns the DER that a [crypto.Signer] returns for ECDSA into r and s, 32 bytes each (RFC 7518 §3.4).
func rawSignature(der []byte) (raw [shortSignature]byte, err error) {
	var r, s []byte
	input := cryptobyte.String(der)
	var pair cryptobyte.String
	if !input.ReadASN1(&pair, asn1.SEQUENCE) || !input.Empty() || !pair.ReadASN1Integer(&r) ||
		!pair.ReadASN1Integer(&s) || !pair.Empty() || len(r) > coordinateSize || len(s) > coordinateSize {
		return raw, errors.New("the signer returned no ECDSA signature")
	}
	copy(raw[coordinateSize-len(r):], r)
	copy(raw[shortSignature-len(s):], s)
	return raw, nil
}

// derSignature is the reverse of [rawSignature]. It appends to dst.
func derSignature(dst, raw []byte) []byte {
	start := len(dst)
	dst = append(dst, 0x30, 0) // SEQUENCE; its length, below 128, is known at the end
	dst = derInteger(dst, raw[:coordinateSize])
	dst = derInteger(dst, raw[coordinateSize:])
	dst[start+1] = byte(len(dst) - start - 2)
	return dst
}

func derInteger(dst, n []byte) []byte {
	for len(n) > 1 && n[0] == 0 {
		n = n[1:]
	}
	if n[0] >= 0x80 { // else it would be negative
		return append(append(dst, 0x02, byte(len(n)+1), 0), n...)
	}
	return append(append(dst, 0x02, byte(len(n))), n...)
}
