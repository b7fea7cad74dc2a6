package assertion

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Reason is why an assertion was refused, in one stable word for lists and metrics.
type Reason string

// The reasons.
const (
	Malformed       Reason = "assertion_malformed"        // no JWT by RFC 7519 in our strict reading
	WrongType       Reason = "assertion_type"             // a JWT of another kind (RFC 8725 §3.11)
	WrongAlgorithm  Reason = "assertion_algorithm"        // one that the key is not for
	UnknownKey      Reason = "assertion_unknown_key"      // no key of the application fits
	BadSignature    Reason = "assertion_signature"        // made with another key, or changed since
	WrongIssuer     Reason = "assertion_issuer"           // not the client itself
	WrongSubject    Reason = "assertion_subject"          // not the client itself
	WrongAudience   Reason = "assertion_audience"         // meant for somebody else, or for others, too
	Expired         Reason = "assertion_expired"          // its time is over
	NotYetValid     Reason = "assertion_not_yet_valid"    // its time has not come
	TooLong         Reason = "assertion_lifetime"         // valid for too long, or issued too long ago
	NoID            Reason = "assertion_no_id"            // without jti a replay could not be told
	Replayed        Reason = "assertion_replayed"         // used before
	KeysUnavailable Reason = "assertion_keys_unavailable" // the keys could not be fetched
	ClaimDiffers    Reason = "trust_claim_differs"        // of a trusted issuer, but not about the trusted subject
)

// Reasons lists every reason.
func Reasons() []Reason {
	return []Reason{
		Malformed, WrongType, WrongAlgorithm, UnknownKey, BadSignature, WrongIssuer, WrongSubject, WrongAudience, Expired,
		NotYetValid, TooLong, NoID, Replayed, KeysUnavailable, ClaimDiffers,
	}
}

// Refused is an assertion that was not accepted. It is [fault.Unauthenticated], or [fault.Unavailable] if the keys could
// not be fetched; what those show to a caller does not tell the reason.
type Refused struct {
	Reason Reason
	// Detail is for administrators. Whatever of the token is in it was shortened and cleaned.
	Detail string
	// Differences say which claims were not as the trust wants them, for [ClaimDiffers].
	Differences []Difference

	cause error
}

var errRefused = fault.New(fault.Unauthenticated, "client authentication failed")

// Error returns reason and detail, for logs.
func (r *Refused) Error() string { return string(r.Reason) + ": " + r.Detail }

// Unwrap returns the fault.
func (r *Refused) Unwrap() error {
	if r.cause != nil {
		return r.cause
	}
	return errRefused
}

// ReasonOf returns why err refused an assertion, and "" if it is no refusal.
func ReasonOf(err error) Reason {
	if r, ok := errors.AsType[*Refused](err); ok {
		return r.Reason
	}
	return ""
}

func refuse(reason Reason, format string, args ...any) *Refused {
	return &Refused{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

// shown is how much of a foreign text is repeated, in characters.
const shown = 200

// Clean makes foreign text fit to be shown: short, and without what moves cursors or hides.
func Clean(text string) string {
	var out strings.Builder
	n := 0
	for _, r := range text {
		if n++; n > shown {
			out.WriteString("…")
			break
		}
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			r = '?'
		}
		out.WriteRune(r)
	}
	return out.String()
}
