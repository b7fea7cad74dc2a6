package oauth_test

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// strangers are the ways to be nobody: each is a client_id with a secret that is not right for it, or not any more.
func strangers(h *House) map[string]Client {
	h.T.Helper()
	known, other := furnish(h)
	disabled, deleted := h.NewApp("disabled", nil, "invoices:read"), h.NewApp("deleted", nil, "invoices:read")
	h.Must("POST", "/applications/"+disabled.ID+"/disable", nil)
	h.Must("DELETE", "/applications/"+deleted.ID, nil)
	expired := h.NewApp("expired", O{"secret": O{"expires_at": h.Clock.Now().Add(time.Second).Format(time.RFC3339Nano)}}, "invoices:read")
	h.Clock.Move(2 * time.Second)
	early := h.NewApp("early", O{"secret": O{"not_before": h.Clock.Now().Add(time.Hour).Format(time.RFC3339Nano)}}, "invoices:read")
	second := h.Must("POST", "/applications/"+known.ID+"/secrets", O{})
	h.Must("DELETE", "/applications/"+known.ID+"/secrets/"+second.String("id"), nil)
	bare := h.Must("POST", "/applications", O{"name": "without any secret"})
	elsewhere := newPlace(h, "elsewhere").admin
	wrong := other.Secret // well-formed, and somebody's
	return map[string]Client{
		"unknown client":                       {ID: "0b8f4d8e-32b1-4c0a-9d2e-8f3f6a7b1c2d", Secret: wrong},
		"unknown client, malformed secret":     {ID: "0b8f4d8e-32b1-4c0a-9d2e-8f3f6a7b1c2d", Secret: "guess"},
		"another client's secret":              {ID: known.ID, Secret: wrong},
		"malformed secret":                     {ID: known.ID, Secret: "guess"},
		"malformed secret of the right length": {ID: known.ID, Secret: known.Secret[:52] + "!"},
		"first character wrong":                {ID: known.ID, Secret: "cfs_" + flip(known.Secret[4:5]) + known.Secret[5:]},
		"last character wrong":                 {ID: known.ID, Secret: known.Secret[:52] + flip(known.Secret[52:])},
		"empty secret":                         {ID: known.ID, Secret: ""},
		"deleted secret":                       {ID: known.ID, Secret: second.String("secret")},
		"deleted client, its right secret":     deleted,
		"disabled client, wrong secret":        {ID: disabled.ID, Secret: wrong},
		"expired secret's client, wrong one":   {ID: expired.ID, Secret: wrong},
		"secret not valid yet, wrong one":      {ID: early.ID, Secret: wrong},
		"client without secrets":               {ID: bare.String("client_id"), Secret: wrong},
		"client of another environment":        elsewhere,
		"malformed client_id":                  {ID: "administrator", Secret: wrong},
		"client_id in capitals":                {ID: strings.ToUpper(known.ID), Secret: known.Secret},
		"client_id with a space":               {ID: known.ID + " ", Secret: known.Secret},
		"client_id without hyphens":            {ID: strings.ReplaceAll(known.ID, "-", ""), Secret: known.Secret},
		"client_id as a URN":                   {ID: "urn%3Auuid%3A" + known.ID, Secret: known.Secret},
		"a very long secret":                   {ID: known.ID, Secret: strings.Repeat("x", 8<<10)},
	}
}

// flip returns another character of the same alphabet.
func flip(c string) string {
	if c == "A" {
		return "B"
	}
	return "A"
}

func TestWhoeverIsNotProvenHearsTheSameBytes(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *House) {
		all := strangers(h)
		var mu sync.Mutex
		first := ""
		same := func(what string, a *Answer) {
			refused(t, a, 401, "invalid_client")
			a.Header.Del("Date")
			text := fmt.Sprint(a.Status, a.Header, a.Text)
			mu.Lock()
			defer mu.Unlock()
			if first == "" {
				first = text
			}
			if text != first {
				t.Errorf("%s:\n%s\nunlike\n%s", what, text, first)
			}
		}
		var requests sync.WaitGroup
		for _, path := range endpoints {
			for name, c := range all {
				requests.Go(func() {
					same(path+", "+name, post(h, path, "grant_type=client_credentials&token=x", basic(c.ID+":"+c.Secret)...))
				})
				if c.Secret == "" {
					continue // an empty parameter is an absent one
				}
				requests.Go(func() {
					form := url.Values{"grant_type": {"client_credentials"}, "token": {"x"}, "client_id": {c.ID}, "client_secret": {c.Secret}}
					same(path+", "+name+", in the body", post(h, path, form.Encode()))
				})
			}
		}
		requests.Wait()
	})
}

func TestOnlyTheRightSecretLearnsWhyItIsRefused(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *House) {
		furnish(h)
		soon := h.Clock.Now().Add(time.Second).Format(time.RFC3339Nano)
		expired := h.NewApp("expired", O{"secret": O{"expires_at": soon}}, "invoices:read")
		h.Clock.Move(2 * time.Second)
		early := h.NewApp("early", O{"secret": O{"not_before": h.Clock.Now().Add(time.Hour).Format(time.RFC3339Nano)}}, "invoices:read")
		disabled := h.NewApp("disabled", nil, "invoices:read")
		h.Must("POST", "/applications/"+disabled.ID+"/disable", nil)
		locked := h.NewApp("locked", nil, "invoices:read")
		secrets := h.Must("GET", "/applications/"+locked.ID+"/secrets", nil).JSON["items"].([]any)
		h.Must("POST", "/applications/"+locked.ID+"/secrets/"+secrets[0].(map[string]any)["id"].(string)+"/disable", nil)
		elsewhere := newPlace(h, "elsewhere")
		h.Must("POST", "/environments/"+elsewhere.id+"/disable", nil)
		poster := h.NewApp("poster", O{"auth_methods": []string{"client_secret_post"}}, "invoices:read")
		basicOnly := h.NewApp("basic only", O{"auth_methods": []string{"client_secret_basic"}}, "invoices:read")
		for _, c := range []struct {
			as     Client
			prefix string
			body   bool
			says   string
		}{
			{expired, "", false, "expired"}, {early, "", false, "not valid yet"}, {disabled, "", false, "application is disabled"},
			{locked, "", false, "credential is disabled"}, {elsewhere.admin, elsewhere.prefix, false, "environment is disabled"},
			{poster, "", false, "method"}, {basicOnly, "", true, "method"},
		} {
			for _, path := range endpoints {
				body, headers := "grant_type=client_credentials&token=x", basic(c.as.ID+":"+c.as.Secret)
				if c.body {
					body, headers = body+"&client_id="+c.as.ID+"&client_secret="+c.as.Secret, nil
				}
				a := post(h, c.prefix+path, body, headers...)
				refused(t, a, 401, "invalid_client")
				if !strings.Contains(a.String("error_description"), c.says) {
					t.Errorf("%s: %s, which does not say %q", path, a.Text, c.says)
				}
			}
		}
		if a := post(h, "/oauth2/token", "grant_type=client_credentials&client_id="+poster.ID+"&client_secret="+poster.Secret); a.Status != 200 {
			t.Errorf("the method that is allowed: %d %s", a.Status, a.Text)
		}
	})
}

// Refusals leave on a grid of 50 ms, so that their time says nothing about how far the check went. The bounds are
// wide, because other tests run on the same machine: what they would miss is a refusal that does not wait at all.
func TestRefusedClientsWaitTheSameTime(t *testing.T) {
	h := housetest.Start(t)
	all := strangers(h)
	names := slices.Sorted(maps.Keys(all))
	const rounds = 3
	took := map[string][]time.Duration{}
	for range rounds {
		for _, name := range names {
			c := all[name]
			began := time.Now()
			post(h, "/oauth2/token", "grant_type=client_credentials", basic(c.ID+":"+c.Secret)...)
			took[name] = append(took[name], time.Since(began))
		}
	}
	var medians []time.Duration
	for _, name := range names {
		slices.Sort(took[name])
		if took[name][0] < 45*time.Millisecond {
			t.Errorf("%s: refused after %s", name, took[name][0])
		}
		medians = append(medians, took[name][rounds/2])
	}
	if low, high := slices.Min(medians), slices.Max(medians); high-low > 30*time.Millisecond {
		t.Errorf("the quickest refusal takes %s, the slowest %s", low, high)
	}
}

// Refusals that wait must not keep those who are right from being served.
func TestGuessingDoesNotSlowDownTheClientItself(t *testing.T) {
	h := housetest.Start(t)
	c, _ := furnish(h)
	h.Must("PUT", "/applications/"+c.ID+"/lock-policy", O{"policy": "client+network"}) // where what has not the form of a secret is no guess
	stop, done := make(chan struct{}), make(chan int)
	for range 20 {
		go func() {
			guesses := 0
			for {
				select {
				case <-stop:
					done <- guesses
					return
				default:
					post(h, "/oauth2/token", "grant_type=client_credentials", basic(c.ID+":guess")...)
					guesses++
				}
			}
		}()
	}
	for range 200 {
		h.Token(c)
	}
	close(stop)
	guesses := 0
	for range 20 {
		guesses += <-done
	}
	if guesses == 0 {
		t.Error("nobody guessed")
	}
}
