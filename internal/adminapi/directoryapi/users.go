package directoryapi

import (
	"context"
	"encoding/json"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/roll"
	"github.com/counterfoil/counterfoil/internal/web"
)

// UserPath names a user.
type UserPath struct {
	User string `path:"user" doc:"Its id."`
}

// UserQuery selects users; all that is given must be true of one.
type UserQuery struct {
	Population string `query:"population" doc:"Only those of the population with this id."`
	UserName   string `query:"user_name" maxLength:"1024" doc:"Only the one with this user name, whatever its case and width."`
	Email      string `query:"email" maxLength:"1024" doc:"Only the one with this address, whatever its case and width."`
	Number     int64  `query:"number" minimum:"1" doc:"Only the one with this number."`
	Status     string `query:"status" enum:"unapproved,rejected,staged,active,suspended" doc:"Only those with this status."`
	ExternalID string `query:"external_id" maxLength:"1024" doc:"Only those with just this external id."`
	Group      string `query:"group" doc:"Only those who were added to the group with this id by hand."`
	Filter     string `query:"filter" maxLength:"8192" doc:"Only those whom a filter of RFC 7644 §3.4.2.2 chooses, by the names of RFC 7643, such as name.familyName sw \"Br\"; beside it only population is given. What no index narrows is read to a bound, and refused past it."`
}

// which is the query as the room has it.
func (q *UserQuery) which() (which roll.Which, err error) {
	which = roll.Which{UserName: q.UserName, Email: q.Email, Number: q.Number, Status: directory.Status(q.Status), ExternalID: q.ExternalID}
	if which.Population, err = idIn("query.population", q.Population); err != nil {
		return which, err
	}
	which.Group, err = idIn("query.group", q.Group)
	return which, err
}

func (r *Resources) userOperations(api huma.API) {
	const list, one = "/users", "/users/{user}"
	huma.Register(api, rest.Operation("GET "+list, "list-users", "List users, in the order of their creation"), r.listUsers)
	huma.Register(api, rest.Creation("POST "+list, "create-user", "Create a user"), r.createUser)
	huma.Register(api, rest.Operation("GET "+one, "get-user", "Show a user"), r.getUser)
	huma.Register(api, rest.Operation("PATCH "+one, "change-user", "Change a user; another user name or address is for those only who may do all that the user may"), r.changeUser)
	huma.Register(api, rest.Operation("DELETE "+one, "delete-user", "Delete a user with its memberships, sessions and links"), r.deleteUser)
}

func (r *Resources) listUsers(ctx context.Context, in *struct {
	UserQuery
	web.PageQuery
}) (*rest.Listed[User], error) {
	which, err := in.which()
	if err != nil {
		return nil, err
	}
	selected, err := json.Marshal(in.UserQuery)
	if err != nil {
		return nil, err
	}
	if in.Filter != "" {
		return r.searchUsers(ctx, in.UserQuery, in.PageQuery, "users "+string(selected))
	}
	out := &rest.Listed[User]{}
	err = r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		page, next, err := r.paging(in.PageQuery, c, "users "+string(selected))
		if err != nil {
			return err
		}
		rows, err := roll.Users(tx, &c.Actor, which, page)
		out.Body = web.Cut(rows, in.Limit, func(u *directory.User) User { return showUser(tx, u) }, func(u *directory.User) string { return next(u.ID) })
		return err
	})
	return out, err
}

func (r *Resources) createUser(ctx context.Context, in *struct {
	rest.Idempotent
	Body NewUser
}) (*rest.Created[User], error) {
	population, err := idIn("population_id", in.Body.PopulationID)
	if err != nil {
		return nil, err
	}
	spec := directory.Spec{Population: population, Status: directory.Status(in.Body.Status), Profile: in.Body.profile()}
	return rest.Create(ctx, r.Desk, in.Idempotent, in.Body, rest.Maker[User]{
		Make: func(tx *db.Tx, c *rest.Call) (User, string, error) {
			u, err := directory.Create(tx, &c.Actor, spec)
			if err != nil {
				return User{}, "", err
			}
			return showUser(tx, u), u.ID.String(), nil
		},
		Again: func(tx *db.Tx, c *rest.Call, name string) (User, error) {
			u, err := directory.Made(tx, &c.Actor, rest.ID(name))
			if err != nil {
				return User{}, err
			}
			return showUser(tx, u), nil
		},
	})
}

func (r *Resources) getUser(ctx context.Context, in *struct {
	UserPath
	rest.Conditional
}) (*rest.Found[User], error) {
	return rest.Find(ctx, r.Desk, in.Conditional, func(tx *db.Tx, c *rest.Call) (User, error) {
		u, err := directory.Get(tx, &c.Actor, rest.ID(in.User))
		if err != nil {
			return User{}, err
		}
		return showUser(tx, u), nil
	})
}

func (r *Resources) changeUser(ctx context.Context, in *struct {
	UserPath
	rest.Precondition
	Body UserChange
}) (*rest.Changed[User], error) {
	population, err := idIn("population_id", in.Body.PopulationID.Value())
	if err != nil {
		return nil, err
	}
	if err := checkCustom(in.Body.Custom.Value()); err != nil {
		return nil, err
	}
	return rest.Change(ctx, r.Desk, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) (User, error) {
		u, err := directory.Change(tx, &c.Actor, rest.ID(in.User), version, func(s *directory.Spec) {
			rest.Mapped(in.Body.PopulationID, func(string) uuid.UUID { return population }).Apply(&s.Population, uuid.Nil)
			in.Body.apply(&s.Profile)
		})
		if err != nil {
			return User{}, err
		}
		return showUser(tx, u), nil
	})
}

func (r *Resources) deleteUser(ctx context.Context, in *struct {
	UserPath
	rest.Precondition
}) (*rest.Done, error) {
	return r.Remove(ctx, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) error {
		return directory.Delete(tx, &c.Actor, rest.ID(in.User), version)
	})
}
