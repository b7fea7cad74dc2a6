package ledgerapi

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/web/stream"
)

// Resources are the operations about the ledger. All fields are required.
type Resources struct {
	*rest.Desk
	Vault   *seal.Vault
	Streams *stream.Book
}

// Operations registers the operations.
func (d *Resources) Operations(api huma.API) {
	huma.Register(api, rest.Operation("GET /ledger/events", "list-ledger-events", "List what happened"), d.listEvents)
	huma.Register(api, rest.Operation("GET /ledger/checkpoints", "list-ledger-checkpoints", "List signed checkpoints"), d.listCheckpoints)
	huma.Register(api, rest.Operation("POST /ledger/checkpoints", "sign-ledger", "Sign the head of the ledger now"), d.signLedger)
	huma.Register(api, rest.Operation("GET /ledger/head", "get-ledger-head", "Show the end of the chain and the key of its checkpoints"), d.getHead)
	huma.Register(api, rest.Operation("POST /ledger/verify", "verify-ledger", "Prove that nobody edited a part of the ledger"), d.verify)
	huma.Register(api, flow("GET /ledger/stream", "stream-ledger", "Hear what happens as it happens", "text/event-stream", streamWords), d.stream)
	huma.Register(api, flow("GET /ledger/export", "export-ledger", "Take the ledger as a file", ndjson, exportWords), d.export)
}

// flow is an operation whose answer goes on, of a type of its own.
func flow(route, id, summary, kind, words string) huma.Operation {
	op := rest.Operation(route, id, summary)
	op.Description += " " + words
	op.Errors = append(op.Errors, http.StatusConflict, http.StatusTooManyRequests)
	op.Responses = map[string]*huma.Response{"200": {
		Description: http.StatusText(http.StatusOK),
		Content:     map[string]*huma.MediaType{kind: {Schema: &huma.Schema{Type: huma.TypeString}}},
	}}
	return op
}
