package credentialapi_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"software.sslmate.com/src/go-pkcs12"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// publicKey is that of RFC 7517, appendix A.1.
var publicKey = O{
	"kty": "EC", "crv": "P-256", "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
}

func TestGeneratedCertificateIsShownOnce(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		app := h.Must("POST", "/applications", O{"name": "billing"}).String("client_id")
		path := "/applications/" + app + "/certificates"
		made := expect(t, h.Call("POST", path, O{"generate": true, "description": "host 7"}, "Idempotency-Key", "once"), 201)
		file, err := base64.StdEncoding.DecodeString(made.String("pkcs12"))
		if err != nil || len(file) < 500 || len(made.String("password")) < 20 || made.String("description") != "host 7" {
			t.Fatalf("%s", made.Text)
		}
		again := expect(t, h.Call("POST", path, O{"generate": true, "description": "host 7"}, "Idempotency-Key", "once"), 201)
		if again.String("id") != made.String("id") || again.String("pkcs12") != "" || again.String("password") != "" || again.JSON["secret_shown"] != true {
			t.Errorf("%s", again.Text)
		}
		shown := h.Must("GET", path+"/"+made.String("id"), nil)
		if strings.Contains(shown.Text, "pkcs12") || strings.Contains(shown.Text, "password") || shown.String("certificate") != made.String("certificate") {
			t.Errorf("%s", shown.Text)
		}
		if strings.Contains(h.Log.String(), made.String("password")) || strings.Contains(h.Log.String(), made.String("pkcs12")[:100]) {
			t.Error("the log holds the key")
		}
		ca := h.Must("GET", "/certificate-authorities/own", nil)
		expect(t, h.Call("DELETE", "/certificate-authorities/"+ca.String("id"), nil), 409)
		expect(t, h.Call("DELETE", path+"/"+made.String("id"), nil), 409) // the last one
		expect(t, h.Call("DELETE", path+"/"+made.String("id")+"?force=true", nil), 200)
		expect(t, h.Call("DELETE", path+"/"+made.String("id"), nil), 404)
		expect(t, h.Call("DELETE", "/certificate-authorities/"+ca.String("id"), nil), 200)
		expect(t, h.Call("GET", "/certificate-authorities/own", nil), 404)
	})
}

func TestPathOfOneKindKnowsNoOther(t *testing.T) {
	h := housetest.Start(t)
	made := h.Must("POST", "/applications", O{"name": "billing", "secret": O{}})
	at := "/applications/" + made.String("client_id")
	ids := map[string]string{
		"/certificates/": h.Must("POST", at+"/certificates", O{"generate": true}).String("id"),
		"/jwt-keys/":     h.Must("POST", at+"/jwt-keys", O{"jwks": publicKey}).String("id"),
		"/trusts/":       h.Must("POST", at+"/trusts", O{"issuer": "https://issuer.example", "subject": "x", "jwks": publicKey}).String("id"),
	}
	for kind, id := range ids {
		for other := range ids {
			want := map[bool]int{true: 200, false: 404}[kind == other]
			expect(t, h.Call("GET", at+other+id, nil), want)
			expect(t, h.Call("PATCH", at+other+id, O{"description": other, "networks": []string{"192.0.2.0/24"}}), want)
			expect(t, h.Call("POST", at+other+id+"/disable", nil), want)
			expect(t, h.Call("POST", at+other+id+"/enable", nil), want)
		}
		for other := range ids {
			if kind != other {
				expect(t, h.Call("DELETE", at+other+id, nil), 404)
			}
		}
		one := h.Must("GET", at+kind+id, nil)
		if one.String("description") != kind || one.JSON["enabled"] != true || len(housetest.Items(t, h.Must("GET", at+kind[:len(kind)-1], nil))) != 1 {
			t.Errorf("%s", one.Text)
		}
		expect(t, h.Call("PATCH", at+kind+id, O{"description": "late"}, "If-Match", `"1"`), 412)
		expect(t, h.Call("DELETE", at+kind+id, nil), 200)
	}
}

func TestACertificateIsGeneratedWithNameAndPasswordOfChoiceWhichTheAnswerDoesNotRepeat(t *testing.T) {
	h := housetest.Start(t)
	path := "/applications/" + h.Must("POST", "/applications", O{"name": "billing"}).String("client_id") + "/certificates"
	body := O{"generate": true, "common_name": "Billing, night run", "password": "three blue herons"}
	made := expect(t, h.Call("POST", path, body, "Idempotency-Key", "once"), 201)
	file, err := base64.StdEncoding.DecodeString(made.String("pkcs12"))
	if err != nil {
		t.Fatal(err)
	}
	if _, c, _, err := pkcs12.DecodeChain(file, "three blue herons"); err != nil || c.Subject.CommonName != "Billing, night run" {
		t.Error(err)
	}
	if strings.Contains(made.Text, "three blue herons") || made.JSON["password"] != nil {
		t.Error("the password comes back")
	}
	body["password"] = "four grey herons"
	expect(t, h.Call("POST", path, body, "Idempotency-Key", "once"), 422)
}

func TestBodiesThatMeanTwoThingsAreRefused(t *testing.T) {
	h := housetest.Start(t)
	at := "/applications/" + h.Must("POST", "/applications", O{"name": "billing"}).String("client_id")
	for _, body := range []O{
		{}, {"generate": true, "csr": "x"}, {"generate": true, "certificate": "x"}, {"certificate": "x", "subject_dn": "CN=x"},
		{"generate": true, "method": "tls_client_auth"}, {"csr": "x"}, {"certificate": "x"}, {"subject_dn": "CN=x"}, {"san_ip": "x", "cas": []string{}},
		{"certificate": "-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----"}, {"generate": true, "expires_at": "2000-01-01T00:00:00Z"},
		{"generate": true, "password": "too short"}, {"generate": true, "common_name": "line\nbreak"}, {"csr": "x", "common_name": "x"}, {"certificate": "x", "password": "three blue herons"},
		{"generate": true, "scopes": []string{"nothing"}}, {"generate": true, "networks": []string{"everywhere"}},
	} {
		if a := h.Call("POST", at+"/certificates", body); a.Status != 422 {
			t.Errorf("%v: %d %s", body, a.Status, a.Text)
		}
	}
	for _, body := range []O{{"jwks": publicKey, "jwks_uri": "https://x.example"}, {"jwks": nil}, {"jwks": []O{publicKey}}} {
		if a := h.Call("POST", at+"/jwt-keys", body); a.Status != 422 {
			t.Errorf("%v: %d %s", body, a.Status, a.Text)
		}
	}
	if got := h.Must("GET", "/certificate-authorities", nil); len(housetest.Items(t, got)) != 0 {
		t.Errorf("a refused request made an authority: %s", got.Text)
	}
}
