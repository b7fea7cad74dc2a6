package credentialapi

import (
	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/assertion"
	"github.com/counterfoil/counterfoil/internal/credential/lock"
)

// Resources are the credentials of applications in the management API. All of its fields are required.
type Resources struct {
	*rest.Desk
	Credentials *credential.Authority
	Locks       *lock.Book
	// Fetcher fetches the keys that others publish.
	Fetcher *assertion.Fetcher
}

// Operations registers every operation on api, which [rest.Desk.Admit] guards. Without a desk they cannot be called; the
// OpenAPI document needs none.
func (r *Resources) Operations(api huma.API) {
	r.rosterOperations(api)
	r.secretOperations(api)
	r.certificateOperations(api)
	r.keyOperations(api)
	r.trustOperations(api)
	r.authorityOperations(api)
	r.refusalOperations(api)
	r.lockOperations(api)
	r.hygieneOperations(api)
	r.totalOperations(api)
	r.expiryOperations(api)
}
