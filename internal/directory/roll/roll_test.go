package roll_test

import (
	"fmt"
	"testing"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/roll"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/roomtest"
)

// Pages of every selection, put together, are what the selection has in one page.
func TestPagesOfASelectionMeetEachUserOnce(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		var p *directory.Population
		var g *directory.Group
		r.Write(func(tx *db.Tx) (err error) {
			if p, err = directory.CreatePopulation(tx, &r.Operator, directory.PopulationSpec{Name: "P"}); err != nil {
				return err
			}
			g, err = directory.CreateGroup(tx, &r.Operator, directory.GroupSpec{Name: "G"})
			return err
		})
		want := map[string]int{}
		r.Write(func(tx *db.Tx) error {
			clear(want)
			for i := range 30 {
				s := directory.Spec{Profile: directory.Profile{UserName: fmt.Sprint("user-", i), ExternalID: fmt.Sprint(i % 2)}}
				if i%3 == 0 {
					s.Population = p.ID
				}
				if i%5 == 0 {
					s.Status = directory.Staged
				}
				u, err := directory.Create(tx, &r.Operator, s)
				if err != nil {
					return err
				}
				if i%2 == 0 {
					if _, err := directory.ChangeMembers(tx, &r.Operator, g.ID, 0, []directory.Member{{ID: u.ID, Kind: directory.UserMember}}, nil); err != nil {
						return err
					}
				}
				for name, fits := range map[string]bool{"all": true, "population": i%3 == 0, "status": i%5 == 0, "external": i%2 == 1, "group": i%2 == 0, "both": i%6 == 0, "three": i%30 == 0} {
					if fits {
						want[name]++
					}
				}
			}
			return nil
		})
		for name, which := range map[string]roll.Which{
			"all": {}, "population": {Population: p.ID}, "status": {Status: directory.Staged}, "external": {ExternalID: "1"}, "group": {Group: g.ID},
			"both": {Population: p.ID, Group: g.ID}, "three": {Population: p.ID, Group: g.ID, Status: directory.Staged},
		} {
			seen := map[uuid.UUID]bool{}
			for after := uuid.Nil; ; {
				var page []*directory.User
				r.Write(func(tx *db.Tx) (err error) {
					page, err = roll.Users(tx, &r.Operator, which, directory.Page{After: after, Limit: 4})
					return err
				})
				for _, u := range page {
					if seen[u.ID] {
						r.Errorf("%s: %s is there twice", name, u.Profile.UserName)
					}
					seen[u.ID], after = true, u.ID
				}
				if len(page) < 4 {
					break
				}
			}
			if len(seen) != want[name] {
				r.Errorf("%s: %d users, want %d", name, len(seen), want[name])
			}
		}
	})
}

// Who may read groups and not users learns who is in one by id alone.
func TestNamesOfMembersAreForThoseWhoMayReadThem(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		var g *directory.Group
		r.Write(func(tx *db.Tx) error {
			u, err := directory.Create(tx, &r.Operator, directory.Spec{Profile: directory.Profile{UserName: "ann", DisplayName: "Ann B."}})
			if err != nil {
				return err
			}
			if g, err = directory.CreateGroup(tx, &r.Operator, directory.GroupSpec{Name: "G"}); err != nil {
				return err
			}
			g, err = directory.ChangeMembers(tx, &r.Operator, g.ID, 0, []directory.Member{{ID: u.ID, Kind: directory.UserMember}}, nil)
			return err
		})
		for want, actor := range map[string]access.Actor{"": r.Actor(access.ReadGroups), "Ann B.": r.Actor(access.ReadGroups, access.ReadUsers)} {
			r.Write(func(tx *db.Tx) error {
				all, err := roll.Members(tx, &actor, g.ID, directory.Page{Limit: 10})
				if err == nil && (len(all) != 1 || all[0].Name != want) {
					r.Errorf("%+v, want %q", all, want)
				}
				return err
			})
		}
	})
}

func TestGroupsAreFoundByTheBeginningOfTheirNames(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		r.Write(func(tx *db.Tx) error {
			p, err := directory.CreatePopulation(tx, &r.Operator, directory.PopulationSpec{Name: "P"})
			for _, s := range []directory.GroupSpec{{Name: "Pilots"}, {Name: "pilots 2", Population: p.ID}, {Name: "Straße"}, {Name: "The pilots"}, {Name: "100%"}} {
				if err == nil {
					_, err = directory.CreateGroup(tx, &r.Operator, s)
				}
			}
			return err
		})
		finds := func(actor *access.Actor, beginning string, limit int) (names string) {
			r.Write(func(tx *db.Tx) error {
				names = ""
				all, err := roll.GroupsCalled(tx, actor, beginning, limit)
				for _, g := range all {
					names += g.Name + ";"
				}
				return err
			})
			return names
		}
		for beginning, want := range map[string]string{
			"PILOT": "Pilots;pilots 2;", "pilots 2": "pilots 2;", " strass": "Straße;", "%": "", "100": "100%;", "pilots 3": "", "zzz": "",
		} {
			if got := finds(&r.Operator, beginning, 10); got != want {
				r.Errorf("%q finds %q, want %q", beginning, got, want)
			}
		}
		if got := finds(&r.Operator, "p", 1); got != "Pilots;" {
			r.Errorf("the first is %q", got)
		}
		elsewhere := access.Operator(uuid.New())
		if got := finds(&elsewhere, "p", 10); got != "" {
			r.Errorf("another environment finds %q", got)
		}
		stranger := r.Actor(access.ReadUsers)
		r.Refused("to whoever may not read groups", fault.Denied, func(tx *db.Tx) error {
			_, err := roll.GroupsCalled(tx, &stranger, "p", 10)
			return err
		})
	})
}
