package session

import (
	"context"
	"crypto/hmac"
	"time"
	"unicode"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// The limits of sessions whose maker says nothing.
const (
	Idle     = 8 * time.Hour
	Absolute = 24 * time.Hour
	// MaxAbsolute is how long a session lives at most.
	MaxAbsolute = 30 * 24 * time.Hour
	// MaxPerUser is how many sessions of one user live at a time. One more ends the oldest.
	MaxPerUser = 50
	// SeenEvery is how often at most it is written that a session was seen.
	SeenEvery = time.Minute
)

// maxAgent is how much of what a browser calls itself is kept, in characters.
const maxAgent = 256

// Session is a browser in which somebody is signed in.
type Session struct {
	Environment, ID, User uuid.UUID
	// Application is the one that let the user in; zero if none did.
	Application uuid.UUID
	CreatedAt   time.Time
	// ProvedAt is when the person last proved here all that is asked of them; zero if they did not: an application let them
	// in, or a device that is remembered stood for the second factor.
	ProvedAt time.Time
	// SeenAt is late by up to [SeenEvery]. Address is where the session was then.
	SeenAt    time.Time
	ExpiresAt time.Time // at the latest
	Address   string
	Agent     string

	idle  time.Duration
	ended bool
}

// IdleAt is when the session is over if its browser stays silent.
func (s *Session) IdleAt() time.Time {
	if at := s.SeenAt.Add(s.idle); at.Before(s.ExpiresAt) {
		return at
	}
	return s.ExpiresAt
}

// Authority begins, checks and ends sessions.
type Authority struct {
	Vault *seal.Vault
}

// Spec says what session to begin.
type Spec struct {
	// Application let the user in; zero if none did. Its session ends when it is disabled or deleted.
	Application    uuid.UUID
	Address, Agent string
	// Proved says that the person has just proven all that is asked of them: a sign-in at our own pages does.
	Proved bool
	// Idle and Absolute are the limits; zero is [Idle] and [Absolute].
	Idle, Absolute time.Duration
}

var (
	// errOver is all that anybody hears whose cookie is no good.
	errOver = fault.New(fault.Unauthenticated, "the session is over; sign in again")
	errGone = fault.New(fault.NotFound, "there is no such session")
)

// Start begins a session of a user who has just proven who they are, and returns the cookie for the browser. The cookie
// is new, whatever the browser held before, so that nobody is signed in to a session that a stranger knows. A user who
// may not sign in now is [fault.Unauthenticated]; limits out of bounds are [fault.Invalid].
func (y *Authority) Start(tx *db.Tx, u *directory.User, spec Spec) (*Session, seal.Secret, error) {
	if spec.Idle == 0 {
		spec.Idle = Idle
	}
	if spec.Absolute == 0 {
		spec.Absolute = Absolute
	}
	if spec.Idle < time.Minute || spec.Absolute < time.Minute || spec.Absolute > MaxAbsolute || spec.Idle > MaxAbsolute {
		return nil, seal.Secret{}, fault.On("expires_in", "a session lasts between a minute and 30 days")
	}
	if u.State(tx.Now()) != directory.State(directory.Active) {
		return nil, seal.Secret{}, errOver
	}
	appEpoch := int64(0)
	if spec.Application != uuid.Nil {
		var err error
		appEpoch, err = db.Value[int64](tx, selectApplication, u.Environment.String(), spec.Application.String())
		if fault.Is(err, fault.NotFound) {
			return nil, seal.Secret{}, errOver
		}
		if err != nil {
			return nil, seal.Secret{}, err
		}
	}
	if err := y.makeRoom(tx, u); err != nil {
		return nil, seal.Secret{}, err
	}
	s := &Session{
		Environment: u.Environment, ID: uuid.New(), User: u.ID, Application: spec.Application,
		CreatedAt: tx.Now(), SeenAt: tx.Now(), ExpiresAt: tx.Now().Add(spec.Absolute),
		Address: spec.Address, Agent: printable(spec.Agent), idle: spec.Idle,
	}
	app, proved := "", int64(0)
	if s.Application != uuid.Nil {
		app = s.Application.String()
	} else if spec.Proved {
		s.ProvedAt, proved = tx.Now(), db.Micros(tx.Now())
	}
	secret, peppers := newSecret(), y.Vault.Peppers()
	mac, _ := digest(peppers, peppers.Newest(), s.Environment, s.ID, secret)
	_, err := tx.Exec(insertSession, s.Environment.String(), s.ID.String(), s.User.String(), u.Epoch, app, appEpoch, peppers.Newest(), mac,
		db.Micros(s.CreatedAt), db.Micros(s.SeenAt), s.idle.Microseconds(), db.Micros(s.ExpiresAt), 0, s.Address, s.Agent, proved)
	if err != nil {
		return nil, seal.Secret{}, err
	}
	return s, cookie(s.ID, secret), directory.SignedIn(tx, u)
}

// makeRoom ends the oldest sessions of a user that has as many as there can be.
func (y *Authority) makeRoom(tx *db.Tx, u *directory.User) error {
	living, err := alive(tx, u.Environment, u.ID)
	if err != nil {
		return err
	}
	for _, oldest := range living[min(len(living), MaxPerUser-1):] {
		if _, err := tx.Exec(updateEnded, u.Environment.String(), u.ID.String(), oldest.ID.String(), db.Micros(tx.Now())); err != nil {
			return err
		}
	}
	return nil
}

// Check returns the session of a cookie if it is good now. Everything that is wrong with one is the same
// [fault.Unauthenticated]; a root key that this node has not read yet is [fault.Unavailable].
func (y *Authority) Check(tx *db.Tx, environment uuid.UUID, value seal.Secret) (*Session, error) {
	r, err := y.find(tx, environment, value, "")
	if err != nil {
		return nil, err
	}
	return &r.Session, nil
}

func (y *Authority) find(tx *db.Tx, environment uuid.UUID, value seal.Secret, lock string) (*row, error) {
	id, secret, ok := parse(value)
	if !ok {
		return nil, errOver
	}
	r, err := db.One(tx, scanRow, selectGate+lock, environment.String(), id.String())
	if fault.Is(err, fault.NotFound) {
		return nil, errOver
	}
	if err != nil {
		return nil, err
	}
	want, ok := digest(y.Vault.Peppers(), r.pepper, environment, id, secret)
	if !ok {
		return nil, fault.New(fault.Unavailable, "the root key of this session is not loaded on this node")
	}
	if !hmac.Equal(want, r.mac) || !r.good(tx.Now()) {
		return nil, errOver
	}
	return r, nil
}

// good is the gate of sessions.
func (r *row) good(now time.Time) bool {
	switch {
	case !r.environmentOn, r.ended, !now.Before(r.IdleAt()):
		return false
	case r.status != string(directory.Active) || r.userNow != r.userEpoch:
		return false
	case r.Application != uuid.Nil && (!r.appOn || r.appNow != r.appEpoch):
		return false
	}
	return true
}

// Touch notes that a session was seen, when that was not noted for [SeenEvery]. It is a transaction of its own, so that a
// reader need not be a writer.
func (y *Authority) Touch(ctx context.Context, d *db.DB, s *Session, address string, now time.Time) error {
	if now.Sub(s.SeenAt) < SeenEvery {
		return nil
	}
	return d.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(updateSeen, s.Environment.String(), s.ID.String(), db.Micros(now), address)
		return err
	})
}

// Rotate gives a session a new cookie, for when its user has shown more than before; the old cookie is dead.
func (y *Authority) Rotate(tx *db.Tx, environment uuid.UUID, value seal.Secret) (*Session, seal.Secret, error) {
	return y.rotate(tx, environment, value, false)
}

// Prove is [Authority.Rotate] for a person who has just proven again all that is asked of them: see [StepUpFresh]. user is who
// did, and the session of anybody else is [fault.Unauthenticated]; so is one that an application opened, which knew the cookie.
func (y *Authority) Prove(tx *db.Tx, environment uuid.UUID, value seal.Secret, user uuid.UUID) (*Session, seal.Secret, error) {
	s, fresh, err := y.rotate(tx, environment, value, true)
	if err == nil && (s.User != user || !s.Own()) {
		return nil, seal.Secret{}, errOver
	}
	return s, fresh, err
}

func (y *Authority) rotate(tx *db.Tx, environment uuid.UUID, value seal.Secret, proved bool) (*Session, seal.Secret, error) {
	lock := tx.ForUpdate()
	if lock != "" {
		lock += " OF s" // the other side of an outer join cannot be locked, and need not
	}
	r, err := y.find(tx, environment, value, lock)
	if err != nil {
		return nil, seal.Secret{}, err
	}
	if proved {
		r.ProvedAt = tx.Now()
	}
	secret, peppers := newSecret(), y.Vault.Peppers()
	mac, _ := digest(peppers, peppers.Newest(), r.Environment, r.ID, secret)
	_, err = tx.Exec(updateSecret, r.Environment.String(), r.ID.String(), peppers.Newest(), mac, microsOrZero(r.ProvedAt))
	return &r.Session, cookie(r.ID, secret), err
}

func microsOrZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return db.Micros(t)
}

// StepUp is how long a proof counts for what asks for a fresh one.
const StepUp = 5 * time.Minute

// StepUpFresh reports whether the person in a session proved at most [StepUp] before now who they are.
func StepUpFresh(s *Session, now time.Time) bool {
	age := now.Sub(s.ProvedAt)
	return !s.ProvedAt.IsZero() && age <= StepUp && age > -time.Minute // a clock that went back is no leave
}

// Own reports whether the person signed in at our own pages. Whichever application opened a session for a person knows its
// cookie, so such a session is none of the person's hand alone.
func (s *Session) Own() bool { return s.Application == uuid.Nil }

// End ends the session of a cookie: its user signs out here. One that is over already is no error.
func (y *Authority) End(tx *db.Tx, environment uuid.UUID, value seal.Secret, who ledger.Who) error {
	r, err := y.find(tx, environment, value, "")
	if fault.Is(err, fault.Unauthenticated) {
		return nil
	}
	if err != nil {
		return err
	}
	return r.end(tx, who)
}

// printable is what a browser calls itself without what could forge a line where it is read.
func printable(agent string) string {
	clean := make([]rune, 0, maxAgent)
	for _, c := range agent {
		if len(clean) == maxAgent {
			break
		}
		if unicode.IsPrint(c) && c != unicode.ReplacementChar {
			clean = append(clean, c)
		}
	}
	return string(clean)
}
