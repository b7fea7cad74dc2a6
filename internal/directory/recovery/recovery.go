package recovery

import (
	"cmp"
	"context"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/directory/ticket"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/notice/letter"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Authority does what links in mails are for. Its exported fields are required, but for Log.
type Authority struct {
	DB        *db.DB
	Vault     *seal.Vault
	Tickets   *ticket.Authority
	Passwords *password.Authority
	// Base is the configured base URL, which links begin with.
	Base string
	Log  *slog.Logger

	working sync.Mutex // held over a request, so that who waits for it to be worked off does
	mu      sync.Mutex
	waiting []asked
	wake    chan struct{} // made by whoever needs it first
}

// Page is one of the two pages that a link can lead to.
type Page string

// The pages, by the first segment of their path.
const (
	Activate Page = "activate" // for [ticket.Activation] and [ticket.Invitation]
	Reset    Page = "reset"    // for [ticket.Reset]
)

// purposes are those of the tickets that a page takes.
func (p Page) purposes() []ticket.Purpose {
	if p == Reset {
		return []ticket.Purpose{ticket.Reset}
	}
	return []ticket.Purpose{ticket.Activation, ticket.Invitation}
}

// Data is what a ticket for a page holds, as JSON. All of it may be missing.
type Data struct {
	// Target is where the person is sent in the end. Whoever makes the ticket has checked it: it is followed as it is.
	Target string `json:"target,omitempty"`
	// Language is the one that the mail was written in.
	Language string `json:"language,omitempty"`
	// Application is the name of what the person is let into.
	Application string `json:"application,omitempty"`
	// Address is where the ticket was mailed, and nowhere else: who follows the link reads mail there. It is empty when
	// somebody else was shown the link.
	Address string `json:"address,omitempty"`
}

// Link returns the URL of a ticket's page.
func Link(base string, env *environment.Environment, page Page, secret seal.Secret) seal.Secret {
	return seal.NewSecret(env.Issuer(base) + "/" + string(page) + "/" + secret.Reveal())
}

// View is what a page shows.
type View struct {
	Data
	UserName string
	// Choose says that a password is to be chosen; else the person has one and only accepts.
	Choose bool
	Policy password.Policy

	user    uuid.UUID
	purpose ticket.Purpose
}

// Look returns what the page of a link shows. It changes nothing. A link that leads nowhere, for whatever reason, is the
// [fault.NotFound] that [ticket.Dead] knows.
func (a *Authority) Look(ctx context.Context, environment uuid.UUID, page Page, secret seal.Secret) (view *View, err error) {
	err = a.DB.Read(ctx, func(tx *db.Tx) (err error) {
		view, err = a.look(tx, environment, page, secret)
		return err
	})
	return view, err
}

func (a *Authority) look(tx *db.Tx, environment uuid.UUID, page Page, secret seal.Secret) (*View, error) {
	t, err := a.peek(tx, environment, page, secret)
	if err != nil {
		return nil, err
	}
	u, err := directory.Load(tx, environment, t.User)
	if err != nil {
		return nil, err
	}
	if !welcome(u, page) {
		return nil, ErrDead
	}
	v := &View{UserName: u.Profile.UserName, Choose: page == Reset || passwordless(u), user: u.ID, purpose: t.Purpose}
	if err := t.Read(&v.Data); err != nil {
		return nil, err
	}
	if !reads(u, v.Address) {
		return nil, ErrDead
	}
	v.Policy, err = password.PolicyOf(tx, environment)
	return v, err
}

// ErrDead is what a link that leads nowhere gets from here. It reads like the answer of [ticket.Authority], because to whoever
// follows the link it is.
var ErrDead = fault.New(fault.NotFound, "the link is not valid: it does not exist, has expired or was used already")

// peek finds the ticket among those that the page takes.
func (a *Authority) peek(tx *db.Tx, environment uuid.UUID, page Page, secret seal.Secret) (t *ticket.Ticket, err error) {
	for _, purpose := range page.purposes() {
		t, err = a.Tickets.Peek(tx, ticket.Presented{Environment: environment, Purpose: purpose, Secret: secret})
		if err == nil && t.User == uuid.Nil {
			return nil, ErrDead // for somebody who is not a user yet: the room of invitations knows what to do
		}
		if !ticket.Dead(err) {
			return t, err
		}
	}
	return nil, ErrDead
}

// welcome reports whether the page is there for somebody in the user's state.
func welcome(u *directory.User, page Page) bool {
	return u.Status == directory.Active || page == Activate && u.Status == directory.Staged
}

// reads reports whether a link that was mailed to an address is still this user's: somebody may have mended an address that
// was wrong, and whoever reads mail there would else become the user.
func reads(u *directory.User, address string) bool {
	return address == "" || slices.ContainsFunc(u.Profile.Emails, func(e directory.Email) bool { return directory.Fold(e.Value) == directory.Fold(address) })
}

// passwordless reports whether the user has no password that a link could take away.
func passwordless(u *directory.User) bool {
	return u.Password == directory.NoPassword || u.Password == directory.PasswordPending
}

// Finish does what a link is for, and with it uses it up: it activates the user or sets the password, or both. chosen is
// ignored where there is nothing to choose ([View.Choose]). A password that is refused is [fault.Invalid] on password, and
// the link goes on working; so it does when too many are checked at the moment ([fault.Exhausted]).
func (a *Authority) Finish(ctx context.Context, environment uuid.UUID, page Page, secret, chosen seal.Secret, who ledger.Who) (*View, error) {
	v, err := a.Look(ctx, environment, page, secret)
	if err != nil {
		return nil, err
	}
	var prepared *password.Prepared
	if v.Choose {
		source, _ := netip.ParseAddr(who.Address) // all that are not known are one
		if prepared, err = a.Passwords.PrepareOwn(ctx, environment, v.user, chosen, source); err != nil {
			return v, err
		}
	}
	who.Kind, who.ID = "user", v.user.String()
	err = a.DB.Write(ctx, func(tx *db.Tx) error {
		u, err := directory.LoadForUpdate(tx, environment, v.user)
		if fault.Is(err, fault.NotFound) {
			return ErrDead
		}
		if err != nil {
			return err
		}
		t, err := a.Tickets.Use(tx, ticket.Presented{Environment: environment, Purpose: v.purpose, Secret: secret})
		if ticket.Dead(err) || err == nil && (!welcome(u, page) || v.Choose != (page == Reset || passwordless(u))) {
			return ErrDead
		}
		if err != nil {
			return err
		}
		return a.finish(tx, who, u, t, page, prepared)
	})
	return v, err
}

func (a *Authority) finish(tx *db.Tx, who ledger.Who, u *directory.User, t *ticket.Ticket, page Page, prepared *password.Prepared) error {
	var data Data
	if err := t.Read(&data); err != nil {
		return err
	}
	if !reads(u, data.Address) {
		return ErrDead
	}
	if data.Address != "" {
		if err := directory.Verify(tx, who, u, data.Address); err != nil {
			return err
		}
	}
	if page == Activate {
		if err := directory.Activate(tx, who, u); err != nil {
			return err
		}
	}
	if prepared == nil {
		return nil
	}
	kind := "user.password_set"
	if page == Reset {
		kind = "user.password_reset"
	}
	if err := a.Passwords.SetOwn(tx, who, u, prepared, kind); err != nil {
		return err
	}
	if page == Reset {
		return a.tell(tx, u, &data)
	}
	return nil
}

// tell writes to a user whose password was reset: if it was somebody else who reads the mail, the user should hear of it.
func (a *Authority) tell(tx *db.Tx, u *directory.User, data *Data) error {
	address := readBy(u, "")
	if address == "" {
		return nil
	}
	env, err := environment.Load(tx, u.Environment)
	if err != nil {
		return err
	}
	return letter.Post(tx, a.Vault, letter.Letter{
		Environment: u.Environment, To: address, Language: cmp.Or(languageOf(u), data.Language), Kind: letter.PasswordChanged,
		Data: letter.Data{Name: u.Profile.Shown(), Link: seal.NewSecret(env.Issuer(a.Base) + "/forgot")},
	})
}

func languageOf(u *directory.User) string {
	return cmp.Or(u.Profile.PreferredLanguage, u.Profile.Locale)
}

// readBy returns an address that the user is known to read: that one, else the primary one, else any; or "".
func readBy(u *directory.User, wanted string) string {
	known := slices.DeleteFunc(slices.Clone(u.Profile.Emails), func(e directory.Email) bool { return !e.Verified })
	for _, fits := range []func(directory.Email) bool{
		func(e directory.Email) bool { return wanted != "" && directory.Fold(e.Value) == directory.Fold(wanted) },
		func(e directory.Email) bool { return e.Primary },
		func(directory.Email) bool { return true },
	} {
		if i := slices.IndexFunc(known, fits); i >= 0 {
			return known[i].Value
		}
	}
	return ""
}

// Mail is how a link is sent.
type Mail struct {
	// To is one of the user's addresses.
	To string
	// Kind is [letter.Activation], [letter.Invitation] or [letter.PasswordReset].
	Kind letter.Kind
	// Life is how long the link works: zero for the purpose's own.
	Life time.Duration
	// Application is the one that invites, if any, and ApplicationName what people call it.
	Application     uuid.UUID
	ApplicationName string
	// Target is where the person is sent in the end; the caller has checked it.
	Target string
	// Language is for users who have said none.
	Language                string
	Inviter, Header, Footer string
}

// Send makes a link for a user and mails it. It asks nobody's permission. What a letter cannot carry is [fault.Invalid].
func (a *Authority) Send(tx *db.Tx, u *directory.User, m Mail) (*ticket.Ticket, error) {
	page, purpose := Activate, ticket.Activation
	switch m.Kind { //nolint:exhaustive // the others carry no link to a page
	case letter.PasswordReset:
		page, purpose = Reset, ticket.Reset
	case letter.Invitation:
		purpose = ticket.Invitation
	}
	env, err := environment.Load(tx, u.Environment)
	if err != nil {
		return nil, err
	}
	language := letter.Speak(cmp.Or(languageOf(u), m.Language))
	t, secret, err := a.Tickets.Make(tx, ticket.Spec{
		Environment: u.Environment, Purpose: purpose, User: u.ID, Application: m.Application, Life: m.Life,
		Data: Data{Target: m.Target, Language: language, Application: m.ApplicationName, Address: m.To},
	})
	if err != nil {
		return nil, err
	}
	return t, letter.Post(tx, a.Vault, letter.Letter{
		Environment: u.Environment, To: m.To, Language: language, Kind: m.Kind, Data: letter.Data{
			Name: u.Profile.Shown(), Link: Link(a.Base, env, page, secret), Until: t.Expires, Application: m.ApplicationName,
			Inviter: m.Inviter, Header: m.Header, Footer: m.Footer,
		},
	})
}
