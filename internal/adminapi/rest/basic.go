package rest

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential/usage"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/logon"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Basic names the security scheme of operations that a client may call with its client_id and secret as they are.
const Basic = "basic"

// Ownable makes an operation one that takes HTTP Basic too, beside a token: the caller is then the application itself,
// by a credential of the API family application, and holds no permission of the management API.
func Ownable(op huma.Operation) huma.Operation {
	op.Security = append(op.Security, map[string][]string{Basic: {}})
	op.Errors = append(op.Errors, http.StatusTooManyRequests)
	return op
}

func ownable(op *huma.Operation) bool {
	return len(op.Security) > 1
}

const badClient = `Basic realm="counterfoil", charset="UTF-8"`

var (
	errBasic = fault.New(fault.Invalid, "the Authorization header is no well-formed one of HTTP Basic (RFC 7617)")
	// errClient is what everybody hears who did not prove who they are: unknown, locked and wrong look the same.
	errClient = fault.New(fault.Unauthenticated, "client authentication failed")
)

// proveBasic lets a client in that sent HTTP Basic, and fills c; or it answers the request and reports that it did not.
func (d *Desk) proveBasic(w http.ResponseWriter, r *http.Request, header string, c *Call) (in bool) {
	x := web.Of(w)
	var p logon.Presented
	p.Reset(access.FamilyApplication)
	if _, ok := p.ReadBasic(header); !ok {
		web.WriteProblem(w, errBasic)
		return false
	}
	p.From, p.Agent = x.Remote(), r.UserAgent()
	if p.Known {
		x.ClientID = p.ID
	}
	var client register.Client
	now := d.Now()
	with, err := d.Logon.Prove(r.Context(), x.Environment, &p, &client, now)
	refused, ok := errors.AsType[*logon.Refused](err)
	if ok && p.Exists {
		noted := usage.Refusal{At: now, Reason: refused.Reason, Detail: refused.Detail, Method: p.Method.String(), Address: p.From}
		if with != nil {
			noted.Credential = with.ID
		}
		d.Refusals.Note(x.Environment.ID, p.ID, noted)
	}
	switch {
	case ok:
		x.Reason = refused.Reason
		d.refuseClient(r.Context(), w, refused)
		return false
	case err != nil:
		web.WriteProblem(w, err)
		return false
	}
	c.Environment, c.Changed, c.Families = client.Environment, client.Environment.ID, with.Families
	standing := client.Standing(with, client.Environment.Management)
	c.Actor = access.Actor{
		Environment: client.Environment.ID, Home: client.Environment.Default, Application: client.ID, Credential: with.ID,
		Permissions: []string{}, Epochs: standing.Epochs, Request: x.RequestID(),
	}
	if p.From.IsValid() {
		c.Actor.Address = p.From.String()
	}
	return true
}

// refuseClient answers a client that was not let in, on the grid like every refusal of a client.
func (d *Desk) refuseClient(ctx context.Context, w http.ResponseWriter, refused *logon.Refused) {
	err := errClient
	switch {
	case refused.Proven && refused.Gate == access.FamilyMissing:
		web.WriteProblem(w, fault.New(fault.Denied, "this needs the API family application, which the credential does not have"))
		return
	case refused.Proven && refused.Reason == logon.ReasonMethod:
		err = fault.New(fault.Unauthenticated, "the application does not allow this client authentication method")
	case refused.Proven:
		err = fault.New(fault.Unauthenticated, "%s", refused.Gate.Sentence())
	}
	if busy := d.grid.Wait(ctx, web.Of(w).Began()); busy != nil {
		web.WriteProblem(w, busy)
		return
	}
	w.Header().Set("WWW-Authenticate", badClient)
	web.WriteProblem(w, err)
}
