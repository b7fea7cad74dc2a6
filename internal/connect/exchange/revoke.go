package exchange

import (
	"context"

	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
)

// Revoke ends a token at the provider (RFC 7009, or the provider's own way); it does nothing for a provider that has
// none, or for no token. Where the provider's file does not say which, it is the refresh token, with which the grant
// ends, or else the access token. The error is a [Failure].
func (x *Exchange) Revoke(ctx context.Context, c Credential, t *connect.Token) error {
	how := c.Provider.Revoke
	if how == nil || t == nil || t.Access.Empty() {
		return nil
	}
	d, err := c.draft(how.URL, how.Body, t)
	if err != nil {
		return err
	}
	auth := how.Auth
	if auth == "" {
		if auth = provider.AuthNone; c.Provider.Token != nil {
			auth = c.Provider.Token.Auth
		}
	}
	if err := d.prove(&c, auth, x.Now()); err != nil {
		return err
	}
	params := how.Params
	if len(params) == 0 {
		params = map[string]string{"token": "${access_token}"}
		if !t.Refresh.Empty() {
			params = map[string]string{"token": "${refresh_token}", "token_type_hint": "refresh_token"}
		}
	}
	if err := d.add(&c, params, how.Headers, t); err != nil {
		return err
	}
	r, err := d.finish()
	if err != nil {
		return err
	}
	r.Excerpt = true // the status says it all
	a, err := x.Egress.Do(ctx, r)
	if err != nil {
		return noAnswer(err)
	}
	if a.Status >= 200 && a.Status < 300 {
		return nil
	}
	return refusal(&c, "token", a, x.Now(), c.secrets(append(d.hidden, t.Access.Reveal(), t.Refresh.Reveal())...))
}
