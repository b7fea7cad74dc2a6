package directory

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

const userColumns = `environment_id, id, number, population_id, status, password_state, locked_until, profile, epoch, version, created_at, updated_at, activated_at, last_login_at`

const (
	insertUser = `INSERT INTO directory_user (` + userColumns + `, user_name_folded, external_id, given_folded, family_folded, display_folded)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) ON CONFLICT (environment_id, number) DO NOTHING`
	updateUser = `UPDATE directory_user SET population_id = $3, status = $4, password_state = $5, locked_until = $6, profile = $7, epoch = $8,
version = $9, updated_at = $10, activated_at = $11 WHERE environment_id = $1 AND id = $2`
	updateFound = `UPDATE directory_user SET user_name_folded = $3, external_id = $4, given_folded = $5, family_folded = $6, display_folded = $7
WHERE environment_id = $1 AND id = $2`
	updateLogin = `UPDATE directory_user SET last_login_at = $3 WHERE environment_id = $1 AND id = $2`
	deleteUser  = `DELETE FROM directory_user WHERE environment_id = $1 AND id = $2`

	insertLogin = `INSERT INTO directory_login (environment_id, folded, user_id, is_email)`
	unlessTaken = `ON CONFLICT (environment_id, folded) DO NOTHING`
	deleteLogin = `DELETE FROM directory_login WHERE environment_id = $1 AND folded = $2 AND user_id = $3`
	insertValue = `INSERT INTO directory_value (environment_id, attribute, folded, user_id)`
	deleteValue = `DELETE FROM directory_value WHERE environment_id = $1 AND attribute = $2 AND folded = $3 AND user_id = $4`

	deleteMemberships = `DELETE FROM directory_member WHERE environment_id = $1 AND member_id = $2`

	selectUser   = `SELECT ` + userColumns + ` FROM directory_user WHERE environment_id = $1 AND id = $2`
	selectNumber = `SELECT ` + userColumns + ` FROM directory_user WHERE environment_id = $1 AND number = $2`
	selectLogins = `SELECT folded, user_id FROM directory_login WHERE environment_id = $1 AND folded IN (`
	selectLogin  = `SELECT user_id FROM directory_login WHERE environment_id = $1 AND folded = $2`

	prefixedUserColumns = `u.environment_id, u.id, u.number, u.population_id, u.status, u.password_state, u.locked_until, u.profile, u.epoch, u.version, u.created_at, u.updated_at, u.activated_at, u.last_login_at`
)

func scanUser(s db.Scan) (*User, error) {
	u, profile, err := scanRow(s)
	if err != nil {
		return nil, err
	}
	return u, json.Unmarshal([]byte(profile), &u.Profile)
}

// scanRow returns a user without its profile, and that as it is stored.
func scanRow(s db.Scan) (*User, string, error) {
	var u User
	var environment, id, population, profile string
	var locked, created, updated, activated, login int64
	err := s(&environment, &id, &u.Number, &population, (*string)(&u.Status), (*string)(&u.Password), &locked, &profile, &u.Epoch,
		&u.Version, &created, &updated, &activated, &login)
	if err != nil {
		return nil, "", err
	}
	u.CreatedAt, u.UpdatedAt = db.Time(created), db.Time(updated)
	u.LockedUntil, u.ActivatedAt, u.LastLoginAt = timeOrZero(locked), timeOrZero(activated), timeOrZero(login)
	if u.Environment, err = uuid.Parse(environment); err != nil {
		return nil, "", err
	}
	if u.ID, err = uuid.Parse(id); err != nil {
		return nil, "", err
	}
	if u.Population, err = uuid.Parse(population); err != nil {
		return nil, "", err
	}
	return &u, profile, nil
}

func timeOrZero(micros int64) time.Time {
	if micros == 0 {
		return time.Time{}
	}
	return db.Time(micros)
}

func microsOrZero(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return db.Micros(t)
}

// text is the profile as it is stored.
func (p *Profile) text() (string, error) {
	text, err := json.Marshal(p)
	if err == nil && len(text) > maxProfile {
		err = fault.New(fault.Invalid, "all attributes of a user together have at most %d bytes", maxProfile)
	}
	return string(text), err
}

// insert writes the user and what it is found by.
func (u *User) insert(tx *db.Tx) error {
	profile, err := u.Profile.text()
	if err != nil {
		return err
	}
	if err := u.claim(tx, nil, u.Profile.logins()); err != nil {
		return err
	}
	p := &u.Profile
	for done := int64(0); done == 0; {
		u.Number = newNumber()
		done, err = tx.Exec(insertUser, u.Environment.String(), u.ID.String(), u.Number, u.Population.String(), string(u.Status), string(u.Password),
			microsOrZero(u.LockedUntil), profile, u.Epoch, u.Version, db.Micros(u.CreatedAt), db.Micros(u.UpdatedAt), microsOrZero(u.ActivatedAt),
			microsOrZero(u.LastLoginAt), Fold(p.UserName), p.ExternalID, Fold(p.Name.GivenName), Fold(p.Name.FamilyName), Fold(p.DisplayName))
		if err != nil {
			return err
		}
	}
	return u.index(tx, nil, &u.Profile)
}

// move writes a change of anything. was is what is stored.
func (u *User) move(tx *db.Tx, was *User) error {
	if err := u.claim(tx, was.Profile.logins(), u.Profile.logins()); err != nil {
		return err
	}
	if err := u.index(tx, &was.Profile, &u.Profile); err != nil {
		return err
	}
	p := &u.Profile
	if _, err := tx.Exec(updateFound, u.Environment.String(), u.ID.String(), Fold(p.UserName), p.ExternalID, Fold(p.Name.GivenName),
		Fold(p.Name.FamilyName), Fold(p.DisplayName)); err != nil {
		return err
	}
	return u.update(tx)
}

// update writes what nobody is found by, as the next version.
func (u *User) update(tx *db.Tx) error {
	profile, err := u.Profile.text()
	if err != nil {
		return err
	}
	u.Version++
	u.UpdatedAt = tx.Now()
	_, err = tx.Exec(updateUser, u.Environment.String(), u.ID.String(), u.Population.String(), string(u.Status), string(u.Password),
		microsOrZero(u.LockedUntil), profile, u.Epoch, u.Version, db.Micros(u.UpdatedAt), microsOrZero(u.ActivatedAt))
	return err
}

func (u *User) delete(tx *db.Tx) error {
	if err := u.claim(tx, u.Profile.logins(), nil); err != nil {
		return err
	}
	if err := u.index(tx, &u.Profile, nil); err != nil {
		return err
	}
	if _, err := tx.Exec(deleteMemberships, u.Environment.String(), u.ID.String()); err != nil {
		return err
	}
	_, err := tx.Exec(deleteUser, u.Environment.String(), u.ID.String())
	return err
}

// login is a name that a user signs in with.
type login struct {
	folded string
	email  bool
}

func (p *Profile) logins() (all []login) {
	name := Fold(p.UserName)
	for _, e := range p.Emails {
		all = append(all, login{Fold(e.Value), true})
	}
	if !slices.Contains(all, login{name, true}) {
		all = append(all, login{name, false})
	}
	return all
}

func loginsDiffer(was, is *User) bool {
	before, after := was.Profile.logins(), is.Profile.logins()
	if Fold(was.Profile.UserName) != Fold(is.Profile.UserName) || len(before) != len(after) {
		return true
	}
	return slices.ContainsFunc(after, func(l login) bool { return !slices.Contains(before, l) })
}

// claim makes the names after those of the user, instead of those before.
func (u *User) claim(tx *db.Tx, before, after []login) error {
	for _, l := range before {
		if slices.Contains(after, l) {
			continue
		}
		if _, err := tx.Exec(deleteLogin, u.Environment.String(), l.folded, u.ID.String()); err != nil {
			return err
		}
	}
	var rows [][]any
	for _, l := range after {
		if !slices.Contains(before, l) {
			rows = append(rows, []any{u.Environment.String(), l.folded, u.ID.String(), l.email})
		}
	}
	claimed, err := tx.InsertRows(insertLogin, rows, unlessTaken)
	if err != nil || claimed == int64(len(rows)) {
		return err
	}
	b := Bulk{tx: tx, actor: &access.Actor{Environment: u.Environment}}
	taken, err := b.Taken(&u.Profile, u.ID)
	if err == nil {
		err = fault.New(fault.Conflict, "%s belongs to another user", strings.Join(taken, ", "))
	}
	return err
}

// value is what a user is found by beside names.
type value struct{ attribute, folded string }

// maxIndexed is how much of a value is searched. Longer ones are found by their beginning.
const maxIndexed = 200

// values returns what of a profile is found through directory_value.
func (p *Profile) values(tx *db.Tx, environment uuid.UUID) (all []value, err error) {
	if p == nil {
		return nil, nil
	}
	for _, phone := range p.PhoneNumbers {
		all = appendValue(all, "phonenumbers.value", phone.Value)
	}
	all = appendValue(all, "title", p.Title)
	all = appendValue(all, "usertype", p.UserType)
	prefix := strings.ToLower(EnterpriseURN) + ":"
	all = appendValue(all, prefix+"employeenumber", p.Enterprise.EmployeeNumber)
	all = appendValue(all, prefix+"department", p.Enterprise.Department)
	all = appendValue(all, prefix+"manager.value", p.Enterprise.Manager.Value)
	custom, err := p.customValues(tx, environment)
	return append(all, custom...), err
}

func appendValue(all []value, attribute, text string) []value {
	folded := Fold(text)
	if len(folded) > maxIndexed {
		folded = strings.ToValidUTF8(folded[:maxIndexed], "")
	}
	if v := (value{attribute, folded}); folded != "" && !slices.Contains(all, v) {
		all = append(all, v)
	}
	return all
}

// index makes a user found by the values of is instead of those of was.
func (u *User) index(tx *db.Tx, was, is *Profile) error {
	before, err := was.values(tx, u.Environment)
	if err != nil {
		return err
	}
	after, err := is.values(tx, u.Environment)
	if err != nil {
		return err
	}
	for _, v := range before {
		if slices.Contains(after, v) {
			continue
		}
		if _, err := tx.Exec(deleteValue, u.Environment.String(), v.attribute, v.folded, u.ID.String()); err != nil {
			return err
		}
	}
	var rows [][]any
	for _, v := range after {
		if !slices.Contains(before, v) {
			rows = append(rows, []any{u.Environment.String(), v.attribute, v.folded, u.ID.String()})
		}
	}
	_, err = tx.InsertRows(insertValue, rows, "")
	return err
}
