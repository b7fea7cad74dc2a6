package assertion

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
	"math/big"
	"slices"
	"time"

	"github.com/counterfoil/counterfoil/internal/seal"
)

const (
	// DefaultLifetime is how long a client assertion may be valid, and how old it may be.
	DefaultLifetime = 5 * time.Minute
	// DefaultSkew is how far clocks may disagree.
	DefaultSkew = 10 * time.Second
	// minSecret is the shortest secret that signs, in bytes: 256 bits, as RFC 7518 §3.2 wants for HS256. For HS384 and
	// HS512 it wants more, which would shut out our own secrets of 256 random bits and make nothing safer.
	minSecret = 32
)

// Rules are what an assertion is held against.
type Rules struct {
	// ClientID is the client that must be issuer and subject. Not used for federated tokens.
	ClientID string
	// Issuer is the environment's issuer, the sole audience that a client assertion may have (RFC 10070).
	Issuer string
	// LegacyAudiences are other addresses of ours, such as the token endpoint, that an application may be permitted to
	// name instead of, or beside, the issuer. Nil unless the application's switch is on.
	LegacyAudiences []string
	// Now is the time of the request.
	Now time.Time
	// MaxLifetime bounds how long an assertion may be valid and how old it may be. 0 means [DefaultLifetime] for client
	// assertions, and no bound for federated tokens, whose issuers decide.
	MaxLifetime time.Duration
	// Skew is how far the clocks may disagree; 0 means [DefaultSkew].
	Skew time.Duration
	// Tries is how many signatures may still be checked for the request, and is counted down; nil is no bound. A token
	// without a kid may be meant for every key of an application, and a stranger need not sign it.
	Tries *int
}

// DefaultTries is for [Rules.Tries]: with the slowest keys there are, this many fit into one step of the grid on which
// refusals leave.
const DefaultTries = 64

// Assertion is a token whose signature and claims are right. Client assertions must go through [Seen.Once] before they
// count.
type Assertion struct {
	Issuer, Subject string
	// JTI tells this assertion from others of its issuer: its jti, or for a federated token without one a hash of what was
	// signed.
	JTI string
	// Expires is the last moment at which the rules would accept it: exp and the skew.
	Expires time.Time
	// Algorithm, KeyID and Thumbprint say what it was signed with; the latter two are empty for a secret.
	Algorithm, KeyID, Thumbprint string
	Claims                       Claims
}

// VerifyClient verifies a client assertion that was signed with one of keys (private_key_jwt, RFC 7523 §3). A [Refused]
// says what is wrong with it. [UnknownKey] means that it may be worth asking a [Fetcher] for newer keys.
func VerifyClient(token string, keys *KeySet, rules Rules) (*Assertion, error) {
	p, err := parse(token)
	if err != nil {
		return nil, err
	}
	k, err := p.verifyWith(keys, rules.Tries)
	if err != nil {
		return nil, err
	}
	a := p.assertion()
	a.KeyID, a.Thumbprint = k.ID, k.Thumbprint
	return accepted(a, p.checkClient(a, rules))
}

// VerifySecret verifies a client assertion that was signed with the client's secret (client_secret_jwt). It knows HMAC
// only, as [VerifyClient] knows none: no public key is ever taken for a secret (RFC 8725 §2.1).
func VerifySecret(token string, secret seal.Secret, rules Rules) (*Assertion, error) {
	p, err := parse(token)
	if err != nil {
		return nil, err
	}
	hashes := map[string]func() hash.Hash{"HS256": sha256.New, "HS384": sha512.New384, "HS512": sha512.New}
	fresh, ok := hashes[p.Algorithm]
	if !ok {
		return nil, refuse(WrongAlgorithm, "a secret signs by HS256, HS384 or HS512, not by %q", Clean(p.Algorithm))
	}
	key := []byte(secret.Reveal())
	if len(key) < minSecret {
		return nil, refuse(WrongAlgorithm, "the secret is shorter than %d bytes, too short to sign with", minSecret)
	}
	mac := hmac.New(fresh, key)
	_, _ = mac.Write([]byte(p.signed))
	if !hmac.Equal(mac.Sum(nil), p.signature) {
		return nil, refuse(BadSignature, "the signature is not by the application's secret")
	}
	a := p.assertion()
	return accepted(a, p.checkClient(a, rules))
}

// accepted hands out an assertion only if nothing is wrong with it.
func accepted(a *Assertion, err error) (*Assertion, error) {
	if err != nil {
		return nil, err
	}
	return a, nil
}

func (p *parsed) assertion() *Assertion {
	return &Assertion{Issuer: p.Issuer, Subject: p.Subject, JTI: p.ID, Algorithm: p.Algorithm, Claims: p.Claims}
}

// verifyWith finds the key that signed, as long as tries are left.
func (p *parsed) verifyWith(keys *KeySet, tries *int) (*Key, error) {
	candidates := keys.candidates(p.KeyID)
	if len(candidates) == 0 {
		return nil, refuse(UnknownKey, "no key has the kid %q", Clean(p.KeyID))
	}
	tried := false
	for _, k := range candidates {
		if !k.allows(p.Algorithm) {
			continue
		}
		if tries != nil {
			if *tries <= 0 {
				return nil, refuse(BadSignature, "more than %d keys could be meant: name the one by its kid", DefaultTries)
			}
			*tries--
		}
		if tried = true; verifySignature(k, p.Algorithm, p.signed, p.signature) {
			return k, nil
		}
	}
	if !tried {
		return nil, refuse(WrongAlgorithm, "the alg %q is not one that the key is for", Clean(p.Algorithm))
	}
	return nil, refuse(BadSignature, "the signature is not by that key")
}

// verifySignature checks a signature by an algorithm that the key allows (RFC 7518 §3, RFC 8037 §3.1).
func verifySignature(k *Key, algorithm, signed string, signature []byte) bool {
	switch public := k.public.(type) {
	case *ecdsa.PublicKey:
		// Two numbers of fixed length; as ASN.1 or shorter it is something else. Zero and what exceeds the order is
		// refused by crypto/ecdsa.
		size := (public.Curve.Params().BitSize + 7) / 8
		if len(signature) != 2*size {
			return false
		}
		r, s := new(big.Int).SetBytes(signature[:size]), new(big.Int).SetBytes(signature[size:])
		return ecdsa.Verify(public, digest(algorithm, signed), r, s)
	case *rsa.PublicKey:
		if algorithm == ps256 {
			// The salt is as long as the hash, and no other length (RFC 7518 §3.5).
			options := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: crypto.SHA256}
			return rsa.VerifyPSS(public, crypto.SHA256, digest(algorithm, signed), signature, options) == nil
		}
		return rsa.VerifyPKCS1v15(public, crypto.SHA256, digest(algorithm, signed), signature) == nil
	case ed25519.PublicKey:
		return ed25519.Verify(public, []byte(signed), signature)
	default:
		return false
	}
}

func digest(algorithm, signed string) []byte {
	switch algorithm {
	case es384:
		sum := sha512.Sum384([]byte(signed))
		return sum[:]
	case es512:
		sum := sha512.Sum512([]byte(signed))
		return sum[:]
	default:
		sum := sha256.Sum256([]byte(signed))
		return sum[:]
	}
}

// checkClient holds the claims of an assertion whose signature is good against the rules, and completes a.
func (p *parsed) checkClient(a *Assertion, r Rules) error {
	if r.MaxLifetime <= 0 {
		r.MaxLifetime = DefaultLifetime
	}
	switch {
	case r.ClientID == "" || p.Issuer != r.ClientID:
		return refuse(WrongIssuer, "iss is %q and not the client id", Clean(p.Issuer))
	case p.Subject != r.ClientID:
		return refuse(WrongSubject, "sub is %q and not the client id", Clean(p.Subject))
	case p.ID == "":
		return refuse(NoID, "jti is missing")
	}
	if err := p.checkSoleAudience(r); err != nil {
		return err
	}
	return p.checkTimes(a, r)
}

// checkSoleAudience wants our issuer and nobody else: an assertion that others accept, too, is one that others can
// present to us (RFC 10070; the attack is CVE-2025-27370).
func (p *parsed) checkSoleAudience(r Rules) error {
	if len(p.Audience) == 0 {
		return refuse(WrongAudience, "aud is missing: it must be %q", r.Issuer)
	}
	if r.LegacyAudiences == nil && len(p.Audience) > 1 {
		return refuse(WrongAudience, "aud has %d values: it must be %q alone", len(p.Audience), r.Issuer)
	}
	for _, a := range p.Audience {
		if a == "" || a != r.Issuer && !slices.Contains(r.LegacyAudiences, a) {
			return refuse(WrongAudience, "aud is %q: it must be %q", Clean(a), r.Issuer)
		}
	}
	return nil
}

// checkTimes is RFC 7523 §3 (4), (5) and (6), with bounds.
func (p *parsed) checkTimes(a *Assertion, r Rules) error {
	if r.Skew <= 0 {
		r.Skew = DefaultSkew
	}
	if p.Expires.IsZero() {
		return refuse(Expired, "exp is missing")
	}
	a.Expires = p.Expires.Add(r.Skew)
	late := r.Now.Add(r.Skew) // the time, by a clock that is as fast as we tolerate
	switch {
	case !r.Now.Before(a.Expires):
		return refuse(Expired, "expired %v ago", r.Now.Sub(p.Expires).Round(time.Second))
	case p.NotBefore.After(late):
		return refuse(NotYetValid, "nbf is %v ahead", p.NotBefore.Sub(r.Now).Round(time.Second))
	case p.IssuedAt.After(late):
		return refuse(NotYetValid, "iat is %v ahead: does the client's clock go right?", p.IssuedAt.Sub(r.Now).Round(time.Second))
	case !p.IssuedAt.IsZero() && !p.IssuedAt.Before(p.Expires):
		return refuse(TooLong, "iat is not before exp")
	case r.MaxLifetime <= 0:
		return nil
	case p.Expires.After(late.Add(r.MaxLifetime)):
		return refuse(TooLong, "expires in %v: at most %v is accepted", p.Expires.Sub(r.Now).Round(time.Second), r.MaxLifetime)
	case p.IssuedAt.IsZero():
		return nil
	case p.Expires.Sub(p.IssuedAt) > r.MaxLifetime+r.Skew:
		return refuse(TooLong, "is valid for %v: at most %v is accepted", p.Expires.Sub(p.IssuedAt), r.MaxLifetime)
	}
	return nil
}
