package assertion_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"testing"

	"github.com/counterfoil/counterfoil/internal/credential/assertion"
)

// Without a kid a token may be meant for every key, and with many credentials of many RSA keys each request of a
// stranger, who signs nothing, would cost seconds.
func TestTokenThatNamesNoKeyIsTriedWithAFewOnly(t *testing.T) {
	var others []object
	for range 3 {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		others = append(others, jwk(t, key, nil))
	}
	right := keys().p256
	token := sign(t, right, "ES256", claims(nil))
	first, second := parseSet(t, set(others...)), parseSet(t, set(jwk(t, right, object{"kid": "k"})))

	for tries, want := range map[int]bool{3: false, 4: true} {
		r := rules()
		left := tries
		r.Tries = &left
		if _, err := assertion.VerifyClient(token, first, r); err == nil {
			t.Error("another key's signature is taken")
		}
		if _, err := assertion.VerifyClient(token, second, r); (err == nil) != want || left != 0 {
			t.Errorf("after 3 of %d tries: %v, %d left", tries, err, left)
		}
	}
	if _, err := assertion.VerifyClient(token, second, rules()); err != nil {
		t.Errorf("without a bound: %v", err)
	}
}
