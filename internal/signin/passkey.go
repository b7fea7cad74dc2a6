package signin

import (
	"net/http"

	"github.com/counterfoil/counterfoil/internal/directory/factor"
	"github.com/counterfoil/counterfoil/internal/web"
)

// party is the site that passkeys of an environment are for; ok is false where browsers make none.
func (d *Door) party(w http.ResponseWriter) (at factor.Party, ok bool) {
	at, err := factor.PartyAt(web.Of(w).Environment.Issuer, "Counterfoil")
	return at, err == nil
}
