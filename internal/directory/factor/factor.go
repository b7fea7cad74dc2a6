package factor

import (
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/ticket"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Kind is what a factor is.
type Kind string

// The kinds of factors.
const (
	TOTP     Kind = "totp"     // codes of an app (RFC 6238)
	Email    Kind = "email"    // codes by e-mail
	Recovery Kind = "recovery" // ten codes on paper
	Passkey  Kind = "passkey"  // WebAuthn
)

const (
	// MaxFactors is how many a user has at most.
	MaxFactors = 20
	maxName    = 80 // characters
	// pendingLife is how long a factor waits for its first code: its secret was on a screen.
	pendingLife = time.Hour
)

// Factor is one way for a user to prove itself beside the password. It holds no secret that can be read.
type Factor struct {
	Environment, ID, User uuid.UUID
	Kind                  Kind
	// Name is how the user tells it from others.
	Name string
	// Confirmed says that its first code was right. Nobody signs in with one that is not.
	Confirmed bool
	Address   string // of [Email]
	Codes     int    // of [Recovery]: how many are left
	// LockedUntil is when a lock ends that wrong answers caused; zero: never was one, [directory.Forever]: somebody must end it.
	LockedUntil time.Time
	Version     int64 // counts answers, too
	CreatedBy   string
	CreatedAt   time.Time
	UsedAt      time.Time // zero: never

	sealed    []byte
	data      string
	handle    string
	lastStep  int64
	failures  int
	sent      int
	sentSince time.Time
}

// Locked reports whether a lock holds.
func (f *Factor) Locked(now time.Time) bool { return now.Before(f.LockedUntil) }

// Authority keeps factors.
type Authority struct {
	Vault   *seal.Vault
	Tickets *ticket.Authority
	// Post queues a letter with a code in the transaction. Without it there are no codes by e-mail.
	Post func(tx *db.Tx, u *directory.User, to string, code seal.Secret, until time.Time) error
}

// Enrolment is what an app needs to make codes. It is shown once.
type Enrolment struct {
	Secret seal.Secret // base32 (RFC 4648), for typing
	URI    seal.Secret // otpauth://, for a QR code
}

// List returns a user's factors, oldest first. The actor needs [access.ReadFactors] over the user.
func List(tx *db.Tx, actor *access.Actor, user uuid.UUID) ([]*Factor, error) {
	if _, err := over(tx, actor, access.ReadFactors, user); err != nil {
		return nil, err
	}
	return list(tx, actor.Environment, user)
}

// Get returns one of a user's factors; see [List].
func Get(tx *db.Tx, actor *access.Actor, user, id uuid.UUID) (*Factor, error) {
	all, err := List(tx, actor, user)
	for _, f := range all {
		if f.ID == id {
			return f, nil
		}
	}
	if err == nil {
		err = errNoFactor
	}
	return nil, err
}

// Made returns a factor to its maker, who may not be allowed to read factors.
func Made(tx *db.Tx, actor *access.Actor, user, id uuid.UUID) (*Factor, error) {
	if _, err := over(tx, actor, access.WriteFactors, user); err != nil {
		return nil, err
	}
	return load(tx, actor.Environment, user, id)
}

// Usable returns the factors with which a user can sign in now. It asks nobody's permission.
func Usable(tx *db.Tx, environment, user uuid.UUID) ([]*Factor, error) {
	all, err := list(tx, environment, user)
	var usable []*Factor
	for _, f := range all {
		if f.Confirmed && !f.Locked(tx.Now()) && (f.Kind != Recovery || f.Codes > 0) {
			usable = append(usable, f)
		}
	}
	return usable, err
}

// EnrolTOTP gives a user an app's secret, which counts from its first right code on ([Authority.Confirm]), within an hour.
// The actor needs [access.WriteFactors], and to be no less than the user.
func (y *Authority) EnrolTOTP(tx *db.Tx, actor *access.Actor, user uuid.UUID, name string) (*Factor, *Enrolment, error) {
	u, f, err := begin(tx, actor, user, TOTP, name)
	if err != nil {
		return nil, nil, err
	}
	return y.makeTOTP(tx, u, f, actor.Who())
}

func (y *Authority) makeTOTP(tx *db.Tx, u *directory.User, f *Factor, who ledger.Who) (*Factor, *Enrolment, error) {
	env, err := environment.Load(tx, u.Environment)
	if err != nil {
		return nil, nil, err
	}
	secret := newSecret()
	if err := y.seal(tx, f, secret); err != nil {
		return nil, nil, err
	}
	e := &Enrolment{
		Secret: seal.NewSecret(base32Text.EncodeToString(secret)),
		URI:    enrolmentURI(env.Name, u.Profile.UserName, secret),
	}
	return f, e, f.enrolled(tx, who)
}

// EnrolEmail makes one of a user's addresses a factor and mails its first code; see [Authority.EnrolTOTP]. An address that
// is not the user's is [fault.Invalid].
func (y *Authority) EnrolEmail(tx *db.Tx, actor *access.Actor, user uuid.UUID, address string) (*Factor, error) {
	u, f, err := begin(tx, actor, user, Email, "E-mail")
	if err != nil {
		return nil, err
	}
	if f.Address = addressOf(u, address); f.Address == "" {
		return nil, fault.On("address", "is none of the user's e-mail addresses")
	}
	others, err := list(tx, f.Environment, f.User)
	if err != nil {
		return nil, err
	}
	for _, other := range others {
		if other.Kind == Email && directory.Fold(other.Address) == directory.Fold(f.Address) {
			return nil, fault.New(fault.Conflict, "this address is a factor already")
		}
	}
	f.data, f.Name = f.Address, f.Address
	if err := f.enrolled(tx, actor.Who()); err != nil {
		return nil, err
	}
	if err := y.send(tx, u, f, f.ID, uuid.Nil); err != nil {
		return nil, err
	}
	return load(tx, f.Environment, f.User, f.ID)
}

// RenewCodes gives a user ten new recovery codes; those from before are void. The codes are shown once. Who may is as in
// [Authority.EnrolTOTP].
func (y *Authority) RenewCodes(tx *db.Tx, actor *access.Actor, user uuid.UUID) (*Factor, []seal.Secret, error) {
	_, f, err := begin(tx, actor, user, Recovery, "Recovery codes")
	if err != nil {
		return nil, nil, err
	}
	return y.makeCodes(tx, f, actor.Who())
}

func (y *Authority) makeCodes(tx *db.Tx, f *Factor, who ledger.Who) (*Factor, []seal.Secret, error) {
	all, err := list(tx, f.Environment, f.User)
	if err != nil {
		return nil, nil, err
	}
	for _, old := range all {
		if old.Kind == Recovery {
			if err := old.removed(tx, who); err != nil {
				return nil, nil, err
			}
		}
	}
	set, codes := newRecoverySet()
	text, err := set.text()
	if err != nil {
		return nil, nil, err
	}
	if err := y.seal(tx, f, text); err != nil {
		return nil, nil, err
	}
	f.Confirmed, f.Codes = true, RecoveryCodes
	return f, codes, f.enrolled(tx, who)
}

// Remove takes a factor from a user. version is the one the caller saw, or 0; another is [fault.Stale]. Who may is as in
// [Authority.EnrolTOTP].
func (y *Authority) Remove(tx *db.Tx, actor *access.Actor, user, id uuid.UUID, version int64) error {
	u, err := over(tx, actor, access.WriteFactors, user)
	if err != nil {
		return err
	}
	if err := directory.AllowOver(tx, actor, u); err != nil {
		return err
	}
	f, err := load(tx, actor.Environment, user, id)
	if err != nil {
		return err
	}
	if version != 0 && version != f.Version {
		return fault.New(fault.Stale, "the factor was used or changed meanwhile; read it again")
	}
	return f.removed(tx, actor.Who())
}

// Forgive forgets the wrong answers to a user's factors, and with them their locks: for who unlocks the user.
func Forgive(tx *db.Tx, u *directory.User) error {
	_, err := tx.Exec(forgive, u.Environment.String(), u.ID.String())
	return err
}

// begin returns a new factor for a user whom the actor may give one. The user's row is locked, which makes those who
// enrol wait for each other.
func begin(tx *db.Tx, actor *access.Actor, user uuid.UUID, kind Kind, name string) (*directory.User, *Factor, error) {
	u, err := over(tx, actor, access.WriteFactors, user)
	if err != nil {
		return nil, nil, err
	}
	if err := directory.AllowOver(tx, actor, u); err != nil {
		return nil, nil, err
	}
	f, err := plan(tx, u, kind, name, actor.Who())
	return u, f, err
}

// plan returns a new factor of a user, if there is room for one.
func plan(tx *db.Tx, u *directory.User, kind Kind, name string, who ledger.Who) (*Factor, error) {
	name, err := validName(name)
	if err != nil {
		return nil, err
	}
	if _, err := tx.Exec(deletePending, u.Environment.String(), u.ID.String(), db.Micros(tx.Now().Add(-pendingLife))); err != nil {
		return nil, err
	}
	all, err := list(tx, u.Environment, u.ID)
	if err != nil {
		return nil, err
	}
	if len(all) >= MaxFactors {
		return nil, fault.New(fault.Conflict, "a user has at most %d factors; remove one first", MaxFactors)
	}
	id, err := uuid.NewV7()
	return &Factor{
		Environment: u.Environment, ID: id, User: u.ID, Kind: kind, Name: name, Version: 1, CreatedBy: who.ID, CreatedAt: tx.Now(),
	}, err
}

func validName(name string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" || utf8.RuneCountInString(name) > maxName || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", fault.On("name", "has 1 to %d printable characters", maxName)
	}
	return name, nil
}

// over returns the user, locked, if the actor holds permission over it; else it looks missing.
func over(tx *db.Tx, actor *access.Actor, permission string, user uuid.UUID) (*directory.User, error) {
	if err := access.AllowSomewhere(tx, actor, permission); err != nil {
		return nil, err
	}
	find := directory.LoadForUpdate
	if permission == access.ReadFactors {
		find = directory.Load
	}
	u, err := find(tx, actor.Environment, user)
	if fault.Is(err, fault.NotFound) || err == nil && !actor.MayOn(permission, access.OverPopulation, u.Population) {
		return nil, fault.New(fault.NotFound, "there is no such user")
	}
	return u, err
}

// enrolled stores a new factor and tells the ledger.
func (f *Factor) enrolled(tx *db.Tx, who ledger.Who) error {
	if err := f.insert(tx); err != nil {
		return err
	}
	f.record(tx, who, "user.factor_enrolled", nil, f.facts())
	return nil
}

// removed deletes a factor and tells the ledger.
func (f *Factor) removed(tx *db.Tx, who ledger.Who) error {
	_, err := tx.Exec(deleteFactor, f.Environment.String(), f.ID.String())
	f.record(tx, who, "user.factor_removed", f.facts(), nil)
	return err
}

// facts is what the ledger keeps of a factor.
func (f *Factor) facts() any {
	return map[string]any{"factor": f.ID.String(), "kind": string(f.Kind), "name": f.Name, "confirmed": f.Confirmed}
}

func (f *Factor) record(tx *db.Tx, who ledger.Who, kind string, before, after any) {
	ledger.Append(tx, who, ledger.Event{
		Environment: f.Environment, Kind: kind, Subject: ledger.Subject{Kind: "user", ID: f.User.String()}, Before: before, After: after,
	})
}
