package access_test

import (
	"testing"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/roomtest"
)

func TestALoanLastsAsLongAsTheFamilyAndIsNotPassedOn(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		var app *application.Application
		var secret *credential.Credential
		r.Write(func(tx *db.Tx) (err error) {
			if app, err = application.Create(tx, &r.Operator, application.Spec{Name: "portal"}); err != nil {
				return err
			}
			secret, _, err = r.Credentials.AddSecret(tx, &r.Operator, app.ID, credential.SecretSpec{})
			return err
		})
		actor := access.Actor{Environment: r.Home.ID, Application: app.ID, Credential: secret.ID, Families: access.AllFamilies, Permissions: []string{}}
		r.Write(func(tx *db.Tx) error {
			var incarnation int64
			err := tx.Each(func(s db.Scan) error { return s(&incarnation) }, `SELECT incarnation FROM environment WHERE id = $1`, r.Home.ID.String())
			actor.Epochs.Incarnation = uint64(incarnation)
			return err
		})
		actor.Lend(access.FamilyUsers, access.WriteUsers)
		r.Write(func(tx *db.Tx) error {
			if err := access.Allow(tx, &actor, access.WriteUsers); err != nil {
				return err
			}
			catalogue, err := access.LoadCatalogue(tx, r.Home.ID)
			if err != nil {
				return err
			}
			if err := access.AllowGrant(&actor, catalogue, catalogue.Management([]string{access.WriteUsers})); !fault.Is(err, fault.Denied) {
				t.Errorf("a loan is granted on: %v", err)
			}
			held := []access.Held{{Assignment: access.Assignment{Scope: access.RoleScope{Kind: access.OverEnvironment, ID: r.Home.ID}}, Gives: []string{access.WriteUsers}}}
			if err := access.AllowHolder(&actor, held); !fault.Is(err, fault.Denied) {
				t.Errorf("a loan makes mighty: %v", err)
			}
			return nil
		})
		r.Refused("what was not lent", fault.Denied, func(tx *db.Tx) error { return access.Allow(tx, &actor, access.SetPasswords) })
		actor.Lend(access.FamilyUsers)
		r.Refused("a loan that ended", fault.Denied, func(tx *db.Tx) error { return access.Allow(tx, &actor, access.WriteUsers) })
		actor.Lend(access.FamilyUsers, access.WriteUsers)
		r.Write(func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE credential SET families = 4 WHERE environment_id = $1 AND id = $2`, r.Home.ID.String(), secret.ID.String())
			return err
		})
		r.Refused("a family that was taken away", fault.Denied, func(tx *db.Tx) error { return access.Allow(tx, &actor, access.WriteUsers) })
	})
}
