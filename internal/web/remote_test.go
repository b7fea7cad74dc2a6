package web

import (
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/counterfoil/counterfoil/internal/fault"
)

func TestOnlyTrustedPeersNameTheCaller(t *testing.T) {
	trusted := []string{"10.0.0.0/8", "192.0.2.7", "2001:db8:ffff::/48"}
	const xff, rfc = "X-Forwarded-For", "Forwarded"
	for _, c := range []struct {
		name, header, peer string
		sent               map[string][]string
		want               string
	}{
		{"a stranger's header is ignored", xff, "203.0.113.9:1", map[string][]string{xff: {"198.51.100.1"}}, "203.0.113.9"},
		{"no header", xff, "10.0.0.1:1", nil, "10.0.0.1"},
		{"one hop", xff, "10.0.0.1:1", map[string][]string{xff: {"198.51.100.1"}}, "198.51.100.1"},
		{"spoofed to the left", xff, "10.0.0.1:1", map[string][]string{xff: {"1.1.1.1, 198.51.100.1"}}, "198.51.100.1"},
		{"two trusted hops", xff, "10.0.0.1:1", map[string][]string{xff: {"1.1.1.1,198.51.100.1,192.0.2.7"}}, "198.51.100.1"},
		{"two header lines", xff, "10.0.0.1:1", map[string][]string{xff: {"1.1.1.1", "198.51.100.1"}}, "198.51.100.1"},
		{"all trusted", xff, "10.0.0.1:1", map[string][]string{xff: {"10.0.0.3, 10.0.0.2"}}, "10.0.0.3"},
		{"garbage stops", xff, "10.0.0.1:1", map[string][]string{xff: {"198.51.100.1, bogus, 10.0.0.2"}}, "10.0.0.2"},
		{"empty elements stop", xff, "10.0.0.1:1", map[string][]string{xff: {"198.51.100.1,"}}, "10.0.0.1"},
		{"the other header is ignored", xff, "10.0.0.1:1", map[string][]string{rfc: {"for=198.51.100.1"}}, "10.0.0.1"},
		{"and the other way round", rfc, "10.0.0.1:1", map[string][]string{xff: {"198.51.100.1"}}, "10.0.0.1"},
		{"address with port", xff, "10.0.0.1:1", map[string][]string{xff: {"198.51.100.1:4711"}}, "198.51.100.1"},
		{"IPv6", xff, "[2001:db8:ffff::1]:1", map[string][]string{xff: {"2001:db8::5"}}, "2001:db8::5"},
		{"IPv4 in IPv6", xff, "[::ffff:10.0.0.1]:1", map[string][]string{xff: {"::ffff:198.51.100.1"}}, "198.51.100.1"},
		{"zone is dropped", xff, "10.0.0.1:1", map[string][]string{xff: {"fe80::1%eth0"}}, "fe80::1"},
		{"RFC 7239", rfc, "10.0.0.1:1", map[string][]string{rfc: {`for=1.1.1.1, For="[2001:db8::5]:4711";proto=https;by=10.0.0.1`}}, "2001:db8::5"},
		{"RFC 7239 obfuscated", rfc, "10.0.0.1:1", map[string][]string{rfc: {`for=_hidden`}}, "10.0.0.1"},
		{"RFC 7239 without for", rfc, "10.0.0.1:1", map[string][]string{rfc: {`proto=https`}}, "10.0.0.1"},
	} {
		p, err := NewProxies(trusted, c.header)
		if err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		for name, values := range c.sent {
			r.Header[name] = values
		}
		if got := p.Remote(r); got.String() != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

func TestUnreadableProxiesAreRefused(t *testing.T) {
	for _, c := range []struct{ list, header string }{{"10.0.0.0/33", "Forwarded"}, {"proxy.example", "Forwarded"}, {"10.0.0.1", "X-Real-IP"}} {
		if _, err := NewProxies([]string{c.list}, c.header); !fault.Is(err, fault.Invalid) {
			t.Errorf("%v: %v", c, err)
		}
	}
}

func TestNetworkIsWhatOneCallerHasAllOf(t *testing.T) {
	for addr, want := range map[string]string{
		"203.0.113.77": "203.0.113.0/24", "::ffff:203.0.113.77": "203.0.113.0/24", "2001:db8:1:2:3:4:5:6": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
	} {
		if got := Network(netip.MustParseAddr(addr)).String(); got != want {
			t.Errorf("%s: %s, want %s", addr, got, want)
		}
	}
}

func BenchmarkRemoteWithoutProxies(b *testing.B) {
	r := httptest.NewRequest("GET", "/", nil)
	var p Proxies
	b.ReportAllocs()
	for b.Loop() {
		p.Remote(r)
	}
}
