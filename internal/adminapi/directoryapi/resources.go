package directoryapi

import (
	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/factor"
	"github.com/counterfoil/counterfoil/internal/directory/recovery"
	"github.com/counterfoil/counterfoil/internal/directory/schema"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Resources are the people of the management API. Everything but Forget is required.
type Resources struct {
	*rest.Desk
	Vault    *seal.Vault
	Recovery *recovery.Authority
	Schemas  *schema.Authority
	// Forget forgets, in the transaction that unlocks a user, the failures that led to the lock; nil where nothing counts them.
	Forget  func(*db.Tx, *directory.User) error
	Factors *factor.Authority
}

// Operations registers every operation on api, which [rest.Desk.Admit] guards. Without a desk they cannot be called; the
// OpenAPI document needs none.
func (r *Resources) Operations(api huma.API) {
	r.userOperations(api)
	r.stateOperations(api)
	r.importOperations(api)
	r.schemaOperations(api)
	r.factorOperations(api)
	r.sessionOperations(api)
	r.populationOperations(api)
	r.groupOperations(api)
	r.memberOperations(api)
	r.mailOperations(api)
}

// paging reads where a page starts and returns what makes the cursor of the next one. list names the list with all that
// selects its rows; a cursor is good in the caller's environment only.
func (r *Resources) paging(q web.PageQuery, c *rest.Call, list string) (page directory.Page, next func(uuid.UUID) string, err error) {
	list += " " + c.Actor.Environment.String()
	page.Limit = q.Limit + 1
	if q.Cursor != "" {
		var last string
		if err = r.Cursors.Read(q.Cursor, list, &last); err == nil {
			page.After, err = uuid.Parse(last)
		}
	}
	return page, func(id uuid.UUID) string { return r.Cursors.Make(list, id.String()) }, err
}

// idIn reads an id in a field of a request; an empty one is the zero id.
func idIn(field, text string) (uuid.UUID, error) {
	id := rest.ID(text)
	if text != "" && id == uuid.Nil {
		return id, fault.On(field, "an id is a lowercase UUID")
	}
	return id, nil
}
