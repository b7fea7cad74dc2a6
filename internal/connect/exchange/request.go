package exchange

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"time"

	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/egress"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// draft is a request that is being written.
type draft struct {
	address string
	body    provider.Body
	params  map[string]string
	headers map[string]string
	sent    egress.Request
	hidden  []string // what was signed for it: no more to be seen than the key
}

// draft begins a request to an address of the provider's.
func (c *Credential) draft(template string, body provider.Body, t *connect.Token) (*draft, error) {
	if err := c.mayGo(template); err != nil {
		return nil, err
	}
	address, err := provider.ExpandURL(template, c.clear(t))
	if err != nil {
		return nil, err
	}
	return &draft{
		address: address, body: body, params: map[string]string{}, headers: map[string]string{"Accept": "application/json"},
		sent: egress.Request{Method: "POST", Timeout: Deadline, MaxBody: maxAnswer},
	}, nil
}

// expand fills templates; those of fields that were left empty and may be are left out.
func (c *Credential) expand(templates, values map[string]string) (map[string]string, error) {
	out := map[string]string{}
	for name, template := range templates {
		text, err := provider.Expand(template, values)
		if err != nil {
			var missing *fault.Error
			if errors.As(err, &missing) {
				f := c.Provider.Field(missing.Field)
				if _, there := values[missing.Field]; !there && (f != nil && f.Optional || missing.Field == "refresh_token") {
					continue
				}
			}
			return nil, err
		}
		out[name] = text
	}
	return out, nil
}

// add fills the provider's own params and headers in. They come last, so that a provider can have its own way.
func (d *draft) add(c *Credential, params, headers map[string]string, t *connect.Token) error {
	values := c.all(t)
	if d.body == provider.Query { // the address is written into logs
		values = c.clear(t)
	}
	filled, err := c.expand(params, values)
	if err != nil {
		return err
	}
	maps.Copy(d.params, filled)
	if filled, err = c.expand(headers, c.all(t)); err != nil {
		return err
	}
	maps.Copy(d.headers, filled)
	return nil
}

// prove adds what shows that we are the client (RFC 6749 §2.3).
func (d *draft) prove(c *Credential, auth provider.Auth, now time.Time) error {
	id, secret := c.client()
	switch auth {
	case provider.AuthBasic:
		d.headers["Authorization"] = "Basic " + basic(id, secret.Reveal())
		d.hidden = append(d.hidden, d.headers["Authorization"][6:])
	case provider.AuthPost:
		if d.body == provider.Query {
			return fault.New(fault.Invalid, "the provider's file would put a secret into an address, which is written into logs")
		}
		d.params[ClientID], d.params[ClientSecret] = id, secret.Reveal()
	case provider.AuthPrivateKeyJWT:
		signed, _, err := c.sign(d.address, now)
		if err != nil {
			return err
		}
		d.params[ClientID] = id
		d.params["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
		d.params["client_assertion"] = signed
		d.hidden = append(d.hidden, signed)
	case provider.AuthTLS:
		certificate, err := c.certificate()
		if err != nil {
			return err
		}
		d.params[ClientID], d.sent.Certificate = id, certificate
	case provider.AuthNone:
		if c.Provider.Mode == provider.AuthorizationCode { // RFC 6749 §3.2.1
			d.params[ClientID] = id
		}
	default:
		return fault.New(fault.Invalid, "the provider's file names no way in which the client authenticates itself")
	}
	return nil
}

// finish writes the request.
func (d *draft) finish() (egress.Request, error) {
	form := url.Values{}
	for name, value := range d.params {
		form.Set(name, value)
	}
	r := d.sent
	r.URL, r.Header = d.address, d.headers
	switch d.body {
	case provider.JSON:
		text, err := json.Marshal(d.params)
		if err != nil {
			return r, fault.Wrap(fault.Internal, err, "write a request")
		}
		r.Body, r.Header["Content-Type"] = text, "application/json"
	case provider.Query:
		if len(form) > 0 {
			join := "?"
			if strings.Contains(r.URL, "?") {
				join = "&"
			}
			r.URL += join + form.Encode()
		}
		r.Body = []byte{}
	default:
		r.Body, r.Header["Content-Type"] = []byte(form.Encode()), "application/x-www-form-urlencoded"
	}
	return r, nil
}

// basic writes a client's id and secret for the Authorization header. RFC 6749 §2.3.1 wants both form-encoded first: else a
// colon in the id would end it, and a server that decodes would read another secret than ours. Many servers do not
// decode. What stands for itself when decoded is therefore left as it is, so that both kinds read what was entered
// unless it holds a blank, a plus, a percent sign or a colon; there the RFC counts.
func basic(id, secret string) string {
	return base64.StdEncoding.EncodeToString([]byte(formEncode(id) + ":" + formEncode(secret)))
}

func formEncode(text string) string {
	var out strings.Builder
	for i := range len(text) {
		switch b := text[i]; {
		case b >= 'a' && b <= 'z', b >= 'A' && b <= 'Z', b >= '0' && b <= '9', strings.IndexByte("-._~/=!*$,;@()'", b) >= 0:
			out.WriteByte(b)
		case b == ' ':
			out.WriteByte('+')
		default:
			_, _ = fmt.Fprintf(&out, "%%%02X", b)
		}
	}
	return out.String()
}
