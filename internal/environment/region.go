package environment

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// DefaultRegions is the table of regions unless an operator gives another: code=domain.
const DefaultRegions = "NA=com,CA=ca,EU=eu,AU=com.au,SG=sg,AP=asia"

// Regions is a table of regions, and the one that this deployment serves. The zero value knows of none, and serves all.
type Regions struct {
	domains map[string]string
	here    string
}

var (
	codeShape   = regexp.MustCompile(`^[A-Z0-9]{1,10}(-[A-Z0-9]{1,10})?$`)
	domainShape = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`)
)

// ParseRegions reads a table of CODE=domain, where a domain is what the deployment of that region is reached under, or
// how that ends. here is the code of the region that this deployment serves, or empty for all. It faults
// [fault.Invalid].
func ParseRegions(table []string, here string) (Regions, error) {
	r := Regions{domains: map[string]string{}, here: here}
	for _, entry := range table {
		code, domain, _ := strings.Cut(entry, "=")
		if r.domains[code] != "" || !codeShape.MatchString(code) || !domainShape.MatchString(domain) {
			return Regions{}, fault.On("regions", "%q is not a region such as EU=eu, with a code of its own", entry)
		}
		r.domains[code] = domain
	}
	if here != "" && r.domains[here] == "" {
		return Regions{}, fault.On("region", "%q is none of the regions %s", here, strings.Join(r.codes(), ", "))
	}
	return r, nil
}

func (r Regions) codes() []string { return slices.Sorted(maps.Keys(r.domains)) }

func (r Regions) known(code string) error {
	if code == "" || r.domains[code] != "" {
		return nil
	}
	return fault.On("region", "a region is one of %s; leave it out for wherever this is", strings.Join(r.codes(), ", "))
}

// Domain returns what addresses in a region end in, or nothing if the table does not know it. An environment without a region
// lives where this deployment does, so the empty code is the region that this one serves.
func (r Regions) Domain(code string) string { return r.domains[cmp.Or(code, r.here)] }

// Region is a row of the table.
type Region struct {
	Code, Domain string
	// Here says that this deployment serves it: an environment of any other is answered for elsewhere.
	Here bool
}

// ListRegions returns the regions that an environment can live in, by code. Only an actor of the default environment may see
// them: they are of use to whoever makes environments, and name the operator's other deployments.
func (y *Authority) ListRegions(tx *db.Tx, actor *access.Actor) ([]Region, error) {
	if err := allowHome(tx, actor, access.ReadEnvironments); err != nil {
		return nil, err
	}
	all := []Region{}
	for _, code := range y.Regions.codes() {
		all = append(all, Region{code, y.Regions.domains[code], y.Regions.Elsewhere(code) == ""})
	}
	return all, nil
}

// Elsewhere returns the domain of a region that this deployment does not serve, or nothing. A region that the table
// does not know any more goes by its code.
func (r Regions) Elsewhere(code string) (domain string) {
	if code == "" || r.here == "" || code == r.here {
		return ""
	}
	if domain = r.domains[code]; domain == "" {
		domain = code
	}
	return domain
}
