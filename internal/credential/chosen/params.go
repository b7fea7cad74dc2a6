package chosen

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// What Params may hold, and what argon2id hashes from elsewhere may. A request of a stranger makes us spend this.
const (
	maxMemory  = 64 << 10 // KiB
	maxTime    = 4
	maxThreads = 4
)

// Params is how the chosen secrets of one application are derived: argon2id (RFC 9106), version 1.3.
type Params struct {
	// Memory is in KiB: 8 for each thread to 65,536.
	Memory uint32
	// Time is the number of passes, 1 to 4.
	Time uint32
	// Threads is the number of lanes, 1 to 4. Each occupies a processor of its own.
	Threads uint8
	// Salt is drawn when the application gets its first chosen secret.
	Salt [16]byte
}

// NewParams returns the default parameters with a new salt: 19 MiB, two passes, one lane. Of the sets that OWASP
// names as equally strong it is the one in the middle, 29 ms on the reference machine; a check fits into one step of
// the grid on which refusals leave, and a worker needs little memory. One lane, because the workers bound the
// processors.
func NewParams() *Params {
	p := &Params{Memory: 19 << 10, Time: 2, Threads: 1}
	_, _ = rand.Read(p.Salt[:]) // never fails
	return p
}

// Valid reports whether every parameter is within its bounds.
func (p *Params) Valid() bool {
	return p != nil && p.Threads >= 1 && p.Threads <= maxThreads && p.Time >= 1 && p.Time <= maxTime &&
		p.Memory >= 8*uint32(p.Threads) && p.Memory <= maxMemory
}

// Derive returns the slow hash of a secret. It occupies a processor for some 10 ms and allocates p.Memory: on the
// token path only a [Checker] calls it. It panics if p is not [Params.Valid].
func (p *Params) Derive(secret []byte) [32]byte {
	if !p.Valid() {
		panic("chosen: parameters out of bounds")
	}
	return [32]byte(argon2.IDKey(secret, p.Salt[:], p.Time, p.Memory, p.Threads, 32))
}

// String returns p in the format of PHC strings, without the hash: `$argon2id$v=19$m=19456,t=2,p=1$` and the salt.
func (p *Params) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s", argon2.Version, p.Memory, p.Time, p.Threads,
		base64.RawStdEncoding.EncodeToString(p.Salt[:]))
}

// ParseParams reads what [Params.String] wrote and nothing else; the rest is [fault.Internal].
func ParseParams(text string) (*Params, error) {
	body, ok := strings.CutPrefix(text, argon2Prefix)
	numbers, salt, found := strings.Cut(body, "$")
	p := new(Params)
	ok = ok && found && p.parseNumbers(numbers) && p.Valid()
	if ok {
		var raw []byte
		raw, ok = decode(base64.RawStdEncoding, salt)
		ok = ok && copy(p.Salt[:], raw) == len(p.Salt) && len(raw) == len(p.Salt)
	}
	if !ok {
		return nil, fault.New(fault.Internal, "the parameters of chosen secrets are damaged")
	}
	return p, nil
}

const argon2Prefix = "$argon2id$v=19$"

// parseNumbers reads `m=…,t=…,p=…`, in this order and with nothing else.
func (p *Params) parseNumbers(text string) bool {
	parts := strings.Split(text, ",")
	if len(parts) != 3 {
		return false
	}
	var values [3]uint32
	for i, name := range []string{"m=", "t=", "p="} {
		digits, named := strings.CutPrefix(parts[i], name)
		value, ok := number(digits)
		if !named || !ok {
			return false
		}
		values[i] = value
	}
	p.Memory, p.Time, p.Threads = values[0], values[1], uint8(min(values[2], 255))
	return true
}

// number reads a decimal number of at most nine digits in its only spelling: no sign, no leading zero.
func number(text string) (uint32, bool) {
	if text == "" || len(text) > 9 || (text[0] == '0' && len(text) > 1) {
		return 0, false
	}
	var n uint32
	for _, digit := range []byte(text) {
		if digit < '0' || digit > '9' {
			return 0, false
		}
		n = n*10 + uint32(digit-'0')
	}
	return n, true
}

// decode reads base64 in its only spelling. The library skips ends of lines, also when told to be strict.
func decode(encoding *base64.Encoding, text string) ([]byte, bool) {
	if strings.ContainsAny(text, "\r\n") {
		return nil, false
	}
	raw, err := encoding.Strict().DecodeString(text)
	return raw, err == nil
}
