package chosen

import (
	"context"
	"crypto/sha1" //nolint:gosec // hashes that other systems made; the first right use replaces them
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"net/netip"
	"strings"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// The schemes that [ParsePassword] knows beside those of [ParseImported]. No secret of an application may come so: it
// can be generated anew, while a million people cannot be asked for their passwords on one day.
const (
	PBKDF2SHA1 Scheme = "pbkdf2-sha1"
	SHA1       Scheme = "sha1"
	SHA512     Scheme = "sha512"
	// SaltedFirst is SHA-256 over the salt and then the password.
	SaltedFirst Scheme = "salt+sha256"
)

var errPasswordFormat = fault.On("hash", "the hash has a format that is not known: bcrypt ($2a$, $2b$, $2y$), PBKDF2 (pbkdf2_sha1$, pbkdf2_sha256$, pbkdf2_sha512$, $pbkdf2$, $pbkdf2-sha256$, $pbkdf2-sha512$), argon2id ($argon2id$v=19$), {SSHA}, {SSHA256}, {SSHA512} and SHA-256 in 64 hexadecimal digits, with a salt beside it, are")

// ParsePassword reads a hash of a person's password: what [ParseImported] reads, and
//
//   - PBKDF2 with SHA-1, as Django (pbkdf2_sha1$) and passlib ($pbkdf2$) write it;
//   - {SSHA} and {SSHA512}: the base64 of hash and salt, salt last (RFC 2307 and its successors);
//   - what [ParseSalted] makes.
//
// Everything else is [fault.Invalid] on hash. All of them but argon2id are for replacement at the first right use.
func ParsePassword(text string) (*Imported, error) {
	if len(text) > maxHashText {
		return nil, fault.On("hash", "a hash is at most %d characters", maxHashText)
	}
	h := &Imported{text: text}
	var err error
	switch scheme, body, _ := cutPrefix(text, morePrefixes); scheme {
	case "pbkdf2_sha1$":
		err = h.parsePBKDF2(PBKDF2SHA1, body, base64.StdEncoding)
	case "$pbkdf2$":
		err = h.parsePBKDF2(PBKDF2SHA1, body, passlib)
	case "{SSHA}":
		err = h.parseSalted(SHA1, sha1.Size, body)
	case "{SSHA256}": // with a salt shorter than a secret of an application may have, too
		err = h.parseSalted(SHA256, sha256.Size, body)
	case "{SSHA512}":
		err = h.parseSalted(SHA512, sha512.Size, body)
	case saltedFirst:
		err = h.parseSalted(SaltedFirst, sha256.Size, body)
	default:
		if h, err = ParseImported(text); err == errFormat { //nolint:errorlint // the very value
			err = errPasswordFormat
		}
	}
	if err != nil {
		return nil, err
	}
	return h, nil
}

// saltedFirst begins what [ParseSalted] makes of a salt that came before the password. Nobody else writes it.
const saltedFirst = "{SALT-SHA256}"

var morePrefixes = []string{"pbkdf2_sha1$", "$pbkdf2$", "{SSHA}", "{SSHA256}", "{SSHA512}", saltedFirst}

// ParseSalted reads SHA-256 in hexadecimal digits of a password and a salt of 1 to 128 bytes, which is before the
// password if first says so, else behind it. [fault.Invalid] on hash or salt.
func ParseSalted(sum, salt string, first bool) (*Imported, error) {
	raw, err := hex.DecodeString(sum)
	if err != nil || len(raw) != sha256.Size {
		return nil, fault.On("hash", "SHA-256 has 64 hexadecimal digits")
	}
	if len(salt) < 1 || len(salt) > maxSalt {
		return nil, fault.On("salt", "a salt has 1 to %d bytes", maxSalt)
	}
	prefix := "{SSHA256}"
	if first {
		prefix = saltedFirst
	}
	return ParsePassword(prefix + base64.StdEncoding.EncodeToString(append(raw, salt...)))
}

// parseSalted reads the base64 of a hash of size bytes and the salt behind it.
func (h *Imported) parseSalted(scheme Scheme, size int, body string) error {
	raw, ok := decode(base64.StdEncoding, body)
	if !ok || len(raw) <= size || len(raw) > size+maxSalt {
		return fault.On("hash", "the salted hash is damaged: the base64 of %d bytes of hash and 1 to %d of salt follows its prefix", size, maxSalt)
	}
	h.scheme, h.sum, h.salt = scheme, raw[:size], raw[size:]
	return nil
}

// salted hashes quickly, with the salt on its side.
func (h *Imported) salted(function func() hash.Hash, secret []byte) []byte {
	f := function()
	if h.scheme == SaltedFirst {
		f.Write(h.salt)
		f.Write(secret)
	} else {
		f.Write(secret)
		f.Write(h.salt)
	}
	return f.Sum(nil)
}

// Quick reports whether the check costs next to nothing: who keeps such hashes spends the time otherwise, or a guess
// would tell by its time that there is one.
func (h *Imported) Quick() bool { return h.quick() }

// Outdated reports whether a hash made today would be made otherwise: by another function, or with other parameters
// than those of p.
func (h *Imported) Outdated(p *Params) bool {
	return h.scheme != Argon2id || h.argon.Memory != p.Memory || h.argon.Time != p.Time || h.argon.Threads != p.Threads ||
		len(h.salt) != len(p.Salt) || len(h.sum) != 32
}

// Text returns what [Params.Derive] made as a PHC string, which [ParseImported] reads.
func (p *Params) Text(derived [32]byte) string {
	return p.String() + "$" + base64.RawStdEncoding.EncodeToString(derived[:])
}

// Run calls compute on a worker: whatever is slow, for secrets of people. source is who asks, after the list of trusted
// proxies. It returns [ErrBusy] over a quota, which is four times [Options.PerSource] and counted apart from applications, and [fault.Unavailable] when ctx ends while
// it waits.
func (c *Checker) Run(ctx context.Context, source netip.Addr, compute func()) error {
	s, err := c.queue.enter(ctx, origin{networkOf(source), true})
	if err != nil {
		return err
	}
	defer c.queue.leave(s)
	compute()
	return nil
}

func cutPrefix(text string, prefixes []string) (prefix, body string, found bool) {
	for _, prefix := range prefixes {
		if body, found := strings.CutPrefix(text, prefix); found {
			return prefix, body, true
		}
	}
	return "", text, false
}
