package thirdparty

import (
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
)

// Authorize does what a person does at the provider: it opens the address of an authorization request, signs in,
// consents, and returns where the provider sends the browser back to. The address must be the provider's.
func (p *Provider) Authorize(address string) *url.URL {
	p.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	browser := p.HTTP(nil)
	browser.Jar = jar
	ask := func() (*http.Response, error) { return browser.Get(address) }
	for range 12 { // two pages, and redirects around them
		answer, err := ask()
		if err != nil {
			p.t.Fatal(err)
		}
		page, err := io.ReadAll(io.LimitReader(answer.Body, 1<<20))
		_ = answer.Body.Close()
		if err != nil {
			p.t.Fatal(err)
		}
		if answer.StatusCode/100 == 3 {
			next, err := answer.Location()
			if err != nil {
				p.t.Fatal(err)
			}
			if next.Host != p.Host {
				return next
			}
			address = next.String()
			ask = func() (*http.Response, error) { return browser.Get(address) }
			continue
		}
		form := url.Values{"prompt": {"consent"}}
		if strings.Contains(string(page), `name="login"`) {
			form = url.Values{"prompt": {"login"}, "login": {"somebody"}, "password": {"anything"}}
		}
		if answer.StatusCode != http.StatusOK || !strings.Contains(string(page), "<form") {
			p.t.Fatalf("%s: %d %s", address, answer.StatusCode, page)
		}
		ask = func() (*http.Response, error) { return browser.PostForm(address, form) }
	}
	p.t.Fatal("the provider never sends the browser back")
	return nil
}
