package letter_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/notice/letter"
)

// row is what the database knows of a letter.
type row struct {
	state, problem string
	attempts       int
	sealed         []byte
}

func (h *house) rows() (all []row) {
	h.Helper()
	if err := h.Rooms.DB.Read(h.Context(), func(tx *db.Tx) (err error) {
		all, err = db.All(tx, func(scan db.Scan) (r row, err error) { return r, scan(&r.state, &r.problem, &r.attempts, &r.sealed) },
			`SELECT state, problem, attempts, sealed FROM letter ORDER BY id`)
		return err
	}); err != nil {
		h.Fatal(err)
	}
	return all
}

func TestALetterIsSealedWhileItWaitsAndErasedOnceSent(t *testing.T) {
	each(t, func(h *house) {
		h.post(letter.Letter{Kind: letter.PasswordReset, To: "ada@example.com"})
		before := h.rows()
		if len(before) != 1 || before[0].state != "pending" || len(before[0].sealed) == 0 || strings.Contains(string(before[0].sealed), "auth.example") {
			t.Fatalf("%+v", before)
		}
		if err := h.Environments.Rekey(t.Context(), h.Rooms.DB); err != nil {
			t.Fatal(err)
		}
		if after := h.rows(); string(after[0].sealed) == string(before[0].sealed) {
			t.Error("a new sealing key left the letter under the former one")
		}
		if all := h.sent(); len(all) != 1 || !strings.Contains(all[0].Body, link) || all[0].To != "ada@example.com" {
			t.Fatalf("%+v", all)
		}
		if after := h.rows(); after[0].state != "sent" || after[0].sealed != nil {
			t.Errorf("%+v", after)
		}
		if all := h.sent(); len(all) != 1 {
			t.Errorf("it was sent %d times", len(all))
		}
	})
}

func TestALetterIsSentOnlyIfItsTransactionCommits(t *testing.T) {
	h := found(t, dbtest.SQLiteDSN(t))
	undone := errors.New("undone")
	err := h.Rooms.DB.Write(t.Context(), func(tx *db.Tx) error {
		if err := letter.Post(tx, h.Rooms.Vault, h.complete(letter.Letter{Kind: letter.Invitation})); err != nil {
			return err
		}
		return undone
	})
	if !errors.Is(err, undone) || len(h.rows()) != 0 || len(h.sent()) != 0 {
		t.Errorf("%v, %v", err, h.rows())
	}
}

func TestAMailServerThatSaysNothingHoldsUpNobodyElse(t *testing.T) {
	each(t, func(h *house) {
		// It takes connections and never says a word to letters for one domain.
		s := serve(t, func(line string) bool { return strings.Contains(line, "@blackhole.example") })
		h.Carrier = s.carrier(t)
		var all []letter.Letter
		for i := range 10 {
			kinds := letter.Kinds()
			all = append(all, letter.Letter{Kind: kinds[i%2], To: fmt.Sprintf("n%d@blackhole.example", i)}) // invitations and activations
		}
		h.post(all...)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { defer close(ended); h.Run(ctx) }()
		defer func() { stop(); <-ended }()
		began := time.Now()
		h.post(letter.Letter{Kind: letter.PasswordReset, To: "ada@example.com"})
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("the request that wrote a letter took %s", took)
		}
		for len(s.taken()) == 0 {
			if time.Since(began) > 10*time.Second {
				h.Fatal("a reset did not get past letters that hang")
			}
			time.Sleep(5 * time.Millisecond)
		}
		if _, forms := parts(h.T, s.taken()[0]); !strings.Contains(forms["text/plain"], link) {
			t.Error(forms)
		}
	})
}

func TestALetterIsTriedUntilWhatItCarriesExpires(t *testing.T) {
	h := found(t, dbtest.SQLiteDSN(t))
	dead := serve(t, func(string) bool { return false })
	h.Carrier = dead.carrier(t)
	dead.Close() // from now on connections are refused
	h.post(letter.Letter{Kind: letter.PasswordReset, Data: letter.Data{Until: h.now().Add(time.Hour)}}, letter.Letter{Kind: letter.PasswordChanged})
	attempts := func(minutes int) (all []row) {
		for range minutes {
			h.move(time.Minute)
			if err := h.SendDue(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		return h.rows()
	}
	all := attempts(50)
	if all[0].state != "pending" || all[0].attempts < 5 || all[0].attempts > 12 || !strings.Contains(all[0].problem, "mail server") {
		t.Errorf("after 50 minutes: %+v", all[0])
	}
	all = attempts(20)
	if all[0].state != "dead" || all[0].sealed != nil || all[0].problem == "" || all[1].state != "pending" {
		t.Errorf("after 70 minutes: %+v", all)
	}
	h.move(23 * time.Hour)
	if all = attempts(1); all[1].state != "dead" || all[1].sealed != nil {
		t.Errorf("after a day: %+v", all[1])
	}
	h.Carrier = h.box
	if sent := h.sent(); len(sent) != 0 {
		t.Errorf("%d were sent after all", len(sent))
	}
	h.move(31 * 24 * time.Hour)
	if err := h.Forget(t.Context()); err != nil || len(h.rows()) != 0 {
		t.Errorf("%v, %v", err, h.rows())
	}
}

func TestWithoutAMailServerLettersAreGivenUpInPlainSight(t *testing.T) {
	h := found(t, dbtest.SQLiteDSN(t))
	h.Carrier = nil
	h.post(letter.Letter{Kind: letter.PasswordReset})
	if err := h.SendDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	if all := h.rows(); all[0].state != "dead" || !strings.Contains(all[0].problem, "smtp_url") || all[0].sealed != nil {
		t.Errorf("%+v", all)
	}
	if b, err := h.Backlog(t.Context()); err != nil || b.Dead != 1 || b.Pending != 0 {
		t.Errorf("%+v, %v", b, err)
	}
}

func TestTwoNodesSendALetterOnce(t *testing.T) {
	h := found(t, dbtest.PostgreSQLDSN(t))
	other := &letter.Office{DB: h.Rooms.DB, Vault: h.Rooms.Vault, Carrier: h.box}
	for range 30 {
		h.post(letter.Letter{Kind: letter.Invitation}, letter.Letter{Kind: letter.PasswordReset})
	}
	problem := make(chan error)
	go func() { problem <- other.SendDue(t.Context()) }()
	if err := errors.Join(h.SendDue(t.Context()), <-problem); err != nil {
		t.Fatal(err)
	}
	if all := h.sent(); len(all) != 60 {
		t.Errorf("60 letters were sent as %d mails", len(all))
	}
}

func TestANodeThatStopsCountsNoAttempt(t *testing.T) {
	h := found(t, dbtest.SQLiteDSN(t))
	s := serve(t, func(line string) bool { return line == "" })
	h.Carrier = s.carrier(t)
	h.post(letter.Letter{Kind: letter.PasswordReset})
	ctx, stop := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, stop)
	if err := h.SendDue(ctx); err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	if all := h.rows(); all[0].state != "pending" || all[0].attempts != 0 {
		t.Errorf("%+v", all)
	}
	h.Carrier = h.box
	if all := h.sent(); len(all) != 1 {
		t.Errorf("%d mails: the letter waits for a node that is gone", len(all))
	}
}

func TestLettersToAnAddressAreCountedAndErased(t *testing.T) {
	each(t, func(h *house) {
		h.post(letter.Letter{Kind: letter.PasswordReset, To: "Ada@example.com"}, letter.Letter{Kind: letter.PasswordReset, To: "bob@example.com"},
			letter.Letter{Kind: letter.Activation, To: "ada@example.com"})
		h.sent()
		h.move(23 * time.Hour)
		h.post(letter.Letter{Kind: letter.PasswordReset, To: "ada@EXAMPLE.com"})
		count := func(since time.Duration) (n int64) {
			h.Write(func(tx *db.Tx) (err error) {
				n, err = letter.CountSince(tx, h.Home.ID, "ADA@example.com", letter.PasswordReset, tx.Now().Add(-since))
				return err
			})
			return n
		}
		if a, b := count(24*time.Hour), count(time.Hour); a != 2 || b != 1 {
			t.Errorf("%d in a day, %d in an hour", a, b)
		}
		h.Write(func(tx *db.Tx) error { return letter.Erase(tx, h.Home.ID, "ada@example.com") })
		if n := len(h.rows()); n != 1 {
			t.Errorf("%d letters are left, want Bob's", n)
		}
	})
}

func TestAServerThatRunsSendsWhatIsPosted(t *testing.T) {
	h := found(t, dbtest.SQLiteDSN(t))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); h.Run(ctx) }()
	h.post(letter.Letter{Kind: letter.EmailCode})
	for began := time.Now(); len(h.kept()) == 0; time.Sleep(5 * time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			t.Fatal("the letter was not sent")
		}
	}
	stop()
	<-ended
}
