package credential

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

const columns = `environment_id, application_id, id, kind, form, description, hint, enabled, epoch, not_before, expires_at, families, permissions, ` +
	`networks, proof, sealed, viewable, replaces, grace, quiet_days, noticed, exposed_at, score, mac, peppers, version, created_by, created_at, updated_at`

const (
	insertCredential = `INSERT INTO credential (` + columns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,
$16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29)`
	updateCredential = `UPDATE credential SET description = $4, enabled = $5, epoch = $6, not_before = $7, expires_at = $8, families = $9,
permissions = $10, networks = $11, quiet_days = $12, noticed = $13, exposed_at = $14, version = $15, updated_at = $16
WHERE environment_id = $1 AND application_id = $2 AND id = $3`
	updateSuccession = `UPDATE credential SET replaces = $4, grace = $5 WHERE environment_id = $1 AND application_id = $2 AND id = $3`
	updateSecret     = `UPDATE credential SET form = $4, hint = $5, proof = $6, sealed = $7, viewable = $8, score = $9, mac = $10, peppers = $11
WHERE environment_id = $1 AND application_id = $2 AND id = $3`
	deleteCredential = `DELETE FROM credential WHERE environment_id = $1 AND application_id = $2 AND id = $3`
	deleteHandovers  = `DELETE FROM handover WHERE environment_id = $1 AND application_id = $2 AND credential_id = $3`
	countKind        = `SELECT count(*) FROM credential WHERE environment_id = $1 AND application_id = $2 AND kind = $3`

	selectAll = `SELECT ` + columns + ` FROM credential WHERE environment_id = $1 AND application_id = $2 ORDER BY created_at, id`
	selectOne = `SELECT ` + columns + ` FROM credential WHERE environment_id = $1 AND application_id = $2 AND id = $3`

	selectLean = `SELECT environment_id, application_id, id, kind, form, enabled, epoch, not_before, expires_at, families, permissions, networks,
proof, grace, mac, peppers FROM credential`
	selectLeanA = selectLean + ` WHERE environment_id = $1 AND application_id = $2 ORDER BY created_at, id`

	// In the order of the primary key, or every batch would look at every row.
	selectBatch   = `SELECT ` + columns + ` FROM credential WHERE (environment_id, application_id, id) > ($1, $2, $3) ORDER BY environment_id, application_id, id LIMIT $4`
	updateMAC     = `UPDATE credential SET mac = $4, peppers = $5 WHERE environment_id = $1 AND application_id = $2 AND id = $3 AND peppers = $6 AND mac = $7`
	selectWrapped = `SELECT a.name, c.id, c.peppers FROM credential c
JOIN application a ON a.environment_id = c.environment_id AND a.id = c.application_id WHERE c.kind = 'secret' ORDER BY c.created_at`
	selectPeppers = `SELECT DISTINCT peppers FROM credential`
)

func scan(s db.Scan) (*Credential, error) {
	var c Credential
	var environment, app, id, permissions, networks, proven, replaces, peppers string
	var mac []byte
	var families, grace, notBefore, expires, exposed, created, updated int64
	err := s(&environment, &app, &id, (*string)(&c.Kind), (*string)(&c.Form), &c.Description, &c.Hint, &c.Enabled, &c.Epoch, &notBefore, &expires,
		&families, &permissions, &networks, &proven, &c.sealed, &c.Viewable, &replaces, &grace, &c.QuietDays, &c.noticed, &exposed, &c.Score,
		&mac, &peppers, &c.Version, &c.CreatedBy, &created, &updated)
	if err != nil {
		return nil, err
	}
	if c.Kind != KindSecret {
		c.Form = ""
	}
	if replaces == "" {
		replaces = uuid.Nil.String()
	}
	for i, into := range [...]*uuid.UUID{&c.Environment, &c.Application, &c.ID, &c.Replaces} {
		if *into, err = uuid.Parse([...]string{environment, app, id, replaces}[i]); err != nil {
			return nil, err
		}
	}
	c.NotBefore, c.ExpiresAt, c.CreatedAt, c.UpdatedAt = db.Time(notBefore), db.Time(expires), db.Time(created), db.Time(updated)
	c.ExposedAt, c.Grace, c.Families = db.Time(exposed), time.Duration(grace)*time.Second, access.Families(families)
	c.Narrowed = permissions != ""
	if c.Permissions, err = db.Numbers(permissions); err != nil {
		return nil, err
	}
	if c.Networks, err = access.NetworksFromText(networks); err != nil {
		return nil, err
	}
	if c.Proof, err = proof.Parse(proven); err != nil {
		return nil, fmt.Errorf("credential %s: %w", id, err)
	}
	copy(c.mac[:], mac)
	c.layers, err = proof.ParseLayers(peppers)
	return &c, err
}

// seconds is how rows keep the length of a grace; -1 is none.
func seconds(d time.Duration) int64 {
	if d < 0 {
		return -1
	}
	return int64(d / time.Second)
}

// Each calls fn with what the token path must know of every credential, or of those of one application. The
// candidate is overwritten by the next. For the register.
func Each(tx *db.Tx, environment, app uuid.UUID, fn func(environment, app uuid.UUID, c *proof.Candidate) error) error {
	query, args := selectLean, []any(nil)
	if app != uuid.Nil {
		query, args = selectLeanA, []any{environment.String(), app.String()}
	}
	var c proof.Candidate
	var env, owner, id, kind, form, permissions, networks, proven, peppers string
	var families, grace int64
	var mac []byte
	return tx.Each(func(s db.Scan) error {
		c = proof.Candidate{}
		err := s(&env, &owner, &id, &kind, &form, &c.Enabled, &c.Epoch, &c.NotBefore, &c.Expires, &families, &permissions, &networks,
			&proven, &grace, &mac, &peppers)
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
		if c.Layers, err = proof.ParseLayers(peppers); err != nil {
			return err
		}
		c.Means, c.Families = meansOf(Kind(kind), Form(form)), access.Families(families)
		c.Narrowed = permissions != ""
		if c.Permissions, err = db.Numbers(permissions); err != nil {
			return err
		}
		if networks != "" || proven != "" || grace >= 0 {
			if c.Aside, err = proof.NewAside(networks, proven, grace); err != nil {
				return fmt.Errorf("credential %s: %w", id, err)
			}
		}
		return fn(environment, app, &c)
	}, query, args...)
}

// LoadCandidate returns what the token path must know of one credential as the transaction sees it, or nil if it is gone.
func LoadCandidate(tx *db.Tx, environment, app, id uuid.UUID) (found *proof.Candidate, err error) {
	err = Each(tx, environment, app, func(_, _ uuid.UUID, c *proof.Candidate) error {
		if c.ID == id {
			one := *c
			found = &one
		}
		return nil
	})
	return found, err
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
		return nil, fault.New(fault.NotFound, "there is no such credential; if there was one, it has been deleted")
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
	proven, err := c.Proof.Text()
	if err != nil {
		return err
	}
	_, err = tx.Exec(insertCredential, c.Environment.String(), c.Application.String(), c.ID.String(), string(c.Kind), string(c.Form),
		c.Description, c.Hint, c.Enabled, c.Epoch, db.Micros(c.NotBefore), db.Micros(c.ExpiresAt), int64(c.Families), c.permissionsText(),
		c.Networks.Text(), proven, c.sealed, c.Viewable, c.replacesText(), seconds(c.Grace), c.QuietDays, c.noticed, db.Micros(c.ExposedAt), c.Score,
		c.mac[:], c.layers.Text(), c.Version, c.CreatedBy, db.Micros(c.CreatedAt), db.Micros(c.UpdatedAt))
	return err
}

func (c *Credential) replacesText() string {
	if c.Replaces == uuid.Nil {
		return ""
	}
	return c.Replaces.String()
}

func (c *Credential) update(tx *db.Tx) error {
	c.Version++
	c.UpdatedAt = tx.Now()
	_, err := tx.Exec(updateCredential, c.Environment.String(), c.Application.String(), c.ID.String(), c.Description,
		c.Enabled, c.Epoch, db.Micros(c.NotBefore), db.Micros(c.ExpiresAt), int64(c.Families), c.permissionsText(), c.Networks.Text(),
		c.QuietDays, c.noticed, db.Micros(c.ExposedAt), c.Version, db.Micros(c.UpdatedAt))
	return err
}

// updateSecret writes what stands behind a secret that was replaced or upgraded, without touching anything else.
func (c *Credential) updateSecret(tx *db.Tx) error {
	proven, err := c.Proof.Text()
	if err != nil {
		return err
	}
	_, err = tx.Exec(updateSecret, c.Environment.String(), c.Application.String(), c.ID.String(), string(c.Form), c.Hint, proven,
		c.sealed, c.Viewable, c.Score, c.mac[:], c.layers.Text())
	return err
}

// meansOf says how a credential of that kind and form is recognised.
func meansOf(kind Kind, form Form) proof.Means {
	switch {
	case kind == KindCertificate:
		return proof.ByCertificate
	case kind == KindKey:
		return proof.ByKey
	case kind == KindTrust:
		return proof.ByTrust
	case form == Chosen:
		return proof.ByChosen
	case form == Imported:
		return proof.ByImported
	}
	return proof.ByGenerated
}
