package credential_test

import (
	"context"
	"testing"

	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// The owner of one application must not take the processors and the memory of all by setting secrets in parallel.
func TestAdministratorsTakeTurnsAtDerivingSecrets(t *testing.T) {
	free := credential.Occupy()
	gone, leave := context.WithCancel(t.Context())
	leave()
	if err := credential.Derive(gone, strong); !fault.Is(err, fault.Unavailable) {
		t.Errorf("with every turn taken: %v", err)
	}
	free()
	for range 3 { // each gives its turn back
		if err := credential.Derive(t.Context(), strong); err != nil {
			t.Error(err)
		}
	}
	if err := credential.Derive(t.Context(), "weak"); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
	credential.Occupy()() // whoever was refused gave it back, too
}
