package directory_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/roll"
	"github.com/counterfoil/counterfoil/internal/directory/schema"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/notice/letter"
	"github.com/counterfoil/counterfoil/internal/roomtest"
)

func spec(name string, addresses ...string) directory.Spec {
	s := directory.Spec{Profile: directory.Profile{UserName: name}}
	for _, a := range addresses {
		s.Profile.Emails = append(s.Profile.Emails, directory.Email{Value: a})
	}
	return s
}

func create(r *roomtest.Rooms, s directory.Spec) (u *directory.User) {
	r.Helper()
	r.Write(func(tx *db.Tx) (err error) {
		u, err = directory.Create(tx, &r.Operator, s)
		return err
	})
	return u
}

// attempt returns the error of fn in a transaction of its own.
func attempt(r *roomtest.Rooms, fn func(tx *db.Tx) error) error {
	return r.DB.Write(r.Context(), fn)
}

func TestUserIsFoundByEveryNameThatItHas(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		r.Write(func(tx *db.Tx) error {
			_, err := new(schema.Authority).Create(tx, &r.Operator, schema.Spec{Name: "badge", URN: "urn:example:badge", Attributes: []*schema.Attribute{{Name: "colour", Type: schema.String}}})
			return err
		})
		s := spec("Ann", "ann@example.com", "Ann.B@Example.org")
		s.Profile.Name = directory.Name{GivenName: "Ann", FamilyName: "Brown"}
		s.Profile.Enterprise.Manager.Value = "0192"
		u := create(r, s)
		for _, login := range []string{"ann", " ANN ", "ann@example.com", "ann.b@example.ORG", "ＡＮＮ"} {
			r.Write(func(tx *db.Tx) error {
				found, err := directory.Find(tx, r.Home.ID, login)
				if err != nil || found.ID != u.ID || found.Number != u.Number || found.Profile.Enterprise.Manager.Value != "0192" {
					r.Errorf("%q: %v, %+v", login, err, found)
				}
				return nil
			})
		}
		if u.State(u.CreatedAt) != "active" || !u.Profile.Emails[0].Primary || u.Profile.Emails[1].Primary || !u.Profile.Emails[0].Verified {
			r.Errorf("%+v", u)
		}
	})
}

func TestNobodyTakesAnothersNameOrAddress(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		create(r, spec("ann", "ann@example.com"))
		bob := create(r, spec("bob", "bob@example.com"))
		for _, s := range []directory.Spec{
			spec("ANN"), spec("ａｎｎ"), spec("carl", "ANN@example.com"), spec("ann@example.com"), spec("carl", "bob"+"@example.com"),
		} {
			if err := attempt(r, func(tx *db.Tx) error { _, err := directory.Create(tx, &r.Operator, s); return err }); !fault.Is(err, fault.Conflict) {
				r.Errorf("%+v: %v", s.Profile, err)
			}
			err := attempt(r, func(tx *db.Tx) error {
				_, err := directory.Change(tx, &r.Operator, bob.ID, 0, func(now *directory.Spec) { now.Profile = s.Profile })
				return err
			})
			if taken := s.Profile.UserName != "carl" || s.Profile.Emails[0].Value != "bob@example.com"; taken != fault.Is(err, fault.Conflict) {
				r.Errorf("change to %+v: %v", s.Profile, err)
			}
		}
		// What somebody gave up is free, and what a deleted user had.
		r.Write(func(tx *db.Tx) error { return directory.Delete(tx, &r.Operator, bob.ID, 0) })
		create(r, spec("bob", "bob@example.com"))
	})
}

func TestWhatIsNoProfileIsRefusedByField(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		for field, s := range map[string]directory.Spec{
			"user_name":    spec("  "),
			"emails[0]":    spec("a", "no address"),
			"emails[1]":    spec("a", "a@example.com", "A@EXAMPLE.com"),
			"display_name": {Profile: directory.Profile{UserName: "a", DisplayName: "a\x1b[2Jb"}},
			"status":       {Status: directory.Rejected, Profile: directory.Profile{UserName: "a"}},
			"title":        {Profile: directory.Profile{UserName: "a", Title: strings.Repeat("x", 1025)}},
		} {
			err := attempt(r, func(tx *db.Tx) error { _, err := directory.Create(tx, &r.Operator, s); return err })
			if got, _ := fault.Public(err); got != field || !fault.Is(err, fault.Invalid) {
				r.Errorf("%s: %v", field, err)
			}
		}
	})
}

func TestStoppedUserHasANewEpochAndComesBackWithIt(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		u := create(r, spec("ann"))
		epoch := u.Epoch
		r.Write(func(tx *db.Tx) (err error) {
			u, err = directory.SetStatus(tx, &r.Operator, u.ID, directory.Suspended)
			return err
		})
		if u.Status != directory.Suspended || u.Epoch != epoch+1 {
			r.Errorf("a suspended user is %s in epoch %d", u.Status, u.Epoch)
		}
		r.Write(func(tx *db.Tx) (err error) {
			u, err = directory.SetStatus(tx, &r.Operator, u.ID, directory.Active)
			return err
		})
		if u.Status != directory.Active || u.Epoch == epoch {
			r.Error("what a user had before it was suspended is good again")
		}
		r.Write(func(tx *db.Tx) (err error) {
			u, err = directory.LockByHand(tx, &r.Operator, u.ID, directory.Forever)
			return err
		})
		if u.State(u.UpdatedAt) != directory.Locked || u.Epoch != 2 {
			r.Errorf("%+v", u)
		}
		r.Write(func(tx *db.Tx) (err error) {
			u, err = directory.Unlock(tx, &r.Operator, u.ID, nil)
			return err
		})
		if u.State(u.UpdatedAt) != "active" {
			r.Errorf("%+v", u)
		}
		if err := attempt(r, func(tx *db.Tx) error {
			_, err := directory.SetStatus(tx, &r.Operator, u.ID, directory.Staged)
			return err
		}); !fault.Is(err, fault.Conflict) {
			r.Errorf("active to staged: %v", err)
		}
	})
}

func TestListIsInTheOrderOfCreation(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		var want, got []uuid.UUID
		for i := range 7 {
			want = append(want, create(r, spec(fmt.Sprintf("user-%d", i))).ID)
		}
		for after := uuid.Nil; ; {
			var page []*directory.User
			r.Write(func(tx *db.Tx) (err error) {
				page, err = roll.Users(tx, &r.Operator, roll.Which{}, directory.Page{After: after, Limit: 3})
				return err
			})
			for _, u := range page {
				got, after = append(got, u.ID), u.ID
			}
			if len(page) < 3 {
				break
			}
		}
		if len(got) != len(want) {
			r.Fatalf("%d of %d", len(got), len(want))
		}
		seen := map[uuid.UUID]bool{}
		for _, id := range got {
			seen[id] = true
		}
		for _, id := range want {
			if !seen[id] {
				r.Errorf("%s is missing", id)
			}
		}
	})
}

func TestGroupsHoldUsersAndGroupsButNotThemselves(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		ann := create(r, spec("ann"))
		var inner, outer *directory.Group
		r.Write(func(tx *db.Tx) (err error) {
			if inner, err = directory.CreateGroup(tx, &r.Operator, directory.GroupSpec{Name: "Inner"}); err != nil {
				return err
			}
			if outer, err = directory.CreateGroup(tx, &r.Operator, directory.GroupSpec{Name: "Outer"}); err != nil {
				return err
			}
			if inner, err = directory.ChangeMembers(tx, &r.Operator, inner.ID, 0, []directory.Member{{ann.ID, directory.UserMember}}, nil); err != nil {
				return err
			}
			outer, err = directory.ChangeMembers(tx, &r.Operator, outer.ID, 1, []directory.Member{{inner.ID, directory.GroupMember}}, nil)
			return err
		})
		if inner.Version != 2 || outer.Version != 2 {
			r.Errorf("versions %d and %d", inner.Version, outer.Version)
		}
		r.Write(func(tx *db.Tx) error {
			in, err := directory.GroupsOf(tx, r.Home.ID, ann.ID)
			if err != nil || len(in) != 2 || !in[0].Direct || in[0].Group.ID != inner.ID || in[1].Direct {
				r.Errorf("%v, %+v", err, in)
			}
			return nil
		})
		for _, m := range []directory.Member{{outer.ID, directory.GroupMember}, {inner.ID, directory.GroupMember}, {uuid.New(), directory.UserMember}} {
			err := attempt(r, func(tx *db.Tx) error {
				_, err := directory.ChangeMembers(tx, &r.Operator, inner.ID, 0, []directory.Member{m}, nil)
				return err
			})
			if !fault.Is(err, fault.Invalid) {
				r.Errorf("%+v: %v", m, err)
			}
		}
		r.Write(func(tx *db.Tx) error { return directory.Delete(tx, &r.Operator, ann.ID, 0) })
		r.Write(func(tx *db.Tx) error {
			left, err := directory.Members(tx, &r.Operator, inner.ID, directory.Page{Limit: 1})
			if len(left) != 0 {
				r.Errorf("%v after the only member was deleted", left)
			}
			return err
		})
	})
}

func TestChangeTellsTheLedgerWhatItChangedAndNothingElse(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		u := create(r, spec("ann", "ann@example.com"))
		r.Write(func(tx *db.Tx) error {
			_, err := directory.Change(tx, &r.Operator, u.ID, 1, func(s *directory.Spec) { s.Profile.Title = "Captain" })
			return err
		})
		if err := attempt(r, func(tx *db.Tx) error {
			_, err := directory.Change(tx, &r.Operator, u.ID, 1, func(*directory.Spec) {})
			return err
		}); !fault.Is(err, fault.Stale) {
			r.Errorf("a version that is gone: %v", err)
		}
		r.Write(func(tx *db.Tx) error {
			events, err := ledger.Events(tx, r.Home.ID, ledger.Filter{Subject: u.ID.String()})
			if err != nil || len(events) != 2 {
				r.Fatalf("%v, %d events", err, len(events))
			}
			if p := events[1].Payload; !strings.Contains(p, "Captain") || strings.Contains(p, "ann@example.com") {
				r.Errorf("payload %s", p)
			}
			return nil
		})
	})
}

func TestPopulationWithUsersStays(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		var p *directory.Population
		r.Write(func(tx *db.Tx) (err error) {
			p, err = directory.CreatePopulation(tx, &r.Operator, directory.PopulationSpec{Name: "Guests"})
			return err
		})
		s := spec("ann")
		s.Population = p.ID
		u := create(r, s)
		remove := func(tx *db.Tx) error { return directory.DeletePopulation(tx, &r.Operator, p.ID, 0) }
		if err := attempt(r, remove); !fault.Is(err, fault.Conflict) {
			r.Errorf("with a user: %v", err)
		}
		r.Write(func(tx *db.Tx) error { return directory.Delete(tx, &r.Operator, u.ID, 0) })
		r.Write(remove)
		r.Write(func(tx *db.Tx) error {
			all, err := directory.Populations(tx, &r.Operator)
			if err != nil || len(all) != 1 || !all[0].Default {
				r.Errorf("%v, %+v", err, all)
			}
			return nil
		})
	})
}

func TestActorWithoutThePermissionChangesNobody(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		u := create(r, spec("ann"))
		stranger := access.Actor{Environment: r.Home.ID, Application: uuid.New(), Credential: uuid.New()}
		for what, fn := range map[string]func(tx *db.Tx) error{
			"create": func(tx *db.Tx) error { _, err := directory.Create(tx, &stranger, spec("x")); return err },
			"get":    func(tx *db.Tx) error { _, err := directory.Get(tx, &stranger, u.ID); return err },
			"delete": func(tx *db.Tx) error { return directory.Delete(tx, &stranger, u.ID, 0) },
			"lock": func(tx *db.Tx) error {
				_, err := directory.LockByHand(tx, &stranger, u.ID, directory.Forever)
				return err
			},
		} {
			if err := attempt(r, fn); !fault.Is(err, fault.Unauthenticated) && !fault.Is(err, fault.Denied) {
				r.Errorf("%s: %v", what, err)
			}
		}
	})
}

func TestLettersToADeletedUserAreNotSent(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		u := create(r, spec("ann", "ann@example.com"))
		r.Write(func(tx *db.Tx) error {
			return letter.Post(tx, r.Vault, letter.Letter{Environment: r.Home.ID, To: "ann@example.com", Kind: letter.PasswordChanged})
		})
		count := func() (n int64) {
			r.Write(func(tx *db.Tx) (err error) {
				n, err = letter.CountSince(tx, r.Home.ID, "ann@example.com", letter.PasswordChanged, time.Time{})
				return err
			})
			return n
		}
		if count() != 1 {
			r.Fatal("no letter waits")
		}
		r.Write(func(tx *db.Tx) error { return directory.Delete(tx, &r.Operator, u.ID, 0) })
		if count() != 0 {
			r.Error("a letter to a deleted user waits")
		}
	})
}
