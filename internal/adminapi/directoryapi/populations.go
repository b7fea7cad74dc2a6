package directoryapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Population is a [directory.Population] on the wire.
type Population struct {
	rest.Row
	ID          string    `json:"id" format:"uuid"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	Default     bool      `json:"default" doc:"Whether new users are in it unless somebody says otherwise; every environment has one."`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// NewPopulation is the body that makes a population.
type NewPopulation struct {
	Name        string `json:"name" minLength:"1" doc:"Unique in the environment, whatever its case."`
	Description string `json:"description,omitempty"`
}

// PopulationChange is a merge patch.
type PopulationChange struct {
	Name        rest.Patch[string] `json:"name,omitzero"`
	Description rest.Patch[string] `json:"description,omitzero"`
}

// PopulationPath names a population.
type PopulationPath struct {
	Population string `path:"population" doc:"Its id."`
}

func (r *Resources) populationOperations(api huma.API) {
	const list, one = "/populations", "/populations/{population}"
	huma.Register(api, rest.Operation("GET "+list, "list-populations", "List populations"), r.listPopulations)
	huma.Register(api, rest.Creation("POST "+list, "create-population", "Create a population"), r.createPopulation)
	huma.Register(api, rest.Operation("GET "+one, "get-population", "Show a population"), r.getPopulation)
	huma.Register(api, rest.Operation("PATCH "+one, "change-population", "Change a population"), r.changePopulation)
	huma.Register(api, rest.Operation("DELETE "+one, "delete-population", "Delete a population in which nobody is"), r.deletePopulation)
}

func (r *Resources) listPopulations(ctx context.Context, in *struct{ web.PageQuery }) (*rest.Listed[Population], error) {
	out := &rest.Listed[Population]{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		all, err := directory.Populations(tx, &c.Actor)
		if err != nil {
			return err
		}
		out.Body, err = rest.PageOf(r.Desk, in.PageQuery, c, "populations", all,
			func(p *directory.Population) (int64, string) { return db.Micros(p.CreatedAt), p.ID.String() }, showPopulation)
		return err
	})
	return out, err
}

func (r *Resources) createPopulation(ctx context.Context, in *struct {
	rest.Idempotent
	Body NewPopulation
}) (*rest.Created[Population], error) {
	return rest.Create(ctx, r.Desk, in.Idempotent, in.Body, rest.Maker[Population]{
		Make: func(tx *db.Tx, c *rest.Call) (Population, string, error) {
			p, err := directory.CreatePopulation(tx, &c.Actor, directory.PopulationSpec(in.Body))
			if err != nil {
				return Population{}, "", err
			}
			return showPopulation(p), p.ID.String(), nil
		},
		Again: func(tx *db.Tx, c *rest.Call, name string) (Population, error) {
			p, err := directory.MadePopulation(tx, &c.Actor, rest.ID(name))
			if err != nil {
				return Population{}, err
			}
			return showPopulation(p), nil
		},
	})
}

func (r *Resources) getPopulation(ctx context.Context, in *struct {
	PopulationPath
	rest.Conditional
}) (*rest.Found[Population], error) {
	return rest.Find(ctx, r.Desk, in.Conditional, func(tx *db.Tx, c *rest.Call) (Population, error) {
		p, err := directory.GetPopulation(tx, &c.Actor, rest.ID(in.Population))
		if err != nil {
			return Population{}, err
		}
		return showPopulation(p), nil
	})
}

func (r *Resources) changePopulation(ctx context.Context, in *struct {
	PopulationPath
	rest.Precondition
	Body PopulationChange
}) (*rest.Changed[Population], error) {
	return rest.Change(ctx, r.Desk, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) (Population, error) {
		p, err := directory.ChangePopulation(tx, &c.Actor, rest.ID(in.Population), version, func(s *directory.PopulationSpec) {
			in.Body.Name.Apply(&s.Name, "")
			in.Body.Description.Apply(&s.Description, "")
		})
		if err != nil {
			return Population{}, err
		}
		return showPopulation(p), nil
	})
}

func (r *Resources) deletePopulation(ctx context.Context, in *struct {
	PopulationPath
	rest.Precondition
}) (*rest.Done, error) {
	return r.Remove(ctx, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) error {
		return directory.DeletePopulation(tx, &c.Actor, rest.ID(in.Population), version)
	})
}

func showPopulation(p *directory.Population) Population {
	return Population{
		Row: rest.RowOf(p.ID, p.Version), ID: p.ID.String(), Name: p.Name, Description: p.Description, Default: p.Default,
		CreatedAt: p.CreatedAt, UpdatedAt: p.UpdatedAt,
	}
}
