package web

import (
	"net/http"
	"path"
	"strings"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Mux is a [http.ServeMux] whose routes have a name in the log and in the metrics: the pattern they were
// registered under. Its own answers (404, 405) are problem documents.
type Mux struct {
	mux    http.ServeMux
	site   *Site
	misses map[string]func(w http.ResponseWriter, allowed string) // by prefix
}

// Mux returns an empty mux of the site.
func (s *Site) Mux() *Mux {
	m := &Mux{site: s}
	m.mux.HandleFunc("/", m.miss)
	return m
}

// Handle registers a handler under a pattern of [http.ServeMux], which is also the name of the route.
func (m *Mux) Handle(pattern string, h http.Handler) {
	route := m.site.metrics.route(pattern)
	m.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		Of(w).route = route
		h.ServeHTTP(w, r)
	})
}

// HandleFunc is [Mux.Handle] for a function.
func (m *Mux) HandleFunc(pattern string, h func(http.ResponseWriter, *http.Request)) {
	m.Handle(pattern, http.HandlerFunc(h))
}

// Misses lets miss answer for paths that begin with prefix and that no route takes, in the dialect of whoever stands
// there. allowed lists the methods that the path takes, as the header Allow does; it is empty where nothing is.
func (m *Mux) Misses(prefix string, miss func(w http.ResponseWriter, allowed string)) {
	if m.misses == nil {
		m.misses = map[string]func(http.ResponseWriter, string){}
	}
	m.misses[prefix] = miss
}

func (m *Mux) dialect(path string) func(w http.ResponseWriter, allowed string) {
	for prefix, answer := range m.misses {
		if strings.HasPrefix(path, prefix) {
			return answer
		}
	}
	return nil
}

// Nothing answers that nothing stands under a path, in the dialect of whoever stands there.
func (m *Mux) Nothing(w http.ResponseWriter, path string) {
	if answer := m.dialect(path); answer != nil {
		answer(w, "")
		return
	}
	WriteProblem(w, errNoRoute)
}

// ServeHTTP calls the handler whose pattern fits. A path with empty or dotted segments is not found:
// [http.ServeMux] would redirect it to a clean one and, being past the environment segment, would lead a client
// with its credentials to another environment.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p := r.URL.Path; p != "/" && path.Clean(p) != strings.TrimSuffix(p, "/") {
		m.Nothing(w, p)
		return
	}
	m.mux.ServeHTTP(w, r)
}

// Takes reports whether some route takes a request.
func (m *Mux) Takes(r *http.Request) bool {
	_, pattern := m.mux.Handler(r)
	return pattern != "/"
}

// WriteNothing answers as if nothing stood under the path.
func WriteNothing(w http.ResponseWriter) { WriteProblem(w, errNoRoute) }

// WriteMisdirected answers that what was asked for lives under another domain (RFC 9110 §15.5.20).
func WriteMisdirected(w http.ResponseWriter, domain string) {
	err := fault.New(fault.NotFound, "this environment lives in another region: call it at the address that ends in %s", domain)
	p := problemOf(err)
	p.Status = http.StatusMisdirectedRequest
	p.send(w, err)
}

var errNoRoute = fault.New(fault.NotFound, "there is nothing under this path")

// methods are those that any route of ours uses.
var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}

// miss answers a request that no route takes: 405 when another method would have done, else 404. The catch-all
// pattern that leads here hides the 405 of [http.ServeMux], which is plain text.
func (m *Mux) miss(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	probe := *r
	for _, probe.Method = range methods {
		if _, pattern := m.mux.Handler(&probe); pattern != "/" {
			allowed = append(allowed, probe.Method)
		}
	}
	if answer := m.dialect(r.URL.Path); answer != nil {
		answer(w, strings.Join(allowed, ", "))
		return
	}
	if len(allowed) == 0 {
		WriteProblem(w, errNoRoute)
		return
	}
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	err := fault.New(fault.Invalid, "this path takes other methods: the header Allow lists them")
	p := problemOf(err)
	p.Status = http.StatusMethodNotAllowed
	p.send(w, err)
}
