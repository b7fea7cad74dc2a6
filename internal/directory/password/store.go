package password

import (
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/credential/chosen"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
)

const (
	selectPolicy = `SELECT policy, version FROM password_policy WHERE environment_id = $1`
	upsertPolicy = `INSERT INTO password_policy (environment_id, policy, version, updated_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (environment_id) DO UPDATE SET policy = excluded.policy, version = excluded.version, updated_at = excluded.updated_at`

	selectKey    = `SELECT sealed FROM password_key WHERE environment_id = $1`
	insertKey    = `INSERT INTO password_key (environment_id, sealed) VALUES ($1, $2)`
	selectKeys   = `SELECT environment_id, sealed FROM password_key WHERE environment_id = $1`
	updateSealed = `UPDATE password_key SET sealed = $3 WHERE environment_id = $1 AND environment_id = $2`

	selectPassword = `SELECT hash, number, set_at, failures FROM user_password WHERE environment_id = $1 AND user_id = $2` //nolint:gosec // a query
	// The number never comes back, also when a password is removed and another one set: it is the time, or the next.
	insertPassword = `INSERT INTO user_password (environment_id, user_id, hash, number, set_at, failures, failed_at, told_at)
VALUES ($1, $2, $3, $4, $4, 0, 0, 0)`
	upsertPassword = `INSERT INTO user_password (environment_id, user_id, hash, number, set_at, failures, failed_at, told_at)
VALUES ($1, $2, $3, $4, $5, 0, 0, 0)
ON CONFLICT (environment_id, user_id) DO UPDATE SET hash = excluded.hash, set_at = excluded.set_at, failures = 0, failed_at = 0,
number = CASE WHEN excluded.number > user_password.number THEN excluded.number ELSE user_password.number + 1 END`
	updateUpgraded = `UPDATE user_password SET hash = $4, number = CASE WHEN number < $5 THEN $5 ELSE number + 1 END
WHERE environment_id = $1 AND user_id = $2 AND number = $3`
	deletePassword = `DELETE FROM user_password WHERE environment_id = $1 AND user_id = $2`

	// Failures count from one again when the last is older than $4.
	updateFailed = `UPDATE user_password SET failures = CASE WHEN failed_at < $4 THEN 1 ELSE failures + 1 END, failed_at = $3
WHERE environment_id = $1 AND user_id = $2 RETURNING failures, told_at`
	updateForgotten = `UPDATE user_password SET failures = 0, failed_at = $3 WHERE environment_id = $1 AND user_id = $2 AND failures > 0`
	updateTold      = `UPDATE user_password SET told_at = $3 WHERE environment_id = $1 AND user_id = $2`

	selectHistory = `SELECT hash FROM user_password_history WHERE environment_id = $1 AND user_id = $2 ORDER BY number DESC LIMIT $3`
	insertHistory = `INSERT INTO user_password_history (environment_id, user_id, number, hash)
SELECT environment_id, user_id, number, hash FROM user_password WHERE environment_id = $1 AND user_id = $2`
	deleteHistory = `DELETE FROM user_password_history WHERE environment_id = $1 AND user_id = $2 AND number NOT IN
(SELECT number FROM user_password_history WHERE environment_id = $1 AND user_id = $2 ORDER BY number DESC LIMIT $3)`
)

// row is what is stored of a user's password. The zero row is none.
type row struct {
	hash     *chosen.Imported
	number   int64
	set      time.Time
	failures int
}

func loadRow(tx *db.Tx, k *key, u *directory.User) (r row, err error) {
	var sealed []byte
	var set int64
	err = tx.Each(func(s db.Scan) error { return s(&sealed, &r.number, &set, &r.failures) }, selectPassword, u.Environment.String(), u.ID.String())
	if err != nil || r.number == 0 {
		return row{}, err
	}
	r.set = db.Time(set)
	r.hash, err = k.open(u.ID, sealed)
	return r, err
}

func loadHistory(tx *db.Tx, k *key, u *directory.User, depth int) (hashes []*chosen.Imported, err error) {
	all, err := db.All(tx, func(s db.Scan) (sealed []byte, err error) { return sealed, s(&sealed) }, selectHistory, u.Environment.String(), u.ID.String(), depth)
	if err != nil {
		return nil, err
	}
	for _, sealed := range all {
		h, err := k.open(u.ID, sealed)
		if err != nil {
			return nil, err
		}
		hashes = append(hashes, h)
	}
	return hashes, nil
}

// put stores a sealed hash in the place of the one that there is, which becomes the youngest of depth earlier ones.
func put(tx *db.Tx, environment, user uuid.UUID, sealed []byte, depth int) error {
	e, u := environment.String(), user.String()
	if depth > 0 {
		if _, err := tx.Exec(insertHistory, e, u); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(deleteHistory, e, u, depth); err != nil {
		return err
	}
	now := db.Micros(tx.Now())
	_, err := tx.Exec(upsertPassword, e, u, sealed, now, now)
	return err
}

func storedPolicy(tx *db.Tx, environment uuid.UUID, lock string) (text string, version int64, err error) {
	err = tx.Each(func(s db.Scan) error { return s(&text, &version) }, selectPolicy+lock, environment.String())
	return text, version, err
}

// insert stores the first password of a user who was just made.
func insert(tx *db.Tx, u *directory.User, sealed []byte) error {
	_, err := tx.Exec(insertPassword, u.Environment.String(), u.ID.String(), sealed, db.Micros(tx.Now()))
	return err
}

// remove forgets a user's password, but not that it was used.
func remove(tx *db.Tx, u *directory.User) (removed int64, err error) {
	environment, user := u.Environment.String(), u.ID.String()
	if _, err := tx.Exec(insertHistory, environment, user); err != nil {
		return 0, err
	}
	return tx.Exec(deletePassword, environment, user)
}
