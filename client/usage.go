package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// Usage is the uses of many credentials, or of one, by the hour.
type Usage struct {
	// Since is from when on uses were counted.
	Since time.Time `json:"since"`
	// WrittenBehind is how many seconds may be missing at the end.
	WrittenBehind int64       `json:"written_behind_seconds"`
	PerSecond     UsesASecond `json:"per_second"`
	// Items are the oldest hour first; hours without a use are left out.
	Items []HourOfUse `json:"items"`
}

// UsesASecond is how many uses a second let their application in.
type UsesASecond struct {
	// Highest is the mean of the busiest hour; one that is not over counts as a whole one.
	Highest float64 `json:"highest"`
	Mean    float64 `json:"mean"`
}

// HourOfUse is the uses of one hour.
type HourOfUse struct {
	// Hour is when it began.
	Hour     time.Time `json:"hour"`
	Outcomes Outcomes  `json:"outcomes"`
}

// Outcomes says how often uses ended how.
type Outcomes struct {
	// Uses is how often a credential let its application in, Refused how often one was right and not let in.
	Uses    int64 `json:"uses"`
	Refused int64 `json:"refused"`
	// Failed is how often somebody named an application and proved nothing: with a wrong secret, or while it was locked.
	// Of a single credential it is 0.
	Failed int64 `json:"failed"`
}

// UsageOf says whose uses are asked for: those of one credential, of one application, or of all that the caller may see.
type UsageOf struct {
	ClientID, Credential string
	// Hours is how far to look back, at most 2160; 0 means a week.
	Hours int
}

// Usage counts uses by outcome, hour by hour. Needs credentials:read.
func (c *Client) Usage(ctx context.Context, of UsageOf) (*Usage, error) {
	query := url.Values{}
	for name, value := range map[string]string{"application": of.ClientID, "credential": of.Credential} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if of.Hours != 0 {
		query.Set("hours", strconv.Itoa(of.Hours))
	}
	return call[Usage](ctx, c, request{method: http.MethodGet, path: at("usage"), query: query, repeatable: true})
}

// Expiry is an enabled credential whose time is over soon, or was lately.
type Expiry struct {
	CredentialID string `json:"credential_id"`
	// Kind is one of "secret", "certificate", "jwt_key" and "trust".
	Kind     string `json:"kind"`
	ClientID string `json:"client_id"`
	// Application is the name of the application.
	Application string    `json:"application"`
	Description string    `json:"description"`
	ExpiresAt   time.Time `json:"expires_at"`
}

// Expiries lists the enabled credentials of all kinds that expire within so many days, at most 400, and those that expired
// in the last 7, soonest first. Needs credentials:read.
func (c *Client) Expiries(ctx context.Context, days int) iter.Seq2[*Expiry, error] {
	return pages[Expiry](ctx, c, at("expiries"), url.Values{"days": {strconv.Itoa(days)}})
}
