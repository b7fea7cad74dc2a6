package token

import (
	"context"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// maxRevoked is how many single revocations of one credential are kept at a time; beyond it all of the
// credential's tokens end at once, so that revoking in a loop cannot fill every node's memory.
const maxRevoked = 1000

const (
	insertRevoked = `INSERT INTO revoked_token (environment_id, jti, credential_id, expires_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (environment_id, jti) DO NOTHING`
	countRevoked  = `SELECT count(*) FROM revoked_token WHERE environment_id = $1 AND credential_id = $2 AND expires_at > $3`
	deleteRevoked = `DELETE FROM revoked_token WHERE expires_at <= $1`
)

// Revoke makes one token of an environment dead before its time. Revoking it again changes nothing.
func Revoke(tx *db.Tx, who ledger.Who, environment uuid.UUID, c *Claims) error {
	expires := c.Expires * 1_000_000
	if expires <= db.Micros(tx.Now()) {
		return nil
	}
	live, err := db.Value[int](tx, countRevoked, environment.String(), c.Credential.String(), db.Micros(tx.Now()))
	if err != nil {
		return err
	}
	if live >= maxRevoked {
		return credential.EndTokens(tx, who, environment, c.Application, c.Credential)
	}
	rows, err := tx.Exec(insertRevoked, environment.String(), c.JTI.String(), c.Credential.String(), expires)
	if err != nil || rows == 0 {
		return err
	}
	ledger.Append(tx, who, ledger.Event{
		Environment: environment, Kind: "token.revoked", Register: true,
		Subject: ledger.Subject{Kind: "token", ID: c.JTI.String()},
		After: map[string]string{
			"application": c.Application.String(), "credential": c.Credential.String(),
			"expires_at": db.Time(expires).Format("2006-01-02T15:04:05Z07:00"),
		},
	})
	return nil
}

// RevokeAny is [Revoke] for an administrator, who may revoke what others got.
func RevokeAny(tx *db.Tx, actor *access.Actor, c *Claims) error {
	if err := access.Allow(tx, actor, access.RevokeTokens); err != nil {
		return err
	}
	return Revoke(tx, actor.Who(), actor.Environment, c)
}

// ForgetRevoked removes the rows of tokens that have expired by themselves.
func ForgetRevoked(ctx context.Context, d *db.DB) error {
	return d.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(deleteRevoked, db.Micros(tx.Now()))
		return err
	})
}
