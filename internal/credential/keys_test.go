package credential_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/assertion"
	"github.com/counterfoil/counterfoil/internal/credential/certificate"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// made is a certificate with its key.
type made struct {
	*x509.Certificate
	key *ecdsa.PrivateKey
}

func (m made) pem() []byte { return certificate.PEM(m.Certificate) }

// issue makes a certificate, signed by ca or, without one, by itself.
func issue(t testing.TB, ca *made, change func(*x509.Certificate)) made {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62))
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "billing"}, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(60 * 24 * time.Hour),
	}
	if change != nil {
		change(template)
	}
	parent := made{template, key}
	if ca != nil {
		parent = *ca
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent.Certificate, &key.PublicKey, parent.key)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return made{c, key}
}

func authority(c *x509.Certificate) {
	c.IsCA, c.KeyUsage, c.Subject.CommonName = true, x509.KeyUsageCertSign, "Acme"+c.SerialNumber.String()
}

// try runs fn in a transaction and returns its error.
func (r *rooms) try(fn func(tx *db.Tx) error) error { return r.DB.Write(r.Context(), fn) }

func (r *rooms) certificate(spec credential.CertificateSpec) (c *credential.Credential, err error) {
	err = r.try(func(tx *db.Tx) error {
		c, err = credential.AddCertificate(tx, &r.Operator, r.app.ID, spec)
		return err
	})
	return c, err
}

func (r *rooms) trusted(name string, ca made) (added *certificate.CA) {
	r.Helper()
	r.Write(func(tx *db.Tx) (err error) {
		added, err = certificate.AddCA(tx, &r.Operator, name, ca.pem())
		return err
	})
	return added
}

// about fails the test unless err is of that kind, about that field.
func about(t testing.TB, what string, err error, kind fault.Kind, field string) {
	t.Helper()
	got, _ := errors.AsType[*fault.Error](err)
	if !fault.Is(err, kind) || field != "" && (got == nil || got.Field != field) {
		t.Errorf("%s: %v, want it to be about %q", what, err, field)
	}
}

func TestCertificateIsKnownAsItsUploadSays(t *testing.T) {
	each(t, func(r *rooms) {
		t := r.T
		self := issue(t, nil, nil)
		c, err := r.certificate(credential.CertificateSpec{Upload: self.pem(), Spec: credential.Spec{Description: "laptop", Scopes: []string{"openid"}}})
		if err != nil {
			t.Fatal(err)
		}
		if c.Proof.Certificate.Method != certificate.SelfSigned || !c.ExpiresAt.Equal(self.NotAfter) || c.Hint != certificate.Hint(self.Certificate) {
			t.Errorf("%+v", c)
		}
		if got := r.candidates()[0]; got.Means != proof.ByCertificate || got.Aside.Proof.Certificate.Thumbprint != certificate.Thumbprint(self.Certificate) {
			t.Errorf("the token path knows %+v", got)
		}
		_, err = r.certificate(credential.CertificateSpec{Upload: self.pem()})
		about(t, "the same again", err, fault.Conflict, "")
		root := issue(t, nil, authority)
		between := issue(t, &root, authority)
		leaf := issue(t, &between, nil)
		_, err = r.certificate(credential.CertificateSpec{Upload: append(leaf.pem(), between.pem()...)})
		about(t, "without its authority", err, fault.Invalid, "certificate")
		ca, other := r.trusted("acme", root), r.trusted("other", issue(t, nil, authority))
		_, err = r.certificate(credential.CertificateSpec{Upload: leaf.pem()})
		about(t, "without the one between", err, fault.Invalid, "certificate")
		_, err = r.certificate(credential.CertificateSpec{Upload: append(leaf.pem(), between.pem()...), Rule: certificate.Rule{CAs: []uuid.UUID{other.ID}}})
		about(t, "under another authority", err, fault.Invalid, "certificate")
		c, err = r.certificate(credential.CertificateSpec{Upload: append(leaf.pem(), between.pem()...)})
		if err != nil || c.Proof.Certificate.Method != certificate.PKI || len(c.Proof.Certificate.CAs) != 1 || c.Proof.Certificate.CAs[0] != ca.ID {
			t.Fatalf("%+v, %v", c, err)
		}
		pinned := issue(t, &between, nil)
		c, err = r.certificate(credential.CertificateSpec{Upload: pinned.pem(), Rule: certificate.Rule{Method: certificate.SelfSigned}})
		if err != nil || c.Proof.Certificate.Method != certificate.SelfSigned {
			t.Errorf("pinned: %+v, %v", c, err)
		}
		bySubject := certificate.Rule{SubjectDN: "CN=billing", CAs: []uuid.UUID{ca.ID, ca.ID}}
		c, err = r.certificate(credential.CertificateSpec{Rule: bySubject})
		if err != nil || !c.ExpiresAt.IsZero() || !strings.Contains(c.Hint, "CN=billing by acme") || len(c.Proof.Certificate.CAs) != 1 {
			t.Errorf("by subject: %+v, %v", c, err)
		}
		for name, rule := range map[string]certificate.Rule{
			"no authority": {SubjectDN: "CN=billing"}, "one that there is not": {SubjectDN: "CN=billing", CAs: []uuid.UUID{uuid.New()}},
			"two names": {SubjectDN: "CN=billing", SANDNS: "x.example", CAs: []uuid.UUID{ca.ID}}, "nothing": {},
		} {
			_, err := r.certificate(credential.CertificateSpec{Rule: rule})
			about(t, name, err, fault.Invalid, "")
		}
		forget := func(id uuid.UUID) error {
			return r.try(func(tx *db.Tx) error {
				return certificate.DeleteCA(tx, &r.Operator, id, func() (bool, error) { return credential.Relied(tx, r.Home.ID, id) })
			})
		}
		about(t, "an authority in use", forget(ca.ID), fault.Conflict, "")
		if err := forget(other.ID); err != nil {
			t.Error(err)
		}
		// With the application its certificates go, and may be used again.
		r.Write(func(tx *db.Tx) error { return application.Delete(tx, &r.Operator, r.app.ID, 0) })
		if err := forget(ca.ID); err != nil {
			t.Errorf("an authority that nobody uses any more: %v", err)
		}
	})
}

func TestCertificateLivesNoLongerThanItself(t *testing.T) {
	each(t, func(r *rooms) {
		t := r.T
		self := issue(t, nil, nil)
		late := self.NotAfter.Add(time.Second)
		_, err := r.certificate(credential.CertificateSpec{Upload: self.pem(), Spec: credential.Spec{ExpiresAt: late}})
		about(t, "beyond the certificate", err, fault.Invalid, "expires_at")
		c, err := r.certificate(credential.CertificateSpec{Upload: self.pem(), Spec: credential.Spec{ExpiresAt: self.NotAfter.Add(-time.Hour)}})
		if err != nil {
			t.Fatal(err)
		}
		for name, at := range map[string]time.Time{"never": {}, "later": late} {
			err := r.try(func(tx *db.Tx) error {
				_, err := credential.Change(tx, &r.Operator, r.app.ID, c.ID, 0, func(s *credential.Spec) { s.ExpiresAt = at })
				return err
			})
			about(t, "changed to "+name, err, fault.Invalid, "expires_at")
		}
		gone := issue(t, nil, func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Minute) })
		_, err = r.certificate(credential.CertificateSpec{Upload: gone.pem()})
		about(t, "expired", err, fault.Invalid, "certificate")
		key, err := x509.MarshalPKCS8PrivateKey(self.key)
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.certificate(credential.CertificateSpec{Upload: append(self.pem(), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})...)})
		about(t, "with its key", err, fault.Invalid, "certificate")
	})
}

func TestOwnAuthorityIssuesForOneApplicationAtATime(t *testing.T) {
	each(t, func(r *rooms) {
		t := r.T
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "admin"}}, key)
		if err != nil {
			t.Fatal(err)
		}
		var c *credential.Credential
		r.Write(func(tx *db.Tx) (err error) {
			c, err = r.Credentials.IssueCertificate(tx, &r.Operator, r.app.ID, credential.Spec{ExpiresAt: tx.Now().Add(30 * 24 * time.Hour)}, csr)
			return err
		})
		leaf, _, err := certificate.Parse([]byte(c.Proof.PEM))
		if err != nil || leaf.Subject.CommonName != r.app.ID.String() || !c.ExpiresAt.Equal(leaf.NotAfter) {
			t.Errorf("%+v, %v", leaf, err)
		}
		_, err = r.certificate(credential.CertificateSpec{Rule: certificate.Rule{SubjectDN: "CN=" + r.app.ID.String(), CAs: c.Proof.Certificate.CAs}})
		about(t, "by subject under the own authority", err, fault.Invalid, "cas")
		spec := credential.Spec{Description: "made"}
		ready, err := r.Credentials.MakeCertificate(r.Context(), r.DB, &r.Operator, r.app.ID, spec, certificate.Wish{})
		if err != nil {
			t.Fatal(err)
		}
		r.Write(func(tx *db.Tx) (err error) {
			c, err = credential.AddMade(tx, &r.Operator, ready, spec)
			return err
		})
		if life := c.ExpiresAt.Sub(c.CreatedAt); life < 364*24*time.Hour || life > 366*24*time.Hour || len(ready.PKCS12) == 0 || ready.Password.Empty() {
			t.Errorf("it lives for %s", life)
		}
		err = r.try(func(tx *db.Tx) error {
			_, err := r.Credentials.IssueCertificate(tx, &r.Operator, r.app.ID, credential.Spec{ExpiresAt: tx.Now().Add(3 * 366 * 24 * time.Hour)}, csr)
			return err
		})
		about(t, "three years", err, fault.Invalid, "expires_at")
		stranger := r.Actor("credentials:read")
		_, err = r.Credentials.MakeCertificate(r.Context(), r.DB, &stranger, r.app.ID, spec, certificate.Wish{})
		about(t, "a stranger", err, fault.Denied, "")
	})
}

func TestOneCertificateIsOneCredentialAlsoWhenTwoAddIt(t *testing.T) {
	each(t, func(r *rooms) {
		self := issue(r.T, nil, nil)
		var other *application.Application
		r.Write(func(tx *db.Tx) (err error) {
			other, err = application.Create(tx, &r.Operator, application.Spec{Name: "other", Scopes: []string{"a"}})
			return err
		})
		var all sync.WaitGroup
		errs := make([]error, 2)
		for i, app := range []uuid.UUID{r.app.ID, other.ID} {
			all.Go(func() {
				errs[i] = r.try(func(tx *db.Tx) error {
					_, err := credential.AddCertificate(tx, &r.Operator, app, credential.CertificateSpec{Upload: self.pem()})
					return err
				})
			})
		}
		all.Wait()
		if (errs[0] == nil) == (errs[1] == nil) || !fault.Is(errs[0], fault.Conflict) && !fault.Is(errs[1], fault.Conflict) {
			r.Errorf("%v", errs)
		}
	})
}

func TestApplicationHasOnlySoManyCertificatesAndTrusts(t *testing.T) {
	each(t, func(r *rooms) {
		t := r.T
		for n := range 81 {
			_, err := r.certificate(credential.CertificateSpec{Upload: issue(t, nil, nil).pem()})
			if want := n == 80; fault.Is(err, fault.Conflict) != want {
				t.Fatalf("certificate %d: %v", n+1, err)
			}
		}
		trust := func(subject string) error {
			return r.try(func(tx *db.Tx) error {
				_, err := credential.AddTrust(tx, &r.Operator, r.app.ID, credential.TrustSpec{
					Trust: assertion.Trust{Issuer: "https://issuer.example", Audience: "x", Subject: subject},
				})
				return err
			})
		}
		for n := range 20 {
			if err := trust(fmt.Sprint("subject", n)); err != nil {
				t.Fatal(err)
			}
		}
		about(t, "the 21st trust", trust("another"), fault.Conflict, "")
		r.Write(func(tx *db.Tx) error {
			_, _, err := environment.ChangePolicy(tx, &r.Operator, 0, func(p *environment.Policy) { p.Limits.Trusts = 21 })
			return err
		})
		about(t, "the same trust twice", trust("subject3"), fault.Conflict, "")
		if err := trust("another"); err != nil {
			t.Errorf("with a wider limit: %v", err)
		}
	})
}

func TestLedgerSaysWhoWasTrusted(t *testing.T) {
	each(t, func(r *rooms) {
		r.Write(func(tx *db.Tx) error {
			_, err := credential.AddTrust(tx, &r.Operator, r.app.ID, credential.TrustSpec{
				Trust: assertion.Trust{Issuer: "https://issuer.example", Audience: "x", Subject: "repo:acme/*", Claims: map[string]string{"environment": "production"}},
			})
			return err
		})
		if _, err := r.certificate(credential.CertificateSpec{Upload: issue(r.T, nil, nil).pem()}); err != nil {
			r.Fatal(err)
		}
		var text string
		if err := r.DB.Read(r.Context(), func(tx *db.Tx) error {
			all, err := db.All(tx, func(s db.Scan) (body string, err error) { return body, s(&body) }, `SELECT payload FROM ledger_event WHERE payload IS NOT NULL`)
			text = strings.Join(all, "\n")
			return err
		}); err != nil {
			r.Fatal(err)
		}
		for _, wanted := range []string{"repo:acme/*", "https://issuer.example", "production", "thumbprint"} {
			if !strings.Contains(text, wanted) {
				r.Errorf("the ledger does not say %s", wanted)
			}
		}
	})
}
