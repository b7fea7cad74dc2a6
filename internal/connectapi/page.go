package connectapi

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/connect/exchange"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/connect/session"
	"github.com/counterfoil/counterfoil/internal/web"
)

// page is what is put into the template.
type page struct {
	// State names the page; its words begin with it.
	State    string
	Language string
	// Session is the session's id. Token is set in a frame, where forms bring it along.
	Session uuid.UUID
	Token   string
	// Action is the path of the session's pages.
	Action string
	// Sites may frame the page, and are sent its messages.
	Sites []string

	View   *session.View
	Choice *session.Choice
	Fields []field
	// Refused says that fields do not fit, Failed that the credential did not work.
	Refused, Failed bool
	Steps           []step
	// Hint says what to do about a step that failed, Guide where that is explained.
	Hint, Guide string
	// Says is what the provider says of it, redacted; Reference what it calls the incident.
	Says, Reference string
	// Warning is what is amiss with a connection that works.
	Warning string
	// Return is where the page leads in the end.
	Return string
	// Event is what the page tells the site around it, Error and Stage what is wrong.
	Event, Error, Stage string
}

// field is one that a person fills in.
type field struct {
	provider.Field
	Value, Problem, Note, Help string
}

// Shown is the example, where there is nothing better to look at.
func (f field) Shown() string {
	if f.Value != "" && f.Problem == "" {
		return ""
	}
	return f.Example
}

// Described returns the ids of what describes a field.
func (f field) Described() string {
	var ids []string
	for _, part := range []struct{ id, text string }{
		{"problem", f.Problem},
		{"note", f.Note},
		{"about", f.Description},
		{"example", f.Shown()},
	} {
		if part.text != "" {
			ids = append(ids, f.Name+"-"+part.id)
		}
	}
	return strings.Join(ids, " ")
}

// step is a stage of checking as it is shown.
type step struct {
	Stage provider.Stage
	// State is ok, failed, maybe (one of several that failed), skipped or warning.
	State string
}

// pageOf is a page of a session.
func pageOf(w http.ResponseWriter, p session.Presented, v *session.View, form url.Values) *page {
	of := &page{View: v, Session: v.ID, Action: place(w, v.ID), Sites: v.Sites, Language: v.Language}
	if form.Get("session") != "" || form.Get("token") != "" {
		of.Token = p.Token.Reveal()
	}
	return of
}

// fill lays values into the fields that are asked for. Secrets have none.
func (p *page) fill(values map[string]string, notes []provider.Note) {
	for _, f := range p.Choice.Asked() {
		shown := field{Field: f, Help: p.help(f.Section)}
		if !f.Secret {
			shown.Value = values[f.Name]
			if shown.Value == "" {
				shown.Value = f.Default
			}
		}
		for _, n := range notes {
			if n.Field == f.Name {
				shown.Note = string(n.Kind)
			}
		}
		p.Fields = append(p.Fields, shown)
	}
}

// help is where a section of the documentation is. Somebody else's documentation has other sections.
func (p *page) help(section string) string {
	if section == "" || p.Choice.Help != p.Choice.Offers.Docs {
		return ""
	}
	return p.Choice.Help + section
}

// refuse says which fields do not fit.
func (p *page) refuse(wrong provider.FieldErrors) {
	p.Refused, p.Error = true, "invalid"
	for i := range p.Fields {
		if why, is := wrong[p.Fields[i].Name]; is {
			p.Fields[i].Problem = why
			delete(wrong, p.Fields[i].Name)
		}
	}
	if len(wrong) > 0 { // of what nobody is asked for: whoever sent the link got it wrong
		p.State, p.Error = "preset", "preset"
	}
}

// report shows how checking failed.
func (p *page) report(r *exchange.Report) {
	p.Failed, p.Error = true, "check_failed"
	failed := r.Failed()
	p.Stage, p.Hint, p.Guide = string(failed.Stage), failed.Hint, p.help(failed.Section)
	p.Says, p.Reference = failed.Says, failed.Reference
	if p.Guide == "" {
		p.Guide = p.Choice.Help
	}
	for i := range r.Steps {
		s := step{r.Steps[i].Stage, string(r.Steps[i].State)}
		if len(failed.Among) > 0 && (s.Stage == failed.Stage || slices.Contains(failed.Among, s.Stage)) {
			s.State = "maybe"
		}
		p.Steps = append(p.Steps, s)
	}
}

// passed shows how checking went well.
func (p *page) passed(v *session.View) {
	p.Warning = v.Made.Warning
	for _, s := range v.Steps {
		p.Steps = append(p.Steps, step{s.Stage, s.State})
	}
}

// Origins are the sites as a script reads them.
func (p *page) Origins() string { return strings.Join(p.Sites, " ") }

// Title is what is connected.
func (p *page) Title() string {
	if p.Choice == nil {
		return ""
	}
	return p.Choice.Title
}

// Initial is the first letter of what is connected.
func (p *page) Initial() string {
	for _, r := range p.Title() {
		return strings.ToUpper(string(r))
	}
	return ""
}

// For names whom the page is for, in the words of whoever sent the link.
func (p *page) For() string {
	if p.View == nil {
		return ""
	}
	user := &p.View.Carried.EndUser
	if p.View.Former != nil {
		user = &p.View.Former.EndUser
	}
	name := user.DisplayName
	if name == "" {
		name = user.Email
	}
	if user.OrganizationName != "" && name != "" {
		return name + " · " + user.OrganizationName
	}
	return name + user.OrganizationName
}

var (
	//go:embed page.html
	source string
	//go:embed page.css
	sheet string
	//go:embed page.js
	script string
	//go:embed connect.js
	embedded string

	pages      = template.Must(template.New("page").Parse(source))
	sheetHash  = web.HashSource(sheet)
	scriptHash = web.HashSource(script)
)

// policy lets our own script run and post here, and nothing else run or load. Style sheets and script are told by their
// hashes. Only the sites of the session may frame the page.
func (p *page) policy(colors string) string {
	frames := "'none'"
	if len(p.Sites) > 0 {
		frames = strings.Join(p.Sites, " ")
	}
	forms := "'self'"
	if p.Choice != nil && p.Choice.Offers.Mode == provider.AuthorizationCode {
		forms += " https:" // browsers hold the redirect after a form to this, too (CSP Level 3 §6.3.1)
	}
	return "default-src 'none'; script-src " + scriptHash + "; style-src " + sheetHash + " " + web.HashSource(colors) +
		"; connect-src 'self'; form-action " + forms + "; base-uri 'none'; frame-ancestors " + frames
}

// write answers with a page.
func (d *Door) write(w http.ResponseWriter, r *http.Request, status int, p *page) {
	p.Language = speak(p.Language, r)
	theme := session.Theme{}
	if p.View != nil {
		theme = p.View.Theme
	}
	colors := colorsOf(theme)
	var text bytes.Buffer
	data := struct {
		*page
		Style, Colors template.CSS
		Script        template.JS
	}{p, template.CSS(sheet), template.CSS(colors), template.JS(script)} // #nosec G203 -- our own, and bound by their hashes; colours were checked
	if err := pages.Execute(&text, data); err != nil {
		web.WriteProblem(w, err)
		return
	}
	h := w.Header()
	web.HTML(h, p.policy(colors))
	if len(p.Sites) > 0 {
		h.Del("X-Frame-Options")                              // it cannot name sites; the policy does
		h.Set("Cross-Origin-Resource-Policy", "cross-origin") // for sites that isolate themselves (COEP)
	}
	h.Set("Content-Language", p.Language)
	h.Set("Vary", "Accept-Language")
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes()) // who has gone is gone
}

// With is what the template of a field gets.
func (p *page) With(f field) any {
	return struct {
		Page  *page
		Field field
	}{p, f}
}
