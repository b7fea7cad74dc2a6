package limit

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Rate is how often something may happen: PerSecond in the long run, Burst at once. The zero value is no bound.
type Rate struct{ PerSecond, Burst int64 }

// mostPerSecond keeps a bucket's arithmetic in nanoseconds exact enough.
const mostPerSecond = 1_000_000

// ParseRate reads a setting: "100/200" is 100 a second and 200 at once, "100" is as many at once as in two seconds, and
// "0" is no bound. Anything else is [fault.Invalid].
func ParseRate(setting string) (Rate, error) {
	first, second, both := strings.Cut(setting, "/")
	rate, err := strconv.ParseInt(first, 10, 64)
	burst := 2 * rate
	if both && err == nil {
		burst, err = strconv.ParseInt(second, 10, 64)
	}
	switch {
	case err != nil, rate < 0 || rate > mostPerSecond, rate == 0 && both, burst < min(rate, 1) || burst > 60*mostPerSecond:
		return Rate{}, fault.New(fault.Invalid, "%q is no rate: 100/200 is 100 requests a second and 200 at once, 0 is no bound", setting)
	}
	return Rate{rate, burst}, nil
}

// interval is the time in which one request grows back, and depth that in which a whole bucket does, in nanoseconds.
func (r Rate) interval() int64 { return int64(time.Second) / r.PerSecond }
func (r Rate) depth() int64    { return r.Burst * r.interval() }

// Limiter holds the buckets of one node. Its methods may be called from many goroutines.
type Limiter struct {
	credential, network Rate
	now                 func() time.Time
	credentials         *table[uuid.UUID]
	networks            *table[netip.Prefix]
	policies            policies
}

// New returns a limiter with full buckets.
func New(credential, network Rate, now func() time.Time) *Limiter {
	return &Limiter{credential, network, now, newTable[uuid.UUID](), newTable[netip.Prefix](), newPolicies(credential, network)}
}

// State is what a bucket holds after a request.
type State struct {
	// Policy names the bucket: credential or address.
	Policy string
	Rate   Rate
	// Remaining is how many requests may follow at once, and Full the time until it is full again.
	Remaining int64
	Full      time.Duration
}

// Names of the policies in headers.
const (
	PolicyCredential = "credential"
	PolicyAddress    = "address"
)

// Credential takes one request from the bucket of a credential and says so in the headers. One too many is
// [fault.Exhausted]; ok is false where there is no bound.
func (l *Limiter) Credential(h http.Header, id uuid.UUID) (s State, ok bool, err error) {
	if l == nil || l.credential.PerSecond == 0 {
		return State{}, false, nil
	}
	s, wait := take(l.credentials, id, PolicyCredential, l.credential, l.now())
	return s, true, l.policies.tell(h, &s, wait)
}

// Address is [Limiter.Credential] for the network of an address: an IPv4/24 or IPv6/64. An unknown address has no bound.
func (l *Limiter) Address(h http.Header, from netip.Addr) (s State, ok bool, err error) {
	if l == nil || l.network.PerSecond == 0 || !from.IsValid() {
		return State{}, false, nil
	}
	s, wait := take(l.networks, web.Network(from), PolicyAddress, l.network, l.now())
	return s, true, l.policies.tell(h, &s, wait)
}
