package certificate_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"net"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/credential/certificate"
	"github.com/counterfoil/counterfoil/internal/fault"
)

var theCA, theOther, theOwn = uuid.New(), uuid.New(), uuid.New()

const subject = "CN=billing,O=Acme,C=DE"

// scene is an environment with three authorities, one of them its own.
type scene struct {
	testing.TB
	ca, other, own *pair
}

func newScene(t testing.TB) *scene {
	return &scene{t, issue(t, nil, authority("CA")), issue(t, nil, authority("Other CA")), issue(t, nil, func(c *x509.Certificate) {
		authority("Counterfoil CA")(c)
		c.URIs = []*url.URL{{Scheme: "urn", Opaque: "counterfoil:ca:x"}}
	})}
}

func (s *scene) root(id uuid.UUID) *x509.Certificate {
	switch id {
	case theCA:
		return s.ca.Certificate
	case theOther:
		return s.other.Certificate
	case theOwn:
		return s.own.Certificate
	}
	return nil
}

func (s *scene) verify(c *pair, rule certificate.Rule, at time.Duration, chain ...*pair) error {
	var others []*x509.Certificate
	for _, one := range chain {
		others = append(others, one.Certificate)
	}
	return certificate.Verify(c.Certificate, others, rule, s.root, start.Add(at))
}

func bySubject(cas ...uuid.UUID) certificate.Rule {
	return certificate.Rule{Method: certificate.PKI, SubjectDN: subject, CAs: cas}
}

func byThumbprint(c *pair, cas ...uuid.UUID) certificate.Rule {
	r := certificate.Rule{Method: certificate.SelfSigned, Thumbprint: certificate.Thumbprint(c.Certificate), CAs: cas}
	if len(cas) > 0 {
		r.Method = certificate.PKI
	}
	return r
}

// TestACertificateProvesOnlyItsRule is threat A14: the right subject from the wrong authority, expiry, variants of
// names, a renewal that is another certificate.
func TestACertificateProvesOnlyItsRule(t *testing.T) {
	s := newScene(t)
	good := issue(t, s.ca, nil)
	from := func(by *pair, change func(*x509.Certificate)) *pair { return issue(t, by, change) }
	sub := issue(t, s.ca, authority("Sub CA"))
	forServers := issue(t, s.ca, func(c *x509.Certificate) {
		authority("Server CA")(c)
		c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	})
	old := issue(t, s.ca, func(c *x509.Certificate) { authority("Old CA")(c); c.NotAfter = start.Add(time.Hour) })
	notCA := issue(t, s.ca, nil)
	impostor := issue(t, nil, authority("CA"))
	self := issue(t, nil, nil)
	const noon = 12 * time.Hour
	for name, c := range map[string]struct {
		cert  *pair
		rule  certificate.Rule
		at    time.Duration
		chain []*pair
		want  error
	}{
		"the right one":                    {good, bySubject(theCA), noon, nil, nil},
		"one of two authorities":           {good, bySubject(theOther, theCA), noon, nil, nil},
		"through an intermediate":          {from(sub, nil), bySubject(theCA), noon, []*pair{notCA, sub}, nil},
		"right subject, wrong authority":   {from(s.other, nil), bySubject(theCA), noon, nil, certificate.UnknownCA},
		"wrong authority in its own chain": {from(s.other, nil), bySubject(theCA), noon, []*pair{s.other}, certificate.UnknownCA},
		"an authority of the same name":    {from(impostor, nil), bySubject(theCA), noon, []*pair{impostor}, certificate.UnknownCA},
		"self-signed with the subject":     {self, bySubject(theCA), noon, nil, certificate.UnknownCA},
		"an intermediate that is missing":  {from(sub, nil), bySubject(theCA), noon, nil, certificate.UnknownCA},
		"an authority that is gone":        {good, bySubject(uuid.New()), noon, nil, certificate.UnknownCA},
		"issued by a client":               {from(notCA, nil), bySubject(theCA), noon, []*pair{notCA}, certificate.UnknownCA},
		"an authority for servers":         {from(forServers, nil), bySubject(theCA), noon, []*pair{forServers}, certificate.Usage},
		"an authority that expired":        {from(old, nil), bySubject(theCA), noon, []*pair{old}, certificate.CAExpired},
		"a chain without end":              {from(sub, nil), bySubject(theCA), noon, slices.Repeat([]*pair{sub}, 9), certificate.BadChain},
		"expired":                          {good, bySubject(theCA), 25 * time.Hour, nil, certificate.Expired},
		"not valid yet":                    {good, bySubject(theCA), -time.Second, nil, certificate.NotYetValid},
		"an authority itself":              {from(s.ca, func(c *x509.Certificate) { c.IsCA = true }), bySubject(theCA), noon, nil, certificate.Usage},
		"a server's":                       {from(s.ca, func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }), bySubject(theCA), noon, nil, certificate.Usage},
		"nobody's":                         {&pair{}, bySubject(theCA), noon, nil, certificate.None},
		"another subject":                  {from(s.ca, func(c *x509.Certificate) { c.Subject.CommonName = "shipping" }), bySubject(theCA), noon, nil, certificate.WrongName},
		"a longer subject":                 {from(s.ca, func(c *x509.Certificate) { c.Subject.OrganizationalUnit = []string{"x"} }), bySubject(theCA), noon, nil, certificate.WrongName},
		"no subject":                       {from(s.ca, func(c *x509.Certificate) { c.Subject = pkix.Name{}; c.DNSNames = []string{"x"} }), bySubject(theCA), noon, nil, certificate.WrongName},

		"known, self-signed":               {self, byThumbprint(self), noon, nil, nil},
		"known, expired":                   {self, byThumbprint(self), 25 * time.Hour, nil, certificate.Expired},
		"known, not valid yet":             {self, byThumbprint(self), -time.Second, nil, certificate.NotYetValid},
		"a renewal of the known":           {issue(t, nil, nil), byThumbprint(self), noon, nil, certificate.Mismatch},
		"known, of an authority":           {good, byThumbprint(good, theCA), noon, nil, nil},
		"known, its authority gone":        {good, byThumbprint(good, uuid.New()), noon, nil, certificate.UnknownCA},
		"known, of another authority":      {good, byThumbprint(good, theOther), noon, nil, certificate.UnknownCA},
		"our own, known":                   {from(s.own, nil), certificate.Rule{}, noon, nil, certificate.Mismatch},
		"our own by subject":               {from(s.own, nil), bySubject(theOwn), noon, nil, certificate.UnknownCA},
		"our own by subject, among others": {from(s.own, nil), bySubject(theCA, theOwn), noon, []*pair{s.own}, certificate.UnknownCA},
		"no rule at all":                   {good, certificate.Rule{}, noon, nil, certificate.Mismatch},
		"a rule without a subject":         {good, certificate.Rule{Method: certificate.PKI, CAs: []uuid.UUID{theCA}}, noon, nil, certificate.WrongName},
		"a self-signed rule without one":   {good, certificate.Rule{Method: certificate.SelfSigned}, noon, nil, certificate.Mismatch},
	} {
		if err := s.verify(c.cert, c.rule, c.at, c.chain...); !errors.Is(err, c.want) || err == nil && c.want != nil {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	own := from(s.own, nil)
	if err := s.verify(own, byThumbprint(own, theOwn), noon); err != nil {
		t.Errorf("our own by its thumbprint: %v", err)
	}
}

func TestAlternativeNamesAreComparedWhole(t *testing.T) {
	s := newScene(t)
	cert := issue(t, s.ca, func(c *x509.Certificate) {
		link, _ := url.Parse("spiffe://acme/billing")
		c.DNSNames, c.URIs = []string{"other.example", "Billing.acme.example", "*.wild.example"}, []*url.URL{link}
		c.IPAddresses, c.EmailAddresses = []net.IP{net.IPv4(192, 0, 2, 7), net.ParseIP("2001:db8::7")}, []string{"Billing@Acme.example"}
	})
	rule := func(change func(*certificate.Rule)) certificate.Rule {
		r := certificate.Rule{Method: certificate.PKI, CAs: []uuid.UUID{theCA}}
		change(&r)
		return r
	}
	for name, c := range map[string]struct {
		rule certificate.Rule
		want error
	}{
		"DNS":              {rule(func(r *certificate.Rule) { r.SANDNS = "billing.ACME.example" }), nil},
		"DNS, part":        {rule(func(r *certificate.Rule) { r.SANDNS = "acme.example" }), certificate.WrongName},
		"DNS, longer":      {rule(func(r *certificate.Rule) { r.SANDNS = "billing.acme.example.evil.example" }), certificate.WrongName},
		"DNS, wildcard":    {rule(func(r *certificate.Rule) { r.SANDNS = "a.wild.example" }), certificate.WrongName},
		"DNS, common name": {rule(func(r *certificate.Rule) { r.SANDNS = "billing" }), certificate.WrongName},
		"URI":              {rule(func(r *certificate.Rule) { r.SANURI = "spiffe://acme/billing" }), nil},
		"URI, case":        {rule(func(r *certificate.Rule) { r.SANURI = "SPIFFE://acme/billing" }), certificate.WrongName},
		"URI, fragment":    {rule(func(r *certificate.Rule) { r.SANURI = "spiffe://acme/billing#" }), certificate.WrongName},
		"URI, part":        {rule(func(r *certificate.Rule) { r.SANURI = "spiffe://acme/" }), certificate.WrongName},
		"IPv4":             {rule(func(r *certificate.Rule) { r.SANIP = "192.0.2.7" }), nil},
		"IPv6":             {rule(func(r *certificate.Rule) { r.SANIP = "2001:DB8:0::7" }), nil},
		"another IP":       {rule(func(r *certificate.Rule) { r.SANIP = "192.0.2.8" }), certificate.WrongName},
		"mail":             {rule(func(r *certificate.Rule) { r.SANEmail = "Billing@acme.EXAMPLE" }), nil},
		"mail, local case": {rule(func(r *certificate.Rule) { r.SANEmail = "billing@acme.example" }), certificate.WrongName},
	} {
		if err := c.rule.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if err := s.verify(cert, c.rule, time.Hour); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

// TestURIsAreComparedAsTheyAreWritten: crypto/x509 parses them, and this one loses its empty fragment on the way.
func TestURIsAreComparedAsTheyAreWritten(t *testing.T) {
	s := newScene(t)
	cert := issue(t, s.ca, func(c *x509.Certificate) {
		names, err := asn1.Marshal([]asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: 6, Bytes: []byte("spiffe://acme/billing#")}})
		if err != nil {
			t.Fatal(err)
		}
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: names}}
	})
	for uri, want := range map[string]error{"spiffe://acme/billing": certificate.WrongName, "spiffe://acme/billing#": nil} {
		rule := certificate.Rule{Method: certificate.PKI, CAs: []uuid.UUID{theCA}, SANURI: uri}
		if err := s.verify(cert, rule, time.Hour); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", uri, err, want)
		}
	}
}

func TestARuleSaysWhomItMeansAndSurvivesTheDatabase(t *testing.T) {
	cas := []uuid.UUID{theCA}
	one := [32]byte{1}
	for name, r := range map[string]certificate.Rule{
		"subject": bySubject(theCA, theOther), "DNS": {Method: certificate.PKI, SANDNS: "a.example", CAs: cas}, "URI": {Method: certificate.PKI, SANURI: "urn:a:b", CAs: cas},
		"IP": {Method: certificate.PKI, SANIP: "::1", CAs: cas}, "mail": {Method: certificate.PKI, SANEmail: "a@b.example", CAs: cas},
		"own": {Method: certificate.PKI, Thumbprint: one, CAs: cas}, "self-signed": {Method: certificate.SelfSigned, Thumbprint: one},
	} {
		again, err := certificate.ParseRule(r.Text())
		if err != nil || again.Text() != r.Text() || again.BySubject() != (name != "own" && name != "self-signed") {
			t.Errorf("%s: %v: %s", name, err, r.Text())
		}
	}
	for name, r := range map[string]certificate.Rule{
		"nothing": {}, "no method": {Thumbprint: one}, "another method": {Method: "none", Thumbprint: one}, "no thumbprint": {Method: certificate.SelfSigned},
		"self-signed and a subject": {Method: certificate.SelfSigned, Thumbprint: one, SubjectDN: subject}, "self-signed and an authority": {Method: certificate.SelfSigned, Thumbprint: one, CAs: cas},
		"no authority": {Method: certificate.PKI, SubjectDN: subject}, "no subject": {Method: certificate.PKI, CAs: cas}, "both": {Method: certificate.PKI, SubjectDN: subject, Thumbprint: one, CAs: cas},
		"two subjects": {Method: certificate.PKI, SubjectDN: subject, SANDNS: "a.example", CAs: cas}, "bad subject": {Method: certificate.PKI, SubjectDN: "billing", CAs: cas},
		"wildcard": {Method: certificate.PKI, SANDNS: "*.example", CAs: cas}, "URI without a scheme": {Method: certificate.PKI, SANURI: "/x", CAs: cas},
		"a range": {Method: certificate.PKI, SANIP: "10.0.0.0/8", CAs: cas}, "IP with a zone": {Method: certificate.PKI, SANIP: "fe80::1%eth0", CAs: cas}, "IPv4 in IPv6": {Method: certificate.PKI, SANIP: "::ffff:1.2.3.4", CAs: cas},
		"no mail": {Method: certificate.PKI, SANEmail: "a@b@c", CAs: cas}, "eleven authorities": {Method: certificate.PKI, SubjectDN: subject, CAs: slices.Repeat(cas, 11)},
	} {
		if err := r.Validate(); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, text := range []string{
		"", "{}", "null", `{"method":"self_signed_tls_client_auth"}`, bySubject(theCA).Text() + "{}", `{"method":"self_signed_tls_client_auth","thumbprint":"01"}`,
		`{"method":"self_signed_tls_client_auth","thumbprint":"` + "01" + `","only_on":"sunday"}`,
	} {
		if r, err := certificate.ParseRule(text); err == nil {
			t.Errorf("%q: %v", text, r)
		}
	}
}

func TestEveryReasonIsAWord(t *testing.T) {
	seen := map[certificate.Reason]bool{}
	for _, r := range certificate.Reasons() {
		if seen[r] || len(r) < 13 || r[:12] != "certificate_" || r.Error() != string(r) {
			t.Error(r)
		}
		seen[r] = true
	}
}

func BenchmarkVerify(b *testing.B) {
	s := newScene(b)
	good := issue(b, s.ca, nil)
	for name, rule := range map[string]certificate.Rule{"subject": bySubject(theCA), "thumbprint": byThumbprint(good)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := s.verify(good, rule, time.Hour); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
