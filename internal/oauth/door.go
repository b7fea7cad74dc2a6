package oauth

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/credential/usage"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/logon"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/token"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Door serves OAuth 2.0 for every environment.
type Door struct {
	DB       *db.DB
	Register *register.Register
	Tokens   *token.Authority
	Logon    *logon.Authority
	Refusals *usage.Refusals
	Now      func() time.Time
	// MTLSBase is the base URL that asks clients for certificates, or empty; CertificateBound says that certificates
	// can reach this server, there or through a proxy, so that tokens may be bound to them. Both are for the metadata.
	MTLSBase         string
	CertificateBound bool

	grid web.Grid
}

// Routes registers the door's routes.
func (d *Door) Routes(m *web.Mux) {
	m.HandleFunc("POST /oauth2/token", d.serve(d.token))
	m.HandleFunc("POST /oauth2/introspect", d.serve(d.introspect))
	m.HandleFunc("POST /oauth2/revoke", d.serve(d.revoke))
	m.HandleFunc("GET /oauth2/jwks", d.keys)
	m.HandleFunc("GET /.well-known/oauth-authorization-server", d.metadata)
	m.HandleFunc("GET /.well-known/oauth-authorization-server/{environment}", d.metadata)
	m.HandleFunc("GET /.well-known/openid-configuration", d.metadata)
	m.HandleFunc("GET /.well-known/openid-configuration/{environment}", d.metadata)
}

// call is one request to an endpoint that takes a form, with the memory it is served in, used again for the
// next: the token path allocates next to nothing of its own.
type call struct {
	exchange    *web.Exchange
	environment *register.Environment
	now         time.Time
	request     *http.Request
	form        form
	presented   presented
	client      register.Client
	dialect     *dialect // nil is our own
	with        *proof.Candidate
	examined    token.Examined
	body        []byte
	answer      []byte
	numbers     []uint32
}

var calls = sync.Pool{New: func() any {
	return &call{body: make([]byte, 0, 2048), answer: make([]byte, 0, 2048)}
}}

// serve returns a handler that reads the form, calls endpoint and sends the answer that it left, or its error.
func (d *Door) serve(endpoint func(*call) error) http.HandlerFunc { return d.serveIn(nil, endpoint) }

// serveIn is [Door.serve] in another door's dialect.
func (d *Door) serveIn(in *dialect, endpoint func(*call) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		x := web.Of(w)
		c := calls.Get().(*call)
		defer calls.Put(c)
		c.exchange, c.environment, c.request, c.now, c.with, c.dialect = x, x.Environment, r, d.Now(), nil, in
		c.answer = c.answer[:0]
		if c.environment.Elsewhere != "" {
			d.sendAway(w, c)
			return
		}
		d.tellAge(w.Header(), c.now)
		err := c.read(r)
		if err == nil {
			err = endpoint(c)
		}
		if c.presented.Known {
			x.ClientID = c.presented.ID
		}
		if err != nil {
			d.note(c, err)
			d.refuse(w, c, err)
			return
		}
		h := w.Header()
		web.NoStore(h)
		web.JSON(h)
		h["Content-Length"] = []string{strconv.Itoa(len(c.answer))}
		_, _ = w.Write(c.answer)
	}
}

// sendAway tells a client that proves who it is where its environment lives. To everybody else there is nothing here.
func (d *Door) sendAway(w http.ResponseWriter, c *call) {
	err := c.read(c.request)
	if err == nil {
		err = d.authenticateCall(c)
	}
	if err != nil {
		web.WriteNothing(w)
		return
	}
	d.refuse(w, c, &refusal{http.StatusBadRequest, "invalid_request",
		"This environment lives in another region: call it at the address that ends in " + c.environment.Elsewhere + ".", "another_region", ""})
}

// tellAge says in every answer how old this node's knowledge is, in seconds, when that is worth knowing: an API
// that serves on while the database is away is told so.
func (d *Door) tellAge(h http.Header, now time.Time) {
	if age := d.Register.Age(now); age > register.RefuseAfter {
		h.Set("Counterfoil-Stale", strconv.Itoa(int(age/time.Second)))
	}
}

func (c *call) read(r *http.Request) error {
	c.presented.Known, c.presented.Exists = false, false
	if web.CheckContentType(r, "application/x-www-form-urlencoded") != nil {
		return errMediaType
	}
	var err error
	if c.body, err = web.ReadBody(r, c.body[:0], maxBody); err != nil {
		return err
	}
	return c.form.parse(c.body)
}
