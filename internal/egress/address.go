package egress

import (
	"net/netip"
)

// global is where public IPv6 lives (RFC 4291 §2.4 and the IANA registry): everything else is refused, also what
// will be assigned one day.
var global = netip.MustParsePrefix("2000::/3")

// nat64 is how a network without IPv4 names an IPv4 address (RFC 6052): the address inside it is what counts.
var nat64 = netip.MustParsePrefix("64:ff9b::/96")

// special lists networks that are not the public internet, by the IANA registries of special-purpose addresses
// (RFC 6890 and its updates), each with what to call it.
var special = []struct {
	prefix netip.Prefix
	name   string
}{
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback"},
	{netip.MustParsePrefix("::1/128"), "loopback"},
	{netip.MustParsePrefix("0.0.0.0/8"), "unspecified"},
	{netip.MustParsePrefix("::/128"), "unspecified"},
	{netip.MustParsePrefix("10.0.0.0/8"), "private"},
	{netip.MustParsePrefix("172.16.0.0/12"), "private"},
	{netip.MustParsePrefix("192.168.0.0/16"), "private"},
	{netip.MustParsePrefix("fc00::/7"), "private"},
	{netip.MustParsePrefix("fec0::/10"), "private"},
	{netip.MustParsePrefix("100.64.0.0/10"), "carrier-grade NAT"}, // one cloud's metadata service, too
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local"},       // the metadata service of most clouds
	{netip.MustParsePrefix("fe80::/10"), "link-local"},
	{netip.MustParsePrefix("168.63.129.16/32"), "cloud metadata"}, // a public address that one cloud uses inside
	{netip.MustParsePrefix("192.0.0.0/24"), "reserved"},           // one cloud's metadata service, too
	{netip.MustParsePrefix("192.0.2.0/24"), "documentation"},
	{netip.MustParsePrefix("198.51.100.0/24"), "documentation"},
	{netip.MustParsePrefix("203.0.113.0/24"), "documentation"},
	{netip.MustParsePrefix("2001:db8::/32"), "documentation"},
	{netip.MustParsePrefix("3fff::/20"), "documentation"},
	{netip.MustParsePrefix("198.18.0.0/15"), "benchmarking"},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast"},
	{netip.MustParsePrefix("ff00::/8"), "multicast"},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved"},     // with broadcast
	{netip.MustParsePrefix("192.88.99.0/24"), "tunnelled"}, // 6to4 relays
	{netip.MustParsePrefix("2002::/16"), "tunnelled"},      // 6to4 hides an IPv4 address and is retired (RFC 7526)
	{netip.MustParsePrefix("2001::/23"), "reserved"},       // Teredo hides an IPv4 address, too
}

// forbidden says what kind of place an address is that nobody but the operator may send us to, and "" for a public
// one.
func forbidden(ip netip.Addr) string {
	ip = ip.WithZone("").Unmap()
	if nat64.Contains(ip) {
		b := ip.As16()
		ip = netip.AddrFrom4([4]byte(b[12:]))
	}
	for _, s := range special {
		if s.prefix.Contains(ip) {
			return s.name
		}
	}
	if ip.Is6() && !global.Contains(ip) || !ip.IsValid() {
		return "reserved"
	}
	return ""
}
