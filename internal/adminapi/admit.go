package adminapi

import (
	"context"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/token"
	"github.com/counterfoil/counterfoil/internal/web"
)

// call is one request that was let in.
type call struct {
	actor       access.Actor
	environment *register.Environment
	scope       string // what the operation needs; empty: nothing beyond being let in
	elsewhere   bool   // the token is for another API than this one
	method      string
	path        string
	// changed is the environment whose nodes must hear of the change: the actor's, unless the handler says otherwise.
	changed uuid.UUID
}

type callKey struct{}

// callOf returns the request that ctx belongs to.
func callOf(ctx context.Context) *call { return ctx.Value(callKey{}).(*call) }

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

// admit lets a request in that brings a good token of the management API with the scope that its operation
// declares, or a good token of any API if it declares none, and gives the operation its call. It stands before every
// operation of this door.
func (d *Door) admit(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	x := web.Of(w)
	text, ok := bearerToken(r.Header["Authorization"])
	if !ok {
		w.Header().Set("WWW-Authenticate", noToken)
		web.WriteProblem(w, errNoToken)
		return
	}
	c := &call{method: r.Method, path: r.URL.Path}
	if scopes := ctx.Operation().Security[0][bearer]; len(scopes) > 0 {
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
	case c.scope != "" && !c.actor.May(c.scope):
		w.Header().Set("WWW-Authenticate", needScope+c.scope+`"`)
		web.WriteProblem(w, fault.New(fault.Denied, "this needs the scope %s", c.scope))
	default:
		next(huma.WithValue(ctx, callKey{}, c))
	}
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
func (d *Door) know(ctx context.Context, x *web.Exchange, text string, c *call) (access.Refusal, error) {
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
	if c.elsewhere = !known.API.Builtin; c.elsewhere && c.scope != "" {
		return access.Malformed, nil // good, but for another API (RFC 9068 §4)
	}
	c.environment = known.Client.Environment
	c.changed = c.environment.ID
	c.actor = access.Actor{
		Environment: c.environment.ID, Home: c.environment.Default,
		Application: known.Client.ID, Credential: known.Credential.ID,
		Permissions: c.environment.Catalogue.Names(known.Permissions(nil)),
		Epochs:      known.Claims.Epochs, Token: known.Claims.JTI.String(), Expires: time.Unix(known.Claims.Expires, 0).UTC(),
		Request: x.RequestID(),
	}
	if remote := x.Remote(); remote.IsValid() {
		c.actor.Address = remote.String()
	}
	return access.Admitted, nil
}

// allow asks the gate again, inside the transaction. A token of another API is as good as the register says, here as
// where it belongs; what needs a scope has not let it in.
func (c *call) allow(ctx context.Context, tx *db.Tx) error {
	var err error
	switch {
	case c.scope != "":
		err = access.Allow(tx, &c.actor, c.scope)
	case !c.elsewhere:
		err = access.Admit(tx, &c.actor)
	}
	if fault.Is(err, fault.Unauthenticated) {
		return outdated(ctx)
	}
	return err
}

// outdated refuses a token that was good when the request came.
func outdated(ctx context.Context) error {
	web.From(ctx).Header().Set("WWW-Authenticate", badToken)
	return errToken
}
