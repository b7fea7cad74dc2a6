package web

import (
	"encoding/hex"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Cookie is a kind of cookie that we give browsers. An environment's cookies have names of its own, so that who signs in to one
// stays signed in to another of the same host.
type Cookie string

// The kinds, which are the names in the default environment. Their prefix makes browsers keep them to this host, whole and
// encrypted (RFC 6265bis §4.1.3.2), so that no neighbour can plant one. A name opens nothing: which environment a cookie is good
// in is in the row that its value names.
const (
	SessionCookie Cookie = "__Host-counterfoil-session"
	// StateCookie holds the state between a password and its factor, DeviceCookie a device that is remembered.
	StateCookie  Cookie = "__Host-counterfoil-state"
	DeviceCookie Cookie = "__Host-counterfoil-device"
)

// maxKept is of how many environments a browser keeps cookies of one kind. Browsers send the cookies of all environments with
// every request: three kinds of this many, of 126 bytes each, are 6 KB, and servers before us refuse a line of more than 8.
const maxKept = 16

// Name returns what a cookie of that kind is called in an environment. The name hangs on the environment's id, which, unlike the
// words in its address, never becomes another's.
func (k Cookie) Name(e *register.Environment) string {
	if e == nil || e.Default {
		return string(k)
	}
	return string(k) + "-" + hex.EncodeToString(e.ID[:])
}

// is reports whether a name is one that cookies of that kind have, in whatever environment.
func (k Cookie) is(name string) bool {
	rest, ours := strings.CutPrefix(name, string(k))
	if !ours || rest == "" {
		return ours
	}
	id, err := hex.DecodeString(rest[1:])
	return rest[0] == '-' && err == nil && len(id) == len(uuid.UUID{}) && rest == strings.ToLower(rest)
}

// Keep gives the browser that sent r a cookie of the environment that w is about: for life, or until it is closed if life is
// zero. It takes the oldest cookie of the kind from a browser that has those of 16 environments already.
func (k Cookie) Keep(w http.ResponseWriter, r *http.Request, value seal.Secret, life time.Duration) {
	own := k.Name(Of(w).Environment)
	var others []string // oldest first, which is how browsers send them (RFC 6265 §5.4)
	for _, c := range r.Cookies() {
		if c.Name != own && k.is(c.Name) && !slices.Contains(others, c.Name) {
			others = append(others, c.Name)
		}
	}
	for _, oldest := range others[:max(0, len(others)-(maxKept-1))] {
		drop(w, oldest)
	}
	mode := http.SameSiteLaxMode // a link from elsewhere leads a person who is signed in to a page, not to a form
	if k == StateCookie {
		mode = http.SameSiteStrictMode
	}
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // Lax or Strict, as mode says
		Name: own, Value: value.Reveal(), Path: "/", Secure: true, HttpOnly: true, SameSite: mode, MaxAge: int(life / time.Second),
	})
}

// Drop takes the cookie of the environment that w is about from the browser that sent r, if it has one.
func (k Cookie) Drop(w http.ResponseWriter, r *http.Request) {
	if k.Shown(w, r) {
		drop(w, k.Name(Of(w).Environment))
	}
}

func drop(w http.ResponseWriter, name string) {
	http.SetCookie(w, &http.Cookie{Name: name, Path: "/", Secure: true, HttpOnly: true, SameSite: http.SameSiteLaxMode, MaxAge: -1})
}

// Shown reports whether r has a cookie of that kind for the environment that w is about, or several.
func (k Cookie) Shown(w http.ResponseWriter, r *http.Request) bool {
	return len(r.CookiesNamed(k.Name(Of(w).Environment))) > 0
}

// Kept returns the only cookie of that kind for the environment that w is about, or an empty secret. Of two, one was planted, and
// which is not known.
func (k Cookie) Kept(w http.ResponseWriter, r *http.Request) seal.Secret {
	if all := k.All(w, r); len(all) == 1 {
		return all[0]
	}
	return seal.Secret{}
}

// All returns every cookie of that kind for the environment that w is about, for what ends them.
func (k Cookie) All(w http.ResponseWriter, r *http.Request) (all []seal.Secret) {
	for _, c := range r.CookiesNamed(k.Name(Of(w).Environment)) {
		all = append(all, seal.NewSecret(c.Value))
	}
	return all
}

// Beside is a cookie of another environment, as a browser sent it. Nothing is known of its value.
type Beside struct {
	// Environment is the one that the name says; zero is the default one.
	Environment uuid.UUID
	Value       seal.Secret
}

// Beside returns the cookies of that kind that r has for other environments than the one that w is about, as many as a browser
// keeps, the newest. Of two of one name, one was planted, and neither is returned.
func (k Cookie) Beside(w http.ResponseWriter, r *http.Request) (all []Beside) {
	own, sent := k.Name(Of(w).Environment), map[string]int{}
	for _, c := range r.Cookies() {
		sent[c.Name]++
	}
	for _, c := range r.Cookies() {
		if c.Name == own || sent[c.Name] > 1 || !k.is(c.Name) {
			continue
		}
		b := Beside{Value: seal.NewSecret(c.Value)}
		if c.Name != string(k) {
			_, _ = hex.Decode(b.Environment[:], []byte(c.Name[len(k)+1:])) // is has read it
		}
		all = append(all, b)
	}
	return all[max(0, len(all)-maxKept):]
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
