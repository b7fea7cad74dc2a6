package web

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
)

// HTML marks an answer as a page that nobody keeps, frames, indexes or learns the address of from a link in it. policy is its
// Content-Security-Policy.
func HTML(h http.Header, policy string) {
	NoStore(h)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h["Referrer-Policy"] = noReferrer
	h.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// HashSource is the source expression that lets a policy name the one inline style or script with that text (CSP Level 3
// §2.3.1).
func HashSource(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
