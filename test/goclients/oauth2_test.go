// Package goclients calls a running house with Go's own OAuth 2.0 client and with go-oidc: clients that nobody here
// wrote.
package goclients

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// audience is that of the API that [housetest.House.NewAPI] makes under the name invoices.
const audience = "https://invoices.example"

func config(h *housetest.House, as housetest.Client, style oauth2.AuthStyle) *clientcredentials.Config {
	return &clientcredentials.Config{ClientID: as.ID, ClientSecret: as.Secret, TokenURL: h.URL + "/oauth2/token", AuthStyle: style}
}

var styles = map[string]oauth2.AuthStyle{
	"in the header": oauth2.AuthStyleInHeader, "in parameters": oauth2.AuthStyleInParams, "as it finds out": oauth2.AuthStyleAutoDetect,
}

func TestOAuth2GetsATokenInEveryStyle(t *testing.T) {
	t.Parallel()
	h := housetest.Start(t)
	h.NewAPI("invoices", nil, "invoices:read", "invoices:write")
	billing := h.NewApp("billing", nil, "invoices:read", "invoices:write")
	for name, style := range styles {
		t.Run(name, func(t *testing.T) {
			c := config(h, billing, style)
			c.Scopes = []string{"invoices:read"}
			c.EndpointParams = map[string][]string{"resource": {audience}}
			token, err := c.Token(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if token.Type() != "Bearer" || !token.Valid() || token.RefreshToken != "" {
				t.Errorf("type %s, valid %v, refresh token %q", token.Type(), token.Valid(), token.RefreshToken)
			}
			if scope := token.Extra("scope"); scope != "invoices:read" {
				t.Errorf("scope %v", scope)
			}
			if !h.Active(billing, token.AccessToken) {
				t.Error("the token is not active")
			}
		})
	}
}

func TestOAuth2AsksForANewTokenOnlyWhenTheOldOneEnds(t *testing.T) {
	t.Parallel()
	h := housetest.Start(t)
	h.NewAPI("invoices", nil, "invoices:read")
	c := config(h, h.NewApp("billing", nil, "invoices:read"), oauth2.AuthStyleInHeader)
	source := c.TokenSource(t.Context())
	first, err := source.Token()
	if err != nil {
		t.Fatal(err)
	}
	second, err := source.Token()
	if err != nil {
		t.Fatal(err)
	}
	if first.AccessToken != second.AccessToken {
		t.Error("a good token was not used again")
	}
}

func TestOAuth2SaysWhyThereIsNoToken(t *testing.T) {
	t.Parallel()
	h := housetest.Start(t)
	h.NewAPI("invoices", nil, "invoices:read", "invoices:write")
	billing := h.NewApp("billing", nil, "invoices:read")
	stopped := h.NewApp("stopped", nil, "invoices:read")
	h.Must(http.MethodPost, "/applications/"+stopped.ID+"/disable", nil)

	for name, c := range map[string]struct {
		as           housetest.Client
		scope, code  string
		status       int
		descriptions string
	}{
		"wrong secret":    {housetest.Client{ID: billing.ID, Secret: stopped.Secret}, "", "invalid_client", 401, "Client authentication failed."},
		"disabled":        {stopped, "", "invalid_client", 401, "The application is disabled."},
		"foreign scope":   {billing, "invoices:write", "invalid_scope", 400, ""},
		"malformed scope": {billing, `a"b`, "invalid_scope", 400, ""},
	} {
		t.Run(name, func(t *testing.T) {
			asked := config(h, c.as, oauth2.AuthStyleInHeader)
			asked.Scopes = strings.Fields(c.scope)
			_, err := asked.Token(context.Background())
			var refusal *oauth2.RetrieveError
			if !errors.As(err, &refusal) {
				t.Fatalf("got %v", err)
			}
			if refusal.ErrorCode != c.code || refusal.Response.StatusCode != c.status || !strings.Contains(refusal.ErrorDescription, c.descriptions) {
				t.Errorf("got %d %s: %s", refusal.Response.StatusCode, refusal.ErrorCode, refusal.ErrorDescription)
			}
		})
	}
}
