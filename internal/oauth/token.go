package oauth

import (
	"crypto/sha256"
	"strconv"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/token"
)

// token serves the token endpoint (RFC 6749 §3.2). There is one grant so far, that of the client itself.
func (d *Door) token(c *call) error {
	if err := d.authenticateCall(c); err != nil {
		return err
	}
	switch string(c.form.grantType) {
	case "client_credentials":
		return d.clientCredentials(c)
	case "":
		return errNoGrant
	}
	return errGrant
}

// clientCredentials serves the client credentials grant (RFC 6749 §4.4): no refresh token, no identity.
func (d *Door) clientCredentials(c *call) error {
	if c.form.resources > 1 {
		return errResources
	}
	e := c.client.Environment
	grant, short := e.Catalogue.Attenuate(access.Asked{
		Application: c.client.Permissions, Credential: c.with.Permissions, Narrowed: c.with.Narrowed,
		Scope: string(c.form.scope), Resource: string(c.form.resource),
	})
	if short != access.Enough {
		return shortfalls[short]
	}
	if err := d.Register.Fresh(c.now, grant.API); err != nil {
		return err
	}
	standing := c.client.Standing(c.with, grant.API)
	if r := standing.Admit(c.now, nil); r != access.Admitted {
		return errAPIDisabled
	}
	answer := append(c.answer, `{"access_token":"`...)
	minting := token.Minting{Client: &c.client, With: c.with, Grant: grant}
	if certificate := c.presented.Certificate; certificate != nil && c.with.Means == proof.ByCertificate {
		// The token is good only together with the certificate that it was got with (RFC 8705 §3).
		minting.Confirmation, minting.Until = sha256.Sum256(certificate.Raw), certificate.NotAfter
	}
	answer, expiresIn, err := d.Tokens.Mint(answer, &minting, c.now)
	if err != nil {
		return err
	}
	d.Logon.Usage.Granted(e.ID, c.with.ID, grant.Permissions, c.now)
	answer = append(answer, `","token_type":"Bearer","expires_in":`...)
	answer = strconv.AppendInt(answer, expiresIn, 10)
	answer = append(answer, `,"scope":"`...)
	answer = e.Catalogue.AppendScope(answer, grant.API, grant.Permissions)
	c.answer = append(answer, `"}`...)
	return nil
}
