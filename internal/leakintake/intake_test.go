package leakintake_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// O is a JSON object.
type O = housetest.O

// partner signs alerts, as one whose keys a house knows.
type partner struct {
	t   *testing.T
	id  string
	key *ecdsa.PrivateKey
}

func newPartner(t *testing.T, id string) *partner {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &partner{t, id, key}
}

// publish makes the house know the keys of partners, and of no others.
func publish(t *testing.T, h *housetest.House, partners ...*partner) {
	t.Helper()
	keys := []O{}
	for _, p := range partners {
		der, err := x509.MarshalPKIXPublicKey(&p.key.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
		keys = append(keys, O{"key_identifier": p.id, "key": string(text), "is_current": true})
	}
	document, err := json.Marshal(O{"public_keys": keys})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(h.Config().LeakKeysFile, document, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (p *partner) sign(body string) string {
	sum := sha256.Sum256([]byte(body))
	signature, err := ecdsa.SignASN1(rand.Reader, p.key, sum[:])
	if err != nil {
		p.t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(signature)
}

// alert returns the body that reports secrets.
func alert(secrets ...string) string {
	reports := []O{}
	for _, secret := range secrets {
		reports = append(reports, O{"token": secret, "type": "counterfoil_secret", "url": "https://code.example/org/repo/blob/main/.env", "source": "commit"})
	}
	text, _ := json.Marshal(reports)
	return string(text)
}

func send(h *housetest.House, id, signature, body string) *housetest.Answer {
	h.T.Helper()
	return h.Send(h.Request("POST", "/leaks/github", strings.NewReader(body), "Content-Type", "application/json",
		"Github-Public-Key-Identifier", id, "Github-Public-Key-Signature", signature))
}

// verdicts sends an alert that must be taken and returns the label of each secret.
func (p *partner) verdicts(h *housetest.House, secrets ...string) map[string]string {
	h.T.Helper()
	body := alert(secrets...)
	a := send(h, p.id, p.sign(body), body)
	var answered []struct {
		Hash  string `json:"token_hash"`
		Type  string `json:"token_type"`
		Label string `json:"label"`
	}
	if err := json.Unmarshal([]byte(a.Text), &answered); a.Status != http.StatusOK || err != nil || len(answered) != len(secrets) {
		h.T.Fatalf("%d %s", a.Status, a.Text)
	}
	labels := map[string]string{}
	for i, secret := range secrets {
		sum := sha256.Sum256([]byte(secret))
		if answered[i].Hash != hex.EncodeToString(sum[:]) || answered[i].Type != "counterfoil_secret" {
			h.T.Errorf("verdict %d is %+v", i, answered[i])
		}
		labels[secret] = answered[i].Label
	}
	return labels
}

// events returns the kinds of the events about a subject, and all that the ledger says as text.
func events(h *housetest.House) (kinds []string, text string) {
	h.T.Helper()
	a := h.Must("GET", "/ledger/events?limit=1000", nil)
	for _, e := range housetest.Items(h.T, a) {
		kinds = append(kinds, e["kind"].(string))
	}
	return kinds, a.Text
}

func count(kinds []string, kind string) (n int) {
	for _, k := range kinds {
		if k == kind {
			n++
		}
	}
	return n
}

func TestALeakIsReportedOnceAndTheSecretIsNowhere(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		github := newPartner(t, "one")
		publish(t, h, github)
		app := h.NewApp("billing", nil, "apis:read")
		gone := h.NewApp("gone", nil) // well formed, and nobody's
		h.Must("DELETE", "/applications/"+gone.ID, nil)
		unknown := gone.Secret
		for range 2 {
			labels := github.verdicts(h, app.Secret, unknown, "AKIA0000")
			if labels[app.Secret] != "true_positive" || labels[unknown] != "false_positive" || labels["AKIA0000"] != "false_positive" {
				t.Fatal(labels)
			}
		}
		kinds, text := events(h)
		if n := count(kinds, "credential.exposed"); n != 1 {
			t.Errorf("%d events for an alert that came twice", n)
		}
		for place, said := range map[string]string{"ledger": text, "log": h.Log.String()} {
			if strings.Contains(said, app.Secret[8:]) {
				t.Errorf("the secret is in the %s", place)
			}
		}
		h.Token(app) // the policy only tells
	})
}

func TestALeakIsAnsweredAsThePolicySays(t *testing.T) {
	h := housetest.Start(t)
	github := newPartner(t, "one")
	publish(t, h, github)
	h.Must("PATCH", "/policy", O{"on_leak": "lock"})
	app, watcher := h.NewApp("billing", nil, "apis:read"), h.Admin
	token := h.Token(app)
	github.verdicts(h, app.Secret)
	if a := h.Form("/oauth2/token", app, "grant_type", "client_credentials"); a.Status != http.StatusUnauthorized {
		t.Errorf("the locked secret gets %d", a.Status)
	}
	if h.Active(watcher, token) {
		t.Error("a token of the locked secret lives")
	}
	// An administrator lets it work again, and whoever kept the alert sends it once more.
	secrets := "/applications/" + app.ID + "/secrets"
	id := housetest.Items(t, h.Must("GET", secrets, nil))[0]["id"].(string)
	h.Must("POST", secrets+"/"+id+"/enable", nil)
	github.verdicts(h, app.Secret)
	h.Token(app)

	inside, _ := h.NewEnvironment("inside")
	other := inside.NewApp("other", nil, "apis:read")
	if labels := github.verdicts(h, other.Secret); labels[other.Secret] != "true_positive" {
		t.Error("a secret of another environment is not found")
	}
	if kinds, _ := events(inside); count(kinds, "credential.exposed") != 1 {
		t.Error("its own ledger does not say so")
	}
	inside.Token(other) // its own policy only tells
}

func TestNobodyButThePartnerIsBelieved(t *testing.T) {
	h := housetest.Start(t)
	github, stranger := newPartner(t, "one"), newPartner(t, "one")
	publish(t, h, github)
	app := h.NewApp("billing", nil, "apis:read")
	body := alert(app.Secret)
	good := github.sign(body)
	raw, err := base64.StdEncoding.DecodeString(good)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)-1] ^= 1
	before, _ := events(h)
	for name, c := range map[string]struct{ id, signature, body string }{
		"no signature":       {"one", "", body},
		"no key":             {"", good, body},
		"another's key":      {"one", stranger.sign(body), body},
		"an unknown key":     {"two", stranger.sign(body), body},
		"a bent signature":   {"one", base64.StdEncoding.EncodeToString(raw), body},
		"a changed body":     {"one", good, body + " "},
		"another body":       {"one", github.sign("[]"), body},
		"no base64":          {"one", "%%%", body},
		"a long signature":   {"one", strings.Repeat("A", 4096), body},
		"garbage":            {"one", "AAAA", "garbage"},
		"a zero signature":   {"one", "MAYCAQACAQA=", body}, // r = s = 0
		"two values for one": {"one, two", good, body},
	} {
		if a := send(h, c.id, c.signature, c.body); a.Status != http.StatusUnauthorized || strings.Contains(a.Text, app.Secret[8:]) {
			t.Errorf("%s: %d %s", name, a.Status, a.Text)
		}
	}
	for body, status := range map[string]int{
		`{}`: 422, `[{"token":1}]`: 422, "[" + strings.Repeat(`{"token":"x","type":"t"},`, 100) + `{"token":"x","type":"t"}]`: 413,
		strings.Repeat(" ", 1<<20+1): 413,
	} {
		if a := send(h, "one", github.sign(body), body); a.Status != status {
			t.Errorf("%.20s…: %d %s, want %d", body, a.Status, a.Text, status)
		}
	}
	_, _ = h.NewEnvironment("inside")
	r := h.Request("POST", "/inside/leaks/github", strings.NewReader(body), "Github-Public-Key-Identifier", "one", "Github-Public-Key-Signature", good)
	if a := h.Send(r); a.Status != http.StatusNotFound {
		t.Errorf("inside an environment: %d", a.Status)
	}
	if after, _ := events(h); count(after, "credential.exposed") != 0 || len(before) == 0 {
		t.Error("a forged alert left a trace")
	}
}

// A key that was published since is learnt at the first alert under it, and no more often than once a minute.
func TestKeysFollowThePartner(t *testing.T) {
	h := housetest.Start(t)
	app := h.NewApp("billing", nil, "apis:read")
	first, second := newPartner(t, "one"), newPartner(t, "two")
	body := alert(app.Secret)
	if a := send(h, "one", first.sign(body), body); a.Status != http.StatusServiceUnavailable {
		t.Errorf("without keys: %d %s", a.Status, a.Text)
	}
	publish(t, h, first)
	if a := send(h, "one", first.sign(body), body); a.Status != http.StatusServiceUnavailable {
		t.Errorf("the keys are read twice within a minute: %d", a.Status)
	}
	h.Clock.Move(2 * time.Minute)
	first.verdicts(h, app.Secret)
	publish(t, h, second)
	if a := send(h, "two", second.sign(body), body); a.Status != http.StatusUnauthorized {
		t.Errorf("an unknown key makes them read again within a minute: %d", a.Status)
	}
	h.Clock.Move(2 * time.Minute)
	second.verdicts(h, app.Secret)
	if a := send(h, "one", first.sign(body), body); a.Status != http.StatusUnauthorized {
		t.Errorf("a key that was taken out is believed: %d", a.Status)
	}
	// What cannot be read any more is believed for a day.
	if err := os.Remove(h.Config().LeakKeysFile); err != nil {
		t.Fatal(err)
	}
	h.Clock.Move(2 * time.Hour)
	second.verdicts(h, app.Secret)
	h.Clock.Move(25 * time.Hour)
	if a := send(h, "two", second.sign(body), body); a.Status != http.StatusServiceUnavailable {
		t.Errorf("keys of two days ago: %d", a.Status)
	}
}
