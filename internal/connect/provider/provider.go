package provider

import (
	"regexp"
	"time"

	"go.yaml.in/yaml/v3"
)

// Mode is how a provider's credentials become something that opens its API.
type Mode string

// The modes.
const (
	ClientCredentials Mode = "client_credentials" // RFC 6749 §4.4
	AuthorizationCode Mode = "authorization_code" // RFC 6749 §4.1 with PKCE (RFC 7636)
	JWTBearer         Mode = "jwt_bearer"         // RFC 7523 §2.1: an assertion that is signed here
	TwoStep           Mode = "two_step"           // a request of the provider's own that answers with a token
	Basic             Mode = "basic"              // RFC 7617; there is no token
	APIKey            Mode = "api_key"            // a header of the provider's own; there is no token
)

// HasToken reports whether connections of the mode have a token that is fetched and can be handed out.
func (m Mode) HasToken() bool { return m != Basic && m != APIKey }

// Auth is how a client proves itself at the token endpoint (RFC 6749 §2.3, RFC 7523 §2.2, RFC 8705 §2).
type Auth string

// The methods of client authentication.
const (
	AuthBasic         Auth = "client_secret_basic"
	AuthPost          Auth = "client_secret_post"
	AuthPrivateKeyJWT Auth = "private_key_jwt"
	AuthTLS           Auth = "tls_client_auth"
	AuthNone          Auth = "none" // what proves the client is in params or headers
)

// Body is how the parameters of a token request are written.
type Body string

// The forms of body.
const (
	Form  Body = "form"
	JSON  Body = "json"
	Query Body = "query" // in the address, for GET-like token endpoints; never with secrets in it
)

// Provider is one kind of system that credentials can be held for. It is immutable once the catalogue has it.
type Provider struct {
	// Name is the file's name without .yaml: lowercase letters, digits and hyphens.
	Name        string   `yaml:"-" json:"name"`
	DisplayName string   `yaml:"display_name" json:"display_name"`
	Categories  []string `yaml:"categories" json:"categories"`
	// Docs is where the provider, or we, say how its credentials are made; a field's Section is appended to it.
	Docs string `yaml:"docs" json:"docs"`
	Mode Mode   `yaml:"mode" json:"mode"`
	// Token is how a token is asked for; nil in modes that have none.
	Token *Token `yaml:"token" json:"token,omitempty"`
	// Authorize is where people are sent to agree, in the mode authorization_code.
	Authorize *Authorize `yaml:"authorize" json:"authorize,omitempty"`
	// Assertion is what is signed, in the mode jwt_bearer and for private_key_jwt where it differs from RFC 7523.
	Assertion *Assertion `yaml:"assertion" json:"assertion,omitempty"`
	Fields    []Field    `yaml:"fields" json:"fields"`
	API       API        `yaml:"api" json:"api"`
	// Verify is a request that shows what the token is worth; nil where the token request is all there is to try.
	Verify *Verify `yaml:"verify" json:"verify,omitempty"`
	// Revoke is what ends a token when its connection is deleted; nil where the provider has nothing of the kind.
	Revoke *Revoke `yaml:"revoke" json:"revoke,omitempty"`
	// Errors explain answers of the token endpoint and of Verify; the first that fits counts.
	Errors []ErrorRule `yaml:"errors" json:"errors,omitempty"`
	// Paste are patterns whose named groups are fields: what a person pastes into any field fills all that it tells.
	Paste []string `yaml:"paste" json:"paste,omitempty"`

	byName map[string]*Field
	paste  []*regexp.Regexp
	digest [32]byte // SHA-256 of the file
}

// Field is something that a person enters.
type Field struct {
	Name        string `yaml:"name" json:"name"` // lowercase letters, digits and underscores
	Title       string `yaml:"title" json:"title"`
	Description string `yaml:"description" json:"description,omitempty"`
	Example     string `yaml:"example" json:"example,omitempty"`
	// Pattern is a regular expression (RE2) that the whole value must match.
	Pattern string `yaml:"pattern" json:"pattern,omitempty"`
	// Format is uuid, hostname, uri, email, json, pem or empty.
	Format  string   `yaml:"format" json:"format,omitempty"`
	Choices []Choice `yaml:"choices" json:"choices,omitempty"`
	// Secret values are sealed, never shown again and never put into an address.
	Secret   bool   `yaml:"secret" json:"secret,omitempty"`
	Optional bool   `yaml:"optional" json:"optional,omitempty"`
	Default  string `yaml:"default" json:"default,omitempty"`
	// Prefix and Suffix stand around the value on the screen and are taken off when they are typed as well.
	Prefix string `yaml:"prefix" json:"prefix,omitempty"`
	Suffix string `yaml:"suffix" json:"suffix,omitempty"`
	// Section is the fragment or path of Docs that tells where the value is found.
	Section string `yaml:"section" json:"section,omitempty"`
	// Multiline values are entered in a larger box: keys, certificates, JSON files.
	Multiline bool `yaml:"multiline" json:"multiline,omitempty"`

	pattern *regexp.Regexp
}

// Choice is one value of a field that has few.
type Choice struct {
	Value string `yaml:"value" json:"value"`
	Label string `yaml:"label" json:"label"`
}

// Token says how a token is asked for. Addresses, params and headers are templates: ${field} stands for what was entered.
type Token struct {
	URL     string            `yaml:"url" json:"url"`
	Auth    Auth              `yaml:"auth" json:"auth"`
	Body    Body              `yaml:"body" json:"body"`
	Grant   string            `yaml:"grant" json:"grant,omitempty"` // the grant_type, if it is not the mode's own
	Params  map[string]string `yaml:"params" json:"params,omitempty"`
	Headers map[string]string `yaml:"headers" json:"headers,omitempty"`
	Scopes  []string          `yaml:"scopes" json:"scopes,omitempty"`
	// Separator stands between scopes; empty means a space.
	Separator string `yaml:"separator" json:"separator,omitempty"`
	// Answer names members of the JSON answer, with dots for those inside others; empty means access_token, expires_in.
	Answer Answer `yaml:"answer" json:"answer"`
	// Assume is the lifetime of a token that says nothing of it; 0 means [DefaultLifetime].
	Assume Duration `yaml:"assume" json:"assume,omitzero"`
}

// DefaultLifetime is how long a token is taken to live that does not say so.
const DefaultLifetime = 55 * time.Minute

// Answer says where things stand in a token answer.
type Answer struct {
	Token     string `yaml:"token" json:"token,omitempty"`
	ExpiresIn string `yaml:"expires_in" json:"expires_in,omitempty"`
	// ExpiresAt is a member with the time itself: RFC 3339 or seconds since 1970.
	ExpiresAt string `yaml:"expires_at" json:"expires_at,omitempty"`
	// Unit of ExpiresIn: seconds (also when empty) or milliseconds.
	Unit string `yaml:"unit" json:"unit,omitempty"`
	// Told are further members that are kept with the token, for templates: where the API is, say.
	Told []string `yaml:"told" json:"told,omitempty"`
}

// Authorize is where a person is sent to agree.
type Authorize struct {
	URL    string            `yaml:"url" json:"url"`
	Params map[string]string `yaml:"params" json:"params,omitempty"`
}

// Assertion is a JWT that is signed here (RFC 7523 §3). All but Alg and Lifetime are templates.
type Assertion struct {
	// Alg is RS256, PS256, ES256 or EdDSA; empty chooses by the key.
	Alg      string            `yaml:"alg" json:"alg,omitempty"`
	Key      string            `yaml:"key" json:"key"` // the field with the private key: PEM, a JWK, or Google's JSON file
	Issuer   string            `yaml:"issuer" json:"issuer"`
	Subject  string            `yaml:"subject" json:"subject,omitempty"`
	Audience string            `yaml:"audience" json:"audience,omitempty"` // empty means the token URL
	KeyID    string            `yaml:"key_id" json:"key_id,omitempty"`
	Claims   map[string]string `yaml:"claims" json:"claims,omitempty"`
	Lifetime Duration          `yaml:"lifetime" json:"lifetime,omitzero"` // 0 means five minutes
	// Sent is how the assertion is used: as the grant (empty), or as the bearer token of the token request (bearer), or
	// as the token itself (token).
	Sent string `yaml:"sent" json:"sent,omitempty"`
}

// API is where the provider's API is and how a request shows that it may.
type API struct {
	BaseURL string            `yaml:"base_url" json:"base_url"`
	Headers map[string]string `yaml:"headers" json:"headers,omitempty"` // templates; ${access_token} stands for the token
	// Retry says how the proxy repeats a request.
	Retry Retry `yaml:"retry" json:"retry,omitzero"`
}

// Retry says when a request is repeated and what header tells how long to wait.
type Retry struct {
	Statuses []int `yaml:"statuses" json:"statuses,omitempty"` // beside 429, 502, 503 and 504
	// After is a header with seconds or a date (RFC 9110 §10.2.3), At one with a time in seconds since 1970.
	After string `yaml:"after" json:"after,omitempty"`
	At    string `yaml:"at" json:"at,omitempty"`
}

// Verify is the probe: a request that any connection should be able to make.
type Verify struct {
	Method string `yaml:"method" json:"method,omitempty"` // empty means GET
	Path   string `yaml:"path" json:"path"`               // below API.BaseURL, a template
	// Warn are statuses that mean "connected, but": the connection is stored with the hint that [ErrorRule] gives.
	Warn []int `yaml:"warn" json:"warn,omitempty"`
}

// Revoke ends a token.
type Revoke struct {
	URL     string            `yaml:"url" json:"url"`
	Auth    Auth              `yaml:"auth" json:"auth"`
	Body    Body              `yaml:"body" json:"body"`
	Params  map[string]string `yaml:"params" json:"params,omitempty"` // ${access_token} and ${refresh_token} stand for tokens
	Headers map[string]string `yaml:"headers" json:"headers,omitempty"`
}

// Stage is a step of checking a connection, in the order in which they are taken.
type Stage string

// The stages. What a provider does not tell apart is reported as the first of those it may be, with Among.
const (
	ReachHost     Stage = "reach_host"
	TLS           Stage = "tls"
	TokenEndpoint Stage = "token_endpoint"
	ClientKnown   Stage = "client_known"
	AuthMethod    Stage = "auth_method"
	AppEnabled    Stage = "application_enabled"
	ScopeGranted  Stage = "scope"
	Probe         Stage = "probe"
)

// Stages lists every stage in order.
func Stages() []Stage {
	return []Stage{ReachHost, TLS, TokenEndpoint, ClientKnown, AuthMethod, AppEnabled, ScopeGranted, Probe}
}

// ErrorRule explains an answer. All that is set must fit.
type ErrorRule struct {
	On string `yaml:"on" json:"on,omitempty"` // token (also when empty) or verify
	// Status is the HTTP status, Code the OAuth error or the member that the provider calls its code, Says a regular
	// expression over the (bounded) body.
	Status int    `yaml:"status" json:"status,omitempty"`
	Code   string `yaml:"code" json:"code,omitempty"`
	Says   string `yaml:"says" json:"says,omitempty"`
	Stage  Stage  `yaml:"stage" json:"stage"`
	// Among are further stages that the provider does not tell from Stage.
	Among []Stage `yaml:"among" json:"among,omitempty"`
	// Hint is what a person can do, in one sentence; keys of the page's catalogue translate it.
	Hint    string `yaml:"hint" json:"hint"`
	Section string `yaml:"section" json:"section,omitempty"` // of Docs

	says *regexp.Regexp
}

// Duration is a time.Duration written as "55m".
type Duration time.Duration

// UnmarshalYAML reads a duration as [time.ParseDuration] does.
func (d *Duration) UnmarshalYAML(node *yaml.Node) error {
	parsed, err := time.ParseDuration(node.Value)
	*d = Duration(parsed)
	return err
}

// MarshalText writes a duration as it is read.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }
