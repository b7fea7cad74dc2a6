package seal

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// rewrapBatch is how many keysets one transaction wraps anew.
const rewrapBatch = 100

// Refresh reads the source again, records root keys that are new in it, wraps every environment under the newest
// and opens all of them. It is the second half of [Open] and fails as that does, with what was known before still
// in use.
func (v *Vault) Refresh(ctx context.Context) error {
	// Read once outside the transaction, which then finds passphrases stretched; what is wrong is said inside.
	_, _ = v.source.read()
	var now *roots
	err := v.db.Write(ctx, func(tx *db.Tx) error {
		var err error
		now, err = v.settle(tx)
		return err
	})
	if err != nil {
		return err
	}
	v.roots.Store(now)
	for _, old := range now.known {
		if err := v.rewrap(ctx, old, now.newest); err != nil {
			return err
		}
	}
	return v.db.Read(ctx, func(tx *db.Tx) error {
		all, err := db.All(tx, scanWrapped, selectAll)
		for _, w := range all {
			if _, err := v.open(tx, w); err != nil {
				return err
			}
		}
		return err
	})
}

// settle agrees with the database on the root keys; nobody else does meanwhile.
func (v *Vault) settle(tx *db.Tx) (*roots, error) {
	if _, err := db.Value[string](tx, selectInstallation+tx.ForUpdate()); err != nil {
		return nil, err
	}
	records, err := db.All(tx, scanRecord, selectRoots)
	if err != nil {
		return nil, err
	}
	found, err := v.source.read()
	if err == nil && len(found) == 0 && len(records) == 0 {
		if err = v.source.create(); err == nil {
			found, err = v.source.read()
		}
	}
	if err != nil {
		return nil, err
	}
	if _, err := v.source.match(found, records); err != nil {
		return nil, err
	}
	for _, fresh := range unrecorded(found, records) {
		// The process that wrote the line may have died before the folder was on disk.
		if err := v.source.sync(); err != nil {
			return nil, err
		}
		r := record{version: 1, fingerprint: fresh.fingerprint, created: tx.Now()}
		if len(records) > 0 {
			r.version = records[len(records)-1].version + 1
		}
		if _, err := tx.Exec(insertRoot, r.version, r.fingerprint, db.Micros(r.created)); err != nil {
			return nil, err
		}
		records = append(records, r)
	}
	return v.source.match(found, records)
}

// rewrap moves every keyset under old to newest, in transactions of [rewrapBatch].
func (v *Vault) rewrap(ctx context.Context, old, newest *root) error {
	for moved := rewrapBatch; moved == rewrapBatch && old.version != newest.version; {
		err := v.db.Write(ctx, func(tx *db.Tx) error {
			batch, err := db.All(tx, scanWrapped, selectUnder+tx.ForUpdate(), old.fingerprint, rewrapBatch)
			moved = len(batch)
			for _, w := range batch {
				handle, err := v.unwrap(tx, w)
				if err != nil {
					return err
				}
				if w, err = wrap(newest, w.environment, handle); err != nil {
					return err
				}
				if err := w.update(tx); err != nil {
					return err
				}
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Rekey gives the environment a new sealing key, which [Vault.Seal] uses from then on. Then it calls reseal, which
// must put every sealed value of the environment through [Vault.Reseal], in transactions of its own. When that
// returns nil the former keys are destroyed, and with them whatever was left out. When it fails they stay, and
// Rekey can be run again.
func (v *Vault) Rekey(ctx context.Context, environment uuid.UUID, reseal func(context.Context) error) error {
	err := v.changeKeyset(ctx, environment, func(m *keyset.Manager, _ *keyset.Handle) error {
		id, err := m.Add(aead.XChaCha20Poly1305KeyTemplate())
		if err != nil {
			return err
		}
		return m.SetPrimary(id)
	})
	if err != nil {
		return err
	}
	if err := reseal(ctx); err != nil {
		return err
	}
	return v.changeKeyset(ctx, environment, func(m *keyset.Manager, now *keyset.Handle) error {
		for i := range now.Len() {
			key, err := now.Entry(i)
			if err != nil {
				return err
			}
			if key.IsPrimary() {
				continue
			}
			if err := m.Delete(key.KeyID()); err != nil {
				return err
			}
		}
		return nil
	})
}

// Reseal returns a sealed value sealed under the environment's present key.
func (v *Vault) Reseal(tx *db.Tx, environment uuid.UUID, table, row, column string, sealed []byte) ([]byte, error) {
	plain, err := v.Unseal(tx, environment, table, row, column, sealed)
	if err != nil {
		return nil, err
	}
	return v.Seal(tx, environment, table, row, column, plain)
}

// ResealRows does [Vault.Reseal] for the column "sealed" of every row of a table that query finds: it takes the environment
// and gives id and sealed value; update takes environment, id and the new value.
func (v *Vault) ResealRows(tx *db.Tx, environment uuid.UUID, table, query, update string) error {
	type row struct {
		id     string
		sealed []byte
	}
	rows, err := db.All(tx, func(s db.Scan) (r row, err error) { return r, s(&r.id, &r.sealed) }, query, environment.String())
	if err != nil {
		return err
	}
	for _, r := range rows {
		sealed, err := v.Reseal(tx, environment, table, r.id, "sealed", r.sealed)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(update, environment.String(), r.id, sealed); err != nil {
			return err
		}
	}
	return nil
}

func (v *Vault) changeKeyset(ctx context.Context, environment uuid.UUID, change func(*keyset.Manager, *keyset.Handle) error) error {
	return v.db.Write(ctx, func(tx *db.Tx) error {
		w, err := v.keyset(tx, environment, tx.ForUpdate())
		if err != nil {
			return err
		}
		handle, err := v.unwrap(tx, w)
		if err != nil {
			return err
		}
		manager := keyset.NewManagerFromHandle(handle)
		if err := change(manager, handle); err != nil {
			return fmt.Errorf("change the keyset of environment %s: %w", environment, err)
		}
		if handle, err = manager.Handle(); err != nil {
			return err
		}
		root, err := v.newest(tx)
		if err != nil {
			return err
		}
		if w, err = wrap(root, environment, handle); err != nil {
			return err
		}
		return w.update(tx)
	})
}

// Root is what the database knows of a root key that is not retired.
type Root struct {
	Version     int64
	Fingerprint string
	CreatedAt   time.Time
	// Newest says that new things are sealed under it.
	Newest bool
	// Environments is how many keysets it wraps.
	Environments int64
	// InUse says that the caller named it.
	InUse bool
}

// Needed reports whether something would be lost with the root key.
func (r Root) Needed() bool { return r.Newest || r.Environments > 0 || r.InUse }

// Roots lists the root keys that are not retired, oldest first. inUse are the versions whose peppers the caller's
// rows refer to.
func (v *Vault) Roots(tx *db.Tx, inUse []int64) ([]Root, error) {
	records, err := db.All(tx, scanRecord, selectRoots)
	var all []Root
	for i, r := range records {
		if !r.retired.IsZero() {
			continue
		}
		all = append(all, Root{
			Version: r.version, Fingerprint: r.fingerprint, CreatedAt: r.created, Environments: r.environments,
			Newest: i == len(records)-1, InUse: slices.Contains(inUse, r.version),
		})
	}
	return all, err
}

// Retire lets go of a root key that nothing needs any more, for good: afterwards its line can be taken out of the
// source. It is meant to be called when every node has been restarted or refreshed since a newer one came, as one
// that was not still makes hashes with the old pepper. inUse is that of [Vault.Roots]; a version that is needed is
// [fault.Conflict], one that is not there [fault.NotFound].
func (v *Vault) Retire(tx *db.Tx, version int64, inUse []int64) error {
	if _, err := db.Value[string](tx, selectInstallation+tx.ForUpdate()); err != nil {
		return err
	}
	all, err := v.Roots(tx, inUse)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(r Root) bool { return r.Version == version })
	if i < 0 {
		return fault.New(fault.NotFound, "there is no root key version %d", version)
	}
	if all[i].Needed() {
		return fault.New(fault.Conflict, "root key version %d is still needed", version)
	}
	_, err = tx.Exec(retireRoot, version, db.Micros(tx.Now()))
	return err
}

// KeepUp is the chore by which a node learns that another one has begun to use a newer root key: it then does what
// [Vault.Refresh] does. It costs one small query when there is nothing to learn.
func (v *Vault) KeepUp(ctx context.Context) error {
	var newest int64
	err := v.db.Read(ctx, func(tx *db.Tx) (err error) {
		newest, err = db.Value[int64](tx, selectNewestVersion)
		return err
	})
	if err != nil || newest <= v.Peppers().Newest() {
		return err
	}
	return v.Refresh(ctx)
}
