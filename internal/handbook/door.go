package handbook

import (
	"bytes"
	"net/http"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/counterfoil/counterfoil/internal/web"
)

// Door serves the documentation in every environment. Make it with [New].
type Door struct {
	shelf func() (*shelf, error)
}

// New returns the door. document gives the OpenAPI document of the management API; it is asked once, by the first request.
func New(document func() ([]byte, error)) *Door {
	return &Door{shelf: sync.OnceValues(func() (*shelf, error) {
		text, err := document()
		if err != nil {
			return nil, err
		}
		return newShelf(text)
	})}
}

// Routes registers the door's routes.
func (d *Door) Routes(m *web.Mux) {
	m.HandleFunc("GET /docs", func(w http.ResponseWriter, _ *http.Request) { redirect(w, "docs/") })
	m.HandleFunc("GET /docs/{page...}", d.serve)
}

// policy lets nothing run: a page loads the one style sheet and its pictures from here, and no more.
const policy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// serve answers with what stands on the shelf under exactly that path. A page that is missing is a page, too.
func (d *Door) serve(w http.ResponseWriter, r *http.Request) {
	s, err := d.shelf()
	if err != nil {
		web.WriteProblem(w, err)
		return
	}
	name := r.PathValue("page")
	found, status := s.leaves[name], http.StatusOK
	if found == nil {
		if _, folder := s.leaves[name+"/"]; folder {
			redirect(w, path.Base(name)+"/")
			return
		}
		status = http.StatusNotFound
		if found, err = s.missing(strings.Count(name, "/")); err != nil {
			web.WriteProblem(w, err)
			return
		}
	}
	h := w.Header()
	h.Set("Content-Type", found.kind)
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Robots-Tag", "noindex") // one installation among many that have the same pages
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	if status != http.StatusOK {
		web.NoStore(h)
		w.WriteHeader(status)
		if r.Method != http.MethodHead {
			_, _ = w.Write(found.text) //nolint:gosec // a page of the program, never what a request says; who has gone is gone
		}
		return
	}
	// Five minutes, because the address of a page stays when its text changes with the next version.
	h.Set("Cache-Control", "public, max-age=300")
	h.Set("ETag", found.tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(found.text))
}

// redirect leads to a path relative to this one, which keeps the environment's segment that is not in sight here.
func redirect(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusPermanentRedirect)
}
