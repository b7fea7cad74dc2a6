package client

import (
	"context"
	"iter"
	"net/url"
	"strings"
	"time"
)

// RosterEntry is a credential of an application, of any kind, as far as all kinds have it in common.
type RosterEntry struct {
	// ID names it under the path of its kind.
	ID       string `json:"id"`
	ClientID string `json:"client_id"`
	// Kind is "secret", "certificate", "jwt_key" or "trust"; Form, of a secret, "generated", "chosen" or "imported".
	Kind        string `json:"kind"`
	Form        string `json:"form,omitempty"`
	Description string `json:"description"`
	// Hint is what it is recognised by; Fingerprint the SHA-256 of a certificate in base64url.
	Hint        string `json:"hint"`
	Fingerprint string `json:"fingerprint,omitempty"`
	// Scopes narrow it; nil means all that the application may. Networks is empty for anywhere.
	Scopes   []string `json:"scopes,omitzero"`
	Networks []string `json:"networks"`
	Enabled  bool     `json:"enabled"`
	// Usable says that it is enabled and valid now.
	Usable bool `json:"usable"`
	// State is the first that applies of "disabled", "expired", "locked", "not_yet", "retiring" and "active".
	State    string `json:"state"`
	Viewable bool   `json:"viewable"`
	// Times that are nil say that it never expires, is valid from the beginning, was not exposed or not used.
	ExpiresAt    *time.Time `json:"expires_at,omitempty"`
	NotBefore    *time.Time `json:"not_before,omitempty"`
	ExposedAt    *time.Time `json:"exposed_at,omitempty"`
	LastUsedAt   *time.Time `json:"last_used_at,omitempty"`
	LastUsedFrom string     `json:"last_used_from,omitempty"`
	LastUsedBy   string     `json:"last_used_by,omitempty"`
	Replaces     string     `json:"replaces,omitempty"`
	ReplacedBy   string     `json:"replaced_by,omitempty"`
	// OldEndsIn is how many seconds the replaced secret goes on after the first use of this one, nil when that is settled;
	// then OldExpiresAt is when it expires.
	OldEndsIn      *int64     `json:"old_ends_in,omitempty"`
	OldExpiresAt   *time.Time `json:"old_expires_at,omitempty"`
	StillUsed      bool       `json:"still_used,omitempty"`
	SafeToRemove   bool       `json:"safe_to_remove,omitempty"`
	AutoRetireDays int        `json:"auto_retire_days,omitempty"`
	CreatedBy      string     `json:"created_by"`
	CreatedAt      time.Time  `json:"created_at"`
	UpdatedAt      time.Time  `json:"updated_at"`
}

// Roster lists the credentials of an application in one list, oldest first: of the kinds named, or of all. Needs
// credentials:read.
func (c *Client) Roster(ctx context.Context, clientID string, kinds ...string) iter.Seq2[*RosterEntry, error] {
	query := url.Values{}
	setText(query, "kind", strings.Join(kinds, ","))
	return pages[RosterEntry](ctx, c, at("applications", clientID, "credentials"), query)
}
