package schema

import "github.com/counterfoil/counterfoil/internal/directory/filter"

// Lookup is [Resource.Find] for filters and the paths of changes: a [Resource] is the [filter.Attributes] of its kind.
func (r *Resource) Lookup(path string) (filter.Attribute, bool) {
	p, ok := r.Find(path)
	if !ok {
		return filter.Attribute{}, false
	}
	a := p.Attribute
	return filter.Attribute{
		Path: p.Path, Steps: p.Steps, Type: string(a.Type), Multi: a.MultiValued, CaseExact: a.CaseExact, Required: a.Required,
		Mutability: string(a.Mutability), Returned: string(a.Returned), Filterable: a.Filterable,
	}, true
}
