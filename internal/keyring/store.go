package keyring

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
)

const (
	insertKey = `
INSERT INTO signing_key (environment_id, id, alg, state, public, sealed, created_at, activated_at, retired_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)`
	selectKeys = `
SELECT id, alg, state, public, sealed, created_at, activated_at, retired_at
FROM signing_key WHERE environment_id = $1
ORDER BY created_at, CASE state WHEN 'retired' THEN 1 WHEN 'active' THEN 2 ELSE 3 END, id`
	activateKey = `UPDATE signing_key SET state = 'active', activated_at = $3 WHERE environment_id = $1 AND id = $2`
	retireKey   = `UPDATE signing_key SET state = 'retired', sealed = NULL, retired_at = $3 WHERE environment_id = $1 AND id = $2`
	resealKey   = `UPDATE signing_key SET sealed = $3 WHERE environment_id = $1 AND id = $2`
	deleteKey   = `DELETE FROM signing_key WHERE environment_id = $1 AND id = $2`

	insertHandle  = `INSERT INTO handle_key (environment_id, number, sealed, created_at) VALUES ($1, $2, $3, $4)`
	selectHandles = `SELECT number, sealed, created_at FROM handle_key WHERE environment_id = $1 ORDER BY number`
	resealHandle  = `UPDATE handle_key SET sealed = $3 WHERE environment_id = $1 AND number = $2`
	deleteHandle  = `DELETE FROM handle_key WHERE environment_id = $1 AND number = $2`
)

// keyRow is a row of signing_key.
type keyRow struct {
	id                          string
	alg                         Alg
	state                       State
	public, sealed              []byte
	created, activated, retired time.Time
}

func scanKey(scan db.Scan) (keyRow, error) {
	var r keyRow
	var created, activated, retired int64
	err := scan(&r.id, &r.alg, &r.state, &r.public, &r.sealed, &created, &activated, &retired)
	r.created, r.activated, r.retired = db.Time(created), db.Time(activated), db.Time(retired)
	return r, err
}

func keyRows(tx *db.Tx, environment uuid.UUID) ([]keyRow, error) {
	return db.All(tx, scanKey, selectKeys, environment.String())
}

// key returns the row's key without its private half.
func (r *keyRow) key() (*Key, error) {
	public, err := x509.ParsePKIXPublicKey(r.public)
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", r.id, err)
	}
	id, err := thumbprint(public)
	if err != nil {
		return nil, fmt.Errorf("signing key %s: %w", r.id, err)
	}
	if id != r.id || !r.alg.fits(public) {
		return nil, fmt.Errorf("signing key %s is not the %s key that its row says", r.id, r.alg)
	}
	return &Key{
		ID: r.id, Alg: r.alg, State: r.state, CreatedAt: r.created, ActivatedAt: r.activated, RetiredAt: r.retired,
		public: public, header: headerOf(r.alg, r.id),
	}, nil
}

// parsePrivate reads PKCS #8 and checks that it is the private half of public.
func parsePrivate(der []byte, public crypto.PublicKey) (crypto.Signer, error) {
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, err
	}
	signer, ok := parsed.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a key of type %T does not sign", parsed)
	}
	if own, ok := signer.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !own.Equal(public) {
		return nil, errors.New("the private half belongs to another key")
	}
	return signer, nil
}

// handleRow is a row of handle_key.
type handleRow struct {
	number  int64
	sealed  []byte
	created time.Time
}

func scanHandle(scan db.Scan) (handleRow, error) {
	var r handleRow
	var created int64
	err := scan(&r.number, &r.sealed, &created)
	r.created = db.Time(created)
	return r, err
}

func handleRows(tx *db.Tx, environment uuid.UUID) ([]handleRow, error) {
	return db.All(tx, scanHandle, selectHandles, environment.String())
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
