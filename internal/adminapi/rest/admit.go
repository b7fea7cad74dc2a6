package rest

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/access/rule"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/web"
	"github.com/counterfoil/counterfoil/internal/web/caller"
)

// Call is one request that was let in.
type Call struct {
	*caller.Caller
	// Changed is the environment whose nodes must hear of the change: the actor's, unless the handler says otherwise.
	Changed uuid.UUID

	scope  string // what the operation needs; empty: nothing beyond being let in, or one of several
	method string
	path   string
}

type callKey struct{}

// CallOf returns the request that ctx belongs to. It panics if [Desk.Admit] did not let one in.
func CallOf(ctx context.Context) *Call { return ctx.Value(callKey{}).(*Call) }

// Basic names the security scheme of operations that a client may call with its client_id and secret as they are.
const Basic = "basic"

// Ownable makes an operation one that takes HTTP Basic too, beside a token: the caller is then the application itself,
// by a credential of the API family application, and holds no permission of the management API.
func Ownable(op huma.Operation) huma.Operation {
	op.Security = append(op.Security, map[string][]string{Basic: {}})
	op.Errors = append(op.Errors, http.StatusTooManyRequests)
	return op
}

// Session names the security scheme of the console: the cookie of a person who is signed in.
const Session = "session"

// terms are what an operation takes: a token of the management API with the scope that it declares, or with one of several, or
// a token of any API if it declares none; and HTTP Basic if it is [Ownable]. What a scope opens, people open whose roles include it.
func terms(op *huma.Operation) caller.Terms {
	t := caller.Terms{}
	if op.Security[0][Session] != nil {
		return caller.Terms{Person: true}
	}
	if asked, known := rule.Find(op.Method + " " + rule.Prefix + op.Path); known {
		t.StepUp, t.OneOf = asked.StepUp(), asked.OneOf
	}
	if scopes := op.Security[0][Bearer]; len(scopes) > 0 && len(t.OneOf) == 0 {
		t.Scope = scopes[0]
	}
	t.Session = t.Scope != "" || len(t.OneOf) > 0
	t.OtherAPIs = !t.Session
	if op.Security[len(op.Security)-1][Basic] != nil {
		t.Basic, t.Family = true, access.FamilyApplication
	}
	return t
}

// Admit lets a request in that brings a good token of the management API with the scope that its [Operation] declares,
// or a good token of any API if it declares none, and gives the operation its [Call]; an [Ownable] one takes the client's
// own secret, too. Everybody else hears 401 or 403
// with a challenge, or 503 while this node knows too little to say. It is the middleware that must stand before every operation of the API.
func (d *Desk) Admit(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	terms := terms(ctx.Operation())
	who, err := d.Guard.Admit(w, r, terms)
	if err != nil {
		web.WriteProblem(w, err)
		return
	}
	next(huma.WithValue(ctx, callKey{}, newCall(who, r, terms.Scope)))
}

func newCall(who *caller.Caller, r *http.Request, scope string) *Call {
	return &Call{Caller: who, Changed: who.Environment.ID, scope: scope, method: r.Method, path: r.URL.Path}
}

// SendAway answers for an environment that lives in another region: who comes with a good token, or with the right
// secret, is told where. To everybody else there is nothing here.
func (d *Desk) SendAway(w http.ResponseWriter, r *http.Request) {
	d.Guard.SendAway(w, r, caller.Terms{Basic: true, Family: access.FamilyApplication})
}

// allow asks the gate again, inside the transaction.
func (c *Call) allow(ctx context.Context, tx *db.Tx) error {
	err := c.Allow(tx, c.scope)
	if fault.Is(err, fault.Unauthenticated) {
		return Outdated(ctx)
	}
	return err
}

// Outdated refuses a token that was good when the request came, with the challenge for a bad one. It is for handlers
// that find gone what the token stands for.
func Outdated(ctx context.Context) error {
	return CallOf(ctx).Outdated(web.From(ctx))
}
