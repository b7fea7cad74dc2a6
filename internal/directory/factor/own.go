package factor

import (
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// The functions of this file are for users who look after their own factors. They ask nobody's permission: the caller knows that
// it is the user, by a session with a fresh proof, and says so to the ledger.

// Own is a user who looks after its own factors.
type Own struct {
	Environment, User uuid.UUID
	Who               ledger.Who
}

func (o *Own) load(tx *db.Tx) (*directory.User, error) {
	return directory.LoadForUpdate(tx, o.Environment, o.User)
}

// OfOwn returns a user's factors, oldest first.
func OfOwn(tx *db.Tx, o Own) ([]*Factor, error) { return list(tx, o.Environment, o.User) }

// EnrolOwnTOTP is [Authority.EnrolTOTP] for oneself.
func (y *Authority) EnrolOwnTOTP(tx *db.Tx, o Own, name string) (*Factor, *Enrolment, error) {
	u, err := o.load(tx)
	if err != nil {
		return nil, nil, err
	}
	f, err := plan(tx, u, TOTP, name, o.Who)
	if err != nil {
		return nil, nil, err
	}
	return y.makeTOTP(tx, u, f, o.Who)
}

// ConfirmOwn is [Authority.Confirm] for oneself.
func (y *Authority) ConfirmOwn(tx *db.Tx, o Own, id uuid.UUID, code string) (*Factor, Verdict, error) {
	u, err := o.load(tx)
	if err != nil {
		return nil, "", err
	}
	return y.confirm(tx, u, id, code, o.Who)
}

// RenewOwnCodes is [Authority.RenewCodes] for oneself.
func (y *Authority) RenewOwnCodes(tx *db.Tx, o Own) (*Factor, []seal.Secret, error) {
	u, err := o.load(tx)
	if err != nil {
		return nil, nil, err
	}
	f, err := plan(tx, u, Recovery, "Recovery codes", o.Who)
	if err != nil {
		return nil, nil, err
	}
	return y.makeCodes(tx, f, o.Who)
}

// RemoveOwn takes a factor from oneself.
func (y *Authority) RemoveOwn(tx *db.Tx, o Own, id uuid.UUID) error {
	if _, err := o.load(tx); err != nil {
		return err
	}
	f, err := load(tx, o.Environment, o.User, id)
	if err != nil {
		return err
	}
	return f.removed(tx, o.Who)
}
