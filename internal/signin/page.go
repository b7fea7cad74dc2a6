package signin

import (
	"embed"
	"html/template"
	"net/http"
	"net/url"
	"regexp"

	"github.com/counterfoil/counterfoil/internal/directory/recovery"
	"github.com/counterfoil/counterfoil/internal/web"
)

// page is what is put into the template.
type page struct {
	// State names the page; its words begin with it.
	State    string
	Language string
	View     *recovery.View
	// Form is what the pages of people who sign in show, and Account those of people who have.
	Form    *form
	Account *account
	// Here is the path of the account, for links that lead back to it.
	Here string
	// Field is the one that has a Problem, which is the name of what is said about it.
	Field, Problem string
}

var (
	//go:embed page.html signin.html account.html
	sources embed.FS
	//go:embed page.css
	style string

	pages = template.Must(template.ParseFS(sources, "*.html")).Lookup("page.html")
	sheet = web.HashSource(style)
)

// plainHost is what a host looks like that can stand in a policy.
var plainHost = regexp.MustCompile(`^[A-Za-z0-9.-]+(:[0-9]+)?$|^\[[0-9A-Fa-f:.]+\](:[0-9]+)?$`)

// address returns where a link leads in the end, if that is a place on the web.
func address(target string) (*url.URL, bool) {
	u, err := url.Parse(target)
	ok := err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.User == nil && plainHost.MatchString(u.Host)
	return u, ok
}

// Scripted reports whether the page has the script that asks for passkeys.
func (p page) Scripted() bool { return p.Form != nil && p.Form.Passkeys }

// policy lets nothing run and nothing load; the one style sheet is told by its hash. The form may be sent here only. Where it
// is answered by sending the browser on to an application, that redirect must be allowed, and those that follow: browsers
// hold all of them to form-action (CSP Level 3 §6.3.1), and applications send people on to where they sign in.
func policy(view *recovery.View) string {
	forms := "'self'"
	if view != nil {
		if target, ok := address(view.Target); ok && target.Scheme == "https" {
			forms += " https:"
		} else if ok {
			forms += " http://" + target.Host
		}
	}
	return "default-src 'none'; style-src " + sheet + "; form-action " + forms + "; base-uri 'none'; frame-ancestors 'none'"
}

// write answers with a page.
func write(w http.ResponseWriter, status int, p page) {
	w.Header().Set("Content-Language", p.Language)
	w.Header().Set("Vary", "Accept-Language")
	rules := policy(p.View)
	if p.Scripted() {
		rules += "; script-src 'self'; connect-src 'self'"
	}
	web.WritePage(w, status, rules, pages, &struct {
		page
		Style template.CSS
	}{p, template.CSS(style)}) // #nosec G203 -- our own, and bound by its hash
}
