package chosen

import (
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // see people.go
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Bounds of hashes from elsewhere: a stranger's guess makes us spend what the hash costs.
const (
	maxBcryptCost = 12
	maxIterations = 1_000_000
	maxHashText   = 512
	maxSalt       = 128
	minSalt       = 4
	// maxInput bounds what is hashed at all, in bytes: passwords are longer than secrets of applications may be.
	maxInput = 1024
	// bcryptLimit is how many bytes of a secret bcrypt looks at.
	bcryptLimit = 72
)

// Scheme names how an imported hash was made.
type Scheme string

// The schemes that [ParseImported] knows.
const (
	Bcrypt       Scheme = "bcrypt"
	PBKDF2SHA256 Scheme = "pbkdf2-sha256"
	PBKDF2SHA512 Scheme = "pbkdf2-sha512"
	Argon2id     Scheme = "argon2id"
	SHA256       Scheme = "sha256"
)

// Imported is another system's hash of a secret. It never changes.
type Imported struct {
	scheme Scheme
	// cost is bcrypt's exponent or PBKDF2's iterations.
	cost      uint32
	argon     Params // but for the salt
	salt, sum []byte
	text      string // as it came
}

// Scheme returns how the hash was made.
func (h *Imported) Scheme() Scheme { return h.scheme }

// Text returns the hash as it was parsed, for keeping: it can be guessed against.
func (h *Imported) Text() string { return h.text }

// String returns the scheme: the hash is nothing for logs.
func (h *Imported) String() string { return string(h.scheme) }

// GoString returns the same.
func (h *Imported) GoString() string { return string(h.scheme) }

var errFormat = fault.On("hash", "the hash has a format that is not known: bcrypt ($2a$, $2b$, $2y$), PBKDF2 (pbkdf2_sha256$, pbkdf2_sha512$, $pbkdf2-sha256$, $pbkdf2-sha512$), argon2id ($argon2id$v=19$), SHA-256 in 64 hexadecimal digits or {SSHA256} are")

// ParseImported reads a hash in one of these formats, each in one spelling:
//
//   - bcrypt: $2a$, $2b$ or $2y$, cost 4 to 12;
//   - PBKDF2 as Django writes it (pbkdf2_sha256$iterations$salt$hash) and as passlib does
//     ($pbkdf2-sha256$iterations$salt$hash), both also with SHA-512, at most 1,000,000 iterations;
//   - argon2id as a PHC string of version 19, at most 64 MiB, 4 passes and 4 lanes;
//   - SHA-256 as 64 hexadecimal digits, and {SSHA256} with the base64 of hash and salt, salt last.
//
// SHA-1 and MD5 are refused, and so is everything else: [fault.Invalid] on hash.
func ParseImported(text string) (*Imported, error) {
	if len(text) > maxHashText || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, fault.On("hash", "a hash is at most %d visible ASCII characters without spaces", maxHashText)
	}
	h := &Imported{text: text}
	var err error
	switch scheme, body, _ := cutPrefix(text, prefixes); scheme {
	case "$2a$", "$2b$", "$2y$":
		err = h.parseBcrypt(body)
	case "pbkdf2_sha256$":
		err = h.parsePBKDF2(PBKDF2SHA256, body, base64.StdEncoding)
	case "pbkdf2_sha512$":
		err = h.parsePBKDF2(PBKDF2SHA512, body, base64.StdEncoding)
	case "$pbkdf2-sha256$":
		err = h.parsePBKDF2(PBKDF2SHA256, body, passlib)
	case "$pbkdf2-sha512$":
		err = h.parsePBKDF2(PBKDF2SHA512, body, passlib)
	case argon2Prefix:
		err = h.parseArgon2(body)
	case "{SSHA256}":
		err = h.parseSSHA256(body)
	default:
		sum, bad := hex.DecodeString(text)
		if bad != nil || len(sum) != sha256.Size {
			return nil, errFormat
		}
		h.scheme, h.sum = SHA256, sum
	}
	if err != nil {
		return nil, err
	}
	return h, nil
}

// prefixes begin every format but one.
var prefixes = []string{"$2a$", "$2b$", "$2y$", "pbkdf2_sha256$", "pbkdf2_sha512$", "$pbkdf2-sha256$", "$pbkdf2-sha512$", argon2Prefix, "{SSHA256}"}

const bcryptAlphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// parseBcrypt reads cost, salt (22 characters) and hash (31).
func (h *Imported) parseBcrypt(body string) error {
	if len(body) != 2+1+22+31 || body[2] != '$' || strings.Trim(body[3:], bcryptAlphabet) != "" {
		return fault.On("hash", "the bcrypt hash is damaged: two digits of cost, $ and 53 characters of ./A-Za-z0-9 follow its prefix")
	}
	cost, ok := number(strings.TrimPrefix(body[:2], "0"))
	if !ok || cost < 4 || cost > maxBcryptCost {
		return fault.On("hash", "the cost of a bcrypt hash has to be 04 to %d: have a new secret generated instead", maxBcryptCost)
	}
	// 31 characters are two bits more than the hash has; a salt's spare bits are ignored by all, and old tools set them.
	if strings.IndexByte(bcryptAlphabet, body[len(body)-1])%4 != 0 {
		return fault.On("hash", "the bcrypt hash is damaged: no hash ends like this")
	}
	h.scheme, h.cost = Bcrypt, cost
	return nil
}

// passlib is the alphabet of passlib's PBKDF2 hashes ("ab64").
var passlib = base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789./").WithPadding(base64.NoPadding)

// parsePBKDF2 reads iterations, salt and hash. Django's salt is text as it stands.
func (h *Imported) parsePBKDF2(scheme Scheme, body string, encoding *base64.Encoding) error {
	parts := strings.Split(body, "$")
	if len(parts) != 3 {
		return fault.On("hash", "the PBKDF2 hash is damaged: iterations, salt and hash follow its prefix, with $ between them")
	}
	iterations, ok := number(parts[0])
	if !ok || iterations < 1 || iterations > maxIterations {
		return fault.On("hash", "a PBKDF2 hash has 1 to %d iterations: have a new secret generated instead", maxIterations)
	}
	h.salt = []byte(parts[1])
	if encoding == passlib {
		if h.salt, ok = decode(passlib, parts[1]); !ok {
			return fault.On("hash", "the salt of the PBKDF2 hash is damaged")
		}
	}
	if len(h.salt) < 1 || len(h.salt) > maxSalt {
		return fault.On("hash", "the salt of a PBKDF2 hash has 1 to %d bytes", maxSalt)
	}
	size := map[Scheme]int{PBKDF2SHA1: sha1.Size, PBKDF2SHA256: sha256.Size, PBKDF2SHA512: sha512.Size}[scheme]
	if h.sum, ok = decode(encoding, parts[2]); !ok || len(h.sum) != size {
		return fault.On("hash", "the PBKDF2 hash is damaged: its last part is not %d bytes in base64", size)
	}
	h.scheme, h.cost = scheme, iterations
	return nil
}

func (h *Imported) parseArgon2(body string) error {
	parts := strings.Split(body, "$")
	if len(parts) != 3 || !h.argon.parseNumbers(parts[0]) {
		return fault.On("hash", "the argon2id hash is damaged: m=…,t=…,p=…, salt and hash follow its prefix, with $ between them")
	}
	if !h.argon.Valid() {
		return fault.On("hash", "an argon2id hash has m=8 for each lane to m=%d, t=1 to t=%d and p=1 to p=%d: have a new secret generated instead", maxMemory, maxTime, maxThreads)
	}
	var ok, also bool
	h.salt, ok = decode(base64.RawStdEncoding, parts[1])
	h.sum, also = decode(base64.RawStdEncoding, parts[2])
	// RFC 9106 §3.1: salts have 8 bytes or more. A hash of fewer than 16 would match by chance.
	if !ok || !also || len(h.salt) < 8 || len(h.salt) > maxSalt || len(h.sum) < 16 || len(h.sum) > 64 {
		return fault.On("hash", "the argon2id hash is damaged: a salt of 8 to %d bytes and a hash of 16 to 64 are needed, in base64 without =", maxSalt)
	}
	h.scheme = Argon2id
	return nil
}

func (h *Imported) parseSSHA256(body string) error {
	if err := h.parseSalted(SHA256, sha256.Size, body); err != nil {
		return err
	}
	if len(h.salt) < minSalt {
		return fault.On("hash", "the salt of an {SSHA256} hash has at least %d bytes", minSalt)
	}
	return nil
}

// quick reports whether the check costs next to nothing, so that it need not wait for a worker.
func (h *Imported) quick() bool {
	switch h.scheme {
	case SHA1, SHA256, SHA512, SaltedFirst:
		return true
	default:
		return false
	}
}

// Verify reports whether h is the hash of secret, compared in constant time. It occupies a processor for up to a
// second: on the token path only a [Checker] calls it. bcrypt ignores what is beyond 72 bytes, and its
// implementations disagree about zero bytes; such a secret matches no bcrypt hash, so that nobody gets in with half
// of one.
func (h *Imported) Verify(secret []byte) bool {
	if len(secret) > maxInput {
		return false
	}
	switch h.scheme {
	case Bcrypt:
		return len(secret) <= bcryptLimit && !slices.Contains(secret, 0) &&
			bcrypt.CompareHashAndPassword([]byte(h.text), secret) == nil
	case PBKDF2SHA256:
		return h.equals(derive(sha256.New, secret, h))
	case PBKDF2SHA512:
		return h.equals(derive(sha512.New, secret, h))
	case Argon2id:
		return h.equals(argon2.IDKey(secret, h.salt, h.argon.Time, h.argon.Memory, h.argon.Threads, uint32(len(h.sum))))
	case PBKDF2SHA1:
		return h.equals(derive(sha1.New, secret, h))
	case SHA256, SaltedFirst:
		return h.equals(h.salted(sha256.New, secret))
	case SHA1:
		return h.equals(h.salted(sha1.New, secret))
	case SHA512:
		return h.equals(h.salted(sha512.New, secret))
	default:
		panic(fmt.Sprintf("chosen: an imported hash of scheme %q", string(h.scheme)))
	}
}

func derive(function func() hash.Hash, secret []byte, h *Imported) []byte {
	sum, err := pbkdf2.Key(function, string(secret), h.salt, int(h.cost), len(h.sum))
	if err != nil {
		return nil // lengths that no build allows: equal to nothing
	}
	return sum
}

func (h *Imported) equals(sum []byte) bool { return subtle.ConstantTimeCompare(sum, h.sum) == 1 }
