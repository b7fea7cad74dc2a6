package server_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/go-jose/go-jose/v4"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// An assertion is checked at once and locks nobody, which is right for 256 random bits and for nothing else.
func TestChosenSecretSignsNoAssertionSoThatNobodyGuessesItUnbounded(t *testing.T) {
	p := newProver(housetest.Start(t))
	p.Must("PATCH", "/policy", housetest.O{"chosen_secrets": true})
	const phrase = "correct horse battery staple and forty more 7"
	get := func(app housetest.Client, key string) int {
		form := url.Values{"grant_type": {"client_credentials"}}
		byAssertion(form, app.ID, p.sign(jose.HS256, []byte(key), app.ID, app.ID))
		return p.Send(withForm(p.Request("POST", "/oauth2/token", nil, "Content-Type", "application/x-www-form-urlencoded"), form)).Status
	}
	p.NewAPI("invoices", nil, "invoices:read")
	chosen := p.NewApp("chosen", housetest.O{"scopes": []string{"invoices:read"}})
	p.Must("POST", "/applications/"+chosen.ID+"/secrets", housetest.O{"chosen_secret": phrase, "viewable": true})
	if status := get(chosen, phrase); status != http.StatusUnauthorized {
		t.Errorf("a chosen secret signs: %d", status)
	}
	made := p.Must("POST", "/applications/"+chosen.ID+"/secrets", housetest.O{"viewable": true})
	if status := get(chosen, made.String("secret")); status != http.StatusOK {
		t.Errorf("a generated one does not: %d", status)
	}
}
