package oauth

import (
	"strconv"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/token"
)

// revoke serves the revocation endpoint (RFC 7009). A client revokes its own tokens; a token that is dead,
// unknown or another client's is left alone and answered the same (§2.2). The answer comes when the revocation
// is on disk and this node obeys it; a database that is away is 503, never 200 and forgotten.
func (d *Door) revoke(c *call) error {
	if err := d.authenticateCall(c); err != nil {
		return err
	}
	if len(c.form.token) == 0 {
		return errNoToken
	}
	ctx, x := c.request.Context(), &c.examined
	if err := d.Tokens.Examine(ctx, c.environment, c.form.token, c.now, x); err != nil {
		return err
	}
	if x.Refusal != access.Admitted || x.Client.ID != c.client.ID {
		return nil
	}
	who := ledger.Who{
		Kind: "application", ID: c.client.ID.String(), Credential: c.with.ID.String(), Request: c.exchange.RequestID(),
	}
	if remote := c.exchange.Remote(); remote.IsValid() {
		who.Address = remote.String()
	}
	err := d.DB.Write(ctx, func(tx *db.Tx) error {
		return token.Revoke(tx, who, c.environment.ID, &x.Claims)
	})
	if err != nil {
		return err
	}
	c.exchange.Header().Set("Counterfoil-Propagated", strconv.FormatBool(d.Register.Settle(ctx, c.environment.ID)))
	return nil
}
