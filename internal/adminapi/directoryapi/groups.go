package directoryapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Group is a [directory.Group] on the wire.
type Group struct {
	rest.Row
	ID           string    `json:"id" format:"uuid"`
	Name         string    `json:"name"`
	Description  string    `json:"description"`
	ExternalID   string    `json:"external_id,omitempty"`
	PopulationID string    `json:"population_id,omitempty" doc:"The population that all of its users are in; absent: they are anywhere."`
	Filter       string    `json:"filter,omitempty" doc:"Who is a member (RFC 7644 §3.4.2.2); absent: whoever was added by hand."`
	CreatedAt    time.Time `json:"created_at"`
	UpdatedAt    time.Time `json:"updated_at"`
}

// NewGroup is the body that makes a group.
type NewGroup struct {
	Name         string `json:"name" minLength:"1" doc:"Unique in the environment, whatever its case."`
	Description  string `json:"description,omitempty"`
	ExternalID   string `json:"external_id,omitempty"`
	PopulationID string `json:"population_id,omitempty" doc:"The population that all of its users must be in; anywhere unless given. It stays."`
	Filter       string `json:"filter,omitempty" doc:"Who is a member, such as title eq \"Captain\" (RFC 7644 §3.4.2.2). Whether a group has a filter is decided here."`
}

// GroupChange is a merge patch.
type GroupChange struct {
	Name        rest.Patch[string] `json:"name,omitzero"`
	Description rest.Patch[string] `json:"description,omitzero"`
	ExternalID  rest.Patch[string] `json:"external_id,omitzero"`
	Filter      rest.Patch[string] `json:"filter,omitzero"`
}

// GroupPath names a group.
type GroupPath struct {
	Group string `path:"group" doc:"Its id."`
}

func (r *Resources) groupOperations(api huma.API) {
	const list, one = "/groups", "/groups/{group}"
	huma.Register(api, rest.Operation("GET "+list, "list-groups", "List groups, in the order of their creation"), r.listGroups)
	huma.Register(api, rest.Creation("POST "+list, "create-group", "Create a group"), r.createGroup)
	huma.Register(api, rest.Operation("GET "+one, "get-group", "Show a group"), r.getGroup)
	huma.Register(api, rest.Operation("PATCH "+one, "change-group", "Change a group"), r.changeGroup)
	huma.Register(api, rest.Operation("DELETE "+one, "delete-group", "Delete a group; its members lose nothing but that"), r.deleteGroup)
}

func (r *Resources) listGroups(ctx context.Context, in *struct {
	Name string `query:"name" maxLength:"1024" doc:"Only the one with this name, whatever its case."`
	web.PageQuery
}) (*rest.Listed[Group], error) {
	out := &rest.Listed[Group]{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		page, next, err := r.paging(in.PageQuery, c, "groups "+in.Name)
		if err != nil {
			return err
		}
		var rows []*directory.Group
		if in.Name == "" {
			rows, err = directory.Groups(tx, &c.Actor, page)
		} else {
			rows, err = groupNamed(tx, c, in.Name)
		}
		out.Body = web.Cut(rows, in.Limit, showGroup, func(g *directory.Group) string { return next(g.ID) })
		return err
	})
	return out, err
}

func groupNamed(tx *db.Tx, c *rest.Call, name string) ([]*directory.Group, error) {
	g, err := directory.GroupNamed(tx, &c.Actor, name)
	if fault.Is(err, fault.NotFound) {
		return nil, nil
	}
	return []*directory.Group{g}, err
}

func (r *Resources) createGroup(ctx context.Context, in *struct {
	rest.Idempotent
	Body NewGroup
}) (*rest.Created[Group], error) {
	population, err := idIn("population_id", in.Body.PopulationID)
	if err != nil {
		return nil, err
	}
	spec := directory.GroupSpec{
		Name: in.Body.Name, Description: in.Body.Description, ExternalID: in.Body.ExternalID, Population: population, Filter: in.Body.Filter,
	}
	return rest.Create(ctx, r.Desk, in.Idempotent, in.Body, rest.Maker[Group]{
		Make: func(tx *db.Tx, c *rest.Call) (Group, string, error) {
			spec := spec
			var err error
			if spec.Filter, err = checkRule(tx, c, in.Body.Filter); err != nil {
				return Group{}, "", err
			}
			g, err := directory.CreateGroup(tx, &c.Actor, spec)
			if err != nil {
				return Group{}, "", err
			}
			return showGroup(g), g.ID.String(), nil
		},
		Again: func(tx *db.Tx, c *rest.Call, name string) (Group, error) {
			g, err := directory.MadeGroup(tx, &c.Actor, rest.ID(name))
			if err != nil {
				return Group{}, err
			}
			return showGroup(g), nil
		},
	})
}

func (r *Resources) getGroup(ctx context.Context, in *struct {
	GroupPath
	rest.Conditional
}) (*rest.Found[Group], error) {
	return rest.Find(ctx, r.Desk, in.Conditional, func(tx *db.Tx, c *rest.Call) (Group, error) {
		g, err := directory.GetGroup(tx, &c.Actor, rest.ID(in.Group))
		if err != nil {
			return Group{}, err
		}
		return showGroup(g), nil
	})
}

func (r *Resources) changeGroup(ctx context.Context, in *struct {
	GroupPath
	rest.Precondition
	Body GroupChange
}) (*rest.Changed[Group], error) {
	return rest.Change(ctx, r.Desk, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) (Group, error) {
		rule, err := checkRule(tx, c, in.Body.Filter.Value())
		if err != nil {
			return Group{}, err
		}
		g, err := directory.ChangeGroup(tx, &c.Actor, rest.ID(in.Group), version, func(s *directory.GroupSpec) {
			in.Body.Name.Apply(&s.Name, "")
			in.Body.Description.Apply(&s.Description, "")
			in.Body.ExternalID.Apply(&s.ExternalID, "")
			rest.Mapped(in.Body.Filter, func(string) string { return rule }).Apply(&s.Filter, "")
		})
		if err != nil {
			return Group{}, err
		}
		return showGroup(g), nil
	})
}

func (r *Resources) deleteGroup(ctx context.Context, in *struct {
	GroupPath
	rest.Precondition
}) (*rest.Done, error) {
	return r.Remove(ctx, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) error {
		return directory.DeleteGroup(tx, &c.Actor, rest.ID(in.Group), version)
	})
}

func showGroup(g *directory.Group) Group {
	shown := Group{
		Row: rest.RowOf(g.ID, g.Version), ID: g.ID.String(), Name: g.Name, Description: g.Description, ExternalID: g.ExternalID,
		Filter: g.Filter, CreatedAt: g.CreatedAt, UpdatedAt: g.UpdatedAt,
	}
	if g.Population != uuid.Nil {
		shown.PopulationID = g.Population.String()
	}
	return shown
}
