package credential

import (
	"context"

	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Occupy takes every turn at deriving chosen secrets until free is called.
func Occupy() (free func()) {
	for range cap(deriving) {
		deriving <- struct{}{}
	}
	return func() {
		for range cap(deriving) {
			<-deriving
		}
	}
}

// Derive does the slow part of [Authority.Prepare].
func Derive(ctx context.Context, secret string) error {
	return (&Choice{plain: seal.NewSecret(secret)}).derive(ctx, &environment.Policy{}, "")
}
