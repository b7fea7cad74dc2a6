package roleapi

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/access/role"
	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/web"
)

// RoleHolder is a user who holds a role, and over what.
type RoleHolder struct {
	User    string `json:"user" format:"uuid" doc:"The user's id."`
	Over    string `json:"over" enum:"organization,environment,population"`
	ScopeID string `json:"scope_id" format:"uuid" doc:"Which one."`
	ID      string `json:"id" format:"uuid" doc:"The assignment's, by which it can be revoked."`
}

// UserPath names a user.
type UserPath struct {
	User string `path:"user" doc:"The user's id."`
}

func (r *Resources) userOperations(api huma.API) {
	const list = "/users/{user}/roles"
	huma.Register(api, rest.Operation("GET "+list, "list-user-roles", "List the roles of a user"), r.listUserRoles)
	huma.Register(api, rest.Creation("POST "+list, "grant-user-role", "Grant a user a role over an organization, an environment or a population"), r.grantUserRole)
	huma.Register(api, rest.Operation("DELETE "+list+"/{assignment}", "revoke-user-role", "Take a role from a user"), r.revokeUserRole)
	huma.Register(api, rest.Operation("GET /roles/{role}/users", "list-role-users", "List the users who hold a role, as far as the caller may see them"), r.listHolders)
}

func (r *Resources) listUserRoles(ctx context.Context, in *UserPath) (*struct{ Body RoleAssignments }, error) {
	out := &struct{ Body RoleAssignments }{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		all, err := role.Of(tx, &c.Actor, rest.ID(in.User))
		out.Body.Items = showHeld(all)
		return err
	})
	return out, err
}

func (r *Resources) grantUserRole(ctx context.Context, in *struct {
	UserPath
	rest.Idempotent
	Body NewRoleAssignment
}) (*rest.Created[RoleAssignment], error) {
	user := rest.ID(in.User)
	return rest.Create(ctx, r.Desk, in.Idempotent, in.Body, rest.Maker[RoleAssignment]{
		Make: func(tx *db.Tx, c *rest.Call) (RoleAssignment, string, error) {
			grant, err := in.Body.assignment(tx, c)
			if err != nil {
				return RoleAssignment{}, "", err
			}
			if err := role.Grant(tx, &c.Actor, user, grant); err != nil {
				return RoleAssignment{}, "", err
			}
			shown, err := ofUser(tx, c, user, assignmentID(grant).String())
			return shown, shown.ID, err
		},
		Again: func(tx *db.Tx, c *rest.Call, name string) (RoleAssignment, error) { return ofUser(tx, c, user, name) },
	})
}

// ofUser shows the role with an id that a user has.
func ofUser(tx *db.Tx, c *rest.Call, user uuid.UUID, id string) (RoleAssignment, error) {
	all, err := access.UserRoles(tx, c.Actor.Environment, user)
	if err != nil {
		return RoleAssignment{}, err
	}
	h, err := heldCalled(all, id)
	return showAssignment(h), err
}

func (r *Resources) revokeUserRole(ctx context.Context, in *struct {
	UserPath
	Assignment string `path:"assignment" doc:"Its id."`
}) (*rest.Done, error) {
	return r.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
		all, err := role.ToRevoke(tx, &c.Actor, rest.ID(in.User))
		if err != nil {
			return err
		}
		h, err := heldCalled(all, in.Assignment)
		if err != nil {
			return err
		}
		return role.Revoke(tx, &c.Actor, rest.ID(in.User), h.Assignment)
	})
}

func (r *Resources) listHolders(ctx context.Context, in *struct {
	RolePath
	web.PageQuery
}) (*rest.Listed[RoleHolder], error) {
	out := &rest.Listed[RoleHolder]{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		list := "role " + in.Role + " " + c.Actor.Environment.String()
		var after string
		if in.Cursor != "" {
			if err := r.Cursors.Read(in.Cursor, list, &after); err != nil {
				return err
			}
		}
		all, next, err := role.Holders(tx, &c.Actor, access.Role(in.Role), rest.ID(after), in.Limit)
		out.Body = web.Page[RoleHolder]{Items: []RoleHolder{}}
		for _, h := range all {
			out.Body.Items = append(out.Body.Items, RoleHolder{
				User: h.User.String(), Over: string(h.Scope.Kind), ScopeID: h.Scope.ID.String(),
				ID: assignmentID(access.Assignment{Role: access.Role(in.Role), Scope: h.Scope}).String(),
			})
		}
		if next != uuid.Nil {
			out.Body.Next = r.Cursors.Make(list, next.String())
		}
		return err
	})
	return out, err
}
