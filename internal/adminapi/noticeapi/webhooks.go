package noticeapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/notice/webhook"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Webhook is a [webhook.Endpoint] on the wire.
type Webhook struct {
	rest.Row
	ID          string          `json:"id" format:"uuid"`
	URL         string          `json:"url"`
	Description string          `json:"description"`
	Kinds       []string        `json:"kinds" nullable:"false" doc:"The kinds of ledger events it hears of: whole ones, such as credential.created, or their first words, such as credential. Empty: every kind."`
	Enabled     bool            `json:"enabled"`
	Reason      string          `json:"reason,omitempty" doc:"Why Counterfoil disabled it by itself; absent when it did not."`
	Position    int64           `json:"position" doc:"The number of the ledger event up to which there are deliveries."`
	Failures    int64           `json:"failures" doc:"How many attempts failed since the last that succeeded."`
	PausedUntil time.Time       `json:"paused_until,omitzero" doc:"Until when nothing is sent, because of the failures; absent: it is not paused."`
	CreatedBy   string          `json:"created_by" doc:"The client_id of the application that made it, or a word for Counterfoil itself."`
	CreatedAt   time.Time       `json:"created_at"`
	UpdatedAt   time.Time       `json:"updated_at"`
	Secret      rest.Disclosure `json:"secret,omitzero" doc:"whsec_ and the key that signs messages, in base64: in the answer to its creation or rotation and never again."`
	SecretShown bool            `json:"secret_shown,omitempty" doc:"Set in the answer to a repeated creation, which does not show the secret again."`
}

// NewWebhook is the body that makes a webhook.
type NewWebhook struct {
	URL         string   `json:"url" doc:"Where messages are posted: https, without user, password and fragment."`
	Description string   `json:"description,omitempty"`
	Kinds       []string `json:"kinds,omitempty" doc:"Every kind unless given."`
	Disabled    bool     `json:"disabled,omitempty" doc:"Send nothing until it is enabled."`
}

// WebhookChange is a merge patch.
type WebhookChange struct {
	URL         rest.Patch[string]   `json:"url,omitzero"`
	Description rest.Patch[string]   `json:"description,omitzero"`
	Kinds       rest.Patch[[]string] `json:"kinds,omitzero" doc:"null or empty: every kind."`
}

// WebhookPath names a webhook.
type WebhookPath struct {
	Webhook string `path:"webhook" doc:"Its id."`
}

func (r *Resources) webhookOperations(api huma.API) {
	const list, one = "/webhooks", "/webhooks/{webhook}"
	huma.Register(api, rest.Operation("GET "+list, "list-webhooks", "List webhooks"), r.listWebhooks)
	huma.Register(api, rest.Creation("POST "+list, "create-webhook", "Create a webhook, which is told from now on what the ledger says"), r.createWebhook)
	huma.Register(api, rest.Operation("GET "+one, "get-webhook", "Show a webhook"), r.getWebhook)
	huma.Register(api, rest.Operation("PATCH "+one, "change-webhook", "Change where a webhook sends what"), r.changeWebhook)
	huma.Register(api, rest.Operation("DELETE "+one, "delete-webhook", "Delete a webhook; what has not arrived is not sent any more"), r.deleteWebhook)
	huma.Register(api, rest.Operation("POST "+one+"/disable", "disable-webhook", "Disable a webhook; events wait for it in the ledger"), r.setWebhookEnabled(false))
	huma.Register(api, rest.Operation("POST "+one+"/enable", "enable-webhook", "Enable a webhook, which goes on where it stopped"), r.setWebhookEnabled(true))
	huma.Register(api, rest.Operation("POST "+one+"/rotate", "rotate-webhook", "Give a webhook a new secret; for a day messages are signed with the former one, too"), r.rotateWebhook)
}

func (r *Resources) listWebhooks(ctx context.Context, in *struct{ web.PageQuery }) (*rest.Listed[Webhook], error) {
	out := &rest.Listed[Webhook]{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		all, err := webhook.List(tx, &c.Actor)
		if err != nil {
			return err
		}
		out.Body, err = rest.PageOf(r.Desk, in.PageQuery, c, "webhooks", all,
			func(e *webhook.Endpoint) (int64, string) { return db.Micros(e.CreatedAt), e.ID.String() }, showWebhook)
		return err
	})
	return out, err
}

// createWebhook checks the URL before the transaction, because that may ask a name server.
func (r *Resources) createWebhook(ctx context.Context, in *struct {
	rest.Idempotent
	Body NewWebhook
}) (*rest.Created[Webhook], error) {
	url, err := r.Webhooks.CheckURL(ctx, in.Body.URL)
	if err != nil {
		return nil, err
	}
	spec := webhook.Spec{URL: url, Description: in.Body.Description, Kinds: in.Body.Kinds, Disabled: in.Body.Disabled}
	return rest.Create(ctx, r.Desk, in.Idempotent, in.Body, rest.Maker[Webhook]{
		Make: func(tx *db.Tx, c *rest.Call) (Webhook, string, error) {
			e, secret, err := r.Webhooks.Create(tx, &c.Actor, spec)
			if err != nil {
				return Webhook{}, "", err
			}
			return disclose(e, secret), e.ID.String(), nil
		},
		Again: func(tx *db.Tx, c *rest.Call, name string) (Webhook, error) {
			e, err := webhook.Load(tx, c.Actor.Environment, rest.ID(name))
			if err != nil {
				return Webhook{}, err
			}
			shown := showWebhook(e)
			shown.SecretShown = true
			return shown, nil
		},
	})
}

func (r *Resources) getWebhook(ctx context.Context, in *struct {
	WebhookPath
	rest.Conditional
}) (*rest.Found[Webhook], error) {
	return rest.Find(ctx, r.Desk, in.Conditional, func(tx *db.Tx, c *rest.Call) (Webhook, error) {
		e, err := webhook.Get(tx, &c.Actor, rest.ID(in.Webhook))
		if err != nil {
			return Webhook{}, err
		}
		return showWebhook(e), nil
	})
}

func (r *Resources) changeWebhook(ctx context.Context, in *struct {
	WebhookPath
	rest.Precondition
	Body WebhookChange
}) (*rest.Changed[Webhook], error) {
	var url webhook.URL
	if text := in.Body.URL.Value(); text != "" {
		var err error
		if url, err = r.Webhooks.CheckURL(ctx, text); err != nil {
			return nil, err
		}
	}
	return rest.Change(ctx, r.Desk, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) (Webhook, error) {
		e, err := r.Webhooks.Change(tx, &c.Actor, rest.ID(in.Webhook), version, func(s *webhook.Spec) {
			rest.Mapped(in.Body.URL, func(string) webhook.URL { return url }).Apply(&s.URL, webhook.URL{})
			in.Body.Description.Apply(&s.Description, "")
			in.Body.Kinds.Apply(&s.Kinds, nil)
		})
		if err != nil {
			return Webhook{}, err
		}
		return showWebhook(e), nil
	})
}

func (r *Resources) deleteWebhook(ctx context.Context, in *struct {
	WebhookPath
	rest.Precondition
}) (*rest.Done, error) {
	return r.Remove(ctx, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) error {
		return r.Webhooks.Delete(tx, &c.Actor, rest.ID(in.Webhook), version)
	})
}

func (r *Resources) setWebhookEnabled(enabled bool) func(context.Context, *WebhookPath) (*rest.Done, error) {
	return func(ctx context.Context, in *WebhookPath) (*rest.Done, error) {
		return r.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
			_, err := r.Webhooks.SetEnabled(tx, &c.Actor, rest.ID(in.Webhook), enabled)
			return err
		})
	}
}

func (r *Resources) rotateWebhook(ctx context.Context, in *struct {
	WebhookPath
	rest.Precondition
}) (*rest.Changed[Webhook], error) {
	return rest.Change(ctx, r.Desk, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) (Webhook, error) {
		e, secret, err := r.Webhooks.Rotate(tx, &c.Actor, rest.ID(in.Webhook), version)
		if err != nil {
			return Webhook{}, err
		}
		return disclose(e, secret), nil
	})
}

func disclose(e *webhook.Endpoint, secret seal.Secret) Webhook {
	shown := showWebhook(e)
	shown.Secret = rest.Disclose(secret)
	return shown
}

func showWebhook(e *webhook.Endpoint) Webhook {
	return Webhook{
		Row: rest.RowOf(e.ID, e.Version), ID: e.ID.String(), URL: e.URL, Description: e.Description, Kinds: append([]string{}, e.Kinds...),
		Enabled: e.Enabled, Reason: e.Reason, Position: e.Position, Failures: e.Failures, PausedUntil: e.PausedUntil,
		CreatedBy: e.CreatedBy, CreatedAt: e.CreatedAt, UpdatedAt: e.UpdatedAt,
	}
}
