package search_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/filter"
	"github.com/counterfoil/counterfoil/internal/directory/roll"
	"github.com/counterfoil/counterfoil/internal/directory/schema"
	"github.com/counterfoil/counterfoil/internal/directory/search"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/roomtest"
)

const badge = "urn:example:badge:2.0:User"

// users has a custom schema as well, whose attributes are indexed.
var users = schema.NewSet([]*schema.Custom{{URN: badge, Attributes: badgeAttributes}}).User

var badgeAttributes = []*schema.Attribute{
	{Name: "colours", Type: schema.String, MultiValued: true, Filterable: true},
	{Name: "code", Type: schema.String, CaseExact: true, Filterable: true},
	{Name: "level", Type: schema.Integer, Filterable: true},
	{Name: "since", Type: schema.DateTime, Filterable: true},
	{Name: "valid", Type: schema.Boolean, Filterable: true},
	{Name: "note", Type: schema.String},
}

const enterprise = directory.EnterpriseURN

// town is a directory with many similar people in two populations.
type town struct {
	*roomtest.Rooms
	second uuid.UUID
	all    []*directory.User
}

var names = []string{"Ann", "ann", "ANNA", "Änne", "Bo", "bö", "Straße", "strasse", "Ｃａｒｌ", "carl", " ann b", "Z"}

func settle(r *roomtest.Rooms, many int) *town {
	r.Helper()
	t := &town{Rooms: r}
	random := rand.New(rand.NewPCG(1, 2))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	maybe := func(text string) string { return pick(text, "") }
	r.Write(func(tx *db.Tx) error {
		p, err := directory.CreatePopulation(tx, &r.Operator, directory.PopulationSpec{Name: "Second"})
		t.second = p.ID
		if err == nil {
			_, err = (&schema.Authority{InUse: roll.SchemaInUse}).Create(tx, &r.Operator, schema.Spec{Name: "Badge", URN: badge, Attributes: badgeAttributes})
		}
		return err
	})
	for made := 0; made < many; {
		r.Write(func(tx *db.Tx) error {
			bulk, err := directory.OpenBulk(tx, &r.Operator)
			for range 25 {
				if err != nil {
					break
				}
				made++
				s := directory.Spec{Status: directory.Status(pick("active", "active", "suspended", "staged"))}
				if random.IntN(2) == 0 {
					s.Population = t.second
				}
				p := &s.Profile
				p.UserName = fmt.Sprintf("%s%d", strings.TrimSpace(pick(names...)), made)
				p.DisplayName, p.Title, p.UserType = maybe(pick(names...)), maybe(pick(names...)), pick("", "Employee", "contractor")
				p.Name = directory.Name{GivenName: maybe(pick(names...)), FamilyName: maybe(pick(names...))}
				p.ExternalID = maybe(fmt.Sprintf("%s%d", pick("X", "x"), random.IntN(20)))
				p.Enterprise = directory.Enterprise{Department: maybe(pick("R&D", "Sales", strings.Repeat("long", 60)+pick("a", "b"))), EmployeeNumber: pick("", "7", "70")}
				p.Enterprise.Manager.Value = pick("", "M1", "m1")
				for i := range random.IntN(3) {
					p.Emails = append(p.Emails, directory.Email{Value: fmt.Sprintf("%s%d-%d@example.com", pick("ann", "Bo"), made, i), Type: pick("work", "home")})
				}
				for range random.IntN(3) {
					p.PhoneNumbers = append(p.PhoneNumbers, directory.MultiValue{Value: fmt.Sprintf("+49 %d", random.IntN(30)), Type: pick("work", "mobile")})
				}
				if random.IntN(2) == 0 {
					p.Custom = map[string]map[string]any{badge: {
						"colours": []any{pick("red", "Red", "blue"), pick("reddish", "blue")}, "code": pick("a", "A", "B"), "level": float64(random.IntN(4)),
						"since": pick("2026-01-01T00:00:00Z", "2026-01-02T00:00:00+02:00"), "valid": random.IntN(2) == 0, "note": pick("a", "B"),
					}}
				}
				_, err = bulk.Create(s)
			}
			return err
		})
	}
	t.all = t.everybody(&r.Operator)
	return t
}

func (t *town) everybody(actor *access.Actor) (all []*directory.User) {
	t.Helper()
	t.Write(func(tx *db.Tx) (err error) {
		all, err = roll.Users(tx, actor, roll.Which{}, directory.Page{Limit: 10_000})
		return err
	})
	return all
}

func parse(t interface{ Fatal(...any) }, text string) *filter.Filter {
	f, err := filter.Parse(text, users)
	if err != nil {
		t.Fatal(text, err)
	}
	return f
}

// brute returns the ids of those who match.
func brute(t interface{ Fatal(...any) }, all []*directory.User, f *filter.Filter) (ids []string) {
	for _, u := range all {
		doc, err := u.Document()
		if err != nil {
			t.Fatal(err)
		}
		if f == nil || f.Eval(doc) {
			ids = append(ids, u.ID.String())
		}
	}
	slices.Sort(ids)
	return ids
}

// pages follows a list to its end.
func (t *town) pages(actor *access.Actor, q search.Query) (found []*directory.User, err error) {
	for n := 0; ; n++ {
		var page *search.Page[*directory.User]
		err = t.DB.Read(t.Context(), func(tx *db.Tx) (err error) {
			page, err = search.Users(tx, actor, q)
			return err
		})
		if err != nil {
			return nil, err
		}
		found = append(found, page.Items...)
		if q.After, q.Skip = page.Next, 0; q.After == "" || n > 1000 {
			return found, nil
		}
		if len(page.Items) != q.Limit {
			return nil, fmt.Errorf("a page of %d that is not the last", len(page.Items))
		}
	}
}

func ids(all []*directory.User) (ids []string) {
	for _, u := range all {
		ids = append(ids, u.ID.String())
	}
	return ids
}

// condition draws a filter.
func condition(t *rapid.T, of *town, deep int) string {
	one := func(from ...string) string { return rapid.SampledFrom(from).Draw(t, "one") }
	switch kind := rapid.IntRange(0, 9).Draw(t, "kind"); {
	case deep > 0 && kind < 2:
		return "(" + condition(t, of, deep-1) + " or " + condition(t, of, deep-1) + ")"
	case deep > 0 && kind < 5:
		return "(" + condition(t, of, deep-1) + " and " + condition(t, of, deep-1) + ")"
	case deep > 0 && kind == 5:
		return "not (" + condition(t, of, deep-1) + ")"
	}
	u := of.all[rapid.IntRange(0, len(of.all)-1).Draw(t, "user")]
	text := one("ann", "An", "ANNA", "b", "BÖ", "strass", "carl", "Ｃ", "ann ", " ann", "z", "x1", "X1", "7", "M1", "+49 1", "sales", "", strings.Repeat("Long", 60), strings.Repeat("long", 60)+"a", "work")
	attribute := one("userName", "userName", "displayName", "name.givenName", "name.familyName", "externalId", "title", "userType", "emails", "emails.value", "phoneNumbers.value",
		enterprise+":department", enterprise+":employeeNumber", enterprise+":manager", "nickName", "nothing")
	operator := one("eq", "sw", "eq", "sw", "ne", "co", "ew", "gt", "ge", "lt", "le")
	switch rapid.IntRange(0, 9).Draw(t, "shape") {
	case 0:
		return "active " + one("eq", "ne") + " " + one("true", "false")
	case 1:
		return attribute + " " + one("pr", "eq null", "ne null")
	case 2:
		at := u.CreatedAt.Add(time.Duration(rapid.Int64Range(-1500, 1500).Draw(t, "off")))
		return fmt.Sprintf("meta.%s %s %q", one("created", "lastModified"), one("eq", "ne", "gt", "ge", "lt", "le"), at.UTC().Format(time.RFC3339Nano))
	case 3:
		return fmt.Sprintf("%s[type %s %q and value %s %q]", one("emails", "phoneNumbers"), one("eq", "ne"), one("work", "home"), operator, text)
	case 4:
		return fmt.Sprintf("%s eq %q", one("id", "userName", "emails.value"), one(u.ID.String(), u.Profile.UserName, strings.ToUpper(u.Profile.UserName), "bo1-0@example.com"))
	}
	if rapid.IntRange(0, 3).Draw(t, "custom") == 0 {
		literal := one(`"red"`, `"RED"`, `"b"`, `"A"`, `"a"`, "1", "2", "true", `"false"`, `"2026-01-01T00:00:00Z"`, `"2026-01-01T22:00:00Z"`)
		name := map[string]string{"1": "level", "2": "level", "true": "valid", `"false"`: "valid", `"2026-01-01T00:00:00Z"`: "since", `"2026-01-01T22:00:00Z"`: "since"}[literal]
		if name == "" {
			return badge + ":" + one("colours", "code", "note") + " " + one("eq", "sw", "ne", "gt", "lt", "co") + " " + literal
		}
		return badge + ":" + name + " " + one("eq", "ne") + " " + literal
	}
	return fmt.Sprintf("%s %s %q", attribute, operator, text)
}

func TestSearchFindsWhatLookingAtEverybodyFinds(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		town := settle(r, 200)
		rapid.Check(t, func(t *rapid.T) {
			text := condition(t, town, 2)
			q := search.Query{Filter: parse(t, text), Limit: rapid.IntRange(20, 150).Draw(t, "limit")}
			if rapid.Bool().Draw(t, "in one") {
				q.Population = town.second
			}
			order := ""
			if rapid.Bool().Draw(t, "sorted") {
				order = rapid.SampledFrom([]string{"id", "userName", "name.givenName", "displayName", "externalId", "meta.lastModified", "title", "emails", "active"}).Draw(t, "order")
				q.Sort, _ = search.SortBy(order, users)
				q.Descending = rapid.Bool().Draw(t, "descending")
			}
			all := town.all
			if q.Population != uuid.Nil {
				all = slices.DeleteFunc(slices.Clone(all), func(u *directory.User) bool { return u.Population != q.Population })
			}
			want := brute(t, all, q.Filter)
			found, err := town.pages(&town.Operator, q)
			if err != nil {
				t.Fatal(text, err)
			}
			got := ids(found)
			if q.Sort != nil {
				inOrder(t, found, q.Sort, q.Descending)
			}
			sorted := slices.Sorted(slices.Values(got))
			if diff := cmp.Diff(want, sorted); diff != "" {
				t.Fatalf("%s by %q: %s", text, order, diff)
			}
			town.byIndex(t, q, got)
		})
	})
}

// byIndex holds pages that are asked for by a place in the list to the list.
func (t *town) byIndex(rt *rapid.T, q search.Query, want []string) {
	q.Total, q.Skip = true, rapid.IntRange(0, len(want)+1).Draw(rt, "skip")
	var page *search.Page[*directory.User]
	err := t.DB.Read(t.Context(), func(tx *db.Tx) (err error) {
		page, err = search.Users(tx, &t.Operator, q)
		return err
	})
	if err != nil || page.Total != int64(len(want)) {
		rt.Fatalf("%s: %v, %d in all, want %d", q.Filter, err, page.Total, len(want))
	}
	from := min(q.Skip, len(want))
	if diff := cmp.Diff(append([]string{}, want[from:min(from+q.Limit, len(want))]...), append([]string{}, ids(page.Items)...)); diff != "" {
		rt.Fatalf("%s from %d: %s", q.Filter, q.Skip, diff)
	}
}

func inOrder(t *rapid.T, all []*directory.User, by *filter.Attribute, descending bool) {
	key := func(u *directory.User) string {
		doc, _ := u.Document()
		if values, _ := doc[by.Steps[0]].([]any); by.Path == "emails.value" && len(values) > 0 {
			return filter.Fold(u.Profile.Email().Value)
		}
		for _, v := range by.Values(doc) {
			switch v := v.(type) {
			case string:
				if by.CaseExact {
					return v
				}
				return filter.Fold(v)
			case bool:
				return fmt.Sprint(v)
			case time.Time:
				return v.Format("2006-01-02T15:04:05.000000")
			}
		}
		return "\U0010FFFF" // last
	}
	for i := 1; i < len(all); i++ {
		a, b := key(all[i-1]), key(all[i])
		if descending {
			a, b = b, a
		}
		if a > b {
			t.Fatalf("%s: %q comes after %q (descending: %v)", by.Path, b, a, descending)
		}
	}
}

// keeper is a worker who looks after one population.
func keeper(r *roomtest.Rooms, population uuid.UUID) access.Actor {
	r.Helper()
	a := access.Actor{
		Environment: r.Home.ID, Home: true, Permissions: access.ManagementPermissions(),
		Epochs: access.Epochs{Incarnation: r.Home.Incarnation}, Issued: time.Now(), Expires: time.Now().Add(time.Hour),
	}
	r.Write(func(tx *db.Tx) error {
		w, err := application.Create(tx, &r.Operator, application.Spec{Kind: application.Worker, Name: "keeper", Enabled: new(true)})
		if err != nil {
			return err
		}
		role := access.Assignment{Role: access.IdentityDataAdmin, Scope: access.RoleScope{Kind: access.OverPopulation, ID: population}}
		if err := application.GrantRole(tx, &r.Operator, w.ID, role); err != nil {
			return err
		}
		c, _, err := r.Credentials.AddSecret(tx, &r.Operator, w.ID, credential.SecretSpec{})
		a.Application, a.Credential = w.ID, c.ID
		return err
	})
	return a
}

func TestOnlyThePopulationsOfAnActorAreSearched(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		town := settle(r, 50)
		narrow := keeper(r, town.second)
		mine := slices.DeleteFunc(slices.Clone(town.all), func(u *directory.User) bool { return u.Population != town.second })
		theirs := slices.DeleteFunc(slices.Clone(town.all), func(u *directory.User) bool { return u.Population == town.second })
		for _, text := range []string{`userName pr`, `userName sw "a"`, `id eq "` + theirs[0].ID.String() + `"`, `emails pr or not (emails pr)`, `meta.created gt "2001-01-01T00:00:00Z"`,
			`phoneNumbers sw "+49"`, `userName eq "` + theirs[0].Profile.UserName + `" or userName eq "` + mine[0].Profile.UserName + `"`} {
			f := parse(t, text)
			for _, q := range []search.Query{{Filter: f, Limit: 7}, {Filter: f, Limit: 7, Descending: true}} {
				if q.Descending {
					q.Sort, _ = search.SortBy("name.familyName", users)
				}
				found, err := town.pages(&narrow, q)
				if diff := cmp.Diff(brute(t, mine, f), slices.Sorted(slices.Values(ids(found)))); err != nil || diff != "" {
					t.Errorf("%s: %v %s", text, err, diff)
				}
			}
			r.Write(func(tx *db.Tx) error {
				page, err := search.Users(tx, &narrow, search.Query{Filter: f, Total: true})
				if err != nil || page.Total != int64(len(brute(t, mine, f))) {
					t.Errorf("%s: counts %d (%v)", text, page.Total, err)
				}
				page, err = search.Users(tx, &narrow, search.Query{Filter: f, Limit: 5, Total: true, Population: theirs[0].Population})
				if err != nil || page.Total != 0 || len(page.Items) != 0 {
					t.Errorf("%s: finds %d of others (%v)", text, page.Total, err)
				}
				return nil
			})
		}
		nobody := r.Actor(access.ReadGroups)
		r.Refused("search", fault.Denied, func(tx *db.Tx) error {
			_, err := search.Users(tx, &nobody, search.Query{Limit: 1})
			return err
		})
	})
}

func TestNobodySearchesOrSortsByPassword(t *testing.T) {
	for _, path := range []string{"password", "PASSWORD", schema.UserURN + ":password"} {
		if _, err := search.SortBy(path, users); !fault.Is(err, fault.Invalid) {
			t.Errorf("sorts by %s (%v)", path, err)
		}
		for _, form := range []string{`%s eq "a"`, `%s sw "a"`, `%s pr`, `not (%s gt "m")`, `userName pr or %s co "x"`} {
			if _, err := filter.Parse(fmt.Sprintf(form, path), users); !fault.Is(err, fault.Invalid) {
				t.Errorf("searches %s by "+form, path, path)
			}
		}
	}
	for _, path := range []string{"", "nothing", "emails[type eq \"work\"]", "name", "groups", "roles", "x509Certificates", "a b"} {
		if _, err := search.SortBy(path, users); !fault.Is(err, fault.Invalid) {
			t.Errorf("sorts by %q (%v)", path, err)
		}
	}
}

func TestPositionsOfOtherListsAreRefused(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		town := settle(r, 25)
		var page *search.Page[*directory.User]
		r.Write(func(tx *db.Tx) (err error) {
			page, err = search.Users(tx, &r.Operator, search.Query{Limit: 3})
			return err
		})
		byName, _ := search.SortBy("userName", users)
		for _, q := range []search.Query{
			{After: page.Next, Sort: byName}, {After: page.Next, Filter: parse(t, `userName sw "a"`)}, {After: "x"}, {After: "id,0,," + town.all[0].Profile.UserName},
			{After: "id,7,," + town.all[0].ID.String()}, {After: "id,-1,," + town.all[0].ID.String()}, {After: "userName,0,AA," + town.all[0].ID.String(), Sort: byName},
			{After: "lastModified,0,eA," + town.all[0].ID.String(), Filter: parse(t, `meta.lastModified gt "2001-01-01T00:00:00Z"`)},
			{After: "userName,0,_w," + town.all[0].ID.String(), Sort: byName}, {After: "id,0,,'; DROP"},
		} {
			q.Limit = 1
			err := r.DB.Read(t.Context(), func(tx *db.Tx) error {
				_, err := search.Users(tx, &r.Operator, q)
				return err
			})
			if field, _ := fault.Public(err); !fault.Is(err, fault.Invalid) || field != "cursor" {
				t.Errorf("%q: %v", q.After, err)
			}
		}
	})
}
