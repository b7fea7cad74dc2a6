package client

import (
	"context"
	"iter"
	"time"
)

// Role is a set of permissions that a worker or a user is granted over something.
type Role struct {
	Answer `json:"-"`

	// Role is what an assignment calls it: the name of a built-in one, such as "application-owner", or an id.
	Role        string `json:"role"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// Builtin roles are there in every environment and cannot be changed.
	Builtin bool `json:"builtin"`
	// Scopes are the scopes of the management API that it gives.
	Scopes []string `json:"scopes"`
	// Over lists what it can be granted over: "organization", "environment", "population", "application".
	Over []string `json:"over"`
	// CreatedAt and UpdatedAt are zero for a built-in role.
	CreatedAt time.Time `json:"created_at,omitzero"`
	UpdatedAt time.Time `json:"updated_at,omitzero"`
}

// NewRole describes a role to be made. Name and Scopes are required.
type NewRole struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// Scopes are scopes of the management API, all of which the maker must hold.
	Scopes []string `json:"scopes"`
}

// RoleChange changes a role for everybody who holds it.
type RoleChange struct {
	Name        Field[string]   `json:"name,omitzero"`
	Description Field[string]   `json:"description,omitzero"`
	Scopes      Field[[]string] `json:"scopes,omitzero"`
}

// RoleAssignment is a role that a worker or a user has.
type RoleAssignment struct {
	Answer `json:"-"`

	// ID is the same for the same role over the same thing.
	ID   string `json:"id"`
	Role string `json:"role"`
	// Name is the role's.
	Name string `json:"name"`
	// Over says what kind of thing the role is over, ScopeID which one.
	Over    string `json:"over"`
	ScopeID string `json:"scope_id"`
}

// RoleHolder is a user who holds a role. ID is the assignment's.
type RoleHolder struct {
	User    string `json:"user"`
	Over    string `json:"over"`
	ScopeID string `json:"scope_id"`
	ID      string `json:"id"`
}

// NewRoleAssignment describes a role to be granted. Role is required.
type NewRoleAssignment struct {
	Role string `json:"role"`
	// Over is "environment" unless given. ScopeID is needed for a population and an application; else it is what the
	// holder is in.
	Over    string `json:"over,omitempty"`
	ScopeID string `json:"scope_id,omitempty"`
}

// Roles returns every role there is: the built-in ones, the mightiest first, and then the environment's own by name.
// Needs roles:read.
func (c *Client) Roles(ctx context.Context) ([]*Role, error) {
	got, err := get[page[Role]](ctx, c, at("roles"))
	if err != nil {
		return nil, err
	}
	return got.Items, nil
}

// CreateRole makes a role. Nobody can make one that may do more than they may. Needs roles:write.
func (c *Client) CreateRole(ctx context.Context, r NewRole, options ...CallOption) (*Role, error) {
	return create[Role](ctx, c, at("roles"), r, options)
}

// Role returns a role by the name of a built-in one, or by its id. Needs roles:read.
func (c *Client) Role(ctx context.Context, id string) (*Role, error) {
	return get[Role](ctx, c, at("roles", id))
}

// ChangeRole changes a role that is not built in. The caller must hold all that it permits, before and after. Needs
// roles:write; and roles:assign when other Scopes are set of a role that somebody holds.
func (c *Client) ChangeRole(ctx context.Context, id string, r RoleChange, options ...CallOption) (*Role, error) {
	return change[Role](ctx, c, at("roles", id), r, options)
}

// DeleteRole deletes a role that is not built in, and takes it from everybody who holds it. Needs roles:write, and
// roles:assign when somebody holds it.
func (c *Client) DeleteRole(ctx context.Context, id string, options ...CallOption) (Answer, error) {
	return remove(ctx, c, at("roles", id), options)
}

// RoleHolders iterates over the users who hold a role, as far as the caller may see them. Needs roles:read and users:read.
func (c *Client) RoleHolders(ctx context.Context, id string) iter.Seq2[*RoleHolder, error] {
	return pages[RoleHolder](ctx, c, at("roles", id, "users"), nil)
}

// RolesOfUser returns the roles of a user. Needs roles:read.
func (c *Client) RolesOfUser(ctx context.Context, user string) ([]*RoleAssignment, error) {
	got, err := get[page[RoleAssignment]](ctx, c, at("users", user, "roles"))
	if err != nil {
		return nil, err
	}
	return got.Items, nil
}

// GrantUserRole gives a user a role over an organization, an environment or a population. Nobody can grant a role that may
// do more than they may there. Needs roles:assign.
func (c *Client) GrantUserRole(ctx context.Context, user string, r NewRoleAssignment, options ...CallOption) (*RoleAssignment, error) {
	return create[RoleAssignment](ctx, c, at("users", user, "roles"), r, options)
}

// RevokeUserRole takes a role from a user. Needs roles:assign.
func (c *Client) RevokeUserRole(ctx context.Context, user, id string) (Answer, error) {
	return remove(ctx, c, at("users", user, "roles", id), nil)
}

// RolesOf returns the roles of the worker with this client id. Needs applications:read.
func (c *Client) RolesOf(ctx context.Context, clientID string) ([]*RoleAssignment, error) {
	got, err := get[page[RoleAssignment]](ctx, c, at("applications", clientID, "roles"))
	if err != nil {
		return nil, err
	}
	return got.Items, nil
}

// GrantRole gives a worker a role. Nobody can grant a role that may do more than they may there. Needs roles:assign.
func (c *Client) GrantRole(ctx context.Context, clientID string, r NewRoleAssignment, options ...CallOption) (*RoleAssignment, error) {
	return create[RoleAssignment](ctx, c, at("applications", clientID, "roles"), r, options)
}

// RevokeRole takes a role from a worker; live tokens lose at once what it gave. Needs roles:assign.
func (c *Client) RevokeRole(ctx context.Context, clientID, id string) (Answer, error) {
	return remove(ctx, c, at("applications", clientID, "roles", id), nil)
}
