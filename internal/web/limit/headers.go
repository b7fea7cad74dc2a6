package limit

import (
	"net/http"
	"strconv"
	"time"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Names of the headers as [http.Header.Add] would spell them: to respell a name costs more than to count a request.
const (
	policyHeader = "Ratelimit-Policy"
	stateHeader  = "Ratelimit"
)

// policies are the values of RateLimit-Policy, which are the same in every answer. Answers share them, and nobody writes
// into them: each is as long as its array, so that what appends to one copies it.
type policies struct{ address, credential, both []string }

func newPolicies(credential, network Rate) policies {
	of := func(name string, r Rate) string {
		if r.PerSecond == 0 {
			return ""
		}
		return `"` + name + `";q=` + number(r.Burst) + ";w=" + number(seconds(time.Duration(r.depth())))
	}
	address, own := of(PolicyAddress, network), of(PolicyCredential, credential)
	return policies{[]string{address}, []string{own}, []string{address, own}}
}

// add adds the policy that s is about.
func (p *policies) add(h http.Header, s *State) {
	value := p.credential
	if s.Policy == PolicyAddress {
		value = p.address
	}
	switch told := h[policyHeader]; {
	case len(told) == 0:
		h[policyHeader] = value
	case len(told) == 1 && s.Policy == PolicyCredential && told[0] == p.address[0]:
		h[policyHeader] = p.both
	default:
		h[policyHeader] = append(told[:len(told):len(told)], value[0])
	}
}

// tell writes the headers (draft-ietf-httpapi-ratelimit-headers-10 §3 and §4), and the error when wait is not zero.
func (p *policies) tell(h http.Header, s *State, wait time.Duration) error {
	p.add(h, s)
	var memory [64]byte
	text := append(append(append(memory[:0], '"'), s.Policy...), `";r=`...)
	text = append(strconv.AppendInt(text, s.Remaining, 10), ";t="...)
	text = strconv.AppendInt(text, seconds(s.Full), 10)
	told := h[stateHeader]
	if told == nil {
		told = make([]string, 0, 2) // most answers have both
	}
	h[stateHeader] = append(told, string(text))
	if wait == 0 {
		return nil
	}
	h.Set("Retry-After", number(seconds(wait)))
	if s.Policy == PolicyAddress {
		return fault.New(fault.Exhausted, "too many requests from this network: try again later")
	}
	return fault.New(fault.Exhausted, "too many requests with this credential: try again later")
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// seconds rounds up: who waits for as long does not come too early.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }
