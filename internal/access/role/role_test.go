package role_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/access/role"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/roomtest"
)

func over(kind access.ScopeKind, id uuid.UUID) access.RoleScope {
	return access.RoleScope{Kind: kind, ID: id}
}

// newRole makes a role that permits something.
func newRole(r *roomtest.Rooms, permissions ...string) access.Role {
	r.Helper()
	var made *access.Definition
	r.Write(func(tx *db.Tx) (err error) {
		made, err = role.Create(tx, &r.Operator, role.Spec{Name: "role " + uuid.NewString()[:8] + "x", Permissions: permissions})
		return err
	})
	return made.Role
}

// newWorker makes a worker with roles, and returns who comes with a token of it.
func newWorker(r *roomtest.Rooms, grants ...access.Assignment) access.Actor {
	r.Helper()
	a := access.Actor{
		Environment: r.Home.ID, Home: true, Permissions: access.ManagementPermissions(),
		Epochs: access.Epochs{Incarnation: r.Home.Incarnation}, Issued: time.Now(), Expires: time.Now().Add(time.Hour),
	}
	r.Write(func(tx *db.Tx) error {
		app, err := application.Create(tx, &r.Operator, application.Spec{Kind: application.Worker, Name: "worker " + uuid.NewString(), Enabled: new(true)})
		if err != nil {
			return err
		}
		for _, grant := range grants {
			if err := application.GrantRole(tx, &r.Operator, app.ID, grant); err != nil {
				return err
			}
		}
		c, _, err := r.Credentials.AddSecret(tx, &r.Operator, app.ID, credential.SecretSpec{})
		a.Application = app.ID
		if err == nil {
			a.Credential = c.ID
		}
		return err
	})
	return a
}

func newUser(r *roomtest.Rooms, population uuid.UUID) uuid.UUID {
	r.Helper()
	var u *directory.User
	r.Write(func(tx *db.Tx) (err error) {
		u, err = directory.Create(tx, &r.Operator, directory.Spec{Population: population, Profile: directory.Profile{UserName: "u" + uuid.NewString()}})
		return err
	})
	return u.ID
}

func newPopulation(r *roomtest.Rooms) uuid.UUID {
	r.Helper()
	var p *directory.Population
	r.Write(func(tx *db.Tx) (err error) {
		p, err = directory.CreatePopulation(tx, &r.Operator, directory.PopulationSpec{Name: uuid.NewString()})
		return err
	})
	return p.ID
}

func grant(r *roomtest.Rooms, user uuid.UUID, which access.Role, scope access.RoleScope) {
	r.Helper()
	r.Write(func(tx *db.Tx) error {
		return role.Grant(tx, &r.Operator, user, access.Assignment{Role: which, Scope: scope})
	})
}

// change returns what gives a role these permissions.
func change(actor *access.Actor, id access.Role, permissions ...string) func(*db.Tx) error {
	return func(tx *db.Tx) error {
		_, err := role.Change(tx, actor, id, 0, func(s *role.Spec) { s.Permissions = permissions })
		return err
	}
}

func TestNobodyMakesARoleThatMayDoMoreThanThey(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		editor := r.Actor(access.ReadRoles, access.WriteRoles, access.ReadUsers)
		create := func(actor *access.Actor, s role.Spec) func(*db.Tx) error {
			return func(tx *db.Tx) error {
				_, err := role.Create(tx, actor, s)
				return err
			}
		}
		r.Write(create(&editor, role.Spec{Name: "Reader", Permissions: []string{access.ReadUsers, access.ReadRoles, access.ReadUsers}}))
		for what, c := range map[string]struct {
			kind fault.Kind
			spec role.Spec
		}{
			"more than they hold":     {fault.Denied, role.Spec{Name: "a", Permissions: []string{access.ReadUsers, access.WriteUsers}}},
			"nothing":                 {fault.Invalid, role.Spec{Name: "a"}},
			"no such permission":      {fault.Invalid, role.Spec{Name: "a", Permissions: []string{"users:*"}}},
			"no name":                 {fault.Invalid, role.Spec{Name: " ", Permissions: []string{access.ReadUsers}}},
			"an id for a name":        {fault.Invalid, role.Spec{Name: uuid.NewString(), Permissions: []string{access.ReadUsers}}},
			"a taken name":            {fault.Conflict, role.Spec{Name: "ＲＥＡＤＥＲ ", Permissions: []string{access.ReadUsers}}},
			"the name of a built-in":  {fault.Conflict, role.Spec{Name: "Environment-Admin", Permissions: []string{access.ReadUsers}}},
			"a description too long":  {fault.Invalid, role.Spec{Name: "a", Description: strings.Repeat("x", 256), Permissions: []string{access.ReadUsers}}},
			"a line break in a name ": {fault.Invalid, role.Spec{Name: "a\nb", Permissions: []string{access.ReadUsers}}},
		} {
			r.Refused(what, c.kind, create(&editor, c.spec))
		}
		lesser := r.Actor(access.ReadRoles, access.ReadUsers)
		r.Refused("without roles:write", fault.Denied, create(&lesser, role.Spec{Name: "a", Permissions: []string{access.ReadUsers}}))
	})
}

func TestWhatARolePermitsChangesOnlyAtTheHandsOfWhoHoldsItAll(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		mighty, plain := newRole(r, access.ReadUsers, access.SetPasswords), newRole(r, access.ReadUsers)
		editor := r.Actor(access.ReadRoles, access.WriteRoles, access.ReadUsers, access.WriteUsers)
		r.Refused("widening beyond oneself", fault.Denied, change(&editor, plain, access.ReadUsers, access.SetPasswords))
		r.Refused("narrowing what is mightier", fault.Denied, change(&editor, mighty, access.ReadUsers))
		r.Refused("deleting what is mightier", fault.Denied, func(tx *db.Tx) error { return role.Delete(tx, &editor, mighty, 0) })
		r.Refused("renaming what is mightier", fault.Denied, func(tx *db.Tx) error {
			_, err := role.Change(tx, &editor, mighty, 0, func(s *role.Spec) { s.Name = "harmless" })
			return err
		})
		r.Refused("a built-in role", fault.Conflict, change(&editor, access.IdentityDataReadOnly, access.ReadUsers))
		r.Refused("deleting a built-in role", fault.Conflict, func(tx *db.Tx) error { return role.Delete(tx, &editor, access.OrganizationAdmin, 0) })
		r.Refused("another version", fault.Stale, func(tx *db.Tx) error {
			_, err := role.Change(tx, &editor, plain, 7, func(*role.Spec) {})
			return err
		})
		r.Refused("no role", fault.NotFound, change(&editor, access.Role(uuid.NewString()), access.ReadUsers))
		r.Write(change(&editor, plain, access.ReadUsers, access.WriteUsers))
	})
}

// The preset manage-users may edit roles and not assign them: changing one that somebody holds is a way of assigning.
func TestAHeldRoleChangesOnlyAtTheHandsOfWhoMayAssignIt(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		names, err := access.ManageUsers.Permissions()
		if err != nil {
			r.Fatal(err)
		}
		manager := r.Actor(names...)
		held := newRole(r, access.ReadUsers)
		r.Write(change(&manager, held, access.ReadUsers, access.ReadGroups))
		user := newUser(r, uuid.Nil)
		grant(r, user, held, over(access.OverEnvironment, r.Home.ID))
		r.Refused("widening", fault.Denied, change(&manager, held, access.ReadUsers, access.ReadGroups, access.WriteUsers))
		r.Refused("narrowing", fault.Denied, change(&manager, held, access.ReadUsers))
		r.Refused("deleting", fault.Denied, func(tx *db.Tx) error { return role.Delete(tx, &manager, held, 0) })
		r.Write(func(tx *db.Tx) error { // which permits nothing else than before
			_, err := role.Change(tx, &manager, held, 0, func(s *role.Spec) { s.Description = "for the help desk" })
			return err
		})
		assigner := r.Actor(append(names, access.AssignRoles)...)
		r.Write(change(&assigner, held, access.ReadUsers, access.WriteUsers))
		r.Write(func(tx *db.Tx) error {
			got, err := access.UserPermissions(tx, r.Home.ID, user)
			if want := []string{access.ReadUsers, access.WriteUsers}; !slices.Equal(got, want) {
				r.Errorf("the user may %v", got)
			}
			return err
		})
		r.Write(func(tx *db.Tx) error { return role.Delete(tx, &assigner, held, 0) })
		r.Write(func(tx *db.Tx) error {
			got, err := access.UserRoles(tx, r.Home.ID, user)
			if len(got) != 0 {
				r.Errorf("after the role is gone the user has %v", got)
			}
			return err
		})
	})
}

func TestAWorkerLosesAtOnceWhatItsRoleLost(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		made := newRole(r, access.ReadKeys, access.ReadPolicy)
		w := newWorker(r, access.Assignment{Role: made, Scope: over(access.OverEnvironment, r.Home.ID)})
		may := func(name string) func(*db.Tx) error {
			return func(tx *db.Tx) error { return access.Allow(tx, &w, name) }
		}
		r.Write(may(access.ReadKeys))
		r.Write(change(&r.Operator, made, access.ReadPolicy))
		r.Refused("what was taken", fault.Denied, may(access.ReadKeys))
		r.Write(may(access.ReadPolicy))
		r.Write(func(tx *db.Tx) error { return role.Delete(tx, &r.Operator, made, 0) })
		r.Refused("after the role is gone", fault.Denied, may(access.ReadPolicy))
		if held := w.Held(); len(held) != 0 {
			r.Errorf("still holds %v", held)
		}
	})
}

// Over one population nothing can be bounded that is not about people.
func TestARoleOverAPopulationIsAboutPeople(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		north := newPopulation(r)
		keys, people := newRole(r, access.ReadKeys), newRole(r, access.ReadUsers)
		user := newUser(r, north)
		r.Refused("keys over a population", fault.Invalid, func(tx *db.Tx) error {
			return role.Grant(tx, &r.Operator, user, access.Assignment{Role: keys, Scope: over(access.OverPopulation, north)})
		})
		r.Refused("over no population", fault.Invalid, func(tx *db.Tx) error {
			return role.Grant(tx, &r.Operator, user, access.Assignment{Role: people, Scope: over(access.OverPopulation, uuid.New())})
		})
		grant(r, user, people, over(access.OverPopulation, north))
		r.Refused("keys by changing the role", fault.Conflict, change(&r.Operator, people, access.ReadUsers, access.ReadKeys))
	})
}

func TestNobodyAssignsMoreThanTheyHoldOverTheScope(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		north, south := newPopulation(r), newPopulation(r)
		desk := newRole(r, access.ReadUsers, access.ReadRoles, access.AssignRoles)
		reader, writer := newRole(r, access.ReadUsers), newRole(r, access.WriteUsers)
		northern, southern := newUser(r, north), newUser(r, south)
		helper := newWorker(r, access.Assignment{Role: desk, Scope: over(access.OverPopulation, north)})
		to := func(user uuid.UUID, which access.Role, scope access.RoleScope) func(*db.Tx) error {
			return func(tx *db.Tx) error {
				return role.Grant(tx, &helper, user, access.Assignment{Role: which, Scope: scope})
			}
		}
		r.Write(to(northern, reader, over(access.OverPopulation, north)))
		r.Refused("the same again", fault.Conflict, to(northern, reader, over(access.OverPopulation, north)))
		r.Refused("what it does not hold", fault.Denied, to(northern, writer, over(access.OverPopulation, north)))
		r.Refused("over the next population", fault.Denied, to(northern, reader, over(access.OverPopulation, south)))
		r.Refused("over the environment", fault.Denied, to(northern, reader, over(access.OverEnvironment, r.Home.ID)))
		r.Refused("over the organization", fault.Denied, to(northern, reader, over(access.OverOrganization, r.Home.Organization)))
		r.Refused("to somebody it cannot see", fault.NotFound, to(southern, reader, over(access.OverPopulation, north)))
		r.Refused("a built-in one", fault.Denied, to(northern, access.IdentityDataReadOnly, over(access.OverPopulation, north)))
		r.Refused("over an application", fault.Invalid, func(tx *db.Tx) error {
			return role.Grant(tx, &r.Operator, northern, access.Assignment{Role: access.ApplicationOwner, Scope: over(access.OverApplication, uuid.New())})
		})
		grant(r, northern, access.EnvironmentAdmin, over(access.OverEnvironment, r.Home.ID))
		r.Refused("taking a mightier one away", fault.Denied, func(tx *db.Tx) error {
			return role.Revoke(tx, &helper, northern, access.Assignment{Role: access.EnvironmentAdmin, Scope: over(access.OverEnvironment, r.Home.ID)})
		})
		revoke := func(tx *db.Tx) error {
			return role.Revoke(tx, &helper, northern, access.Assignment{Role: reader, Scope: over(access.OverPopulation, north)})
		}
		r.Write(revoke)
		r.Refused("twice", fault.NotFound, revoke)
	})
}

// Somebody who edits roles for one environment must not thereby widen what another holds over all of the organization.
func TestARoleOverTheOrganizationIsChangedFromThereOnly(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		made := newRole(r, access.ReadUsers)
		newWorker(r, access.Assignment{Role: made, Scope: over(access.OverOrganization, r.Home.Organization)})
		admin := newWorker(r, access.Assignment{Role: access.EnvironmentAdmin, Scope: over(access.OverEnvironment, r.Home.ID)})
		r.Refused("widening", fault.Denied, change(&admin, made, access.ReadUsers, access.ReadKeys))
		whole := newWorker(r, access.Assignment{Role: access.OrganizationAdmin, Scope: over(access.OverOrganization, r.Home.Organization)})
		r.Write(change(&whole, made, access.ReadUsers, access.ReadKeys))
	})
}

// Whoever may write users of a population must not become one who may do more by taking over the account.
func TestNobodyTouchesAUserWhoMayDoMore(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		user := newUser(r, uuid.Nil)
		manager := r.Actor(access.ReadUsers, access.WriteUsers)
		suspend := func(tx *db.Tx) error {
			_, err := directory.SetStatus(tx, &manager, user, directory.Suspended)
			return err
		}
		readdress := func(tx *db.Tx) error {
			_, err := directory.Change(tx, &manager, user, 0, func(s *directory.Spec) {
				s.Profile.Emails = []directory.Email{{Value: "mine@example.com"}}
			})
			return err
		}
		grant(r, user, access.EnvironmentAdmin, over(access.OverEnvironment, r.Home.ID))
		r.Refused("suspending", fault.Denied, suspend)
		r.Refused("another address", fault.Denied, readdress)
		r.Refused("deleting", fault.Denied, func(tx *db.Tx) error { return directory.Delete(tx, &manager, user, 0) })
		r.Write(func(tx *db.Tx) error {
			return role.Revoke(tx, &r.Operator, user, access.Assignment{Role: access.EnvironmentAdmin, Scope: over(access.OverEnvironment, r.Home.ID)})
		})
		r.Write(readdress)
		r.Write(suspend)
	})
}

func TestHoldersAreListedToThoseWhoMaySeeThem(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		north, south := newPopulation(r), newPopulation(r)
		made := newRole(r, access.ReadUsers)
		var northern []uuid.UUID
		for range 5 {
			northern = append(northern, newUser(r, north))
			grant(r, northern[len(northern)-1], made, over(access.OverPopulation, north))
		}
		grant(r, northern[1], made, over(access.OverPopulation, south))
		gone, southern := newUser(r, north), newUser(r, south)
		for _, user := range []uuid.UUID{gone, southern} {
			grant(r, user, made, over(access.OverEnvironment, r.Home.ID))
		}
		r.Write(func(tx *db.Tx) error { return directory.Delete(tx, &r.Operator, gone, 0) })
		helper := newWorker(r, access.Assignment{Role: access.IdentityDataReadOnly, Scope: over(access.OverPopulation, north)})
		seen := func(actor *access.Actor) (found []uuid.UUID) {
			r.Write(func(tx *db.Tx) error {
				found = nil
				for after := uuid.Nil; ; {
					all, next, err := role.Holders(tx, actor, made, after, 2)
					for _, h := range all {
						found = append(found, h.User)
					}
					if after = next; next == uuid.Nil {
						return err
					}
				}
			})
			return found
		}
		want := slices.Insert(slices.Clone(northern), 1, northern[1])
		slices.SortFunc(want, func(a, b uuid.UUID) int { return strings.Compare(a.String(), b.String()) })
		if got := seen(&helper); !slices.Equal(got, want) {
			r.Errorf("the helper of the north sees %v, want %v", got, want)
		}
		if got := seen(&r.Operator); len(got) != 7 || !slices.Contains(got, southern) || slices.Contains(got, gone) {
			r.Errorf("the operator sees %v", got)
		}
	})
}
