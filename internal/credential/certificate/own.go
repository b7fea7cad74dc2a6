package certificate

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// ownURI begins the name that is in the certificate of every environment's own authority.
const ownURI = "urn:counterfoil:ca:"

// isOwn reports whether an authority is some environment's own, of this installation or another.
func isOwn(c *x509.Certificate) bool {
	return slices.ContainsFunc(uris(c), func(uri string) bool { return strings.HasPrefix(uri, ownURI) })
}

// The lives of what an own authority makes, and of itself.
const (
	MinLifetime = time.Hour
	MaxLifetime = 731 * 24 * time.Hour // two years, with a leap day

	ownYears = 10
	// skew is how far the clocks of others may be behind.
	skew = 5 * time.Minute
)

// Where an own authority's key is sealed.
const (
	table  = "trusted_ca"
	column = "sealed"
)

// Issuer is an environment's own authority with its key.
type Issuer struct {
	CA
	signer crypto.Signer
}

// OwnCA returns the own authority of the actor's environment. It is made at first need, and a successor when what it
// signs could outlive it; the one before stays trusted where a rule names it. The key is ECDSA P-256 and sealed; the
// authority's certificate holds for ten years, for client certificates only, and for no authority below it.
func OwnCA(tx *db.Tx, vault *seal.Vault, actor *access.Actor) (*Issuer, error) {
	if err := access.Allow(tx, actor, access.WriteCredentials); err != nil {
		return nil, err
	}
	if err := vault.Lock(tx, actor.Environment); err != nil { // or two at once would make two
		return nil, err
	}
	all, err := ofEnvironment(tx, actor.Environment)
	if err != nil {
		return nil, err
	}
	for _, ca := range slices.Backward(all) {
		if ca.Own && ca.Certificate.NotAfter.Sub(tx.Now()) > MaxLifetime {
			return openOwn(tx, vault, ca)
		}
	}
	return makeOwn(tx, vault, actor)
}

func openOwn(tx *db.Tx, vault *seal.Vault, ca *CA) (*Issuer, error) {
	sealed, err := db.Value[[]byte](tx, selectOneSealed, ca.Environment.String(), ca.ID.String())
	if err != nil {
		return nil, err
	}
	der, err := vault.Unseal(tx, ca.Environment, table, ca.ID.String(), column, sealed)
	if err != nil {
		return nil, err
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, fmt.Errorf("the key of the own authority %s cannot be read: %w", ca.ID, err)
	}
	signer, ok := key.(*ecdsa.PrivateKey)
	if !ok || !signer.PublicKey.Equal(ca.Certificate.PublicKey) {
		return nil, fmt.Errorf("the key of the own authority %s is not that of its certificate", ca.ID)
	}
	return &Issuer{*ca, signer}, nil
}

func makeOwn(tx *db.Tx, vault *seal.Vault, actor *access.Actor) (*Issuer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "Counterfoil CA " + actor.Environment.String()},
		NotBefore: tx.Now().Add(-skew), NotAfter: tx.Now().AddDate(ownYears, 0, 0),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true,
		KeyUsage: x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		URIs: []*url.URL{{Scheme: "urn", Opaque: strings.TrimPrefix(ownURI, "urn:") + actor.Environment.String()}},
	}
	made, err := sign(template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	ca := newCA(tx, actor, "", made)
	ca.Own, ca.Name = true, "Counterfoil's own, "+tx.Now().Format(time.DateOnly)+", "+ca.ID.String()[:8]
	plain, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	sealed, err := vault.Seal(tx, ca.Environment, table, ca.ID.String(), column, plain)
	clear(plain)
	if err != nil {
		return nil, err
	}
	if err := ca.insert(tx, sealed); err != nil {
		return nil, err
	}
	ca.record(tx, actor, "ca.added", true)
	return &Issuer{*ca, key}, nil
}

func sign(template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return nil, fmt.Errorf("sign a certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}

// serial returns 128 random bits: more than RFC 5280 §4.1.2.2 allows to be guessed, and never zero in practice.
func serial() *big.Int {
	raw := make([]byte, 17)
	_, _ = rand.Read(raw[1:]) // never fails (crypto/rand)
	raw[0] = 1                // keeps it positive, not zero, and of one length
	return new(big.Int).SetBytes(raw)
}

// SignCSR issues a certificate to an application of the environment, for the key of a signing request (PKCS #10) in
// PEM, DER or base64 of DER. Nothing but the key is taken from the request: subject, names and use are ours, or
// whoever may ask for a certificate could ask for somebody else's name. The request's signature must prove the
// key's possession, and the key not be weak; errors are [fault.Invalid] on "csr". lifetime must be between
// [MinLifetime] and [MaxLifetime], else it is [fault.Invalid] on "lifetime".
func (i *Issuer) SignCSR(csr []byte, application uuid.UUID, lifetime time.Duration, now time.Time) (*x509.Certificate, error) {
	ders, err := blocks(csr, "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")
	switch {
	case errors.Is(err, errPrivateKey) || err == nil && len(ders) == 1 && isPrivateKey(ders[0]):
		return nil, fault.On("csr", "%s", errPrivateKey.Message)
	case fault.Is(err, fault.TooLarge):
		return nil, err
	case err != nil || len(ders) != 1:
		return nil, errCSR
	}
	request, err := x509.ParseCertificateRequest(ders[0])
	if err != nil {
		return nil, errCSR
	}
	// The key first: to check a signature by one of 200,000 bits takes seconds, while a transaction is open.
	if why := weakKey(request.PublicKey); why != "" {
		return nil, fault.On("csr", "%s", why)
	}
	if !slices.Contains(strong, request.SignatureAlgorithm) || request.CheckSignature() != nil {
		return nil, fault.On("csr", "the request's signature is wrong, or made with what is too weak: sign it with the key it names, and SHA-256 or better")
	}
	return i.issue(request.PublicKey, application, "", lifetime, now)
}

var errCSR = fault.On("csr", "this is no signing request: send one PKCS #10 request, as openssl req -new makes it")

// issue signs a certificate for an application. Its client ID is in the subject whatever else the subject is called.
func (i *Issuer) issue(public crypto.PublicKey, application uuid.UUID, commonName string, lifetime time.Duration, now time.Time) (*x509.Certificate, error) {
	if lifetime < MinLifetime || lifetime > MaxLifetime {
		return nil, fault.On("lifetime", "a certificate of our own lives between one hour and two years")
	}
	ends := now.Add(lifetime)
	if ends.After(i.Certificate.NotAfter) {
		return nil, fault.New(fault.Conflict, "the environment's authority ends on %s, before the certificate would", i.Certificate.NotAfter.UTC().Format(time.DateOnly))
	}
	subject := pkix.Name{CommonName: application.String()}
	if commonName != "" && commonName != subject.CommonName {
		subject = pkix.Name{CommonName: commonName, SerialNumber: application.String()}
	}
	name := "counterfoil:environment:" + i.Environment.String() + ":application:" + application.String()
	return sign(&x509.Certificate{
		SerialNumber: serial(), Subject: subject,
		NotBefore: now.Add(-skew), NotAfter: ends, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		URIs: []*url.URL{{Scheme: "urn", Opaque: name}},
	}, i.Certificate, public, i.signer)
}

// Rule returns the rule for a certificate that the authority signed: this one, as long as the authority is trusted.
func (i *Issuer) Rule(c *x509.Certificate) Rule {
	return Rule{Method: PKI, Thumbprint: Thumbprint(c), CAs: []uuid.UUID{i.ID}}
}
