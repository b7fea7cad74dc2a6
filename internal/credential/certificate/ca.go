package certificate

import (
	"bytes"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// CA is an authority that an environment trusts to name clients, or the environment's own.
type CA struct {
	Environment, ID uuid.UUID
	Name            string
	// Own is true for the environment's own authority: what it signed is known by thumbprint, never by subject.
	Own         bool
	Certificate *x509.Certificate
	CreatedBy   string
	CreatedAt   time.Time
}

// MaxCAs is how many authorities one environment may have, its own included.
const MaxCAs = 50

// AddCA makes the actor's environment trust an authority, given as [Parse] takes it: one certificate, a root or an
// intermediate. It must be valid now, allowed to sign certificates (CA:TRUE, and keyCertSign where it has a key
// usage) and not weak; else, and for a Counterfoil's own authority, it is [fault.Invalid] on "certificate". A name
// or a certificate that is there already, or more than [MaxCAs], is [fault.Conflict]. Trusting an authority lets
// nobody in: only credentials that name it do.
func AddCA(tx *db.Tx, actor *access.Actor, name string, upload []byte) (*CA, error) {
	if err := access.Allow(tx, actor, access.WriteCredentials); err != nil {
		return nil, err
	}
	name = strings.TrimSpace(name)
	if n := utf8.RuneCountInString(name); n < 1 || n > 100 || !utf8.ValidString(name) || strings.ContainsFunc(name, unicode.IsControl) {
		return nil, fault.On("name", "a name has 1 to 100 characters, all of which print")
	}
	c, chain, err := Parse(upload)
	if err != nil {
		return nil, err
	}
	if len(chain) > 0 {
		return nil, fault.On(field, "add one authority at a time: whoever is trusted must be named")
	}
	if err := checkCA(c, tx.Now()); err != nil {
		return nil, err
	}
	all, err := ofEnvironment(tx, actor.Environment)
	if err != nil {
		return nil, err
	}
	if len(all) >= MaxCAs {
		return nil, fault.New(fault.Conflict, "the environment trusts %d authorities, the most it may: delete one", len(all))
	}
	for _, known := range all {
		if bytes.Equal(known.Certificate.Raw, c.Raw) {
			return nil, fault.New(fault.Conflict, "this certificate is there already, as %q", known.Name)
		}
		if known.Name == name {
			return nil, fault.New(fault.Conflict, "there is an authority %q already", name)
		}
	}
	ca := newCA(tx, actor, name, c)
	if err := ca.insert(tx, nil); err != nil {
		return nil, err
	}
	ca.record(tx, actor, "ca.added", true)
	return ca, nil
}

func newCA(tx *db.Tx, actor *access.Actor, name string, c *x509.Certificate) *CA {
	return &CA{
		Environment: actor.Environment, ID: uuid.New(), Name: name, Certificate: c,
		CreatedBy: actor.Who().ID, CreatedAt: tx.Now(),
	}
}

// checkCA refuses what must not be trusted to issue certificates (RFC 5280 §4.2.1.3, §4.2.1.9). A key usage that
// is not there restricts nothing; openssl makes authorities without one.
func checkCA(c *x509.Certificate, now time.Time) error {
	switch {
	case !c.BasicConstraintsValid || !c.IsCA:
		return fault.On(field, "this is no authority's certificate: its basic constraints do not say CA:TRUE")
	case c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0:
		return fault.On(field, "this authority may not sign certificates: its key usage lacks keyCertSign")
	case now.After(c.NotAfter):
		return fault.On(field, "the authority's certificate expired on %s", c.NotAfter.UTC().Format(time.DateOnly))
	case isOwn(c):
		return fault.On(field, "this is the authority that Counterfoil keeps for an environment; what it signs is known by "+
			"thumbprint only: add the client's certificate as %s", SelfSigned)
	}
	if why := weakness(c); why != "" {
		return fault.On(field, "%s; an intermediate authority under a weak root can be trusted by itself", why)
	}
	return nil
}

// ListCAs returns the authorities of the actor's environment, its own included, in the order they came.
func ListCAs(tx *db.Tx, actor *access.Actor) ([]*CA, error) {
	if err := access.Allow(tx, actor, access.ReadCredentials); err != nil {
		return nil, err
	}
	return ofEnvironment(tx, actor.Environment)
}

func ofEnvironment(tx *db.Tx, environment uuid.UUID) ([]*CA, error) {
	return db.All(tx, scanCA, selectCAs, environment.String())
}

// DeleteCA ends the trust in an authority. inUse is asked, once the authority is locked, whether a credential's rule
// names it, which is [fault.Conflict]; one that does not exist is [fault.NotFound]. An own authority goes for good,
// with its key.
func DeleteCA(tx *db.Tx, actor *access.Actor, id uuid.UUID, inUse func() (bool, error)) error {
	if err := access.Allow(tx, actor, access.WriteCredentials); err != nil {
		return err
	}
	ca, err := db.One(tx, scanCA, selectOneCA+tx.ForUpdate(), actor.Environment.String(), id.String())
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "there is no such authority")
	}
	if err != nil {
		return err
	}
	used, err := inUse()
	if err != nil {
		return err
	}
	if used {
		return fault.New(fault.Conflict, "credentials rely on %q: delete them first", ca.Name)
	}
	if _, err := tx.Exec(deleteCA, ca.Environment.String(), ca.ID.String()); err != nil {
		return err
	}
	ca.record(tx, actor, "ca.deleted", false)
	return nil
}

// record notes what happened to an authority. The token path must know: it verifies against it.
func (c *CA) record(tx *db.Tx, actor *access.Actor, kind string, now bool) {
	thumbprint := Thumbprint(c.Certificate)
	facts := struct {
		Name       string    `json:"name"`
		Own        bool      `json:"own"`
		Subject    string    `json:"subject"`
		Thumbprint string    `json:"thumbprint"`
		NotAfter   time.Time `json:"not_after"`
	}{c.Name, c.Own, Subject(c.Certificate).String(), hex.EncodeToString(thumbprint[:]), c.Certificate.NotAfter.UTC()}
	e := ledger.Event{
		Environment: c.Environment, Kind: kind, Register: true, Subject: ledger.Subject{Kind: "trusted_ca", ID: c.ID.String()},
	}
	if now {
		e.After = facts
	} else {
		e.Before = facts
	}
	ledger.Append(tx, actor.Who(), e)
}

// PEM returns a certificate as text.
func PEM(c *x509.Certificate) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
}
