package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"time"
)

// Provider is a kind of system that can be connected.
type Provider struct {
	Name        string   `json:"name"`
	DisplayName string   `json:"display_name"`
	Categories  []string `json:"categories"`
	// Mode is "client_credentials", "authorization_code", "jwt_bearer", "two_step", "basic" or "api_key".
	Mode string `json:"mode"`
	Docs string `json:"docs"`
	// Stopped says that the environment uses none of its connections to it.
	Stopped bool `json:"stopped"`
	// Fields are what a person enters, in this order.
	Fields []ProviderField `json:"fields"`
}

// ProviderField is one thing that a person enters.
type ProviderField struct {
	Name        string           `json:"name"`
	Title       string           `json:"title"`
	Description string           `json:"description,omitempty"`
	Example     string           `json:"example,omitempty"`
	Format      string           `json:"format,omitempty"`
	Secret      bool             `json:"secret"`
	Optional    bool             `json:"optional"`
	Default     string           `json:"default,omitempty"`
	Choices     []ProviderChoice `json:"choices,omitempty"`
}

// ProviderChoice is one value of a field that has few.
type ProviderChoice struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

// ProviderTrial is what values are tried out with.
type ProviderTrial struct {
	// Connector is the name or id of a connector whose presets and scopes count; it may be empty.
	Connector string `json:"connector,omitempty"`
	// Values are the provider's fields, by name.
	Values map[string]Secret `json:"values"`
}

// MarshalJSON writes the values in clear.
func (t ProviderTrial) MarshalJSON() ([]byte, error) {
	type plain ProviderTrial
	return json.Marshal(struct {
		plain
		Values map[string]string `json:"values"`
	}{plain(t), inClear(t.Values)})
}

// Trial says how something fared that was tried out.
type Trial struct {
	Answer `json:"-"`

	Works bool `json:"works"`
	// Warning is what is amiss with something that works.
	Warning string      `json:"warning,omitempty"`
	Steps   []TrialStep `json:"steps"`
}

// TrialStep is one step of trying something out.
type TrialStep struct {
	// Stage is "reach_host", "tls", "token_endpoint", "client_known", "auth_method", "application_enabled", "scope" or "probe".
	Stage string `json:"stage"`
	// State is "ok", "failed", "skipped", "unknown" (the provider does not tell) or "warning".
	State string `json:"state"`
	// Among are further stages that may be the one that failed.
	Among []string `json:"among,omitempty"`
	Hint  string   `json:"hint,omitempty"`
	Docs  string   `json:"docs,omitempty"`
}

// Connector is an environment's use of a provider.
type Connector struct {
	Answer `json:"-"`

	ID          string `json:"id"`
	Name        string `json:"name"`
	Provider    string `json:"provider"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Enabled     bool   `json:"enabled"`
	// Stopped says that the environment has stopped the provider as such.
	Stopped bool `json:"stopped"`
	// ClientID is the environment's own client at the provider, where people are sent there to agree.
	ClientID string `json:"client_id,omitempty"`
	// Scopes are asked for in place of the provider's own, Presets are values that nobody is asked for.
	Scopes   []string          `json:"scopes"`
	Presets  map[string]string `json:"presets"`
	Docs     string            `json:"docs,omitempty"`
	BaseURLs []string          `json:"base_urls"`
	// Limits say what the proxy passes on; without any it is everything.
	Limits []ProxyLimit `json:"limits"`
	// Origins are the sites that may show the Connect page in a frame.
	Origins   []string  `json:"origins"`
	CreatedBy string    `json:"created_by"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// ProxyLimit is what an application, or everybody whom no other limit names, may send through the proxy.
type ProxyLimit struct {
	Application string   `json:"application,omitempty"`
	Methods     []string `json:"methods,omitempty"`
	Paths       []string `json:"paths,omitempty"`
}

// NewConnector says what to make. Name is the provider's unless it is given.
type NewConnector struct {
	Name         string            `json:"name,omitempty"`
	Provider     string            `json:"provider"`
	Title        string            `json:"title,omitempty"`
	Description  string            `json:"description,omitempty"`
	ClientID     string            `json:"client_id,omitempty"`
	ClientSecret Secret            `json:"client_secret,omitzero"`
	Scopes       []string          `json:"scopes,omitempty"`
	Presets      map[string]string `json:"presets,omitempty"`
	Docs         string            `json:"docs,omitempty"`
	BaseURLs     []string          `json:"base_urls,omitempty"`
	Limits       []ProxyLimit      `json:"limits,omitempty"`
	Origins      []string          `json:"origins,omitempty"`
}

// MarshalJSON writes the client secret in clear.
func (n NewConnector) MarshalJSON() ([]byte, error) {
	type plain NewConnector
	return json.Marshal(struct {
		plain
		ClientSecret string `json:"client_secret,omitempty"`
	}{plain(n), n.ClientSecret.Reveal()})
}

// ConnectorChange says what to change; the zero ClientSecret leaves it as it is.
type ConnectorChange struct {
	Title        Field[string]            `json:"title,omitzero"`
	Description  Field[string]            `json:"description,omitzero"`
	ClientID     Field[string]            `json:"client_id,omitzero"`
	ClientSecret Secret                   `json:"client_secret,omitzero"`
	Scopes       Field[[]string]          `json:"scopes,omitzero"`
	Presets      Field[map[string]string] `json:"presets,omitzero"`
	Docs         Field[string]            `json:"docs,omitzero"`
	BaseURLs     Field[[]string]          `json:"base_urls,omitzero"`
	Limits       Field[[]ProxyLimit]      `json:"limits,omitzero"`
	Origins      Field[[]string]          `json:"origins,omitzero"`
}

// MarshalJSON writes the client secret in clear.
func (n ConnectorChange) MarshalJSON() ([]byte, error) {
	type plain ConnectorChange
	return json.Marshal(struct {
		plain
		ClientSecret string `json:"client_secret,omitempty"`
	}{plain(n), n.ClientSecret.Reveal()})
}

func inClear(values map[string]Secret) map[string]string {
	plain := make(map[string]string, len(values))
	for name, value := range values {
		plain[name] = value.Reveal()
	}
	return plain
}

// Providers lists the systems that can be connected. Needs connections:read.
func (c *Client) Providers(ctx context.Context) iter.Seq2[*Provider, error] {
	return pages[Provider](ctx, c, at("connect", "providers"), nil)
}

// Provider returns one of them. Needs connections:read.
func (c *Client) Provider(ctx context.Context, name string) (*Provider, error) {
	return get[Provider](ctx, c, at("connect", "providers", name))
}

// StopProvider stops every connection of the environment to a provider. Needs connections:write.
func (c *Client) StopProvider(ctx context.Context, name string) (Answer, error) {
	return act(ctx, c, at("connect", "providers", name, "stop"))
}

// ResumeProvider lets them go on. Needs connections:write.
func (c *Client) ResumeProvider(ctx context.Context, name string) (Answer, error) {
	return act(ctx, c, at("connect", "providers", name, "resume"))
}

// TestProvider tries values out; nothing is stored. Needs connections:write.
func (c *Client) TestProvider(ctx context.Context, name string, t ProviderTrial) (*Trial, error) {
	return call[Trial](ctx, c, request{method: http.MethodPost, path: at("connect", "providers", name, "test"), body: t})
}

// Connectors lists connectors in the order of their creation. Needs connections:read.
func (c *Client) Connectors(ctx context.Context) iter.Seq2[*Connector, error] {
	return pages[Connector](ctx, c, at("connect", "connectors"), nil)
}

// Connector returns one connector, by its name or id. Needs connections:read.
func (c *Client) Connector(ctx context.Context, name string) (*Connector, error) {
	return get[Connector](ctx, c, at("connect", "connectors", name))
}

// CreateConnector makes a connector. Needs connections:write.
func (c *Client) CreateConnector(ctx context.Context, n NewConnector, options ...CallOption) (*Connector, error) {
	return create[Connector](ctx, c, at("connect", "connectors"), n, options)
}

// ChangeConnector changes a connector. Needs connections:write.
func (c *Client) ChangeConnector(ctx context.Context, name string, n ConnectorChange, options ...CallOption) (*Connector, error) {
	return change[Connector](ctx, c, at("connect", "connectors", name), n, options)
}

// DisableConnector disables a connector: none of its connections is used. Needs connections:write.
func (c *Client) DisableConnector(ctx context.Context, name string) (Answer, error) {
	return act(ctx, c, at("connect", "connectors", name, "disable"))
}

// EnableConnector enables it again. Needs connections:write.
func (c *Client) EnableConnector(ctx context.Context, name string) (Answer, error) {
	return act(ctx, c, at("connect", "connectors", name, "enable"))
}

// DeleteConnector deletes a connector without connections. Needs connections:write.
func (c *Client) DeleteConnector(ctx context.Context, name string, options ...CallOption) (Answer, error) {
	return remove(ctx, c, at("connect", "connectors", name), options)
}
