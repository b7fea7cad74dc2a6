package token_test

import (
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/token"
)

// count returns how many rows there are of something.
func (o *office) count(query string, args ...any) (n int) {
	o.Helper()
	err := o.db.Read(o.Context(), func(tx *db.Tx) (err error) {
		n, err = db.Value[int](tx, query, args...)
		return err
	})
	if err != nil {
		o.Fatal(err)
	}
	return n
}

const (
	rows   = `SELECT count(*) FROM revoked_token`
	events = `SELECT count(*) FROM ledger_event WHERE kind = $1`
)

func TestRevokingAgainChangesNothing(t *testing.T) {
	each(t, func(o *office) {
		x := o.examine(o.mint(scopes[0]))
		for range 3 {
			o.write(func(tx *db.Tx) error { return token.Revoke(tx, o.operator.Who(), o.operator.Environment, &x.Claims) })
		}
		if n, e := o.count(rows), o.count(events, "token.revoked"); n != 1 || e != 1 {
			o.Errorf("%d rows and %d events for one token", n, e)
		}
	})
}

func TestExpiredTokenIsNotWorthARow(t *testing.T) {
	each(t, func(o *office) {
		claims := o.examine(o.mint(scopes[0])).Claims
		claims.Expires = o.now.Add(-time.Second).Unix()
		o.write(func(tx *db.Tx) error { return token.Revoke(tx, o.operator.Who(), o.operator.Environment, &claims) })
		if n := o.count(rows); n != 0 {
			o.Errorf("%d rows", n)
		}
	})
}

func TestRevocationsAreForgottenWhenTheirTokensHaveExpired(t *testing.T) {
	now := time.Now()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		later := time.Duration(0)
		o := open(t, dbtest.Open(t, dsn, func() time.Time { return now.Add(later) }))
		claims := o.examine(o.mint(scopes[0])).Claims
		o.write(func(tx *db.Tx) error { return token.Revoke(tx, o.operator.Who(), o.operator.Environment, &claims) })
		for _, c := range []struct {
			after time.Duration
			rows  int
		}{{0, 1}, {599 * time.Second, 1}, {601 * time.Second, 0}} {
			later = time.Unix(claims.IssuedAt, 0).Add(c.after).Sub(now) // founding an installation takes its time
			if err := token.ForgetRevoked(t.Context(), o.db); err != nil {
				t.Fatal(err)
			}
			if n := o.count(rows); n != c.rows {
				t.Errorf("after %s: %d rows, want %d", c.after, n, c.rows)
			}
		}
	})
}

func TestOnlyWhoMayRevokesTheTokensOfOthers(t *testing.T) {
	each(t, func(o *office) {
		claims := o.examine(o.mint(scopes[0])).Claims
		for _, permissions := range [][]string{{access.IntrospectTokens}, {access.RevokeTokens}} {
			var actor access.Actor
			o.write(func(tx *db.Tx) error {
				app, err := application.Create(tx, &o.operator, application.Spec{Name: strings.Join(permissions, " "), Scopes: permissions})
				if err != nil {
					return err
				}
				c, _, err := o.credentials.AddSecret(tx, &o.operator, app.ID, credential.SecretSpec{})
				actor = access.Actor{
					Environment: o.operator.Environment, Home: true, Application: app.ID, Credential: c.ID, Permissions: permissions,
					Epochs: access.Epochs{Incarnation: o.register.Home().Incarnation},
				}
				return err
			})
			err := o.db.Write(o.Context(), func(tx *db.Tx) error { return token.RevokeAny(tx, &actor, &claims) })
			if may := permissions[0] == access.RevokeTokens; may != (err == nil) || !may && !fault.Is(err, fault.Denied) {
				o.Errorf("%v: %v", permissions, err)
			}
		}
	})
}
