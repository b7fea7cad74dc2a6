package assertion

import (
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
)

// Twins settles n calls about one assertion in one batch, which a crowd does only by chance.
func (s *Seen) Twins(n int, environment uuid.UUID, issuer, jti string, expires time.Time) []error {
	batch := make([]*call, n)
	for i := range batch {
		batch[i] = &call{environment: environment.String(), hash: fingerprint(issuer, jti), expires: db.Micros(expires)}
	}
	s.settle(batch)
	errs := make([]error, n)
	for i, c := range batch {
		errs[i] = c.err
	}
	return errs
}
