package egress

import (
	"context"
	"net/netip"
)

// Rebind makes the client resolve names by lookup.
func (c *Client) Rebind(lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)) {
	c.lookup = lookup
}

// Forbidden shows what is thought of an address.
func Forbidden(ip netip.Addr) string { return forbidden(ip) }
