package web

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Proxies says which peers may tell the address of the caller, and in which header. The zero value trusts
// nobody. There is one header, because a proxy that sets one of the two passes the other on as the caller sent
// it, and then who believes both believes the caller.
type Proxies struct {
	trusted   []netip.Prefix
	forwarded bool // RFC 7239 rather than X-Forwarded-For
}

// hops is how many proxies in a row are believed.
const hops = 16

// NewProxies reads a list of addresses and CIDR ranges, and the name of the header that they set:
// X-Forwarded-For or Forwarded (RFC 7239). Errors are [fault.Invalid].
func NewProxies(ranges []string, header string) (Proxies, error) {
	var p Proxies
	switch {
	case strings.EqualFold(header, "X-Forwarded-For"):
	case strings.EqualFold(header, "Forwarded"):
		p.forwarded = true
	default:
		return Proxies{}, fault.New(fault.Invalid, "%q is not a header that proxies name the caller in: use X-Forwarded-For or Forwarded", header)
	}
	for _, text := range ranges {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			var addr netip.Addr
			if addr, err = netip.ParseAddr(text); err == nil {
				addr = addr.Unmap()
				prefix = netip.PrefixFrom(addr, addr.BitLen())
			}
		}
		if err != nil {
			return Proxies{}, fault.New(fault.Invalid, "%q is neither an address nor a range such as 10.0.0.0/8", text)
		}
		p.trusted = append(p.trusted, prefix.Masked())
	}
	return p, nil
}

// Remote returns the address of the caller: the peer's or, when the peer is trusted, the last address in the
// header that is not trusted itself. A header that cannot be read up to there counts only as far as it can. The
// zero address is returned for a peer that has none, such as a Unix socket.
func (p Proxies) Remote(r *http.Request) netip.Addr {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	remote := peer.Addr().Unmap()
	if len(p.trusted) == 0 || !p.trusts(remote) {
		return remote
	}
	name := "X-Forwarded-For"
	if p.forwarded {
		name = "Forwarded"
	}
	list := strings.Join(r.Header[name], ",")
	for range hops {
		if list == "" {
			break
		}
		comma := strings.LastIndexByte(list, ',')
		addr, ok := p.hop(list[comma+1:])
		if !ok {
			break
		}
		remote = addr
		if !p.trusts(remote) {
			break
		}
		list = list[:max(comma, 0)]
	}
	return remote
}

func (p Proxies) trusts(addr netip.Addr) bool {
	for _, prefix := range p.trusted {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// hop reads one element of the list: an address, maybe with a port. Obfuscated ones (RFC 7239 §6.3) say nothing.
func (p Proxies) hop(element string) (netip.Addr, bool) {
	if p.forwarded {
		found := ""
		for pair := range strings.SplitSeq(element, ";") {
			name, value, _ := strings.Cut(pair, "=")
			if strings.EqualFold(strings.TrimSpace(name), "for") {
				found = strings.Trim(strings.TrimSpace(value), `"`)
			}
		}
		element = found
	}
	element = strings.TrimSpace(element)
	addr, err := netip.ParseAddr(strings.Trim(element, "[]"))
	if err != nil {
		var withPort netip.AddrPort
		withPort, err = netip.ParseAddrPort(element)
		addr = withPort.Addr()
	}
	return addr.Unmap().WithZone(""), err == nil
}

// Network returns the range of addresses that one caller is likely to have all of: the /24 of an IPv4 address,
// the /64 of an IPv6 address. Whatever counts failures counts them by network.
func Network(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap()
	bits := 64
	if addr.Is4() {
		bits = 24
	}
	prefix, _ := addr.WithZone("").Prefix(bits)
	return prefix
}
