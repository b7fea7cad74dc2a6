package egress

import (
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// exception is one place that the operator allows.
type exception struct {
	host   string       // lower case, no trailing dot; or
	prefix netip.Prefix // a network
	port   uint16       // 0: any, for networks only
}

// parseAllow reads host:port, CIDR or CIDR:port; an IPv6 host or network with a port stands in brackets.
func parseAllow(entry string) (exception, error) {
	if prefix, err := netip.ParsePrefix(entry); err == nil {
		return exception{prefix: prefix.Masked()}, nil
	}
	bad := fault.On("egress.allow", "%q is neither host:port nor a network such as 10.0.0.0/8 or 10.0.0.0/8:443", entry)
	host, text, err := net.SplitHostPort(entry)
	if err != nil || host == "" {
		return exception{}, bad
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil || port == 0 {
		return exception{}, bad
	}
	if prefix, err := netip.ParsePrefix(host); err == nil {
		return exception{prefix: prefix.Masked(), port: uint16(port)}, nil
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		ip = ip.Unmap()
		return exception{prefix: netip.PrefixFrom(ip, ip.BitLen()), port: uint16(port)}, nil
	}
	if !isName(host) {
		return exception{}, bad
	}
	return exception{host: canonical(host), port: uint16(port)}, nil
}

// allowed reports whether the operator named this place. A name that was allowed may resolve to anything: whoever
// runs its zone was trusted with that.
func (c *Client) allowed(host string, ip netip.Addr, port uint16) bool {
	ip = ip.Unmap()
	for _, e := range c.allow {
		if e.port != 0 && e.port != port {
			continue
		}
		if e.host != "" && e.host == host || e.prefix.IsValid() && e.prefix.Contains(ip) {
			return true
		}
	}
	return false
}

func canonical(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }

// isName reports whether host is a DNS name and not a number in disguise: some resolvers read 2130706433, 0x7f.1 and
// 0177.0.0.1 as 127.0.0.1.
func isName(host string) bool {
	host = canonical(host)
	if host == "" || len(host) > 253 {
		return false
	}
	last := ""
	for label := range strings.SplitSeq(host, ".") {
		if label == "" || len(label) > 63 {
			return false
		}
		for _, r := range label {
			if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '_' {
				return false
			}
		}
		last = label
	}
	return last[0] < '0' || last[0] > '9' // no top-level domain begins with a digit
}
