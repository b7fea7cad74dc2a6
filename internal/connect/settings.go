package connect

import (
	"net/url"
	"slices"
	"strings"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Settings are what connections of a connector have in common.
type Settings struct {
	// Presets are values of fields, which whoever connects is not asked for.
	Presets map[string]string `json:"presets,omitempty"`
	// Scopes take the place of the provider's own.
	Scopes []string `json:"scopes,omitempty"`
	// ClientID is the environment's own client at the provider, in the mode authorization_code. Its secret is sealed.
	ClientID string `json:"client_id,omitempty"`
	// Docs takes the place of the provider's documentation.
	Docs string `json:"docs,omitempty"`
	// BaseURLs are the places beside the provider's own that the proxy may be told to send a request to.
	BaseURLs []string `json:"base_urls,omitempty"`
	// Limits say what the proxy passes on, and for whom; empty means everything for everybody.
	Limits []Limit `json:"limits,omitempty"`
	// Origins are the sites that may show the Connect page in a frame.
	Origins []string `json:"origins,omitempty"`
}

// Limit is what one application, or everybody else, may send through the proxy.
type Limit struct {
	// Application is the client_id that it is for; empty means all that no other limit names.
	Application string `json:"application,omitempty"`
	// Methods are those passed on, empty for all; Paths are prefixes of whole segments, empty for all.
	Methods []string `json:"methods,omitempty"`
	Paths   []string `json:"paths,omitempty"`
}

// Passes returns nil if the proxy passes on a request of an application, or [fault.Denied].
func (s *Settings) Passes(application, method, path string) error {
	if len(s.Limits) == 0 {
		return nil
	}
	limit := &Limit{Methods: []string{"none"}}
	for i := range s.Limits {
		if l := &s.Limits[i]; l.Application == application || l.Application == "" && limit.Application == "" {
			limit = l
		}
	}
	if len(limit.Methods) > 0 && !slices.Contains(limit.Methods, method) {
		return fault.New(fault.Denied, "the connector does not let this application send %s", method)
	}
	under := func(prefix string) bool {
		prefix = strings.TrimSuffix(prefix, "/")
		return path == prefix || strings.HasPrefix(path, prefix+"/")
	}
	if len(limit.Paths) > 0 && !slices.ContainsFunc(limit.Paths, under) {
		return fault.New(fault.Denied, "the connector does not let this application reach this path")
	}
	return nil
}

func (s *Settings) check() error {
	named := map[string]bool{}
	for i := range s.Limits {
		if err := s.Limits[i].check(); err != nil {
			return err
		}
		if named[s.Limits[i].Application] {
			return fault.On("limits", "an application has two limits; put them into one")
		}
		named[s.Limits[i].Application] = true
	}
	for _, o := range s.Origins {
		if err := CheckOrigin(o); err != nil {
			return fault.On("origins", "%s", err.Error())
		}
	}
	for _, b := range s.BaseURLs {
		if !strings.HasPrefix(b, "https://") || strings.ContainsAny(b, "?#@\\ ") {
			return fault.On("base_urls", "%q is no base URL: it must begin with https://, without query and fragment", b)
		}
	}
	return nil
}

func (l *Limit) check() error {
	for _, m := range l.Methods {
		if !slices.Contains([]string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}, m) {
			return fault.On("limits", "%q is no method that the proxy passes on", m)
		}
	}
	for _, p := range l.Paths {
		if !strings.HasPrefix(p, "/") || strings.ContainsAny(p, "?#%\\") || strings.Contains(p, "..") {
			return fault.On("limits", "%q is no path: it must begin with a slash, without query and escapes", p)
		}
	}
	return nil
}

// originCharacters are those of a host and its port that mean nothing in a policy (CSP Level 3 §2.2), where a comma or a
// semicolon would begin something else.
const originCharacters = "abcdefghijklmnopqrstuvwxyz0123456789.-:[]"

// CheckOrigin refuses with [fault.Invalid] what is no origin of a site (RFC 6454 §6.1) that may show the Connect page:
// https://app.example, or http on this machine.
func CheckOrigin(text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme+"://"+u.Host != text || strings.Trim(u.Host, originCharacters) != "" {
		return fault.New(fault.Invalid, "%q is no origin of a site, such as https://app.example", text)
	}
	if u.Scheme != "https" && (u.Scheme != "http" || u.Hostname() != "localhost" && u.Hostname() != "127.0.0.1") {
		return fault.New(fault.Invalid, "the origin %q must begin with https://", text)
	}
	return nil
}
