package administrator_test

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/access/role"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/administrator"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/roomtest"
)

// person makes a user with roles over all of the home environment, and returns it with the actor that it is in a browser.
func person(r *roomtest.Rooms, roles ...access.Role) (uuid.UUID, *access.Actor) {
	r.Helper()
	var u *directory.User
	r.Write(func(tx *db.Tx) (err error) {
		u, err = directory.Create(tx, &r.Operator, directory.Spec{Profile: directory.Profile{UserName: "u" + uuid.NewString()}})
		for _, which := range roles {
			if err == nil {
				err = role.Grant(tx, &r.Operator, u.ID, over(r, which))
			}
		}
		return err
	})
	return u.ID, &access.Actor{
		Environment: r.Home.ID, Home: true, Families: access.AllFamilies, Issued: time.Now(), Expires: time.Now().Add(time.Hour),
		Person: &access.Person{User: u.ID, Still: func(*db.Tx) error { return nil }},
	}
}

func over(r *roomtest.Rooms, which access.Role) access.Assignment {
	return access.Assignment{Role: which, Scope: access.RoleScope{Kind: access.OverEnvironment, ID: r.Home.ID}}
}

// ways are how somebody stops being an administrator.
func ways(r *roomtest.Rooms) map[string]func(tx *db.Tx, actor *access.Actor, user uuid.UUID) error {
	return map[string]func(tx *db.Tx, actor *access.Actor, user uuid.UUID) error{
		"suspended": func(tx *db.Tx, actor *access.Actor, user uuid.UUID) error {
			_, err := directory.SetStatus(tx, actor, user, directory.Suspended)
			return err
		},
		"locked": func(tx *db.Tx, actor *access.Actor, user uuid.UUID) error {
			_, err := directory.LockByHand(tx, actor, user, directory.Forever)
			return err
		},
		"deleted": func(tx *db.Tx, actor *access.Actor, user uuid.UUID) error {
			return directory.Delete(tx, actor, user, 0)
		},
		"without the role": func(tx *db.Tx, actor *access.Actor, user uuid.UUID) error {
			return role.Revoke(tx, actor, user, over(r, access.EnvironmentAdmin))
		},
	}
}

func TestTheLastAdministratorCannotLeave(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		last, self := person(r, access.EnvironmentAdmin)
		_, _ = person(r, access.IdentityDataAdmin) // looks after people, and is no administrator
		away, _ := person(r, access.EnvironmentAdmin)
		r.Write(func(tx *db.Tx) error {
			_, err := directory.SetStatus(tx, &r.Operator, away, directory.Suspended)
			return err
		})
		for what, leave := range ways(r) {
			r.Refused(what, fault.Conflict, func(tx *db.Tx) error { return leave(tx, self, last) })
		}
		// One who holds both roles may give one of them away.
		both := over(r, access.IdentityDataAdmin)
		r.Write(func(tx *db.Tx) error {
			if err := role.Grant(tx, &r.Operator, last, both); err != nil {
				return err
			}
			return role.Revoke(tx, self, last, both)
		})
		_, _ = person(r, access.EnvironmentAdmin)
		r.Write(func(tx *db.Tx) error { return ways(r)["deleted"](tx, self, last) })
	})
}

func TestAnApplicationStopsTheLastAdministratorAtOnce(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		for _, leave := range ways(r) {
			one, _ := person(r, access.EnvironmentAdmin)
			r.Write(func(tx *db.Tx) error { return leave(tx, &r.Operator, one) })
		}
		r.Write(func(tx *db.Tx) error {
			if n, err := administrator.Count(tx, r.Home.ID); err != nil || n != 1 { // who is locked is one still
				t.Errorf("%d, %v", n, err)
			}
			return nil
		})
	})
}

func TestOfTwoAdministratorsWhoRemoveEachOtherOneStays(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		for what, leave := range ways(r) {
			one, first := person(r, access.EnvironmentAdmin)
			two, second := person(r, access.EnvironmentAdmin)
			var together sync.WaitGroup
			together.Go(func() { _ = r.DB.Write(r.Context(), func(tx *db.Tx) error { return leave(tx, first, two) }) })
			together.Go(func() { _ = r.DB.Write(r.Context(), func(tx *db.Tx) error { return leave(tx, second, one) }) })
			together.Wait()
			able := 0
			r.Write(func(tx *db.Tx) error {
				for _, id := range []uuid.UUID{one, two} {
					u, err := directory.Get(tx, &r.Operator, id)
					if fault.Is(err, fault.NotFound) {
						continue
					}
					if err != nil {
						return err
					}
					held, err := role.Of(tx, &r.Operator, id)
					if err != nil {
						return err
					}
					if u.State(tx.Now()) == directory.State(directory.Active) && len(held) > 0 {
						able++
					}
				}
				return nil
			})
			if able != 1 {
				t.Errorf("%s: %d of two are left", what, able)
			}
			r.Write(func(tx *db.Tx) error { // the next two are alone again
				for _, id := range []uuid.UUID{one, two} {
					if err := directory.Delete(tx, &r.Operator, id, 0); err != nil && !fault.Is(err, fault.NotFound) {
						return err
					}
				}
				return nil
			})
		}
	})
}
