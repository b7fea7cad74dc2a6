package connectapi

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/connect/session"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/web"
	"github.com/counterfoil/counterfoil/internal/web/limit"
)

// Door serves the Connect pages of every environment.
type Door struct {
	DB   *db.DB
	Flow *session.Flow
	// Place returns an environment by its id, or nil.
	Place func(uuid.UUID) *register.Environment
	// Limits bound how often one network asks; nil is no bound.
	Limits *limit.Limiter
}

// Routes registers the door's routes. Their patterns are what the request log says, and nothing in them is secret.
func (d *Door) Routes(m *web.Mux) {
	m.HandleFunc("GET /connect/connect.js", serveScript)
	for pattern, serve := range map[string]http.HandlerFunc{
		"GET /connect":                        d.shell,
		"POST /connect":                       d.find,
		"GET /connect/enter/{session}":        d.shell,
		"POST /connect/enter/{session}":       d.open,
		"GET /connect/enter/{session}/form":   d.presented(d.show),
		"POST /connect/enter/{session}/form":  d.presented(d.show),
		"POST /connect/enter/{session}/try":   d.presented(d.try),
		"POST /connect/enter/{session}/paste": d.paste,
		"POST /connect/enter/{session}/agree": d.presented(d.agree),
		"POST /connect/enter/{session}/look":  d.look,
		"GET /connect/enter/{session}/done":   d.presented(d.finished),
		"POST /connect/enter/{session}/done":  d.presented(d.finished),
		"GET /connect/callback":               d.callback,
	} {
		m.Handle(pattern, d.guard(serve))
	}
}

// presented is a handler of requests that show the token of a session, in a form or by its cookie.
func (d *Door) presented(serve func(w http.ResponseWriter, r *http.Request, p session.Presented, form url.Values)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		form, err := read(r)
		if err != nil {
			d.fail(w, r, err)
			return
		}
		p, err := d.who(w, r, form)
		if err != nil {
			d.fail(w, r, err)
			return
		}
		serve(w, r, p, form)
	}
}

// maxForm is how much of a form is read, in bytes: a few keys or files, each byte escaped.
const maxForm = 256 << 10

// guard lets nobody in whose browser says that another site sent it, nor a network that asks too often. To ask for a page is
// what links and frames on other sites are for.
func (d *Door) guard(next http.HandlerFunc) http.Handler {
	var origin http.CrossOriginProtection
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := web.Of(w)
		if err := origin.Check(r); err != nil {
			x.Reason = "cross_site"
			d.write(w, r, http.StatusForbidden, &page{State: "elsewhere"})
			return
		}
		if _, _, err := d.Limits.Address(w.Header(), x.Remote()); err != nil {
			d.fail(w, r, err)
			return
		}
		next(w, r)
	})
}

// shell is the page that a link leads to. It looks nothing up but which sites may frame it, and runs the few lines that post
// the token.
func (d *Door) shell(w http.ResponseWriter, r *http.Request) {
	p := &page{State: "enter", Action: base(w) + "/connect"}
	if id, err := uuid.Parse(r.PathValue("session")); err == nil {
		p.Session, p.Action, p.Sites = id, place(w, id), d.sites(r, w, id)
	}
	d.write(w, r, http.StatusOK, p)
}

// find leads a token to the page of its session.
func (d *Door) find(w http.ResponseWriter, r *http.Request) {
	form, err := read(r)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	token := pasted(form)
	id, ok := session.Named(token)
	if !ok {
		d.fail(w, r, session.ErrUnknown)
		return
	}
	setCookie(w, id, token)
	seeOther(w, place(w, id)+"/form")
}

// open takes the token that a link brought. In a frame the answer is the form itself, because there is no cookie that a next
// request could bring.
func (d *Door) open(w http.ResponseWriter, r *http.Request) {
	form, err := read(r)
	if err != nil {
		d.fail(w, r, err)
		return
	}
	token := pasted(form)
	id, ok := session.Named(token)
	if !ok || id.String() != r.PathValue("session") {
		d.fail(w, r, session.ErrUnknown)
		return
	}
	if form.Get("framed") != "" || framed(r) {
		d.show(w, r, presented(w, token), form)
		return
	}
	setCookie(w, id, token)
	seeOther(w, place(w, id)+"/form")
}

// pasted returns the token of a form; people paste the whole link.
func pasted(form url.Values) seal.Secret {
	text := strings.TrimSpace(form.Get("token"))
	if at := strings.LastIndexByte(text, '#'); at >= 0 {
		text = text[at+1:]
	}
	return seal.NewSecret(text)
}

// framed reports whether a browser says that it loads a page into a frame (Fetch Metadata, W3C).
func framed(r *http.Request) bool {
	return r.Header.Get("Sec-Fetch-Dest") == "iframe"
}

func presented(w http.ResponseWriter, token seal.Secret) session.Presented {
	x := web.Of(w)
	p := session.Presented{Environment: x.Environment.ID, Token: token, Request: x.RequestID()}
	if !x.Environment.Enabled {
		p.Environment = uuid.Nil
	}
	if remote := x.Remote(); remote.IsValid() {
		p.Address = remote.String()
	}
	return p
}

// who returns what a form, or the cookie of its session, presents. A token for another session than the path names is none:
// a page never acts on one that it does not show.
func (d *Door) who(w http.ResponseWriter, r *http.Request, form url.Values) (session.Presented, error) {
	token := seal.NewSecret(form.Get("session"))
	if token.Empty() {
		if c, err := r.Cookie(cookieName(w)); err == nil {
			token = seal.NewSecret(c.Value)
		}
	}
	id, ok := session.Named(token)
	if !ok || id.String() != r.PathValue("session") {
		return session.Presented{}, session.ErrUnknown
	}
	return presented(w, token), nil
}

// base is the path that an environment's pages begin with.
func base(w http.ResponseWriter) string {
	u, err := url.Parse(web.Of(w).Environment.Issuer)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(u.Path, "/")
}

func place(w http.ResponseWriter, id uuid.UUID) string {
	return base(w) + "/connect/enter/" + id.String()
}

func secure(w http.ResponseWriter) bool {
	return strings.HasPrefix(web.Of(w).Environment.Issuer, "https://")
}

func cookieName(w http.ResponseWriter) string {
	if secure(w) {
		return "__Secure-connect" // which a page without TLS on this host cannot set
	}
	return "connect"
}

// setCookie gives a browser the token for the pages of its session alone: two sessions in one browser do not mix, and nobody
// can slip another one in under a form that is being filled in. Lax, because the way back from a provider begins elsewhere.
func setCookie(w http.ResponseWriter, id uuid.UUID, token seal.Secret) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Secure is left out in dev alone, which speaks plain HTTP on this machine
		Name: cookieName(w), Value: token.Reveal(), Path: place(w, id), HttpOnly: true, Secure: secure(w), SameSite: http.SameSiteLaxMode,
		MaxAge: int(session.MaxLife.Seconds()),
	})
}

// read returns the form that was sent; anything else is [session.ErrUnknown]. Its values live as long as the request does.
func read(r *http.Request) (url.Values, error) {
	if r.Method == http.MethodGet {
		return url.Values{}, nil
	}
	if web.CheckContentType(r, "application/x-www-form-urlencoded") != nil {
		return nil, session.ErrUnknown // who sends no form shows no token
	}
	body, err := web.ReadBody(r, nil, maxForm)
	if err != nil {
		return nil, err
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, fault.New(fault.Invalid, "the form cannot be read") // the cause would quote it
	}
	return form, nil
}

// seeOther sends the browser on (RFC 9110 §15.4.4), so that nothing is sent twice when a page is read again.
func seeOther(w http.ResponseWriter, to string) {
	web.HTML(w.Header(), "default-src 'none'; frame-ancestors 'none'")
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}
