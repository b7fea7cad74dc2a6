package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"html/template"
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

// WritePage answers with what a template makes of data, as [HTML] says. A template that fails is a problem document: nothing
// of the page is sent before all of it is made.
func WritePage(w http.ResponseWriter, status int, policy string, page *template.Template, data any) {
	var text bytes.Buffer
	if err := page.Execute(&text, data); err != nil {
		WriteProblem(w, err)
		return
	}
	HTML(w.Header(), policy)
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes()) // who has gone is gone
}

// HashSource is the source expression that lets a policy name the one inline style or script with that text (CSP Level 3
// §2.3.1).
func HashSource(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
