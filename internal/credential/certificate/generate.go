package certificate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// The bounds of a [Wish], in characters.
const (
	MaxCommonName = 64 // ub-common-name (RFC 5280 appendix A.1)
	MinPassword   = 12
	MaxPassword   = 128
)

// Wish is what a person may say of a key and a certificate that are made for an application.
type Wish struct {
	// CommonName is what the certificate is called; the client ID unless given. It is for people to read: the one
	// certificate is known by its thumbprint, and carries the client ID whatever it is called.
	CommonName string
	// Password locks the PKCS #12 file; one is made unless it is given.
	Password seal.Secret
}

// Check refuses a wish that cannot be met: [fault.Invalid] on "common_name" or "password".
func (w *Wish) Check(application uuid.UUID) error {
	if name := w.CommonName; name != "" {
		_, err := uuid.Parse(name)
		switch {
		case utf8.RuneCountInString(name) > MaxCommonName:
			return fault.On("common_name", "at most %d characters", MaxCommonName)
		case !utf8.ValidString(name) || strings.ContainsFunc(name, unprintable) || strings.TrimSpace(name) != name:
			return fault.On("common_name", "only characters that can be seen, and spaces between them")
		case err == nil && name != application.String():
			return fault.On("common_name", "it reads like the client ID of another application")
		}
	}
	if w.Password.Empty() {
		return nil
	}
	plain := w.Password.Reveal()
	switch length := utf8.RuneCountInString(plain); {
	case length < MinPassword || length > MaxPassword:
		return fault.On("password", "between %d and %d characters, or leave it out and one is made", MinPassword, MaxPassword)
	case !utf8.ValidString(plain) || strings.ContainsFunc(plain, func(r rune) bool { return unprintable(r) || r > 0xFFFF }):
		return fault.On("password", "only characters that every program can type: letters, digits, signs and spaces") // PKCS #12 has it in UCS-2 (RFC 7292 appendix B.1)
	}
	return nil
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

// Generated is a certificate together with its key, which is nowhere else.
type Generated struct {
	Certificate *x509.Certificate
	PEM         []byte // the certificate alone
	// PKCS12 holds key, certificate and the authority's certificate, encrypted under Password.
	PKCS12 []byte
	// Password is the one that was made, to be shown once; empty if whoever asked has said it.
	Password seal.Secret
}

// Generate makes a key and a certificate for an application, to be handed out once. A password that is made has 128
// random bits, so the file is as safe as the password is kept. It stretches the password, so it is not for the inside
// of a transaction. Lifetimes are those of [Issuer.SignCSR]; errors about the wish those of [Wish.Check].
func (i *Issuer) Generate(application uuid.UUID, wish Wish, lifetime time.Duration, now time.Time) (*Generated, error) {
	if err := wish.Check(application); err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	made, err := i.issue(&key.PublicKey, application, wish.CommonName, lifetime, now)
	if err != nil {
		return nil, err
	}
	lock, shown := wish.Password, seal.Secret{}
	if lock.Empty() {
		lock = seal.NewSecret(rand.Text())
		shown = lock
	}
	// Modern2023 and not the alias Modern: that may move on to what openssl before 3.4 cannot read.
	file, err := pkcs12.Modern2023.Encode(key, made, []*x509.Certificate{i.Certificate}, lock.Reveal())
	if err != nil {
		return nil, fmt.Errorf("put a certificate into PKCS #12: %w", err)
	}
	return &Generated{made, PEM(made), file, shown}, nil
}
