package adminapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/token"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Door serves the management API of every environment.
type Door struct {
	DB           *db.DB
	Register     *register.Register
	Tokens       *token.Authority
	Vault        *seal.Vault
	Environments *environment.Authority
	APIs         *access.Authority
	Credentials  *credential.Authority
	Idempotency  *web.Idempotency
	Cursors      web.Cursors
	Now          func() time.Time
	// Diagnose examines the installation as this node sees it.
	Diagnose func(context.Context) []Check
	// Version is the program's.
	Version string
}

// prefix is where the API stands in every environment. With the issuer before it, it is the API's audience.
const prefix = "/api/v1"

// Routes registers the door's routes.
func (d *Door) Routes(m *web.Mux) {
	api := web.NewAPI(m, prefix, config())
	api.UseMiddleware(d.admit)
	d.operations(api)
}

// operations registers every operation.
func (d *Door) operations(api huma.API) {
	d.environmentOperations(api)
	d.apiOperations(api)
	d.applicationOperations(api)
	d.secretOperations(api)
	d.keyOperations(api)
	d.ledgerOperations(api)
	d.tokenOperations(api)
	d.selfOperations(api)
	d.installationOperations(api)
}

// bearer names the one security scheme in the document.
const bearer = "bearer"

// operation describes an operation on a route such as "GET /apis". It is admitted with a token that has scope, or
// with any good token of the environment, for whichever API, when scope is empty.
func operation(route, id, scope, summary string) huma.Operation {
	method, path, _ := strings.Cut(route, " ")
	tag, _, _ := strings.Cut(path[1:], "/")
	op := huma.Operation{
		Method: method, Path: path, OperationID: id, Summary: summary, Tags: []string{tag},
		Security: []map[string][]string{{bearer: {}}},
		Errors:   []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusServiceUnavailable},
	}
	if scope != "" {
		op.Description = "Needs the scope " + scope + "."
		op.Security[0][bearer] = []string{scope}
	}
	one := strings.Contains(path, "{")
	if one {
		op.Errors = append(op.Errors, http.StatusNotFound)
	}
	if method != http.MethodGet {
		op.Errors = append(op.Errors, http.StatusConflict)
	} else if one && strings.HasSuffix(path, "}") {
		op.Responses = map[string]*huma.Response{"304": {Description: http.StatusText(http.StatusNotModified)}}
	}
	if method == http.MethodPatch || method == http.MethodDelete {
		op.Errors = append(op.Errors, http.StatusPreconditionFailed)
	}
	return op
}

// creation describes an operation that makes something.
func creation(route, id, scope, summary string) huma.Operation {
	op := operation(route, id, scope, summary)
	op.DefaultStatus = http.StatusCreated
	return op
}
