package environment

import (
	"context"
	"errors"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/keyring"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// Keys returns the signing keys of the actor's environment, oldest first.
func (y *Authority) Keys(tx *db.Tx, actor *access.Actor) ([]*keyring.Key, error) {
	if err := access.Allow(tx, actor, access.ReadKeys); err != nil {
		return nil, err
	}
	set, err := y.Ring.Load(tx, actor.Environment)
	if err != nil {
		return nil, err
	}
	return set.Keys(), nil
}

// RotateKeys makes the next signing key of alg the active one; see [keyring.Ring.Rotate] for when that is refused.
func (y *Authority) RotateKeys(tx *db.Tx, actor *access.Actor, alg keyring.Alg, force bool) ([]keyring.Change, error) {
	if err := access.Allow(tx, actor, access.WriteKeys); err != nil {
		return nil, err
	}
	changes, err := y.Ring.Rotate(tx, actor.Environment, alg, force)
	recordKeys(tx, actor.Who(), actor.Environment, changes)
	return changes, err
}

// WithdrawKey deletes a signing key that somebody else may have; its tokens are dead. See [keyring.Ring.Withdraw].
func (y *Authority) WithdrawKey(tx *db.Tx, actor *access.Actor, kid string) ([]keyring.Change, error) {
	if err := access.Allow(tx, actor, access.WriteKeys); err != nil {
		return nil, err
	}
	changes, err := y.Ring.Withdraw(tx, actor.Environment, kid)
	recordKeys(tx, actor.Who(), actor.Environment, changes)
	return changes, err
}

// TendKeys does for every environment what its keys are due; it is a chore.
func (y *Authority) TendKeys(ctx context.Context, d *db.DB) error {
	all, err := readAll(ctx, d)
	for _, e := range all {
		err = errors.Join(err, d.Write(ctx, func(tx *db.Tx) error {
			changes, err := y.Ring.Tend(tx, e.ID)
			recordKeys(tx, ledger.System, e.ID, changes)
			return err
		}))
	}
	return err
}

// Rekey gives every environment a new sealing key, seals everything again under it and destroys the former one.
// Whatever an environment keeps sealed is named here and in Sealed: what is left out is lost.
func (y *Authority) Rekey(ctx context.Context, d *db.DB) error {
	all, err := readAll(ctx, d)
	for _, e := range all {
		if err != nil {
			return err
		}
		err = y.Vault.Rekey(ctx, e.ID, func(ctx context.Context) error {
			return d.Write(ctx, func(tx *db.Tx) error {
				if err := y.Ring.Reseal(tx, e.ID); err != nil {
					return err
				}
				for _, reseal := range y.Sealed {
					if err := reseal(tx, y.Vault, e.ID); err != nil {
						return err
					}
				}
				return ledger.Reseal(tx, y.Vault, e.ID)
			})
		})
	}
	return err
}

func readAll(ctx context.Context, d *db.DB) (all []*Environment, err error) {
	err = d.Read(ctx, func(tx *db.Tx) (err error) {
		all, err = list(tx)
		return err
	})
	return all, err
}

func recordKeys(tx *db.Tx, who ledger.Who, environment uuid.UUID, changes []keyring.Change) {
	for _, c := range changes {
		after := map[string]string{"state": string(c.State)}
		if c.Alg != "" {
			after["alg"] = string(c.Alg)
		}
		ledger.Append(tx, who, ledger.Event{
			Environment: environment, Kind: "key." + strings.ToLower(string(c.State)), Register: true,
			Subject: ledger.Subject{Kind: "key", ID: c.Key}, After: after,
		})
	}
}
