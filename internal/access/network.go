package access

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// maxNetworks bounds how many networks one credential may be used from.
const maxNetworks = 50

// Networks is where a credential may be used from; an empty list is no bound.
type Networks []netip.Prefix

// ParseNetworks reads networks in CIDR form (RFC 4632, RFC 4291 §2.3) or single addresses. What cannot be read is
// [fault.Invalid], and so are host bits that are set, which are a typing error more often than not.
func ParseNetworks(texts []string) (Networks, error) {
	if len(texts) > maxNetworks {
		return nil, fault.On("networks", "a credential has at most %d networks", maxNetworks)
	}
	var all Networks
	for _, text := range texts {
		text = strings.TrimSpace(text)
		prefix, err := netip.ParsePrefix(text)
		if address, errAddress := netip.ParseAddr(text); err != nil && errAddress == nil && address.Zone() == "" {
			address = address.Unmap()
			prefix, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if err != nil {
			return nil, fault.On("networks", "a network is written like 192.0.2.0/24 or 2001:db8::/32")
		}
		if prefix != prefix.Masked() {
			return nil, fault.On("networks", "%s has bits set beyond its length; %s is the network", prefix, prefix.Masked())
		}
		if prefix.Addr().Is4In6() {
			return nil, fault.On("networks", "write IPv4 networks as such, not inside IPv6")
		}
		if !slices.Contains(all, prefix) {
			all = append(all, prefix)
		}
	}
	return all, nil
}

// Contain reports whether an address lies in one of the networks. No address lies in none.
func (n Networks) Contain(address netip.Addr) bool {
	address = address.Unmap().WithZone("")
	for _, prefix := range n {
		if prefix.Contains(address) {
			return true
		}
	}
	return false
}

// Strings lists the networks in CIDR form.
func (n Networks) Strings() []string {
	texts := make([]string, len(n))
	for i, prefix := range n {
		texts[i] = prefix.String()
	}
	return texts
}

// Text is the form in which rows keep networks: a JSON array, or empty text for none.
func (n Networks) Text() string {
	if len(n) == 0 {
		return ""
	}
	text, err := json.Marshal(n.Strings())
	if err != nil {
		panic(err) // strings always marshal
	}
	return string(text)
}

// NetworksFromText is the reverse of [Networks.Text].
func NetworksFromText(text string) (n Networks, err error) {
	if text != "" {
		err = json.Unmarshal([]byte(text), &n)
	}
	return n, err
}
