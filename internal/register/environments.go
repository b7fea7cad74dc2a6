package register

import (
	"crypto/x509"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential/certificate"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/keyring"
)

// managementPath is where every environment serves the management API; with the issuer in front it is that
// API's audience.
const managementPath = "/api/v1"

// Environment is an environment as the token path knows it, with everything in it but clients. It is immutable.
type Environment struct {
	environment.Environment
	// Issuer is the canonical issuer.
	Issuer string
	// Elsewhere is the domain of the region that it lives in, if that is not served here; else empty.
	Elsewhere string
	// Catalogue holds the APIs and their permissions.
	Catalogue *access.Catalogue
	// Management is Counterfoil's own API in this environment.
	Management *access.API
	// Keys are its signing and handle keys.
	Keys *keyring.Set

	// authorities are those whose client certificates may be trusted.
	authorities map[uuid.UUID]*x509.Certificate

	index uint32 // stands for the environment in the client table; the same as long as the process lives
}

// environments is every environment, indexed; it is replaced whole when one changes.
type environments struct {
	byID   map[uuid.UUID]*Environment
	byPath map[string]*Environment // by first path segment: id and slug
	home   *Environment
}

// with returns a copy in which e stands in place of what had its id.
func (t *environments) with(e *Environment) *environments {
	next := &environments{byID: map[uuid.UUID]*Environment{}, byPath: map[string]*Environment{}, home: t.home}
	for id, other := range t.byID {
		next.byID[id] = other
	}
	for segment, other := range t.byPath {
		next.byPath[segment] = other
	}
	next.byID[e.ID] = e
	next.byPath[e.ID.String()] = e
	if e.Slug != "" {
		next.byPath[e.Slug] = e
	}
	if e.Default {
		next.home = e
	}
	return next
}

// compile builds an environment from its rows.
func (r *Register) compile(tx *db.Tx, row *environment.Environment) (*Environment, error) {
	e := &Environment{Environment: *row, Issuer: row.Issuer(r.base), index: r.indexOf(row.ID), Elsewhere: r.regions.Elsewhere(row.Region)}
	apis, err := access.APIs(tx, row.ID)
	if err != nil {
		return nil, err
	}
	for _, api := range apis {
		if api.Builtin {
			api.Audience = e.Issuer + managementPath
			e.Management = api
		}
	}
	e.Catalogue = access.NewCatalogue(apis)
	if e.Keys, err = r.ring.Load(tx, row.ID); err != nil {
		return nil, err
	}
	e.authorities = map[uuid.UUID]*x509.Certificate{}
	return e, certificate.EachCA(tx, row.ID, func(ca *certificate.CA) error {
		e.authorities[ca.ID] = ca.Certificate
		return nil
	})
}

// Authority returns the certificate of a trusted authority of the environment, or nil.
func (e *Environment) Authority(id uuid.UUID) *x509.Certificate { return e.authorities[id] }

func (r *Register) indexOf(id uuid.UUID) uint32 {
	if index, ok := r.indices[id]; ok {
		return index
	}
	index := uint32(len(r.indices))
	r.indices[id] = index
	return index
}

// Home returns the default environment.
func (r *Register) Home() *Environment { return r.environments.Load().home }

// Environment returns the environment with that id, or nil.
func (r *Register) Environment(id uuid.UUID) *Environment { return r.environments.Load().byID[id] }

// Route takes the environment's segment off the front of a path: it returns the environment that path lies in
// and the rest of the path. A path whose first segment names no environment lies in the default one, whole.
func (r *Register) Route(path string) (*Environment, string) {
	known := r.environments.Load()
	segment, rest, more := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	if e, ok := known.byPath[segment]; ok {
		if !more {
			return e, "/"
		}
		return e, path[len(path)-len(rest)-1:]
	}
	return known.home, path
}

// Named returns the environment with that id or slug, or nil.
func (r *Register) Named(segment string) *Environment { return r.environments.Load().byPath[segment] }
