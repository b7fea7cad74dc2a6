package signin_test

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// field returns the value of the first hidden field of that name.
func field(t *testing.T, page *housetest.Answer, name string) string {
	t.Helper()
	found := regexp.MustCompile(`name="` + name + `" value="([^"]+)"`).FindStringSubmatch(page.Text)
	if found == nil {
		t.Fatalf("no field %s: %s", name, page.Text)
	}
	return found[1]
}

func TestAPersonLooksAfterTheirOwnFactors(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		member(h, "ada")
		v := visit(h)
		v.signIn("ada", good)
		page := v.post("/account/apps", "name", "Phone")
		wants(t, "an app", page, http.StatusOK, `<svg id="qr"`, `id="app-secret"`)
		secret := regexp.MustCompile(`id="app-secret">([A-Z2-7]+)<`).FindStringSubmatch(page.Text)[1]
		id := field(t, page, "factor")
		wants(t, "a wrong code", v.post("/account/apps/confirm", "factor", id, "code", "000000"), http.StatusUnprocessableEntity, `id="code-problem"`)
		if a := v.get("/account"); strings.Contains(a.Text, secret) || strings.Contains(a.Text, "Phone") {
			t.Error("a factor that was not confirmed is shown, or its secret again")
		}
		led(t, v.post("/account/apps/confirm", "factor", id, "code", totp(t, secret, h.Clock.Now())), "../account?done")
		wants(t, "the account", v.get("/account"), http.StatusOK, "Phone")
		codes := v.post("/account/codes")
		wants(t, "recovery codes", codes, http.StatusOK, `id="codes"`)
		code := regexp.MustCompile(`<li><code>([a-z0-9-]{19})</code>`).FindStringSubmatch(codes.Text)[1]
		// Both count at the next sign-in.
		v.signOut()
		led(t, v.post("/signin", "login", "ada", "password", good), "signin/factor")
		page = v.get("/signin/factor")
		recovery := regexp.MustCompile(`value="([^"]+)"[^>]*> A recovery code`).FindStringSubmatch(page.Text)[1]
		led(t, v.post("/signin/factor", "factor", recovery, "code", code), "../account")
		// The ledger knows who did it, and no secret.
		text := h.Call("GET", "/ledger/events?limit=500", nil).Text
		if strings.Contains(text, secret) || strings.Contains(text, code) || strings.Contains(h.Log.String(), secret) {
			t.Error("ledger or log have a secret")
		}
		// What concerns factors asks for a fresh proof.
		h.Clock.Move(6 * time.Minute)
		for path, name := range map[string]string{"/account/factors": "factor", "/account/apps": "name", "/account/codes": "x", "/account/passkeys": "token"} {
			led(t, v.post(path, name, id), "../signin/step-up?return_to="+url.QueryEscape("/account"))
		}
		led(t, v.post("/signin/step-up", "password", good, "return_to", "/account"), "../signin/factor")
		led(t, v.post("/signin/factor", "factor", id, "code", totp(t, secret, h.Clock.Now())), "/account")
		led(t, v.post("/account/factors", "factor", id), "../account?done")
		if strings.Contains(v.get("/account").Text, "Phone") {
			t.Error("the factor is still there")
		}
	})
}

func TestAPersonSeesAndEndsTheirOwnSessionsAndNobodyElses(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		member(h, "ada")
		member(h, "eve")
		here, there, eve := visit(h), visit(h), visit(h)
		there.signIn("ada", good)
		eve.signIn("eve", good)
		here.signIn("ada", good)
		page := here.get("/account")
		ids := regexp.MustCompile(`name="session" value="([^"]+)"`).FindAllStringSubmatch(page.Text, -1)
		if len(ids) != 2 {
			t.Fatalf("%v", ids)
		}
		hers := field(t, eve.get("/account"), "session")
		led(t, here.post("/account/sessions", "session", hers), "../account?done") // as if it were gone already
		if !eve.in() {
			t.Fatal("a stranger's session was ended")
		}
		for _, id := range ids {
			if other := here.get("/account"); strings.Count(other.Text, id[1]) == 1 && !strings.Contains(regexp.MustCompile(`· here</span></span>\s*<form[^>]*><input[^>]*value="([^"]+)`).FindString(other.Text), id[1]) {
				led(t, here.post("/account/sessions", "session", id[1]), "../account?done")
			}
		}
		if there.in() || !here.in() {
			t.Error("the wrong session ended")
		}
		there.signIn("ada", good)
		led(t, here.post("/account/sessions/all"), "../account?done")
		if there.in() || here.in() || !eve.in() {
			t.Error("signing out everywhere ended too little or too much")
		}
	})
}

func TestARememberedDeviceIsForgottenByItsOwner(t *testing.T) {
	h := housetest.Start(t)
	id := member(h, "ada")
	chosen, secret := enrol(h, id)
	v := visit(h)
	led(t, v.post("/signin", "login", "ada", "password", good), "signin/factor")
	led(t, v.post("/signin/factor", "factor", chosen, "code", totp(t, secret, h.Clock.Now()), "remember", "1"), "../account")
	led(t, v.post("/account/devices", "device", field(t, v.get("/account"), "device")), "../account?done")
	v.signOut()
	led(t, v.post("/signin", "login", "ada", "password", good), "signin/factor")
}

func TestPasskeysAreMadeByWhoIsSignedInAndFreshAlone(t *testing.T) {
	h := housetest.StartWith(t, "--base-url", "http://localhost:1") // a name, which passkeys need
	member(h, "ada")
	v := visit(h)
	begin := func(purpose string) *housetest.Answer {
		return v.post("/signin/passkey/begin", "for", purpose, "name", "Laptop")
	}
	for purpose, status := range map[string]int{"signin": 200, "factor": 404, "step-up": 401, "add": 401, "else": 422} {
		if a := begin(purpose); a.Status != status {
			t.Errorf("%s for a stranger: %d %s", purpose, a.Status, a.Text)
		}
	}
	v.signIn("ada", good)
	if a := begin("add"); a.Status != http.StatusOK || a.String("token") == "" || a.Object("options").Object("rp").String("id") != "localhost" {
		t.Errorf("%d %s", a.Status, a.Text)
	}
	// The challenge of one purpose is none of another's, and an answer that is none lets nobody in.
	token := begin("add").String("token")
	v.signOut()
	wants(t, "a token without a signature", v.post("/signin/passkey", "token", token, "response", "{}"), http.StatusUnprocessableEntity, "passkey did not work")
	wants(t, "nothing", v.post("/signin/passkey"), http.StatusUnprocessableEntity, "passkey did not work")
	v.signIn("ada", good)
	h.Clock.Move(6 * time.Minute)
	if a := begin("add"); a.Status != http.StatusForbidden || a.String("code") != "step_up_required" {
		t.Errorf("%d %s", a.Status, a.Text)
	}
}
