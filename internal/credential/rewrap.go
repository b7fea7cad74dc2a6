package credential

import (
	"context"
	"slices"

	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// rewrapBatch is how many secrets one transaction wraps: small enough not to hold up other writers.
const rewrapBatch = 500

// Rewrap wraps every stored hash in the newest pepper, so that a thief of the database and of an older root key
// opens nothing. Secrets that already wear [proof.MaxLayers] are left for their owners to replace. Nodes that still
// know the earlier form go on recognising the same secrets by it.
func (y *Authority) Rewrap(ctx context.Context, d *db.DB) error {
	peppers := y.Vault.Peppers()
	newest := uint16(peppers.Newest())
	if due, err := rewrapDue(ctx, d, newest); err != nil || !due {
		return err
	}
	for after, more := [3]string{}, true; more; {
		err := d.Write(ctx, func(tx *db.Tx) error {
			batch, err := db.All(tx, scan, selectBatch, after[0], after[1], after[2], rewrapBatch)
			if err != nil {
				return err
			}
			more = len(batch) == rewrapBatch
			for _, c := range batch {
				if err := c.rewrap(tx, peppers, newest); err != nil {
					return err
				}
			}
			if len(batch) > 0 {
				last := batch[len(batch)-1]
				next := [3]string{last.Environment.String(), last.Application.String(), last.ID.String()}
				tx.AfterCommit(func() { after = next })
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// rewrapDue reports whether some stored hash could wear the newest pepper and does not.
func rewrapDue(ctx context.Context, d *db.DB, newest uint16) (due bool, err error) {
	err = d.Read(ctx, func(tx *db.Tx) error {
		return tx.Each(func(s db.Scan) error {
			var text string
			if err := s(&text); err != nil {
				return err
			}
			layers, err := proof.ParseLayers(text)
			due = due || layers[0] != 0 && !slices.Contains(layers[:], newest) && layers[proof.MaxLayers-1] == 0
			return err
		}, selectPeppers)
	})
	return due, err
}

func (c *Credential) rewrap(tx *db.Tx, peppers *seal.Peppers, newest uint16) error {
	if c.layers[0] == 0 {
		return nil // no secret, or one whose hash came from elsewhere
	}
	worn, mac := c.layers.Text(), slices.Clone(c.mac[:])
	for i, version := range c.layers {
		if version == newest {
			return nil
		}
		if version != 0 {
			continue
		}
		inner := c.mac
		if _, ok := peppers.MAC(int64(newest), c.mac[:0], inner[:]); !ok {
			return fault.New(fault.Unavailable, "the newest root key is not loaded")
		}
		c.layers[i] = newest
		_, err := tx.Exec(updateMAC, c.Environment.String(), c.Application.String(), c.ID.String(), c.mac[:], c.layers.Text(), worn, mac) // not over a secret that was replaced since it was read
		return err
	}
	return nil
}

// Overwrapped returns at most limit secrets that wear [proof.MaxLayers] without the newest pepper, and so can only be
// replaced: each as its application's name and its own id.
func Overwrapped(tx *db.Tx, newest int64, limit int) (names []string, err error) {
	err = tx.Each(func(s db.Scan) error {
		var name, id, text string
		if err := s(&name, &id, &text); err != nil {
			return err
		}
		layers, err := proof.ParseLayers(text)
		if layers[proof.MaxLayers-1] != 0 && !slices.Contains(layers[:], uint16(newest)) && len(names) < limit {
			names = append(names, name+" "+id)
		}
		return err
	}, selectWrapped)
	return names, err
}

// PeppersInUse returns every version of a pepper that some stored hash is wrapped in, for doctor: a root key
// whose version is not among them can go.
func PeppersInUse(tx *db.Tx) (map[int64]bool, error) {
	used := map[int64]bool{}
	err := tx.Each(func(s db.Scan) error {
		var text string
		if err := s(&text); err != nil {
			return err
		}
		layers, err := proof.ParseLayers(text)
		for _, v := range layers {
			if v != 0 {
				used[int64(v)] = true
			}
		}
		return err
	}, selectPeppers)
	return used, err
}
