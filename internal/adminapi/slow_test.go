package adminapi_test

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// begin sends a request of the management API but for the last byte of its body, so that it has been let in and
// waits. The returned function sends the rest and returns the status of the answer.
func begin(h *housetest.House, token, method, path, body string) (finish func() int) {
	h.T.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(h.URL, "http://"))
	if err != nil {
		h.T.Fatal(err)
	}
	h.T.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "%s /api/v1%s HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		method, path, token, len(body), body[:len(body)-1])
	if err != nil {
		h.T.Fatal(err)
	}
	return func() int {
		if _, err := conn.Write([]byte(body[len(body)-1:])); err != nil {
			h.T.Fatal(err)
		}
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			h.T.Fatal(err)
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
}

// A request is let in before its body is read, which its sender can draw out; what is taken from the sender
// meanwhile counts all the same.
func TestAuthorityThatGoesWhileABodyTricklesInIsGone(t *testing.T) {
	for name, take := range map[string]struct {
		by   func(h *housetest.House, who housetest.Client, secret, token string)
		want int
	}{
		"the application's scopes": {func(h *housetest.House, who housetest.Client, _, _ string) {
			h.Must("PATCH", "/applications/"+who.ID, housetest.O{"scopes": []string{}})
		}, http.StatusForbidden},
		"the secret's scopes": {func(h *housetest.House, who housetest.Client, secret, _ string) {
			h.Must("PATCH", "/applications/"+who.ID+"/secrets/"+secret, housetest.O{"scopes": []string{}})
		}, http.StatusForbidden},
		"the token": {func(h *housetest.House, _ housetest.Client, _, token string) {
			h.Must("POST", "/tokens/revoke", housetest.O{"token": token})
		}, http.StatusUnauthorized},
		"the application": {func(h *housetest.House, who housetest.Client, _, _ string) {
			h.Must("POST", "/applications/"+who.ID+"/disable", nil)
		}, http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			h := housetest.Start(t)
			made := h.Must("POST", "/applications", housetest.O{
				"name": "clerk", "scopes": []string{"applications:write", "applications:read"}, "secret": housetest.O{},
			})
			who := housetest.Client{ID: made.String("client_id"), Secret: made.Object("secret").String("secret")}
			token := h.Token(who)
			if status := begin(h, token, "POST", "/applications", `{"name":"first"}`)(); status != http.StatusCreated {
				t.Fatalf("nothing taken: %d", status)
			}
			finish := begin(h, token, "POST", "/applications", `{"name":"planted"}`)
			take.by(h, who, made.Object("secret").String("id"), token)
			if status := finish(); status != take.want {
				t.Errorf("%d, want %d", status, take.want)
			}
			if a := h.Must("GET", "/applications?name=planted", nil); len(a.JSON["items"].([]any)) != 0 {
				t.Error("it was made all the same")
			}
		})
	}
}

func TestAPICannotTakeTheAudienceOfTheManagementAPI(t *testing.T) {
	h := housetest.Start(t)
	own := housetest.O{"name": "mimic", "audience": h.URL + "/api/v1"}
	if a := h.Call("POST", "/apis", own); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("made: %d %s", a.Status, a.Text)
	}
	id := h.NewAPI("letters", nil, "letters:read")
	if a := h.Call("PATCH", "/apis/"+id, housetest.O{"audience": h.URL + "/api/v1"}); a.Status != http.StatusUnprocessableEntity {
		t.Errorf("changed: %d %s", a.Status, a.Text)
	}
}

func TestQueryThatIsNoTextIsRefused(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		for _, query := range []string{"/applications?name=%00", "/applications?name=%ff", "/ledger/events?subject=%00"} {
			if a := h.Call("GET", query, nil); a.Status != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d %s", query, a.Status, a.Text)
			}
		}
	})
}
