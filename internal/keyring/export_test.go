package keyring

import (
	"crypto"
	"errors"
	"sync"
	"testing"
)

// NewKey returns an active key around a signer of the test's own.
func NewKey(t testing.TB, alg Alg, signer crypto.Signer) *Key {
	t.Helper()
	id, err := thumbprint(signer.Public())
	if err != nil {
		t.Fatal(err)
	}
	return &Key{ID: id, Alg: alg, State: Active, public: signer.Public(), signer: signer, header: headerOf(alg, id)}
}

// Stock gives the ring RSA keys for alg that every test shares, because making one takes longer than most tests.
func (r *Ring) Stock(t testing.TB, alg Alg) {
	t.Helper()
	if alg != RS256 && alg != PS256 {
		return
	}
	made, err := stock()
	if err != nil {
		t.Fatal(err)
	}
	r.spare[alg] = append(r.spare[alg], made[alg]...)
}

var stock = sync.OnceValues(func() (map[Alg][]crypto.Signer, error) {
	ring := &Ring{spare: map[Alg][]crypto.Signer{}}
	return ring.spare, errors.Join(ring.Prepare(RS256), ring.Prepare(PS256))
})
