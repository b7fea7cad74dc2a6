package egress

import (
	"context"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"syscall"
	"time"

	"github.com/counterfoil/counterfoil/internal/fault"
)

const (
	// maxTries bounds how many addresses of a name are tried, and dialTime how long each may take: a name with one
	// dead address still works, one with a thousand does not make us a port scanner.
	maxTries = 4
	dialTime = 3 * time.Second
)

// dial resolves a name once and connects to the first address that answers. The guard itself sits in [net.Dialer]'s
// Control, which is told the very address that the socket is about to be connected to: nothing can change in between.
func (c *Client) dial(ctx context.Context, address string, plain bool) (net.Conn, error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return nil, err
	}
	found, err := c.resolve(ctx, host)
	if err != nil {
		return nil, err
	}
	dialer := net.Dialer{Timeout: dialTime, Control: func(_, address string, _ syscall.RawConn) error {
		return c.control(canonical(host), address, plain)
	}}
	err = nil
	for _, ip := range found {
		conn, failed := dialer.DialContext(ctx, "tcp", netip.AddrPortFrom(ip, uint16(port)).String())
		if failed == nil {
			return conn, nil
		}
		if !fault.Is(err, fault.Invalid) { // a refusal says more than another address that does not answer
			err = failed
		}
	}
	return nil, err
}

// resolve returns at least one and at most [maxTries] addresses.
func (c *Client) resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{ip.Unmap()}, nil
	}
	found, err := c.lookup(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, &net.DNSError{Err: "no addresses", Name: host, IsNotFound: true}
	}
	found = found[:min(len(found), maxTries)]
	for i := range found {
		found[i] = found[i].Unmap()
	}
	return found, nil
}

// Check says at once what [Client.Do] would refuse about an address, for whoever enters one, and sends nothing. It is
// no promise: the name may lead elsewhere tomorrow, and Do looks again.
func (c *Client) Check(ctx context.Context, address string) error {
	u, err := c.parse(address)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	found, err := c.resolve(ctx, u.Hostname())
	if err != nil {
		return new(way).explain(ctx, u.Host, err)
	}
	for _, ip := range found {
		if err := c.control(canonical(u.Hostname()), netip.AddrPortFrom(ip, portOf(u)).String(), u.Scheme == "http"); err != nil {
			return err
		}
	}
	return nil
}

func portOf(u *url.URL) uint16 {
	if n, err := strconv.ParseUint(u.Port(), 10, 16); err == nil {
		return uint16(n)
	}
	if u.Scheme == "http" {
		return 80
	}
	return 443
}

// control decides about one address. The host is in the message because whoever entered a name may not know where it
// leads; the address is not, because it would tell strangers what our resolver knows.
func (c *Client) control(host, address string, plain bool) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fault.Wrap(fault.Internal, err, "read the address that is being connected to")
	}
	if c.allowed(host, at.Addr(), at.Port()) {
		return nil
	}
	if kind := forbidden(at.Addr()); kind != "" {
		return troubled(Refused, fault.New(fault.Invalid,
			"%s leads to a %s address, which is not called; the operator may allow it in egress.allow", host, kind))
	}
	if plain {
		return troubled(Refused, fault.New(fault.Invalid, "%s must be called by https; the operator may allow it in egress.allow", host))
	}
	return nil
}
