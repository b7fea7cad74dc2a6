package oauth

import (
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential/assertion"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/keyring"
	"github.com/counterfoil/counterfoil/internal/web"
)

// document is the authorization server metadata of RFC 8414 §2, which OpenID Connect Discovery 1.0 §3 shares. It
// says what there is: no authorization endpoint, hence no response types.
type document struct {
	Issuer                           string   `json:"issuer"`
	TokenEndpoint                    string   `json:"token_endpoint"`
	IntrospectionEndpoint            string   `json:"introspection_endpoint"`
	RevocationEndpoint               string   `json:"revocation_endpoint"`
	JWKSURI                          string   `json:"jwks_uri"`
	GrantTypes                       []string `json:"grant_types_supported"`
	ResponseTypes                    []string `json:"response_types_supported"`
	SubjectTypes                     []string `json:"subject_types_supported"`
	IDTokenAlgs                      []string `json:"id_token_signing_alg_values_supported"`
	TokenEndpointAuthMethods         []string `json:"token_endpoint_auth_methods_supported"`
	IntrospectionEndpointAuthMethods []string `json:"introspection_endpoint_auth_methods_supported"`
	RevocationEndpointAuthMethods    []string `json:"revocation_endpoint_auth_methods_supported"`
	TokenEndpointAuthAlgs            []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	IntrospectionEndpointAuthAlgs    []string `json:"introspection_endpoint_auth_signing_alg_values_supported"`
	RevocationEndpointAuthAlgs       []string `json:"revocation_endpoint_auth_signing_alg_values_supported"`
	ResourceIndicatorsSupported      bool     `json:"resource_indicators_supported"`
	CertificateBound                 bool     `json:"tls_client_certificate_bound_access_tokens,omitempty"` // RFC 8705 §3.3
	Aliases                          *aliases `json:"mtls_endpoint_aliases,omitempty"`
}

// aliases are the endpoints for clients with a certificate (RFC 8705 §5).
type aliases struct {
	TokenEndpoint         string `json:"token_endpoint"`
	IntrospectionEndpoint string `json:"introspection_endpoint"`
	RevocationEndpoint    string `json:"revocation_endpoint"`
}

// aliases returns the environment's endpoints where clients are asked for certificates, nil if that is nowhere or
// everywhere. The issuer stays the one issuer.
func (d *Door) aliases(issuer string) *aliases {
	at, err := url.Parse(issuer)
	if d.MTLSBase == "" || err != nil {
		return nil
	}
	base := d.MTLSBase + at.Path
	return &aliases{base + "/oauth2/token", base + "/oauth2/introspect", base + "/oauth2/revoke"}
}

// metadata serves discovery, under both of its paths. Everything in it follows from the configured base URL;
// what a request says about host or scheme has no say (RFC 8414 §6.2).
func (d *Door) metadata(w http.ResponseWriter, r *http.Request) {
	e := web.Of(w).Environment
	if named := r.PathValue("environment"); named != "" {
		if e != d.Register.Home() { // /acme/… tells of acme alone
			named = ""
		}
		e = d.Register.Named(named)
	}
	if e == nil || e.Elsewhere != "" {
		web.WriteProblem(w, fault.New(fault.NotFound, "there is no such environment"))
		return
	}
	methods, signing := d.methods(), assertion.Algorithms()
	body, err := json.Marshal(document{
		Issuer: e.Issuer, TokenEndpoint: e.Issuer + "/oauth2/token", IntrospectionEndpoint: e.Issuer + "/oauth2/introspect",
		RevocationEndpoint: e.Issuer + "/oauth2/revoke", JWKSURI: e.Issuer + "/oauth2/jwks",
		GrantTypes: []string{"client_credentials"}, ResponseTypes: []string{}, SubjectTypes: []string{"public"},
		IDTokenAlgs: algs(), TokenEndpointAuthMethods: methods, IntrospectionEndpointAuthMethods: methods,
		RevocationEndpointAuthMethods: methods, ResourceIndicatorsSupported: true,
		TokenEndpointAuthAlgs: signing, IntrospectionEndpointAuthAlgs: signing, RevocationEndpointAuthAlgs: signing,
		CertificateBound: d.CertificateBound, Aliases: d.aliases(e.Issuer),
	})
	if err != nil {
		web.WriteProblem(w, err)
		return
	}
	public(w, "max-age=300")
	_, _ = w.Write(body)
}

// methods lists how clients may authenticate: those that are registered (RFC 8414 §2) and can be used here. A token of
// another issuer is a method of ours only, of which the registry knows nothing; to clients it is a client assertion.
func (d *Door) methods() []string {
	return slices.DeleteFunc(application.AuthMethods(), func(m string) bool {
		certificate := m == application.TLS || m == application.SelfSignedTLS
		return m == application.Federated || certificate && !d.CertificateBound
	})
}

// keys serves the public keys (RFC 7517). They may be kept as long as a new key is published before it signs.
func (d *Door) keys(w http.ResponseWriter, r *http.Request) {
	body, tag := web.Of(w).Environment.Keys.JWKS()
	public(w, keysFresh)
	w.Header().Set("ETag", tag)
	if web.NoneMatch(r.Header.Get("If-None-Match"), tag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(body)
}

// keysFresh lets caches keep the keys as long as the ring reckons with.
var keysFresh = "public, max-age=" + strconv.Itoa(int(keyring.MaxAge.Seconds()))

// public marks an answer that anybody may read and keep, scripts of other origins too.
func public(w http.ResponseWriter, cache string) {
	h := w.Header()
	web.JSON(h)
	h.Set("Cache-Control", cache)
	h.Set("Access-Control-Allow-Origin", "*")
}

func algs() []string {
	var names []string
	for _, alg := range keyring.Algs() {
		names = append(names, string(alg))
	}
	return names
}
