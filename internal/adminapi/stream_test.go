package adminapi_test

import (
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

func TestAStreamTellsWhatHappensAsTheListDoes(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		head := fmt.Sprint(h.Must("GET", "/ledger/head", nil).JSON["number"])
		live, first := housetest.Listen(t, h.CallRequest(h.AdminToken(), "GET", "/api/v1/ledger/stream", nil))
		if first.ID != head {
			t.Errorf("it begins after %s, want %s", first.ID, head)
		}
		app := h.NewApp("watched", nil)
		for range 3 {
			h.Must("POST", "/applications/"+app.ID+"/disable", nil)
			h.Must("POST", "/applications/"+app.ID+"/enable", nil)
		}
		listed := housetest.Items(t, h.Call("GET", "/ledger/events?limit=1000&after="+head, nil))
		for _, want := range listed {
			got, ok := live.Next()
			if !ok || got.Kind != "ledger" || got.ID != fmt.Sprint(want["number"]) || fmt.Sprint(got.Data) != fmt.Sprint(want) {
				t.Fatalf("%v, the list says %v", got, want)
			}
		}
		// Whoever broke off goes on where they were, also when they come with the address of the first time.
		from := fmt.Sprint(listed[2]["number"])
		again, first := housetest.Listen(t, h.CallRequest(h.AdminToken(), "GET", "/api/v1/ledger/stream?after=0", nil, "Last-Event-ID", from))
		if e, _ := again.Next(); first.ID != from || e.ID != fmt.Sprint(listed[3]["number"]) {
			t.Errorf("it goes on after %s with %s", first.ID, e.ID)
		}
		whole, _ := housetest.Listen(t, h.CallRequest(h.AdminToken(), "GET", "/api/v1/ledger/stream?after=0", nil))
		if e, _ := whole.Next(); e.ID != "1" {
			t.Errorf("the whole ledger begins with %v", e)
		}
		one, _ := housetest.Listen(t, h.CallRequest(h.AdminToken(), "GET", "/api/v1/ledger/stream?after=0&subject="+app.ID, nil))
		if e, _ := one.Next(); e.Data["subject"].(O)["id"] != app.ID {
			t.Errorf("not about it: %v", e)
		}
	})
}

func TestAStreamEndsWithWhatOpenedIt(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		for name, stop := range map[string]func(id string){
			"suspended": func(id string) { h.Must("POST", "/users/"+id+"/suspend", nil) },
			"out":       func(id string) { h.Must("POST", "/users/"+id+"/logout", nil) },
		} {
			b, id := colleague(h, name, "organization-admin")
			r := b.CallRequest("", "GET", "/api/v1/ledger/stream", nil, "X-Counterfoil", "console", "Sec-Fetch-Site", "same-origin")
			for cookie, value := range b.Cookies {
				r.AddCookie(&http.Cookie{Name: cookie, Value: value})
			}
			l, _ := housetest.Listen(t, r)
			stop(id)
			l.Ends("session_over")
		}
		app := h.NewApp("listens", nil, "ledger:read")
		l, _ := housetest.Listen(t, h.CallRequest(h.Token(app), "GET", "/api/v1/ledger/stream", nil))
		h.Must("POST", "/applications/"+app.ID+"/disable", nil)
		l.Ends("unauthenticated")
		h.Must("POST", "/applications/"+app.ID+"/enable", nil)
		l, _ = housetest.Listen(t, h.CallRequest(h.Token(app), "GET", "/api/v1/ledger/stream", nil))
		h.Must("PATCH", "/applications/"+app.ID, O{"scopes": []string{}}, "If-Match", h.Must("GET", "/applications/"+app.ID, nil).Header.Get("ETag"))
		l.Ends("denied")
	})
}

// Nothing of an environment is heard in another, however much happens there.
func TestAStreamHearsItsOwnEnvironmentOnly(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		inside, _ := h.NewEnvironment("inside")
		l, _ := housetest.Listen(t, inside.CallRequest(inside.AdminToken(), "GET", "/api/v1/ledger/stream", nil))
		for i := range 5 {
			h.NewApp("outside "+strconv.Itoa(i), nil)
		}
		own := inside.NewApp("own", nil)
		if e, ok := l.Next(); !ok || e.Data["subject"].(O)["id"] != own.ID {
			t.Errorf("it hears %v", e)
		}
	})
}

func TestAStreamRefuses(t *testing.T) {
	h := housetest.Start(t)
	for query, status := range map[string]int{
		"after=-2": 422, "after=x": 422, "after=999999": 409, "other=1": 422, "after=1&after=2": 422,
	} {
		expect(t, h.Call("GET", "/ledger/stream?"+query, nil), status)
	}
	for _, id := range []string{"x", "-1", "9999999999999999999"} {
		expect(t, h.Call("GET", "/ledger/stream", nil, "Last-Event-ID", id), 422)
	}
	expect(t, h.CallAs(h.Limited("keys:read"), "GET", "/api/v1/ledger/stream", nil), http.StatusForbidden)
	token := h.Limited("ledger:read")
	var open []*housetest.Listener
	for range 8 {
		l, _ := housetest.Listen(t, h.CallRequest(token, "GET", "/api/v1/ledger/stream", nil))
		open = append(open, l)
	}
	expect(t, h.CallAs(token, "GET", "/api/v1/ledger/stream", nil), http.StatusTooManyRequests)
	housetest.Listen(t, h.CallRequest(h.AdminToken(), "GET", "/api/v1/ledger/stream", nil)) // somebody else is not in the way
	_ = open[0].Response.Body.Close()
	for limit := time.Now().Add(10 * time.Second); ; { // the server notices in its own time
		r := h.CallRequest(token, "GET", "/api/v1/ledger/stream", nil)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode == http.StatusOK {
			break
		}
		if time.Now().After(limit) {
			t.Fatal("a stream that was closed is counted for ever")
		}
	}
}
