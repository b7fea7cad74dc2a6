package lock

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/fault"
)

const (
	// MaxFailures in a row lock.
	MaxFailures = 5
	// For is how long a lock lasts. A count is forgotten after as long a silence.
	For = 60 * time.Minute
	// MaxNetworks bounds the networks that a node keeps count of, and with them its memory (20 MB) and the rows.
	MaxNetworks = 100_000
	// SlowFor is how long the answer to a wrong secret is held back when the verdict is [Slow].
	SlowFor = time.Second
)

// Mode is what an application's failed logons lead to.
type Mode uint8

const (
	// On locks the client ID, wherever the failures came from.
	On Mode = iota
	// ClientNetwork counts and locks each source network by itself, so that a stranger cannot lock a client out.
	ClientNetwork
	// Off counts nothing. Locks that are there last until they are over or lifted.
	Off
)

var modes = [...]string{On: "on", ClientNetwork: "client+network", Off: "off"}

// String returns the mode's word, in rows and on the wire.
func (m Mode) String() string { return modes[m] }

// ParseMode is the reverse of [Mode.String]; any other word is [fault.Invalid].
func ParseMode(word string) (Mode, error) {
	for m, w := range modes {
		if w == word {
			return Mode(m), nil
		}
	}
	return On, fault.On("policy", `a lock policy is one of "on", "client+network" and "off"`)
}

// Verdict is what a node knows of a client that is about to log on with a secret.
type Verdict uint8

const (
	// Open lets the secret decide.
	Open Verdict = iota
	// Locked refuses, in the words of a wrong secret, whatever the secret.
	Locked
	// Slow lets the secret decide, but a wrong one is answered [SlowFor] late: the client is attacked from more networks
	// than can be counted, and must not be refused for it.
	Slow
)

// Logon is one attempt to log on with a secret. Address is the caller's as trusted proxies have it.
type Logon struct {
	Environment, Application uuid.UUID
	Address                  netip.Addr
	Mode                     Mode
}

// network is what is counted together: an IPv4 /24, an IPv6 /64, or, in the zero value, the client as a whole.
type network struct {
	bits   uint64
	family uint8 // 0 none, 4, 6, or nowhere
}

// nowhere is the family of callers without an address.
const nowhere = 1

// networkOf returns the network of an address; an IPv4 address in IPv6's clothes (RFC 4291 §2.5.5.2) is an IPv4 one.
func networkOf(a netip.Addr) network {
	switch {
	case !a.IsValid():
		return network{family: nowhere}
	case a.Is4(), a.Is4In6():
		b := a.As4()
		return network{uint64(b[0])<<16 | uint64(b[1])<<8 | uint64(b[2]), 4}
	default:
		b := a.As16()
		return network{binary.BigEndian.Uint64(b[:8]), 6}
	}
}

// String is the network as rows and administrators see it.
func (n network) String() string {
	switch n.family {
	case 4:
		return netip.PrefixFrom(netip.AddrFrom4([4]byte{byte(n.bits >> 16), byte(n.bits >> 8), byte(n.bits)}), 24).String()
	case 6:
		var b [16]byte
		binary.BigEndian.PutUint64(b[:8], n.bits)
		return netip.PrefixFrom(netip.AddrFrom16(b), 64).String()
	case nowhere:
		return "-"
	default:
		return ""
	}
}

func parseNetwork(text string) (network, error) {
	switch text {
	case "":
		return network{}, nil
	case "-":
		return network{family: nowhere}, nil
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		return network{}, err
	}
	if p.Addr().Is6() { // not networkOf: a /64 that begins with zeros is none of IPv4
		b := p.Addr().As16()
		return network{binary.BigEndian.Uint64(b[:8]), 6}, nil
	}
	return networkOf(p.Addr()), nil
}

// key is what failures are counted by. It holds no pointers, so the collector never walks the maps.
type key struct {
	environment, application uuid.UUID
	network                  network
}

func (l *Logon) client() key { return key{environment: l.Environment, application: l.Application} }

// counted returns the key under which the logon's failures count.
func (l *Logon) counted() key {
	k := l.client()
	if l.Mode == ClientNetwork {
		k.network = networkOf(l.Address)
	}
	return k
}
