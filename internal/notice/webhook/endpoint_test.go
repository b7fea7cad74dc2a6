package webhook_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/notice/webhook"
)

func TestAddressesThatAreRefused(t *testing.T) {
	h := found(t, dbtest.SQLite(t), &clock{})
	strict := webhook.New(webhook.Options{DB: h.DB, Vault: h.Vault, Sender: post{}})
	for _, bad := range []string{
		"", "receiver.example", "//receiver.example/", "ftp://receiver.example", "https://", "https://:443/", "http://receiver.example/",
		"https://user:password@receiver.example/", "https://receiver.example/#part", "https://receiver.example/#", "https://forbidden.example/",
		"https://receiver.example/a b", "https://receiver.example/\r\nX: y", "https://receiver.example/" + strings.Repeat("a", 2048),
		"https://réceiver.example/", `https://receiver.example\@other.example/`,
	} {
		if _, err := h.CheckURL(t.Context(), bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := strict.CheckURL(t.Context(), "http://127.0.0.1/"); !fault.Is(err, fault.Invalid) {
		t.Errorf("plain HTTP where it is not allowed: %v", err)
	}
	if u, err := strict.CheckURL(t.Context(), "https://receiver.example:8443/hook?a=b"); err != nil || u.String() != "https://receiver.example:8443/hook?a=b" {
		t.Errorf("a good one: %v, %v", u, err)
	}
}

func TestWebhooksAreAdministered(t *testing.T) {
	each(t, func(h *house) {
		e, secret := h.hook("https://receiver.example/hook", "credential.", "application.created", "credential.*")
		if fmt.Sprint(e.Kinds) != "[application.created credential]" || !e.Enabled || !strings.HasPrefix(secret, "whsec_") {
			h.Errorf("made %+v", e)
		}
		change := func(version int64, change func(*webhook.Spec)) func(*db.Tx) error {
			return func(tx *db.Tx) error {
				_, err := h.Change(tx, &h.actor, e.ID, version, change)
				return err
			}
		}
		h.Write(change(1, func(s *webhook.Spec) { s.Description = "orders" }))
		h.Refused("a change of what somebody else changed", fault.Stale, change(1, func(*webhook.Spec) {}))
		h.Refused("a kind that cannot be", fault.Invalid, change(0, func(s *webhook.Spec) { s.Kinds = []string{"Credential"} }))
		h.Refused("every kind by a star", fault.Invalid, change(0, func(s *webhook.Spec) { s.Kinds = []string{"*"} }))
		h.Refused("no address", fault.Invalid, change(0, func(s *webhook.Spec) { s.URL = webhook.URL{} }))
		h.Refused("a description of two lines", fault.Invalid, change(0, func(s *webhook.Spec) { s.Description = "a\nb" }))
		if now := h.endpoint(e.ID); now.Description != "orders" || now.Version != 2 || fmt.Sprint(now.Kinds) != fmt.Sprint(e.Kinds) {
			h.Errorf("changed: %+v", now)
		}
		for range webhook.MaxEndpoints - 1 {
			h.hook("https://receiver.example/hook")
		}
		u, _ := h.CheckURL(h.Context(), "https://receiver.example/hook")
		h.Refused("a 21st webhook", fault.Conflict, func(tx *db.Tx) error {
			_, _, err := h.Create(tx, &h.actor, webhook.Spec{URL: u})
			return err
		})
		h.Write(func(tx *db.Tx) error { return h.Delete(tx, &h.actor, e.ID, 2) })
		h.Refused("a webhook that was deleted", fault.NotFound, func(tx *db.Tx) error { return h.Delete(tx, &h.actor, e.ID, 0) })
		h.Write(func(tx *db.Tx) error {
			all, err := webhook.List(tx, &h.actor)
			if len(all) != webhook.MaxEndpoints-1 {
				h.Errorf("%d webhooks are left", len(all))
			}
			events, _ := ledger.Events(tx, h.Home.ID, ledger.Filter{Subject: e.ID.String()})
			var story []string
			for _, event := range events {
				story = append(story, event.Kind)
				if strings.Contains(event.Payload, "whsec") || strings.Contains(event.Payload, strings.TrimPrefix(secret, "whsec_")) {
					h.Errorf("the ledger tells the secret: %s", event.Payload)
				}
			}
			if fmt.Sprint(story) != "[webhook.created webhook.changed webhook.deleted]" {
				h.Errorf("the ledger says %v", story)
			}
			return err
		})
	})
}

func TestWebhooksNeedTheirPermissionsAndThatOfTheLedger(t *testing.T) {
	each(t, func(h *house) {
		e, _ := h.hook("https://receiver.example/hook")
		reader, writer := h.Actor(access.ReadWebhooks, access.ReadLedger), h.Actor(access.ReadWebhooks, access.WriteWebhooks)
		nobody := h.Actor(access.ReadLedger)
		u, _ := h.CheckURL(h.Context(), "https://receiver.example/hook")
		type verb = func(tx *db.Tx, actor *access.Actor) error
		writes := map[string]verb{
			"create": func(tx *db.Tx, a *access.Actor) error { _, _, err := h.Create(tx, a, webhook.Spec{URL: u}); return err },
			"change": func(tx *db.Tx, a *access.Actor) error {
				_, err := h.Change(tx, a, e.ID, 0, func(*webhook.Spec) {})
				return err
			},
			"rotate":  func(tx *db.Tx, a *access.Actor) error { _, _, err := h.Rotate(tx, a, e.ID, 0); return err },
			"replay":  func(tx *db.Tx, a *access.Actor) error { return h.Replay(tx, a, e.ID, webhook.Again{Dead: true}) },
			"enable":  func(tx *db.Tx, a *access.Actor) error { _, err := h.SetEnabled(tx, a, e.ID, true); return err },
			"disable": func(tx *db.Tx, a *access.Actor) error { _, err := h.SetEnabled(tx, a, e.ID, false); return err },
			"delete":  func(tx *db.Tx, a *access.Actor) error { return h.Delete(tx, a, e.ID, 0) },
		}
		reads := map[string]verb{
			"list": func(tx *db.Tx, a *access.Actor) error { _, err := webhook.List(tx, a); return err },
			"get":  func(tx *db.Tx, a *access.Actor) error { _, err := webhook.Get(tx, a, e.ID); return err },
			"deliveries": func(tx *db.Tx, a *access.Actor) error {
				_, err := webhook.Deliveries(tx, a, e.ID, webhook.Filter{})
				return err
			},
		}
		for name, do := range writes {
			h.Refused(name+" by a reader", fault.Denied, func(tx *db.Tx) error { return do(tx, &reader) })
			if name != "disable" && name != "delete" {
				h.Refused(name+" by somebody who may not read the ledger", fault.Denied, func(tx *db.Tx) error { return do(tx, &writer) })
			}
		}
		for name, do := range reads {
			h.Refused(name+" by nobody", fault.Denied, func(tx *db.Tx) error { return do(tx, &nobody) })
			h.Write(func(tx *db.Tx) error { return do(tx, &reader) })
		}
		stranger := access.Operator(uuid.New())
		h.Refused("another environment's webhook", fault.NotFound, func(tx *db.Tx) error {
			_, err := webhook.Get(tx, &stranger, e.ID)
			return err
		})
	})
}

func TestKindsChooseByWholeWords(t *testing.T) {
	each(t, func(h *house) {
		r := receive(h.T, nil)
		h.hook(r.URL, "thing", "other.one")
		h.happen("thing.changed", "1")
		h.happen("things.changed", "2")
		h.happen("other.one", "3")
		h.happen("other.ones", "4")
		h.happen("other", "5")
		h.happen("thing", "6")
		h.serve()
		var got []string
		for _, m := range r.messages() {
			got = append(got, m.body.Data.Subject.ID)
		}
		if len(got) != 3 || !strings.Contains("136", got[0]) || !strings.Contains("136", got[1]) || !strings.Contains("136", got[2]) {
			h.Errorf("arrived: %v, want 1, 3 and 6", got)
		}
	})
}

func TestBothSecretsSignForADayAfterARotation(t *testing.T) {
	each(t, func(h *house) {
		r := receive(h.T, nil)
		e, old := h.hook(r.URL, "thing")
		var fresh string
		rotate := func(tx *db.Tx) error {
			_, s, err := h.Rotate(tx, &h.actor, e.ID, 0)
			fresh = s.Reveal()
			return err
		}
		h.Write(rotate)
		// Both survive a new sealing key.
		if err := h.Environments.Rekey(h.Context(), h.DB); err != nil {
			h.Fatal(err)
		}
		h.happen("thing.changed", "a")
		h.serve()
		h.clock.move(webhook.Overlap + time.Second)
		h.happen("thing.changed", "b")
		h.serve()
		got := r.messages()
		if len(got) != 2 || old == fresh || !signedBy(got[0], old) || !signedBy(got[0], fresh) || strings.Count(got[0].signature, "v1,") != 2 {
			h.Fatalf("at once: %+v", got)
		}
		if signedBy(got[1], old) || !signedBy(got[1], fresh) {
			h.Errorf("a day later: %s", got[1].signature)
		}
		h.Write(rotate)
		h.Write(rotate)
		h.Write(rotate)
		h.Refused("a fourth rotation in a day", fault.Conflict, rotate)
	})
}

func TestReplayOfWhatCannotBe(t *testing.T) {
	each(t, func(h *house) {
		e, _ := h.hook("https://receiver.example/hook")
		for what, again := range map[string]webhook.Again{"nothing": {}, "two things": {Event: 1, Since: 1}, "a negative": {Since: -1}} {
			h.Refused(what, fault.Invalid, func(tx *db.Tx) error { return h.Replay(tx, &h.actor, e.ID, again) })
		}
		h.Refused("an event to come", fault.NotFound, func(tx *db.Tx) error { return h.Replay(tx, &h.actor, e.ID, webhook.Again{Event: 1 << 40}) })
		h.Write(func(tx *db.Tx) error { _, err := h.SetEnabled(tx, &h.actor, e.ID, false); return err })
		h.Refused("a disabled one", fault.Conflict, func(tx *db.Tx) error { return h.Replay(tx, &h.actor, e.ID, webhook.Again{Dead: true}) })
	})
}

// broken is a way out to a receiver that answers nothing but 500, and notes when.
type broken struct {
	start time.Time
	at    []time.Duration
}

func (*broken) CheckURL(context.Context, string) error { return nil }

func (b *broken) Post(context.Context, string, map[string]string, []byte) (int, []byte, error) {
	b.at = append(b.at, time.Since(b.start))
	return http.StatusInternalServerError, nil, nil
}

func TestWorkerTriesAgainAndWaitsLongerEachTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &clock{}
		h := found(t, dbtest.SQLiteAt(t, c.now), c)
		out := &broken{start: time.Now()}
		h.Authority = webhook.New(webhook.Options{DB: h.DB, Vault: h.Vault, Sender: out})
		e, _ := h.hook("https://receiver.example/hook", "thing")
		h.happen("thing.changed", "a")
		// The worker looks every second, so that hours would be long; the attempts after these have a test of their own.
		ctx, stop := context.WithTimeout(t.Context(), 20*time.Minute)
		defer stop()
		h.Run(ctx)
		if len(out.at) != 5 || out.at[0] > time.Second || out.at[4] < 9*time.Minute {
			t.Errorf("attempts at %v", out.at)
		}
		for i := 2; i < len(out.at); i++ {
			if out.at[i]-out.at[i-1] < (out.at[i-1]-out.at[i-2])*2 {
				t.Errorf("waits do not grow: attempts at %v", out.at)
			}
		}
		if d := h.deliveries(e.ID, webhook.Pending); len(d) != 1 || d[0].Attempts != 5 {
			t.Errorf("pending: %+v", d)
		}
	})
}
