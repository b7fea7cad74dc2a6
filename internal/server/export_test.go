package server

import (
	"context"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/recovery"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/notice/letter"
	"github.com/counterfoil/counterfoil/internal/notice/webhook"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// NewWebhook makes a webhook in the default environment and returns its secret.
func (h *House) NewWebhook(ctx context.Context, url string) (secret seal.Secret, err error) {
	checked, err := h.webhooks.CheckURL(ctx, url)
	if err != nil {
		return secret, err
	}
	operator := access.Operator(h.register.Home().ID)
	err = h.db.Write(ctx, func(tx *db.Tx) error {
		_, secret, err = h.webhooks.Create(tx, &operator, webhook.Spec{URL: checked})
		return err
	})
	return secret, err
}

// PostLetter queues a letter of the default environment, and Notice sends it.
func (h *House) PostLetter(ctx context.Context, l letter.Letter) error {
	l.Environment = h.register.Home().ID
	return h.db.Write(ctx, func(tx *db.Tx) error { return letter.Post(tx, h.vault, l) })
}

// NewUser makes a user in the default environment and returns its id.
func (h *House) NewUser(ctx context.Context, name string) (id string, err error) {
	operator := access.Operator(h.register.Home().ID)
	err = h.db.Write(ctx, func(tx *db.Tx) error {
		u, err := directory.Create(tx, &operator, directory.Spec{Profile: directory.Profile{UserName: name}})
		if err == nil {
			id = u.ID.String()
		}
		return err
	})
	return id, err
}

// SendLink mails a user of the default environment a link.
func (h *House) SendLink(ctx context.Context, user string, m recovery.Mail) error {
	return h.db.Write(ctx, func(tx *db.Tx) error {
		u, err := directory.Load(tx, h.register.Home().ID, uuid.MustParse(user))
		if err == nil {
			_, err = h.recovery.Send(tx, u, m)
		}
		return err
	})
}

// Rehearse keeps a house on SQLite from changing anything that the ledger would tell of: every change fails at its last
// step, after everybody was asked who has a say.
func (h *House) Rehearse(ctx context.Context) error {
	return h.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec("CREATE TRIGGER rehearsal BEFORE INSERT ON ledger_event BEGIN SELECT RAISE(ABORT, 'rehearsal'); END")
		return err
	})
}

// Break takes away what handlers need once they have a secret in hand, so that they panic; mend gives it back. Nobody
// else may call the house meanwhile.
func (h *House) Break() (mend func()) {
	usage, locks, vault := h.logon.Usage, h.logon.Locks, h.credentials.Vault
	h.logon.Usage, h.logon.Locks, h.credentials.Vault = nil, nil, nil
	return func() { h.logon.Usage, h.logon.Locks, h.credentials.Vault = usage, locks, vault }
}

// Burst writes so many events of the default environment's ledger, 500 a commit.
func (h *House) Burst(ctx context.Context, events int) error {
	for ; events > 0; events -= 500 {
		err := h.db.Write(ctx, func(tx *db.Tx) error {
			for range min(events, 500) {
				ledger.Append(tx, ledger.System, ledger.Event{
					Environment: h.register.Home().ID, Kind: "burst.tested", Subject: ledger.Subject{Kind: "burst", ID: "b"},
				})
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Leave ends the streams as a node does that stops listening.
func (h *House) Leave() { h.streams.End() }
