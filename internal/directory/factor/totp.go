package factor

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha1" //nolint:gosec // what apps compute (RFC 6238 §1.2); as a keyed hash it is not broken
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/counterfoil/counterfoil/internal/seal"
)

// What apps expect when nothing else is said, and what some of them assume whatever is said.
const (
	period     = 30 // seconds
	digits     = 6
	modulus    = 1_000_000
	secretSize = 20 // bytes: as many as the hash has (RFC 4226 §4, R6)
	// skew is how many steps a clock may be ahead or behind (RFC 6238 §5.2).
	skew = 1
)

// base32 without padding, which apps cannot read.
var base32Text = base32.StdEncoding.WithPadding(base32.NoPadding)

func newSecret() []byte {
	secret := make([]byte, secretSize)
	_, _ = rand.Read(secret) // never fails (crypto/rand)
	return secret
}

// hotp returns the code of a counter (RFC 4226 §5.3).
func hotp(secret []byte, counter uint64) uint32 {
	mac := hmac.New(sha1.New, secret)
	_ = binary.Write(mac, binary.BigEndian, counter)
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
}

// stepAt is the number of the time step of a moment (RFC 6238 §4.2).
func stepAt(now time.Time) int64 { return now.Unix() / period }

// matchTOTP returns the time step that a code is right for, and 0 when it is right for none in reach of now. Steps up to
// last were used, and a code of theirs is wrong (RFC 6238 §5.2). It takes the same time whatever is right.
func matchTOTP(secret []byte, code string, now time.Time, last int64) (step int64) {
	for s := stepAt(now) - skew; s <= stepAt(now)+skew; s++ {
		want := fmt.Sprintf("%0*d", digits, hotp(secret, uint64(s))%modulus)
		if subtle.ConstantTimeCompare([]byte(want), []byte(code)) == 1 && s > last {
			step = s
		}
	}
	return step
}

// typed returns a code without the spaces and dashes that people and apps put into it.
func typed(code string) string {
	return strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u00a0' || r == '\t' {
			return -1
		}
		return r
	}, code)
}

// enrolmentURI is what an app reads from a QR code: otpauth://totp/Issuer:account?secret=…. A colon parts issuer and
// account, also when it is escaped, so neither may have one; and a space is %20, because some apps show a plus sign.
func enrolmentURI(issuer, account string, secret []byte) seal.Secret {
	clean := func(name string) string { return strings.TrimSpace(strings.ReplaceAll(name, ":", " ")) }
	escape := func(name string) string { return strings.ReplaceAll(url.QueryEscape(clean(name)), "+", "%20") }
	return seal.NewSecret(fmt.Sprintf("otpauth://totp/%s:%s?secret=%s&issuer=%s&algorithm=SHA1&digits=%d&period=%d",
		escape(issuer), escape(account), base32Text.EncodeToString(secret), escape(issuer), digits, period))
}
