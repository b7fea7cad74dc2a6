package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Webhook is a place that is told what the ledger says, by signed messages (Standard Webhooks).
type Webhook struct {
	Answer `json:"-"`

	// ID is a lowercase UUID and never changes.
	ID          string `json:"id"`
	URL         string `json:"url"`
	Description string `json:"description"`
	// Kinds are the kinds of events it hears of, or their first words; empty is every kind.
	Kinds   []string `json:"kinds"`
	Enabled bool     `json:"enabled"`
	// Reason says why the server disabled it by itself.
	Reason string `json:"reason,omitempty"`
	// Position is the number of the ledger event up to which there are deliveries.
	Position int64 `json:"position"`
	// Failures counts the attempts that failed since the last that succeeded; because of them nothing is sent until
	// PausedUntil, if that is set.
	Failures    int64      `json:"failures"`
	PausedUntil *time.Time `json:"paused_until,omitempty"`
	// CreatedBy is the client id of its maker, or a word for the system itself.
	CreatedBy string    `json:"created_by"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	// Secret signs the messages: whsec_ and a key in base64. It is set in the answers of CreateWebhook and
	// RotateWebhook, and never again.
	Secret Secret `json:"secret,omitzero"`
	// SecretShown says that an earlier attempt of the same creation showed the secret, in an answer that was lost.
	SecretShown bool `json:"secret_shown,omitempty"`
}

// NewWebhook describes a webhook to be made. Only URL is required.
type NewWebhook struct {
	URL         string   `json:"url"`
	Description string   `json:"description,omitempty"`
	Kinds       []string `json:"kinds,omitempty"`
	// Disabled sends nothing until it is enabled.
	Disabled bool `json:"disabled,omitempty"`
}

// WebhookChange changes a webhook. Kinds replaces the whole list.
type WebhookChange struct {
	URL         Field[string]   `json:"url,omitzero"`
	Description Field[string]   `json:"description,omitzero"`
	Kinds       Field[[]string] `json:"kinds,omitzero"`
}

// Delivery is a message to a webhook and what became of it.
type Delivery struct {
	// Event numbers the ledger event. For a batch of Events it is the first, and LastEvent the last.
	Event       int64  `json:"event"`
	LastEvent   int64  `json:"last_event"`
	Events      int64  `json:"events"`
	Kind        string `json:"kind"`
	SubjectKind string `json:"subject_kind"`
	SubjectID   string `json:"subject_id"`
	// State is "pending", "delivered" or "dead", which is given up.
	State    string    `json:"state"`
	Attempts int       `json:"attempts"`
	QueuedAt time.Time `json:"queued_at"`
	// NextAt is when a pending one is tried next, unless it waits for another about the same subject.
	NextAt  *time.Time `json:"next_at,omitempty"`
	TriedAt *time.Time `json:"tried_at,omitempty"`
	// Status is that of the last answer, 0 if there was none, and Answer its beginning or why there was none.
	Status int    `json:"status,omitempty"`
	Answer string `json:"answer,omitempty"`
}

// Replay says what to send again; exactly one member is set.
type Replay struct {
	// Delivery is the number of one ledger event, whatever became of it.
	Delivery int64 `json:"delivery,omitempty"`
	// Since is the number of the event to begin with.
	Since int64 `json:"since,omitempty"`
	// Dead is for every message that was given up.
	Dead bool `json:"dead,omitempty"`
}

// Webhooks lists the webhooks of the environment. Needs webhooks:read.
func (c *Client) Webhooks(ctx context.Context) iter.Seq2[*Webhook, error] {
	return pages[Webhook](ctx, c, at("webhooks"), nil)
}

// CreateWebhook makes a webhook. Needs webhooks:write and ledger:read.
func (c *Client) CreateWebhook(ctx context.Context, w NewWebhook, options ...CallOption) (*Webhook, error) {
	return create[Webhook](ctx, c, at("webhooks"), w, options)
}

// Webhook returns the webhook with this id. Needs webhooks:read.
func (c *Client) Webhook(ctx context.Context, id string) (*Webhook, error) {
	return get[Webhook](ctx, c, at("webhooks", id))
}

// UpdateWebhook changes a webhook. Needs webhooks:write and ledger:read.
func (c *Client) UpdateWebhook(ctx context.Context, id string, w WebhookChange, options ...CallOption) (*Webhook, error) {
	return change[Webhook](ctx, c, at("webhooks", id), w, options)
}

// DisableWebhook sends nothing to a webhook until it is enabled; events wait in the ledger. Needs webhooks:write.
func (c *Client) DisableWebhook(ctx context.Context, id string) (Answer, error) {
	return act(ctx, c, at("webhooks", id, "disable"))
}

// EnableWebhook lets a webhook go on where it stopped. Needs webhooks:write and ledger:read.
func (c *Client) EnableWebhook(ctx context.Context, id string) (Answer, error) {
	return act(ctx, c, at("webhooks", id, "enable"))
}

// DeleteWebhook deletes a webhook; what has not arrived is not sent any more. Needs webhooks:write.
func (c *Client) DeleteWebhook(ctx context.Context, id string, options ...CallOption) (Answer, error) {
	return remove(ctx, c, at("webhooks", id), options)
}

// RotateWebhook gives a webhook a new secret, which is in the answer. For a day messages carry a signature of the former
// one as well. It is never repeated by itself. Needs webhooks:write and ledger:read.
func (c *Client) RotateWebhook(ctx context.Context, id string, options ...CallOption) (*Webhook, error) {
	return call[Webhook](ctx, c, request{method: http.MethodPost, path: at("webhooks", id, "rotate")}, options...)
}

// Deliveries lists the messages to a webhook, the newest event first. state is "pending", "delivered", "dead" or empty
// for all. Needs webhooks:read.
func (c *Client) Deliveries(ctx context.Context, id, state string) iter.Seq2[*Delivery, error] {
	query := url.Values{}
	if state != "" {
		query.Set("state", state)
	}
	return pages[Delivery](ctx, c, at("webhooks", id, "deliveries"), query)
}

// ReplayWebhook sends messages again, under their former ids. It is never repeated by itself. Needs webhooks:write and
// ledger:read.
func (c *Client) ReplayWebhook(ctx context.Context, id string, r Replay) (Answer, error) {
	got, err := call[acted](ctx, c, request{method: http.MethodPost, path: at("webhooks", id, "replay"), body: r})
	if err != nil {
		return Answer{}, err
	}
	return got.Answer, nil
}

// TestWebhook sends a webhook an event of the kind webhook.test, whatever kinds it hears of. Needs webhooks:write.
func (c *Client) TestWebhook(ctx context.Context, id string) (Answer, error) {
	return act(ctx, c, at("webhooks", id, "test"))
}
