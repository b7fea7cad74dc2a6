package desk

import (
	"context"
	"io"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/envfile"
)

// Issuer returns the environment's issuer where the output names it, and "" where it does not. A command that makes
// a secret asks for it first: nothing may fail between the creation and the printing of the secret.
func (d *Desk) Issuer(ctx context.Context, c *client.Client) (string, error) {
	if d.Output == AsJSON {
		return "", nil
	}
	self, err := c.Self(ctx)
	if err != nil {
		return "", err
	}
	return self.Environment.Issuer, nil
}

// PrintCredential prints what a program needs to fetch tokens, as -o env. secret may be nil: it is then left out.
func (d *Desk) PrintCredential(clientID string, secret *client.Secret, issuer string) error {
	text := envfile.Line("CLIENT_ID", clientID)
	if secret != nil {
		text += envfile.Line("CLIENT_SECRET", secret.Reveal())
	}
	text += envfile.Line("TOKEN_URL", issuer+"/oauth2/token") + envfile.Line("ISSUER", issuer)
	_, err := io.WriteString(d.Out, text)
	return err
}
