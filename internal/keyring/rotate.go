package keyring

import (
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// Rotate makes the next key of alg active and retires the active one, whose private half is destroyed, and makes a
// new next key. While verifiers may not have seen the next key for [PublishLead] it refuses with [fault.Conflict];
// force rotates all the same, at the price of verifications that fail for up to [MaxAge]. An environment that has
// no key of alg is [fault.NotFound].
func (r *Ring) Rotate(tx *db.Tx, environment uuid.UUID, alg Alg, force bool) ([]Change, error) {
	if err := r.vault.Lock(tx, environment); err != nil {
		return nil, err
	}
	rows, err := keyRows(tx, environment)
	if err != nil {
		return nil, err
	}
	active, next := find(rows, alg, Active), find(rows, alg, Next)
	if active == nil || next == nil {
		return nil, fault.New(fault.NotFound, "this environment has no signing key for %s", alg)
	}
	if countRetired(rows) >= maxRetired {
		return nil, fault.New(fault.Conflict, "there are %d retired keys already; they go %s after their retirement, or withdraw them",
			maxRetired, Retention)
	}
	if wait := next.created.Add(PublishLead).Sub(tx.Now()); wait > 0 && !force {
		return nil, fault.New(fault.Conflict, "the next %s key was published too recently for every verifier to know it: "+
			"wait %s, or force the rotation and accept that some tokens are refused for up to %s",
			alg, wait.Round(time.Second), MaxAge)
	}
	return r.rotate(tx, environment, active, next)
}

// maxRetired bounds how many retired keys an environment keeps: verifiers refuse key sets without end, so whoever may
// rotate could otherwise shut them all out.
const maxRetired = 32

func countRetired(rows []keyRow) (count int) {
	for _, row := range rows {
		if row.state == Retired {
			count++
		}
	}
	return count
}

// rotate moves each key one state on. The order matters: an index lets no two keys be in one state.
func (r *Ring) rotate(tx *db.Tx, environment uuid.UUID, active, next *keyRow) ([]Change, error) {
	now := db.Micros(tx.Now())
	if _, err := tx.Exec(retireKey, environment.String(), active.id, now); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(activateKey, environment.String(), next.id, now); err != nil {
		return nil, err
	}
	fresh, err := r.add(tx, environment, active.alg, Next)
	if err != nil {
		return nil, err
	}
	return []Change{{active.id, active.alg, Retired}, {next.id, active.alg, Active}, {fresh, active.alg, Next}}, nil
}

// Tend does what is due in one environment: it rotates signing keys after [SigningPeriod], makes the handle key of
// the day after, and deletes keys that no living token needs, a [Retention] after they were replaced. It is meant
// to run every few minutes on one node; late, it catches up, and no token suffers.
func (r *Ring) Tend(tx *db.Tx, environment uuid.UUID) ([]Change, error) {
	if err := r.vault.Lock(tx, environment); err != nil {
		return nil, err
	}
	changed, err := r.tendKeys(tx, environment)
	if err != nil {
		return nil, err
	}
	handles, err := r.tendHandles(tx, environment)
	return append(changed, handles...), err
}

func (r *Ring) tendKeys(tx *db.Tx, environment uuid.UUID) ([]Change, error) {
	rows, err := keyRows(tx, environment)
	if err != nil {
		return nil, err
	}
	var changed []Change
	for i := range rows {
		row := &rows[i]
		switch {
		case row.state == Retired && past(tx, row.retired.Add(Retention)):
			if _, err := tx.Exec(deleteKey, environment.String(), row.id); err != nil {
				return nil, err
			}
			changed = append(changed, Change{row.id, row.alg, Deleted})
		case row.state == Active && past(tx, row.activated.Add(SigningPeriod)):
			next := find(rows, row.alg, Next)
			if next == nil || !past(tx, next.created.Add(PublishLead)) {
				continue
			}
			moved, err := r.rotate(tx, environment, row, next)
			if err != nil {
				return nil, err
			}
			changed = append(changed, moved...)
		}
	}
	return changed, nil
}

// tendHandles looks at the last handle key, which is the day after's until its own day comes. Of a pair of
// neighbours the older was replaced when the younger came into use.
func (r *Ring) tendHandles(tx *db.Tx, environment uuid.UUID) ([]Change, error) {
	rows, err := handleRows(tx, environment)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	var changed []Change
	last := rows[len(rows)-1]
	if past(tx, last.created.Add(HandlePeriod)) {
		if err := r.addHandle(tx, environment, last.number+1); err != nil {
			return nil, err
		}
		changed = append(changed, Change{Key: decimal(last.number + 1), State: Next})
	}
	for i, younger := range rows[1:] {
		if !past(tx, younger.created.Add(HandlePeriod+Retention)) {
			break
		}
		if _, err := tx.Exec(deleteHandle, environment.String(), rows[i].number); err != nil {
			return nil, err
		}
		changed = append(changed, Change{Key: decimal(rows[i].number), State: Deleted})
	}
	return changed, nil
}

func past(tx *db.Tx, t time.Time) bool { return !tx.Now().Before(t) }

// Reseal seals the environment's keys under its present sealing key; see [seal.Vault.Rekey].
//
// [seal.Vault.Rekey]: https://pkg.go.dev/github.com/counterfoil/counterfoil/internal/seal#Vault.Rekey
func (r *Ring) Reseal(tx *db.Tx, environment uuid.UUID) error {
	if err := r.vault.Lock(tx, environment); err != nil {
		return err
	}
	rows, err := keyRows(tx, environment)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if row.state == Retired {
			continue
		}
		sealed, err := r.vault.Reseal(tx, environment, "signing_key", row.id, "sealed", row.sealed)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(resealKey, environment.String(), row.id, sealed); err != nil {
			return err
		}
	}
	handles, err := handleRows(tx, environment)
	if err != nil {
		return err
	}
	for _, row := range handles {
		sealed, err := r.vault.Reseal(tx, environment, "handle_key", decimal(row.number), "sealed", row.sealed)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(resealHandle, environment.String(), row.number, sealed); err != nil {
			return err
		}
	}
	return nil
}
