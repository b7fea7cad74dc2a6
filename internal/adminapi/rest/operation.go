package rest

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Bearer names the one security scheme in the OpenAPI document.
const Bearer = "bearer"

// Operation describes an operation on a route such as "GET /apis"; id is its name in the document, unique and stable,
// because generated clients call their functions so. It is admitted with a token that has scope, or with any good token
// of the environment, for whichever API, when scope is empty.
func Operation(route, id, scope, summary string) huma.Operation {
	method, path, _ := strings.Cut(route, " ")
	tag, _, _ := strings.Cut(path[1:], "/")
	op := huma.Operation{
		Method: method, Path: path, OperationID: id, Summary: summary, Tags: []string{tag},
		Security: []map[string][]string{{Bearer: {}}},
		Errors:   []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusServiceUnavailable},
	}
	if scope != "" {
		op.Description = "Needs the scope " + scope + "."
		op.Security[0][Bearer] = []string{scope}
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

// Creation is [Operation] for what makes something and answers 201, with [Create].
func Creation(route, id, scope, summary string) huma.Operation {
	op := Operation(route, id, scope, summary)
	op.DefaultStatus = http.StatusCreated
	return op
}
