package exchange

import (
	"strings"

	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Names of fields that mean the same at every provider.
const (
	ClientID     = "client_id"
	ClientSecret = "client_secret"
	// PrivateKey signs, where the provider's file names no other field: PEM or a JWK.
	PrivateKey = "private_key"
	KeyID      = "key_id"
	// ClientCertificate and ClientKey are what tls_client_auth shows, in PEM; the certificate's field may hold both.
	ClientCertificate = "client_certificate"
	ClientKey         = "client_key"
	// Scope holds scopes that whoever connects chose, with spaces or commas between them.
	Scope = "scope"
	// Username and Password are of the mode basic.
	Username = "username"
	Password = "password"
)

// Credential is all that a provider is asked with. Its secrets are open: it lives as long as a call takes.
type Credential struct {
	Provider *provider.Provider
	Settings connect.Settings
	// Client is the secret of Settings.ClientID, in the mode authorization_code.
	Client seal.Secret

	connect.Filled
}

// client returns who we are at the provider. The environment's own client counts before one that was entered.
func (c *Credential) client() (id string, secret seal.Secret) {
	if c.Provider.Mode == provider.AuthorizationCode && c.Settings.ClientID != "" {
		return c.Settings.ClientID, c.Client
	}
	return c.Values[ClientID], c.Secrets[ClientSecret]
}

// text returns what was entered into a field, secret or not.
func (c *Credential) text(field string) string {
	if s, is := c.Secrets[field]; is {
		return s.Reveal()
	}
	return c.Values[field]
}

// clear returns what may stand in an address: what was entered and is no secret, and what the provider told.
func (c *Credential) clear(t *connect.Token) map[string]string {
	values := map[string]string{}
	if t != nil {
		for name, value := range t.Told {
			values[name] = value
		}
	}
	for name, value := range c.Values { // what a person entered is never replaced by what a provider says
		values[name] = value
	}
	if id, _ := c.client(); id != "" {
		values[ClientID] = id
	}
	return values
}

// all returns what may stand in headers and bodies: everything.
func (c *Credential) all(t *connect.Token) map[string]string {
	values := c.clear(t)
	for name, secret := range c.Secrets {
		values[name] = secret.Reveal()
	}
	if _, secret := c.client(); !secret.Empty() {
		values[ClientSecret] = secret.Reveal()
	}
	if t != nil {
		if !t.Access.Empty() {
			values["access_token"] = t.Access.Reveal()
		}
		if !t.Refresh.Empty() {
			values["refresh_token"] = t.Refresh.Reveal()
		}
	}
	return values
}

// secrets returns every text that must not be seen in anything that is said about a call.
func (c *Credential) secrets(more ...string) []string {
	all := more
	for _, s := range c.Secrets {
		all = append(all, s.Reveal())
	}
	return append(all, c.Client.Reveal())
}

// scopes returns what is asked for: what was entered, else the connector's, else the provider's.
func (c *Credential) scopes() []string {
	if entered := c.text(Scope); entered != "" {
		return strings.FieldsFunc(entered, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' || r == '\n' })
	}
	if len(c.Settings.Scopes) > 0 {
		return c.Settings.Scopes
	}
	if c.Provider.Token == nil {
		return nil
	}
	return c.Provider.Token.Scopes
}

func (c *Credential) scope() string {
	separator := " "
	if t := c.Provider.Token; t != nil && t.Separator != "" {
		separator = t.Separator
	}
	return strings.Join(c.scopes(), separator)
}
