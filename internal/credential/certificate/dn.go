package certificate

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// DN is a distinguished name: a sequence of RDNs in the order of the certificate, which is the reverse of how RFC
// 4514 writes it. Each RDN is a set of attributes, kept sorted.
type DN [][]attribute

// attribute is a type and a value. A value is text, made comparable, or the DER of what is none.
type attribute struct {
	oid   string // dotted
	shown string // the text as it stands
	value string // the text as it is compared, or the DER in hexadecimal
	der   bool   // the value is DER
}

// Bounds of a name: far beyond what anybody is called.
const (
	maxDN         = 2048 // characters of its text
	maxAttributes = 64
)

// types gives the short names of attribute types (RFC 4514 §3, RFC 4519, and what openssl calls them) their OIDs,
// the preferred name first. All of them hold directory strings or IA5 strings whose case does not matter.
var types = []struct{ name, oid string }{
	{"CN", "2.5.4.3"}, {"L", "2.5.4.7"}, {"ST", "2.5.4.8"}, {"O", "2.5.4.10"}, {"OU", "2.5.4.11"}, {"C", "2.5.4.6"},
	{"STREET", "2.5.4.9"}, {"DC", "0.9.2342.19200300.100.1.25"}, {"UID", "0.9.2342.19200300.100.1.1"},
	{"emailAddress", "1.2.840.113549.1.9.1"}, {"E", "1.2.840.113549.1.9.1"}, {"serialNumber", "2.5.4.5"},
	{"SN", "2.5.4.4"}, {"surname", "2.5.4.4"}, {"GN", "2.5.4.42"}, {"givenName", "2.5.4.42"}, {"initials", "2.5.4.43"},
	{"title", "2.5.4.12"}, {"description", "2.5.4.13"}, {"name", "2.5.4.41"}, {"pseudonym", "2.5.4.65"},
	{"dnQualifier", "2.5.4.46"}, {"generationQualifier", "2.5.4.44"}, {"postalCode", "2.5.4.17"},
	{"businessCategory", "2.5.4.15"}, {"organizationIdentifier", "2.5.4.97"},
	{"jurisdictionC", "1.3.6.1.4.1.311.60.2.1.3"}, {"jurisdictionST", "1.3.6.1.4.1.311.60.2.1.2"},
	{"jurisdictionL", "1.3.6.1.4.1.311.60.2.1.1"},
}

func nameOf(oid string) string {
	for _, t := range types {
		if t.oid == oid {
			return t.name
		}
	}
	return oid
}

// ParseDN reads a name as RFC 4514 writes it, such as CN=billing,O=Acme,C=DE. Spaces around separators are passed
// over; everything else is strict. The older forms with slashes, semicolons or quotes are refused. Errors are
// [fault.Invalid] on "subject_dn".
func ParseDN(text string) (DN, error) {
	refuse := func(format string, args ...any) (DN, error) { return nil, fault.On("subject_dn", format, args...) }
	switch {
	case strings.TrimSpace(text) == "":
		return refuse("the subject is empty")
	case len(text) > maxDN:
		return refuse("the subject is longer than %d bytes", maxDN)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return refuse("the subject holds characters that do not print")
	case strings.HasPrefix(text, "/"):
		return refuse("the subject must be written with commas, the most specific part first, such as CN=billing,O=Acme,C=DE")
	}
	var name DN
	var rdn []attribute
	for count, rest, more := 0, text, true; more; {
		if count++; count > maxAttributes {
			return refuse("the subject has more than %d attributes", maxAttributes)
		}
		var part string
		var separator byte
		part, separator, rest = cut(rest)
		a, why := parseAttribute(part)
		if why != "" {
			return refuse("%s", why)
		}
		rdn = append(rdn, a)
		more = separator != 0
		if separator != '+' {
			name = append(name, sorted(rdn))
			rdn = nil
		}
	}
	slices.Reverse(name)
	return name, nil
}

// cut splits off the text before the first separator that is not escaped, and says which separator that was, 0 at
// the end.
func cut(text string) (part string, separator byte, rest string) {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case ',', '+':
			return text[:i], text[i], text[i+1:]
		}
	}
	return text, 0, ""
}

// parseAttribute reads type=value. why is empty, or says what is wrong.
func parseAttribute(part string) (a attribute, why string) {
	kind, value, ok := strings.Cut(part, "=")
	kind = strings.Trim(kind, " ")
	if !ok || kind == "" {
		return a, "each part of the subject must be a type, an equals sign and a value; a comma or a plus inside a value is written with \\ before it"
	}
	if a.oid = oidOf(kind); a.oid == "" {
		return a, "the subject names a type that is not known; write it as a dotted OID, such as 2.5.4.3 for CN"
	}
	value = strings.TrimLeft(value, " ")
	if strings.HasPrefix(value, "#") {
		der, err := hex.DecodeString(strings.TrimRight(value[1:], " "))
		var raw asn1.RawValue
		if err == nil {
			var rest []byte
			if rest, err = asn1.Unmarshal(der, &raw); len(rest) > 0 {
				err = strconv.ErrSyntax
			}
		}
		if err != nil {
			return a, "a value that begins with # must be DER in hexadecimal"
		}
		return newAttribute(a.oid, raw), ""
	}
	text, ok := unescape(value)
	if !ok {
		return a, "a value of the subject is not written as RFC 4514 has it: put \\ before , + \" \\ < > ; and before a # or a space at its ends"
	}
	if text == "" {
		return a, "a value of the subject is empty"
	}
	return textAttribute(a.oid, text), ""
}

func oidOf(kind string) string {
	for _, t := range types {
		if strings.EqualFold(t.name, kind) {
			return t.oid
		}
	}
	numbers := strings.Split(kind, ".")
	if len(numbers) < 2 {
		return ""
	}
	for _, n := range numbers {
		if value, err := strconv.ParseUint(n, 10, 31); err != nil || strconv.FormatUint(value, 10) != n {
			return ""
		}
	}
	return kind
}

// unescape reads a string value (RFC 4514 §2.4 and §3) and drops spaces at the end that are not escaped.
func unescape(value string) (string, bool) {
	var b strings.Builder
	end := 0 // of what stays when spaces at the end go
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c == '\\' && i+1 < len(value) && strings.IndexByte(` "#+,;<=>\`, value[i+1]) >= 0:
			i++
			b.WriteByte(value[i])
			end = b.Len()
			continue
		case c == '\\' && i+2 < len(value):
			pair, err := hex.DecodeString(value[i+1 : i+3])
			if err != nil {
				return "", false
			}
			i += 2
			b.WriteByte(pair[0])
			end = b.Len()
			continue
		case strings.IndexByte(`\";<>`, c) >= 0:
			return "", false
		}
		b.WriteByte(c)
		if c != ' ' {
			end = b.Len()
		}
	}
	text := b.String()[:end]
	return text, utf8.ValidString(text)
}

func textAttribute(oid, text string) attribute {
	return attribute{oid: oid, shown: text, value: folded(oid, text)}
}

// folded returns the form in which a text is compared: for the types we know without regard to case and to
// runs of spaces (caseIgnoreMatch, RFC 4517 §4.2.11), else as it is. A letter never becomes another alphabet's:
// the Kelvin sign is no k. There is no normalization beyond that; names that differ in it are different names,
// which errs on the safe side.
func folded(oid, text string) string {
	if nameOf(oid) == oid {
		return text
	}
	lowered := strings.Map(func(r rune) rune {
		lower := unicode.ToLower(r)
		if r >= utf8.RuneSelf && lower < utf8.RuneSelf {
			return r
		}
		return lower
	}, text)
	words := strings.FieldsFunc(lowered, func(r rune) bool { return r == ' ' })
	return strings.Join(words, " ")
}

// Tags of string types that encoding/asn1 has no name for.
const tagBMPString = 30

// newAttribute returns a value as a certificate has it. Strings of all encodings that say what they mean are text;
// the rest, T.61 above all, is compared as DER.
func newAttribute(oid string, raw asn1.RawValue) attribute {
	if raw.Class == asn1.ClassUniversal && !raw.IsCompound {
		switch raw.Tag {
		case asn1.TagUTF8String:
			if utf8.Valid(raw.Bytes) {
				return textAttribute(oid, string(raw.Bytes))
			}
		case asn1.TagPrintableString, asn1.TagIA5String, asn1.TagNumericString:
			if !bytes.ContainsFunc(raw.Bytes, func(r rune) bool { return r >= utf8.RuneSelf }) {
				return textAttribute(oid, string(raw.Bytes))
			}
		case tagBMPString:
			if text, ok := bmp(raw.Bytes); ok {
				return textAttribute(oid, text)
			}
		}
	}
	return attribute{oid: oid, value: hex.EncodeToString(raw.FullBytes), der: true}
}

func bmp(raw []byte) (string, bool) {
	if len(raw)%2 != 0 {
		return "", false
	}
	units := make([]uint16, len(raw)/2)
	for i := range units {
		units[i] = uint16(raw[2*i])<<8 | uint16(raw[2*i+1])
		if utf16.IsSurrogate(rune(units[i])) {
			return "", false
		}
	}
	return string(utf16.Decode(units)), true
}

func sorted(rdn []attribute) []attribute {
	slices.SortFunc(rdn, func(a, b attribute) int {
		if c := strings.Compare(a.oid, b.oid); c != 0 {
			return c
		}
		return strings.Compare(a.value, b.value)
	})
	return rdn
}

// Subject returns the subject of a certificate as it stands in its DER. One that cannot be read is empty, which
// equals nothing.
func Subject(c *x509.Certificate) DN {
	var sequence []asn1.RawValue
	if rest, err := asn1.Unmarshal(c.RawSubject, &sequence); err != nil || len(rest) > 0 {
		return nil
	}
	var name DN
	for _, set := range sequence {
		var pairs []struct {
			Type  asn1.ObjectIdentifier
			Value asn1.RawValue
		}
		if rest, err := asn1.UnmarshalWithParams(set.FullBytes, &pairs, "set"); err != nil || len(rest) > 0 || len(pairs) == 0 {
			return nil
		}
		var rdn []attribute
		for _, p := range pairs {
			rdn = append(rdn, newAttribute(p.Type.String(), p.Value))
		}
		name = append(name, sorted(rdn))
	}
	return name
}

// Equal reports whether two names are the same: as many RDNs in the same order, each with the same attributes. A
// name that only begins like the other is another name, and the empty name equals nothing.
func (n DN) Equal(other DN) bool {
	return len(n) > 0 && slices.EqualFunc(n, other, func(a, b []attribute) bool {
		return slices.EqualFunc(a, b, func(x, y attribute) bool { return x.oid == y.oid && x.value == y.value && x.der == y.der })
	})
}

// String writes the name as RFC 4514 has it, in a form that [ParseDN] reads.
func (n DN) String() string {
	var b strings.Builder
	for i := len(n) - 1; i >= 0; i-- {
		for j, a := range n[i] {
			if j > 0 {
				b.WriteByte('+')
			}
			b.WriteString(nameOf(a.oid))
			b.WriteByte('=')
			b.WriteString(a.text())
		}
		if i > 0 {
			b.WriteByte(',')
		}
	}
	return b.String()
}

func (a attribute) text() string {
	switch {
	case a.der:
		return "#" + a.value
	case a.shown == "":
		return "#0c00" // an empty UTF8String
	}
	var b strings.Builder
	for i, r := range a.shown {
		edge := i == 0 || i+utf8.RuneLen(r) == len(a.shown)
		switch {
		case strings.ContainsRune(`"+,;<>\`, r), r == ' ' && edge, r == '#' && i == 0:
			b.WriteByte('\\')
			b.WriteRune(r)
		case !unicode.IsPrint(r) && r != ' ':
			for _, c := range []byte(string(r)) {
				b.WriteString(`\` + hex.EncodeToString([]byte{c}))
			}
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
