package adminapi

import (
	"bytes"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/web"
)

// config says what the OpenAPI document says of the API as a whole.
func config() huma.Config {
	c := web.APIConfig("Counterfoil management API", "1")
	c.Info.Description = "Administers one environment. Lists come in pages; changes take If-Match, creations an " +
		"Idempotency-Key; errors are problem documents (RFC 9457). Members that are not described here are refused."
	c.Info.License = &huma.License{Name: "Apache-2.0", Identifier: "Apache-2.0"}
	c.Servers = []*huma.Server{{
		URL: "{issuer}" + prefix, Description: "Every environment, under its issuer.",
		Variables: map[string]*huma.ServerVariable{"issuer": {Default: "http://127.0.0.1:8700", Description: "The issuer of the environment."}},
	}}
	scopes := map[string]string{}
	for _, p := range access.Management() {
		scopes[p.Name] = p.Description
	}
	c.Components.SecuritySchemes = map[string]*huma.SecurityScheme{rest.Bearer: {
		Type: "oauth2", Description: "An access token whose audience is this API.",
		Flows: &huma.OAuthFlows{ClientCredentials: &huma.OAuthFlow{TokenURL: "/oauth2/token", Scopes: scopes}},
	}, rest.Basic: {
		Type: "http", Scheme: "basic", Description: "The client_id and secret of the application itself.",
	}, rest.Session: {
		Type: "apiKey", In: "cookie", Name: string(web.SessionCookie),
		Description: "The session of a person who signed in at /signin, from a page of the same origin and with the header X-Counterfoil: console. " +
			"In every environment but the default one, the cookie's name ends in a dash and the environment's id without dashes. " +
			"It also opens every operation with a scope that the person's roles include.",
	}}
	return c
}

// Document returns the API's description in OpenAPI 3.1, as api/openapi.json holds it.
func Document() ([]byte, error) {
	api := humago.New(http.NewServeMux(), config())
	new(Door).operations(api)
	compact, err := json.Marshal(api.OpenAPI())
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = json.Indent(&b, compact, "", "  ")
	b.WriteByte('\n')
	return b.Bytes(), err
}
