package invitationapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/invitation"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Resources are invitations. All fields are required.
type Resources struct {
	*rest.Desk
	Invitations *invitation.Authority
}

// Invitation is an [invitation.Invitation] on the wire.
type Invitation struct {
	rest.Row
	ID            string          `json:"id" format:"uuid"`
	State         string          `json:"state" enum:"pending,accepted,withdrawn,expired" doc:"expired is also one whose link died otherwise, because its user was suspended, for example."`
	User          string          `json:"user" format:"uuid" doc:"Who is invited: somebody who was no user before is a staged one since."`
	Email         string          `json:"email"`
	PopulationID  string          `json:"population_id" format:"uuid"`
	Application   string          `json:"application,omitempty" format:"uuid" doc:"The client_id of the application that the person is let into; absent: none in particular."`
	InvitedBy     string          `json:"invited_by" format:"uuid" doc:"The client_id of the application, or the id of the user, that asked."`
	Inviter       string          `json:"inviter,omitempty" doc:"Who invites, as the letter says."`
	Language      string          `json:"language"`
	TargetURL     string          `json:"target_url,omitempty" doc:"Where the person is sent in the end."`
	CreatedAt     time.Time       `json:"created_at"`
	ExpiresAt     time.Time       `json:"expires_at"`
	ActivationURL rest.Disclosure `json:"activation_url,omitzero" doc:"The link, in the answer to a creation that asked for it and never again."`
}

// NewInvitation is the body that invites somebody: a user, or an address that becomes one's.
type NewInvitation struct {
	Email        string `json:"email,omitempty" maxLength:"254"`
	User         string `json:"user,omitempty" doc:"The id of somebody who is a user already; email says to which of its addresses, the primary one unless given."`
	GivenName    string `json:"given_name,omitempty" maxLength:"1024" doc:"Of somebody who is no user yet."`
	FamilyName   string `json:"family_name,omitempty" maxLength:"1024"`
	PopulationID string `json:"population_id,omitempty" doc:"Where somebody who is no user yet is put; the default population unless given."`
	Application  string `json:"application,omitempty" doc:"The client_id of the application that the person is let into."`
	TargetURL    string `json:"target_url,omitempty" maxLength:"1000" doc:"One that the application's list covers; its home URL unless given."`
	Inviter      string `json:"inviter,omitempty" maxLength:"255" doc:"Who invites, for the letter."`
	Language     string `json:"language,omitempty" maxLength:"255" doc:"Such as de, for people who have said none."`
	Header       string `json:"header,omitempty" maxLength:"1000" doc:"A text before the link; nothing in it may become a link itself."`
	Footer       string `json:"footer,omitempty" maxLength:"1000" doc:"A text after the link."`
	ExpiresIn    int64  `json:"expires_in,omitempty" minimum:"1" maximum:"2592000" doc:"Seconds; seven days unless given."`
	SendEmail    *bool  `json:"send_email,omitempty" doc:"false shows the link in the answer in place of mailing it, which needs users:password."`
}

// InvitationPath names an invitation.
type InvitationPath struct {
	Invitation string `path:"invitation" doc:"Its id."`
}

// Operations registers every operation on api, which [rest.Desk.Admit] guards.
func (r *Resources) Operations(api huma.API) {
	const list, one = "/invitations", "/invitations/{invitation}"
	huma.Register(api, rest.Operation("GET "+list, "list-invitations", "List invitations, in the order of their creation"), r.list)
	huma.Register(api, rest.Creation("POST "+list, "create-invitation", "Invite somebody"), r.create)
	huma.Register(api, rest.Operation("GET "+one, "get-invitation", "Show an invitation"), r.get)
	huma.Register(api, rest.Operation("DELETE "+one, "withdraw-invitation", "Withdraw an invitation: its link is dead; the user stays"), r.withdraw)
}

// versions are the entity tags of an invitation, of which only the state changes.
var versions = map[invitation.State]int64{invitation.Pending: 1, invitation.Accepted: 2, invitation.Withdrawn: 3, invitation.Expired: 4}

func show(i *invitation.Invitation) Invitation {
	text := func(id uuid.UUID) string {
		if id == uuid.Nil {
			return ""
		}
		return id.String()
	}
	return Invitation{
		Row: rest.RowOf(i.ID, versions[i.State]), ID: i.ID.String(), State: string(i.State), User: i.User.String(), Email: i.Address,
		PopulationID: i.Population.String(), Application: text(i.Application), InvitedBy: i.InvitedBy.String(), Inviter: i.Inviter,
		Language: i.Language, TargetURL: i.Target, CreatedAt: i.CreatedAt, ExpiresAt: i.ExpiresAt,
	}
}

func (r *Resources) list(ctx context.Context, in *web.PageQuery) (*rest.Listed[Invitation], error) {
	out := &rest.Listed[Invitation]{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		list, after := "invitations "+c.Actor.Environment.String(), uuid.Nil
		if in.Cursor != "" {
			var last string
			if err := r.Cursors.Read(in.Cursor, list, &last); err != nil {
				return err
			}
			after = rest.ID(last)
		}
		rows, err := invitation.List(tx, &c.Actor, after, in.Limit+1)
		out.Body = web.Cut(rows, in.Limit, show, func(i *invitation.Invitation) string { return r.Cursors.Make(list, i.ID.String()) })
		return err
	})
	return out, err
}

func (r *Resources) create(ctx context.Context, in *struct {
	rest.Idempotent
	Body NewInvitation
}) (*rest.Created[Invitation], error) {
	b := &in.Body
	spec := invitation.Spec{
		Address: b.Email, Name: directory.Name{GivenName: b.GivenName, FamilyName: b.FamilyName}, Target: b.TargetURL, Inviter: b.Inviter,
		Language: b.Language, Header: b.Header, Footer: b.Footer, Life: time.Duration(b.ExpiresIn) * time.Second,
		Shown: b.SendEmail != nil && !*b.SendEmail,
	}
	for _, id := range []struct {
		field, text string
		into        *uuid.UUID
	}{{"user", b.User, &spec.User}, {"population_id", b.PopulationID, &spec.Population}, {"application", b.Application, &spec.Application}} {
		if *id.into = rest.ID(id.text); id.text != "" && *id.into == uuid.Nil {
			return nil, fault.On(id.field, "an id is a lowercase UUID")
		}
	}
	return rest.Create(ctx, r.Desk, in.Idempotent, b, rest.Maker[Invitation]{
		Make: func(tx *db.Tx, c *rest.Call) (Invitation, string, error) {
			i, link, err := r.Invitations.Invite(tx, &c.Actor, spec)
			if err != nil {
				return Invitation{}, "", err
			}
			shown := show(i)
			shown.ActivationURL = rest.Disclose(link)
			return shown, shown.ID, nil
		},
		Again: func(tx *db.Tx, c *rest.Call, name string) (Invitation, error) {
			i, err := r.Invitations.Made(tx, &c.Actor, rest.ID(name))
			if err != nil {
				return Invitation{}, err
			}
			return show(i), nil
		},
	})
}

func (r *Resources) get(ctx context.Context, in *struct {
	InvitationPath
	rest.Conditional
}) (*rest.Found[Invitation], error) {
	return rest.Find(ctx, r.Desk, in.Conditional, func(tx *db.Tx, c *rest.Call) (Invitation, error) {
		i, err := invitation.Get(tx, &c.Actor, rest.ID(in.Invitation))
		if err != nil {
			return Invitation{}, err
		}
		return show(i), nil
	})
}

func (r *Resources) withdraw(ctx context.Context, in *InvitationPath) (*rest.Done, error) {
	return r.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
		return r.Invitations.Withdraw(tx, &c.Actor, rest.ID(in.Invitation))
	})
}
