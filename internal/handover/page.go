package handover

import (
	_ "embed"
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
	policy = "default-src 'none'; style-src " + web.HashSource(style) + "; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

// write answers with the page.
func write(w http.ResponseWriter, status int, p page) {
	web.WritePage(w, status, policy, pages, struct {
		page
		Style template.CSS
	}{p, template.CSS(style)}) // #nosec G203 -- our own, and bound by its hash
}
