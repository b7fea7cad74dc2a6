package oauth

import (
	"bytes"
	"net/http"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/logon"
	"github.com/counterfoil/counterfoil/internal/register"
)

// presented is what a request brings to prove who its client is.
type presented struct{ logon.Presented }

// assertionType is the only kind of assertion there is (RFC 7523 §2.2).
const assertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

// anyAssertion stands for an assertion until it was read.
const anyAssertion = register.PrivateKeyJWT

// read finds the one client authentication in a request (RFC 6749 §2.3): never two, or the weaker could win.
func (p *presented) read(r *http.Request, f *form) error {
	p.Reset(access.FamilyOpenID)
	headers := r.Header["Authorization"]
	asserted := f.assertion != nil || f.assertionType != nil
	switch {
	case len(headers) > 1:
		return errMalformed
	case len(headers) == 1 && (f.clientSecret != nil || asserted), f.clientSecret != nil && asserted:
		return errTwoMethods
	case len(headers) == 1:
		return p.readBasic(headers[0], f)
	case asserted:
		if f.assertion == nil || string(f.assertionType) != assertionType {
			return errAssertionType
		}
		p.Method, p.Assertion = anyAssertion, f.assertion
		p.SetID(f.clientID)
		if f.clientID != nil && !p.Known {
			return errClient
		}
		return nil
	case f.clientSecret != nil:
		p.Method, p.Readings[0] = register.Post, f.clientSecret
		p.SetID(f.clientID)
		return nil
	}
	return p.readCertificate(f)
}

// readCertificate takes the client from the client_id parameter and the proof from the connection (RFC 8705 §2).
func (p *presented) readCertificate(f *form) error {
	if f.clientID == nil {
		return errNoMethod
	}
	p.SetID(f.clientID)
	p.Method = register.TLS
	return nil
}

func (p *presented) readBasic(header string, f *form) error {
	id, ok := p.ReadBasic(header)
	if !ok {
		return errMalformed
	}
	if f.clientID != nil && !bytes.Equal(f.clientID, id) {
		return errMismatch
	}
	return nil
}

// authenticateCall proves who the client is, by the one method in the request.
func (d *Door) authenticateCall(c *call) error {
	p := &c.presented
	if err := p.read(c.request, &c.form); err != nil {
		return err
	}
	if c.dialect != nil && p.Method&c.dialect.methods == 0 {
		return errMethod
	}
	p.From, p.Agent = c.exchange.Remote(), c.request.UserAgent()
	if p.Method == register.TLS || p.Assertion != nil {
		p.Endpoint = c.environment.Issuer + c.request.URL.Path
		p.Certificate, p.Chain = c.exchange.ClientCertificate()
		if p.Assertion == nil && p.Certificate == nil {
			return errNoMethod
		}
	}
	with, err := d.Logon.Prove(c.request.Context(), c.environment, &p.Presented, &c.client, c.now)
	c.with = with
	return refusedLogon(err)
}

// refusedLogon puts the refusal of a client in this door's words: who did not prove itself hears the same in every case.
func refusedLogon(err error) error {
	refused, ok := err.(*logon.Refused) //nolint:errorlint // made by the room and never wrapped
	switch {
	case !ok:
		return err
	case refused.Reason == logon.ReasonKeys:
		return &refusal{errKeys.status, errKeys.code, errKeys.description, refused.Reason, refused.Detail}
	case !refused.Proven:
		return &refusal{errClient.status, errClient.code, errClient.description, refused.Reason, refused.Detail}
	case refused.Reason == logon.ReasonMethod:
		return errMethod
	default:
		return refusedBy(refused.Gate)
	}
}
