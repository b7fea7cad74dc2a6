package session

import (
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/seal"
)

// Parse tells which session a token names.
func Parse(text string) (uuid.UUID, bool) {
	id, _, ok := parse(seal.NewSecret(text))
	return id, ok
}

// Format writes a token with that id and the secret of another.
func Format(id uuid.UUID, other string) string {
	_, secret, _ := parse(seal.NewSecret(other))
	return format(id, secret).Reveal()
}
