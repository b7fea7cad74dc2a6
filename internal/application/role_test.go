package application_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/roomtest"
)

// worker is a worker with a secret, and the actor that comes with a token of it.
type worker struct {
	*application.Application
	with  *credential.Credential
	actor access.Actor
}

// newWorker makes a worker with roles. Its token was got once it had them.
func newWorker(r *roomtest.Rooms, grants ...access.Assignment) *worker {
	r.Helper()
	w := &worker{}
	r.Write(func(tx *db.Tx) (err error) {
		w.Application, err = application.Create(tx, &r.Operator, application.Spec{Kind: application.Worker, Name: "worker " + uuid.NewString(), Enabled: new(true)})
		for _, grant := range grants {
			if err == nil {
				err = application.GrantRole(tx, &r.Operator, w.ID, grant)
			}
		}
		if err == nil {
			w.with, _, err = r.Credentials.AddSecret(tx, &r.Operator, w.ID, credential.SecretSpec{})
		}
		return err
	})
	w.actor = access.Actor{
		Environment: r.Home.ID, Home: true, Application: w.ID, Credential: w.with.ID, Permissions: access.ManagementPermissions(),
		Epochs: access.Epochs{Incarnation: r.Home.Incarnation}, Issued: time.Now(), Expires: time.Now().Add(time.Hour),
	}
	return w
}

func role(name access.Role, kind access.ScopeKind, id uuid.UUID) access.Assignment {
	return access.Assignment{Role: name, Scope: access.RoleScope{Kind: kind, ID: id}}
}

func newApp(r *roomtest.Rooms, spec application.Spec) (made *application.Application) {
	r.Helper()
	spec.Name = "app " + uuid.NewString()
	r.Write(func(tx *db.Tx) (err error) {
		made, err = application.Create(tx, &r.Operator, spec)
		return err
	})
	return made
}

// An owner of one application does there what owners do, and nothing to any other.
func TestOwnerOfOneApplicationReachesNoOther(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		r.NewAPI("letters", "a", "b")
		mine, other := newApp(r, application.Spec{Scopes: []string{"a"}}), newApp(r, application.Spec{Scopes: []string{"a"}})
		w := newWorker(r, role(access.ApplicationOwner, access.OverApplication, mine.ID))
		var secrets [2]*credential.Credential
		for i, app := range []*application.Application{mine, other} {
			r.Write(func(tx *db.Tx) (err error) {
				secrets[i], _, err = r.Credentials.AddSecret(tx, &r.Operator, app.ID, credential.SecretSpec{Viewable: new(true)})
				return err
			})
		}
		for what, do := range map[string]func(tx *db.Tx, app *application.Application, secret *credential.Credential) error{
			"see it": func(tx *db.Tx, app *application.Application, _ *credential.Credential) error {
				_, err := application.Get(tx, &w.actor, app.ID)
				return err
			},
			"rename it": func(tx *db.Tx, app *application.Application, _ *credential.Credential) error {
				_, err := application.Change(tx, &w.actor, app.ID, 0, func(s *application.Spec) { s.Description = "new" })
				return err
			},
			"disable it": func(tx *db.Tx, app *application.Application, _ *credential.Credential) error {
				_, err := application.SetEnabled(tx, &w.actor, app.ID, false)
				return err
			},
			"enable it": func(tx *db.Tx, app *application.Application, _ *credential.Credential) error {
				_, err := application.SetEnabled(tx, &w.actor, app.ID, true)
				return err
			},
			"list its secrets": func(tx *db.Tx, app *application.Application, _ *credential.Credential) error {
				_, err := credential.List(tx, &w.actor, app.ID, "")
				return err
			},
			"add a secret": func(tx *db.Tx, app *application.Application, _ *credential.Credential) error {
				_, _, err := r.Credentials.AddSecret(tx, &w.actor, app.ID, credential.SecretSpec{})
				return err
			},
			"see its secret again": func(tx *db.Tx, app *application.Application, secret *credential.Credential) error {
				_, _, err := r.Credentials.Reveal(tx, &w.actor, app.ID, secret.ID)
				return err
			},
			"disable its secret": func(tx *db.Tx, app *application.Application, secret *credential.Credential) error {
				_, err := credential.SetEnabled(tx, &w.actor, app.ID, secret.ID, false)
				return err
			},
		} {
			if err := r.DB.Write(r.Context(), func(tx *db.Tx) error { return do(tx, mine, secrets[0]) }); err != nil {
				r.Errorf("%s, as its owner: %v", what, err)
			}
			r.Refused(what+", of another", fault.Denied, func(tx *db.Tx) error { return do(tx, other, secrets[1]) })
		}
		var seen []*application.Application
		r.Write(func(tx *db.Tx) (err error) {
			seen, err = application.List(tx, &w.actor, application.Wanted{}, application.Page{Limit: 100})
			return err
		})
		if len(seen) != 1 || seen[0].ID != mine.ID {
			r.Errorf("sees %d applications", len(seen))
		}
	})
}

// What an owner of one application must not get by any way that the role opens.
func TestOwnerOfOneApplicationGetsNothingMoreByIt(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		r.NewAPI("letters", "a", "b")
		mine := newApp(r, application.Spec{Scopes: []string{"a"}})
		mighty := newApp(r, application.Spec{Scopes: []string{access.WriteKeys}})
		w := newWorker(r, role(access.ApplicationOwner, access.OverApplication, mine.ID), role(access.ApplicationOwner, access.OverApplication, mighty.ID))
		var kept *credential.Credential
		r.Write(func(tx *db.Tx) (err error) {
			kept, _, err = r.Credentials.AddSecret(tx, &r.Operator, mighty.ID, credential.SecretSpec{})
			return err
		})
		change := func(app *application.Application, to func(*application.Spec)) func(*db.Tx) error {
			return func(tx *db.Tx) error {
				_, err := application.Change(tx, &w.actor, app.ID, 0, to)
				return err
			}
		}
		for what, do := range map[string]func(*db.Tx) error{
			"give it another scope":           change(mine, func(s *application.Spec) { s.Scopes = append(s.Scopes, "b") }),
			"give it a management scope":      change(mine, func(s *application.Spec) { s.Scopes = append(s.Scopes, access.ReadApplications) }),
			"let it introspect":               change(mine, func(s *application.Spec) { s.Introspects = []string{"letters"} }),
			"shut out one that may do more":   change(mighty, func(s *application.Spec) { s.Methods = []string{"private_key_jwt"} }),
			"let one that may do more be lax": change(mighty, func(s *application.Spec) { s.LegacyAudience = true }),
			"make another application": func(tx *db.Tx) error {
				_, err := application.Create(tx, &w.actor, application.Spec{Name: "mine too", Scopes: []string{"a"}})
				return err
			},
			"add a secret to one that may do more": func(tx *db.Tx) error {
				_, _, err := r.Credentials.AddSecret(tx, &w.actor, mighty.ID, credential.SecretSpec{})
				return err
			},
			"delete a secret of one that may do more": func(tx *db.Tx) error {
				return credential.Delete(tx, &w.actor, mighty.ID, kept.ID, 0, true)
			},
			"delete one that may do more": func(tx *db.Tx) error { return application.Delete(tx, &w.actor, mighty.ID, 0) },
			"grant itself a role": func(tx *db.Tx) error {
				return application.GrantRole(tx, &w.actor, w.ID, role(access.EnvironmentAdmin, access.OverEnvironment, r.Home.ID))
			},
			"add a secret to itself": func(tx *db.Tx) error {
				_, _, err := r.Credentials.AddSecret(tx, &w.actor, w.ID, credential.SecretSpec{})
				return err
			},
		} {
			r.Refused(what, fault.Denied, do)
		}
		r.Write(func(tx *db.Tx) error { // an emergency waits for nobody, and this can be undone
			_, err := application.SetEnabled(tx, &w.actor, mighty.ID, false)
			return err
		})
	})
}

// A token that was stolen for minutes must not become a credential for good.
func TestAWorkerMakesNoCredentialsForItself(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		w := newWorker(r, role(access.EnvironmentAdmin, access.OverEnvironment, r.Home.ID))
		other := newApp(r, application.Spec{})
		r.Refused("a secret for itself", fault.Denied, func(tx *db.Tx) error {
			_, _, err := r.Credentials.AddSecret(tx, &w.actor, w.ID, credential.SecretSpec{})
			return err
		})
		r.Write(func(tx *db.Tx) error {
			_, _, err := r.Credentials.AddSecret(tx, &w.actor, other.ID, credential.SecretSpec{})
			return err
		})
	})
}

func TestNobodyGrantsARoleThatMayDoMore(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		organization, environment := r.Home.Organization, r.Home.ID
		app, target := newApp(r, application.Spec{}), newWorker(r)
		developer := newWorker(r, role(access.ClientApplicationDeveloper, access.OverEnvironment, environment))
		admin := newWorker(r, role(access.EnvironmentAdmin, access.OverEnvironment, environment))
		whole := newWorker(r, role(access.OrganizationAdmin, access.OverOrganization, organization))
		grant := func(actor *access.Actor, g access.Assignment) func(*db.Tx) error {
			return func(tx *db.Tx) error { return application.GrantRole(tx, actor, target.ID, g) }
		}
		r.Refused("a developer grants", fault.Denied, grant(&developer.actor, role(access.ApplicationOwner, access.OverApplication, app.ID)))
		r.Refused("an admin of the environment grants the organization", fault.Denied, grant(&admin.actor, role(access.OrganizationAdmin, access.OverOrganization, organization)))
		r.Refused("an admin of the environment grants the same over the organization", fault.Denied, grant(&admin.actor, role(access.EnvironmentAdmin, access.OverOrganization, organization)))
		r.Refused("a stranger's organization", fault.Invalid, grant(&whole.actor, role(access.EnvironmentAdmin, access.OverOrganization, uuid.New())))
		r.Refused("another environment", fault.Invalid, grant(&whole.actor, role(access.EnvironmentAdmin, access.OverEnvironment, uuid.New())))
		r.Refused("a population that is not there", fault.Invalid, grant(&whole.actor, role(access.IdentityDataAdmin, access.OverPopulation, uuid.New())))
		var north *directory.Population
		r.Write(func(tx *db.Tx) (err error) {
			north, err = directory.CreatePopulation(tx, &r.Operator, directory.PopulationSpec{Name: "north"})
			return err
		})
		r.Refused("an application that is not there", fault.Invalid, grant(&whole.actor, role(access.ApplicationOwner, access.OverApplication, uuid.New())))
		r.Refused("an owner of everything", fault.Invalid, grant(&whole.actor, role(access.ApplicationOwner, access.OverEnvironment, environment)))
		r.Refused("no role", fault.Invalid, grant(&whole.actor, role("emperor", access.OverEnvironment, environment)))
		for _, g := range []access.Assignment{
			role(access.ApplicationOwner, access.OverApplication, app.ID), role(access.EnvironmentAdmin, access.OverEnvironment, environment),
			role(access.IdentityDataAdmin, access.OverPopulation, north.ID),
		} {
			r.Write(grant(&admin.actor, g))
			r.Refused("the same again", fault.Conflict, grant(&admin.actor, g))
		}
		r.Write(grant(&whole.actor, role(access.OrganizationAdmin, access.OverOrganization, organization)))
		r.Refused("a role for a service", fault.Conflict, func(tx *db.Tx) error {
			return application.GrantRole(tx, &whole.actor, app.ID, role(access.ConfigurationReadOnly, access.OverEnvironment, environment))
		})
		r.Refused("a scope beside the roles", fault.Invalid, func(tx *db.Tx) error {
			_, err := application.Change(tx, &whole.actor, developer.ID, 0, func(s *application.Spec) { s.Scopes = append(s.Scopes, access.WriteKeys) })
			return err
		})
	})
}

func TestRevokedRoleIsGoneFromALiveTokenAtOnce(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		app := newApp(r, application.Spec{})
		everywhere := role(access.ConfigurationReadOnly, access.OverEnvironment, r.Home.ID)
		here := role(access.ApplicationOwner, access.OverApplication, app.ID)
		w := newWorker(r, everywhere, here)
		read := func(tx *db.Tx) error {
			_, err := application.Get(tx, &w.actor, app.ID)
			return err
		}
		r.Write(read)
		revoke := func(g access.Assignment) func(*db.Tx) error {
			return func(tx *db.Tx) error { return application.RevokeRole(tx, &r.Operator, w.ID, g) }
		}
		r.Write(revoke(everywhere))
		r.Write(read)
		r.Refused("reading keys", fault.Denied, func(tx *db.Tx) error { return access.Allow(tx, &w.actor, access.ReadKeys) })
		r.Write(revoke(here))
		r.Refused("reading it", fault.Denied, read)
		r.Refused("revoking twice", fault.NotFound, revoke(here))
		if held := w.actor.Held(); len(held) != 0 {
			r.Errorf("still holds %v", held)
		}
	})
}

// The roles of a worker bound what its credential can be narrowed to, and a narrowed one cannot make a wide one.
func TestNarrowedCredentialOfAWorkerStaysNarrow(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		app := newApp(r, application.Spec{})
		w := newWorker(r, role(access.ApplicationOwner, access.OverApplication, app.ID), role(access.ClientApplicationDeveloper, access.OverEnvironment, r.Home.ID))
		r.Write(func(tx *db.Tx) error {
			_, err := credential.Change(tx, &r.Operator, w.ID, w.with.ID, 0, func(s *credential.Spec) {
				s.Scopes = []string{access.ReadApplications, access.WriteCredentials}
			})
			return err
		})
		r.Refused("changing", fault.Denied, func(tx *db.Tx) error {
			_, err := application.Change(tx, &w.actor, app.ID, 0, func(s *application.Spec) { s.Description = "x" })
			return err
		})
		r.Refused("a wide secret for itself", fault.Denied, func(tx *db.Tx) error {
			_, _, err := r.Credentials.AddSecret(tx, &w.actor, w.ID, credential.SecretSpec{})
			return err
		})
		r.Write(func(tx *db.Tx) error {
			_, _, err := r.Credentials.AddSecret(tx, &w.actor, app.ID, credential.SecretSpec{})
			return err
		})
	})
}

func TestWorkerCannotSeeItsOwnSecretNorThatOfAMightierOne(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		w := newWorker(r, role(access.EnvironmentAdmin, access.OverEnvironment, r.Home.ID))
		mightier := newWorker(r, role(access.OrganizationAdmin, access.OverOrganization, r.Home.Organization))
		peer := newWorker(r, role(access.EnvironmentAdmin, access.OverEnvironment, r.Home.ID))
		for what, of := range map[string]*worker{"its own": w, "a mightier one's": mightier, "a peer's": peer} {
			var secret *credential.Credential
			r.Write(func(tx *db.Tx) (err error) {
				secret, _, err = r.Credentials.AddSecret(tx, &r.Operator, of.ID, credential.SecretSpec{Viewable: new(true)})
				return err
			})
			see := func(tx *db.Tx) error {
				_, _, err := r.Credentials.Reveal(tx, &w.actor, of.ID, secret.ID)
				return err
			}
			if of == peer {
				r.Write(see)
				continue
			}
			r.Refused(what, fault.Denied, see)
		}
	})
}
