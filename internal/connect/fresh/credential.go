package fresh

import (
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/exchange"
	"github.com/counterfoil/counterfoil/internal/db"
)

// Credential returns what the provider of a connection is asked with, and the token that is kept, which may be nil or
// over. It is for trying a connection out and for ending it; nobody's permission is asked.
func (k *Keeper) Credential(tx *db.Tx, environment, connection uuid.UUID) (c exchange.Credential, token *connect.Token, err error) {
	at := key{environment, connection}
	row, err := readToken(tx, at, "")
	if err != nil {
		return c, nil, err
	}
	w, err := k.read(tx, at, row)
	if err != nil {
		return c, nil, err
	}
	c, err = k.credential(tx, w)
	return c, w.Token, err
}
