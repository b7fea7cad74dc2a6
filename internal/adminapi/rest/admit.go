package rest

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/logon"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/token"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Call is one request that was let in.
type Call struct {
	// Actor is who calls, for the rooms and the ledger. In a transaction the gate takes from its permissions what was
	// taken away since the request was let in.
	Actor access.Actor
	// Environment is the one that the request lies in, as this node knows it.
	Environment *register.Environment
	// Elsewhere says that the token is for another API than this one. It got in because the operation needs no scope.
	Elsewhere bool
	// Families are the API families that the token opens.
	Families access.Families
	// Changed is the environment whose nodes must hear of the change: the actor's, unless the handler says otherwise.
	Changed uuid.UUID

	scope  string // what the operation needs; empty: nothing beyond being let in
	method string
	path   string
}

type callKey struct{}

// CallOf returns the request that ctx belongs to. It panics if [Desk.Admit] did not let one in.
func CallOf(ctx context.Context) *Call { return ctx.Value(callKey{}).(*Call) }

// Challenges (RFC 6750 §3).
const (
	noToken   = `Bearer realm="counterfoil"`
	badToken  = `Bearer realm="counterfoil", error="invalid_token"`
	needScope = `Bearer realm="counterfoil", error="insufficient_scope", scope="`
)

var (
	errNoToken = fault.New(fault.Unauthenticated, "send one Authorization header with an access token of the management API: Bearer and the token (RFC 6750 §2.1)")
	// errToken is all that anybody hears about a token that is not good, whatever is wrong with it.
	errToken = fault.New(fault.Unauthenticated, "the access token is not valid here")
)

// Admit lets a request in that brings a good token of the management API with the scope that its [Operation] declares,
// or a good token of any API if it declares none, and gives the operation its [Call]; an [Ownable] one takes the client's
// own secret, too. Everybody else hears 401 or 403
// with a challenge, or 503 while this node knows too little to say. It is the middleware that must stand before every operation of the API.
func (d *Desk) Admit(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	x := web.Of(w)
	headers := r.Header["Authorization"]
	text, ok := bearerToken(headers)
	c := &Call{method: r.Method, path: r.URL.Path}
	switch {
	case len(headers) == 1 && logon.IsBasic(headers[0]) && ownable(ctx.Operation()):
		if d.proveBasic(w, r, headers[0], c) {
			next(huma.WithValue(ctx, callKey{}, c))
		}
		return
	case !ok:
		w.Header().Set("WWW-Authenticate", noToken)
		web.WriteProblem(w, errNoToken)
		return
	}
	if scopes := ctx.Operation().Security[0][Bearer]; len(scopes) > 0 {
		c.scope = scopes[0]
	}
	refusal, err := d.know(r.Context(), x, text, c)
	switch {
	case err != nil:
		web.WriteProblem(w, err)
	case refusal != access.Admitted:
		x.Reason = refusal.String()
		w.Header().Set("WWW-Authenticate", badToken)
		web.WriteProblem(w, errToken)
	case c.scope != "" && !c.Actor.May(c.scope):
		w.Header().Set("WWW-Authenticate", needScope+c.scope+`"`)
		web.WriteProblem(w, fault.New(fault.Denied, "this needs the scope %s", c.scope))
	default:
		next(huma.WithValue(ctx, callKey{}, c))
	}
}

// SendAway answers for an environment that lives in another region: who comes with a good token, or with the right
// secret, is told where. To everybody else there is nothing here, so nothing else of the request is looked at.
func (d *Desk) SendAway(w http.ResponseWriter, r *http.Request) {
	x, headers := web.Of(w), r.Header["Authorization"]
	text, ok := bearerToken(headers)
	switch {
	case ok:
		refusal, err := d.know(r.Context(), x, text, &Call{})
		ok = err == nil && refusal == access.Admitted
	case len(headers) == 1 && logon.IsBasic(headers[0]):
		var p logon.Presented
		p.Reset(access.FamilyApplication)
		if _, ok = p.ReadBasic(headers[0]); ok {
			p.From, p.Agent = x.Remote(), r.UserAgent()
			_, err := d.Logon.Prove(r.Context(), x.Environment, &p, &register.Client{}, d.Now())
			ok = err == nil
		}
	}
	if !ok {
		web.WriteNothing(w)
		return
	}
	web.WriteMisdirected(w, x.Environment.Elsewhere)
}

// bearerToken returns the token of the only Authorization header.
func bearerToken(headers []string) (text string, ok bool) {
	if len(headers) != 1 {
		return "", false
	}
	scheme, text, _ := strings.Cut(headers[0], " ")
	return text, strings.EqualFold(scheme, "Bearer") && text != ""
}

// know finds out who comes with a token, and fills c. Its error is [fault.Unavailable]: this node knows too little
// to say.
func (d *Desk) know(ctx context.Context, x *web.Exchange, text string, c *Call) (access.Refusal, error) {
	var known token.Examined
	if err := d.Tokens.Examine(ctx, x.Environment, []byte(text), d.Now(), &known); err != nil {
		return access.Unknown, err
	}
	if known.Refusal != access.Malformed {
		x.ClientID = known.Claims.Application
	}
	if known.Refusal != access.Admitted {
		return known.Refusal, nil
	}
	if known.Claims.Bound() && !x.Holds(known.Claims.Confirmation) {
		return access.Malformed, nil // somebody else's: it is good only with its certificate
	}
	if c.Elsewhere = !known.API.Builtin; c.Elsewhere && c.scope != "" {
		return access.Malformed, nil // good, but for another API (RFC 9068 §4)
	}
	// A token that was carried out of the credential's networks, or got before they were drawn, is stolen as far as we
	// can see. One of another API may come from the resource server that it was handed to.
	if networks, from := known.Credential.Networks(), x.Remote(); !c.Elsewhere && len(networks) > 0 && from.IsValid() && !networks.Contain(from) {
		return access.NetworkNotAllowed, nil
	}
	c.Environment = known.Client.Environment
	c.Changed = c.Environment.ID
	c.Families = known.Families()
	c.Actor = access.Actor{
		Environment: c.Environment.ID, Home: c.Environment.Default,
		Application: known.Client.ID, Credential: known.Credential.ID,
		Permissions: c.Environment.Catalogue.Names(known.Permissions(nil)),
		Epochs:      known.Claims.Epochs, Token: known.Claims.JTI.String(),
		Issued: time.Unix(known.Claims.IssuedAt, 0).UTC(), Expires: time.Unix(known.Claims.Expires, 0).UTC(),
		Request: x.RequestID(),
	}
	if remote := x.Remote(); remote.IsValid() {
		c.Actor.Address = remote.String()
	}
	return access.Admitted, nil
}

// allow asks the gate again, inside the transaction. A token of another API is as good as the register says, here as
// where it belongs; what needs a scope has not let it in.
func (c *Call) allow(ctx context.Context, tx *db.Tx) error {
	var err error
	switch {
	case c.scope != "":
		// A role over one thing will do here; the rooms say of which things it speaks.
		err = access.AllowSomewhere(tx, &c.Actor, c.scope)
	case !c.Elsewhere:
		err = access.Admit(tx, &c.Actor)
	}
	if fault.Is(err, fault.Unauthenticated) {
		return Outdated(ctx)
	}
	return err
}

// Outdated refuses a token that was good when the request came, with the challenge for a bad one. It is for handlers
// that find gone what the token stands for.
func Outdated(ctx context.Context) error {
	web.From(ctx).Header().Set("WWW-Authenticate", badToken)
	return errToken
}
