package credential

import (
	"context"
	"fmt"
	"slices"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

const columns = `environment_id, application_id, id, kind, description, hint, enabled, epoch, not_before, expires_at, permissions, mac, peppers, version, created_by, created_at, updated_at`

const (
	insertCredential = `INSERT INTO credential (` + columns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)`
	updateCredential = `UPDATE credential SET description = $4, enabled = $5, epoch = $6, not_before = $7, expires_at = $8,
permissions = $9, version = $10, updated_at = $11 WHERE environment_id = $1 AND application_id = $2 AND id = $3`
	deleteCredential = `DELETE FROM credential WHERE environment_id = $1 AND application_id = $2 AND id = $3`
	countSecrets     = `SELECT count(*) FROM credential WHERE environment_id = $1 AND application_id = $2 AND kind = 'secret'`

	selectAll = `SELECT ` + columns + ` FROM credential WHERE environment_id = $1 AND application_id = $2 ORDER BY created_at, id`
	selectOne = `SELECT ` + columns + ` FROM credential WHERE environment_id = $1 AND application_id = $2 AND id = $3`

	selectLean  = `SELECT environment_id, application_id, id, enabled, epoch, not_before, expires_at, permissions, mac, peppers FROM credential`
	selectLeanA = selectLean + ` WHERE environment_id = $1 AND application_id = $2 ORDER BY created_at, id`

	// In the order of the primary key, or every batch would look at every row.
	selectBatch   = `SELECT ` + columns + ` FROM credential WHERE (environment_id, application_id, id) > ($1, $2, $3) ORDER BY environment_id, application_id, id LIMIT $4`
	updateMAC     = `UPDATE credential SET mac = $4, peppers = $5 WHERE environment_id = $1 AND application_id = $2 AND id = $3 AND peppers = $6`
	selectWrapped = `SELECT a.name, c.id, c.peppers FROM credential c
JOIN application a ON a.environment_id = c.environment_id AND a.id = c.application_id ORDER BY c.created_at`
	selectPeppers = `SELECT DISTINCT peppers FROM credential`
)

func scan(s db.Scan) (*Credential, error) {
	var c Credential
	var environment, app, id, permissions, peppers string
	var mac []byte
	var notBefore, expires, created, updated int64
	err := s(&environment, &app, &id, &c.Kind, &c.Description, &c.Hint, &c.Enabled, &c.Epoch, &notBefore, &expires,
		&permissions, &mac, &peppers, &c.Version, &c.CreatedBy, &created, &updated)
	if err != nil {
		return nil, err
	}
	for text, into := range map[string]*uuid.UUID{environment: &c.Environment, app: &c.Application, id: &c.ID} {
		if *into, err = uuid.Parse(text); err != nil {
			return nil, err
		}
	}
	c.NotBefore, c.ExpiresAt, c.CreatedAt, c.UpdatedAt = db.Time(notBefore), db.Time(expires), db.Time(created), db.Time(updated)
	c.Narrowed = permissions != ""
	if c.Permissions, err = db.Numbers(permissions); err != nil {
		return nil, err
	}
	copy(c.mac[:], mac)
	c.layers, err = parseLayers(peppers)
	return &c, err
}

func parseLayers(text string) (l Layers, err error) {
	versions, err := db.Numbers(text)
	if err != nil || len(versions) == 0 || len(versions) > MaxLayers {
		return l, fmt.Errorf("a secret with the peppers %q cannot be read", text)
	}
	for i, v := range versions {
		l[i] = uint16(v)
	}
	return l, nil
}

func (l Layers) text() string {
	var versions []uint32
	for _, v := range l {
		if v != 0 {
			versions = append(versions, uint32(v))
		}
	}
	return db.NumbersText(versions)
}

// Each calls fn with what the token path must know of every credential, or of those of one application. The
// candidate is overwritten by the next. For the register.
func Each(tx *db.Tx, environment, app uuid.UUID, fn func(environment, app uuid.UUID, c *Candidate) error) error {
	query, args := selectLean, []any(nil)
	if app != uuid.Nil {
		query, args = selectLeanA, []any{environment.String(), app.String()}
	}
	var c Candidate
	var env, owner, id, permissions, peppers string
	var mac []byte
	return tx.Each(func(s db.Scan) error {
		c = Candidate{}
		err := s(&env, &owner, &id, &c.Enabled, &c.Epoch, &c.NotBefore, &c.Expires, &permissions, &mac, &peppers)
		if err != nil {
			return err
		}
		copy(c.MAC[:], mac)
		environment, err := uuid.Parse(env)
		if err != nil {
			return err
		}
		app, err := uuid.Parse(owner)
		if err != nil {
			return err
		}
		if c.ID, err = uuid.Parse(id); err != nil {
			return err
		}
		if c.Layers, err = parseLayers(peppers); err != nil {
			return err
		}
		c.Narrowed = permissions != ""
		if c.Permissions, err = db.Numbers(permissions); err != nil {
			return err
		}
		return fn(environment, app, &c)
	}, query, args...)
}

func get(tx *db.Tx, environment, app, id uuid.UUID) (*Credential, error) {
	return one(tx, selectOne, environment, app, id)
}

func getForUpdate(tx *db.Tx, environment, app, id uuid.UUID) (*Credential, error) {
	return one(tx, selectOne+tx.ForUpdate(), environment, app, id)
}

func one(tx *db.Tx, query string, environment, app, id uuid.UUID) (*Credential, error) {
	c, err := db.One(tx, scan, query, environment.String(), app.String(), id.String())
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New(fault.NotFound, "there is no such credential")
	}
	return c, err
}

func (c *Credential) permissionsText() string {
	if !c.Narrowed {
		return ""
	}
	return db.NumbersText(c.Permissions)
}

func (c *Credential) insert(tx *db.Tx) error {
	_, err := tx.Exec(insertCredential, c.Environment.String(), c.Application.String(), c.ID.String(), c.Kind,
		c.Description, c.Hint, c.Enabled, c.Epoch, db.Micros(c.NotBefore), db.Micros(c.ExpiresAt), c.permissionsText(),
		c.mac[:], c.layers.text(), c.Version, c.CreatedBy, db.Micros(c.CreatedAt), db.Micros(c.UpdatedAt))
	return err
}

func (c *Credential) update(tx *db.Tx) error {
	c.Version++
	c.UpdatedAt = tx.Now()
	_, err := tx.Exec(updateCredential, c.Environment.String(), c.Application.String(), c.ID.String(), c.Description,
		c.Enabled, c.Epoch, db.Micros(c.NotBefore), db.Micros(c.ExpiresAt), c.permissionsText(), c.Version, db.Micros(c.UpdatedAt))
	return err
}

// rewrapBatch is how many secrets one transaction wraps: small enough not to hold up other writers.
const rewrapBatch = 500

// Rewrap wraps every stored hash in the newest pepper, so that a thief of the database and of an older root key
// opens nothing. Secrets that already wear [MaxLayers] are left for their owners to replace. Nodes that still
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
			layers, err := parseLayers(text)
			due = due || !slices.Contains(layers[:], newest) && layers[MaxLayers-1] == 0
			return err
		}, selectPeppers)
	})
	return due, err
}

func (c *Credential) rewrap(tx *db.Tx, peppers *seal.Peppers, newest uint16) error {
	worn := c.layers.text()
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
		_, err := tx.Exec(updateMAC, c.Environment.String(), c.Application.String(), c.ID.String(), c.mac[:], c.layers.text(), worn)
		return err
	}
	return nil
}

// Overwrapped returns at most limit secrets that wear [MaxLayers] without the newest pepper, and so can only be
// replaced: each as its application's name and its own id.
func Overwrapped(tx *db.Tx, newest int64, limit int) (names []string, err error) {
	err = tx.Each(func(s db.Scan) error {
		var name, id, text string
		if err := s(&name, &id, &text); err != nil {
			return err
		}
		layers, err := parseLayers(text)
		if layers[MaxLayers-1] != 0 && !slices.Contains(layers[:], uint16(newest)) && len(names) < limit {
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
		layers, err := parseLayers(text)
		for _, v := range layers {
			if v != 0 {
				used[int64(v)] = true
			}
		}
		return err
	}, selectPeppers)
	return used, err
}
