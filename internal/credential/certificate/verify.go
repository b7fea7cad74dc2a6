package certificate

import (
	"crypto/subtle"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Reason says in one word why a certificate does not prove a credential. It is the error of [Verify].
type Reason string

// The reasons.
const (
	None        Reason = "certificate_missing"       // there is no certificate
	Expired     Reason = "certificate_expired"       // its time is over
	NotYetValid Reason = "certificate_not_yet_valid" // its time has not come
	Weak        Reason = "certificate_weak"          // its key or its signature is too weak
	Usage       Reason = "certificate_usage"         // it is not for TLS clients, or it is an authority's
	Mismatch    Reason = "certificate_thumbprint"    // it is another certificate than the registered one
	WrongName   Reason = "certificate_subject"       // it is somebody else's: the subject differs
	UnknownCA   Reason = "certificate_unknown_ca"    // it leads to no authority that this credential trusts
	CAExpired   Reason = "certificate_ca_expired"    // an authority on the way has expired, or is not valid yet
	BadChain    Reason = "certificate_chain"         // an authority on the way may not have issued it
)

// Reasons lists every reason.
func Reasons() []Reason {
	return []Reason{None, Expired, NotYetValid, Weak, Usage, Mismatch, WrongName, UnknownCA, CAExpired, BadChain}
}

// Error implements error.
func (r Reason) Error() string { return string(r) }

// Verify returns nil if the presented certificate proves the rule at now, and a [Reason] otherwise. intermediates
// are what came with it, which nobody vouches for; roots returns the certificate of a trusted authority, or nil.
// That the presenter has the key is not its business: TLS has made sure, or the proxy that passed it on.
//
// It holds for this moment only and must be asked at every request, on a connection that lives on too: hours
// may have passed since the handshake (RFC 8705 §7.3). Revocation lists are not asked: an authority is revoked here
// by deleting it, a certificate by disabling its credential.
func Verify(presented *x509.Certificate, intermediates []*x509.Certificate, rule Rule, roots func(ca uuid.UUID) *x509.Certificate, now time.Time) error {
	if presented == nil {
		return None
	}
	known := rule.Thumbprint != [32]byte{}
	if thumbprint := Thumbprint(presented); known && subtle.ConstantTimeCompare(thumbprint[:], rule.Thumbprint[:]) != 1 {
		return Mismatch
	}
	switch {
	case now.Before(presented.NotBefore):
		return NotYetValid
	case now.After(presented.NotAfter):
		return Expired
	case rule.Method == SelfSigned && known:
		return nil // checked when it was registered, and it is that one
	case rule.Method != PKI:
		return Mismatch
	case presented.IsCA || !forClients(presented):
		return Usage
	case weakness(presented) != "":
		return Weak
	}
	if !known && !rule.names(presented) {
		return WrongName
	}
	return chained(presented, intermediates, rule, roots, now)
}

// chained returns nil if the certificate leads to one of the rule's authorities.
func chained(presented *x509.Certificate, intermediates []*x509.Certificate, rule Rule, roots func(uuid.UUID) *x509.Certificate, now time.Time) error {
	if len(intermediates) > MaxChain {
		return BadChain
	}
	options := x509.VerifyOptions{
		Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	for _, id := range rule.CAs {
		if root := roots(id); root != nil && (rule.Thumbprint != [32]byte{} || !isOwn(root)) {
			options.Roots.AddCert(root)
		}
	}
	for _, one := range intermediates {
		if weakKey(one.PublicKey) == "" {
			options.Intermediates.AddCert(one)
		}
	}
	_, err := presented.Verify(options)
	return reason(err)
}

func reason(err error) error {
	if err == nil {
		return nil
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return UnknownCA
	}
	invalid, ok := errors.AsType[x509.CertificateInvalidError](err)
	switch {
	case ok && invalid.Reason == x509.Expired:
		return CAExpired // the certificate itself was looked at before
	case ok && invalid.Reason == x509.IncompatibleUsage:
		return Usage
	}
	return BadChain
}

// names reports whether the certificate bears the rule's subject.
func (r Rule) names(c *x509.Certificate) bool {
	switch {
	case r.SubjectDN != "":
		want, err := ParseDN(r.SubjectDN)
		return err == nil && want.Equal(Subject(c))
	case r.SANDNS != "":
		return slices.ContainsFunc(c.DNSNames, func(name string) bool { return equalFoldASCII(name, r.SANDNS) })
	case r.SANURI != "":
		return slices.Contains(uris(c), r.SANURI)
	case r.SANIP != "":
		want, err := netip.ParseAddr(r.SANIP)
		return err == nil && slices.ContainsFunc(c.IPAddresses, func(ip net.IP) bool {
			addr, ok := netip.AddrFromSlice(ip)
			return ok && addr == want
		})
	case r.SANEmail != "":
		return slices.ContainsFunc(c.EmailAddresses, func(mail string) bool { return equalMail(mail, r.SANEmail) })
	}
	return false
}

func equalMail(a, b string) bool {
	localA, domainA, okA := strings.Cut(a, "@")
	localB, domainB, okB := strings.Cut(b, "@")
	return okA && okB && localA == localB && equalFoldASCII(domainA, domainB)
}

// uris returns the URIs among the alternative names as they are written: crypto/x509 gives them parsed, and two
// different texts may then look the same.
func uris(c *x509.Certificate) (found []string) {
	const tagURI = 6 // RFC 5280 §4.2.1.6
	for _, e := range c.Extensions {
		if !e.Id.Equal(asn1.ObjectIdentifier{2, 5, 29, 17}) {
			continue
		}
		var names []asn1.RawValue
		if rest, err := asn1.Unmarshal(e.Value, &names); err != nil || len(rest) > 0 {
			return nil
		}
		for _, name := range names {
			if name.Class == asn1.ClassContextSpecific && name.Tag == tagURI {
				found = append(found, string(name.Bytes))
			}
		}
	}
	return found
}
