package roleapi

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

// RoleAssignment is an [access.Assignment] on the wire.
type RoleAssignment struct {
	rest.Row
	ID      string `json:"id" format:"uuid" doc:"The same for the same role over the same thing."`
	Role    string `json:"role"`
	Name    string `json:"name" doc:"The role's name."`
	Over    string `json:"over" enum:"organization,environment,population,application"`
	ScopeID string `json:"scope_id" format:"uuid" doc:"Which one."`
}

// NewRoleAssignment is the body that grants a role.
type NewRoleAssignment struct {
	Role    string `json:"role" minLength:"1" doc:"The name of a built-in one, or the id of another."`
	Over    string `json:"over,omitempty" enum:"organization,environment,population,application" doc:"The environment unless given."`
	ScopeID string `json:"scope_id,omitempty" format:"uuid" doc:"Needed for a population and an application; else those that the holder is in."`
}

// RoleAssignments are the roles of an application or a user.
type RoleAssignments struct {
	Items []RoleAssignment `json:"items" nullable:"false" doc:"At most 50."`
}

// AssignmentPath names a role that an application has.
type AssignmentPath struct {
	rest.ApplicationPath
	Assignment string `path:"assignment" doc:"Its id."`
}

func (r *Resources) workerOperations(api huma.API) {
	const list, one = "/applications/{application}/roles", "/applications/{application}/roles/{assignment}"
	huma.Register(api, rest.Operation("GET "+list, "list-application-roles", "List the roles of a worker"), r.listAssignments)
	huma.Register(api, rest.Creation("POST "+list, "grant-role", "Grant a worker a role over something"), r.grantRole)
	huma.Register(api, rest.Operation("DELETE "+one, "revoke-role", "Revoke a role; live tokens lose what it gave"), r.revokeRole)
}

func (r *Resources) listAssignments(ctx context.Context, in *rest.ApplicationPath) (*struct{ Body RoleAssignments }, error) {
	out := &struct{ Body RoleAssignments }{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		all, err := application.Roles(tx, &c.Actor, rest.ID(in.Application))
		out.Body.Items = showHeld(all)
		return err
	})
	return out, err
}

func (r *Resources) grantRole(ctx context.Context, in *struct {
	rest.ApplicationPath
	rest.Idempotent
	Body NewRoleAssignment
}) (*rest.Created[RoleAssignment], error) {
	return rest.Create(ctx, r.Desk, in.Idempotent, in.Body, rest.Maker[RoleAssignment]{
		Make: func(tx *db.Tx, c *rest.Call) (RoleAssignment, string, error) {
			grant, err := in.Body.assignment(tx, c)
			if err != nil {
				return RoleAssignment{}, "", err
			}
			if err := application.GrantRole(tx, &c.Actor, rest.ID(in.Application), grant); err != nil {
				return RoleAssignment{}, "", err
			}
			h, err := heldBy(tx, c, in.Application, assignmentID(grant).String())
			shown := showAssignment(h)
			return shown, shown.ID, err
		},
		Again: func(tx *db.Tx, c *rest.Call, name string) (RoleAssignment, error) {
			h, err := heldBy(tx, c, in.Application, name)
			return showAssignment(h), err
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

func (r *Resources) revokeRole(ctx context.Context, in *AssignmentPath) (*rest.Done, error) {
	return r.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
		h, err := heldBy(tx, c, in.Application, in.Assignment)
		if err != nil {
			return err
		}
		return application.RevokeRole(tx, &c.Actor, rest.ID(in.Application), h.Assignment)
	})
}

// heldBy finds the role with an id that an application has.
func heldBy(tx *db.Tx, c *rest.Call, app, id string) (access.Held, error) {
	all, err := access.Assignments(tx, c.Actor.Environment, rest.ID(app))
	if err != nil {
		return access.Held{}, err
	}
	return heldCalled(all, id)
}

func heldCalled(all []access.Held, id string) (access.Held, error) {
	for _, h := range all {
		if assignmentID(h.Assignment) == rest.ID(id) {
			return h, nil
		}
	}
	return access.Held{}, fault.New(fault.NotFound, "it has no such role")
}

func showHeld(all []access.Held) []RoleAssignment {
	shown := make([]RoleAssignment, len(all))
	for i, h := range all {
		shown[i] = showAssignment(h)
	}
	return shown
}

func showAssignment(h access.Held) RoleAssignment {
	id := assignmentID(h.Assignment)
	return RoleAssignment{Row: rest.RowOf(id, 1), ID: id.String(), Role: string(h.Role), Name: h.Name, Over: string(h.Scope.Kind), ScopeID: h.Scope.ID.String()}
}
