package directoryapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// everything is a user of whom everything is known.
var everything = O{
	"user_name": "Ann", "external_id": "e-7", "display_name": "Ann B.", "nick_name": "Annie", "profile_url": "https://people.example/ann",
	"title": "Captain", "user_type": "Employee", "preferred_language": "de", "locale": "de-AT", "timezone": "Europe/Vienna",
	"name":              O{"formatted": "Dr. Ann Brown", "given_name": "Ann", "family_name": "Brown", "middle_name": "M.", "honorific_prefix": "Dr.", "honorific_suffix": "II"},
	"emails":            []any{O{"value": "ann@example.com", "type": "work", "display": "Ann", "primary": true, "verified": true}, O{"value": "ann@home.example", "verified": true}},
	"phone_numbers":     []any{O{"value": "+43 1 234", "type": "work"}},
	"ims":               []any{O{"value": "ann", "type": "xmpp"}},
	"photos":            []any{O{"value": "https://people.example/ann.png", "type": "photo"}},
	"addresses":         []any{O{"formatted": "Ring 1", "street_address": "Ring 1", "locality": "Wien", "region": "W", "postal_code": "1010", "country": "AT", "type": "work", "primary": true}},
	"entitlements":      []any{O{"value": "parking", "display": "Parking"}},
	"x509_certificates": []any{O{"value": "MIIB"}},
	"enterprise":        O{"employee_number": "701984", "cost_center": "4130", "organization": "Universal", "division": "Theme", "department": "Tours", "manager": O{"value": "26118915", "display_name": "John"}},
}

func TestUserHasEveryMemberThatItWasGiven(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		made := expect(t, h.Call("POST", "/users", everything), http.StatusCreated)
		path := "/users/" + made.String("id")
		if made.Header.Get("Location") != h.URL+"/api/v1"+path || made.Header.Get("ETag") != `"1"` {
			t.Errorf("%v", made.Header)
		}
		read := expect(t, h.Call("GET", path, nil), http.StatusOK)
		want := O{"status": "active", "state": "active", "password_state": "none", "locked_until": nil, "last_login_at": nil, "activated_at": made.JSON["created_at"]}
		for name, value := range everything {
			want[name] = value
		}
		members(t, read, want)
		if read.Text != made.Text {
			t.Errorf("%s\n%s", made.Text, read.Text)
		}
		if n, ok := read.JSON["number"].(float64); !ok || n < 1 || n >= 1<<48 {
			t.Errorf("number %v", read.JSON["number"])
		}
		if a := h.Call("GET", path, nil, "If-None-Match", `"1"`); a.Status != http.StatusNotModified {
			t.Errorf("the version that the caller has: %d", a.Status)
		}
		h.Must("DELETE", path, nil)
		expect(t, h.Call("GET", path, nil), http.StatusNotFound)
		expect(t, h.Call("DELETE", path, nil), http.StatusNotFound)
		expect(t, h.Call("POST", "/users", everything), http.StatusCreated) // its names are free again
	})
}

func TestPatchChangesWhatItNamesAndNothingElse(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		path := "/users/" + h.Must("POST", "/users", everything).String("id")
		changed := expect(t, h.Call("PATCH", path, O{
			"title": nil, "nick_name": "A", "name": O{"given_name": "Anna", "middle_name": nil},
			"enterprise": O{"manager": O{"display_name": "Jack"}, "division": nil}, "phone_numbers": nil,
			"emails": []O{{"value": "ANN@example.com"}},
		}, "If-Match", `"1"`), http.StatusOK)
		members(t, changed, O{
			"title": nil, "nick_name": "A", "display_name": "Ann B.", "phone_numbers": nil, "ims": everything["ims"],
			"name":       O{"formatted": "Dr. Ann Brown", "given_name": "Anna", "family_name": "Brown", "honorific_prefix": "Dr.", "honorific_suffix": "II"},
			"enterprise": O{"employee_number": "701984", "cost_center": "4130", "organization": "Universal", "department": "Tours", "manager": O{"value": "26118915", "display_name": "Jack"}},
			"emails":     []any{O{"value": "ANN@example.com", "primary": true, "verified": true}},
		})
		expect(t, h.Call("PATCH", path, O{"title": "Boss"}, "If-Match", `"1"`), http.StatusPreconditionFailed)
		expect(t, h.Call("DELETE", path, nil, "If-Match", `"1"`), http.StatusPreconditionFailed)
		members(t, expect(t, h.Call("PATCH", path, O{"name": nil, "enterprise": O{"manager": nil}}), http.StatusOK), O{
			"name": nil, "enterprise": O{"employee_number": "701984", "cost_center": "4130", "organization": "Universal", "department": "Tours"},
		})
		about(t, expect(t, h.Call("PATCH", path, O{"user_name": nil}), 422), "body.user_name")
		about(t, expect(t, h.Call("PATCH", path, O{"emails": []O{{"value": "nobody"}}}), 422), "body.emails[0]")
		if got := h.Must("PATCH", path, O{}).Header.Get("ETag"); got != `"3"` {
			t.Errorf("a patch that says nothing made version %s", got)
		}
	})
}

// Who may write a user must not write what only Counterfoil knows about it.
func TestNobodyAssignsWhatCounterfoilDecides(t *testing.T) {
	h := housetest.Start(t)
	path := "/users/" + h.Must("POST", "/users", O{"user_name": "ann"}).String("id")
	for _, name := range []string{
		"id", "number", "created_at", "updated_at", "activated_at", "last_login_at", "locked_until", "password_state", "state", "epoch", "version",
		"environment_id", "password", "roles", "role_ids", "groups", "active", "userName", "is_admin",
	} {
		about(t, expect(t, h.Call("POST", "/users", O{"user_name": "bob", name: "x"}), 422), "body."+name)
		about(t, expect(t, h.Call("PATCH", path, O{name: "x"}), 422), "body."+name)
	}
	about(t, expect(t, h.Call("PATCH", path, O{"status": "active"}), 422), "body.status")
	about(t, expect(t, h.Call("POST", "/users", O{"user_name": "bob", "status": "rejected"}), 422), "body.status")
	for _, body := range []O{
		{"name": O{"id": "x"}}, {"emails": []O{{"value": "a@example.com", "id": "x"}}}, {"enterprise": O{"x": "y"}},
		{"custom": O{"urn:example:x": "text"}},
	} {
		expect(t, h.Call("PATCH", path, body), 422)
	}
}

func TestRepeatedCreationMakesOneUser(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		make := func(name string) *housetest.Answer {
			return h.Call("POST", "/users", O{"user_name": name}, "Idempotency-Key", "k")
		}
		first, second := expect(t, make("ann"), http.StatusCreated), expect(t, make("ann"), http.StatusCreated)
		if first.String("id") != second.String("id") || second.Header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("%s\n%s", first.Text, second.Text)
		}
		expect(t, make("bob"), 422)
		expect(t, h.Call("POST", "/users", O{"user_name": "ANN"}), http.StatusConflict)
		if all := items(t, h.Call("GET", "/users", nil)); len(all) != 1 {
			t.Errorf("%v", all)
		}
	})
}

func TestUsersAreListedByWhatTheyAre(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		ann := h.Must("POST", "/users", O{"user_name": "ann", "emails": []O{{"value": "ann@example.com"}}, "external_id": "7"})
		h.Must("POST", "/users", O{"user_name": "bob", "status": "staged", "external_id": "7"})
		h.Must("POST", "/users", O{"user_name": "carl", "status": "suspended"})
		h.Must("POST", "/users", O{"user_name": "dora@example.com"})
		number, _ := json.Marshal(ann.JSON["number"])
		for query, want := range map[string][]string{
			"":                                  {"ann", "bob", "carl", "dora@example.com"},
			"?user_name=ANN":                    {"ann"},
			"?user_name=ann@example.com":        {},
			"?email=Ann@Example.com":            {"ann"},
			"?email=dora@example.com":           {},
			"?user_name=DORA@example.com":       {"dora@example.com"},
			"?number=" + string(number):         {"ann"},
			"?number=1":                         {},
			"?status=active":                    {"ann", "dora@example.com"},
			"?status=staged":                    {"bob"},
			"?external_id=7":                    {"ann", "bob"},
			"?external_id=7&status=staged":      {"bob"},
			"?external_id=7&user_name=carl":     {},
			"?population=" + ann.String("id"):   {},
			"?group=" + ann.String("id"):        {},
			"?population=" + population(h, ann): {"ann", "bob", "carl", "dora@example.com"},
			"?status=suspended&population=" + population(h, ann): {"carl"},
		} {
			for _, limit := range []string{"limit=1", "limit=200"} {
				separator := "?"
				if query != "" {
					separator = query + "&"
				}
				if got := h.EveryPage("/users"+separator+limit, "user_name"); !slices.Equal(slices.Sorted(slices.Values(got)), want) && len(got)+len(want) > 0 {
					t.Errorf("%s %s: %q, want %q", query, limit, got, want)
				}
			}
		}
		for _, query := range []string{"?status=locked", "?number=0", "?number=x", "?population=x", "?group=x", "?cursor=x", "?limit=201"} {
			expect(t, h.Call("GET", "/users"+query, nil), 422)
		}
		next := h.Call("GET", "/users?limit=1", nil).String("next")
		expect(t, h.Call("GET", "/users?limit=1&status=active&cursor="+next, nil), 422)
	})
}

func TestUsersAreFoundByAFilter(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		for _, name := range []string{"brown", "bruno", "carl", "brad"} {
			h.Must("POST", "/users", O{"user_name": name, "name": O{"family_name": name}, "title": "Captain"})
		}
		for filter, want := range map[string]string{
			`userName sw "br"`: "brad brown bruno", `name.familyName eq "CARL"`: "carl", `title eq "captain" and not (userName co "r")`: "", `active eq false`: "",
		} {
			got := h.EveryPage("/users?limit=2&filter="+url.QueryEscape(filter), "user_name")
			if slices.Sort(got); strings.Join(got, " ") != want {
				t.Errorf("%s: %q, want %q", filter, got, want)
			}
		}
		for _, filter := range []string{"x", `password eq "x"`, strings.Repeat("(", 5000)} {
			about(t, expect(t, h.Call("GET", "/users?filter="+url.QueryEscape(filter), nil), 422), "query.filter")
		}
		about(t, expect(t, h.Call("GET", "/users?user_name=carl&filter="+url.QueryEscape(`active eq true`), nil), 422), "query.filter")
	})
}

func population(h *housetest.House, user *housetest.Answer) string {
	return h.Must("GET", "/users/"+user.String("id"), nil).String("population_id")
}

// Whoever pages through users meets each once who was there from the start, while others come.
func TestPagesShowEachUserOnceWhileOthersCome(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		var there []string
		for i := range 9 {
			there = append(there, h.Must("POST", "/users", O{"user_name": fmt.Sprint("first-", i)}).String("id"))
		}
		var seen []string
		for cursor, i := "", 0; ; i++ {
			page := h.Must("GET", "/users?limit=2"+cursor, nil)
			for _, u := range items(t, page) {
				seen = append(seen, u["id"].(string))
			}
			if page.String("next") == "" {
				break
			}
			cursor = "&cursor=" + page.String("next")
			if i < 3 {
				h.Must("POST", "/users", O{"user_name": fmt.Sprint("late-", i)})
			}
		}
		counts := map[string]int{}
		for _, id := range seen {
			counts[id]++
		}
		for _, id := range there {
			if counts[id] != 1 {
				t.Errorf("%s was shown %d times", id, counts[id])
			}
		}
		if len(seen) != len(counts) {
			t.Errorf("%d items are %d users", len(seen), len(counts))
		}
	})
}

func TestUserGoesFromStateToState(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		path := "/users/" + h.Must("POST", "/users", O{"user_name": "ann", "status": "unapproved"}).String("id")
		step := func(verb string, body any, status int, state string) {
			t.Helper()
			expect(t, h.Call("POST", path+"/"+verb, body), status)
			if got := h.Must("GET", path, nil).String("state"); got != state {
				t.Errorf("after %s: %s, want %s", verb, got, state)
			}
		}
		step("suspend", nil, 409, "unapproved")
		step("reject", nil, 200, "rejected")
		step("approve", nil, 200, "staged")
		step("approve", nil, 200, "staged")
		step("activate", nil, 200, "active")
		step("approve", nil, 409, "active")
		step("reject", nil, 409, "active")
		step("lock", O{"until": "2001-01-01T00:00:00Z"}, 422, "active")
		step("lock", O{"until": "2099-01-01T00:00:00Z"}, 200, "locked")
		members(t, h.Must("GET", path, nil), O{"locked_until": "2099-01-01T00:00:00Z"})
		step("lock", O{}, 200, "locked")
		members(t, h.Must("GET", path, nil), O{"locked_until": "9999-12-31T00:00:00Z"})
		step("suspend", nil, 200, "suspended")
		step("activate", nil, 200, "locked")
		step("unlock", nil, 200, "active")
		step("logout", nil, 200, "active")
		kinds := h.EveryPage("/ledger/events?limit=200", "kind")
		for _, kind := range []string{"user.created", "user.rejected", "user.approved", "user.activated", "user.locked", "user.suspended", "user.unlocked", "user.logged_out"} {
			if !slices.Contains(kinds, kind) {
				t.Errorf("the ledger does not tell of %s", kind)
			}
		}
	})
}
