package roleapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/access/role"
	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
)

// Resources are what this package serves. Its desk is required.
type Resources struct{ *rest.Desk }

// Operations registers every operation on api, which [rest.Desk.Admit] guards. Without a desk they cannot be called; the
// OpenAPI document needs none.
func (r *Resources) Operations(api huma.API) {
	r.roleOperations(api)
	r.workerOperations(api)
	r.userOperations(api)
	r.explainOperations(api)
}

// Role is an [access.Definition] on the wire.
type Role struct {
	rest.Row
	Role        string    `json:"role" doc:"What an assignment calls it: the name of a built-in one, the id of another."`
	Name        string    `json:"name" doc:"Unique in the environment, whatever its case."`
	Description string    `json:"description,omitempty"`
	Builtin     bool      `json:"builtin" doc:"Whether it is there in every environment and cannot be changed."`
	Scopes      []string  `json:"scopes" nullable:"false" doc:"The scopes of the management API that it gives."`
	Over        []string  `json:"over" nullable:"false" doc:"What it can be granted over. Over a population a role gives only what is about people."`
	CreatedAt   time.Time `json:"created_at,omitzero" doc:"Absent for a built-in one."`
	UpdatedAt   time.Time `json:"updated_at,omitzero" doc:"Absent for a built-in one."`
}

// Roles is every role.
type Roles struct {
	Items []Role `json:"items" nullable:"false" doc:"The built-in ones, the mightiest first, and then the environment's own by name; at most 207."`
}

// NewRole is the body that makes a role.
type NewRole struct {
	Name        string   `json:"name" minLength:"1"`
	Description string   `json:"description,omitempty"`
	Scopes      []string `json:"scopes" minItems:"1" nullable:"false" doc:"Scopes of the management API; you must hold them all."`
}

// RoleChange is a merge patch.
type RoleChange struct {
	Name        rest.Patch[string]   `json:"name,omitzero"`
	Description rest.Patch[string]   `json:"description,omitzero"`
	Scopes      rest.Patch[[]string] `json:"scopes,omitzero" doc:"All of them: what is left out is taken at once from everybody who holds the role. You must hold them all, the former ones and the new ones, and roles:assign if somebody holds the role."`
}

// RolePath names a role.
type RolePath struct {
	Role string `path:"role" doc:"The name of a built-in one, or an id."`
}

func (r *Resources) roleOperations(api huma.API) {
	const list, one = "/roles", "/roles/{role}"
	huma.Register(api, rest.Operation("GET "+list, "list-roles", "List the roles there are, with what each permits"), r.listRoles)
	huma.Register(api, rest.Creation("POST "+list, "create-role", "Create a role of the environment's own"), r.createRole)
	huma.Register(api, rest.Operation("GET "+one, "get-role", "Show a role"), r.getRole)
	huma.Register(api, rest.Operation("PATCH "+one, "change-role", "Change a role that is not built in, for everybody who holds it"), r.changeRole)
	huma.Register(api, rest.Operation("DELETE "+one, "delete-role", "Delete a role that is not built in, and take it from everybody who holds it"), r.deleteRole)
}

func (r *Resources) listRoles(ctx context.Context, _ *struct{}) (*struct{ Body Roles }, error) {
	out := &struct{ Body Roles }{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		all, err := role.List(tx, &c.Actor)
		out.Body.Items = make([]Role, len(all))
		for i, d := range all {
			out.Body.Items[i] = showRole(d)
		}
		return err
	})
	return out, err
}

func (r *Resources) createRole(ctx context.Context, in *struct {
	rest.Idempotent
	Body NewRole
}) (*rest.Created[Role], error) {
	return rest.Create(ctx, r.Desk, in.Idempotent, in.Body, rest.Maker[Role]{
		Make: func(tx *db.Tx, c *rest.Call) (Role, string, error) {
			d, err := role.Create(tx, &c.Actor, role.Spec{Name: in.Body.Name, Description: in.Body.Description, Permissions: in.Body.Scopes})
			if err != nil {
				return Role{}, "", err
			}
			return showRole(d), string(d.Role), nil
		},
		Again: func(tx *db.Tx, c *rest.Call, name string) (Role, error) { return roleCalled(tx, c, name) },
	})
}

// roleCalled asks for no permission to see roles: whoever made one may hear again what it is.
func roleCalled(tx *db.Tx, c *rest.Call, name string) (Role, error) {
	d, err := access.GetRole(tx, c.Actor.Environment, access.Role(name))
	if err != nil {
		return Role{}, err
	}
	return showRole(d), nil
}

func (r *Resources) getRole(ctx context.Context, in *struct {
	RolePath
	rest.Conditional
}) (*rest.Found[Role], error) {
	return rest.Find(ctx, r.Desk, in.Conditional, func(tx *db.Tx, c *rest.Call) (Role, error) {
		d, err := role.Get(tx, &c.Actor, access.Role(in.Role))
		if err != nil {
			return Role{}, err
		}
		return showRole(d), nil
	})
}

func (r *Resources) changeRole(ctx context.Context, in *struct {
	RolePath
	rest.Precondition
	Body RoleChange
}) (*rest.Changed[Role], error) {
	return rest.Change(ctx, r.Desk, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) (Role, error) {
		d, err := role.Change(tx, &c.Actor, access.Role(in.Role), version, func(s *role.Spec) {
			in.Body.Name.Apply(&s.Name, "")
			in.Body.Description.Apply(&s.Description, "")
			in.Body.Scopes.Apply(&s.Permissions, nil)
		})
		if err != nil {
			return Role{}, err
		}
		return showRole(d), nil
	})
}

func (r *Resources) deleteRole(ctx context.Context, in *struct {
	RolePath
	rest.Precondition
}) (*rest.Done, error) {
	return r.Remove(ctx, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) error {
		return role.Delete(tx, &c.Actor, access.Role(in.Role), version)
	})
}

func showRole(d *access.Definition) Role {
	shown := Role{
		Row: rest.RowOf(rest.ID(string(d.Role)), d.Version), Role: string(d.Role), Name: d.Name, Description: d.Description, Builtin: d.Builtin,
		Scopes: d.Permissions, Over: make([]string, len(d.Over)), CreatedAt: d.CreatedAt, UpdatedAt: d.UpdatedAt,
	}
	for i, kind := range d.Over {
		shown.Over[i] = string(kind)
	}
	return shown
}

// assignmentID names a role over a thing in one word; rows know it by its parts (RFC 9562 §5.5).
func assignmentID(a access.Assignment) uuid.UUID {
	return uuid.NewSHA1(a.Scope.ID, []byte(string(a.Scope.Kind)+" "+string(a.Role)))
}
