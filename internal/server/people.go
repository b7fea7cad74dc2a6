package server

import (
	"cmp"
	"net/url"
	"time"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/factor"
	"github.com/counterfoil/counterfoil/internal/directory/founder"
	"github.com/counterfoil/counterfoil/internal/directory/invitation"
	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/directory/password/breach"
	"github.com/counterfoil/counterfoil/internal/directory/recovery"
	"github.com/counterfoil/counterfoil/internal/directory/ticket"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/mailbox"
	"github.com/counterfoil/counterfoil/internal/notice/letter"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/services"
	"github.com/counterfoil/counterfoil/internal/session"
	"github.com/counterfoil/counterfoil/internal/signin"
	"github.com/counterfoil/counterfoil/internal/web"
	"github.com/counterfoil/counterfoil/internal/web/caller"
	"github.com/counterfoil/counterfoil/internal/web/limit"
)

// openPasswords puts together what people's passwords are checked with. They share the workers of applications' chosen
// secrets: two sets of workers would have all processors between them.
func (h *House) openPasswords() error {
	h.passwords = &password.Authority{DB: h.db, Vault: h.vault, Hasher: &password.Hasher{Checker: h.logon.Checker}}
	if h.config.BreachedPasswordsFile == "" {
		return nil
	}
	list, err := breach.Open(h.config.BreachedPasswordsFile)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "breached_passwords_file cannot be read")
	}
	h.passwords.Breached = list
	return nil
}

// closePasswords lets go of the list of breached ones.
func (h *House) closePasswords() {
	if h.passwords != nil && h.passwords.Breached != nil {
		_ = h.passwords.Breached.Close()
	}
}

// openRecovery puts together what links in mails do.
func (h *House) openRecovery() {
	h.recovery = &recovery.Authority{
		DB: h.db, Vault: h.vault, Tickets: &ticket.Authority{Vault: h.vault}, Passwords: h.passwords, Base: h.config.BaseURL, Log: h.log,
	}
}

// mailRoutes serves the pages that mails lead to and, on a server in dev, the mails that it keeps instead of sending them.
func (h *House) mailRoutes(m *web.Mux, limits *limit.Limiter) {
	(&signin.Door{
		DB: h.db, Sessions: &session.Authority{Vault: h.vault}, Passwords: h.passwords, Factors: h.factors(), Recovery: h.recovery, Limits: limits,
		Founder: h.founder(),
	}).Routes(m)
	if h.mailbox == nil {
		return
	}
	host := ""
	if u, err := url.Parse(h.config.BaseURL); err == nil {
		host = u.Hostname()
	}
	(&mailbox.Door{DB: h.db, Box: h.mailbox, Host: host, Local: localOnly}).Routes(m)
}

// factors returns who keeps the second factors of users. Codes go by letter, if there is a way to send one.
func (h *House) factors() *factor.Authority {
	a := &factor.Authority{Vault: h.vault, Tickets: &ticket.Authority{Vault: h.vault}}
	if h.letters.Carrier != nil {
		a.Post = h.postCode
	}
	return a
}

func (h *House) postCode(tx *db.Tx, u *directory.User, to string, code seal.Secret, until time.Time) error {
	return letter.Post(tx, h.vault, letter.Letter{
		Environment: u.Environment, To: to, Language: cmp.Or(u.Profile.PreferredLanguage, u.Profile.Locale), Kind: letter.EmailCode,
		Data: letter.Data{Name: u.Profile.Shown(), Code: code, Until: until},
	})
}

// founder returns what makes the first administrator who is a person.
func (h *House) founder() *founder.Authority {
	return &founder.Authority{DB: h.db, Tickets: &ticket.Authority{Vault: h.vault}, Passwords: h.passwords, Base: h.config.BaseURL}
}

// serviceRoutes serves what applications ask about people.
func (h *House) serviceRoutes(m *web.Mux, guard *caller.Guard, cursors web.Cursors) {
	(&services.Door{
		DB: h.db, Guard: guard, Cursors: cursors, Tickets: &ticket.Authority{Vault: h.vault}, Passwords: h.passwords, Factors: h.factors(),
		Recovery: h.recovery, Invitations: h.invitations(), Sessions: &session.Authority{Vault: h.vault}, Base: h.config.BaseURL, Now: h.now,
	}).Routes(m)
}

// invitations returns what asks people to join.
func (h *House) invitations() *invitation.Authority {
	return &invitation.Authority{Vault: h.vault, Tickets: &ticket.Authority{Vault: h.vault}, Recovery: h.recovery}
}
