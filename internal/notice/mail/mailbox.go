package mail

import (
	"context"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// MailboxSize is how many mails a mailbox keeps of one environment.
const MailboxSize = 200

// Mailbox is a [Carrier] that keeps mails in the database instead of sending them, for trying out. Whoever may read it
// reads what was meant for others: a server for others must not have one.
type Mailbox struct{ DB *db.DB }

// Kept is a mail in the mailbox.
type Kept struct {
	Number int64
	Message
}

// Carry implements [Carrier].
func (b *Mailbox) Carry(ctx context.Context, m Message) error {
	if err := m.check(); err != nil {
		return err
	}
	return b.DB.Write(ctx, func(tx *db.Tx) error {
		environment := m.Environment.String()
		if _, err := db.Value[string](tx, lockEnvironment+tx.ForUpdate(), environment); err != nil {
			return err
		}
		last, err := db.Value[int64](tx, selectNewest, environment)
		if err != nil {
			return err
		}
		_, err = tx.Exec(insertMessage, environment, last+1, m.ID, db.Micros(m.Date), m.To, m.Subject, m.Body, m.HTML)
		if err == nil {
			_, err = tx.Exec(trimMessages, environment, last+1-MailboxSize)
		}
		return err
	})
}

// List returns the mails of the actor's environment, newest first.
func (b *Mailbox) List(tx *db.Tx, actor *access.Actor) ([]Kept, error) {
	if err := access.Allow(tx, actor, access.ReadInstallation); err != nil {
		return nil, err
	}
	return db.All(tx, scanKept(actor.Environment), selectPage, actor.Environment.String(), MailboxSize)
}

// Get returns one mail, or [fault.NotFound].
func (b *Mailbox) Get(tx *db.Tx, actor *access.Actor, number int64) (Kept, error) {
	if err := access.Allow(tx, actor, access.ReadInstallation); err != nil {
		return Kept{}, err
	}
	k, err := db.One(tx, scanKept(actor.Environment), selectOneMessage, actor.Environment.String(), number)
	if fault.Is(err, fault.NotFound) {
		err = fault.New(fault.NotFound, "there is no mail %d", number)
	}
	return k, err
}
