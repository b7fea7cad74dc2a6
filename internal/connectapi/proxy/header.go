package proxy

import (
	"net/http"
	"net/textproto"
	"strings"
)

// Headers of our own, which are not passed on.
const (
	ConnectionHeader = "Counterfoil-Connection"
	BaseURLHeader    = "Counterfoil-Base-Url"
	RetriesHeader    = "Counterfoil-Retries"
	// LocationHeader is what a redirect's Location becomes: an HTTP library that followed it by itself would carry the
	// caller's token, or a body meant for the system, to wherever the system says.
	LocationHeader = "Counterfoil-Location"

	own = "Counterfoil-"
)

// hopByHop are about one connection (RFC 9110 §7.6.1), and not passed on in either direction.
var hopByHop = []string{
	"Connection",
	"Keep-Alive",
	"Proxy-Authenticate",
	"Proxy-Authorization",
	"Proxy-Connection",
	"Te",
	"Trailer",
	"Transfer-Encoding",
	"Upgrade",
}

// kept are headers of the caller that say who they are, where they are, or what their browser is doing.
var kept = []string{
	"Authorization",
	"Cookie",
	"Cookie2",
	"Forwarded",
	"Via",
	"X-Real-Ip",
	"X-Client-Cert",
	"Client-Cert",
	"Client-Cert-Chain",
	"Origin",
	"Referer",
	"Expect",
	"Host",
	"Service-Worker",
}

// keptPrefixes are families of such headers.
var keptPrefixes = []string{own, "X-Forwarded-", "Sec-", "Cf-", "Proxy-"}

// dropped are headers of an answer that a browser would act on for our whole origin.
var dropped = []string{
	"Set-Cookie",
	"Set-Cookie2",
	"Service-Worker-Allowed",
	"Clear-Site-Data",
	"Content-Security-Policy",
	"Content-Security-Policy-Report-Only",
	"Strict-Transport-Security",
	"Public-Key-Pins",
	"Public-Key-Pins-Report-Only",
	"Expect-Ct",
	"Alt-Svc",
	"Nel",
	"Report-To",
	"Reporting-Endpoints",
	"Refresh",
	"Link",
	"Sourcemap",
	"X-Sourcemap",
	"Timing-Allow-Origin",
	"Origin-Agent-Cluster",
	"Permissions-Policy",
	"Referrer-Policy",
	"Server-Timing",
	"X-Accel-Redirect",
	"X-Sendfile",
	"Www-Authenticate",
}

// droppedPrefixes are families of such headers.
var droppedPrefixes = []string{"Access-Control-", "Cross-Origin-", "X-Accel-", own}

// outbound makes the headers of the request that goes out of those that came in.
func outbound(in http.Header) http.Header {
	out := in.Clone()
	strip(out, kept, keptPrefixes)
	return out
}

// inbound makes an answer's headers harmless: whoever opens it in a browser gets a file, not a page of our origin.
func inbound(h http.Header, status int) {
	location := h.Get("Location")
	strip(h, dropped, droppedPrefixes)
	if status >= 300 && status < 400 && location != "" {
		h.Del("Location")
		h.Set(LocationHeader, location)
	}
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Del("X-Content-Type-Options") // which every answer of ours has already
	h.Set("Content-Disposition", "attachment")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// strip removes what is about one connection, also what Connection itself names, and what is listed.
func strip(h http.Header, names, prefixes []string) {
	for _, line := range h["Connection"] {
		for name := range strings.SplitSeq(line, ",") {
			if name = textproto.TrimString(name); name != "" {
				h.Del(name)
			}
		}
	}
	for _, list := range [][]string{hopByHop, names} {
		for _, name := range list {
			delete(h, name)
		}
	}
	for name := range h {
		for _, prefix := range prefixes {
			if strings.HasPrefix(http.CanonicalHeaderKey(name), prefix) {
				delete(h, name)
			}
		}
	}
}
