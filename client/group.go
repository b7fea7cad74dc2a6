package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Group is a set of users and of other groups.
type Group struct {
	Answer `json:"-"`

	// ID is a lowercase UUID and never changes.
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	ExternalID  string `json:"external_id,omitempty"`
	// PopulationID is the population that all of its users are in; empty, they are anywhere.
	PopulationID string `json:"population_id,omitempty"`
	// Filter says who is a member (RFC 7644 §3.4.2.2); empty, whoever was added by hand.
	Filter    string    `json:"filter,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// NewGroup describes a group to be made. Name is required; PopulationID, and whether there is a Filter, stay as they are.
type NewGroup struct {
	Name         string `json:"name"`
	Description  string `json:"description,omitempty"`
	ExternalID   string `json:"external_id,omitempty"`
	PopulationID string `json:"population_id,omitempty"`
	Filter       string `json:"filter,omitempty"`
}

// GroupChange changes a group.
type GroupChange struct {
	Name        Field[string] `json:"name,omitzero"`
	Description Field[string] `json:"description,omitzero"`
	ExternalID  Field[string] `json:"external_id,omitzero"`
	Filter      Field[string] `json:"filter,omitzero"`
}

// Member is a user or a group in a group.
type Member struct {
	ID string `json:"id"`
	// Kind is "user" or "group".
	Kind string `json:"kind"`
	// Name is empty for callers who may not see the user or group.
	Name string `json:"name,omitempty"`
}

// MemberChange says who comes into a group and who leaves it, by id.
type MemberChange struct {
	Add    []NewMember `json:"add,omitempty"`
	Remove []string    `json:"remove,omitempty"`
}

// NewMember is a user or a group that comes into a group. Kind is "user" unless it is "group".
type NewMember struct {
	ID   string `json:"id"`
	Kind string `json:"kind,omitempty"`
}

// Membership is a group that a user is in.
type Membership struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	// Direct says that the user was added to the group itself, and Dynamic that its filter says so; neither, that the user
	// is in a group which is in this one.
	Direct  bool `json:"direct"`
	Dynamic bool `json:"dynamic"`
}

type memberships struct {
	Items []*Membership `json:"items"`
}

// Groups lists the groups that the caller may see; name, if it is not empty, is that of the only one. Needs groups:read.
func (c *Client) Groups(ctx context.Context, name string) iter.Seq2[*Group, error] {
	query := url.Values{}
	if name != "" {
		query.Set("name", name)
	}
	return pages[Group](ctx, c, at("groups"), query)
}

// CreateGroup makes a group. Needs groups:write.
func (c *Client) CreateGroup(ctx context.Context, g NewGroup, options ...CallOption) (*Group, error) {
	return create[Group](ctx, c, at("groups"), g, options)
}

// Group returns the group with this id. Needs groups:read.
func (c *Client) Group(ctx context.Context, id string) (*Group, error) {
	return get[Group](ctx, c, at("groups", id))
}

// UpdateGroup changes a group. Needs groups:write.
func (c *Client) UpdateGroup(ctx context.Context, id string, g GroupChange, options ...CallOption) (*Group, error) {
	return change[Group](ctx, c, at("groups", id), g, options)
}

// DeleteGroup deletes a group. Needs groups:write.
func (c *Client) DeleteGroup(ctx context.Context, id string, options ...CallOption) (Answer, error) {
	return remove(ctx, c, at("groups", id), options)
}

// GroupMembers lists the members of a group, by hand or by its filter. Needs groups:read.
func (c *Client) GroupMembers(ctx context.Context, id string) iter.Seq2[*Member, error] {
	return pages[Member](ctx, c, at("groups", id, "members"), nil)
}

// ChangeGroupMembers adds members to a group and removes others, 20,000 at most. Needs groups:write, and users:read for the
// users who come in.
func (c *Client) ChangeGroupMembers(ctx context.Context, id string, m MemberChange, options ...CallOption) (*Group, error) {
	return call[Group](ctx, c, request{method: http.MethodPost, path: at("groups", id, "members"), body: m}, options...)
}

// RemoveGroupMember removes one member from a group. Needs groups:write.
func (c *Client) RemoveGroupMember(ctx context.Context, id, member string) (Answer, error) {
	return remove(ctx, c, at("groups", id, "members", member), nil)
}

// UserGroups lists the groups that a user is in. Needs users:read and groups:read.
func (c *Client) UserGroups(ctx context.Context, user string) ([]*Membership, error) {
	got, err := get[memberships](ctx, c, at("users", user, "groups"))
	if err != nil {
		return nil, err
	}
	return got.Items, nil
}
