package housetest

import (
	"net/http"
	"slices"
)

// Browser is somebody's browser: it keeps cookies, and says where its forms and calls come from.
type Browser struct {
	*House
	Cookies map[string]string
}

// Visit returns a new browser that visits the house.
func (h *House) Visit() *Browser { return &Browser{House: h, Cookies: map[string]string{}} }

// Do sends a request with the cookies, and keeps those of the answer, which must be for this host alone.
func (b *Browser) Do(r *http.Request) *Answer {
	b.T.Helper()
	for name, value := range b.Cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	a := b.Send(r)
	for _, line := range a.Header["Set-Cookie"] {
		c, err := http.ParseSetCookie(line)
		if err != nil {
			b.T.Fatal(err)
		}
		if !c.Secure || !c.HttpOnly || c.Path != "/" || c.Domain != "" || c.SameSite < http.SameSiteLaxMode {
			b.T.Errorf("the cookie is not kept to this host: %s", line)
		}
		if b.Cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.Cookies, c.Name)
		}
	}
	return a
}

// Open asks for a page.
func (b *Browser) Open(path string, headers ...string) *Answer {
	b.T.Helper()
	return b.Do(b.Request("GET", path, nil, headers...))
}

// Submit sends a form as the page itself does.
func (b *Browser) Submit(path string, fields ...string) *Answer {
	b.T.Helper()
	r := b.FormRequest(path, Client{}, fields...)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.Do(r)
}

// SignIn signs somebody in who has no second factor.
func (b *Browser) SignIn(login, password string) {
	b.T.Helper()
	if a := b.Submit("/signin", "login", login, "password", password); a.Status != http.StatusSeeOther || !slices.Contains([]string{"account", "console/"}, a.Header.Get("Location")) {
		b.T.Fatalf("%s is not signed in: %d %v %s", login, a.Status, a.Header, a.Text)
	}
}

// Console calls the management API as the console does: with the cookie, from a page of the same origin.
func (b *Browser) Console(method, path string, body any, headers ...string) *Answer {
	b.T.Helper()
	r := b.CallRequest("", method, "/api/v1"+path, body, headers...)
	r.Header.Set("X-Counterfoil", "console")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return b.Do(r)
}
