package client

import (
	"context"
	"time"
)

// Overview is what an administrator wants to know first.
type Overview struct {
	Counts OverviewCounts `json:"counts"`
	// Checklist are the steps of setting up that the caller may know of, in the order in which they are best taken.
	Checklist []SetupStep `json:"checklist"`
}

// OverviewCounts is nil where the caller may not read what is counted in all of the environment.
type OverviewCounts struct {
	// Applications are those that people make for programs; a caller with a role over some only is told of these.
	Applications         int64 `json:"applications"`
	ApplicationsDisabled int64 `json:"applications_disabled"`
	// Credentials are of all kinds, Expiring30d those that expire within 30 days, and Expired those that expired in the last
	// 7; what is disabled is in the first only.
	Credentials *int64 `json:"credentials,omitempty"`
	Expiring30d *int64 `json:"expiring_30d,omitempty"`
	Expired     *int64 `json:"expired,omitempty"`
	// LockedClients are the applications that failed logons have locked, everywhere or for a network.
	LockedClients *int64               `json:"locked_clients,omitempty"`
	Connections   *OverviewConnections `json:"connections,omitempty"`
	// Users are counted up to 10,000; UsersMore says that there are more.
	Users     *int64 `json:"users,omitempty"`
	UsersMore bool   `json:"users_more,omitempty"`
	// WebhooksFailing are those whose last message did not arrive, and those that were disabled because none did.
	WebhooksFailing *int64 `json:"webhooks_failing,omitempty"`
	// Hygiene is what was wrong with credentials that can be used at HygieneAt.
	Hygiene   *OverviewHygiene `json:"hygiene,omitempty"`
	HygieneAt time.Time        `json:"hygiene_at,omitzero"`
}

// OverviewConnections counts connections by state.
type OverviewConnections struct {
	Healthy   int64 `json:"healthy"`
	Failing   int64 `json:"failing"`
	Exhausted int64 `json:"exhausted"`
}

// OverviewHygiene counts findings by problem.
type OverviewHygiene struct {
	Exposed      int64 `json:"exposed"`
	Weak         int64 `json:"weak"`
	Idle         int64 `json:"idle_90_days"`
	TwoActive    int64 `json:"two_active"`
	OverScoped   int64 `json:"over_scoped"`
	NeverExpires int64 `json:"never_expires"`
}

// SetupStep is a step of setting up.
type SetupStep struct {
	// Step is one stable word, such as "tls", "second_administrator" or "notice_address".
	Step string `json:"step"`
	Done bool   `json:"done"`
	// Hint says for people what to do, and why.
	Hint string `json:"hint"`
}

// Overview counts what there is and what needs somebody, and says what is still to be set up. Needs applications:read, and
// for each part the scope to read what it counts.
func (c *Client) Overview(ctx context.Context) (*Overview, error) {
	return get[Overview](ctx, c, at("overview"))
}
