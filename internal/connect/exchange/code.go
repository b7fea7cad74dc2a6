package exchange

import (
	"context"
	"net/url"

	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// AuthorizeURL returns where a person is sent to agree (RFC 6749 §4.1.1), with a PKCE challenge by S256 (RFC 7636 §4.3).
// It is [fault.Conflict] if the provider has no such place or the connector no client, and [fault.Invalid] if what was
// entered makes no https address.
func (x *Exchange) AuthorizeURL(c Credential, state, challenge string) (string, error) {
	p := c.Provider
	if p.Authorize == nil {
		return "", fault.New(fault.Conflict, "%s asks nobody to agree", p.DisplayName)
	}
	id, _ := c.client()
	if id == "" {
		return "", fault.New(fault.Conflict, "the connector has no client_id at %s yet", p.DisplayName)
	}
	address, err := provider.ExpandURL(p.Authorize.URL, c.clear(nil))
	if err != nil {
		return "", err
	}
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || u.Fragment != "" {
		return "", fault.New(fault.Invalid, "what was entered makes no https address to send people to")
	}
	params, err := c.expand(p.Authorize.Params, c.clear(nil))
	if err != nil {
		return "", err
	}
	query := u.Query()
	if scope := c.scope(); scope != "" {
		query.Set("scope", scope)
	}
	for name, value := range params {
		query.Set(name, value)
	}
	// What protects the code is not the file's to change.
	for name, value := range map[string]string{
		"response_type": "code", "client_id": id, "redirect_uri": x.RedirectURL, "state": state,
		"code_challenge": challenge, "code_challenge_method": "S256",
	} {
		query.Set(name, value)
	}
	u.RawQuery = query.Encode()
	return u.String(), nil
}

// Redeem turns the code that a person came back with into a token (RFC 6749 §4.1.3). A code counts once: a failure is
// final unless the provider was not reached. Errors are those of [Exchange.Fetch].
func (x *Exchange) Redeem(ctx context.Context, c Credential, code, verifier string) (*connect.Token, error) {
	if c.Provider.Mode != provider.AuthorizationCode {
		return nil, fault.New(fault.Conflict, "%s gives no codes", c.Provider.DisplayName)
	}
	t, err := x.ask(ctx, &c, map[string]string{
		"grant_type": grants[provider.AuthorizationCode], "code": code, "redirect_uri": x.RedirectURL, "code_verifier": verifier,
	})
	if err != nil {
		return nil, ended(err, "The provider does not take the code that it sent you back with. Start again.")
	}
	return t, nil
}
