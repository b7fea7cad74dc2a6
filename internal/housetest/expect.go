package housetest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
)

// Expect fails the test unless the answer of the management API has the status and may not be stored, and unless a
// problem document has the right form.
func Expect(t testing.TB, a *Answer, status int) *Answer {
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

// About fails the test unless the problem is about the given part of the request, such as "body.name".
func About(t testing.TB, a *Answer, location string) {
	t.Helper()
	for _, one := range a.JSON["errors"].([]any) {
		if one.(O)["location"] == location {
			return
		}
	}
	t.Errorf("not about %s: %s", location, a.Text)
}

// Items returns the items of a page.
func Items(t testing.TB, a *Answer) []O {
	t.Helper()
	list, ok := Expect(t, a, http.StatusOK).JSON["items"].([]any)
	if !ok {
		t.Fatalf("no items: %s", a.Text)
	}
	all := make([]O, len(list))
	for i, one := range list {
		all[i] = one.(O)
	}
	return all
}

// Members compares members of an answer with what they should be, as both print. One that should be absent is nil.
func Members(t testing.TB, a *Answer, want O) {
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

// EveryPage follows a list of the management API to its end and returns a member of each item.
func (h *House) EveryPage(path, member string) (all []string) {
	h.T.Helper()
	separator := "?"
	if strings.Contains(path, "?") {
		separator = "&"
	}
	for cursor := ""; ; {
		page := h.Call("GET", path+cursor, nil)
		for _, item := range Items(h.T, page) {
			all = append(all, fmt.Sprint(item[member]))
		}
		next := page.String("next")
		if next == "" {
			return all
		}
		cursor = separator + "cursor=" + next
	}
}

// Limited returns a token that carries just these scopes, of an application that has no others.
func (h *House) Limited(scopes ...string) string {
	h.T.Helper()
	return h.Token(h.NewApp("limited "+uuid.NewString(), nil, scopes...))
}
