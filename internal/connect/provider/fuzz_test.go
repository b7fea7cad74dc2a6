package provider_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/fault"
)

func FuzzParse(f *testing.F) {
	f.Add([]byte(simple))
	f.Add([]byte(lintable))
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("{1: 2, ? [x] : y}"))
	c, err := provider.Open("")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if len(text) > 4096 {
			return
		}
		p, err := c.Parse("acme", text)
		if (p == nil) == (err == nil) || err != nil && !fault.Is(err, fault.Invalid) {
			t.Errorf("%v %v", p, err)
		}
	})
}

func FuzzFill(f *testing.F) {
	f.Add("eu", "\"x\"", client)
	f.Add("https://console.regional.eu/?env="+environment, " s\n", "")
	c, err := provider.Open("testdata/providers")
	if err != nil {
		f.Fatal(err)
	}
	p := c.Get("regional")
	f.Fuzz(func(t *testing.T, tld, secret, id string) {
		values, _, _, err := p.Fill(map[string]string{"client_id": id, "client_secret": secret, "environment_id": environment, "tld": tld}, nil)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Error(err)
			}
			return
		}
		text, err := provider.ExpandURL(p.Token.URL, values)
		if err != nil || !strings.HasPrefix(text, "https://auth.regional.") || !strings.HasSuffix(text, "/as/token") {
			t.Errorf("%q, %v", text, err)
		}
	})
}

func FuzzPasted(f *testing.F) {
	f.Add("https://auth.regional.com.au/" + environment + "/as/token")
	f.Add("CLIENT_ID=" + client)
	f.Add(`{"clientId": 1}`)
	c, err := provider.Open("testdata/providers")
	if err != nil {
		f.Fatal(err)
	}
	p := c.Get("regional")
	f.Fuzz(func(t *testing.T, text string) {
		for name, value := range p.Pasted(text) {
			if p.Field(name) == nil || value == "" {
				t.Errorf("%q=%q", name, value)
			}
		}
	})
}

func FuzzExpandURL(f *testing.F) {
	f.Add("acme", "x")
	f.Add("evil.example/", "../..")
	f.Add("a@b", "?#")
	f.Fuzz(func(t *testing.T, host, path string) {
		text, err := provider.ExpandURL("https://${host}.example.com/a/${path}/z", map[string]string{"host": host, "path": path})
		if err != nil {
			return
		}
		u, err := url.Parse(text)
		if err != nil {
			return // what cannot be parsed is not called
		}
		if !strings.HasSuffix(u.Host, ".example.com") || u.User != nil || u.RawQuery != "" || u.Fragment != "" || !strings.HasSuffix(u.EscapedPath(), "/z") || strings.Count(u.EscapedPath(), "/") != 3 {
			t.Errorf("%q and %q became %s", host, path, text)
		}
	})
}
