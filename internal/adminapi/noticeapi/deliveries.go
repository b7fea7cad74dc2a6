package noticeapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/notice/webhook"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Delivery is a [webhook.Delivery] on the wire.
type Delivery struct {
	Event       int64     `json:"event" doc:"The number of the ledger event; for a batch, of the first one."`
	LastEvent   int64     `json:"last_event" doc:"That of the last event of a batch; else the same."`
	Events      int64     `json:"events" doc:"How many events it tells of: more than 1 for a batch."`
	Kind        string    `json:"kind"`
	SubjectKind string    `json:"subject_kind"`
	SubjectID   string    `json:"subject_id"`
	State       string    `json:"state" enum:"pending,delivered,dead" doc:"dead: given up; a replay tries again."`
	Attempts    int       `json:"attempts"`
	QueuedAt    time.Time `json:"queued_at"`
	NextAt      time.Time `json:"next_at,omitzero" doc:"When a pending one is tried next, unless it waits for another about the same subject."`
	TriedAt     time.Time `json:"tried_at,omitzero" doc:"Absent: never."`
	Status      int       `json:"status,omitempty" doc:"Of the last answer; absent if there was none."`
	Answer      string    `json:"answer,omitempty" doc:"How the last answer begins, or why there was none."`
}

// Replay says what to send again; exactly one member is given.
type Replay struct {
	Delivery int64 `json:"delivery,omitempty" minimum:"0" doc:"This ledger event, whatever became of it and whatever its kind."`
	Since    int64 `json:"since,omitempty" minimum:"0" doc:"Every event of the webhook's kinds from this number on, delivered or not."`
	Dead     bool  `json:"dead,omitempty" doc:"Every message that was given up."`
}

func (r *Resources) deliveryOperations(api huma.API) {
	const one = "/webhooks/{webhook}"
	huma.Register(api, rest.Operation("GET "+one+"/deliveries", "list-deliveries", "List the messages to a webhook and what became of them, newest first"), r.listDeliveries)
	huma.Register(api, rest.Operation("POST "+one+"/replay", "replay-webhook", "Send messages again, under their former ids"), r.replay)
	huma.Register(api, rest.Operation("POST "+one+"/test", "test-webhook", "Send a webhook an event of the kind webhook.test"), r.testWebhook)
}

func (r *Resources) listDeliveries(ctx context.Context, in *struct {
	WebhookPath
	web.PageQuery
	State string `query:"state" enum:"pending,delivered,dead" doc:"Only those in this state."`
}) (*rest.Listed[Delivery], error) {
	out := &rest.Listed[Delivery]{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		filter := webhook.Filter{State: webhook.State(in.State), Limit: in.Limit + 1}
		list := "deliveries " + c.Actor.Environment.String() + " " + in.Webhook + " " + in.State
		if in.Cursor != "" {
			if err := r.Cursors.Read(in.Cursor, list, &filter.Before); err != nil {
				return err
			}
		}
		rows, err := webhook.Deliveries(tx, &c.Actor, rest.ID(in.Webhook), filter)
		out.Body = web.Cut(rows, in.Limit, showDelivery, func(d webhook.Delivery) string { return r.Cursors.Make(list, d.Event) })
		return err
	})
	return out, err
}

func (r *Resources) replay(ctx context.Context, in *struct {
	WebhookPath
	Body Replay
}) (*rest.Done, error) {
	return r.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
		again := webhook.Again{Event: in.Body.Delivery, Since: in.Body.Since, Dead: in.Body.Dead}
		return r.Webhooks.Replay(tx, &c.Actor, rest.ID(in.Webhook), again)
	})
}

func (r *Resources) testWebhook(ctx context.Context, in *WebhookPath) (*rest.Done, error) {
	return r.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
		return r.Webhooks.Test(tx, &c.Actor, rest.ID(in.Webhook))
	})
}

func showDelivery(d webhook.Delivery) Delivery {
	shown := Delivery{
		Event: d.Event, LastEvent: d.LastEvent, Events: d.Events, Kind: d.Kind, SubjectKind: d.Subject.Kind, SubjectID: d.Subject.ID,
		State: string(d.State), Attempts: d.Attempts, QueuedAt: d.QueuedAt, TriedAt: d.TriedAt, Status: d.Status, Answer: d.Answer,
	}
	if d.State == webhook.Pending {
		shown.NextAt = d.NextAt
	}
	return shown
}
