package oauth

import (
	"bytes"
	"context"
	"encoding/base64"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/usage"
	"github.com/counterfoil/counterfoil/internal/register"
)

// presented is what a request brings to prove who its client is.
type presented struct {
	method register.Methods
	id     uuid.UUID
	known  bool // id is a client_id in form
	exists bool // there is a client with that id, as far as it was looked for
	// readings are the ways the secret can be read: decoded as RFC 6749 §2.3.1 has it, and raw as many clients
	// send it. They are tried in turn and count as one attempt.
	readings [2][]byte
	basic    []byte // memory of the decoded Authorization header, used again
	raw      []byte // and of its secret as sent
	from     netip.Addr
	agent    string
}

// read finds the one client authentication in a request.
func (p *presented) read(r *http.Request, f *form) error {
	p.method, p.known, p.exists, p.readings = 0, false, false, [2][]byte{}
	headers := r.Header["Authorization"]
	switch {
	case len(headers) > 1:
		return errMalformed
	case len(headers) == 1 && (f.clientSecret != nil || f.assertion), f.clientSecret != nil && f.assertion:
		return errTwoMethods
	case len(headers) == 1:
		return p.readBasic(headers[0], f)
	case f.assertion:
		return errClient
	case f.clientSecret != nil:
		p.method, p.readings[0] = register.Post, f.clientSecret
		p.setID(f.clientID)
		return nil
	}
	return errNoMethod
}

func (p *presented) readBasic(header string, f *form) error {
	scheme, encoded, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "Basic") {
		return errMalformed
	}
	var err error
	if p.basic, err = base64.StdEncoding.AppendDecode(p.basic[:0], []byte(strings.TrimLeft(encoded, " "))); err != nil {
		return errMalformed
	}
	// The first colon: the client_id is a UUID and holds none, a secret may.
	at := bytes.IndexByte(p.basic, ':')
	if at < 0 {
		return errMalformed
	}
	id, secret := p.basic[:at], p.basic[at+1:]
	p.raw = append(p.raw[:0], secret...)
	p.method, p.readings[1] = register.Basic, p.raw
	if decoded, ok := formDecode(secret); ok && !bytes.Equal(decoded, p.raw) {
		p.readings[0] = decoded
	}
	if id, ok = formDecode(id); ok {
		p.setID(id)
	}
	if f.clientID != nil && !bytes.Equal(f.clientID, id) {
		return errMismatch
	}
	return nil
}

// setID reads a client_id: a lowercase UUID with hyphens and nothing else, so that one client has one spelling.
func (p *presented) setID(text []byte) {
	if len(text) != 36 || bytes.ContainsAny(text, "ABCDEF") {
		return
	}
	id, err := uuid.ParseBytes(text)
	p.id, p.known = id, err == nil
}

// authenticate proves who the client is and asks the gate. On success client is filled; who came with a wrong
// secret, or for no client at all, hears errClient. The credential whose secret was presented is returned with a
// refusal, too.
func (d *Door) authenticate(ctx context.Context, e *register.Environment, p *presented, client *register.Client, now time.Time) (*credential.Candidate, error) {
	with, err := d.recognise(ctx, e, p, client)
	if err != nil {
		return nil, err
	}
	// A client or secret made on another node a moment ago may be news to this one.
	if with == nil && p.wellFormed() && d.Register.CatchUp(ctx) {
		e = d.Register.Environment(e.ID)
		if with, err = d.recognise(ctx, e, p, client); err != nil {
			return nil, err
		}
	}
	if with == nil {
		return nil, errClient
	}
	if !client.Methods.Allows(p.method) {
		return with, errMethod
	}
	standing := client.Standing(with, nil)
	standing.Door, standing.From = access.FamilyOpenID, p.from
	if r := standing.Admit(now, nil); r != access.Admitted {
		d.Usage.Count(e.ID, with.ID, usage.Use{At: now, Refused: true})
		return with, refusedBy(r)
	}
	d.Usage.Count(e.ID, with.ID, usage.Use{At: now, Address: p.from, Agent: p.agent})
	return with, nil
}

// recognise finds the credential whose secret was presented, or nil.
func (d *Door) recognise(ctx context.Context, e *register.Environment, p *presented, client *register.Client) (*credential.Candidate, error) {
	if !p.known {
		return nil, nil
	}
	found, err := d.Register.Client(ctx, e, p.id, client)
	p.exists = found
	if err != nil || !found {
		return nil, err
	}
	peppers := d.Vault.Peppers()
	for _, secret := range p.readings {
		if with := credential.Match(peppers, e.ID, p.id, secret, client.Candidates); with != nil {
			return with, nil
		}
	}
	return nil, nil
}

// wellFormed reports whether what was presented can be right at all: only that is worth reading the ledger for.
func (p *presented) wellFormed() bool {
	return p.known && (credential.WellFormed(p.readings[0]) || credential.WellFormed(p.readings[1]))
}
