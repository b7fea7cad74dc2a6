package noticeapi_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// O is a JSON object.
type O = housetest.O

var (
	expect  = housetest.Expect
	members = housetest.Members
)

// received is a message as it came.
type received struct {
	header http.Header
	body   string
}

// kind is the type of the event that the message tells.
func (r received) kind() string {
	var message struct{ Type string }
	_ = json.Unmarshal([]byte(r.body), &message)
	return message.Type
}

// receiver answers with what status returns and passes on what came.
func receiver(t *testing.T, status func() int) (url string, came chan received) {
	t.Helper()
	came = make(chan received, 100)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		came <- received{r.Header, string(body)}
		w.WriteHeader(status())
	}))
	t.Cleanup(s.Close)
	return s.URL, came
}

func fine() int { return http.StatusNoContent }

// next returns the next message; more than the second that is promised is left for a machine that is busy.
func next(t *testing.T, came chan received) received {
	t.Helper()
	select {
	case r := <-came:
		return r
	case <-time.After(20 * time.Second):
		t.Fatal("no message came")
		return received{}
	}
}

// signed reports whether one of the signatures is made with secret, computed here as the specification has it.
func signed(r received, secret string) bool {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, key)
	_, _ = io.WriteString(mac, r.header.Get("webhook-id")+"."+r.header.Get("webhook-timestamp")+"."+r.body)
	want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	for one := range strings.FieldsSeq(r.header.Get("webhook-signature")) {
		if one == want {
			return true
		}
	}
	return false
}

func TestLifeOfAWebhook(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		url, came := receiver(t, fine)
		made := expect(t, h.Call("POST", "/webhooks", O{"url": url, "description": "audit", "kinds": []string{"application.*"}}), http.StatusCreated)
		path, secret := "/webhooks/"+made.String("id"), made.String("secret")
		members(t, made, O{"url": url, "description": "audit", "kinds": "[application]", "enabled": true, "failures": 0, "created_by": h.Admin.ID})
		if !strings.HasPrefix(secret, "whsec_") {
			t.Fatal(made.Text)
		}
		if shown := h.Must("GET", path, nil); shown.JSON["secret"] != nil || shown.Header.Get("ETag") != `"1"` {
			t.Error(shown.Text, shown.Header)
		}

		app := h.NewApp("billing", nil)
		if r := next(t, came); r.kind() != "application.created" || !strings.Contains(r.body, app.ID) || !signed(r, secret) || signed(r, "whsec_AAAA") {
			t.Errorf("%+v", r)
		}
		h.Must("POST", path+"/test", nil)
		if r := next(t, came); r.kind() != "webhook.test" || !signed(r, secret) {
			t.Errorf("%+v", r)
		}

		rotated := h.Must("POST", path+"/rotate", nil)
		h.Must("POST", "/applications/"+app.ID+"/disable", nil)
		if r := next(t, came); rotated.String("secret") == secret || !signed(r, secret) || !signed(r, rotated.String("secret")) {
			t.Errorf("while a secret is rotated both sign: %+v", r)
		}

		expect(t, h.Call("PATCH", path, O{"description": nil}, "If-Match", `"1"`), http.StatusPreconditionFailed)
		members(t, h.Must("PATCH", path, O{"description": nil, "kinds": []string{"key"}}), O{"description": "", "kinds": "[key]", "url": url})
		h.Must("POST", path+"/disable", nil)
		members(t, h.Must("GET", path, nil), O{"enabled": false})
		expect(t, h.Call("POST", path+"/test", nil), http.StatusConflict)
		h.Must("POST", path+"/enable", nil)
		if got := h.EveryPage("/webhooks", "id"); len(got) != 1 {
			t.Errorf("listed: %v", got)
		}
		h.Must("DELETE", path, nil)
		expect(t, h.Call("GET", path, nil), http.StatusNotFound)
	})
}

func TestARepeatedCreationOfAWebhookDoesNotShowItsSecretAgain(t *testing.T) {
	h := housetest.Start(t)
	url, _ := receiver(t, fine)
	body := O{"url": url}
	first := expect(t, h.Call("POST", "/webhooks", body, "Idempotency-Key", "one"), http.StatusCreated)
	again := expect(t, h.Call("POST", "/webhooks", body, "Idempotency-Key", "one"), http.StatusCreated)
	if again.String("id") != first.String("id") || again.String("secret") != "" || again.JSON["secret_shown"] != true {
		t.Error(again.Text)
	}
}

func TestWhatAReceiverDoesNotTakeIsListedAndCanBeReplayed(t *testing.T) {
	h := housetest.Start(t)
	answers := make(chan int, 100)
	answers <- http.StatusInternalServerError
	url, came := receiver(t, func() int {
		select {
		case status := <-answers:
			return status
		default:
			return http.StatusOK
		}
	})
	path := "/webhooks/" + h.Must("POST", "/webhooks", O{"url": url, "kinds": []string{"application"}}).String("id")
	h.NewApp("billing", nil)
	first := next(t, came)
	deliveries := path + "/deliveries"
	waiting := eventually(t, h, deliveries+"?state=pending", func(items []O) bool { return len(items) == 1 && items[0]["attempts"] == 1.0 })
	if waiting[0]["status"] != 500.0 || waiting[0]["kind"] != "application.created" || waiting[0]["next_at"] == nil {
		t.Error(waiting)
	}
	event := waiting[0]["event"]
	h.Must("POST", path+"/replay", O{"delivery": event})
	if second := next(t, came); second.header.Get("webhook-id") != first.header.Get("webhook-id") {
		t.Error("a replay has another id")
	}
	eventually(t, h, deliveries+"?state=delivered", func(items []O) bool { return len(items) == 1 })
	if dead := housetest.Items(t, h.Must("GET", deliveries+"?state=dead", nil)); len(dead) != 0 {
		t.Error(dead)
	}
	h.Must("POST", path+"/replay", O{"since": 1})
	if again := next(t, came); !strings.HasPrefix(again.kind(), "application.") {
		t.Error(again)
	}
	for name, body := range map[string]O{"nothing": {}, "two things": {"delivery": event, "dead": true}, "less than nothing": {"since": -1}} {
		if a := h.Call("POST", path+"/replay", body); a.Status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", name, a.Status, a.Text)
		}
	}
	expect(t, h.Call("POST", path+"/replay", O{"delivery": 100_000}), http.StatusNotFound)
	expect(t, h.Call("GET", deliveries+"?state=lost", nil), http.StatusUnprocessableEntity)
}

// eventually asks for a list until it is as wanted.
func eventually(t *testing.T, h *housetest.House, path string, wanted func([]O) bool) []O {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if items := housetest.Items(t, h.Must("GET", path, nil)); wanted(items) {
			return items
		} else if time.Now().After(deadline) {
			t.Fatalf("%s stays %v", path, items)
		}
	}
}

// Whoever may change webhooks must not be able to send the server against its own network, nor read the ledger.
func TestAWebhookLeadsNobodyInsideAndNobodyPastTheLedger(t *testing.T) {
	h := housetest.Start(t)
	for _, url := range []string{
		"", "ftp://receiver.example/", "https://user:secret@receiver.example/", "https://receiver.example/#fragment", "http://receiver.example/",
		"https://10.0.0.1/", "https://169.254.169.254/latest", "https://[fd00::1]/", "https://0x7f000001/", "https://2130706433/", "/hook",
	} {
		a := h.Call("POST", "/webhooks", O{"url": url})
		housetest.About(t, expect(t, a, http.StatusUnprocessableEntity), "body.url")
	}
	blind := h.Limited("webhooks:write", "webhooks:read")
	expect(t, h.CallAs(blind, "POST", "/api/v1/webhooks", O{"url": "http://127.0.0.1:9/"}), http.StatusForbidden)
	path := "/webhooks/" + h.Must("POST", "/webhooks", O{"url": "http://127.0.0.1:9/", "disabled": true}).String("id")
	for method, to := range map[string]string{"PATCH": path, "POST": path + "/rotate"} {
		expect(t, h.CallAs(blind, method, "/api/v1"+to, O{}), http.StatusForbidden)
	}
	expect(t, h.Call("PATCH", path, O{"url": "https://10.0.0.1/"}), http.StatusUnprocessableEntity)
	other, _ := h.NewEnvironment("other")
	for _, to := range []string{path, path + "/deliveries"} {
		expect(t, other.Call("GET", to, nil), http.StatusNotFound)
	}
	expect(t, other.Call("POST", path+"/replay", O{"dead": true}), http.StatusNotFound)
}

func TestAMailAboutACredentialThatExpiresIsInTheMailbox(t *testing.T) {
	h := housetest.Start(t)
	members(t, h.Must("GET", "/notice-addresses", nil), O{"addresses": "[]", "carrier": "mailbox"})
	members(t, h.Must("PUT", "/notice-addresses", O{"addresses": []string{"ops@example.com", "OPS@example.com"}}), O{"addresses": "[ops@example.com]"})
	for _, address := range []string{"Ops <ops@example.com>", "ops@example.com\r\nBcc: a@b.example", "ops", ""} {
		expect(t, h.Call("PUT", "/notice-addresses", O{"addresses": []string{address}}), http.StatusUnprocessableEntity)
	}
	members(t, h.Must("GET", "/notice-addresses", nil), O{"addresses": "[ops@example.com]"})
	app := h.NewApp("billing", nil)
	secret := h.Must("POST", "/applications/"+app.ID+"/secrets", O{"expires_at": time.Now().Add(12 * time.Hour).Format(time.RFC3339)})
	notice(t, h)
	h.Clock.Move(11 * time.Minute)
	notice(t, h)
	kept := housetest.Items(t, h.Must("GET", "/mailbox", nil))
	if len(kept) != 1 || kept[0]["to"] != "ops@example.com" || kept[0]["body"] != nil {
		t.Fatal(kept)
	}
	if one := h.Must("GET", "/mailbox/1", nil); !strings.Contains(one.String("body"), secret.String("hint")) || strings.Contains(one.Text, secret.String("secret")) {
		t.Error(one.Text)
	}
	expect(t, h.Call("GET", "/mailbox/2", nil), http.StatusNotFound)
	if sent := housetest.Items(t, h.Must("GET", "/mails?state=sent", nil)); len(sent) != 1 || sent[0]["address"] != "ops@example.com" {
		t.Error(sent)
	}
	members(t, h.Must("POST", "/mails/retry", nil), O{"retried": 0})
	if got := h.Metrics()[`counterfoil_credentials_expiring{horizon="1"}`]; got != 1 {
		t.Errorf("the metric says %v", got)
	}
	other, _ := h.NewEnvironment("other")
	if kept := housetest.Items(t, other.Must("GET", "/mailbox", nil)); len(kept) != 0 {
		t.Errorf("another environment reads them: %v", kept)
	}
}

func notice(t *testing.T, h *housetest.House) {
	t.Helper()
	if err := h.Notice(t.Context()); err != nil {
		t.Fatal(err)
	}
}
