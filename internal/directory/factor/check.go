package factor

import (
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/ticket"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Verdict is what an answer was worth. The transaction has to be committed whatever it is.
type Verdict string

// The verdicts.
const (
	Right Verdict = "right"
	// Wrong is also an answer that was right before, one that is too old, and any answer of a user who may not sign in.
	Wrong Verdict = "wrong"
	// Locked says that the answer was not looked at, because of those before.
	Locked Verdict = "locked"
)

// Err returns what a caller over an API hears of a verdict, and nil for [Right]. It must leave no transaction: what was
// counted would be undone.
func (v Verdict) Err() error {
	switch v {
	case Right:
		return nil
	case Locked:
		return fault.New(fault.Exhausted, "the factor is locked after too many wrong answers")
	default:
		return fault.On("code", "the code is not right, or was used before")
	}
}

const (
	// failuresToLock is how many wrong answers in a row lock a factor, and lockTime for how long.
	failuresToLock = 5
	lockTime       = time.Hour
	// failuresForGood is how many in a row lock it until somebody unlocks the user: with three codes right at any moment,
	// guessing on and on would be right once in some years (NIST SP 800-63B §5.2.2).
	failuresForGood = 100
)

// Confirm takes the first code of a factor that was enrolled; from then on it counts. Who may is as in
// [Authority.EnrolTOTP]. One that is confirmed already is [fault.Conflict].
func (y *Authority) Confirm(tx *db.Tx, actor *access.Actor, user, id uuid.UUID, code string) (*Factor, Verdict, error) {
	u, err := over(tx, actor, access.WriteFactors, user)
	if err != nil {
		return nil, "", err
	}
	if err := directory.AllowOver(tx, actor, u); err != nil {
		return nil, "", err
	}
	return y.confirm(tx, u, id, code, actor.Who())
}

func (y *Authority) confirm(tx *db.Tx, u *directory.User, id uuid.UUID, code string, who ledger.Who) (*Factor, Verdict, error) {
	f, err := load(tx, u.Environment, u.ID, id)
	if err != nil {
		return nil, "", err
	}
	if f.Confirmed {
		return nil, "", fault.New(fault.Conflict, "the factor is confirmed already")
	}
	if tx.Now().Sub(f.CreatedAt) > pendingLife {
		return nil, "", fault.New(fault.Conflict, "the factor was enrolled more than an hour ago; enrol it again")
	}
	v, err := y.judge(tx, u, f, f.ID, code)
	if err != nil {
		return nil, "", err
	}
	if v == Right {
		f.record(tx, who, "user.factor_confirmed", nil, f.facts())
	}
	f, err = load(tx, f.Environment, f.User, f.ID)
	return f, v, err
}

// Verify says whether a code is right for one of a user's factors, and uses it up. The actor needs [access.WriteFactors]
// over the user.
func (y *Authority) Verify(tx *db.Tx, actor *access.Actor, user, id uuid.UUID, code string) (Verdict, error) {
	u, err := over(tx, actor, access.WriteFactors, user)
	if err != nil {
		return "", err
	}
	return y.check(tx, u, id, id, code)
}

// Check is [Authority.Verify] for whoever proved that it may ask. A user or factor that does not exist is
// [fault.NotFound], a factor that is not confirmed [fault.Conflict].
func (y *Authority) Check(tx *db.Tx, environment, user, id uuid.UUID, code string) (Verdict, error) {
	u, err := directory.Load(tx, environment, user)
	if err != nil {
		return "", err
	}
	return y.check(tx, u, id, id, code)
}

// check judges an answer for a factor of u that is confirmed. holder is what a code by e-mail was sent for.
func (y *Authority) check(tx *db.Tx, u *directory.User, id, holder uuid.UUID, code string) (Verdict, error) {
	f, err := load(tx, u.Environment, u.ID, id)
	if err != nil {
		return "", err
	}
	if !f.Confirmed {
		return "", fault.New(fault.Conflict, "the factor waits for its first code, which confirms it")
	}
	if u.Status != directory.Active || u.Locked(tx.Now()) {
		return Wrong, nil
	}
	return y.judge(tx, u, f, holder, code)
}

// judge says what a code is worth and counts it.
func (y *Authority) judge(tx *db.Tx, u *directory.User, f *Factor, holder uuid.UUID, code string) (Verdict, error) {
	if f.Locked(tx.Now()) {
		return Locked, nil
	}
	var right bool
	var err error
	switch f.Kind {
	case TOTP:
		right, err = y.rightTOTP(tx, f, code)
	case Recovery:
		right, err = y.rightRecovery(tx, f, code)
	case Email:
		right, err = y.rightEmail(tx, u, f, holder, code)
	case Passkey:
		return "", fault.New(fault.Conflict, "a passkey signs; it has no codes")
	}
	if err != nil {
		return "", err
	}
	if !right {
		return Wrong, f.fail(tx)
	}
	return Right, f.succeed(tx)
}

// succeed notes that a factor was used.
func (f *Factor) succeed(tx *db.Tx) error {
	f.Confirmed, f.UsedAt, f.failures, f.LockedUntil = true, tx.Now(), 0, time.Time{}
	_, err := tx.Exec(updateUsed, f.Environment.String(), f.ID.String(), true, db.Micros(f.UsedAt))
	return err
}

// fail counts a wrong answer, and locks the factor when it is one too many.
func (f *Factor) fail(tx *db.Tx) error {
	f.failures++
	locks := f.failures%failuresToLock == 0
	switch {
	case f.failures >= failuresForGood:
		locks, f.LockedUntil = true, directory.Forever
	case locks:
		f.LockedUntil = tx.Now().Add(lockTime)
	}
	if locks {
		f.record(tx, ledger.System, "user.factor_locked", nil, map[string]any{
			"factor": f.ID.String(), "kind": string(f.Kind), "locked_until": f.LockedUntil.Format(time.RFC3339), "failures": f.failures,
		})
	}
	_, err := tx.Exec(updateFailures, f.Environment.String(), f.ID.String(), f.failures, db.Micros(f.LockedUntil))
	return err
}

func (y *Authority) rightTOTP(tx *db.Tx, f *Factor, code string) (bool, error) {
	secret, err := y.unseal(tx, f)
	if err != nil {
		return false, err
	}
	step := matchTOTP(secret, typed(code), tx.Now(), f.lastStep)
	if step == 0 {
		return false, nil
	}
	n, err := tx.Exec(updateStep, f.Environment.String(), f.ID.String(), step)
	return n == 1, err
}

func (y *Authority) rightRecovery(tx *db.Tx, f *Factor, code string) (bool, error) {
	text, err := y.unseal(tx, f)
	if err != nil {
		return false, err
	}
	set, err := parseRecoverySet(text)
	if err != nil || !set.spend(code) {
		return false, err
	}
	if text, err = set.text(); err != nil {
		return false, err
	}
	if err := y.seal(tx, f, text); err != nil {
		return false, err
	}
	f.Codes = len(set.MACs)
	_, err = tx.Exec(updateRecovery, f.Environment.String(), f.ID.String(), f.sealed, f.Codes)
	return err == nil, err
}

// rightEmail takes a code that went to an address which is still the user's.
func (y *Authority) rightEmail(tx *db.Tx, u *directory.User, f *Factor, holder uuid.UUID, code string) (bool, error) {
	if addressOf(u, f.Address) == "" {
		return false, nil
	}
	_, right, err := y.Tickets.Enter(tx, holder, ticket.Presented{
		Environment: f.Environment, Purpose: ticket.EmailCode, Secret: seal.NewSecret(typed(code)),
	})
	return right, err
}

// addressOf returns a user's address as the user has it, and "" if it is not the user's.
func addressOf(u *directory.User, address string) string {
	for _, e := range u.Profile.Emails {
		if directory.Fold(e.Value) == directory.Fold(address) {
			return e.Value
		}
	}
	return ""
}
