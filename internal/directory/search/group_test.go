package search_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/filter"
	"github.com/counterfoil/counterfoil/internal/directory/schema"
	"github.com/counterfoil/counterfoil/internal/directory/search"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/roomtest"
)

var groups = schema.Core().Group

// gather makes groups: Everybody in all, North and South of people, and Inner in North.
func (t *town) gather(specs ...directory.GroupSpec) (made []*directory.Group) {
	t.Helper()
	for _, s := range specs {
		t.Write(func(tx *db.Tx) error {
			g, err := directory.CreateGroup(tx, &t.Operator, s)
			made = append(made, g)
			return err
		})
	}
	return made
}

func (t *town) put(group *directory.Group, members ...directory.Member) {
	t.Helper()
	t.Write(func(tx *db.Tx) error {
		_, err := directory.ChangeMembers(tx, &t.Operator, group.ID, 0, members, nil)
		return err
	})
}

func user(u *directory.User) directory.Member {
	return directory.Member{ID: u.ID, Kind: directory.UserMember}
}

// groupPages follows a list of groups to its end.
func (t *town) groupPages(actor *access.Actor, q search.Query) (names []string, err error) {
	for {
		var page *search.Page[*directory.Group]
		err := t.DB.Read(t.Context(), func(tx *db.Tx) (err error) {
			page, err = search.Groups(tx, actor, q)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, g := range page.Items {
			names = append(names, g.Name)
		}
		if q.After = page.Next; q.After == "" {
			return names, nil
		}
	}
}

func TestGroupsAreFoundByNameAndByMember(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		town := settle(r, 25)
		a, b := town.all[0], town.all[1]
		made := town.gather(directory.GroupSpec{Name: "North", ExternalID: "E1"}, directory.GroupSpec{Name: "south", ExternalID: "e1"},
			directory.GroupSpec{Name: "Änne's", Population: town.second}, directory.GroupSpec{Name: "Empty"})
		town.put(made[0], user(a), directory.Member{ID: made[1].ID, Kind: directory.GroupMember})
		town.put(made[1], user(a), user(b))
		for text, want := range map[string]string{
			``:                       "Empty North south Änne's",
			`displayName eq "NORTH"`: "North",
			`displayName co "o"`:     "North south",
			`displayName sw "ä" or id eq "` + made[3].ID.String() + `"`: "Empty Änne's",
			`externalId eq "E1"`:                                                  "North",
			`externalId pr and not (externalId eq "E1")`:                          "south",
			`members eq "` + a.ID.String() + `"`:                                  "North south",
			`members[value eq "` + b.ID.String() + `"]`:                           "south",
			`members.value eq "` + b.ID.String() + `" and displayName eq "north"`: "",
			`members eq "` + made[1].ID.String() + `"`:                            "North",
			`not (members eq "` + b.ID.String() + `") and members pr`:             "North",
			`members eq null`:                                                     "Empty Änne's",
			`members eq "nobody"`:                                                 "",
			`id eq "nobody"`:                                                      "",
			`meta.created gt "2001-01-01T00:00:00Z" and not (displayName pr)`:     "",
		} {
			q := search.Query{Limit: 1}
			if text != "" {
				f, err := filter.Parse(text, groups)
				if err != nil {
					t.Fatal(err)
				}
				q.Filter = f
			}
			names, err := town.groupPages(&r.Operator, q)
			slices.Sort(names) // made within one millisecond, they may come in any order
			if got := strings.Join(names, " "); err != nil || got != want {
				t.Errorf("%s finds %q, want %q (%v)", text, got, want, err)
			}
			q.Total = true
			r.Write(func(tx *db.Tx) error {
				page, err := search.Groups(tx, &r.Operator, q)
				if err != nil || page.Total != int64(len(strings.Fields(want))) {
					t.Errorf("%s counts %d (%v)", text, page.Total, err)
				}
				return nil
			})
		}
		by, _ := search.SortBy("displayName", groups)
		names, err := town.groupPages(&r.Operator, search.Query{Sort: by, Descending: true, Limit: 3})
		if diff := cmp.Diff([]string{"Änne's", "south", "North", "Empty"}, names); err != nil || diff != "" {
			t.Error(err, diff)
		}
		narrow := keeper(r, town.second)
		for _, q := range []search.Query{{Limit: 9}, {Limit: 9, Sort: by}} {
			if names, err := town.groupPages(&narrow, q); err != nil || strings.Join(names, " ") != "Änne's" {
				t.Errorf("whoever looks after one population sees %q (%v)", names, err)
			}
		}
		for _, text := range []string{`members co "a"`, `members[type eq "User"]`, `members ne "a"`, `not (members.value sw "a")`} {
			f, err := filter.Parse(text, groups)
			if err != nil {
				t.Fatal(err)
			}
			r.Refused(text, fault.Invalid, func(tx *db.Tx) error {
				_, err := search.Groups(tx, &r.Operator, search.Query{Filter: f, Limit: 1})
				return err
			})
		}
	})
}

func TestUsersAreFoundByGroupAndRole(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		town := settle(r, 25)
		made := town.gather(directory.GroupSpec{Name: "Outer"}, directory.GroupSpec{Name: "Inner"})
		town.put(made[1], user(town.all[3]), user(town.all[4]))
		town.put(made[0], user(town.all[5]), directory.Member{ID: made[1].ID, Kind: directory.GroupMember})
		outer, inner := made[0].ID.String(), made[1].ID.String()
		for text, want := range map[string][]int{
			`groups eq "` + inner + `"`:                                             {3, 4},
			`groups eq "` + outer + `"`:                                             {3, 4, 5},
			`groups[value eq "` + outer + `" and type eq "direct"]`:                 {5},
			`groups.display eq "INNER"`:                                             {3, 4},
			`groups eq "` + inner + `" and id ne "` + town.all[3].ID.String() + `"`: {4},
			`groups eq "` + uuid.NewString() + `"`:                                  nil,
			`groups eq "x' OR 1=1"`:                                                 nil,
			`roles pr`:                                                              nil,
		} {
			found, err := town.pages(&r.Operator, search.Query{Filter: parse(t, text), Limit: 2})
			var ids []string
			for _, i := range want {
				ids = append(ids, town.all[i].ID.String())
			}
			if diff := cmp.Diff(ids, idsOf(found)); err != nil || diff != "" {
				t.Errorf("%s: %v %s", text, err, diff)
			}
		}
	})
}

func idsOf(all []*directory.User) []string { return slices.Sorted(slices.Values(ids(all))) }

func TestMembersOfAGroupFollowFromItsFilter(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		town := settle(r, 50)
		rule := `USERTYPE eq "employee" and not(` + enterprise + `:department eq "R&D")`
		made := town.gather(directory.GroupSpec{Name: "Rule", Filter: rule}, directory.GroupSpec{Name: "Rule there", Filter: rule, Population: town.second},
			directory.GroupSpec{Name: "Gone", Filter: `urn:gone:1.0:x eq "a"`}, directory.GroupSpec{Name: "By hand"})
		in := map[string][]string{}
		var rules []search.Rule
		r.Write(func(tx *db.Tx) (err error) {
			rules, err = search.Rules(tx, r.Home.ID, users)
			return err
		})
		for _, u := range town.all {
			of, err := search.GroupsOf(rules, u)
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range of {
				in[g.Name] = append(in[g.Name], u.ID.String())
			}
		}
		if len(in["Rule"]) <= len(in["Rule there"]) || len(in["Rule there"]) == 0 || len(in) != 2 {
			t.Errorf("%v", in)
		}
		for _, g := range made[:3] {
			r.Write(func(tx *db.Tx) error {
				page, err := search.Members(tx, &r.Operator, g, users, search.Query{Limit: 100, Total: true})
				if diff := cmp.Diff(in[g.Name], idsOf(page.Items)); err != nil || diff != "" || page.Total != int64(len(in[g.Name])) {
					t.Errorf("%s: %v %s", g.Name, err, diff)
				}
				return nil
			})
		}
		found, err := town.pages(&r.Operator, search.Query{Filter: parse(t, `groups eq "`+made[1].ID.String()+`"`), Limit: 3})
		if diff := cmp.Diff(in["Rule there"], idsOf(found)); err != nil || diff != "" {
			t.Errorf("by the group: %v %s", err, diff)
		}
		for _, text := range []string{`groups eq "x"`, `userName pr or roles pr`, `not (groups[value eq "x"])`, `password sw "a"`, `userName`, strings.Repeat("(", 10_000)} {
			r.Refused(text[:min(len(text), 40)], fault.Invalid, func(tx *db.Tx) error {
				_, err := directory.CreateGroup(tx, &r.Operator, directory.GroupSpec{Name: "No", Filter: text})
				return err
			})
		}
	})
}

func TestSearchThatReadsTooMuchSaysWhatIsIndexed(t *testing.T) {
	search.Bounded(t, 30, 20, 5)
	roomtest.Each(t, func(r *roomtest.Rooms) {
		town := settle(r, 50)
		by := func(path string) *search.Query {
			a, err := search.SortBy(path, users)
			if err != nil {
				t.Fatal(err)
			}
			return &search.Query{Sort: a, Limit: 3}
		}
		for _, c := range []struct {
			filter string
			q      *search.Query
			field  string
		}{
			{`nickName pr`, &search.Query{Limit: 3}, "filter"},
			{`userName pr`, &search.Query{Limit: 3, Total: true}, "filter"},
			{`userName sw "a" and groups pr`, &search.Query{Limit: 100, Total: true}, "filter"},
			{``, by("title"), "sortBy"},
			{`nickName pr`, by("title"), "filter"},
			{``, &search.Query{Limit: 3, Total: true}, ""},
			{``, by("userName"), ""},
			{`userName pr`, &search.Query{Limit: 3}, ""},
			{`userName eq "` + town.all[49].Profile.UserName + `" and nickName eq null`, by("title"), ""},
			{`userName sw "a"`, &search.Query{Limit: 3, Total: true}, ""},
			{fmt.Sprintf(`id eq "%s" or id eq "%s"`, town.all[48].ID, town.all[49].ID), by("title"), ""},
		} {
			q := *c.q
			if c.filter != "" {
				q.Filter = parse(t, c.filter)
			}
			err := r.DB.Read(t.Context(), func(tx *db.Tx) error {
				_, err := search.Users(tx, &r.Operator, q)
				return err
			})
			field, message := fault.Public(err)
			if field != c.field || (err != nil) != (field != "") || err != nil && (!fault.Is(err, fault.TooLarge) || !strings.Contains(message, "userName")) {
				t.Errorf("%q: %v", c.filter, err)
			}
		}
	})
}
