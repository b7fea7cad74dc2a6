package connectionapi

import (
	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/exchange"
	"github.com/counterfoil/counterfoil/internal/connect/fresh"
	"github.com/counterfoil/counterfoil/internal/connect/session"
)

// Resources are Connect in the management API. All of its fields are required.
type Resources struct {
	*rest.Desk
	Connect  *connect.Authority
	Sessions *session.Authority
	Keeper   *fresh.Keeper
	Exchange *exchange.Exchange
}

// Operations registers every operation on api, which [rest.Desk.Admit] guards. Without a desk they cannot be called; the
// OpenAPI document needs none.
func (r *Resources) Operations(api huma.API) {
	r.providerOperations(api)
	r.connectorOperations(api)
	r.connectionOperations(api)
	r.tokenOperations(api)
	r.sessionOperations(api)
}
