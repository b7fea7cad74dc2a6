package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// ApplicationSecret is a client secret of an application: what the server remembers of it and, in the answer to
// its creation, the secret itself.
type ApplicationSecret struct {
	Answer `json:"-"`

	// ID is a lowercase UUID.
	ID string `json:"id"`
	// ClientID is the application's.
	ClientID string `json:"client_id"`
	// Form is "generated", "chosen" or "imported"; an imported one becomes a chosen one when it is used first.
	Form        string `json:"form"`
	Description string `json:"description"`
	// Hint is the beginning of a generated secret, enough to recognise it and useless for guessing it.
	Hint string `json:"hint"`
	// Scopes narrows the secret to API families (application, application-users, openid) and permissions; nil means
	// all families, and all that the application may, now and later.
	Scopes []string `json:"scopes,omitzero"`
	// Networks are where it may be used from, in CIDR form; none means anywhere.
	Networks []string `json:"networks"`
	// Viewable is true for a secret that [Client.RevealSecret] can show again.
	Viewable bool `json:"viewable"`
	// Enabled is false while the secret, and every token obtained with it, is refused.
	Enabled bool `json:"enabled"`
	// Usable is true while it is enabled and valid.
	Usable bool `json:"usable"`
	// ExpiresAt is nil for a secret that does not expire. Tokens never outlive the secret they came from.
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	// NotBefore is nil for a secret that works from its creation.
	NotBefore *time.Time `json:"not_before,omitempty"`
	// ExposedAt is when it was reported as leaked; nil if it was not.
	ExposedAt *time.Time `json:"exposed_at,omitempty"`
	// LastUsedAt is nil for a secret not used in the last 90 days; it lags by up to 30 seconds, as do LastUsedFrom, an
	// address, and LastUsedBy, what the program calls itself.
	LastUsedAt   *time.Time `json:"last_used_at,omitempty"`
	LastUsedFrom string     `json:"last_used_from,omitempty"`
	LastUsedBy   string     `json:"last_used_by,omitempty"`
	// Replaces and ReplacedBy are the secrets before and after it in a rotation.
	Replaces   string `json:"replaces,omitempty"`
	ReplacedBy string `json:"replaced_by,omitempty"`
	// OldEndsIn is how many seconds the replaced secret goes on after the first use of this one; nil once settled.
	OldEndsIn *int64 `json:"old_ends_in,omitempty"`
	// Retiring is true for a secret that expires because it was rotated, StillUsed for one that was used since, and
	// SafeToRemove for one that nobody used for 24 hours and whose successor is usable.
	Retiring     bool `json:"retiring,omitempty"`
	StillUsed    bool `json:"still_used,omitempty"`
	SafeToRemove bool `json:"safe_to_remove,omitempty"`
	// AutoRetireDays deletes it once it has not been used for so many days; 0 never does.
	AutoRetireDays int       `json:"auto_retire_days,omitempty"`
	CreatedBy      string    `json:"created_by"`
	CreatedAt      time.Time `json:"created_at"`
	UpdatedAt      time.Time `json:"updated_at"`
	// Old is the secret that this one replaces, in the answer to its rotation.
	Old *OldSecret `json:"old,omitempty"`
	// Secret is present in the answer to the creation of a generated secret and never again.
	Secret Secret `json:"secret,omitzero"`
	// HandoverURL is present instead of Secret if a hand-over was asked for. It shows the secret to whoever posts to it
	// first, until HandoverExpiresAt, and is as good as the secret.
	HandoverURL       Secret     `json:"handover_url,omitzero"`
	HandoverExpiresAt *time.Time `json:"handover_expires_at,omitempty"`
	// SecretShown is true when the answer repeats that of an earlier request with the same Idempotency-Key,
	// whose answer held the secret. If it was lost on the way, delete this secret and make another.
	SecretShown bool `json:"secret_shown,omitempty"`
}

// OldSecret is what becomes of a secret that was rotated.
type OldSecret struct {
	ID string `json:"id"`
	// ExpiresAt is when it dies; nil if that is counted from the first use of its successor.
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	// TokensEnded is true if it died at once, and with it the tokens obtained with it.
	TokensEnded bool `json:"tokens_ended"`
}

// NewApplicationSecret describes a secret to be made. Everything is optional.
type NewApplicationSecret struct {
	Description string `json:"description,omitempty"`
	// ExpiresAt must lie in the future; nil means never.
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	// NotBefore lets a secret be handed over before it works.
	NotBefore *time.Time `json:"not_before,omitempty"`
	// Scopes narrows the secret to API families (application, application-users, openid) and permissions; nil means
	// what the environment's policy says, which is everything unless it was changed.
	Scopes []string `json:"scopes,omitzero"`
	// Networks are where it may be used from, in CIDR form; none means anywhere.
	Networks []string `json:"networks,omitempty"`
	// Viewable keeps the secret sealed, so that it can be revealed again; nil means as the environment's policy says.
	Viewable *bool `json:"viewable,omitempty"`
	// ChosenSecret is the secret itself, where the environment allows chosen ones; zero means that one is generated. It
	// cannot be part of the creation of an application.
	ChosenSecret Secret `json:"chosen_secret,omitzero"`
	// Hash is another system's hash of the secret: bcrypt, PBKDF2, argon2id or SHA-256.
	Hash Secret `json:"hash,omitzero"`
	// Handover asks for a link that shows the secret once within so many seconds, from 60 to 259200, instead of the
	// secret.
	Handover int64 `json:"handover,omitempty"`
}

// MarshalJSON writes the secrets in it, which print as nothing everywhere else.
func (s NewApplicationSecret) MarshalJSON() ([]byte, error) {
	type plain NewApplicationSecret // without this method
	return json.Marshal(struct {
		plain
		ChosenSecret string `json:"chosen_secret,omitempty"`
		Hash         string `json:"hash,omitempty"`
	}{plain(s), s.ChosenSecret.Reveal(), s.Hash.Reveal()})
}

// ApplicationSecretChange changes a secret's surroundings; the secret itself never changes.
type ApplicationSecretChange struct {
	Description Field[string]    `json:"description,omitzero"`
	ExpiresAt   Field[time.Time] `json:"expires_at,omitzero"`
	NotBefore   Field[time.Time] `json:"not_before,omitzero"`
	Scopes      Field[[]string]  `json:"scopes,omitzero"`
	Networks    Field[[]string]  `json:"networks,omitzero"`
}

// SecretRotation says how a secret gives way to its successor. The zero value gives the old one another day.
type SecretRotation struct {
	// OldEndsIn is how many seconds the old secret goes on, never longer than it would have; 0 ends it and its tokens at
	// once, nil means a day.
	OldEndsIn *int64 `json:"old_ends_in,omitempty"`
	// OldEndsAt is when the old secret dies, instead of OldEndsIn.
	OldEndsAt *time.Time `json:"old_ends_at,omitempty"`
	// ActivateOnFirstUse counts OldEndsIn from the first use of the new secret; until then the old one goes on.
	ActivateOnFirstUse bool `json:"activate_on_first_use,omitempty"`
	// AutoRetireDays deletes the old secret once it has not been used for so many days; 0 never does.
	AutoRetireDays int `json:"auto_retire_days,omitempty"`
	// ExpiresAt of the new secret; nil gives it as long a life as the old one was made with.
	ExpiresAt *time.Time `json:"expires_at,omitempty"`
	// Handover asks for a link to the new secret; see [NewApplicationSecret].
	Handover int64 `json:"handover,omitempty"`
}

// RevealedSecret is a secret that is shown again.
type RevealedSecret struct {
	ID       string `json:"id"`
	ClientID string `json:"client_id"`
	Hint     string `json:"hint"`
	Secret   Secret `json:"secret"`
}

// SecretUsage is the uses of a secret, or of another credential, hour by hour.
type SecretUsage struct {
	// Since is from when on uses were counted.
	Since time.Time `json:"since"`
	// WrittenBehind is how many seconds at the end may be missing.
	WrittenBehind int `json:"written_behind_seconds"`
	// Items are the hours that had any use, oldest first.
	Items []UsageOfHour `json:"items"`
}

// UsageOfHour is the uses of a credential in one hour.
type UsageOfHour struct {
	// At is when the hour began.
	At time.Time `json:"at"`
	// Uses is how often it let its application in; Refused how often it was right and did not.
	Uses    int `json:"uses"`
	Refused int `json:"refused"`
}

// Secrets lists an application's secrets. Needs credentials:read.
func (c *Client) Secrets(ctx context.Context, clientID string) iter.Seq2[*ApplicationSecret, error] {
	return pages[ApplicationSecret](ctx, c, at("applications", clientID, "secrets"), nil)
}

// AddSecret makes another secret for an application; the ones it has go on working. Needs credentials:write.
func (c *Client) AddSecret(ctx context.Context, clientID string, s NewApplicationSecret, options ...CallOption) (*ApplicationSecret, error) {
	return create[ApplicationSecret](ctx, c, at("applications", clientID, "secrets"), s, options)
}

// Secret returns one secret's record, without the secret. Needs credentials:read.
func (c *Client) Secret(ctx context.Context, clientID, id string) (*ApplicationSecret, error) {
	return get[ApplicationSecret](ctx, c, at("applications", clientID, "secrets", id))
}

// UpdateSecret changes a secret's description, dates, scopes or networks. Needs credentials:write.
func (c *Client) UpdateSecret(ctx context.Context, clientID, id string, s ApplicationSecretChange, options ...CallOption) (*ApplicationSecret, error) {
	return change[ApplicationSecret](ctx, c, at("applications", clientID, "secrets", id), s, options)
}

// RotateSecret makes a successor of a secret, with its settings, and lets the old one go as r says. With [IfMatch] it
// happens only while the old one is as it was seen. Needs credentials:write.
func (c *Client) RotateSecret(ctx context.Context, clientID, id string, r SecretRotation, options ...CallOption) (*ApplicationSecret, error) {
	return create[ApplicationSecret](ctx, c, at("applications", clientID, "secrets", id, "rotate"), r, options)
}

// RevealSecret shows a viewable secret again, which the ledger notes. Needs credentials:reveal and a token of at most 5
// minutes, so it gets one of its own.
func (c *Client) RevealSecret(ctx context.Context, clientID, id string) (*RevealedSecret, error) {
	c.tokens.forget()
	return call[RevealedSecret](ctx, c, request{method: http.MethodPost, path: at("applications", clientID, "secrets", id, "reveal")})
}

// SecretUsage counts the uses of a secret in the last hours, at most 2160; 0 means a week. Needs credentials:read.
func (c *Client) SecretUsage(ctx context.Context, clientID, id string, hours int) (*SecretUsage, error) {
	return c.usage(ctx, clientID, "secrets", id, hours)
}

func (c *Client) usage(ctx context.Context, clientID, kind, id string, hours int) (*SecretUsage, error) {
	query := url.Values{}
	if hours != 0 {
		query.Set("hours", strconv.Itoa(hours))
	}
	return call[SecretUsage](ctx, c, request{
		method: http.MethodGet, path: at("applications", clientID, kind, id, "usage"), query: query, repeatable: true,
	})
}

// DisableSecret refuses a secret and makes the tokens obtained with it inactive. Needs credentials:write.
func (c *Client) DisableSecret(ctx context.Context, clientID, id string) (Answer, error) {
	return act(ctx, c, at("applications", clientID, "secrets", id, "disable"))
}

// EnableSecret lets a secret work again. Tokens obtained with it earlier stay dead. Needs credentials:write.
func (c *Client) EnableSecret(ctx context.Context, clientID, id string) (Answer, error) {
	return act(ctx, c, at("applications", clientID, "secrets", id, "enable"))
}

// DeleteSecret deletes a secret; the tokens obtained with it become inactive. The last credential that the application
// can use goes only by [Force]; else the answer is 409. Needs credentials:write.
func (c *Client) DeleteSecret(ctx context.Context, clientID, id string, options ...CallOption) (Answer, error) {
	return remove(ctx, c, at("applications", clientID, "secrets", id), options)
}

// Force deletes a credential also if it is the last that its application can use.
func Force() CallOption {
	return func(r *request) { r.query = url.Values{"force": {"true"}} }
}
