package certificate_test

import (
	"crypto/x509"
	"encoding/base64"
	"net/url"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/credential/certificate"
	"github.com/counterfoil/counterfoil/internal/fault"
)

func sequence(c *x509.Certificate) string {
	return ":" + base64.StdEncoding.EncodeToString(c.Raw) + ":"
}

func TestForwardedCertificatesAreReadStrictly(t *testing.T) {
	ca := issue(t, nil, authority("CA"))
	leaf := issue(t, ca, nil)
	one, two := sequence(leaf.Certificate), sequence(ca.Certificate)
	text := string(certificate.PEM(leaf.Certificate))
	escaped := strings.ReplaceAll(url.QueryEscape(text), "+", "%20") // as nginx does it
	const rfc, nginx = certificate.RFC9440, certificate.Escaped
	for name, c := range map[string]struct {
		form        certificate.Forwarded
		leaf, chain []string
		certs       int // -1: refused
	}{
		"nothing": {rfc, nil, nil, 0}, "leaf": {rfc, []string{one}, nil, 1}, "leaf and chain": {rfc, []string{one}, []string{two}, 2},
		"longer chain": {rfc, []string{one}, []string{two + ", " + two + "," + two}, 4}, "spaces around": {rfc, []string{" " + one + " "}, nil, 1},
		"empty": {rfc, []string{""}, nil, 0}, "empty with a chain": {rfc, []string{""}, []string{two}, -1},
		"chain alone": {rfc, nil, []string{two}, -1}, "two leaves": {rfc, []string{one, one}, nil, -1}, "two in one": {rfc, []string{one + ", " + one}, nil, -1},
		"two chains": {rfc, []string{one}, []string{two, two}, -1}, "chain with a gap": {rfc, []string{one}, []string{two + ",," + two}, -1},
		"chain too long": {rfc, []string{one}, []string{strings.TrimSuffix(strings.Repeat(two+",", 9), ",")}, -1}, "empty chain": {rfc, []string{one}, []string{""}, -1},
		"no colons": {rfc, []string{strings.Trim(one, ":")}, nil, -1}, "one colon": {rfc, []string{strings.TrimSuffix(one, ":")}, nil, -1},
		"parameters": {rfc, []string{one + ";a=1"}, nil, -1}, "not base64": {rfc, []string{":%%%:"}, nil, -1}, "for URLs": {rfc, []string{":_-_-:"}, nil, -1},
		"line breaks": {rfc, []string{one[:9] + "\n" + one[9:]}, nil, -1}, "no certificate": {rfc, []string{":AAAA:"}, nil, -1}, "only colons": {rfc, []string{"::"}, nil, -1},
		"PEM": {rfc, []string{escaped}, nil, -1}, "too long": {rfc, []string{":" + strings.Repeat("A", 20000) + ":"}, nil, -1},

		"nginx": {nginx, []string{escaped}, nil, 1}, "nginx without": {nginx, nil, nil, 0}, "nginx empty": {nginx, []string{""}, nil, 0},
		"nginx with a chain": {nginx, []string{escaped}, []string{two}, -1}, "nginx twice": {nginx, []string{escaped, escaped}, nil, -1},
		"nginx, two blocks": {nginx, []string{escaped + escaped}, nil, -1}, "nginx, RFC 9440": {nginx, []string{one}, nil, -1},
		"nginx, text before": {nginx, []string{"x" + escaped}, nil, -1}, "nginx, text after": {nginx, []string{escaped + "x"}, nil, -1},
		"nginx, a key": {nginx, []string{strings.ReplaceAll(escaped, "CERTIFICATE", "PRIVATE%20KEY")}, nil, -1}, "nginx, bad escape": {nginx, []string{"%zz"}, nil, -1},
	} {
		got, chain, err := c.form.Read(c.leaf, c.chain)
		certs := len(chain)
		if got != nil {
			certs++
		}
		if c.certs < 0 {
			if k := fault.Of(err); k != fault.Invalid && k != fault.TooLarge {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil || certs != c.certs || got != nil && !got.Equal(leaf.Certificate) {
			t.Errorf("%s: %d certificates: %v", name, certs, err)
		}
	}
}

func FuzzForwarded(f *testing.F) {
	leaf := issue(f, nil, nil)
	f.Add(sequence(leaf.Certificate), ":AA==:, :AAAA:", true)
	f.Add(url.PathEscape(string(certificate.PEM(leaf.Certificate))), "", false)
	f.Add("", "", true)
	f.Fuzz(func(t *testing.T, value, more string, rfc bool) {
		form, chain := certificate.Escaped, []string(nil)
		if rfc {
			form = certificate.RFC9440
		}
		if more != "" {
			chain = []string{more}
		}
		c, others, err := form.Read([]string{value}, chain)
		if err != nil && !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.TooLarge) {
			t.Fatal(err)
		}
		if c == nil && err == nil && (value != "" || others != nil) {
			t.Fatalf("%q says nothing", value)
		}
	})
}
