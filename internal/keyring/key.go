package keyring

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"time"
)

// State is where a signing key is in its life.
type State string

// The states of a key's life.
const (
	Next      State = "next"      // published, not used yet
	Active    State = "active"    // signs
	Retired   State = "retired"   // its private half is gone, its public half checks what it signed
	Deleted   State = "deleted"   // only in a [Change]: no living token needs it any more
	Withdrawn State = "withdrawn" // only in a [Change]: deleted before its time, and its tokens with it
)

// Key is one signing key. It never changes and is safe for concurrent use.
type Key struct {
	ID    string // the kid: the key's RFC 7638 thumbprint
	Alg   Alg
	State State

	CreatedAt   time.Time
	ActivatedAt time.Time // zero before
	RetiredAt   time.Time // zero before

	public crypto.PublicKey
	signer crypto.Signer // of an active key only
	header []byte
}

// headerOf returns the JWS header of access tokens signed with a key (RFC 9068 §2.1), base64url. Members are in a
// fixed order: a token whose header is written differently is not ours.
func headerOf(alg Alg, id string) []byte {
	return base64.RawURLEncoding.AppendEncode(nil, fmt.Appendf(nil, `{"alg":%q,"kid":%q,"typ":"at+jwt"}`, alg, id))
}

// Header returns the base64url form of the JWS header of access tokens signed with the key. It is not to be
// written to.
func (k *Key) Header() []byte { return k.header }

// AppendSignature signs the signing input of a JWS (RFC 7515 §5.1: header, dot, payload) and appends the signature
// in base64url to dst. It fails for a key that is not active, and when the signer does.
func (k *Key) AppendSignature(dst, signingInput []byte) ([]byte, error) {
	if k.signer == nil {
		return dst, fmt.Errorf("signing key %s is %s and does not sign", k.ID, k.State)
	}
	message := signingInput
	if k.Alg != EdDSA {
		digest := sha256.Sum256(signingInput)
		message = digest[:]
	}
	signature, err := k.signer.Sign(rand.Reader, message, k.Alg.signerOpts())
	if err != nil {
		return dst, fmt.Errorf("sign with %s: %w", k.ID, err)
	}
	if k.Alg == ES256 {
		raw, err := rawSignature(signature)
		if err != nil {
			return dst, err
		}
		return base64.RawURLEncoding.AppendEncode(dst, raw[:]), nil
	}
	return base64.RawURLEncoding.AppendEncode(dst, signature), nil
}

// strict refuses unused bits that are set. It skips line breaks, which the length check of [Key.Verify] catches.
var strict = base64.RawURLEncoding.Strict()

// Verify reports whether signature, in base64url as the token carries it, is the key's over the signing input. One
// signature has one spelling: padding, line breaks and stray bits are refused.
func (k *Key) Verify(signingInput, signature []byte) bool {
	size := k.Alg.signatureSize()
	if len(signature) != base64.RawURLEncoding.EncodedLen(size) {
		return false
	}
	var buffer [rsaSignature]byte
	n, err := strict.Decode(buffer[:], signature)
	if err != nil || n != size {
		return false
	}
	raw := buffer[:n]
	if public, ok := k.public.(ed25519.PublicKey); ok {
		return ed25519.Verify(public, signingInput, raw)
	}
	digest := sha256.Sum256(signingInput)
	switch public := k.public.(type) {
	case *ecdsa.PublicKey:
		var der [shortSignature + 8]byte
		return ecdsa.VerifyASN1(public, digest[:], derSignature(der[:0], raw))
	case *rsa.PublicKey:
		if k.Alg == PS256 {
			return rsa.VerifyPSS(public, crypto.SHA256, digest[:], raw, pss) == nil
		}
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest[:], raw) == nil
	}
	return false
}
