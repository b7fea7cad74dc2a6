// Package adminapi is the door for administration: the JSON API under /api/v1.
//
// It translates between HTTP and the rooms and decides nothing itself. Every request passes [rest.Desk.Admit], which
// knows the caller by a bearer token of the management API and the scope that the operation declares (to ask who one
// is, any token will do: self.go); the gate is asked again inside the transaction, and rooms guard what needs more than
// a scope. There is one file per resource, with what it looks like on the wire, its routes and its handlers, of a few
// lines each. What they have in common is package rest: reading, changing, making once per Idempotency-Key, versions.
// Resources about one idea that are many have a package of their own beside it, such as credentialapi; the door
// composes them.
//
// The program and api/openapi.json come from the same declarations; go generate writes the document and a test
// holds it to the code.
//
// It owns: the shape of the API. It does not own: rules, SQL, problem documents, cursors, the log (web).
//
// Enter at [Door].
package adminapi

//go:generate go test -run ^TestDocumentIsCurrent$ -update .
