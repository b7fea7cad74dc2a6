package recovery

import (
	"context"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/notice/letter"
)

const (
	// MaxMails is how many resets a user is mailed within [Window]: a person's inbox is not strangers' to fill.
	MaxMails = 3
	// Window is how long [MaxMails] counts for.
	Window = 24 * time.Hour
	// maxWaiting bounds the requests that wait, and maxOf those of one network among them: what is too much is dropped.
	maxWaiting, maxOf = 1000, 20
	maxLogin          = 320
)

// asked is the request of somebody who has lost a password.
type asked struct {
	environment     uuid.UUID
	login, language string
	network         netip.Prefix
}

// Ask takes a request for a new password for whoever signs in with login, a user name or an address; language is for users
// who have said none, and network is where it comes from. It returns at once and tells nothing, because there is nothing to
// tell that a stranger may know. [Authority.Run] does the rest. Requests wait in memory: who gets no mail asks again.
func (a *Authority) Ask(environment uuid.UUID, login, language string, network netip.Prefix) {
	login = strings.TrimSpace(login)
	if login == "" || len(login) > maxLogin {
		return
	}
	a.mu.Lock()
	same := 0
	for i := range a.waiting {
		if a.waiting[i].network == network {
			same++
		}
	}
	if len(a.waiting) < maxWaiting && same < maxOf {
		a.waiting = append(a.waiting, asked{environment, login, language, network})
	}
	a.mu.Unlock()
	select {
	case a.bell() <- struct{}{}:
	default:
	}
}

func (a *Authority) bell() chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.wake == nil {
		a.wake = make(chan struct{}, 1)
	}
	return a.wake
}

// Run works off what was asked until ctx ends.
func (a *Authority) Run(ctx context.Context) {
	ctx = db.Chore(ctx)
	for {
		a.Work(ctx)
		select {
		case <-ctx.Done():
			return
		case <-a.bell():
		}
	}
}

// Work works off what was asked until now.
func (a *Authority) Work(ctx context.Context) {
	a.working.Lock()
	defer a.working.Unlock()
	for ctx.Err() == nil {
		a.mu.Lock()
		if len(a.waiting) == 0 {
			a.waiting = nil
			a.mu.Unlock()
			return
		}
		next := a.waiting[0]
		a.waiting = a.waiting[1:]
		a.mu.Unlock()
		if err := a.answer(ctx, next); err != nil && ctx.Err() == nil && a.Log != nil {
			a.Log.Warn("a request for a new password was lost", "environment", next.environment, "error", err)
		}
	}
}

// answer mails a reset if there is somebody to mail one to.
func (a *Authority) answer(ctx context.Context, q asked) error {
	return a.DB.Write(ctx, func(tx *db.Tx) error {
		u, err := directory.Find(tx, q.environment, q.login)
		if err == nil {
			// The lock makes requests for one user take turns, so that the limit holds.
			u, err = directory.LoadForUpdate(tx, q.environment, u.ID)
		}
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		to := mailable(u, q.login)
		if to == "" {
			return nil
		}
		var sent int64
		for _, e := range u.Profile.Emails {
			n, err := letter.CountSince(tx, u.Environment, e.Value, letter.PasswordReset, tx.Now().Add(-Window))
			if err != nil {
				return err
			}
			sent += n
		}
		if sent >= MaxMails {
			return nil
		}
		_, err = a.Send(tx, u, Mail{To: to, Kind: letter.PasswordReset, Language: q.language})
		return err
	})
}

// mailable returns the address that a reset for a user may go to, or "". Users who are not active get none, and addresses
// that nobody has proven are good only for somebody who waits for a first password: there is nothing to lose yet.
func mailable(u *directory.User, login string) string {
	if u.Status != directory.Active {
		return ""
	}
	if to := readBy(u, login); to != "" {
		return to
	}
	if e := u.Profile.Email(); e != nil && u.Password == directory.PasswordPending {
		return e.Value
	}
	return ""
}
