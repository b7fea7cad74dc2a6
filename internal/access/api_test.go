package access_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/keyring"
	"github.com/counterfoil/counterfoil/internal/roomtest"
)

func TestManagementAPIIsThereAndBelongsToNobody(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		var apis []*access.API
		r.Write(func(tx *db.Tx) (err error) {
			apis, err = access.APIs(tx, r.Home.ID)
			return err
		})
		if len(apis) != 1 || !apis[0].Builtin || apis[0].OnStale != access.Refuse || len(apis[0].Permissions) != len(access.Management()) {
			r.Fatalf("%+v", apis)
		}
		id := apis[0].ID
		for name, fn := range map[string]func(*db.Tx) error{
			"changed": func(tx *db.Tx) error {
				_, err := r.APIs.ChangeAPI(tx, &r.Operator, id, 0, func(*access.APISpec) {})
				return err
			},
			"disabled": func(tx *db.Tx) error { _, err := access.SetAPIEnabled(tx, &r.Operator, id, false); return err },
			"deleted":  func(tx *db.Tx) error { return access.DeleteAPI(tx, &r.Operator, id, 0) },
		} {
			r.Refused(name, fault.Conflict, fn)
		}
		r.Refused("one of its names taken", fault.Conflict, func(tx *db.Tx) error {
			_, err := r.APIs.CreateAPI(tx, &r.Operator, roomtest.API("x", access.WriteEnvironments))
			return err
		})
	})
}

// A token names permissions and APIs by number, so a number that came again would be somebody else's right.
func TestNumbersAreNeverUsedAgain(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		used := map[uint32]string{}
		note := func(a *access.API) {
			r.Helper()
			for _, p := range append(slices.Clone(a.Permissions), access.Permission{Number: a.Number, Name: "API " + a.ID.String()}) {
				name := fmt.Sprint(a.ID, p.Name)
				if was, ok := used[p.Number]; ok && was != name {
					r.Errorf("number %d was %s and is %s", p.Number, was, name)
				}
				used[p.Number] = name
			}
		}
		a := r.NewAPI("one", "a", "b", "c")
		note(a)
		change := func(scopes ...string) *access.API {
			var changed *access.API
			r.Write(func(tx *db.Tx) (err error) {
				changed, err = r.APIs.ChangeAPI(tx, &r.Operator, a.ID, 0, func(s *access.APISpec) { s.Permissions = roomtest.API("", scopes...).Permissions })
				return err
			})
			return changed
		}
		kept := change("c", "a") // b goes, and the order changes
		for _, p := range kept.Permissions {
			if was := a.Permissions[strings.Index("abc", p.Name)]; was.Number != p.Number {
				r.Errorf("%s was %d and is %d", p.Name, was.Number, p.Number)
			}
		}
		again := change("a", "b", "c")
		if b := again.Permissions[1]; b.Number == a.Permissions[1].Number {
			r.Error("a scope that was taken away and given again is the same to tokens")
		} else {
			used[b.Number] = fmt.Sprint(a.ID, "b")
		}
		r.Write(func(tx *db.Tx) error { return access.DeleteAPI(tx, &r.Operator, a.ID, 0) })
		note(r.NewAPI("one", "a", "b", "c")) // a new API, however it is called
	})
}

func TestAPIsClashByNameAudienceAndScope(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		r.NewAPI("one", "a")
		two := r.NewAPI("two", "b")
		for name, s := range map[string]access.APISpec{
			"name":     {Name: "one", Audience: "https://other.example"},
			"audience": {Name: "other", Audience: "https://one.example"},
			"scope":    {Name: "other", Audience: "https://other.example", Permissions: []access.Permission{{Name: "a"}}},
		} {
			r.Refused("creating: "+name, fault.Conflict, func(tx *db.Tx) error {
				_, err := r.APIs.CreateAPI(tx, &r.Operator, s)
				return err
			})
			r.Refused("changing: "+name, fault.Conflict, func(tx *db.Tx) error {
				_, err := r.APIs.ChangeAPI(tx, &r.Operator, two.ID, 0, func(to *access.APISpec) {
					switch name {
					case "name":
						to.Name = s.Name
					case "audience":
						to.Audience = s.Audience
					default:
						to.Permissions = s.Permissions
					}
				})
				return err
			})
		}
		r.Refused("a stale change", fault.Stale, func(tx *db.Tx) error {
			_, err := r.APIs.ChangeAPI(tx, &r.Operator, two.ID, 9, func(*access.APISpec) {})
			return err
		})
		foreign := access.Operator(uuid.New())
		r.Refused("an API of another environment", fault.NotFound, func(tx *db.Tx) error {
			_, err := r.APIs.ChangeAPI(tx, &foreign, two.ID, 0, func(*access.APISpec) {})
			return err
		})
	})
}

func TestSettingsThatCannotBeMeantAreRefused(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		many := make([]string, 201)
		for i := range many {
			many[i] = fmt.Sprint("s", i)
		}
		for name, change := range map[string]func(*access.APISpec){
			"no name":                    func(s *access.APISpec) { s.Name = " " },
			"a name that moves a cursor": func(s *access.APISpec) { s.Name = "a\x1b[2J" },
			"a name of two lines":        func(s *access.APISpec) { s.Name = "a\nb" },
			"a name that reads backward": func(s *access.APISpec) { s.Name = "a\u202eb" },
			"a long name":                func(s *access.APISpec) { s.Name = strings.Repeat("x", 101) },
			"a name that is not text":    func(s *access.APISpec) { s.Name = "\xff" },
			"no audience":                func(s *access.APISpec) { s.Audience = "" },
			"a relative audience":        func(s *access.APISpec) { s.Audience = "invoices" },
			"an audience with fragment":  func(s *access.APISpec) { s.Audience = "https://a.example/#x" },
			"an empty fragment":          func(s *access.APISpec) { s.Audience = "https://a.example/#" },
			"an audience with a quote":   func(s *access.APISpec) { s.Audience = `https://a.example/","admin":"` },
			"a backslash":                func(s *access.APISpec) { s.Audience = `https://a.example/\u0022` },
			"a space":                    func(s *access.APISpec) { s.Audience = "https://a.example/ x" },
			"a letter that is not ASCII": func(s *access.APISpec) { s.Audience = "https://bücher.example" },
			"a long audience":            func(s *access.APISpec) { s.Audience = "https://a.example/" + strings.Repeat("x", 255) },
			"an unknown format":          func(s *access.APISpec) { s.Format = "paseto" },
			"an unknown algorithm":       func(s *access.APISpec) { s.Alg = "HS256" },
			"no algorithm":               func(s *access.APISpec) { s.Alg = "none" },
			"a life too short":           func(s *access.APISpec) { s.Lifetime = 59 * time.Second },
			"a life too long":            func(s *access.APISpec) { s.Lifetime = 24*time.Hour + 1 },
			"a life before birth":        func(s *access.APISpec) { s.Lifetime = -time.Hour },
			"an unknown policy":          func(s *access.APISpec) { s.OnStale = "maybe" },
			"too many scopes":            func(s *access.APISpec) { s.Permissions = roomtest.API("", many...).Permissions },
			"a scope twice":              func(s *access.APISpec) { s.Permissions = roomtest.API("", "a", "a").Permissions },
			"an empty scope":             func(s *access.APISpec) { s.Permissions = roomtest.API("", "").Permissions },
			"a scope with a space":       func(s *access.APISpec) { s.Permissions = roomtest.API("", "a b").Permissions },
			"a scope with a quote":       func(s *access.APISpec) { s.Permissions = roomtest.API("", `a"`).Permissions },
			"a scope with a backslash":   func(s *access.APISpec) { s.Permissions = roomtest.API("", `a\`).Permissions },
			"a scope with NUL":           func(s *access.APISpec) { s.Permissions = roomtest.API("", "a\x00").Permissions },
			"a long scope":               func(s *access.APISpec) { s.Permissions = roomtest.API("", strings.Repeat("x", 101)).Permissions },
		} {
			s := roomtest.API("api", "fine")
			change(&s)
			r.Refused(name, fault.Invalid, func(tx *db.Tx) error {
				_, err := r.APIs.CreateAPI(tx, &r.Operator, s)
				return err
			})
		}
		for _, audience := range []string{"urn:example:invoices", "https://a.example/path?query=1", "https://a.example:8443", "api://invoices"} {
			s := roomtest.API("x"+uuid.NewString()[:8], "x"+uuid.NewString())
			s.Audience = audience
			r.Write(func(tx *db.Tx) error { _, err := r.APIs.CreateAPI(tx, &r.Operator, s); return err })
		}
	})
}

func TestTokensOfAnAPIEndWhenItsAudienceChangesOrItIsDisabled(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		a := r.NewAPI("one", "a")
		epoch := func(change func(*db.Tx) (*access.API, error)) (after uint32) {
			r.Write(func(tx *db.Tx) error {
				changed, err := change(tx)
				after = changed.Epoch
				return err
			})
			return after
		}
		set := func(fn func(*access.APISpec)) func(*db.Tx) (*access.API, error) {
			return func(tx *db.Tx) (*access.API, error) { return r.APIs.ChangeAPI(tx, &r.Operator, a.ID, 0, fn) }
		}
		for i, step := range []struct {
			change func(*db.Tx) (*access.API, error)
			epoch  uint32
		}{
			{set(func(s *access.APISpec) { s.Name = "other" }), 0},
			{set(func(s *access.APISpec) { s.Format, s.Alg = access.Handle, keyring.EdDSA }), 0},
			{set(func(s *access.APISpec) { s.Audience = "https://elsewhere.example" }), 1},
			{func(tx *db.Tx) (*access.API, error) { return access.SetAPIEnabled(tx, &r.Operator, a.ID, false) }, 2},
			{func(tx *db.Tx) (*access.API, error) { return access.SetAPIEnabled(tx, &r.Operator, a.ID, false) }, 2},
			{func(tx *db.Tx) (*access.API, error) { return access.SetAPIEnabled(tx, &r.Operator, a.ID, true) }, 2},
		} {
			if got := epoch(step.change); got != step.epoch {
				r.Errorf("step %d: epoch %d, want %d", i, got, step.epoch)
			}
		}
	})
}

// Every right to change the management API's world, held by nobody but those who have it.
func TestNobodyHandsOutWhatTheyDoNotHold(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		r.NewAPI("invoices", "invoices:read")
		clerk := r.Actor(access.WriteApplications, access.ReadApplications)
		create := func(s application.Spec) func(*db.Tx) error {
			return func(tx *db.Tx) error { _, err := application.Create(tx, &clerk, s); return err }
		}
		for _, scope := range access.ManagementPermissions() {
			if s := (application.Spec{Name: "with " + scope, Scopes: []string{scope}}); clerk.May(scope) {
				r.Write(create(s))
			} else {
				r.Refused("granting "+scope, fault.Denied, create(s))
			}
		}
		r.Write(create(application.Spec{Name: "ordinary", Scopes: []string{"invoices:read"}, Introspects: []string{"invoices"}}))
		r.Refused("introspecting the management API", fault.Denied, create(application.Spec{Name: "spy", Introspects: []string{"counterfoil"}}))
		mighty := r.Actor(access.WriteKeys, access.WriteApplications)
		// Who edits an application that holds more than they do may leave that as it is, and not add to it.
		edit := func(scopes ...string) func(*db.Tx) error {
			return func(tx *db.Tx) error {
				_, err := application.Change(tx, &clerk, mighty.Application, 0, func(s *application.Spec) { s.Description, s.Scopes = "edited", scopes })
				return err
			}
		}
		r.Write(edit(access.WriteKeys, access.WriteApplications))
		r.Refused("adding to it", fault.Denied, edit(access.WriteKeys, access.WriteApplications, access.WriteEnvironments))
		r.Write(edit(access.WriteApplications))
		r.Refused("giving back what was taken", fault.Denied, edit(access.WriteKeys, access.WriteApplications))
	})
}

// A change that has waited behind the one that disabled its author does not happen.
func TestGateIsAskedAgainInsideTheTransaction(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		for name, end := range map[string]func(*db.Tx, access.Actor) error{
			"application disabled": func(tx *db.Tx, a access.Actor) error {
				_, err := application.SetEnabled(tx, &r.Operator, a.Application, false)
				return err
			},
			"application deleted": func(tx *db.Tx, a access.Actor) error { return application.Delete(tx, &r.Operator, a.Application, 0) },
			"credential disabled": func(tx *db.Tx, a access.Actor) error {
				_, err := credential.SetEnabled(tx, &r.Operator, a.Application, a.Credential, false)
				return err
			},
			"credential deleted": func(tx *db.Tx, a access.Actor) error {
				return credential.Delete(tx, &r.Operator, a.Application, a.Credential, 0, true)
			},
			"credential expired": func(tx *db.Tx, a access.Actor) error {
				_, err := tx.Exec(`UPDATE credential SET expires_at = $1 WHERE id = $2`, db.Micros(tx.Now()), a.Credential.String())
				return err
			},
			"disabled and enabled": func(tx *db.Tx, a access.Actor) error {
				for _, on := range []bool{false, true} {
					if _, err := application.SetEnabled(tx, &r.Operator, a.Application, on); err != nil {
						return err
					}
				}
				return nil
			},
			"tokens ended": func(tx *db.Tx, a access.Actor) error {
				return credential.EndTokens(tx, r.Operator.Who(), r.Home.ID, a.Application, a.Credential)
			},
		} {
			a := r.Actor(access.WriteApplications)
			act := func(tx *db.Tx) error {
				_, err := application.Create(tx, &a, application.Spec{Name: "by " + a.Application.String() + uuid.NewString()})
				return err
			}
			r.Write(act)
			r.Write(func(tx *db.Tx) error { return end(tx, a) })
			r.Refused(name, fault.Unauthenticated, act)
		}
		a := r.Actor(access.ReadApplications)
		r.Refused("without the permission", fault.Denied, func(tx *db.Tx) error {
			_, err := application.Create(tx, &a, application.Spec{Name: "x"})
			return err
		})
		a.Environment = uuid.New()
		r.Refused("in another environment", fault.Unauthenticated, func(tx *db.Tx) error {
			_, err := application.Get(tx, &a, uuid.New())
			return err
		})
		a = r.Actor(access.ReadApplications)
		a.Epochs.Incarnation++
		r.Refused("from before a restore", fault.Unauthenticated, func(tx *db.Tx) error {
			_, err := application.Get(tx, &a, uuid.New())
			return err
		})
	})
}
