package web

import (
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/token"
)

// textLimit is how many bytes of a text that a caller chose go into the log.
const textLimit = 64

// appendRecord appends the log record of an exchange: the line that [slog.JSONHandler] would write for the same
// keys (a test compares them), put together by hand because slog takes three times as long. The keys are time,
// level, msg, request_id, method, route, status, bytes, duration_us, remote and, where known, environment,
// client_id and reason. There is no path: it may hold what nobody should find in a log.
func appendRecord(dst []byte, x *Exchange, method string, took time.Duration) []byte {
	dst = append(dst, `{"time":"`...)
	dst = x.began.Add(took).UTC().AppendFormat(dst, time.RFC3339Nano)
	if x.status == http.StatusInternalServerError {
		// Only what is our fault is an error: a 503 is an answer, and strangers choose how many there are.
		dst = append(dst, `","level":"ERROR","msg":"request","request_id":"`...)
	} else {
		dst = append(dst, `","level":"INFO","msg":"request","request_id":"`...)
	}
	dst = x.site.appendID(dst, x.number)
	dst = append(dst, `","method":"`...)
	dst = appendText(dst, cut(method))
	dst = append(dst, `","route":"`...)
	dst = append(dst, x.route.quoted...)
	dst = append(dst, `","status":`...)
	dst = strconv.AppendInt(dst, int64(x.status), 10)
	dst = append(dst, `,"bytes":`...)
	dst = strconv.AppendInt(dst, x.bytes, 10)
	dst = append(dst, `,"duration_us":`...)
	dst = strconv.AppendInt(dst, took.Microseconds(), 10)
	dst = append(dst, `,"remote":"`...)
	if x.remote.IsValid() {
		dst = x.remote.AppendTo(dst)
	}
	if x.Environment != nil {
		dst = append(dst, `","environment":"`...)
		dst = token.AppendUUID(dst, x.Environment.ID)
	}
	if x.ClientID != (uuid.UUID{}) {
		dst = append(dst, `","client_id":"`...)
		dst = token.AppendUUID(dst, x.ClientID)
	}
	if x.Reason != "" {
		dst = append(dst, `","reason":"`...)
		dst = appendText(dst, cut(x.Reason))
	}
	return append(dst, "\"}\n"...)
}

func cut(s string) string {
	if len(s) > textLimit {
		return s[:textLimit]
	}
	return s
}

// AppendText appends s as it stands inside the quotes of a JSON string. What is not UTF-8 becomes U+FFFD.
func AppendText(dst []byte, s string) []byte { return appendText(dst, s) }

// appendText appends s as it stands inside the quotes of a JSON string, escaped like [slog.JSONHandler] does:
// control characters, quote, backslash, U+2028 and U+2029; what is not UTF-8 becomes U+FFFD.
func appendText(dst []byte, s string) []byte {
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if c >= utf8.RuneSelf && (r != utf8.RuneError || size > 1) && r != '\u2028' && r != '\u2029' {
			i += size
			continue
		}
		dst = append(dst, s[start:i]...)
		dst = appendEscape(dst, r)
		i += size
		start = i
	}
	return append(dst, s[start:]...)
}

func appendEscape(dst []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', hex[r>>12&15], hex[r>>8&15], hex[r>>4&15], hex[r&15])
}
