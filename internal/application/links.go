package application

import (
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Links say where people who use an application may be sent, and which pages may ask on their behalf.
type Links struct {
	// Home is where people begin; empty for none.
	Home string
	// Targets are where they may be sent: an entry is an origin and a path, and covers everything below the path.
	Targets []string
	// Origins are the pages that may ask for a session (RFC 6454).
	Origins []string
}

const (
	maxLinks = 20
	maxLink  = 1000
)

// MayReach reports whether people may be sent to target: an address that one of the application's targets covers, or
// its home. What is not written in the one plain way is refused: between two readers of an address lies the attack.
func (l *Links) MayReach(target string) bool {
	u, err := plainURL("target_url", target)
	if err != nil {
		return false
	}
	if target == l.Home {
		return true
	}
	for _, text := range l.Targets {
		allowed, err := url.Parse(text)
		if err != nil || allowed.Scheme != u.Scheme || allowed.Host != u.Host {
			continue
		}
		below, ok := strings.CutPrefix(pathOf(u), allowed.Path)
		if ok && (below == "" || strings.HasSuffix(allowed.Path, "/") || below[0] == '/') {
			return true
		}
	}
	return false
}

// MayAsk reports whether a page of that origin may ask for a session.
func (l *Links) MayAsk(origin string) bool { return slices.Contains(l.Origins, origin) }

// clone returns links that share nothing with l.
func (l *Links) clone() Links {
	return Links{l.Home, slices.Clone(l.Targets), slices.Clone(l.Origins)}
}

// tidy brings links into the form in which they are kept, or refuses them ([fault.Invalid]).
func (l *Links) tidy() error {
	if len(l.Targets) > maxLinks {
		return fault.On("target_urls", "an application has at most %d", maxLinks)
	}
	if len(l.Origins) > maxLinks {
		return fault.On("allowed_origins", "an application has at most %d", maxLinks)
	}
	if l.Home != "" {
		if _, err := plainURL("home_url", l.Home); err != nil {
			return err
		}
	}
	targets := []string{}
	for _, text := range l.Targets {
		u, err := plainURL("target_urls", text)
		if err != nil {
			return err
		}
		if u.RawQuery != "" || strings.HasSuffix(text, "?") {
			return fault.On("target_urls", "an entry has no query: it covers every one")
		}
		if text = u.Scheme + "://" + u.Host + pathOf(u); !slices.Contains(targets, text) {
			targets = append(targets, text)
		}
	}
	origins := []string{}
	for _, text := range l.Origins {
		u, err := plainURL("allowed_origins", text)
		if err != nil {
			return err
		}
		if text != u.Scheme+"://"+u.Host {
			return fault.On("allowed_origins", "an origin is like https://app.example.com, without a path")
		}
		if !slices.Contains(origins, text) {
			origins = append(origins, text)
		}
	}
	l.Targets, l.Origins = targets, origins
	return nil
}

func pathOf(u *url.URL) string {
	if u.Path == "" {
		return "/"
	}
	return u.Path
}

// plainURL reads an address that every reader reads alike: https, or http on this machine; a host in lower case without
// user information and without its scheme's own port; a path without escapes, dots and empty segments, which some servers
// resolve and others do not; no fragment.
func plainURL(field, text string) (*url.URL, error) {
	if len(text) > maxLink {
		return nil, fault.On(field, "an address has at most %d characters", maxLink)
	}
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"'<>\\`{}|^#", c) >= 0 {
			return nil, fault.On(field, "an address has plain characters only, and no fragment; names beyond ASCII are written as xn--")
		}
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Opaque != "" || u.Hostname() == "":
		return nil, fault.On(field, "an address is like https://app.example.com/start")
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return nil, fault.On(field, "an address begins with https://; http:// is for this machine only")
	case !strings.HasPrefix(text, u.Scheme+"://"+u.Host):
		return nil, fault.On(field, "an address has no user name and a scheme in lower case")
	case u.Host != strings.ToLower(u.Host) || strings.HasSuffix(u.Host, ":") || strings.HasSuffix(u.Hostname(), ".") || strings.Contains(u.Host, "%"):
		return nil, fault.On(field, "a host is in lower case, and ends without a dot")
	case u.Port() == "443" && u.Scheme == "https" || u.Port() == "80" && u.Scheme == "http" || strings.HasPrefix(u.Port(), "0"):
		return nil, fault.On(field, "the scheme's own port is left out")
	case u.RawPath != "" || u.EscapedPath() != u.Path || strings.Contains(u.Path, "//"),
		u.Path != "" && path.Clean(u.Path) != strings.TrimSuffix(u.Path, "/") && u.Path != "/":
		return nil, fault.On(field, "a path has no escapes, dots or empty segments")
	}
	return u, nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
