package client

import "context"

// Role is a set of permissions that a worker is granted over something.
type Role struct {
	// Role is its name, such as "application-owner".
	Role string `json:"role"`
	// Scopes are the scopes of the management API that it gives.
	Scopes []string `json:"scopes"`
	// Over lists what it can be granted over: "organization", "environment", "population", "application".
	Over []string `json:"over"`
}

// RoleAssignment is a role that a worker has.
type RoleAssignment struct {
	Answer `json:"-"`

	// ID is the same for the same role over the same thing.
	ID   string `json:"id"`
	Role string `json:"role"`
	// Over says what kind of thing the role is over, ScopeID which one.
	Over    string `json:"over"`
	ScopeID string `json:"scope_id"`
}

// NewRoleAssignment describes a role to be granted. Role is required.
type NewRoleAssignment struct {
	Role string `json:"role"`
	// Over is "environment" unless given. ScopeID is needed for a population and an application; else it is what the
	// worker is in.
	Over    string `json:"over,omitempty"`
	ScopeID string `json:"scope_id,omitempty"`
}

// Roles returns every role there is, the mightiest first. Needs roles:read.
func (c *Client) Roles(ctx context.Context) ([]*Role, error) {
	got, err := get[page[Role]](ctx, c, at("roles"))
	if err != nil {
		return nil, err
	}
	return got.Items, nil
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
