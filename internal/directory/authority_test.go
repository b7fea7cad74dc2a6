package directory_test

import (
	"testing"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/access/role"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/roomtest"
)

func grant(r *roomtest.Rooms, u *directory.User, name access.Role) {
	r.Helper()
	r.Write(func(tx *db.Tx) error {
		return role.Grant(tx, &r.Operator, u.ID, access.Assignment{Role: name, Scope: access.RoleScope{Kind: access.OverEnvironment, ID: r.Home.ID}})
	})
}

// Whoever may do less than a user changes nothing by which it could become the user, or stop it.
func TestLesserActorTouchesNoMightierUser(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		u := create(r, spec("owner", "owner@example.com"))
		lesser := r.Actor(access.ReadUsers, access.WriteUsers)
		attempts := func(actor *access.Actor) map[string]func(*db.Tx) error {
			change := func(fn func(*directory.Profile)) func(*db.Tx) error {
				return func(tx *db.Tx) error {
					_, err := directory.Change(tx, actor, u.ID, 0, func(s *directory.Spec) { fn(&s.Profile) })
					return err
				}
			}
			status := func(to directory.Status) func(*db.Tx) error {
				return func(tx *db.Tx) error { _, err := directory.SetStatus(tx, actor, u.ID, to); return err }
			}
			return map[string]func(*db.Tx) error{
				"address":         change(func(p *directory.Profile) { p.Emails = []directory.Email{{Value: "mallory@example.com"}} }),
				"no more address": change(func(p *directory.Profile) { p.Emails = nil }),
				"user name":       change(func(p *directory.Profile) { p.UserName = "mallory" }),
				"suspend":         status(directory.Suspended),
				"lock":            func(tx *db.Tx) error { _, err := directory.LockByHand(tx, actor, u.ID, directory.Forever); return err },
				"unlock":          func(tx *db.Tx) error { _, err := directory.Unlock(tx, actor, u.ID, nil); return err },
				"delete":          func(tx *db.Tx) error { return directory.Delete(tx, actor, u.ID, 0) },
				"change of many": func(tx *db.Tx) error {
					b, err := directory.OpenBulk(tx, actor)
					if err != nil {
						return err
					}
					now, err := directory.Load(tx, r.Home.ID, u.ID)
					if err != nil {
						return err
					}
					_, err = b.Change(now, func(s *directory.Spec) { s.Profile.UserName = "mallory" })
					return err
				},
			}
		}
		grant(r, u, access.EnvironmentAdmin)
		for what, fn := range attempts(&lesser) {
			r.Refused(what, fault.Denied, fn)
		}
		r.Write(func(tx *db.Tx) error {
			_, err := directory.SetStatus(tx, &r.Operator, u.ID, directory.Suspended)
			return err
		})
		r.Refused("activate", fault.Denied, func(tx *db.Tx) error { _, err := directory.SetStatus(tx, &lesser, u.ID, directory.Active); return err })
		r.Write(func(tx *db.Tx) error { return directory.Delete(tx, &r.Operator, u.ID, 0) })
		r.Write(func(tx *db.Tx) error {
			held, err := access.UserRoles(tx, r.Home.ID, u.ID)
			if len(held) > 0 {
				r.Errorf("a user who is gone holds %v", held)
			}
			return err
		})
	})
}
