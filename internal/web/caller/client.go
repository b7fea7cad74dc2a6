package caller

import (
	"context"
	"errors"
	"net/http"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential/usage"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/logon"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/web"
)

var (
	errBasic = fault.New(fault.Invalid, "the Authorization header is no well-formed one of HTTP Basic (RFC 7617)")
	// errClient is what everybody hears who did not prove who they are: unknown, locked and wrong look the same.
	errClient = fault.New(fault.Unauthenticated, "client authentication failed")
	// errNameless is for a certificate that came alone. It says nothing of any client, because none was named.
	errNameless = fault.New(fault.Unauthenticated, "the certificate does not say whose it is: send the client_id as the user name of HTTP Basic, with an empty password")
)

// presentClient reads the client's own proof into p: a secret, or a certificate. The client_id of a certificate is the
// user name of HTTP Basic, where the password is left empty, or the certificate's common name, as certificates of an
// environment's own authority have it. Which name it is under proves nothing: the certificate must be one of that client's.
func presentClient(x *web.Exchange, r *http.Request, terms Terms, p *logon.Presented) error {
	p.From, p.Agent = x.Remote(), r.UserAgent()
	headers := r.Header["Authorization"]
	if len(headers) == 1 {
		if _, ok := p.ReadBasic(headers[0]); !ok {
			return errBasic
		}
		if !terms.Certificate || len(p.Readings[1]) > 0 || !x.HasCertificate() {
			return nil
		}
		p.Readings = [2][]byte{}
	}
	p.Method = register.TLS
	p.Certificate, p.Chain = x.ClientCertificate()
	if len(headers) == 0 {
		if p.SetID([]byte(p.Certificate.Subject.CommonName)); !p.Known {
			return errNameless
		}
	}
	return nil
}

// admitClient lets a client in that proves itself without a token, and fills c.
func (g *Guard) admitClient(w http.ResponseWriter, r *http.Request, c *Caller) error {
	x := web.Of(w)
	var p logon.Presented
	p.Reset(c.terms.Family)
	if err := presentClient(x, r, c.terms, &p); err != nil {
		if fault.Is(err, fault.Unauthenticated) {
			c.terms.challenge(w, basicChallenge)
		}
		return err
	}
	if p.Known {
		x.ClientID = p.ID
	}
	var client register.Client
	now := g.Now()
	with, err := g.Logon.Prove(r.Context(), x.Environment, &p, &client, now)
	if refused, ok := errors.AsType[*logon.Refused](err); ok {
		if p.Exists {
			noted := usage.Refusal{At: now, Reason: refused.Reason, Detail: refused.Detail, Method: p.Method.String(), Address: p.From}
			if with != nil {
				noted.Credential = with.ID
			}
			g.Refusals.Note(x.Environment.ID, p.ID, noted)
		}
		x.Reason = refused.Reason
		return g.refuseClient(r.Context(), w, c.terms, refused)
	}
	if err != nil {
		return err
	}
	if err := g.Register.Fresh(now, client.Environment.Management); err != nil {
		return err
	}
	c.Environment, c.Kind, c.Method = client.Environment, client.Kind, p.Method
	standing := client.Standing(with, client.Environment.Management)
	c.Actor = access.Actor{
		Environment: client.Environment.ID, Home: client.Environment.Default, Application: client.ID, Credential: with.ID,
		Permissions: []string{}, Families: with.Families, Epochs: standing.Epochs, Request: x.RequestID(),
	}
	// A credential that cannot get a token, for want of the family, has no permissions: else it would do more as it is
	// than through a token. Where a family is asked for, the family is all that the operation is about.
	if c.terms.Family == access.NoFamilies && with.Families.Has(access.FamilyOpenID) {
		asked := access.Asked{Application: client.Permissions, Credential: with.Permissions, Narrowed: with.Narrowed}
		c.Actor.Permissions = client.Environment.Catalogue.ManagementHeld(asked)
	}
	if p.From.IsValid() {
		c.Actor.Address = p.From.String()
	}
	return nil
}

// refuseClient puts into words why a client was not let in, on the grid like every refusal of a client.
func (g *Guard) refuseClient(ctx context.Context, w http.ResponseWriter, terms Terms, refused *logon.Refused) error {
	err := errClient
	switch {
	case refused.Proven && refused.Gate == access.FamilyMissing:
		return fault.New(fault.Denied, "this needs the API family %s, which the credential does not have", terms.Family)
	case refused.Proven && refused.Reason == logon.ReasonMethod:
		err = fault.New(fault.Unauthenticated, "the application does not allow this client authentication method")
	case refused.Proven:
		err = fault.New(fault.Unauthenticated, "%s", refused.Gate.Sentence())
	}
	if busy := g.grid.Wait(ctx, web.Of(w).Began()); busy != nil {
		return busy
	}
	terms.challenge(w, basicChallenge)
	return err
}
