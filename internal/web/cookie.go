package web

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/counterfoil/counterfoil/internal/seal"
)

// Names of our cookies. Their prefix makes browsers keep them to this host, whole and encrypted (RFC 6265bis §4.1.3.2), so
// that no neighbour can plant one; the environment that a cookie is of is in the row that it names.
const (
	SessionCookie = "__Host-counterfoil-session"
	// StateCookie holds the state between a password and its factor, DeviceCookie a device that is remembered.
	StateCookie  = "__Host-counterfoil-state"
	DeviceCookie = "__Host-counterfoil-device"
)

// Keep gives a browser a cookie: for life, or until it is closed if life is zero.
func Keep(w http.ResponseWriter, name string, value seal.Secret, life time.Duration) {
	mode := http.SameSiteLaxMode // a link from elsewhere leads a person who is signed in to a page, not to a form
	if name == StateCookie {
		mode = http.SameSiteStrictMode
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Lax or Strict, as mode says
		Name: name, Value: value.Reveal(), Path: "/", Secure: true, HttpOnly: true, SameSite: mode, MaxAge: int(life / time.Second),
	})
}

// Drop takes a cookie from a browser.
func Drop(w http.ResponseWriter, name string) {
	http.SetCookie(w, &http.Cookie{Name: name, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: -1})
}

// Kept returns the only cookie of that name, or an empty secret. Of two, one was planted, and which is not known.
func Kept(r *http.Request, name string) seal.Secret {
	all := r.CookiesNamed(name)
	if len(all) != 1 {
		return seal.Secret{}
	}
	return seal.NewSecret(all[0].Value)
}

// maxPlace bounds what [OwnPath] takes, in bytes.
const maxPlace = 2048

// OwnPath reports whether text is the absolute path of a page on this host, with or without query and fragment, in a spelling
// that every browser reads alike: so nobody is sent elsewhere by what stands in a link (RFC 9700 §4.11).
func OwnPath(text string) bool {
	if len(text) < 1 || len(text) > maxPlace || text[0] != '/' || strings.HasPrefix(text, "//") {
		return false
	}
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c > '~' || c == '\\' { // browsers drop controls and turn a backslash into a slash
			return false
		}
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "" || u.Host != "" || u.User != nil || u.RawPath != "" {
		return false
	}
	clean := path.Clean(u.Path)
	return u.Path == clean || u.Path == clean+"/"
}
