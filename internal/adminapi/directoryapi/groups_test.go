package directoryapi_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

func person(h *housetest.House, name string, more O) string {
	h.T.Helper()
	body := O{"user_name": name}
	for key, value := range more {
		body[key] = value
	}
	return h.Must("POST", "/users", body).String("id")
}

func TestGroupsHaveMembersByHandOrByFilter(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		ann, bob := person(h, "ann", O{"title": "Captain"}), person(h, "bob", nil)
		made := expect(t, h.Call("POST", "/groups", O{"name": "Crew", "description": "all hands", "external_id": "c-1"}), http.StatusCreated)
		members(t, made, O{"name": "Crew", "description": "all hands", "external_id": "c-1", "filter": nil, "population_id": nil})
		crew := "/groups/" + made.String("id")
		expect(t, h.Call("POST", "/groups", O{"name": "CREW"}), http.StatusConflict)
		both := []O{{"id": ann}, {"id": bob, "kind": "user"}}
		changed := expect(t, h.Call("POST", crew+"/members", O{"add": both}, "If-Match", `"1"`), http.StatusOK)
		if changed.Header.Get("ETag") != `"2"` {
			t.Errorf("%v", changed.Header)
		}
		expect(t, h.Call("POST", crew+"/members", O{"add": both}, "If-Match", `"1"`), http.StatusPreconditionFailed)
		if got := expect(t, h.Call("POST", crew+"/members", O{"add": both}), 200).Header.Get("ETag"); got != `"2"` {
			t.Errorf("who was there already made version %s", got)
		}
		if got := h.EveryPage(crew+"/members?limit=1", "name"); !slices.Equal(got, []string{"ann", "bob"}) {
			t.Errorf("members %q", got)
		}
		fleet := h.Must("POST", "/groups", O{"name": "Fleet"}).String("id")
		h.Must("POST", "/groups/"+fleet+"/members", O{"add": []O{{"id": made.String("id"), "kind": "group"}}})
		captains := h.Must("POST", "/groups", O{"name": "Captains", "filter": `title eq "captain"`}).String("id")
		in := map[string]string{}
		for _, m := range items(t, h.Call("GET", "/users/"+ann+"/groups", nil)) {
			in[m["name"].(string)] = fmt.Sprint(m["direct"], m["dynamic"])
		}
		if fmt.Sprint(in) != "map[Captains:false true Crew:true false Fleet:false false]" {
			t.Errorf("%v", in)
		}
		if got := h.EveryPage("/users?group="+made.String("id")+"&limit=1", "user_name"); !slices.Equal(got, []string{"ann", "bob"}) {
			t.Errorf("users of the group %q", got)
		}
		if got := h.EveryPage("/groups/"+captains+"/members", "id"); !slices.Equal(got, []string{ann}) {
			t.Errorf("members by filter %q", got)
		}
		h.Must("DELETE", crew+"/members/"+ann, nil)
		expect(t, h.Call("DELETE", crew+"/members/"+ann, nil), http.StatusNotFound)
		members(t, h.Must("PATCH", crew, O{"name": "Sailors", "external_id": nil}), O{"name": "Sailors", "external_id": nil, "description": "all hands"})
		for location, body := range map[string]O{
			"body.members": {"add": []O{{"id": uuid.NewString()}}}, "body.add[0].kind": {"add": []O{{"id": bob, "kind": "role"}}}, "body.role": {"role": "x"},
		} {
			about(t, expect(t, h.Call("POST", crew+"/members", body), 422), location)
		}
		about(t, expect(t, h.Call("POST", "/groups/"+made.String("id")+"/members", O{"add": []O{{"id": fleet, "kind": "group"}}}), 422), "body.members")
		expect(t, h.Call("POST", "/groups/"+captains+"/members", O{"add": []O{{"id": bob}}}), http.StatusConflict)
		for _, filter := range []string{"title eq", `password eq "x"`, `groups.display eq "Captains"`, strings.Repeat("(", 10000)} {
			about(t, expect(t, h.Call("POST", "/groups", O{"name": "x", "filter": filter}), 422), "body.filter")
			about(t, expect(t, h.Call("PATCH", "/groups/"+captains, O{"filter": filter}), 422), "body.filter")
		}
		about(t, expect(t, h.Call("PATCH", crew, O{"filter": `title pr`}), 422), "body.filter")
		if got := h.EveryPage("/groups?name=sailors", "id"); !slices.Equal(got, []string{made.String("id")}) {
			t.Errorf("by name: %q", got)
		}
		h.Must("DELETE", crew, nil)
		expect(t, h.Call("GET", crew+"/members", nil), http.StatusNotFound)
		if got := h.EveryPage("/users/"+bob+"/groups", "name"); len(got) != 0 {
			t.Errorf("bob is still in %q", got)
		}
	})
}

func TestPopulationsHoldUsersAndTheirGroups(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		all := items(t, h.Call("GET", "/populations", nil))
		if len(all) != 1 || all[0]["default"] != true {
			t.Fatalf("%v", all)
		}
		standard := all[0]["id"].(string)
		made := expect(t, h.Call("POST", "/populations", O{"name": "Guests"}, "Idempotency-Key", "p"), http.StatusCreated)
		guests := made.String("id")
		members(t, expect(t, h.Call("POST", "/populations", O{"name": "Guests"}, "Idempotency-Key", "p"), http.StatusCreated), O{"id": guests})
		expect(t, h.Call("POST", "/populations", O{"name": "guests"}), http.StatusConflict)
		ann := "/users/" + person(h, "ann", O{"population_id": guests})
		members(t, h.Must("GET", ann, nil), O{"population_id": guests})
		group := h.Must("POST", "/groups", O{"name": "VIP", "population_id": guests}).String("id")
		bob := person(h, "bob", nil)
		everybody := h.Must("POST", "/groups", O{"name": "Everybody"}).String("id")
		for _, m := range []O{{"id": bob}, {"id": everybody, "kind": "group"}} {
			about(t, expect(t, h.Call("POST", "/groups/"+group+"/members", O{"add": []O{m}}), 422), "body.members")
		}
		h.Must("POST", "/groups/"+group+"/members", O{"add": []O{{"id": strings.TrimPrefix(ann, "/users/")}}})
		expect(t, h.Call("PATCH", ann, O{"population_id": standard}), http.StatusConflict) // it is in a group of its population
		h.Must("PATCH", ann, O{"population_id": guests, "title": "x"})
		expect(t, h.Call("DELETE", "/populations/"+guests, nil), http.StatusConflict)
		h.Must("DELETE", "/groups/"+group, nil)
		members(t, h.Must("PATCH", ann, O{"population_id": nil}), O{"population_id": standard})
		about(t, expect(t, h.Call("PATCH", ann, O{"population_id": uuid.NewString()}), 422), "body.population")
		members(t, h.Must("PATCH", "/populations/"+guests, O{"name": "Visitors", "description": "d"}, "If-Match", `"1"`), O{"name": "Visitors", "description": "d"})
		expect(t, h.Call("PATCH", "/populations/"+guests, O{"name": "x"}, "If-Match", `"1"`), http.StatusPreconditionFailed)
		for _, name := range []string{"id", "default", "environment_id"} {
			about(t, expect(t, h.Call("PATCH", "/populations/"+guests, O{name: true}), 422), "body."+name)
		}
		expect(t, h.Call("DELETE", "/populations/"+standard, nil), http.StatusConflict)
		h.Must("DELETE", "/populations/"+guests, nil)
		expect(t, h.Call("GET", "/populations/"+guests, nil), http.StatusNotFound)
	})
}

// Ids of one environment name nothing in another, whatever the path.
func TestPeopleOfAnotherEnvironmentLookMissing(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		other, _ := h.NewEnvironment("other")
		here := func(method, path string, body any) *housetest.Answer { return h.Call(method, path, body) }
		user, population := person(other, "ann", nil), other.Must("POST", "/populations", O{"name": "P"}).String("id")
		group := other.Must("POST", "/groups", O{"name": "G"}).String("id")
		other.Must("POST", "/groups/"+group+"/members", O{"add": []O{{"id": user}}})
		mine, myGroup := person(h, "ann", nil), h.Must("POST", "/groups", O{"name": "G"}).String("id")
		lock := O{"until": "2099-01-01T00:00:00Z"}
		for _, c := range []struct {
			method, path string
			body         any
		}{
			{"GET", "/users/" + user, nil}, {"PATCH", "/users/" + user, O{"title": "x"}}, {"DELETE", "/users/" + user, nil},
			{"POST", "/users/" + user + "/suspend", nil}, {"POST", "/users/" + user + "/activate", nil}, {"POST", "/users/" + user + "/approve", nil},
			{"POST", "/users/" + user + "/reject", nil}, {"POST", "/users/" + user + "/lock", lock}, {"POST", "/users/" + user + "/unlock", nil},
			{"POST", "/users/" + user + "/logout", nil}, {"GET", "/users/" + user + "/groups", nil},
			{"GET", "/populations/" + population, nil}, {"PATCH", "/populations/" + population, O{}}, {"DELETE", "/populations/" + population, nil},
			{"GET", "/groups/" + group, nil}, {"PATCH", "/groups/" + group, O{}}, {"DELETE", "/groups/" + group, nil}, {"GET", "/groups/" + group + "/members", nil},
			{"POST", "/groups/" + group + "/members", O{}}, {"DELETE", "/groups/" + group + "/members/" + user, nil}, {"DELETE", "/groups/" + myGroup + "/members/" + user, nil},
		} {
			foreign := expect(t, here(c.method, c.path, c.body), http.StatusNotFound)
			absent := expect(t, here(c.method, strings.NewReplacer(user, uuid.NewString(), group, uuid.NewString(), population, uuid.NewString()).Replace(c.path), c.body), http.StatusNotFound)
			if foreign.String("detail") != absent.String("detail") {
				t.Errorf("%s %s: %q is not %q", c.method, c.path, foreign.String("detail"), absent.String("detail"))
			}
		}
		about(t, expect(t, here("POST", "/groups/"+myGroup+"/members", O{"add": []O{{"id": user}}}), 422), "body.members")
		about(t, expect(t, here("POST", "/users", O{"user_name": "x", "population_id": population}), 422), "body.population")
		about(t, expect(t, here("PATCH", "/users/"+mine, O{"population_id": population}), 422), "body.population")
		about(t, expect(t, here("POST", "/groups", O{"name": "x", "population_id": population}), 422), "body.population")
		for _, query := range []string{"/users?population=" + population, "/users?group=" + group, "/users?user_name=ann", "/users", "/groups", "/populations"} {
			if text := h.Must("GET", query, nil).Text; strings.Contains(text, user) || strings.Contains(text, group) || strings.Contains(text, population) {
				t.Errorf("%s shows %s", query, text)
			}
		}
		person(h, "zoe", nil)
		next := h.Must("GET", "/users?limit=1", nil).String("next")
		if next == "" {
			t.Fatal("no second page")
		}
		expect(t, other.Call("GET", "/users?limit=1&cursor="+next, nil), 422)
		members(t, other.Must("GET", "/users/"+user, nil), O{"state": "active", "title": nil})
	})
}
