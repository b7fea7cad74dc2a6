package adminapi

import (
	"context"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/session"
	"github.com/counterfoil/counterfoil/internal/web"
)

// SignedIn is what the console knows of the person before it.
type SignedIn struct {
	User          SignedInUser        `json:"user"`
	Roles         []SignedInRole      `json:"roles" nullable:"false"`
	Scopes        []string            `json:"scopes" nullable:"false" doc:"What the person may do now, over everything or over something."`
	Everywhere    []string            `json:"everywhere" nullable:"false" doc:"What of that the person may do in all of the environment."`
	Administrator bool                `json:"administrator" doc:"Whether the person may open API credentials."`
	Environment   SignedInEnvironment `json:"environment"`
	ProvedAt      time.Time           `json:"proved_at,omitzero" doc:"When the person last proved here all that is asked of them. Absent: a remembered device stood for the second factor."`
	FreshUntil    time.Time           `json:"fresh_until,omitzero" doc:"Until when that counts for what asks for a fresh proof. Absent: it does not any more."`
	CreatedAt     time.Time           `json:"created_at"`
	ExpiresAt     time.Time           `json:"expires_at" doc:"When the session ends if nothing is done in it; it goes on with every request, up to a limit."`
	Session       string              `json:"session" format:"uuid"`

	Environments []SignedInPlace `json:"environments" nullable:"false" doc:"The environments whose consoles the person may want to open: this one, in the default environment all that they may see, and those to which this browser is signed in. In each, people sign in on their own."`
	Help         SignedInHelp    `json:"help"`
}

// SignedInPlace is an environment with a console.
type SignedInPlace struct {
	ID         string `json:"id" format:"uuid"`
	Name       string `json:"name"`
	Slug       string `json:"slug,omitempty"`
	ConsoleURL string `json:"console_url"`
	Current    bool   `json:"current"`
}

// SignedInHelp is where help is; what is absent is not offered, but documentation, which the server carries itself.
type SignedInHelp struct {
	DocsURL   string `json:"docs_url,omitempty"`
	ReportURL string `json:"report_url,omitempty"`
	IdeasURL  string `json:"ideas_url,omitempty"`
}

// SignedInUser is the person.
type SignedInUser struct {
	ID       string `json:"id" format:"uuid"`
	UserName string `json:"user_name"`
	Name     string `json:"name" doc:"What people call the person."`
	Email    string `json:"email,omitempty"`
}

// SignedInRole is a role of the person over something.
type SignedInRole struct {
	Role    string `json:"role"`
	Name    string `json:"name"`
	Over    string `json:"over" enum:"organization,environment,population,application"`
	ScopeID string `json:"scope_id" format:"uuid"`
}

// SignedInEnvironment is the environment in which the person is signed in.
type SignedInEnvironment struct {
	ID      string `json:"id" format:"uuid"`
	Name    string `json:"name"`
	Issuer  string `json:"issuer"`
	Region  string `json:"region,omitempty" doc:"The code of the region that it lives in; absent: wherever this is."`
	TLD     string `json:"top_level_domain,omitempty" doc:"What addresses in its region end in; without a region of its own, in the server's. Absent where neither has one."`
	Default bool   `json:"default" doc:"Whether others are administered from here."`
}

func (d *Door) sessionOperations(api huma.API) {
	op := rest.Operation("GET /session", "get-session", "Say who is signed in, what they may do and how fresh their proof is")
	op.Description = "For pages of the same origin. A 401 with the code session_over means to sign in at /signin?return_to=…; a 403 with the code " +
		"step_up_required, at any operation, to prove again who one is at /signin/step-up?return_to=…."
	huma.Register(api, op, d.getSession)
}

// whoAsks is a request for the session: with it come the cookies of the browser's sessions in other environments.
type whoAsks struct{ beside []web.Beside }

// Resolve takes the cookies from the request, before the operation.
func (a *whoAsks) Resolve(ctx huma.Context) []error {
	r, w := humago.Unwrap(ctx)
	a.beside = web.SessionCookie.Beside(w, r)
	return nil
}

func (d *Door) getSession(ctx context.Context, in *whoAsks) (*struct{ Body SignedIn }, error) {
	out := &struct{ Body SignedIn }{}
	return out, d.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		u, err := directory.Load(tx, c.Actor.Environment, c.Actor.Person.User)
		if err != nil {
			return err
		}
		e := c.Environment
		out.Body = SignedIn{
			User:  SignedInUser{ID: u.ID.String(), UserName: u.Profile.UserName, Name: u.Profile.Shown()},
			Roles: []SignedInRole{}, Scopes: c.Actor.Held(), Everywhere: c.Actor.Permissions, Administrator: access.AllowAdministrator(&c.Actor) == nil,
			Environment: SignedInEnvironment{e.ID.String(), e.Name, e.Issuer, e.Region, d.Environments.Regions.Domain(e.Region), e.Default},
			ProvedAt:    c.Session.ProvedAt, CreatedAt: c.Session.CreatedAt, ExpiresAt: c.Session.IdleAt(), Session: c.Session.ID.String(),
		}
		if session.StepUpFresh(c.Session, tx.Now()) {
			out.Body.FreshUntil = c.Session.ProvedAt.Add(session.StepUp)
		}
		if address := u.Profile.Email(); address != nil {
			out.Body.User.Email = address.Value
		}
		for _, r := range c.Actor.Person.Roles {
			out.Body.Roles = append(out.Body.Roles, SignedInRole{string(r.Role), r.Name, string(r.Scope.Kind), r.Scope.ID.String()})
		}
		out.Body.Help = d.Help
		out.Body.Environments, err = d.places(tx, c, in.beside)
		return err
	})
}

// places returns the environments whose consoles the person may open, the one they are in first: in the default environment all
// that they may see; in every other, whose people may be strangers to the rest of the host, those only to which this browser is
// signed in. Whoever holds the cookie of a session is told the name of its environment anyway, by asking there.
func (d *Door) places(tx *db.Tx, c *rest.Call, beside []web.Beside) ([]SignedInPlace, error) {
	here := c.Environment
	all := []SignedInPlace{{ID: here.ID.String(), Name: here.Name, ConsoleURL: here.Issuer + "/console/", Current: true}}
	also, err := d.signedInTo(tx, beside)
	if err != nil {
		return nil, err
	}
	if here.Default && slices.Contains(c.Actor.Held(), access.ReadEnvironments) {
		seen, err := environment.List(tx, &c.Actor)
		if err != nil {
			return nil, err
		}
		also = append(slices.DeleteFunc(seen, func(e *environment.Environment) bool { return !e.Enabled }), also...)
	}
	base, told := d.Register.Home().Issuer, map[uuid.UUID]bool{here.ID: true}
	for _, e := range also {
		// An environment of a region that is not served here has its console there.
		if told[e.ID] || d.Environments.Regions.Elsewhere(e.Region) != "" {
			continue
		}
		told[e.ID] = true
		all = append(all, SignedInPlace{ID: e.ID.String(), Name: e.Name, Slug: e.Slug, ConsoleURL: e.Issuer(base) + "/console/"})
	}
	return all, nil
}

// signedInTo returns the environments of those sessions that are good now and that their people began themselves: of one that an
// application opened, the application knows the cookie. A name of a cookie alone says nothing, and looking is no sign of life:
// a session that nobody uses ends. The default environment comes first, then the oldest.
func (d *Door) signedInTo(tx *db.Tx, beside []web.Beside) (all []*environment.Environment, err error) {
	for _, b := range beside {
		id := b.Environment
		if id == uuid.Nil {
			id = d.Register.Home().ID
		}
		s, err := d.Guard.Sessions.Check(tx, id, b.Value)
		// Another environment's root key may be missing on this node; that must not close this one's console.
		if fault.Is(err, fault.Unauthenticated) || fault.Is(err, fault.Unavailable) || err == nil && !s.Own() {
			continue
		}
		if err != nil {
			return nil, err
		}
		e, err := environment.Load(tx, id)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	slices.SortFunc(all, func(a, b *environment.Environment) int { return a.CreatedAt.Compare(b.CreatedAt) })
	return all, nil
}
