package client

import (
	"context"
	"encoding/json"
	"iter"
	"time"
)

// CredentialRecord is what every credential has that is no secret: certificates, JWT keys and federated trusts.
type CredentialRecord struct {
	Answer `json:"-"`

	// ID is a lowercase UUID.
	ID string `json:"id"`
	// ClientID is the application's.
	ClientID    string `json:"client_id"`
	Description string `json:"description"`
	// Hint is what it is recognised by.
	Hint string `json:"hint"`
	// Scopes narrows the credential to API families (application, application-users, openid) and permissions; nil means
	// all families, and all that the application may, now and later.
	Scopes []string `json:"scopes,omitzero"`
	// Networks are where it may be used from, in CIDR form; none means anywhere.
	Networks []string `json:"networks"`
	// Enabled is false while the credential, and every token obtained with it, is refused.
	Enabled bool `json:"enabled"`
	// Usable is true while it is enabled and valid.
	Usable bool `json:"usable"`
	// ExpiresAt is nil for a credential that does not expire. Tokens never outlive the credential they came from.
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	// NotBefore is nil for a credential that works from its creation.
	NotBefore *time.Time `json:"not_before,omitempty"`
	// LastUsedAt is nil for a credential not used in the last 90 days; it lags by up to 30 seconds, as do LastUsedFrom, an
	// address, and LastUsedBy, what the program calls itself.
	LastUsedAt   *time.Time `json:"last_used_at,omitempty"`
	LastUsedFrom string     `json:"last_used_from,omitempty"`
	LastUsedBy   string     `json:"last_used_by,omitempty"`
	CreatedBy    string     `json:"created_by"`
	CreatedAt    time.Time  `json:"created_at"`
	UpdatedAt    time.Time  `json:"updated_at"`
}

// CredentialSettings is what can be said of any new credential. Everything is optional.
type CredentialSettings struct {
	Description string `json:"description,omitempty"`
	// ExpiresAt must lie in the future; nil means never or, of a certificate, when that expires.
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	// NotBefore lets a credential be put in place before it works.
	NotBefore *time.Time `json:"not_before,omitempty"`
	// Scopes narrows it to API families (application, application-users, openid) and permissions; nil means what the
	// environment's policy says, which is everything unless it was changed.
	Scopes []string `json:"scopes,omitzero"`
	// Networks are where it may be used from, in CIDR form; none means anywhere.
	Networks []string `json:"networks,omitempty"`
}

// CredentialChange changes a credential's surroundings; what proves it never changes.
type CredentialChange struct {
	Description Field[string]    `json:"description,omitzero"`
	ExpiresAt   Field[time.Time] `json:"expires_at,omitzero"`
	NotBefore   Field[time.Time] `json:"not_before,omitzero"`
	Scopes      Field[[]string]  `json:"scopes,omitzero"`
	Networks    Field[[]string]  `json:"networks,omitzero"`
}

// CertificateSubject is the name by which certificates of a trusted authority are known, one of the five (RFC 8705
// §2.1.2).
type CertificateSubject struct {
	// SubjectDN is written as in RFC 4514: CN=billing,O=Acme,C=DE.
	SubjectDN string `json:"subject_dn,omitempty"`
	SANDNS    string `json:"san_dns,omitempty"`
	SANURI    string `json:"san_uri,omitempty"`
	SANIP     string `json:"san_ip,omitempty"`
	SANEmail  string `json:"san_email,omitempty"`
}

// Certificate is a client certificate, or a rule about certificates, by which an application proves itself.
type Certificate struct {
	CredentialRecord
	// Method is "tls_client_auth" or "self_signed_tls_client_auth".
	Method string `json:"method"`
	// Certificate is in PEM; empty if any with the subject is accepted.
	Certificate string `json:"certificate,omitempty"`
	// Thumbprint is its SHA-256 in base64url, as the cnf of tokens that are bound to it has it.
	Thumbprint string `json:"x5t#S256,omitempty"`
	CertificateSubject
	// CAs are the ids of the authorities that it must come from.
	CAs []string `json:"cas,omitempty"`
	// PKCS12 is the generated key with its certificate, a file in base64, and Password opens it; both are present in the
	// answer to the creation and never again.
	PKCS12   Secret `json:"pkcs12,omitzero"`
	Password Secret `json:"password,omitzero"`
	// SecretShown is true when the answer repeats that of an earlier request with the same Idempotency-Key, whose answer
	// held the file. If it was lost on the way, delete this certificate and make another.
	SecretShown bool `json:"secret_shown,omitempty"`
}

// NewCertificate describes a certificate to be added. One of Certificate, CSR, Generate and a subject with CAs is set.
type NewCertificate struct {
	CredentialSettings
	// Certificate is in PEM, or DER in base64; those of the authorities between may follow.
	Certificate string `json:"certificate,omitempty"`
	// CSR is a signing request for the environment's own authority.
	CSR string `json:"csr,omitempty"`
	// Generate makes a key and a certificate of the environment's own authority.
	Generate bool `json:"generate,omitempty"`
	// CommonName is what a generated certificate is called, at most 64 characters; the client ID unless given.
	CommonName string `json:"common_name,omitempty"`
	// Password of the generated file, 12 to 128 characters; the server makes one and answers with it unless given.
	Password Secret `json:"password,omitzero"`
	// Method, for an upload, is "self_signed_tls_client_auth" for this one certificate, whoever issued it.
	Method string `json:"method,omitempty"`
	CertificateSubject
	// CAs are ids of authorities; those of an upload are found unless given.
	CAs []string `json:"cas,omitempty"`
}

// MarshalJSON writes the password in it, which prints as nothing everywhere else.
func (n NewCertificate) MarshalJSON() ([]byte, error) {
	type plain NewCertificate
	return json.Marshal(struct {
		plain
		Password string `json:"password,omitempty"`
	}{plain(n), n.Password.Reveal()})
}

// Certificates lists an application's certificates. Needs credentials:read.
func (c *Client) Certificates(ctx context.Context, clientID string) iter.Seq2[*Certificate, error] {
	return pages[Certificate](ctx, c, at("applications", clientID, "certificates"), nil)
}

// AddCertificate lets an application prove itself by a certificate. Needs credentials:write.
func (c *Client) AddCertificate(ctx context.Context, clientID string, n NewCertificate, options ...CallOption) (*Certificate, error) {
	return create[Certificate](ctx, c, at("applications", clientID, "certificates"), n, options)
}

// Certificate returns one certificate's record. Needs credentials:read.
func (c *Client) Certificate(ctx context.Context, clientID, id string) (*Certificate, error) {
	return get[Certificate](ctx, c, at("applications", clientID, "certificates", id))
}

// UpdateCertificate changes a certificate's surroundings. Needs credentials:write.
func (c *Client) UpdateCertificate(ctx context.Context, clientID, id string, n CredentialChange, options ...CallOption) (*Certificate, error) {
	return change[Certificate](ctx, c, at("applications", clientID, "certificates", id), n, options)
}

// CertificateUsage counts the uses of a certificate in the last hours, at most 2160; 0 means a week. Needs credentials:read.
func (c *Client) CertificateUsage(ctx context.Context, clientID, id string, hours int) (*SecretUsage, error) {
	return c.usage(ctx, clientID, "certificates", id, hours)
}

// DisableCertificate refuses a certificate and makes the tokens obtained with it inactive. Needs credentials:write.
func (c *Client) DisableCertificate(ctx context.Context, clientID, id string) (Answer, error) {
	return act(ctx, c, at("applications", clientID, "certificates", id, "disable"))
}

// EnableCertificate lets a certificate work again. Tokens obtained with it earlier stay dead. Needs credentials:write.
func (c *Client) EnableCertificate(ctx context.Context, clientID, id string) (Answer, error) {
	return act(ctx, c, at("applications", clientID, "certificates", id, "enable"))
}

// DeleteCertificate deletes a certificate with its tokens; the last usable credential of an application only with
// [Force]. Needs credentials:write.
func (c *Client) DeleteCertificate(ctx context.Context, clientID, id string, options ...CallOption) (Answer, error) {
	return remove(ctx, c, at("applications", clientID, "certificates", id), options)
}

// CertificateAuthority is an authority whose certificates an environment may accept.
type CertificateAuthority struct {
	Answer `json:"-"`

	ID   string `json:"id"`
	Name string `json:"name"`
	// Own is true for the environment's own authority, whose key the server keeps.
	Own bool `json:"own"`
	// Subject is written as in RFC 4514.
	Subject string `json:"subject"`
	// Certificate is in PEM.
	Certificate string    `json:"certificate"`
	ExpiresAt   time.Time `json:"expires_at"`
	CreatedBy   string    `json:"created_by"`
	CreatedAt   time.Time `json:"created_at"`
}

// NewCertificateAuthority names an authority to be trusted. Both are required.
type NewCertificateAuthority struct {
	Name string `json:"name"`
	// Certificate is in PEM, or DER in base64.
	Certificate string `json:"certificate"`
}

// CertificateAuthorities returns the authorities of the environment, at most 50. Needs credentials:read.
func (c *Client) CertificateAuthorities(ctx context.Context) ([]*CertificateAuthority, error) {
	got, err := get[page[CertificateAuthority]](ctx, c, at("certificate-authorities"))
	if err != nil {
		return nil, err
	}
	return got.Items, nil
}

// AddCertificateAuthority makes the environment trust an authority, which lets nobody in by itself. Needs
// credentials:write.
func (c *Client) AddCertificateAuthority(ctx context.Context, n NewCertificateAuthority, options ...CallOption) (*CertificateAuthority, error) {
	return create[CertificateAuthority](ctx, c, at("certificate-authorities"), n, options)
}

// CertificateAuthority returns one authority; the id "own" is the environment's own. Needs credentials:read.
func (c *Client) CertificateAuthority(ctx context.Context, id string) (*CertificateAuthority, error) {
	return get[CertificateAuthority](ctx, c, at("certificate-authorities", id))
}

// DeleteCertificateAuthority ends the trust in an authority that no credential names. Needs credentials:write.
func (c *Client) DeleteCertificateAuthority(ctx context.Context, id string) (Answer, error) {
	return remove(ctx, c, at("certificate-authorities", id), nil)
}

// PublicKey is one key of a set.
type PublicKey struct {
	// ID is its kid, or empty.
	ID string `json:"kid,omitempty"`
	// Type is such as "P-256", "RSA 2048" or "Ed25519".
	Type string `json:"type"`
	// Algorithm is the one that it may sign by; empty for any that its type allows.
	Algorithm string `json:"alg,omitempty"`
	// Thumbprint is that of RFC 7638 by SHA-256.
	Thumbprint string `json:"thumbprint"`
}

// KeySet is public keys as they are sent: a JWK Set or a JWK in JSON, or PEM.
type KeySet string

// MarshalJSON writes JSON as it is and everything else as a text.
func (k KeySet) MarshalJSON() ([]byte, error) {
	if raw := json.RawMessage(k); json.Valid(raw) {
		return raw, nil
	}
	return json.Marshal(string(k))
}
