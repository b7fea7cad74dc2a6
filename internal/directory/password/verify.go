package password

import (
	"cmp"
	"context"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/notice/letter"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Outcome is what came of a password.
type Outcome string

// The outcomes. Only Right lets anybody in. Whoever is not entitled to know more hears [ErrWrong] for all others:
// Wrong and Locked must look the same to strangers, and Locked is the same for right and wrong passwords. Disabled,
// MustChange and Expired are told of right passwords only; with the latter two, [Authority.Change] is what is left.
const (
	Right      Outcome = "right"
	Wrong      Outcome = "wrong" // also: there is no such user
	Locked     Outcome = "locked"
	Disabled   Outcome = "disabled" // the user is not active
	MustChange Outcome = "must_change"
	Expired    Outcome = "expired"
	NoPassword Outcome = "no_password"
)

// ErrWrong is all that a stranger may hear.
var ErrWrong = fault.New(fault.Unauthenticated, "user name or password is wrong")

// Result is what [Authority.Verify] found.
type Result struct {
	Outcome Outcome
	// User is there for outcomes that only a right password has, as it is in the transaction that decided: who opens a
	// session for it compares the epoch again.
	User *directory.User
}

// maxLogin bounds what is looked up, in bytes.
const maxLogin = 512

// attempt is one password for one user, as it was read before hashing.
type attempt struct {
	environment uuid.UUID
	source      netip.Addr
	user        uuid.UUID // zero: nobody
	locked      bool
	policy      Policy
	row         row
	upgrade     seal.Secret
}

// Verify says whether password is that of the user who signs in as login: a user name, an address or an id. source is who
// asks, after the list of trusted proxies.
//
// A wrong one counts toward the user's lock, a right one starts the count anew. What is right is decided after hashing,
// in the transaction that also sees the failures of others: of a thousand guesses at the same time, those after the one
// that locked the user hear Locked, whatever they guessed. The work is the same for unknown users, those without a
// password, locked ones and others; the rest of the time an answer takes is the door's to even out.
//
// Errors: [fault.Exhausted] when too many passwords are checked at the moment, [fault.Unavailable] when ctx ends first.
// Neither counts.
func (a *Authority) Verify(ctx context.Context, environment uuid.UUID, login string, password seal.Secret, source netip.Addr) (Result, error) {
	_, result, err := a.verify(ctx, environment, login, password, source)
	return result, err
}

func (a *Authority) verify(ctx context.Context, environment uuid.UUID, login string, password seal.Secret, source netip.Addr) (*attempt, Result, error) {
	try := &attempt{environment: environment, source: source}
	if len(readings(password)) == 0 { // no guess: nobody has such a password
		return try, Result{Outcome: Wrong}, nil
	}
	err := a.DB.Read(ctx, func(tx *db.Tx) error { return a.begin(tx, try, login) })
	if err != nil {
		return nil, Result{}, err
	}
	right, upgrade, err := a.Hasher.Verify(ctx, source, try.row.hash, password)
	if err != nil {
		return nil, Result{}, err
	}
	try.upgrade = upgrade
	switch {
	case try.user == uuid.Nil:
		return try, Result{Outcome: Wrong}, nil
	case try.locked:
		return try, Result{Outcome: Locked}, nil
	case try.row.hash == nil:
		return try, Result{Outcome: NoPassword}, nil
	case !right:
		result, err := a.failed(ctx, try)
		return try, result, err
	}
	result, err := a.succeeded(ctx, try)
	return try, result, err
}

func (a *Authority) begin(tx *db.Tx, try *attempt, login string) error {
	u, err := find(tx, try.environment, login)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	k, err := keyOf(tx, a.Vault, try.environment)
	if err != nil {
		return err
	}
	if try.policy, err = PolicyOf(tx, try.environment); err != nil {
		return err
	}
	try.user, try.locked = u.ID, u.Locked(tx.Now())
	try.row, err = loadRow(tx, k, u)
	return err
}

func find(tx *db.Tx, environment uuid.UUID, login string) (*directory.User, error) {
	if len(login) > maxLogin {
		return nil, fault.New(fault.NotFound, "no user has such a name")
	}
	u, err := directory.Find(tx, environment, login)
	if id, bad := uuid.Parse(login); fault.Is(err, fault.NotFound) && bad == nil && id.String() == login {
		return directory.Load(tx, environment, id)
	}
	return u, err
}

// failed counts a wrong password, and locks the user with the last one that the policy allows.
func (a *Authority) failed(ctx context.Context, try *attempt) (result Result, err error) {
	// Who hangs up has guessed all the same.
	err = a.DB.Write(context.WithoutCancel(ctx), func(tx *db.Tx) error {
		result = Result{Outcome: Wrong}
		u, err := directory.LoadForUpdate(tx, try.environment, try.user)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if u.Locked(tx.Now()) {
			result.Outcome = Locked
			return nil
		}
		return a.count(tx, try, u)
	})
	return result, err
}

// count adds a failure. One that is older than a lock takes counts no more: that gives a guesser as much as locks do.
func (a *Authority) count(tx *db.Tx, try *attempt, u *directory.User) error {
	now := tx.Now()
	oldest := int64(0)
	if try.policy.LockMinutes > 0 {
		oldest = db.Micros(now) - int64(try.policy.LockMinutes)*int64(time.Minute/time.Microsecond)
	}
	environment, user := try.environment.String(), try.user.String()
	var failures int
	var told int64
	err := tx.Each(func(s db.Scan) error { return s(&failures, &told) }, updateFailed, environment, user, db.Micros(now), oldest)
	if err != nil || failures < try.policy.MaxFailures {
		return err
	}
	if _, err := tx.Exec(updateForgotten, environment, user, db.Micros(now)); err != nil {
		return err
	}
	until := try.policy.LockedUntil(now)
	if until.IsZero() {
		until = directory.Forever
	}
	if told > db.Micros(now.Add(-time.Hour)) {
		return directory.LockAgain(tx, u, until)
	}
	if _, err := tx.Exec(updateTold, environment, user, db.Micros(now)); err != nil {
		return err
	}
	who := ledger.System
	if try.source.IsValid() {
		who.Address = try.source.String()
	}
	if err := directory.Lock(tx, who, u, until); err != nil {
		return err
	}
	return a.tellOwner(tx, u, until)
}

// tellOwner writes to the user that it was locked, at most once an hour because the event is. Who has no address that
// takes mail is not told.
func (a *Authority) tellOwner(tx *db.Tx, u *directory.User, until time.Time) error {
	address := u.Profile.Email()
	if address == nil || !address.Verified {
		return nil
	}
	l := letter.Letter{
		Environment: u.Environment, To: address.Value, Language: cmp.Or(u.Profile.PreferredLanguage, u.Profile.Locale), Kind: letter.AccountLocked,
		Data: letter.Data{Name: u.Profile.Shown()},
	}
	if until.Before(directory.Forever) {
		l.Data.Until = until
	}
	if err := l.Check(); err != nil {
		return nil //nolint:nilerr // an address that takes no mail must not keep the lock away
	}
	return letter.Post(tx, a.Vault, l)
}

// succeeded decides about a right password. It writes only if there is something to write.
func (a *Authority) succeeded(ctx context.Context, try *attempt) (result Result, err error) {
	write := !try.upgrade.Empty() || try.row.failures > 0
	if !write {
		err = a.DB.Read(ctx, func(tx *db.Tx) (err error) {
			result, write, err = a.settle(tx, try, false)
			return err
		})
	}
	if write && err == nil {
		err = a.DB.Write(ctx, func(tx *db.Tx) (err error) {
			result, _, err = a.settle(tx, try, true)
			return err
		})
	}
	return result, err
}

// settle looks again at everything. Without leave to write it says whether there is something to.
func (a *Authority) settle(tx *db.Tx, try *attempt, write bool) (result Result, more bool, err error) {
	load := directory.Load
	if write {
		load = directory.LoadForUpdate
	}
	u, err := load(tx, try.environment, try.user)
	if fault.Is(err, fault.NotFound) {
		return Result{Outcome: Wrong}, false, nil
	}
	if err != nil {
		return result, false, err
	}
	k, err := keyOf(tx, a.Vault, try.environment)
	if err != nil {
		return result, false, err
	}
	r, err := loadRow(tx, k, u)
	switch {
	case err != nil:
		return result, false, err
	case u.Locked(tx.Now()):
		return Result{Outcome: Locked}, false, nil
	case r.number != try.row.number && (r.hash == nil || !try.same(&r)): // it was another's change that made it wrong
		return Result{Outcome: Wrong}, false, nil
	}
	result = Result{Outcome: try.judge(u, tx.Now()), User: u}
	late := result.Outcome == Expired && u.Password == directory.PasswordSet
	if !write {
		return result, r.failures > 0 || late, nil
	}
	if late {
		if err := directory.SetPasswordState(tx, ledger.System, u, directory.PasswordExpired, false, "user.password_expired"); err != nil {
			return result, false, err
		}
	}
	if !try.upgrade.Empty() && r.number == try.row.number {
		sealed := k.seal(u.ID, try.upgrade.Reveal())
		if _, err := tx.Exec(updateUpgraded, u.Environment.String(), u.ID.String(), r.number, sealed, db.Micros(tx.Now())); err != nil {
			return result, false, err
		}
	}
	_, err = tx.Exec(updateForgotten, u.Environment.String(), u.ID.String(), db.Micros(tx.Now()))
	return result, false, err
}

// same reports whether a row with another number holds the same password: one that somebody else's sign-in upgraded at
// the same time.
func (try *attempt) same(r *row) bool { return r.set.Equal(try.row.set) }

func (try *attempt) judge(u *directory.User, now time.Time) Outcome {
	expires := try.policy.Expires(try.row.set)
	switch {
	case u.Status != directory.Active:
		return Disabled
	case u.Password == directory.ResetRequired:
		return MustChange
	case u.Password == directory.PasswordExpired, !expires.IsZero() && !now.Before(expires):
		return Expired
	}
	return Right
}

// Change replaces a password by its owner's new one, after the old one was verified as by [Authority.Verify], which also
// counts and locks. Outcomes other than Right, MustChange and Expired changed nothing. [fault.Invalid] on password for a new
// one that the policy refuses, [fault.Conflict] for a change sooner than it allows.
func (a *Authority) Change(ctx context.Context, environment uuid.UUID, login string, old, fresh seal.Secret, source netip.Addr) (Result, error) {
	try, result, err := a.verify(ctx, environment, login, old, source)
	if err != nil {
		return result, err
	}
	switch result.Outcome {
	case MustChange, Expired:
	case Right:
		if wait := try.row.set.Add(time.Duration(try.policy.MinAgeHours) * time.Hour); wait.After(a.DB.Now()) {
			return result, fault.New(fault.Conflict, "the password is too new to be changed: wait until %s", wait.UTC().Format(time.RFC3339))
		}
	default:
		return result, nil
	}
	p, err := a.PrepareOwn(ctx, environment, try.user, fresh, source)
	if err != nil {
		return result, err
	}
	who := ledger.Who{Kind: "user", ID: try.user.String()}
	if source.IsValid() {
		who.Address = source.String()
	}
	err = a.DB.Write(ctx, func(tx *db.Tx) error {
		u, err := directory.LoadForUpdate(tx, environment, try.user)
		if err != nil {
			return err
		}
		if u.Epoch != result.User.Epoch || u.Locked(tx.Now()) { // it is no longer proven
			return errOvertaken
		}
		result.User = u
		return a.SetOwn(tx, who, u, p, "user.password_changed")
	})
	return result, err
}
