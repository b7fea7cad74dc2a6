package web

import (
	"io"
	"mime"
	"net/http"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Header values that answers share: putting a slice into the map costs no allocation, [http.Header.Set] costs
// one. Nobody writes into them.
var (
	noStore     = []string{"no-store"}
	noCache     = []string{"no-cache"}
	noSniff     = []string{"nosniff"}
	hsts        = []string{"max-age=31536000"}
	noReferrer  = []string{"no-referrer"}
	noContent   = []string{"default-src 'none'; frame-ancestors 'none'"}
	jsonType    = []string{"application/json"}
	problemType = []string{"application/problem+json"}
)

// NoStore marks an answer that holds a secret or a token, or that depends on who asks (RFC 6749 §5.1, RFC 9111
// §5.2.2.5).
func NoStore(h http.Header) {
	h["Cache-Control"] = noStore
	h["Pragma"] = noCache
}

// JSON marks an answer as JSON.
func JSON(h http.Header) { h["Content-Type"] = jsonType }

// Inert tells browsers that an answer is nothing to show: no scripts, no frames, no referrer. The API's answers
// carry it, so that text a stranger put into them never runs on this origin.
func Inert(h http.Header) {
	h["Content-Security-Policy"] = noContent
	h["Referrer-Policy"] = noReferrer
}

// CheckContentType returns [fault.Invalid] unless the request names the media type want (in lower case), with
// or without parameters (RFC 9110 §8.3.1).
func CheckContentType(r *http.Request, want string) error {
	given := r.Header["Content-Type"]
	if len(given) == 1 {
		if given[0] == want {
			return nil // what nearly everybody sends
		}
		if media, _, err := mime.ParseMediaType(given[0]); err == nil && media == want {
			return nil
		}
	}
	return fault.New(fault.Invalid, "the body must be sent as %s", want)
}

// ReadBody appends the request's body to dst and returns it. A body of more than limit bytes is
// [fault.TooLarge]; one that breaks off is [fault.Invalid]. It allocates only when dst has no room.
func ReadBody(r *http.Request, dst []byte, limit int) ([]byte, error) {
	if r.ContentLength > int64(limit) {
		return dst, errTooLarge(limit)
	}
	start := len(dst)
	for {
		if len(dst) == cap(dst) {
			dst = append(dst, 0)[:len(dst)]
		}
		n, err := r.Body.Read(dst[len(dst):cap(dst)])
		dst = dst[:len(dst)+n]
		if len(dst)-start > limit {
			return dst[:start], errTooLarge(limit)
		}
		if err == io.EOF { // io.Reader says that it is this value
			return dst, nil
		}
		if err != nil {
			return dst[:start], fault.Wrap(fault.Invalid, err, "the body could not be read to its end")
		}
	}
}

func errTooLarge(limit int) error {
	return fault.New(fault.TooLarge, "the body is longer than %d bytes", limit)
}
