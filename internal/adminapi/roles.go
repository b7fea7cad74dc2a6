package adminapi

import (
	"cmp"
	"context"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// Role is an [access.Role] on the wire.
type Role struct {
	Role   string   `json:"role"`
	Scopes []string `json:"scopes" nullable:"false" doc:"The scopes of the management API that it gives."`
	Over   []string `json:"over" nullable:"false" doc:"What it can be granted over."`
}

// Roles is every role.
type Roles struct {
	Items []Role `json:"items" nullable:"false" doc:"The mightiest first."`
}

// RoleAssignment is an [access.Assignment] on the wire.
type RoleAssignment struct {
	rest.Row
	ID      string `json:"id" format:"uuid" doc:"The same for the same role over the same thing."`
	Role    string `json:"role"`
	Over    string `json:"over" enum:"organization,environment,population,application"`
	ScopeID string `json:"scope_id" format:"uuid" doc:"Which one."`
}

// NewRoleAssignment is the body that grants a role.
type NewRoleAssignment struct {
	Role    string `json:"role" enum:"organization-admin,environment-admin,client-application-developer,application-owner,identity-data-admin,identity-data-read-only,configuration-read-only"`
	Over    string `json:"over,omitempty" enum:"organization,environment,population,application" doc:"The environment unless given."`
	ScopeID string `json:"scope_id,omitempty" format:"uuid" doc:"Needed for a population and an application; else those that the worker is in."`
}

// RoleAssignments are the roles of an application.
type RoleAssignments struct {
	Items []RoleAssignment `json:"items" nullable:"false" doc:"At most 50."`
}

// AssignmentPath names a role that an application has.
type AssignmentPath struct {
	rest.ApplicationPath
	Assignment string `path:"assignment" doc:"Its id."`
}

func (d *Door) roleOperations(api huma.API) {
	const list, one = "/applications/{application}/roles", "/applications/{application}/roles/{assignment}"
	huma.Register(api, rest.Operation("GET /roles", "list-roles", "List the roles there are, with what each lets a worker do"), d.listRoles)
	huma.Register(api, rest.Operation("GET "+list, "list-application-roles", "List the roles of a worker"), d.listAssignments)
	huma.Register(api, rest.Creation("POST "+list, "grant-role", "Grant a worker a role over something"), d.grantRole)
	huma.Register(api, rest.Operation("DELETE "+one, "revoke-role", "Revoke a role; live tokens lose what it gave"), d.revokeRole)
}

func (d *Door) listRoles(ctx context.Context, _ *struct{}) (*struct{ Body Roles }, error) {
	out := &struct{ Body Roles }{}
	err := d.Read(ctx, func(*db.Tx, *rest.Call) error {
		out.Body.Items = []Role{}
		for _, r := range access.Roles() {
			shown := Role{Role: string(r), Scopes: r.Permissions(), Over: []string{}}
			for _, kind := range r.Scopes() {
				shown.Over = append(shown.Over, string(kind))
			}
			out.Body.Items = append(out.Body.Items, shown)
		}
		return nil
	})
	return out, err
}

func (d *Door) listAssignments(ctx context.Context, in *rest.ApplicationPath) (*struct{ Body RoleAssignments }, error) {
	out := &struct{ Body RoleAssignments }{}
	err := d.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		all, err := application.Roles(tx, &c.Actor, rest.ID(in.Application))
		out.Body.Items = make([]RoleAssignment, len(all))
		for i, a := range all {
			out.Body.Items[i] = showAssignment(a.Assignment)
		}
		return err
	})
	return out, err
}

func (d *Door) grantRole(ctx context.Context, in *struct {
	rest.ApplicationPath
	rest.Idempotent
	Body NewRoleAssignment
}) (*rest.Created[RoleAssignment], error) {
	return rest.Create(ctx, d.Desk, in.Idempotent, in.Body, rest.Maker[RoleAssignment]{
		Make: func(tx *db.Tx, c *rest.Call) (RoleAssignment, string, error) {
			grant, err := in.Body.assignment(tx, c)
			if err != nil {
				return RoleAssignment{}, "", err
			}
			shown := showAssignment(grant)
			return shown, shown.ID, application.GrantRole(tx, &c.Actor, rest.ID(in.Application), grant)
		},
		Again: func(tx *db.Tx, c *rest.Call, name string) (RoleAssignment, error) {
			grant, err := assignmentOf(tx, c, in.Application, name)
			return showAssignment(grant), err
		},
	})
}

// assignment completes what the body leaves out.
func (b *NewRoleAssignment) assignment(tx *db.Tx, c *rest.Call) (access.Assignment, error) {
	grant := access.Assignment{Role: access.Role(b.Role), Scope: access.RoleScope{
		Kind: access.ScopeKind(cmp.Or(b.Over, string(access.OverEnvironment))), ID: rest.ID(b.ScopeID),
	}}
	switch {
	case b.ScopeID != "":
		if grant.Scope.ID == uuid.Nil {
			return grant, fault.On("scope_id", "an id is a lowercase UUID")
		}
	case grant.Scope.Kind == access.OverEnvironment:
		grant.Scope.ID = c.Actor.Environment
	case grant.Scope.Kind == access.OverOrganization:
		e, err := environment.Load(tx, c.Actor.Environment)
		if err != nil {
			return grant, err
		}
		grant.Scope.ID = e.Organization
	default:
		return grant, fault.On("scope_id", "say which %s", grant.Scope.Kind)
	}
	return grant, nil
}

func (d *Door) revokeRole(ctx context.Context, in *AssignmentPath) (*rest.Done, error) {
	return d.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
		grant, err := assignmentOf(tx, c, in.Application, in.Assignment)
		if err != nil {
			return err
		}
		return application.RevokeRole(tx, &c.Actor, rest.ID(in.Application), grant)
	})
}

// assignmentOf finds the role with an id that an application has.
func assignmentOf(tx *db.Tx, c *rest.Call, app, id string) (access.Assignment, error) {
	all, err := access.Assignments(tx, c.Actor.Environment, rest.ID(app))
	for _, a := range all {
		if assignmentID(a.Assignment) == rest.ID(id) {
			return a.Assignment, err
		}
	}
	if err == nil {
		err = fault.New(fault.NotFound, "it has no such role")
	}
	return access.Assignment{}, err
}

// assignmentID names a role over a thing in one word; rows know it by its parts (RFC 9562 §5.5).
func assignmentID(a access.Assignment) uuid.UUID {
	return uuid.NewSHA1(a.Scope.ID, []byte(string(a.Scope.Kind)+" "+string(a.Role)))
}

func showAssignment(a access.Assignment) RoleAssignment {
	id := assignmentID(a)
	return RoleAssignment{Row: rest.RowOf(id, 1), ID: id.String(), Role: string(a.Role), Over: string(a.Scope.Kind), ScopeID: a.Scope.ID.String()}
}
