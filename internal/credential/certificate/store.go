package certificate

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

const (
	insertCA = `INSERT INTO trusted_ca (environment_id, id, name, own, certificate, sealed, created_by, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	deleteCA = `DELETE FROM trusted_ca WHERE environment_id = $1 AND id = $2`
	resealCA = `UPDATE trusted_ca SET sealed = $3 WHERE environment_id = $1 AND id = $2`

	selectCA    = `SELECT environment_id, id, name, own, certificate, created_by, created_at FROM trusted_ca`
	selectCAs   = selectCA + ` WHERE environment_id = $1 ORDER BY created_at, id`
	selectOneCA = selectCA + ` WHERE environment_id = $1 AND id = $2`

	selectSealed    = `SELECT id, sealed FROM trusted_ca WHERE environment_id = $1 AND own ORDER BY id`
	selectOneSealed = `SELECT sealed FROM trusted_ca WHERE environment_id = $1 AND id = $2`
)

func scanCA(scan db.Scan) (*CA, error) {
	var c CA
	var environment, id, text string
	var created int64
	err := scan(&environment, &id, &c.Name, &c.Own, &text, &c.CreatedBy, &created)
	if err != nil {
		return nil, err
	}
	c.CreatedAt = db.Time(created)
	if c.Environment, err = uuid.Parse(environment); err != nil {
		return nil, err
	}
	if c.ID, err = uuid.Parse(id); err != nil {
		return nil, err
	}
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		return nil, fmt.Errorf("the certificate of the authority %s in environment %s is not PEM", id, environment)
	}
	c.Certificate, err = x509.ParseCertificate(block.Bytes)
	return &c, err
}

// EachCA calls fn with every authority of every environment, or of one. For the register.
func EachCA(tx *db.Tx, environment uuid.UUID, fn func(*CA) error) error {
	query, args := selectCA, []any(nil)
	if environment != uuid.Nil {
		query, args = selectCAs, []any{environment.String()}
	}
	return tx.Each(func(s db.Scan) error {
		c, err := scanCA(s)
		if err != nil {
			return err
		}
		return fn(c)
	}, query, args...)
}

// LockCA returns an authority and keeps it from being deleted until the transaction ends: whoever is about to store
// a rule that names it asks here. One that does not exist is [fault.Invalid] on "cas".
func LockCA(tx *db.Tx, environment, id uuid.UUID) (*CA, error) {
	c, err := db.One(tx, scanCA, selectOneCA+tx.ForUpdate(), environment.String(), id.String())
	if fault.Is(err, fault.NotFound) {
		return nil, fault.On("cas", "there is no trusted authority %s in this environment", id)
	}
	return c, err
}

func (c *CA) insert(tx *db.Tx, sealed []byte) error {
	_, err := tx.Exec(insertCA, c.Environment.String(), c.ID.String(), c.Name, c.Own, string(PEM(c.Certificate)), sealed,
		c.CreatedBy, db.Micros(c.CreatedAt))
	return err
}

// Reseal seals the keys of an environment's own authorities under its present sealing key; see [seal.Vault.Rekey].
//
// [seal.Vault.Rekey]: https://pkg.go.dev/github.com/counterfoil/counterfoil/internal/seal#Vault.Rekey
func Reseal(tx *db.Tx, vault *seal.Vault, environment uuid.UUID) error {
	if err := vault.Lock(tx, environment); err != nil {
		return err
	}
	return vault.ResealRows(tx, environment, table, selectSealed, resealCA)
}
