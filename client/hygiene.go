package client

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// Finding is something that somebody should put right about a credential that can be used.
type Finding struct {
	// Problem is one of "exposed", "weak", "idle_90_days", "two_active", "over_scoped" and "never_expires".
	Problem     string `json:"problem"`
	ClientID    string `json:"client_id"`
	Application string `json:"application"`
	// CredentialID and Kind are empty when the problem is one of the application as a whole.
	CredentialID string    `json:"credential_id,omitempty"`
	Kind         string    `json:"kind,omitempty"`
	Detail       string    `json:"detail"`
	Since        time.Time `json:"since"`
}

// Hygiene lists what is wrong with the credentials of the environment that can be used, the gravest first and at most
// 10,000 findings. Needs credentials:read.
func (c *Client) Hygiene(ctx context.Context) iter.Seq2[*Finding, error] {
	return pages[Finding](ctx, c, at("hygiene"), nil)
}

// HygieneCSV returns the same as CSV (RFC 4180) with a head. Cells that a spreadsheet would take for formulas begin with
// an apostrophe. Needs credentials:read.
func (c *Client) HygieneCSV(ctx context.Context) ([]byte, error) {
	got, err := c.do(ctx, request{method: http.MethodGet, path: at("hygiene"), repeatable: true, accept: "text/csv"})
	if err != nil {
		return nil, err
	}
	return got.body, nil
}
