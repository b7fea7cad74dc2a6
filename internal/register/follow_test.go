package register_test

import (
	"log/slog"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/housetest"
	"github.com/counterfoil/counterfoil/internal/keyring"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// past is a node on PostgreSQL, and a hand that changes what has happened behind its back: what an asynchronous
// failover or a restore under a running node does.
type past struct {
	*housetest.House
	db              *db.DB
	environment     string
	client, gateway housetest.Client
}

func newPast(t *testing.T) *past {
	dsn := dbtest.PostgreSQLDSN(t)
	p := &past{House: housetest.StartOn(t, dsn, filepath.Join(t.TempDir(), "root.key"), &housetest.Clock{}, nil)}
	p.db = dbtest.Open(t, dsn, p.Clock.Now)
	p.environment = p.Must("GET", "/ledger/head", nil).String("environment")
	p.NewAPI("invoices", housetest.O{"on_stale": "refuse"}, "invoices:read")
	p.gateway = p.NewApp("gateway", housetest.O{"introspects": []string{"invoices"}})
	p.client = p.NewApp("client", nil, "invoices:read")
	return p
}

func (p *past) run(statements ...string) {
	p.T.Helper()
	err := p.db.Write(p.T.Context(), func(tx *db.Tx) error {
		for _, statement := range statements {
			if _, err := tx.Exec(statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		p.T.Fatal(err)
	}
}

// head returns how many events there are.
func (p *past) head() int64 {
	p.T.Helper()
	return int64(p.Must("GET", "/ledger/head", nil).JSON["number"].(float64))
}

// cutTail are the statements that make the ledger end at an event again.
func cutTail(number int64) []string {
	n := " " + strconv.FormatInt(number, 10)
	return []string{
		"DELETE FROM ledger_checkpoint WHERE number >" + n,
		"UPDATE ledger_head SET number =" + n + ", hash = (SELECT hash FROM ledger_event WHERE number =" + n + ")",
		"DELETE FROM ledger_event WHERE number >" + n,
	}
}

// await returns once met does.
func await(t testing.TB, what string, met func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !met(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("after 10 seconds still not: %s", what)
		}
	}
}

func (p *past) alarmed() bool { return strings.Contains(p.Log.String(), "ALARM") }

// unknown reports whether the node refuses the client as one that it never heard of.
func (p *past) unknown(client housetest.Client) bool {
	p.T.Helper()
	return p.Form("/oauth2/token", client, "grant_type", "client_credentials").Status == http.StatusUnauthorized
}

func TestALedgerThatWentBackIsReadAnewWithAnAlarm(t *testing.T) {
	p := newPast(t)
	before := p.head()
	late := p.NewApp("late", nil, "invoices:read")
	token, kept := p.Token(late), p.Token(p.client)
	p.run(append(cutTail(before),
		"DELETE FROM credential WHERE application_id = '"+late.ID+"'", "DELETE FROM application WHERE id = '"+late.ID+"'")...)
	await(t, "an alarm", p.alarmed)
	await(t, "an application of the lost past forgotten", func() bool { return p.unknown(late) })
	if p.Active(p.gateway, token) {
		t.Error("a token of an application that the ledger has lost is active")
	}

	// Whatever was revoked in the part that is gone must not live again, so no token from before does.
	await(t, "a new incarnation", func() bool { return !p.Active(p.gateway, kept) })
	p.ForgetToken()

	// The node goes on from there.
	if !p.Active(p.gateway, p.Token(p.client)) {
		t.Error("a client from before is gone")
	}
	again := p.NewApp("late", nil, "invoices:read")
	if !p.Active(p.gateway, p.Token(again)) {
		t.Error("a new client does not work")
	}
	if _, err := ledger.Verify(t.Context(), ledger.InDatabase(p.db, uuid.MustParse(p.environment)), nil); err != nil {
		t.Error(err)
	}
}

func TestALedgerWithAnotherEventAtTheSamePlaceIsNoticed(t *testing.T) {
	p := newPast(t)
	p.run("UPDATE ledger_event SET hash = sha256(hash) WHERE number = (SELECT number FROM ledger_head)",
		"UPDATE ledger_head SET hash = sha256(hash)")
	await(t, "an alarm", p.alarmed)
	if !p.Active(p.gateway, p.Token(p.client)) {
		t.Error("the client is gone")
	}
}

// TestAnotherPastIsNoticedThoughTheLedgerHasGrown because only the event where the node stands tells it: the head has
// a higher number, as after any change.
func TestAnotherPastIsNoticedThoughTheLedgerHasGrown(t *testing.T) {
	p := newPast(t)
	err := p.db.Write(t.Context(), func(tx *db.Tx) error {
		const event = `UPDATE ledger_event SET hash = sha256(hash) WHERE number = (SELECT number FROM ledger_head)`
		if _, err := tx.Exec(event); err != nil {
			return err
		}
		ledger.Append(tx, ledger.System, ledger.Event{
			Environment: uuid.MustParse(p.environment), Kind: "test.grown", Subject: ledger.Subject{Kind: "test", ID: "1"},
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	await(t, "an alarm", p.alarmed)
}

func TestARevocationOutlivesALedgerThatForgotIt(t *testing.T) {
	p := newPast(t)
	token, other := p.Token(p.client), p.Token(p.client)
	before := p.head()
	if a := p.Form("/oauth2/revoke", p.client, "token", token); a.Status != http.StatusOK {
		t.Fatalf("revocation: %d %s", a.Status, a.Text)
	}
	p.run(append(cutTail(before), "DELETE FROM revoked_token")...)
	await(t, "an alarm", p.alarmed)
	await(t, "fresh again", func() bool { return p.Introspect(p.gateway, other).Status == http.StatusOK })
	if p.Active(p.gateway, token) || !p.Active(p.gateway, other) {
		t.Error("the revoked token lives again, or the other one does not")
	}
}

// TestAReloadThatFailsHalfwayIsDoneAgain lets the second half of reading everything fail for a while. The node must
// not take the first half for all of it: it counts as having heard nothing.
func TestAReloadThatFailsHalfwayIsDoneAgain(t *testing.T) {
	p := newPast(t)
	before := p.head()
	late := p.NewApp("late", nil, "invoices:read")
	p.run(append(cutTail(before),
		"DELETE FROM credential WHERE application_id = '"+late.ID+"'", "DELETE FROM application WHERE id = '"+late.ID+"'",
		"ALTER TABLE credential RENAME TO credential_away")...)
	await(t, "an alarm", p.alarmed)
	p.Clock.Move(2 * register.RefuseAfter)
	alarms := strings.Count(p.Log.String(), "ALARM")
	await(t, "tried again", func() bool { return strings.Count(p.Log.String(), "ALARM") >= alarms+2 })
	if a := p.Form("/oauth2/token", p.client, "grant_type", "client_credentials"); a.Status != http.StatusServiceUnavailable {
		t.Errorf("a node that could not read its clients again answers %d %s", a.Status, a.Text)
	}
	p.run("ALTER TABLE credential_away RENAME TO credential")
	await(t, "the application of the lost past forgotten", func() bool { return p.unknown(late) })
	await(t, "fresh again", func() bool { return !p.unknown(p.client) })
}

// TestANodeThatHasNotReadItsClientsDoesNotRefuseThem because it cannot know that they do not exist.
func TestANodeThatHasNotReadItsClientsDoesNotRefuseThem(t *testing.T) {
	dsn, rootKey := dbtest.PostgreSQLDSN(t), filepath.Join(t.TempDir(), "root.key")
	h := housetest.StartOn(t, dsn, rootKey, &housetest.Clock{}, nil)
	known := uuid.MustParse(h.Admin.ID)

	cable := dbtest.Through(t, dsn)
	d := dbtest.Open(t, cable.DSN, nil)
	vault, err := seal.Open(t.Context(), d, seal.Source{File: rootKey})
	if err != nil {
		t.Fatal(err)
	}
	r := register.New(register.Options{DB: d, Ring: keyring.New(vault), BaseURL: h.URL, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err := r.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	var client register.Client
	for id, want := range map[uuid.UUID]bool{known: true, uuid.New(): false} {
		if found, err := r.Client(t.Context(), r.Home(), id, &client); err != nil || found != want {
			t.Errorf("with the database: found %v (%v), want %v", found, err, want)
		}
	}
	cable.Cut()
	for _, id := range []uuid.UUID{known, uuid.New()} {
		if _, err := r.Client(t.Context(), r.Home(), id, &client); !fault.Is(err, fault.Unavailable) {
			t.Errorf("without the database: %v, want unavailable", err)
		}
	}
}

func TestNodeThatMissedMoreThanItCanFollowReadsEverythingAgain(t *testing.T) {
	p := newPast(t)
	token := p.Token(p.client)
	environment := uuid.MustParse(p.environment)
	err := p.db.Write(t.Context(), func(tx *db.Tx) error {
		for range 1500 {
			ledger.Append(tx, ledger.System, ledger.Event{
				Environment: environment, Kind: "token.revoked", Register: true, Subject: ledger.Subject{Kind: "token", ID: "somebody-elses"},
			})
		}
		_, err := tx.Exec("UPDATE application SET enabled = FALSE, epoch = epoch + 1 WHERE id = '" + p.client.ID + "'")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	// No event names the application: only reading everything finds it.
	await(t, "the application disabled", func() bool { return !p.Active(p.gateway, token) })
	if p.alarmed() {
		t.Error("a backlog is no reason for an alarm")
	}
}
