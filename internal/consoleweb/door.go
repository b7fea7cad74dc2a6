package consoleweb

import (
	"bytes"
	"compress/gzip"
	"embed"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"

	"github.com/counterfoil/counterfoil/internal/web"
)

// Base is the path of the console in every environment.
const Base = "/console"

// policy lets the page load what stands beside it and speak to its own origin, and nothing else. Pictures made in the page
// (QR codes) are data; nothing is inline.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// dist holds what make console built; a program that was built without it has only the keeper of the folder.
//
//go:embed all:dist
var dist embed.FS

//go:embed missing.html
var missing string

var missingPage = template.Must(template.New("missing").Parse(missing))

// Door serves the console.
type Door struct {
	files fs.FS
	page  []byte   // nil: the console was not built
	small sync.Map // name → compressed
}

// New returns the door to what was built into the program.
func New() *Door { return over(dist) }

func over(built fs.FS) *Door {
	files, err := fs.Sub(built, "dist/console")
	if err != nil {
		panic("consoleweb: " + err.Error()) // the name of a folder is a constant
	}
	page, _ := fs.ReadFile(files, "index.html")
	return &Door{files: files, page: page}
}

// Routes registers the door's routes.
func (d *Door) Routes(m *web.Mux) {
	m.HandleFunc("GET "+Base, func(w http.ResponseWriter, r *http.Request) {
		// Relative, so that the environment's segment stays.
		w.Header()["Location"] = []string{"console/"}
		w.WriteHeader(http.StatusPermanentRedirect)
	})
	m.HandleFunc("GET "+Base+"/{path...}", d.serve)
}

// serve answers with a file, or with the page for every address that is a screen's: which one, the page finds out.
func (d *Door) serve(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("path")
	if ext := path.Ext(name); ext != "" && kinds[ext] != "" {
		d.file(w, r, name, kinds[ext])
		return
	}
	if d.page == nil {
		web.WritePage(w, http.StatusOK, policy, missingPage, nil)
		return
	}
	web.HTML(w.Header(), policy)
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(d.page) // who has gone is gone
}

// kinds are the files that there are. The types are ours, whatever the machine's list says.
var kinds = map[string]string{
	".js":  "text/javascript; charset=utf-8",
	".css": "text/css; charset=utf-8",
	".svg": "image/svg+xml",
}

// file answers with a file. The name of what lies in assets changes with its content, so browsers keep it for good.
func (d *Door) file(w http.ResponseWriter, r *http.Request, name, kind string) {
	text, err := fs.ReadFile(d.files, name)
	if err != nil {
		web.WriteNothing(w)
		return
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", policy) // a picture that is opened by itself is a page, too
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Vary", "Accept-Encoding")
	h.Set("Cache-Control", "no-cache")
	if strings.HasPrefix(name, "assets/") {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if acceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		text = d.packed(name, text)
	}
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(http.StatusOK)
	_, _ = w.Write(text) //nolint:gosec // a file of the build, never what a request says; who has gone is gone
}

// packed returns a file compressed, which is done once for each: nothing in them is secret or comes from a request, so their
// length tells nothing (BREACH).
func (d *Door) packed(name string, text []byte) []byte {
	if known, ok := d.small.Load(name); ok {
		return known.([]byte) //nolint:forcetypeassert // nothing else is stored
	}
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is one of the package's own
	_, _ = z.Write(text)                                    // memory takes everything
	_ = z.Close()
	d.small.Store(name, out.Bytes())
	return out.Bytes()
}

// acceptsGzip reads Accept-Encoding as far as browsers write it (RFC 9110 §12.5.3).
func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		coding, weight, _ := strings.Cut(part, ";")
		if strings.TrimSpace(coding) == "gzip" && strings.TrimLeft(strings.TrimSpace(weight), "q=0.") != "" || strings.TrimSpace(part) == "gzip" {
			return true
		}
	}
	return false
}
