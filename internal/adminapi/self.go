package adminapi

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// Self is what a caller may know of itself, whatever else it may do.
type Self struct {
	ClientID    string          `json:"client_id" format:"uuid"`
	Application string          `json:"application" doc:"The application's name."`
	Credential  SelfCredential  `json:"credential"`
	Scopes      []string        `json:"scopes" nullable:"false" doc:"What the token may do now."`
	Environment SelfEnvironment `json:"environment"`
	Token       SelfToken       `json:"token"`
}

// SelfCredential is the credential that the token was got with.
type SelfCredential struct {
	ID          string    `json:"id" format:"uuid"`
	Kind        string    `json:"kind" enum:"secret"`
	Description string    `json:"description,omitempty" doc:"Absent: none, or the token is for another API than this one."`
	Hint        string    `json:"hint,omitempty" doc:"How the secret begins. Absent: the token is for another API than this one."`
	ExpiresAt   time.Time `json:"expires_at,omitzero" doc:"Absent: never."`
}

// SelfEnvironment is the environment that the token belongs to.
type SelfEnvironment struct {
	ID     string `json:"id" format:"uuid"`
	Issuer string `json:"issuer"`
}

// SelfToken is the token itself.
type SelfToken struct {
	ExpiresAt time.Time `json:"expires_at"`
}

func (d *Door) selfOperations(api huma.API) {
	op := rest.Operation("GET /credentials/self", "get-self", "Say who the caller is, what it may do and until when")
	op.Description = "Needs no scope, and takes a good token of any API of the environment. A token of another API than this one " +
		"may have been handed to a resource server, so the answer to it leaves out the hint and the description of the credential."
	huma.Register(api, op, d.getSelf)
	huma.Register(api, rest.Operation("GET /rate-limit", "get-rate-limit", "Say how many requests the caller may still make"), d.getRateLimit)
	op = rest.Operation("GET /applications/self", "get-own-application", "Show the caller's own application")
	op.Description = ownApplication
	huma.Register(api, rest.Ownable(op), d.getOwnApplication)
	op = rest.Operation("PATCH /applications/self", "change-own-application", "Change the description of the caller's own application")
	op.Description = ownApplication
	huma.Register(api, rest.Ownable(op), d.changeOwnApplication)
}

func (d *Door) getSelf(ctx context.Context, _ *struct{}) (*struct{ Body Self }, error) {
	out := &struct{ Body Self }{}
	err := d.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		a, err := application.Load(tx, c.Actor.Environment, c.Actor.Application)
		if err != nil {
			return err
		}
		k, err := credential.Load(tx, c.Actor.Environment, c.Actor.Application, c.Actor.Credential)
		if err != nil {
			return err
		}
		out.Body = Self{
			ClientID: a.ID.String(), Application: a.Name, Scopes: c.Actor.Held(),
			Credential:  SelfCredential{k.ID.String(), string(k.Kind), k.Description, k.Hint, k.ExpiresAt},
			Environment: SelfEnvironment{c.Environment.ID.String(), c.Environment.Issuer},
			Token:       SelfToken{c.Actor.Expires},
		}
		if c.Elsewhere {
			out.Body.Credential.Description, out.Body.Credential.Hint = "", ""
		}
		return nil
	})
	if fault.Is(err, fault.NotFound) { // deleted since the token was let in
		return nil, rest.Outdated(ctx)
	}
	return out, err
}

// RateLimit is what is left of one bucket.
type RateLimit struct {
	Policy           string `json:"policy" enum:"credential,address" doc:"Whose bucket it is: the credential's, or that of the network that the request came from."`
	Limit            int64  `json:"limit" doc:"How many requests a full bucket holds."`
	PerSecond        int64  `json:"per_second" doc:"How many grow back in a second."`
	Remaining        int64  `json:"remaining" doc:"How many may follow at once."`
	FullAfterSeconds int64  `json:"full_after_seconds" doc:"When the bucket is full again, if nobody calls."`
}

// RateLimits are the buckets of a caller.
type RateLimits struct {
	Items []RateLimit `json:"items" nullable:"false" doc:"Empty when nothing bounds the caller. Each node counts on its own."`
}

// getRateLimit is for whoever may see anything: what may only sign people in is told by the headers of its own answers.
func (d *Door) getRateLimit(ctx context.Context, _ *struct{}) (*struct{ Body RateLimits }, error) {
	out := &struct{ Body RateLimits }{RateLimits{Items: []RateLimit{}}}
	err := d.Read(ctx, func(_ *db.Tx, c *rest.Call) error {
		if held := c.Actor.Held(); !c.Elsewhere && !slices.ContainsFunc(held, access.Reads) {
			return fault.New(fault.Denied, "this needs a scope that lets see something")
		}
		out.Body.Items = out.Body.Items[:0]
		for _, s := range c.Left {
			out.Body.Items = append(out.Body.Items, RateLimit{s.Policy, s.Rate.Burst, s.Rate.PerSecond, s.Remaining, int64(math.Ceil(s.Full.Seconds()))})
		}
		return nil
	})
	return out, err
}

const ownApplication = "Needs no scope, but a token that carries the API family application, of any API of the environment; " +
	"or the client_id and a secret of that family as HTTP Basic. Workers and pairs also need the scope that it takes to see or " +
	"change any application."

// OwnChange is a merge patch.
type OwnChange struct {
	Description rest.Patch[string] `json:"description,omitzero"`
}

func (d *Door) getOwnApplication(ctx context.Context, in *rest.Conditional) (*rest.Found[Application], error) {
	found, err := rest.Find(ctx, d.Desk, *in, func(tx *db.Tx, c *rest.Call) (Application, error) {
		if err := allowOwn(c, access.ReadApplications); err != nil {
			return Application{}, err
		}
		a, err := application.Load(tx, c.Actor.Environment, c.Actor.Application)
		if err != nil {
			return Application{}, err
		}
		return showApplication(tx, c, a)
	})
	if fault.Is(err, fault.NotFound) { // deleted since the token was let in
		return nil, rest.Outdated(ctx)
	}
	return found, err
}

// changeOwnApplication takes a token of any API, too. A resource server that was handed one could change the text with
// it, and the ledger would say with whose token; nothing that could widen anybody's authority is changed here.
func (d *Door) changeOwnApplication(ctx context.Context, in *struct {
	rest.Precondition
	Body OwnChange
}) (*rest.Changed[Application], error) {
	changed, err := rest.Change(ctx, d.Desk, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) (Application, error) {
		if err := allowOwn(c, access.WriteApplications); err != nil {
			return Application{}, err
		}
		a, err := application.Describe(tx, &c.Actor, version, func(text *string) { in.Body.Description.Apply(text, "") })
		if err != nil {
			return Application{}, err
		}
		return showApplication(tx, c, a)
	})
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Unauthenticated) {
		return nil, rest.Outdated(ctx)
	}
	return changed, err
}

// allowOwn asks for the family and, of workers and pairs, for the permission: what those may do is what their roles and their
// access say, and the access authentication-only says nothing of applications.
func allowOwn(c *rest.Call, permission string) error {
	if !c.Actor.Families.Has(access.FamilyApplication) {
		return fault.New(fault.Denied, "this needs the API family application, which the credential does not have")
	}
	administers := c.Kind == application.Worker || c.Kind == application.Pair
	if administers && !c.Actor.MayOn(permission, access.OverApplication, c.Actor.Application) {
		return fault.New(fault.Denied, "of a %s this needs the scope %s", c.Kind, permission)
	}
	return nil
}
