package adminapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// O is a JSON object.
type O = housetest.O

// expect fails the test unless the answer has the status, and a problem document the right form.
func expect(t *testing.T, a *housetest.Answer, status int) *housetest.Answer {
	t.Helper()
	if a.Status != status {
		t.Fatalf("%d %s, want %d", a.Status, a.Text, status)
	}
	if a.Status >= 400 && (a.Header.Get("Content-Type") != "application/problem+json" || a.JSON["status"] != float64(status) || a.String("request_id") == "") {
		t.Fatalf("not a problem document: %v %s", a.Header, a.Text)
	}
	if !strings.Contains(a.Header.Get("Cache-Control"), "no-store") {
		t.Fatalf("may be stored: %v", a.Header)
	}
	return a
}

// at fails the test unless the problem is about the given part of the request.
func at(t *testing.T, a *housetest.Answer, location string) {
	t.Helper()
	for _, one := range a.JSON["errors"].([]any) {
		if one.(O)["location"] == location {
			return
		}
	}
	t.Errorf("not about %s: %s", location, a.Text)
}

// items returns the items of a page.
func items(t *testing.T, a *housetest.Answer) []O {
	t.Helper()
	list, ok := expect(t, a, http.StatusOK).JSON["items"].([]any)
	if !ok {
		t.Fatalf("no items: %s", a.Text)
	}
	all := make([]O, len(list))
	for i, one := range list {
		all[i] = one.(O)
	}
	return all
}

// members compares members of an answer with what they should be, as both print.
func members(t *testing.T, a *housetest.Answer, want O) {
	t.Helper()
	got := O{}
	for name := range want {
		got[name] = fmt.Sprint(a.JSON[name])
		want[name] = fmt.Sprint(want[name])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// everyPage follows a list to its end and returns a member of each item.
func everyPage(t *testing.T, h *housetest.House, path, member string) (all []string) {
	t.Helper()
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	for cursor := ""; ; {
		page := h.Call("GET", path+cursor, nil)
		for _, item := range items(t, page) {
			all = append(all, fmt.Sprint(item[member]))
		}
		next := page.String("next")
		if next == "" {
			return all
		}
		cursor = separator + "cursor=" + next
	}
}

// limited returns a token that carries just these scopes, of an application that has no others.
func limited(h *housetest.House, scopes ...string) string {
	h.T.Helper()
	return h.Token(h.NewApp("limited "+uuid.NewString(), nil, scopes...))
}

// other is an environment beside the default one.
type other struct {
	h        *housetest.House
	id, path string
	admin    housetest.Client
	token    string
}

func elsewhere(t *testing.T, h *housetest.House, slug string) *other {
	t.Helper()
	made := expect(t, h.Call("POST", "/environments", O{"name": "Other " + slug, "slug": slug}), http.StatusCreated)
	o := &other{h: h, id: made.String("id"), path: "/" + slug}
	o.admin = housetest.Client{ID: made.Object("admin").String("client_id"), Secret: made.Object("admin").String("client_secret")}
	o.token = expect(t, h.Form(o.path+"/oauth2/token", o.admin, "grant_type", "client_credentials"), http.StatusOK).String("access_token")
	return o
}

// call calls the management API of the other environment as its administrator.
func (o *other) call(method, path string, body any) *housetest.Answer {
	o.h.T.Helper()
	return o.h.CallAs(o.token, method, o.path+"/api/v1"+path, body)
}
