package handover

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"

	"github.com/counterfoil/counterfoil/internal/web"
)

// state is what the page has to say.
type state string

const (
	asking    state = "asking"
	opened    state = "opened"
	gone      state = "gone"
	elsewhere state = "elsewhere"
	later     state = "later"
)

// page is what is put into the template. Its secret is in clear: it lives as long as one answer takes to write.
type page struct {
	State                      state
	ClientID, Secret, TokenURL string
}

var (
	//go:embed page.html
	source string
	//go:embed page.css
	style string

	pages = template.Must(template.New("page").Parse(source))
	// policy lets nothing run and nothing load; the one style sheet is told by its hash. The form may post here only.
	policy = "default-src 'none'; style-src 'sha256-" + digest(style) + "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// write answers with the page. Nobody keeps it, frames it, indexes it or learns its address from a link in it.
func write(w http.ResponseWriter, status int, p page) {
	var text bytes.Buffer
	data := struct {
		page
		Style template.CSS
	}{p, template.CSS(style)} // #nosec G203 -- our own, and bound by its hash
	if err := pages.Execute(&text, data); err != nil {
		web.WriteProblem(w, err)
		return
	}
	h := w.Header()
	web.NoStore(h)
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes()) // who has gone is gone
}
