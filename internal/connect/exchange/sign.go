package exchange

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/fault"
)

const (
	assertionLife = 5 * time.Minute
	// clockSlack is how far the beginning of an assertion lies back: servers whose clock is behind ours refuse what begins
	// in the future.
	clockSlack = 30 * time.Second
	minRSA     = 2048
)

// KeyFingerprint is the name under which templates of assertions have the SHA-256 of the public key (its
// SubjectPublicKeyInfo), written SHA256:base64.
const KeyFingerprint = "key_fingerprint"

// assertion returns how the provider wants a JWT, or what RFC 7523 §3 says where its file says nothing.
func (c *Credential) assertion() provider.Assertion {
	if c.Provider.Assertion != nil {
		return *c.Provider.Assertion
	}
	return provider.Assertion{Key: PrivateKey, Issuer: "${client_id}", Subject: "${client_id}"}
}

// sign makes an assertion for the server at address and says when it ends.
func (c *Credential) sign(address string, now time.Time) (string, time.Time, error) {
	a := c.assertion()
	key, id, err := readKey(c.text(a.Key))
	if err != nil {
		return "", now, err
	}
	alg, err := algorithm(key, a.Alg)
	if err != nil {
		return "", now, err
	}
	values := c.all(nil)
	if spki, err := x509.MarshalPKIXPublicKey(key.Public()); err == nil {
		sum := sha256.Sum256(spki)
		values[KeyFingerprint] = "SHA256:" + base64.StdEncoding.EncodeToString(sum[:])
	}
	claims, kid, err := c.claims(&a, values)
	if err != nil {
		return "", now, err
	}
	if kid != "" {
		id = kid
	}
	life := time.Duration(a.Lifetime)
	if life <= 0 {
		life = assertionLife
	}
	begins := now.Add(-clockSlack)
	ends := begins.Add(life)
	payload := map[string]any{"iat": begins.Unix(), "exp": ends.Unix(), "jti": uuid.NewString()}
	for name, value := range claims {
		payload[name] = value
	}
	if claims["aud"] == "" {
		payload["aud"] = address
	}
	signed, err := compact(key, id, alg, payload)
	return signed, ends, err
}

// claims fills the templates in. Scopes are a claim where the provider's file says so.
func (c *Credential) claims(a *provider.Assertion, values map[string]string) (claims map[string]string, kid string, err error) {
	if scope := c.scope(); scope != "" {
		values[Scope] = scope
	}
	templates := maps.Clone(a.Claims)
	if templates == nil {
		templates = map[string]string{}
	}
	for name, template := range map[string]string{"iss": a.Issuer, "sub": a.Subject, "aud": a.Audience, "": a.KeyID} {
		if template != "" {
			templates[name] = template
		}
	}
	if claims, err = c.expand(templates, values); err != nil {
		return nil, "", err
	}
	kid = claims[""]
	delete(claims, "")
	if kid == "" {
		kid = values[KeyID]
	}
	return claims, kid, nil
}

func compact(key crypto.Signer, id string, alg jose.SignatureAlgorithm, payload map[string]any) (string, error) {
	options := (&jose.SignerOptions{}).WithType("JWT")
	if id != "" {
		options = options.WithHeader("kid", id)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, options)
	if err != nil {
		return "", fault.Wrap(fault.Internal, err, "make a signer")
	}
	text, err := json.Marshal(payload)
	if err != nil {
		return "", fault.Wrap(fault.Internal, err, "write an assertion")
	}
	signed, err := signer.Sign(text)
	if err != nil {
		return "", fault.Wrap(fault.Internal, err, "sign an assertion")
	}
	return signed.CompactSerialize()
}

// readKey reads a private key: PEM, a JWK, or a JSON file with PEM in private_key, as cloud providers hand them out.
func readKey(text string) (key crypto.Signer, id string, err error) {
	if text = strings.TrimSpace(text); strings.HasPrefix(text, "{") {
		var file struct {
			Type string `json:"kty"`
			ID   string `json:"private_key_id"`
			PEM  string `json:"private_key"`
		}
		if json.Unmarshal([]byte(text), &file) != nil {
			return nil, "", local(provider.AuthMethod, "The private key is no JSON. Paste the whole file, from { to }.")
		}
		if file.Type == "" {
			key, err = readPEM(file.PEM)
			return key, file.ID, err
		}
		var jwk jose.JSONWebKey
		if jwk.UnmarshalJSON([]byte(text)) != nil || !jwk.Valid() {
			return nil, "", local(provider.AuthMethod, "The private key is no JWK that can be read.")
		}
		if key, ok := jwk.Key.(crypto.Signer); ok {
			return key, jwk.KeyID, nil
		}
		return nil, "", local(provider.AuthMethod, "This is a public key. The private one is needed.")
	}
	key, err = readPEM(text)
	return key, "", err
}

func readPEM(text string) (crypto.Signer, error) {
	if !strings.Contains(strings.TrimSpace(text), "\n") {
		text = strings.ReplaceAll(text, `\n`, "\n") // as it stands in JSON and .env files
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, local(provider.AuthMethod, "The private key cannot be read. Paste all of it, from -----BEGIN to -----END.")
	}
	if strings.Contains(block.Type, "ENCRYPTED") || block.Headers["DEK-Info"] != "" {
		return nil, local(provider.AuthMethod, "The private key is locked with a passphrase. Enter it without one.")
	}
	if strings.Contains(block.Type, "PUBLIC") || block.Type == "CERTIFICATE" {
		return nil, local(provider.AuthMethod, "This is a public key. The private one is needed.")
	}
	var found any
	var err error
	if found, err = x509.ParsePKCS8PrivateKey(block.Bytes); err != nil {
		if found, err = x509.ParsePKCS1PrivateKey(block.Bytes); err != nil {
			found, err = x509.ParseECPrivateKey(block.Bytes)
		}
	}
	key, ok := found.(crypto.Signer)
	if err != nil || !ok {
		return nil, local(provider.AuthMethod, "The private key is of a form that is not known. PKCS #8 in PEM always is.")
	}
	return key, nil
}

// algorithm pins the algorithm to the key.
func algorithm(key crypto.Signer, wanted string) (jose.SignatureAlgorithm, error) {
	var fits []jose.SignatureAlgorithm
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() < minRSA {
			return "", local(provider.AuthMethod, "The RSA key is shorter than 2,048 bits. Make a longer one.")
		}
		fits = []jose.SignatureAlgorithm{jose.RS256, jose.PS256}
	case *ecdsa.PrivateKey:
		if k.Curve == elliptic.P256() {
			fits = []jose.SignatureAlgorithm{jose.ES256}
		}
	case ed25519.PrivateKey:
		fits = []jose.SignatureAlgorithm{jose.EdDSA}
	}
	for _, alg := range fits {
		if wanted == "" || string(alg) == wanted {
			return alg, nil
		}
	}
	return "", local(provider.AuthMethod, "The provider does not take keys of this kind. See its documentation for the one that it wants.")
}

// certificate reads what is shown to the server (RFC 8705 §2). Certificate and key may stand in one field.
func (c *Credential) certificate() (*tls.Certificate, error) {
	text := c.text(ClientCertificate)
	key := c.text(ClientKey)
	if key == "" {
		key = text
	}
	pair, err := tls.X509KeyPair([]byte(text), []byte(key))
	if err != nil { // its text may repeat what was entered
		return nil, local(provider.AuthMethod, "Certificate and key cannot be read, or do not belong together. Both must be PEM.")
	}
	return &pair, nil
}
