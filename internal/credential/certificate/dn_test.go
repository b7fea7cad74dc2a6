package certificate_test

import (
	"crypto/x509"
	"encoding/asn1"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/credential/certificate"
	"github.com/counterfoil/counterfoil/internal/fault"
)

func TestNamesAreComparedAsSequencesOfSets(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"CN=billing,O=Acme,C=DE", "CN=billing,O=Acme,C=DE", true},
		{"CN=billing,O=Acme,C=DE", "cn=Billing, o=ACME , c=de", true},
		{"CN=billing  department,O=Acme", `CN=\ billing department\20,O=Acme`, true},
		{"CN=billing,O=Acme", "2.5.4.3=billing,2.5.4.10=Acme", true},
		{"CN=billing,O=Acme", "CN=#0c0762696c6c696e67,O=Acme", true}, // UTF8String
		{"CN=billing,O=Acme", "CN=#130762696c6c696e67,O=Acme", true}, // PrintableString
		{"CN=ab", "CN=#1e0400610062", true},                          // BMPString
		{"CN=a+UID=7,O=Acme", "UID=7+CN=a,O=Acme", true},
		{"E=a@b.example", "emailAddress=A@B.example", true},
		{"CN=Müller", "CN=MÜLLER", true},
		{`CN=a\,b`, `CN=a\2cb`, true},
		{"CN=billing,O=Acme,C=DE", "C=DE,O=Acme,CN=billing", false},
		{"CN=billing,O=Acme,C=DE", "CN=billing,O=Acme", false},
		{"CN=billing,O=Acme,C=DE", "O=Acme,C=DE", false},
		{"CN=billing,O=Acme", "CN=billing,O=Acme2", false},
		{"CN=a+UID=7,O=Acme", "CN=a,UID=7,O=Acme", false},
		{"CN=a+UID=7,O=Acme", "CN=a,O=Acme", false},
		{"CN=a+CN=b", "CN=a+CN=b+CN=b", false},
		{`CN=billing\,O=Acme`, "CN=billing,O=Acme", false},
		{"CN=billing", "OU=billing", false},
		{"CN=k", "CN=\u212a", false}, // the Kelvin sign
		{"CN=i", "CN=\u0130", false}, // I with a dot
		{"CN=s", "CN=\u017f", false}, // the long s
		{"CN=é", "CN=e\u0301", false},
		{"1.2.3.4=a", "1.2.3.4=A", false}, // of a type that nobody knows, case may matter
		{"CN=ab", "CN=#14026162", false},  // T61String means what its reader thinks
		{`CN=\#14026162`, "CN=#14026162", false},
		{`CN=14026162`, "CN=#14026162", false},
	} {
		a, errA := certificate.ParseDN(c.a)
		b, errB := certificate.ParseDN(c.b)
		if errA != nil || errB != nil || a.Equal(b) != c.same || b.Equal(a) != c.same {
			t.Errorf("%q and %q: want %v; %v %v", c.a, c.b, c.same, errA, errB)
		}
		if again, err := certificate.ParseDN(a.String()); err != nil || !again.Equal(a) {
			t.Errorf("%q is written as %q: %v", c.a, a, err)
		}
	}
	if (certificate.DN{}).Equal(certificate.DN{}) {
		t.Error("the empty name equals itself")
	}
}

func TestNamesThatCouldBeReadInTwoWaysAreRefused(t *testing.T) {
	for _, text := range []string{
		"", " ", "CN", "=x", "CN=", "CN=x,", ",CN=x", "CN=x,,O=y", "CN=x+", "/CN=x/O=y", "CN=x;O=y", `CN="x"`, "CN=a<b", "XX=y", "CN=x\n",
		`CN=x\`, `CN=x\1`, `CN=x\zz`, `CN=\ff`, "CN=#", "CN=#0c", "CN=#0c0162ff", "CN=#zz", "2.=x", "2.05.4=x", "2.5.4.=x", "5=x", "CN=\xff",
		strings.Repeat("CN=x,", 70) + "CN=x", "CN=" + strings.Repeat("x", 3000),
	} {
		if name, err := certificate.ParseDN(text); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v %v", text, name, err)
		}
	}
}

func TestSubjectsOfOpensslAreWhatItSaysTheyAre(t *testing.T) {
	f := newFolder(t)
	for i, subject := range []string{
		"/C=DE/O=Acme, Inc./OU=Clients/CN=billing+UID=7", "/CN=Müller & Söhne/emailAddress=a@b.example", "/DC=example/DC=acme/CN= x ", "/CN=#a",
		"/C=DE/ST=Bayern/L=München/O=A\"B<C>;\\\\D/CN=x",
	} {
		cert := parse(t, f.selfSigned("client", subject, "-utf8", "-multivalue-rdn"))
		f.openssl("x509", "-in", "client.pem", "-noout", "-subject", "-nameopt", "RFC2253,-esc_msb,utf8", "-out", "subject.txt")
		text := strings.TrimSuffix(strings.TrimPrefix(string(f.read("subject.txt")), "subject="), "\n")
		want, err := certificate.ParseDN(text)
		if err != nil || !want.Equal(certificate.Subject(cert)) {
			t.Errorf("%d: %q is not %q: %v", i, text, certificate.Subject(cert), err)
		}
	}
}

func TestASubjectThatCannotBeReadIsNobodys(t *testing.T) {
	empty, _ := asn1.Marshal([]int{})
	for _, raw := range [][]byte{nil, empty, {0x30, 0x02, 0x31, 0x00}, {0x30, 0x03, 0x02, 0x01, 0x01}, {0x31, 0x00}} {
		if name := certificate.Subject(&x509.Certificate{RawSubject: raw}); name.Equal(name) {
			t.Errorf("%x: %q", raw, name)
		}
	}
}

func FuzzParseDN(f *testing.F) {
	for _, text := range []string{"CN=a+UID=7,O=Acme", `CN=a\,b\20`, "CN=#1e0400610062", "1.2.3=x", `CN=\#1`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name, err := certificate.ParseDN(text)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatal(err)
			}
			return
		}
		again, err := certificate.ParseDN(name.String())
		if len(name.String()) <= 2048 && (err != nil || !again.Equal(name)) {
			t.Fatalf("%q is written as %q: %v", text, name, err)
		}
	})
}
