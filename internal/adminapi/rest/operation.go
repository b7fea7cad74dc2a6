package rest

import (
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/access/rule"
)

// Bearer names the one security scheme in the OpenAPI document.
const Bearer = "bearer"

// Operation describes an operation on a route such as "GET /apis"; id is its name in the document, unique and stable,
// because generated clients call their functions so. What a token must be allowed to be admitted is not said here but in
// the permission table ([rule.All]): Operation panics when it has no row for the route, at the start of the program.
func Operation(route, id, summary string) huma.Operation {
	method, path, _ := strings.Cut(route, " ")
	asked := rule.Of(method + " " + rule.Prefix + path)
	tag, _, _ := strings.Cut(path[1:], "/")
	op := huma.Operation{
		Method: method, Path: path, OperationID: id, Summary: summary, Tags: []string{tag},
		Security: []map[string][]string{{Bearer: {}}},
		Errors:   []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusServiceUnavailable},
	}
	if asked.Guard == rule.Permission {
		op.Description = "Needs the scope " + asked.Permission + "."
		op.Security[0][Bearer] = []string{asked.Permission}
	}
	if asked.Guard == rule.OneOf {
		op.Description = "Needs one of the scopes " + strings.Join(asked.OneOf, ", ") + "."
		op.Security = op.Security[:0]
		for _, permission := range asked.OneOf { // alternatives (OpenAPI 3.1 §4.8.10)
			op.Security = append(op.Security, map[string][]string{Bearer: {permission}})
		}
	}
	if asked.Guard == rule.Person {
		op.Security = []map[string][]string{{Session: {}}}
	}
	if asked.StepUp() {
		op.Description = strings.TrimSpace(op.Description + " A person in the console must have proven who they are at most five minutes ago.")
	}
	for _, more := range asked.Also {
		op.Description += " Also needs " + more + "."
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
func Creation(route, id, summary string) huma.Operation {
	op := Operation(route, id, summary)
	op.DefaultStatus = http.StatusCreated
	return op
}
