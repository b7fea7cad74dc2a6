package connectapi

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"unicode/utf16"

	"github.com/counterfoil/counterfoil/internal/connect/session"
	"github.com/counterfoil/counterfoil/internal/web"
)

// part is a value that a pasted text tells: the value itself, or where it stands in the text, in UTF-16 units.
type part struct {
	Value *string `json:"value,omitempty"`
	From  int     `json:"from,omitempty"`
	To    int     `json:"to,omitempty"`
}

// paste says which fields a pasted text fills. Secrets are not in the answer: whoever asks has the text, and is told where in
// it they stand.
func (d *Door) paste(w http.ResponseWriter, r *http.Request) {
	form, err := read(r)
	if err != nil {
		web.WriteProblem(w, err)
		return
	}
	p, err := d.who(w, r, form)
	if err != nil {
		web.WriteProblem(w, err)
		return
	}
	v, err := d.Flow.Look(r.Context(), p)
	if err != nil {
		web.WriteProblem(w, err)
		return
	}
	of := &page{View: v, Choice: v.Choice(form.Get("connector"))}
	of.Language = speak(v.Language, r)
	if of.Choice == nil {
		web.WriteProblem(w, session.ErrUnknown)
		return
	}
	fields, said := of.pasted(form.Get("text"))
	answer(w, struct {
		Fields map[string]part `json:"fields,omitempty"`
		Said   string          `json:"said,omitempty"`
	}{fields, said})
}

func (p *page) pasted(text string) (map[string]part, string) {
	told := p.Choice.Offers.Pasted(text)
	fields, titles := map[string]part{}, []string{}
	for _, f := range p.Choice.Asked() {
		name := f.Name
		value, is := told[name]
		if !is {
			continue
		}
		if !f.Secret {
			fields[name] = part{Value: &value}
		} else if at := strings.Index(text, value); at >= 0 {
			from := units(text[:at])
			fields[name] = part{From: from, To: from + units(value)}
		} else {
			continue
		}
		titles = append(titles, p.Tell(f.Title))
	}
	return fields, strings.Join(titles, ", ")
}

// units is how long a text is for a script.
func units(text string) int { return len(utf16.Encode([]rune(text))) }

// look says whether a session is over, to a page that waits for what happens in another window.
func (d *Door) look(w http.ResponseWriter, r *http.Request) {
	form, err := read(r)
	if err != nil {
		web.WriteProblem(w, err)
		return
	}
	p, err := d.who(w, r, form)
	if err == nil {
		_, err = d.Flow.Look(r.Context(), p)
	}
	if err != nil && !session.Over(err) {
		web.WriteProblem(w, err)
		return
	}
	answer(w, map[string]bool{"over": err != nil && !errors.Is(err, session.ErrUnknown)})
}

func answer(w http.ResponseWriter, what any) {
	text, err := json.Marshal(what)
	if err != nil {
		web.WriteProblem(w, err)
		return
	}
	h := w.Header()
	web.NoStore(h)
	web.Inert(h)
	web.JSON(h)
	_, _ = w.Write(text) // who has gone is gone
}

// embedTag changes with connect.js.
var embedTag = func() string {
	sum := sha256.Sum256([]byte(embedded))
	return `"` + hex.EncodeToString(sum[:8]) + `"`
}()

// serveScript serves connect.js to any site. It holds nothing but itself; a site that wants to be sure of what it runs gives
// its hash (Subresource Integrity), for which the answer allows every origin.
func serveScript(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", "text/javascript; charset=utf-8")
	h.Set("Cache-Control", "public, max-age=3600")
	h.Set("ETag", embedTag)
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	if r.Header.Get("If-None-Match") == embedTag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write([]byte(embedded)) // who has gone is gone
}
