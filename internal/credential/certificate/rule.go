package certificate

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"net/url"
	"regexp"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Method is a way of client authentication by certificate, named as RFC 8705 §2 registers it.
type Method string

// The methods.
const (
	// PKI is a certificate from a trusted authority (RFC 8705 §2.1).
	PKI Method = "tls_client_auth"
	// SelfSigned is one certificate that is known itself (RFC 8705 §2.2).
	SelfSigned Method = "self_signed_tls_client_auth"
)

// Rule says which certificates a credential is proven by.
//
//   - [SelfSigned]: the certificate with this Thumbprint.
//   - [PKI]: any certificate from one of CAs whose subject is the one that exactly one of SubjectDN and the SAN
//     members says (RFC 8705 §2.1.2).
//   - [PKI] with a Thumbprint instead of a subject: this one certificate, as long as it chains to one of CAs. It is
//     the only rule for certificates of an environment's own authority: their subject would be ours to write, and
//     one tenant must not come by another's.
type Rule struct {
	Method     Method
	Thumbprint [32]byte
	SubjectDN  string // RFC 4514
	SANDNS     string // compared without regard to case; no wildcards
	SANURI     string // compared byte for byte
	SANIP      string
	SANEmail   string // the domain is compared without regard to case
	CAs        []uuid.UUID
}

// stored is a rule in the database. Thumbprints are hexadecimal.
type stored struct {
	Method     Method      `json:"method"`
	Thumbprint string      `json:"thumbprint,omitempty"`
	SubjectDN  string      `json:"subject_dn,omitempty"`
	SANDNS     string      `json:"san_dns,omitempty"`
	SANURI     string      `json:"san_uri,omitempty"`
	SANIP      string      `json:"san_ip,omitempty"`
	SANEmail   string      `json:"san_email,omitempty"`
	CAs        []uuid.UUID `json:"cas,omitempty"`
}

// Text returns the rule as the database keeps it. [ParseRule] reads it.
func (r Rule) Text() string {
	s := stored{
		Method: r.Method, SubjectDN: r.SubjectDN, SANDNS: r.SANDNS, SANURI: r.SANURI, SANIP: r.SANIP, SANEmail: r.SANEmail, CAs: r.CAs,
	}
	if r.Thumbprint != ([32]byte{}) {
		s.Thumbprint = hex.EncodeToString(r.Thumbprint[:])
	}
	text, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings and identifiers always marshal
	}
	return string(text)
}

// ParseRule reads what [Rule.Text] wrote. A member that it does not know is an error: it could be a restriction
// that a newer program wrote, and what cannot be read must not be passed over. Whatever it accepts is valid.
func ParseRule(text string) (Rule, error) {
	var s stored
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(&s)
	if err == nil {
		if _, end := decoder.Token(); end != io.EOF { // io.Reader says that it is this value
			err = fmt.Errorf("more than one value")
		}
	}
	if err != nil {
		return Rule{}, fmt.Errorf("the rule of a certificate credential cannot be read: %w", err)
	}
	r := Rule{Method: s.Method, SubjectDN: s.SubjectDN, SANDNS: s.SANDNS, SANURI: s.SANURI, SANIP: s.SANIP, SANEmail: s.SANEmail, CAs: s.CAs}
	if s.Thumbprint != "" {
		raw, err := hex.DecodeString(s.Thumbprint)
		if err != nil || len(raw) != len(r.Thumbprint) {
			return Rule{}, fmt.Errorf("the rule of a certificate credential has the thumbprint %q", s.Thumbprint)
		}
		copy(r.Thumbprint[:], raw)
	}
	return r, r.Validate()
}

// MaxRuleCAs is how many authorities a rule may name: each costs work at every use.
const MaxRuleCAs = 10

// Validate returns nil for a rule that says whom it means, and [fault.Invalid] on the member at fault otherwise.
// Whether the authorities exist is for the caller to know.
func (r Rule) Validate() error {
	subjects := 0
	for _, text := range []string{r.SubjectDN, r.SANDNS, r.SANURI, r.SANIP, r.SANEmail} {
		if text != "" {
			subjects++
		}
	}
	known := r.Thumbprint != [32]byte{}
	switch {
	case r.Method == SelfSigned && (!known || subjects > 0 || len(r.CAs) > 0):
		return fault.On(field, "%s needs a certificate and neither a subject nor an authority", SelfSigned)
	case r.Method == SelfSigned:
		return nil
	case r.Method != PKI:
		return fault.On("method", "%q is neither %s nor %s", string(r.Method), PKI, SelfSigned)
	case len(r.CAs) == 0:
		return fault.On("cas", "%s needs a trusted authority: name the one that issues the certificates, or use %s", PKI, SelfSigned)
	case len(r.CAs) > MaxRuleCAs:
		return fault.On("cas", "there are more than %d authorities", MaxRuleCAs)
	case known && subjects > 0:
		return fault.On("subject_dn", "a certificate that is known itself needs no subject: give one or the other")
	case known:
		return nil
	case subjects != 1:
		return fault.On("subject_dn", "%s needs exactly one of subject_dn, san_dns, san_uri, san_ip and san_email (RFC 8705 §2.1.2)", PKI)
	}
	return r.validateSubject()
}

var (
	hostName = regexp.MustCompile(`^(?i:[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)(?i:\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$`)
	mailName = regexp.MustCompile("^[!-?A-~]{1,64}@([!-?A-~]{1,253})$")
	printing = regexp.MustCompile(`^[!-~]+$`)
)

func (r Rule) validateSubject() error {
	switch {
	case r.SubjectDN != "":
		_, err := ParseDN(r.SubjectDN)
		return err
	case r.SANDNS != "":
		if len(r.SANDNS) > 253 || !hostName.MatchString(r.SANDNS) {
			return fault.On("san_dns", "this is no host name; wildcards are not possible, international names are written in punycode")
		}
	case r.SANURI != "":
		if u, err := url.Parse(r.SANURI); err != nil || u.Scheme == "" || len(r.SANURI) > maxDN || !printing.MatchString(r.SANURI) {
			return fault.On("san_uri", "this is no absolute URI")
		}
	case r.SANIP != "":
		if addr, err := netip.ParseAddr(r.SANIP); err != nil || addr.Zone() != "" || addr.Is4In6() {
			return fault.On("san_ip", "this is no IP address")
		}
	default:
		if found := mailName.FindStringSubmatch(r.SANEmail); found == nil || !hostName.MatchString(found[1]) {
			return fault.On("san_email", "this is no e-mail address")
		}
	}
	return nil
}

// BySubject reports whether the rule accepts whoever has a certain name rather than one certificate. Such a rule
// must not name an environment's own authority.
func (r Rule) BySubject() bool { return r.Method == PKI && r.Thumbprint == [32]byte{} }

// Subject returns the subject or alternative name that the rule is about, or "" if it is about one certificate.
func (r Rule) Subject() string {
	for _, text := range []string{r.SubjectDN, r.SANDNS, r.SANURI, r.SANIP, r.SANEmail} {
		if text != "" {
			return text
		}
	}
	return ""
}

// equalFoldASCII compares as DNS does: letters of other alphabets fold into nothing.
func equalFoldASCII(a, b string) bool {
	return bytes.Equal(lowerASCII(a), lowerASCII(b))
}

func lowerASCII(s string) []byte {
	low := []byte(s)
	for i, c := range low {
		if 'A' <= c && c <= 'Z' {
			low[i] = c + 'a' - 'A'
		}
	}
	return low
}
