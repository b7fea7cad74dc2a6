package scim

import (
	"net/http"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/schema"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/session"
	"github.com/counterfoil/counterfoil/internal/web"
	"github.com/counterfoil/counterfoil/internal/web/caller"
)

var (
	errForeignPage = fault.New(fault.Denied, "this request comes from a page of another site, which may not change anything for you")
	errOwnProfile  = fault.New(fault.Denied, "you may read your own profile and not change it: ask whoever administers users")
)

// me answers a program for the resource of the caller, which only people have.
func (c *call) me() (*answer, error) {
	return nil, fault.New(fault.NotFound, "you are an application, and no resource stands for you")
}

// fromBrowser reports whether a request shows nothing but the cookie of a session. Who shows something else as well is the
// client that it proves to be, and cannot fall back on a person's session.
func fromBrowser(w http.ResponseWriter, req *http.Request) bool {
	return len(req.Header["Authorization"]) == 0 && web.SessionCookie.Shown(w, req) && !web.Of(w).HasCertificate()
}

// foreign finds out whether a browser sends a change on behalf of another site. SameSite keeps our cookie from most of those,
// but not from other hosts under the same domain. The host of a request is the one that the cookie is bound to.
var foreign http.CrossOriginProtection

// person answers whoever is signed in to a browser for their own resource (RFC 7644 §3.11). People read it. They change
// nothing, because no rule says which of their attributes are theirs to change; requests that would are refused, whatever
// they hold.
func (d *Door) person(w http.ResponseWriter, req *http.Request) {
	x := web.Of(w)
	if _, _, err := d.Guard.Limits.Address(w.Header(), x.Remote()); err != nil {
		refuse(w, err)
		return
	}
	if foreign.Check(req) != nil {
		refuse(w, errForeignPage)
		return
	}
	c := &call{door: d, who: &caller.Caller{Environment: x.Environment}, ctx: req.Context(), ifNoneMatch: req.Header.Get("If-None-Match")}
	a, s, err := c.self(w, req)
	if err == nil {
		from := ""
		if x.Remote().IsValid() {
			from = x.Remote().String()
		}
		err = d.Sessions.Touch(req.Context(), d.DB, s, from, d.Guard.Now())
	}
	if err != nil {
		refuse(w, err)
		return
	}
	a.send(w)
}

// self returns the resource of the person whose session the request's cookie stands for. The caller holds no permission, so
// groups are left out as they are for everybody who may not see them.
func (c *call) self(w http.ResponseWriter, req *http.Request) (a *answer, s *session.Session, err error) {
	value := web.SessionCookie.Kept(w, req)
	err = c.door.DB.Read(c.ctx, func(tx *db.Tx) error {
		c.tx, c.rules = tx, nil
		found, err := c.door.Sessions.Check(tx, c.environment(), value)
		if err != nil {
			return err
		}
		if req.Method != http.MethodGet && req.Method != http.MethodHead {
			return errOwnProfile
		}
		if c.list, err = queried(req.URL.Query()); err != nil {
			return err
		}
		if c.set, err = schema.Load(tx, c.environment()); err != nil {
			return err
		}
		u, err := directory.Load(tx, c.environment(), found.User)
		if err != nil {
			return err
		}
		if a, err = c.show(u, c.found); err != nil {
			return err
		}
		a.alias, s = true, found
		return nil
	})
	return a, s, err
}
