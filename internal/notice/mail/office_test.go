package mail_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/notice"
	"github.com/counterfoil/counterfoil/internal/notice/mail"
	"github.com/counterfoil/counterfoil/internal/roomtest"
)

// house is an installation with a mailbox, and a clock that a test can move.
type house struct {
	*roomtest.Rooms
	*mail.Office
	box   *mail.Mailbox
	actor access.Actor

	mu    sync.Mutex
	moved time.Duration
}

func (h *house) now() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return time.Now().Add(h.moved)
}

func (h *house) move(d time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.moved += d
}

func each(t *testing.T, test func(h *house)) {
	t.Helper()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) { test(found(t, dsn)) })
}

func found(t *testing.T, dsn string) *house {
	h := &house{}
	h.Rooms = roomtest.Found(t, dbtest.Open(t, dsn, h.now), filepath.Join(t.TempDir(), "root.key"))
	h.box = &mail.Mailbox{DB: h.Rooms.DB}
	h.Office = &mail.Office{DB: h.Rooms.DB, Carrier: h.box, Node: "one"}
	h.actor = h.Actor(access.ReadWebhooks, access.WriteWebhooks, access.ReadCredentials, access.ReadInstallation)
	h.actor.Expires = time.Time{}
	return h
}

func (h *house) tell(addresses ...string) {
	h.Helper()
	h.Write(func(tx *db.Tx) error {
		_, err := mail.SetAddresses(tx, &h.actor, addresses)
		return err
	})
}

// expire says that a credential of an application comes to its end.
func (h *house) expire(application string, days int) {
	h.Helper()
	h.Write(func(tx *db.Tx) error {
		ledger.Append(tx, ledger.System, ledger.Event{
			Environment: h.Home.ID, Kind: notice.ExpiringKind, Subject: ledger.Subject{Kind: "credential", ID: uuid.NewSHA1(h.Home.ID, []byte(application)).String()},
			After: notice.Expiring{
				Application: "id-of-" + application, ApplicationName: application, Kind: "secret", Hint: "cfs_abcd", Description: "nightly",
				ExpiresAt: time.Date(2027, 1, 2, 3, 4, 0, 0, time.UTC), HorizonDays: days,
			},
		})
		return nil
	})
}

func (h *house) mail() {
	h.Helper()
	if err := h.MailDue(h.Context()); err != nil {
		h.Fatal(err)
	}
}

// kept returns the mailbox, oldest first.
func (h *house) kept() (all []mail.Kept) {
	h.Helper()
	h.Write(func(tx *db.Tx) error {
		list, err := h.box.List(tx, &h.actor)
		all = nil
		for _, k := range list {
			all = append([]mail.Kept{k}, all...)
		}
		return err
	})
	return all
}

func TestWhatExpiresIsOneMailADayToEveryAddress(t *testing.T) {
	each(t, func(h *house) {
		h.expire("unheard", 30) // nobody wanted to know
		h.tell("b@example.com", "a@example.com")
		h.expire("orders", 30)
		h.expire("invoices", 7)
		h.mail()
		if got := h.kept(); len(got) != 0 {
			h.Fatalf("mailed before things have settled: %+v", got)
		}
		h.move(11 * time.Minute)
		h.mail()
		got := h.kept()
		if len(got) != 2 || got[0].To != "a@example.com" || got[1].To != "b@example.com" || got[0].ID == got[1].ID {
			h.Fatalf("mails: %+v", got)
		}
		if got[0].Subject != "[Counterfoil] 2 credentials expire: within 7 days (Default)" {
			h.Errorf("subject %q", got[0].Subject)
		}
		want := "\nWithin 7 days\n  - invoices: secret, cfs_abcd, \"nightly\", expires 2027-01-02 03:04 UTC, client id-of-invoices\n\nWithin 30 days\n  - orders: "
		if !strings.Contains(got[0].Body, want) || strings.Contains(got[0].Body, "unheard") {
			h.Errorf("body %s", got[0].Body)
		}
		h.expire("orders", 14)
		h.move(12 * time.Hour)
		h.mail()
		if got := h.kept(); len(got) != 2 {
			h.Errorf("a second mail on the same day: %+v", got[2:])
		}
		h.expire("orders", 7)
		h.move(13 * time.Hour)
		h.mail()
		got = h.kept()
		if len(got) != 4 || strings.Count(got[2].Body, "orders:") != 1 || !strings.Contains(got[2].Body, "Within 7 days") || got[2].Subject != "[Counterfoil] A credential expires: within 7 days (Default)" {
			h.Errorf("the next day: %+v", got[2:])
		}
		h.expire("late", 1)
		h.move(2 * time.Hour)
		h.mail()
		if got := h.kept(); len(got) != 6 || !strings.Contains(got[5].Subject, "within a day") {
			h.Errorf("what is urgent waited: %+v", got[4:])
		}
		for range 3 {
			h.move(30 * time.Hour)
			h.mail()
		}
		if got := h.kept(); len(got) != 6 {
			h.Errorf("mails about nothing: %+v", got[6:])
		}
	})
}

func TestNamesCannotForgeLinesOfAMail(t *testing.T) {
	each(t, func(h *house) {
		h.tell("a@example.com")
		h.expire("evil\n\nWithin 99 days\r\n  - \x1b[31mforged\u2028", 7)
		h.move(time.Hour)
		h.mail()
		got := h.kept()
		if len(got) != 1 || strings.Contains(got[0].Body, "\nWithin 99") || !strings.Contains(got[0].Body, "  - evil Within 99 days - [31mforged: secret") {
			h.Errorf("%+v", got)
		}
	})
}

func TestAMailServerThatIsAwayLosesNothing(t *testing.T) {
	each(t, func(h *house) {
		s := serve(h.T, false, nil)
		smtp, err := mail.NewSMTP(mail.Settings{URL: fmt.Sprintf("smtp://127.0.0.1:%d", s.port()), From: "counterfoil@example.org"})
		if err != nil {
			h.Fatal(err)
		}
		h.Carrier = smtp
		s.refuseTo(func(command string) string {
			if strings.HasPrefix(command, "RCPT TO:<b@") {
				return "550 nobody here"
			}
			return ""
		})
		h.tell("a@example.com", "b@example.com")
		h.expire("orders", 7)
		h.move(time.Hour)
		for range 100 {
			h.mail()
			h.move(time.Hour)
		}
		if mails, _ := s.taken(); len(mails) != 1 {
			h.Fatalf("a has %d mails", len(mails))
		}
		list := h.mails(mail.Dead)
		if len(list) != 1 || list[0].Address != "b@example.com" || list[0].Attempts < 3 || !strings.Contains(list[0].Problem, "550") {
			h.Fatalf("dead: %+v", list)
		}
		if b, err := h.Backlog(h.Context()); err != nil || b.Dead != 1 || b.Pending != 0 {
			h.Errorf("backlog %+v (%v)", b, err)
		}
		s.refuseTo(nil)
		h.Write(func(tx *db.Tx) error {
			n, err := h.Retry(tx, &h.actor)
			if n != 1 {
				h.Errorf("%d mails tried again", n)
			}
			return err
		})
		h.mail()
		h.mail()
		mails, _ := s.taken()
		if len(mails) != 2 || len(h.mails(mail.Sent)) != 2 {
			h.Fatalf("%d mails", len(mails))
		}
		if header, _, body := read(h.T, mails[1]); header.Get("To") != "<b@example.com>" || !strings.Contains(body, "  - orders: secret") {
			h.Errorf("b has %s", mails[1])
		}
		h.move(40 * 24 * time.Hour)
		if err := h.Forget(h.Context()); err != nil || len(h.mails("")) != 0 {
			h.Errorf("after forty days: %+v (%v)", h.mails(""), err)
		}
	})
}

func (h *house) mails(state mail.State) (all []mail.Mail) {
	h.Helper()
	h.Write(func(tx *db.Tx) (err error) {
		all, err = mail.Mails(tx, &h.actor, state)
		return err
	})
	return all
}

// crashing is a way out after which the process dies before it can take note.
type crashing struct {
	mail.Carrier
	stop func()
}

func (c *crashing) Carry(ctx context.Context, m mail.Message) error {
	err := c.Carrier.Carry(context.WithoutCancel(ctx), m)
	c.stop()
	if err == nil {
		err = ctx.Err()
	}
	return err
}

func TestAMailRepeatedAfterACrashHasItsFormerID(t *testing.T) {
	each(t, func(h *house) {
		h.tell("a@example.com")
		h.expire("orders", 7)
		h.move(time.Hour)
		ctx, stop := context.WithCancel(h.Context())
		h.Carrier = &crashing{h.box, stop}
		if err := h.MailDue(ctx); !errors.Is(err, context.Canceled) {
			h.Fatal(err)
		}
		h.Carrier = h.box
		h.mail()
		h.mail()
		got := h.kept()
		if len(got) != 2 || got[0].ID != got[1].ID {
			h.Errorf("%+v", got)
		}
	})
}

// interrupted is a way out during which something else happens.
type interrupted struct {
	mail.Carrier
	by func()
}

func (i *interrupted) Carry(ctx context.Context, m mail.Message) error {
	i.by()
	return i.Carrier.Carry(ctx, m)
}

func TestTwoNodesMailOnce(t *testing.T) {
	dsn := dbtest.PostgreSQLDSN(t)
	h := found(t, dsn)
	other := &mail.Office{DB: dbtest.Open(t, dsn, h.now), Carrier: h.box, Node: "two"}
	h.tell("a@example.com", "b@example.com", "c@example.com")
	h.expire("orders", 7)
	h.move(time.Hour)
	// Whenever one node is about to send, the other looks for something to do.
	interruptions := 0
	h.Carrier = &interrupted{h.box, func() {
		interruptions++
		if err := other.MailDue(t.Context()); err != nil {
			t.Error(err)
		}
	}}
	h.mail()
	if got := h.kept(); len(got) != 3 || interruptions != 3 {
		t.Errorf("%d mails to three addresses, %d interruptions", len(got), interruptions)
	}
}

func TestAddressesAreCheckedAndRecorded(t *testing.T) {
	each(t, func(h *house) {
		set := func(actor *access.Actor, list ...string) func(*db.Tx) error {
			return func(tx *db.Tx) error {
				_, err := mail.SetAddresses(tx, actor, list)
				return err
			}
		}
		var many []string
		for i := range mail.MaxAddresses + 1 {
			many = append(many, fmt.Sprintf("a%d@example.com", i))
		}
		h.Refused("too many", fault.Invalid, set(&h.actor, many...))
		for _, bad := range []string{"", "a", "a@b@c", "Ops <ops@example.com>", "a@example.com\r\nBcc: b@example.com", `"a b"@example.com`, "a@exämple.com", "-a@example.com", strings.Repeat("a", 251) + "@b.c"} {
			h.Refused(bad, fault.Invalid, set(&h.actor, bad))
		}
		reader, writer := h.Actor(access.ReadWebhooks, access.ReadCredentials), h.Actor(access.WriteWebhooks)
		h.Refused("a reader", fault.Denied, set(&reader, "a@example.com"))
		h.Refused("a writer who may not see credentials", fault.Denied, set(&writer, "a@example.com"))
		h.tell("B@example.com", "a@example.com", " b@example.com")
		h.tell("a@example.com", "b@example.com") // no change, no event
		h.Write(func(tx *db.Tx) error {
			list, err := mail.Addresses(tx, &reader)
			if fmt.Sprint(list) != "[a@example.com b@example.com]" {
				h.Errorf("kept %v", list)
			}
			events, _ := ledger.Events(tx, h.Home.ID, ledger.Filter{Kind: "notice.addresses_changed"})
			if len(events) != 1 {
				h.Errorf("%d events", len(events))
			}
			return err
		})
		h.expire("orders", 7)
		h.move(time.Hour)
		h.Carrier = &crashing{h.box, func() {}}
		h.tell("a@example.com")
		h.mail()
		if got := h.kept(); len(got) != 1 || got[0].To != "a@example.com" {
			h.Errorf("mails: %+v", got)
		}
		h.tell()
		h.expire("more", 1)
		h.move(2 * time.Hour)
		h.mail()
		h.tell("a@example.com")
		h.move(2 * time.Hour)
		h.mail()
		if got := h.kept(); len(got) != 1 {
			h.Errorf("told what happened while nobody wanted to know: %+v", got[1:])
		}
	})
}

func TestTheMailboxKeepsTheNewest(t *testing.T) {
	each(t, func(h *house) {
		for i := range mail.MailboxSize + 5 {
			m := letter
			m.Environment, m.Subject = h.Home.ID, fmt.Sprintf("mail %d", i+1)
			if err := h.box.Carry(h.Context(), m); err != nil {
				h.Fatal(err)
			}
		}
		got := h.kept()
		if len(got) != mail.MailboxSize || got[0].Subject != "mail 6" || got[len(got)-1].Number != mail.MailboxSize+5 {
			h.Errorf("%d mails from %q to %d", len(got), got[0].Subject, got[len(got)-1].Number)
		}
		get := func(actor *access.Actor, number int64) func(*db.Tx) error {
			return func(tx *db.Tx) error {
				k, err := h.box.Get(tx, actor, number)
				if err == nil && (k.Subject != "mail 7" || k.Body != letter.Body || k.To != letter.To || !k.Date.Equal(letter.Date)) {
					h.Errorf("mail 7: %+v", k)
				}
				return err
			}
		}
		h.Write(get(&h.actor, 7))
		h.Refused("a mail that was forgotten", fault.NotFound, get(&h.actor, 5))
		nobody, stranger := h.Actor(access.ReadWebhooks), access.Operator(uuid.New())
		h.Refused("a reader without authority", fault.Denied, get(&nobody, 7))
		h.Refused("another environment", fault.NotFound, get(&stranger, 7))
		bad := letter
		bad.Environment, bad.To = h.Home.ID, "a@example.com\nBcc: b@example.com"
		if err := h.box.Carry(h.Context(), bad); !fault.Is(err, fault.Invalid) {
			h.Errorf("a forged header: %v", err)
		}
	})
}
