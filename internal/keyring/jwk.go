package keyring

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
)

// jwk is a public key in JSON (RFC 7517, RFC 7518 §6, RFC 8037 §2). It has no member that could hold a private one.
// The members that a thumbprint covers come first and in lexical order (RFC 7638 §3.2): their JSON, without the
// rest, is what is hashed.
type jwk struct {
	Curve string `json:"crv,omitempty"`
	E     string `json:"e,omitempty"`
	Type  string `json:"kty"`
	N     string `json:"n,omitempty"`
	X     string `json:"x,omitempty"`
	Y     string `json:"y,omitempty"`

	Use string `json:"use,omitempty"`
	Alg Alg    `json:"alg,omitempty"`
	ID  string `json:"kid,omitempty"`
}

func publicJWK(key crypto.PublicKey) (jwk, error) {
	text := base64.RawURLEncoding.EncodeToString
	switch key := key.(type) {
	case *ecdsa.PublicKey:
		point, err := key.Bytes() // 4, X, Y
		if err != nil {
			return jwk{}, err
		}
		if len(point) != 1+2*coordinateSize {
			return jwk{}, errors.New("not a point of P-256")
		}
		return jwk{Type: "EC", Curve: "P-256", X: text(point[1 : 1+coordinateSize]), Y: text(point[1+coordinateSize:])}, nil
	case ed25519.PublicKey:
		return jwk{Type: "OKP", Curve: "Ed25519", X: text(key)}, nil
	case *rsa.PublicKey:
		return jwk{Type: "RSA", N: text(key.N.Bytes()), E: text(big.NewInt(int64(key.E)).Bytes())}, nil
	default:
		return jwk{}, fmt.Errorf("a key of type %T has no JSON form here", key)
	}
}

// thumbprint returns the RFC 7638 thumbprint of a public key, the kid that everybody can compute.
func thumbprint(key crypto.PublicKey) (string, error) {
	k, err := publicJWK(key)
	if err != nil {
		return "", err
	}
	members, err := json.Marshal(k)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256(members)
	return base64.RawURLEncoding.EncodeToString(sum[:]), nil
}

// document returns the key set of keys (RFC 7517 §5) and an entity tag for it, quoted (RFC 9110 §8.8.3).
func document(keys []*Key) (body []byte, etag string, err error) {
	set := struct {
		Keys []jwk `json:"keys"`
	}{Keys: []jwk{}}
	for _, key := range keys {
		k, err := publicJWK(key.public)
		if err != nil {
			return nil, "", err
		}
		k.Use, k.Alg, k.ID = "sig", key.Alg, key.ID
		set.Keys = append(set.Keys, k)
	}
	if body, err = json.Marshal(set); err != nil {
		return nil, "", err
	}
	sum := sha256.Sum256(body)
	return body, `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`, nil
}
