package directoryapi

import (
	"context"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/roll"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Member is a [roll.Member] on the wire.
type Member struct {
	ID   string `json:"id" format:"uuid"`
	Kind string `json:"kind" enum:"user,group"`
	Name string `json:"name,omitempty" doc:"What the user or group is called; absent for callers who may not see it."`
}

// MemberChange says who comes into a group and who leaves it. Who is there already or not there changes nothing.
type MemberChange struct {
	Add    []NewMember `json:"add,omitempty" maxItems:"20000"`
	Remove []string    `json:"remove,omitempty" maxItems:"20000" doc:"Ids of members."`
}

// NewMember is a user or a group that comes into a group.
type NewMember struct {
	ID   string `json:"id"`
	Kind string `json:"kind,omitempty" enum:"user,group" doc:"user unless given."`
}

// Membership is a [roll.Membership] on the wire.
type Membership struct {
	ID      string `json:"id" format:"uuid"`
	Name    string `json:"name"`
	Direct  bool   `json:"direct" doc:"Whether the user was added to the group itself."`
	Dynamic bool   `json:"dynamic" doc:"Whether the user is in it because of its filter."`
}

// Memberships are the groups of a user.
type Memberships struct {
	Items []Membership `json:"items" nullable:"false" doc:"Those that the user was added to, then those around these, then those with a filter."`
}

// MemberPath names a member of a group.
type MemberPath struct {
	GroupPath
	Member string `path:"member" doc:"The id of a user or a group in it."`
}

func (r *Resources) memberOperations(api huma.API) {
	const list = "/groups/{group}/members"
	huma.Register(api, rest.Operation("GET "+list, "list-members", "List the members of a group"), r.listMembers)
	huma.Register(api, rest.Operation("POST "+list, "change-members", "Add members to a group and remove others"), r.changeMembers)
	huma.Register(api, rest.Operation("DELETE "+list+"/{member}", "remove-member", "Remove a member from a group"), r.removeMember)
	huma.Register(api, rest.Operation("GET /users/{user}/groups", "list-user-groups", "List the groups that a user is in"), r.listUserGroups)
}

func (r *Resources) listMembers(ctx context.Context, in *struct {
	GroupPath
	web.PageQuery
}) (*rest.Listed[Member], error) {
	out := &rest.Listed[Member]{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		g, err := directory.GetGroup(tx, &c.Actor, rest.ID(in.Group))
		if err != nil {
			return err
		}
		if g.Filter != "" {
			out.Body, err = r.dynamicMembers(tx, c, g, in.PageQuery, "members "+in.Group)
			return err
		}
		page, next, err := r.paging(in.PageQuery, c, "members "+in.Group)
		if err != nil {
			return err
		}
		rows, err := roll.Members(tx, &c.Actor, rest.ID(in.Group), page)
		out.Body = web.Cut(rows, in.Limit, func(m roll.Member) Member { return Member{m.ID.String(), string(m.Kind), m.Name} },
			func(m roll.Member) string { return next(m.ID) })
		return err
	})
	return out, err
}

func (r *Resources) changeMembers(ctx context.Context, in *struct {
	GroupPath
	rest.Precondition
	Body MemberChange
}) (*rest.Changed[Group], error) {
	var add []directory.Member
	for _, m := range in.Body.Add {
		kind := directory.MemberKind(m.Kind)
		if kind == "" {
			kind = directory.UserMember
		}
		add = append(add, directory.Member{ID: rest.ID(m.ID), Kind: kind})
	}
	var remove []uuid.UUID
	for _, id := range in.Body.Remove {
		remove = append(remove, rest.ID(id))
	}
	return rest.Change(ctx, r.Desk, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) (Group, error) {
		g, err := directory.ChangeMembers(tx, &c.Actor, rest.ID(in.Group), version, add, remove)
		if err != nil {
			return Group{}, err
		}
		return showGroup(g), nil
	})
}

func (r *Resources) removeMember(ctx context.Context, in *MemberPath) (*rest.Done, error) {
	return r.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
		group, member := rest.ID(in.Group), rest.ID(in.Member)
		there, err := directory.IsMember(tx, c.Actor.Environment, group, member)
		if err != nil {
			return err
		}
		_, err = directory.ChangeMembers(tx, &c.Actor, group, 0, nil, []uuid.UUID{member})
		if err == nil && !there {
			err = fault.New(fault.NotFound, "it has no such member")
		}
		return err
	})
}

func (r *Resources) listUserGroups(ctx context.Context, in *UserPath) (*struct{ Body Memberships }, error) {
	out := &struct{ Body Memberships }{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		all, err := roll.GroupsOf(tx, &c.Actor, rest.ID(in.User))
		out.Body.Items = make([]Membership, len(all))
		for i, m := range all {
			out.Body.Items[i] = Membership{ID: m.Group.ID.String(), Name: m.Group.Name, Direct: m.Direct, Dynamic: m.Dynamic}
		}
		return err
	})
	return out, err
}
