package cli_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

func TestPeopleFromTheCommandLine(t *testing.T) {
	h := housetest.Start(t)
	d := at(t, h)
	contains := func(text string, parts ...string) {
		t.Helper()
		for _, part := range parts {
			if !strings.Contains(text, part) {
				t.Errorf("no %q in:\n%s", part, text)
			}
		}
	}
	d.must("population", "create", "Guests", "--description", "visitors")
	contains(d.must("population", "list"), "Default", "Guests", "visitors")
	var ann struct {
		ID     string
		Number int64
	}
	made := d.must("user", "create", "ann", "--email", "ann@example.com", "--email", "ann@home.example", "--given-name", "Ann", "--family-name", "Brown",
		"--department", "Tours", "--population", "guests", "-o", "json")
	if err := json.Unmarshal([]byte(made), &ann); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{ann.ID, fmt.Sprint(ann.Number), "ANN", "ann@home.example"} {
		contains(d.must("user", "show", name), "ann", "Ann Brown", "Tours", "active", ann.ID)
	}
	d.must("user", "create", "7", "--status", "staged")
	contains(d.must("user", "show", "7"), "staged")
	if list := d.must("user", "list", "--status", "staged"); !strings.Contains(list, "staged") || strings.Contains(list, "ann") {
		t.Error(list)
	}
	contains(d.must("user", "list", "--filter", `name.familyName eq "brown"`), "Ann Brown")
	contains(d.must("user", "list", "--population", "Guests"), "Ann Brown", "ann@example.com")
	edited := d.must("user", "edit", "ann", "--given-name", "Anna", "--title", "Captain", "--department", "", "--email", "ann@home.example")
	contains(edited, "Anna Brown", "Captain", "ann@home.example")
	if strings.Contains(edited, "Tours") || strings.Contains(edited, "ann@example.com") || strings.Contains(edited, "not verified") {
		t.Error(edited)
	}
	d.must("schema", "create", "staff", "--attribute", "badge:string", "--attribute", "level:integer", "--attribute", "tags:string,many")
	d.must("user", "edit", "ann", "--phone", "+49 30 1", "--phone", "+49 30 2", "--attribute", "staff.badge=7", "--attribute", "Staff.level=7",
		"--attribute", "staff.tags=a", "--attribute", "staff.tags=b=c")
	shown := d.must("user", "show", "ann", "-o", "json")
	var person struct {
		Phones []struct{ Value string } `json:"phone_numbers"`
		Custom map[string]map[string]any
	}
	if err := json.Unmarshal([]byte(shown), &person); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(person.Phones, person.Custom); len(person.Custom) != 1 || !strings.Contains(got, "[{+49 30 1} {+49 30 2}]") || !strings.Contains(got, "map[badge:7 level:7 tags:[a b=c]]") {
		t.Error(got)
	}
	contains(d.must("user", "edit", "ann", "--attribute", "staff.level=", "-o", "json"), "badge")
	if shown := d.must("user", "show", "ann", "-o", "json"); strings.Contains(shown, "level") {
		t.Error(shown)
	}
	d.fails(2, "not JSON", "user", "edit", "ann", "--attribute", "staff.level=high")
	d.fails(3, "no attribute", "user", "edit", "ann", "--attribute", "staff.rank=1")
	d.fails(2, "SCHEMA.NAME=VALUE", "user", "edit", "ann", "--attribute", "badge=1")
	contains(d.must("schema", "edit", "staff", "--description", "Our own", "--attribute", "desk:string,filterable", "--attribute", "Badge:string,on-request", "--remove", "level"),
		"Our own", "desk", "filterable", "badge", "on-request")
	d.fails(2, "no attribute", "schema", "edit", "staff", "--remove", "level")
	d.fails(5, "badge", "schema", "edit", "staff", "--remove", "badge")
	contains(d.must("user", "suspend", "ann"), "suspended")
	d.fails(5, "cannot become", "user", "approve", "ann")
	contains(d.must("user", "activate", "ann"), "active")
	contains(d.must("user", "lock", "ann", "--until", "12h"), "locked", "Locked until")
	d.fails(2, "past", "user", "lock", "ann", "--until", "2001-01-01")
	contains(d.must("user", "unlock", "ann"), "active")
	contains(d.must("user", "logout", "ann"), "active")
	if list := d.must("user", "session", "list", "ann", "-o", "json"); strings.Contains(list, "created_at") {
		t.Error(list)
	}
	contains(d.must("user", "session", "end", "ann", "--all", "--yes"), "ended every session of ann")
	d.fails(3, "no such session", "user", "session", "end", "ann", uuid.NewString(), "--yes")
	d.fails(2, "--all", "user", "session", "end", "ann")
	d.fails(2, "--all", "user", "session", "end", "ann", uuid.NewString(), "--all")
	contains(d.must("user", "approve", "7")+d.must("user", "reject", "7"), "rejected")

	d.must("group", "create", "Crew", "--description", "all hands")
	d.must("group", "create", "Fleet")
	d.must("group", "create", "Captains", "--filter", `title eq "captain"`)
	d.must("group", "add", "crew", "ann", "7")
	d.must("group", "add", "Fleet", "group:Crew")
	contains(d.must("group", "members", "Crew"), "Anna Brown", "7", "user")
	contains(d.must("group", "members", "Fleet"), "Crew", "group")
	contains(d.must("user", "groups", "ann"), "Crew", "added", "Fleet", "through another group", "Captains", "by its filter")
	contains(d.must("user", "list", "--group", "Crew"), "ann")
	d.must("group", "remove", "Crew", "ann")
	if got := d.must("group", "members", "Crew"); strings.Contains(got, "Anna") {
		t.Error(got)
	}
	contains(d.must("group", "edit", "Crew", "--name", "Sailors"), "Sailors", "all hands")
	d.fails(2, "filter", "group", "edit", "Captains", "--filter", "title eq")
	d.must("group", "delete", "Sailors", "--yes")
	contains(d.must("population", "edit", "Guests", "--name", "Visitors"), "Visitors")
	d.fails(5, "users", "population", "delete", "Visitors", "--yes")
	d.must("user", "delete", "ann", "--yes")
	d.must("population", "delete", "Visitors", "--yes")
	d.fails(3, "no user", "user", "show", "ann")
	d.fails(3, "no group", "group", "show", "Sailors")
	d.fails(3, "no population", "population", "show", "Visitors")
}
