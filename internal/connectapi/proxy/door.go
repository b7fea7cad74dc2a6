package proxy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/connect/fresh"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/web"
	"github.com/counterfoil/counterfoil/internal/web/caller"
)

// Base is where the proxy stands in every environment.
const Base = "/connect/proxy/"

// Ways finds the way to a connection; [fresh.Keeper] does.
type Ways interface {
	Way(ctx context.Context, actor *access.Actor, connection uuid.UUID) (*fresh.Way, error)
	Rejected(ctx context.Context, environment, connection uuid.UUID, token seal.Secret)
}

// Door passes requests on. All fields are required.
type Door struct {
	Guard *caller.Guard
	Ways  Ways
	// Transport is the guarded way out.
	Transport http.RoundTripper
	Now       func() time.Time
}

// methods are what is passed on.
var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}

// Routes registers the door's routes.
func (d *Door) Routes(m *web.Mux) {
	for _, method := range methods {
		if method != http.MethodHead { // which GET takes as well
			m.HandleFunc(method+" "+Base+"{path...}", d.pass)
		}
	}
}

// streamTime is how long a request and its answer may take as long as bytes flow.
const streamTime = 10 * time.Minute

func (d *Door) pass(w http.ResponseWriter, r *http.Request) {
	who, err := d.admit(w, r)
	if err != nil {
		web.WriteProblem(w, err)
		return
	}
	target, err := d.read(r)
	if err != nil {
		web.WriteProblem(w, err)
		return
	}
	way, err := d.Ways.Way(r.Context(), &who.Actor, target.connection)
	if err == nil {
		err = way.Connection.Connector.Settings.Passes(who.Actor.Application.String(), r.Method, target.path)
	}
	if err == nil {
		target.base, err = base(way, target.override)
	}
	if err != nil {
		web.WriteProblem(w, err)
		return
	}
	control := http.NewResponseController(w)
	if r.ContentLength < 0 { // a stream, of which net/http would read all that there is before the answer's first byte
		_ = control.EnableFullDuplex()
		defer func() { // what nobody read must not be in the way of the next request
			_ = control.SetReadDeadline(d.Now().Add(time.Second))
			_, _ = io.CopyN(io.Discard, r.Body, replayable)
		}()
	}
	end := d.Now().Add(streamTime)
	_ = control.SetReadDeadline(end) // a writer that cannot is one without a connection, in tests
	_ = control.SetWriteDeadline(end)
	ctx, cancel := context.WithTimeout(r.Context(), streamTime)
	defer cancel()
	d.forward(w, r.WithContext(ctx), who, target, way)
}

// admit lets programs in: with a bearer token, never with what a browser sends by itself.
func (d *Door) admit(w http.ResponseWriter, r *http.Request) (*caller.Caller, error) {
	if mode := r.Header.Get("Sec-Fetch-Mode"); mode == "navigate" || r.Header.Get("Sec-Fetch-Dest") == "document" {
		return nil, fault.New(fault.Denied, "this address is for programs, not for a browser's address bar")
	}
	if r.Header.Get("Upgrade") != "" {
		return nil, fault.New(fault.Invalid, "the proxy passes on requests, not connections: leave out the header Upgrade")
	}
	return d.Guard.Admit(w, r, caller.Terms{Scope: access.UseConnections})
}

// target is what a request is for.
type target struct {
	connection uuid.UUID
	// path begins with a slash and is not escaped; escaped is as it goes out.
	path, escaped string
	override      string
	retries       int
	base          *url.URL
}

func (d *Door) read(r *http.Request) (*target, error) {
	t := &target{path: "/" + strings.TrimPrefix(r.URL.Path, Base), escaped: "/" + strings.TrimPrefix(r.URL.EscapedPath(), Base), retries: 2}
	id, err := uuid.Parse(r.Header.Get(ConnectionHeader))
	if err != nil || len(r.Header[http.CanonicalHeaderKey(ConnectionHeader)]) != 1 {
		return nil, fault.New(fault.Invalid, "the header %s must name one connection by its id", ConnectionHeader)
	}
	t.connection = id
	if clean := path.Clean(t.path); clean != strings.TrimSuffix(t.path, "/") && t.path != "/" || strings.ContainsAny(t.path, "\\\x00") {
		return nil, fault.New(fault.Invalid, "the path must not hold empty or dotted segments, or backslashes")
	}
	lower := strings.ToLower(t.escaped)
	for _, code := range []string{"%2f", "%5c", "%2e", "%00", "%25"} {
		if strings.Contains(lower, code) { // what one server takes for a character, another takes for a path
			return nil, fault.New(fault.Invalid, "the path must not hold %s", code)
		}
	}
	if text := r.Header.Get(RetriesHeader); text != "" {
		if t.retries, err = strconv.Atoi(text); err != nil || t.retries < 0 || t.retries > maxRetries {
			return nil, fault.New(fault.Invalid, "the header %s must be a number from 0 to %d", RetriesHeader, maxRetries)
		}
	}
	t.override = r.Header.Get(BaseURLHeader)
	return t, nil
}

// base is where a request goes: to the system's API, or to another place that the connector names.
func base(way *fresh.Way, override string) (*url.URL, error) {
	at, others := way.BaseURL, way.Connection.Connector.Settings.BaseURLs
	if override != "" {
		if !slices.Contains(others, strings.TrimSuffix(override, "/")) && !slices.Contains(others, override) {
			return nil, fault.New(fault.Denied, "the connector does not list this base URL")
		}
		at = override
	}
	u, err := url.Parse(at)
	if at == "" || err != nil {
		return nil, fault.New(fault.Conflict, "nobody said where the API of this connection is: name a base URL that its connector lists in %s", BaseURLHeader)
	}
	return u, nil
}

func (d *Door) forward(w http.ResponseWriter, r *http.Request, who *caller.Caller, t *target, way *fresh.Way) {
	trip := &trip{door: d, actor: &who.Actor, target: t, way: way}
	proxy := httputil.ReverseProxy{
		Transport:     trip,
		FlushInterval: -1,
		BufferPool:    buffers,
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.Header = outbound(p.In.Header)
			p.Out.Host, p.Out.Trailer = "", nil
			p.Out.URL = t.base.JoinPath("/") // a copy
			p.Out.URL.Path, p.Out.URL.RawPath = strings.TrimSuffix(t.base.Path, "/")+t.path, strings.TrimSuffix(t.base.EscapedPath(), "/")+t.escaped
			p.Out.URL.RawQuery = p.In.URL.RawQuery
			sign(p.Out, way)
		},
		ModifyResponse: func(answer *http.Response) error {
			inbound(answer.Header, answer.StatusCode)
			answer.Trailer = nil
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			if errors.Is(r.Context().Err(), context.Canceled) {
				panic(http.ErrAbortHandler) // the caller is gone
			}
			web.WriteProblem(w, d.explain(err))
		},
	}
	proxy.ServeHTTP(w, r)
}

// sign puts the connection's own headers on a request, in the place of any that the caller wrote.
func sign(out *http.Request, way *fresh.Way) {
	for name, value := range way.Headers {
		out.Header.Set(name, value)
	}
	if out.Header.Get("User-Agent") == "" {
		out.Header.Set("User-Agent", "Counterfoil")
	}
}

// explain turns what went wrong on the way out into words for the caller. Causes are for the log.
func (d *Door) explain(err error) error {
	var f *fault.Error
	if errors.As(err, &f) {
		return f
	}
	return fault.Wrap(fault.Unavailable, err, "the system behind the connection did not answer")
}
