package exchange

import (
	"context"
	"errors"
	"time"

	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/egress"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Deadline is how long a provider has for an answer. Whoever refreshes a token holds a lease that is longer: the one who
// calls gives up before somebody else may call.
const Deadline = 3 * time.Second

// Exchange calls providers. It is safe for concurrent use.
type Exchange struct {
	Egress *egress.Client
	Now    func() time.Time
	// RedirectURL is where providers send people back to, in the mode authorization_code.
	RedirectURL string
}

// grants are what the modes call their grant, unless a provider's file says otherwise.
var grants = map[provider.Mode]string{
	provider.ClientCredentials: "client_credentials",
	provider.AuthorizationCode: "authorization_code",
	provider.JWTBearer:         "urn:ietf:params:oauth:grant-type:jwt-bearer",
}

// Fetch gets a token. In the mode authorization_code it takes the refresh token of the former one; a provider that sends no
// new refresh token lets the former one go on (RFC 6749 §6). Other modes ask anew: what was entered is worth more than a
// refresh token.
//
// The error is a [Failure]; [fault.Conflict] for a provider that has no tokens; [fault.Invalid] for a value that was
// not entered.
func (x *Exchange) Fetch(ctx context.Context, c Credential, former *connect.Token) (*connect.Token, error) {
	p := c.Provider
	switch {
	case !p.Mode.HasToken():
		return nil, fault.New(fault.Conflict, "%s has no tokens: requests through the proxy carry what was entered", p.DisplayName)
	case p.Mode == provider.AuthorizationCode:
		return x.refresh(ctx, &c, former)
	case p.Assertion != nil && p.Assertion.Sent == "token":
		return x.selfMade(&c)
	}
	given := map[string]string{}
	if grant := grantOf(p); grant != "" {
		given["grant_type"] = grant
	}
	if scope := c.scope(); scope != "" && (p.Assertion == nil || p.Assertion.Claims[Scope] == "") {
		given[Scope] = scope
	}
	return x.ask(ctx, &c, given)
}

func grantOf(p *provider.Provider) string {
	switch {
	case p.Token.Grant != "":
		return p.Token.Grant
	case p.Assertion != nil && p.Assertion.Sent == "bearer":
		return "" // the assertion is no grant there
	}
	return grants[p.Mode]
}

// selfMade returns an assertion that is the token itself.
func (x *Exchange) selfMade(c *Credential) (*connect.Token, error) {
	address := c.Provider.API.BaseURL
	if expanded, err := provider.ExpandURL(address, c.clear(nil)); err == nil {
		address = expanded
	}
	now := x.Now()
	signed, ends, err := c.sign(address, now)
	if err != nil {
		return nil, err
	}
	return &connect.Token{Access: seal.NewSecret(signed), Type: "Bearer", FetchedAt: now, ExpiresAt: ends}, nil
}

func (x *Exchange) refresh(ctx context.Context, c *Credential, former *connect.Token) (*connect.Token, error) {
	if former == nil || former.Refresh.Empty() {
		return nil, local(provider.ClientKnown, "The provider gave no refresh token, so that access has ended with the token. Connect again.")
	}
	t, err := x.ask(ctx, c, map[string]string{"grant_type": "refresh_token", "refresh_token": former.Refresh.Reveal()})
	if err != nil {
		return nil, ended(err, "Access was withdrawn or has ended at the provider. Connect again.")
	}
	if t.Refresh.Empty() {
		t.Refresh = former.Refresh
	}
	if t.Scope == "" {
		t.Scope = former.Scope
	}
	for name, value := range former.Told {
		if _, again := t.Told[name]; !again {
			if t.Told == nil {
				t.Told = map[string]string{}
			}
			t.Told[name] = value
		}
	}
	return t, nil
}

// ended makes invalid_grant final, where the grant is one that a person gave.
func ended(err error, hint string) error {
	if f := failureOf(err); f.Code == "invalid_grant" {
		f.Final, f.Stage, f.Among, f.Hint = true, provider.ClientKnown, nil, hint
		return f
	}
	return err
}

// ask sends a token request. Params in given are not changed by the provider's file.
func (x *Exchange) ask(ctx context.Context, c *Credential, given map[string]string) (*connect.Token, error) {
	p, now := c.Provider, x.Now()
	d, err := c.draft(p.Token.URL, p.Token.Body, nil)
	if err != nil {
		return nil, err
	}
	if err := d.prove(c, p.Token.Auth, now); err != nil {
		return nil, err
	}
	if p.Mode == provider.JWTBearer {
		if err := d.assert(c, now); err != nil {
			return nil, err
		}
	}
	if err := d.add(c, p.Token.Params, p.Token.Headers, nil); err != nil {
		return nil, err
	}
	for name, value := range given {
		if _, own := p.Token.Params[name]; !own || name != Scope { // of a scope the provider may have its own idea
			d.params[name] = value
		}
	}
	hidden := c.secrets(d.hidden...)
	for _, name := range []string{"refresh_token", "code", "code_verifier"} {
		hidden = append(hidden, given[name])
	}
	r, err := d.finish()
	if err != nil {
		return nil, err
	}
	a, err := x.Egress.Do(ctx, r)
	if err != nil {
		return nil, noAnswer(err)
	}
	return c.read(a, x.Now(), hidden)
}

// assert adds the assertion of the mode jwt_bearer (RFC 7523 §2.1), or what others use it for.
func (d *draft) assert(c *Credential, now time.Time) error {
	signed, _, err := c.sign(d.address, now)
	if err != nil {
		return err
	}
	d.hidden = append(d.hidden, signed)
	if c.Provider.Assertion.Sent == "bearer" {
		d.headers["Authorization"] = "Bearer " + signed
	} else {
		d.params["assertion"] = signed
	}
	return nil
}

// read takes the token out of an answer. Some providers say 200 to errors as well.
func (c *Credential) read(a *egress.Answer, now time.Time, hidden []string) (*connect.Token, error) {
	if a.Status < 200 || a.Status > 299 {
		return nil, refusal(c, "token", a, now, hidden)
	}
	t, err := readToken(a.Body, &c.Provider.Token.Answer, time.Duration(c.Provider.Token.Assume), now)
	if err == nil {
		return t, nil
	}
	f := refusal(c, "token", a, now, hidden)
	if !errors.Is(err, errNoToken) || f.Code == "" && f.Hint == notToken {
		f.Stage, f.Among, f.Hint, f.Section = provider.TokenEndpoint, nil, hints[err], ""
	}
	return nil, f
}
