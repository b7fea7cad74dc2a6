package certificate_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"software.sslmate.com/src/go-pkcs12"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential/certificate"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/roomtest"
	"github.com/counterfoil/counterfoil/internal/seal"
)

func never() (bool, error) { return false, nil }

func add(r *roomtest.Rooms, name string, upload []byte) (ca *certificate.CA) {
	r.Helper()
	r.Write(func(tx *db.Tx) (err error) {
		ca, err = certificate.AddCA(tx, &r.Operator, name, upload)
		return err
	})
	return ca
}

func own(r *roomtest.Rooms) (i *certificate.Issuer) {
	r.Helper()
	r.Write(func(tx *db.Tx) (err error) {
		i, err = certificate.OwnCA(tx, r.Vault, &r.Operator)
		return err
	})
	return i
}

func list(r *roomtest.Rooms) (all []*certificate.CA) {
	r.Helper()
	r.Write(func(tx *db.Tx) (err error) {
		all, err = certificate.ListCAs(tx, &r.Operator)
		return err
	})
	return all
}

func TestAuthoritiesAreAddedListedAndDeleted(t *testing.T) {
	f := newFolder(t)
	text := f.selfSigned("ca", "/CN=Acme CA")
	roomtest.Each(t, func(r *roomtest.Rooms) {
		ca := add(r, " Acme ", text)
		if all := list(r); len(all) != 1 || all[0].ID != ca.ID || all[0].Name != "Acme" || all[0].Own || all[0].Certificate.Subject.CommonName != "Acme CA" {
			t.Errorf("%v", all)
		}
		r.Refused("the same certificate", fault.Conflict, func(tx *db.Tx) error {
			_, err := certificate.AddCA(tx, &r.Operator, "Other", text)
			return err
		})
		r.Refused("the same name", fault.Conflict, func(tx *db.Tx) error {
			_, err := certificate.AddCA(tx, &r.Operator, "Acme", f.selfSigned("other", "/CN=Other CA"))
			return err
		})
		r.Refused("deleting one in use", fault.Conflict, func(tx *db.Tx) error {
			return certificate.DeleteCA(tx, &r.Operator, ca.ID, func() (bool, error) { return true, nil })
		})
		r.Refused("naming one that is not there", fault.Invalid, func(tx *db.Tx) error {
			_, err := certificate.LockCA(tx, r.Home.ID, uuid.New())
			return err
		})
		r.Write(func(tx *db.Tx) error {
			if _, err := certificate.LockCA(tx, r.Home.ID, ca.ID); err != nil {
				return err
			}
			return certificate.DeleteCA(tx, &r.Operator, ca.ID, never)
		})
		r.Refused("deleting twice", fault.NotFound, func(tx *db.Tx) error { return certificate.DeleteCA(tx, &r.Operator, ca.ID, never) })
		if all := list(r); len(all) != 0 {
			t.Errorf("%v", all)
		}
		var told []string
		r.Write(func(tx *db.Tx) error {
			events, err := ledger.Events(tx, r.Home.ID, ledger.Filter{Limit: 100})
			for _, e := range events {
				if e.Subject.Kind == "trusted_ca" && e.Register && e.Subject.ID == ca.ID.String() && strings.Contains(e.Payload, `"subject":"CN=Acme CA"`) {
					told = append(told, e.Kind)
				}
			}
			return err
		})
		if !slices.Equal(told, []string{"ca.added", "ca.deleted"}) && !slices.Equal(told, []string{"ca.deleted", "ca.added"}) {
			t.Errorf("the ledger tells %v", told)
		}
	})
}

func TestWhoMayNotWriteCredentialsMayNotTouchAuthorities(t *testing.T) {
	f := newFolder(t)
	text := f.selfSigned("ca", "/CN=Acme CA")
	roomtest.Each(t, func(r *roomtest.Rooms) {
		ca := add(r, "Acme", text)
		reader, stranger := r.Actor(access.ReadCredentials), r.Actor(access.WriteApplications)
		for name, attempt := range map[string]func(tx *db.Tx) error{
			"add":    func(tx *db.Tx) error { _, err := certificate.AddCA(tx, &reader, "x", text); return err },
			"delete": func(tx *db.Tx) error { return certificate.DeleteCA(tx, &reader, ca.ID, never) },
			"own":    func(tx *db.Tx) error { _, err := certificate.OwnCA(tx, r.Vault, &reader); return err },
			"list":   func(tx *db.Tx) error { _, err := certificate.ListCAs(tx, &stranger); return err },
		} {
			r.Refused(name, fault.Denied, attempt)
		}
		elsewhere := access.Operator(uuid.New())
		r.Refused("from another environment", fault.NotFound, func(tx *db.Tx) error { return certificate.DeleteCA(tx, &elsewhere, ca.ID, never) })
	})
}

func TestWhatMustNotIssueCertificatesIsNotTrusted(t *testing.T) {
	f := newFolder(t)
	roomtest.Each(t, func(r *roomtest.Rooms) {
		many := add(r, "the first", f.selfSigned("ca", "/CN=ca"))
		for name, upload := range map[string][]byte{
			"a client":         f.selfSigned("client", "/CN=x", clientOnly...),
			"no right to sign": f.selfSigned("ca2", "/CN=ca", "-addext", "keyUsage=critical,digitalSignature"),
			"SHA-1":            f.selfSigned("ca3", "/CN=ca", "-sha1"),
			"RSA 1024":         f.selfSigned("ca4", "/CN=ca", "-newkey", "rsa:1024"),
			"expired": certificate.PEM(issue(t, nil, func(c *x509.Certificate) {
				authority("x")(c)
				c.NotBefore, c.NotAfter = time.Unix(0, 0), time.Unix(1e9, 0)
			}).Certificate),
			"two":                  append(f.selfSigned("ca5", "/CN=ca"), f.read("client.pem")...),
			"a key":                f.read("ca.key"),
			"Counterfoil's own":    certificate.PEM(own(r).Certificate),
			"nothing":              nil,
			"the key and the rest": append(f.read("ca.pem"), f.read("ca.key")...),
		} {
			r.Refused(name, fault.Invalid, func(tx *db.Tx) error {
				_, err := certificate.AddCA(tx, &r.Operator, name, upload)
				return err
			})
		}
		for _, name := range []string{"", " ", "a\nb", strings.Repeat("x", 101)} {
			r.Refused(name, fault.Invalid, func(tx *db.Tx) error {
				_, err := certificate.AddCA(tx, &r.Operator, name, certificate.PEM(many.Certificate))
				return err
			})
		}
		for i := len(list(r)); i < certificate.MaxCAs; i++ {
			add(r, fmt.Sprint(i), certificate.PEM(issue(t, nil, authority(fmt.Sprint(i))).Certificate))
		}
		r.Refused("one too many", fault.Conflict, func(tx *db.Tx) error {
			_, err := certificate.AddCA(tx, &r.Operator, "last", certificate.PEM(issue(t, nil, authority("last")).Certificate))
			return err
		})
	})
}

func TestTheOwnAuthorityIsMadeOnceAndKeptSealed(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		made := make(chan uuid.UUID, 4)
		for range cap(made) {
			go func() {
				var id uuid.UUID
				_ = r.DB.Write(context.Background(), func(tx *db.Tx) error {
					i, err := certificate.OwnCA(tx, r.Vault, &r.Operator)
					if err == nil {
						id = i.ID
					}
					return err
				})
				made <- id
			}()
		}
		first := own(r)
		for range cap(made) {
			if id := <-made; id != first.ID {
				t.Errorf("another own authority: %s and %s", id, first.ID)
			}
		}
		c := first.Certificate
		if len(list(r)) != 1 || !c.IsCA || !c.MaxPathLenZero || !first.Own || !strings.Contains(c.Subject.CommonName, r.Home.ID.String()) ||
			c.NotAfter.Sub(c.NotBefore) < 3650*24*time.Hour || c.KeyUsage != x509.KeyUsageCertSign || fmt.Sprint(c.ExtKeyUsage) != fmt.Sprint([]x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}) {
			t.Errorf("%+v", c.Subject)
		}
		if err := r.Environments.Rekey(t.Context(), r.DB); err != nil {
			t.Fatal(err)
		}
		again := own(r)
		if again.ID != first.ID {
			t.Error("a new sealing key made another authority")
		}
		if _, err := again.Generate(uuid.New(), certificate.Wish{}, time.Hour, time.Now()); err != nil {
			t.Errorf("with the key sealed anew: %v", err)
		}
		var count int
		r.Write(func(tx *db.Tx) error {
			count = 0
			return certificate.EachCA(tx, uuid.Nil, func(*certificate.CA) error { count++; return nil })
		})
		if count != 1 {
			t.Errorf("%d authorities in all environments", count)
		}
	})
}

// proves reports whether a certificate proves the rule that its issuer gives it.
func proves(i *certificate.Issuer, c *x509.Certificate, at time.Time) error {
	return certificate.Verify(c, nil, i.Rule(c), func(id uuid.UUID) *x509.Certificate {
		if id == i.ID {
			return i.Certificate
		}
		return nil
	}, at)
}

func TestOnlyTheKeyOfARequestCounts(t *testing.T) {
	f := newFolder(t)
	f.openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "a.key", "-out", "a.csr", "-subj", "/CN=somebody else/O=Bank",
		"-addext", "subjectAltName=DNS:bank.example,URI:urn:counterfoil:ca:x", "-addext", "basicConstraints=CA:TRUE", "-addext", "keyUsage=keyCertSign", "-addext", "extendedKeyUsage=serverAuth")
	f.openssl("req", "-in", "a.csr", "-outform", "DER", "-out", "a.der")
	roomtest.Each(t, func(r *roomtest.Rooms) {
		i, app, now := own(r), uuid.New(), time.Now()
		for _, csr := range [][]byte{f.read("a.csr"), f.read("a.der")} {
			c, err := i.SignCSR(csr, app, 24*time.Hour, now)
			if err != nil {
				t.Fatal(err)
			}
			want := "urn:counterfoil:environment:" + r.Home.ID.String() + ":application:" + app.String()
			if certificate.Subject(c).String() != "CN="+app.String() || len(c.URIs) != 1 || c.URIs[0].String() != want || len(c.DNSNames) > 0 || c.IsCA ||
				c.KeyUsage != x509.KeyUsageDigitalSignature || len(c.ExtKeyUsage) != 1 || c.ExtKeyUsage[0] != x509.ExtKeyUsageClientAuth || c.SerialNumber.BitLen() < 128 {
				t.Errorf("%s %v %v", c.Subject, c.URIs, c.ExtKeyUsage)
			}
			f.write("c.pem", string(certificate.PEM(c)))
			f.write("own.pem", string(certificate.PEM(i.Certificate)))
			f.openssl("verify", "-x509_strict", "-purpose", "sslclient", "-CAfile", "own.pem", "c.pem")
			if err := errors.Join(certificate.Check(c, now), proves(i, c, now)); err != nil {
				t.Error(err)
			}
			if err := proves(i, c, now.Add(25*time.Hour)); !errors.Is(err, certificate.Expired) {
				t.Error(err)
			}
		}
	})
}

func TestBadRequestsAndLifetimesAreRefused(t *testing.T) {
	f := newFolder(t)
	request := func(name string, more ...string) []byte {
		f.openssl(append([]string{"req", "-new", "-nodes", "-keyout", name + ".key", "-out", name + ".csr", "-subj", "/CN=x"}, more...)...)
		return f.read(name + ".csr")
	}
	good := request("good", "-newkey", "rsa:2048")
	block, _ := pem.Decode(good)
	forged := bytes.Clone(block.Bytes)
	forged[len(forged)-1] ^= 1
	roomtest.Each(t, func(r *roomtest.Rooms) {
		i, now := own(r), time.Now()
		for name, csr := range map[string][]byte{
			"weak key": request("weak", "-newkey", "rsa:1024"), "SHA-1": request("sha1", "-newkey", "rsa:2048", "-sha1"), "forged": forged, "nothing": nil,
			"a key": f.read("good.key"), "a certificate": f.selfSigned("c", "/CN=x"), "two": append(bytes.Clone(good), good...), "words": []byte("sign this"),
		} {
			_, err := i.SignCSR(csr, uuid.New(), time.Hour, now)
			if field, _ := fault.Public(err); field != "csr" {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, lifetime := range []time.Duration{-1, 0, time.Minute, certificate.MaxLifetime + 1} {
			_, err := i.SignCSR(good, uuid.New(), lifetime, now)
			if field, _ := fault.Public(err); field != "lifetime" {
				t.Errorf("%s: %v", lifetime, err)
			}
		}
		if _, err := i.SignCSR(good, uuid.New(), time.Hour, i.Certificate.NotAfter); !fault.Is(err, fault.Conflict) {
			t.Errorf("beyond the authority's end: %v", err)
		}
	})
}

func TestACertificateIsCalledAndItsFileLockedAsAskedAndStillNamesTheClient(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		i, app, now := own(r), uuid.New(), time.Now()
		made, err := i.Generate(app, certificate.Wish{CommonName: "Rechnungen, Köln", Password: seal.NewSecret("drei blaue Ärmel")}, time.Hour, now)
		if err != nil {
			t.Fatal(err)
		}
		subject := made.Certificate.Subject
		if subject.CommonName != "Rechnungen, Köln" || subject.SerialNumber != app.String() || !strings.HasSuffix(made.Certificate.URIs[0].String(), app.String()) {
			t.Errorf("%s, %v", subject, made.Certificate.URIs)
		}
		if !made.Password.Empty() {
			t.Error("a password is shown to the one who said it")
		}
		if _, _, _, err := pkcs12.DecodeChain(made.PKCS12, "drei blaue Ärmel"); err != nil {
			t.Error(err)
		}
		for field, wishes := range map[string][]certificate.Wish{
			"common_name": {
				{CommonName: strings.Repeat("x", 65)},
				{CommonName: "billing\n"},
				{CommonName: "bill\x00ing"},
				{CommonName: "\u202egnillib"},
				{CommonName: " billing"},
				{CommonName: "bill\xffing"},
				{CommonName: uuid.NewString()},
			},
			"password": {
				{Password: seal.NewSecret("elevenchars")},
				{Password: seal.NewSecret(strings.Repeat("x", 129))},
				{Password: seal.NewSecret("line\nline line")},
				{Password: seal.NewSecret("\U0001F511 keys and keys")},
			},
		} {
			for _, wish := range wishes {
				if _, err := i.Generate(app, wish, time.Hour, now); !fault.Is(err, fault.Invalid) {
					t.Errorf("%q: %v", wish.CommonName, err)
				} else if on, _ := fault.Public(err); on != field {
					t.Errorf("%q: about %s", wish.CommonName, on)
				}
			}
		}
		same, err := i.Generate(app, certificate.Wish{CommonName: app.String()}, time.Hour, now)
		if err != nil || same.Certificate.Subject.String() != "CN="+app.String() {
			t.Error(err)
		}
	})
}

func TestAGeneratedFileOpensWithItsPasswordOnly(t *testing.T) {
	f := newFolder(t)
	roomtest.Each(t, func(r *roomtest.Rooms) {
		i, app, now := own(r), uuid.New(), time.Now()
		made, err := i.Generate(app, certificate.Wish{}, certificate.MaxLifetime, now)
		if err != nil {
			t.Fatal(err)
		}
		key, c, chain, err := pkcs12.DecodeChain(made.PKCS12, made.Password.Reveal())
		if err != nil || !bytes.Equal(c.Raw, made.Certificate.Raw) || len(chain) != 1 || !chain[0].Equal(i.Certificate) {
			t.Fatal(err)
		}
		if private, ok := key.(*ecdsa.PrivateKey); !ok || !private.PublicKey.Equal(c.PublicKey) {
			t.Error("the key is not the certificate's")
		}
		if _, _, _, err := pkcs12.DecodeChain(made.PKCS12, ""); err == nil {
			t.Error("it opens without a password")
		}
		if err := proves(i, parse(t, made.PEM), now); err != nil {
			t.Error(err)
		}
		f.write("client.p12", string(made.PKCS12))
		f.openssl("pkcs12", "-in", "client.p12", "-passin", "pass:"+made.Password.Reveal(), "-nodes", "-out", "client.pem")
		if _, _, err := certificate.Parse(f.read("client.pem")); err == nil || !strings.Contains(err.Error(), "exposed") {
			t.Errorf("what openssl makes of it: %v", err)
		}
		if text := fmt.Sprintf("%v %+v %#v", *made, made, made); strings.Contains(text, made.Password.Reveal()) {
			t.Error("the password is printed")
		}
	})
}
