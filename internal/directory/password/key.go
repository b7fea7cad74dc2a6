package password

import (
	"crypto/cipher"
	"crypto/rand"
	"fmt"

	"github.com/google/uuid"
	"golang.org/x/crypto/chacha20poly1305"

	"github.com/counterfoil/counterfoil/internal/credential/chosen"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// key is what the hashes of an environment's passwords are encrypted under (NIST SP 800-63B §3.1.1.2 asks for such a key):
// whoever steals the database without the root key has nothing to guess against. It is one key of the environment's own,
// sealed like everything that is secret, and not the sealing key itself, because a new sealing key would then rewrite a
// million rows in one transaction.
type key struct {
	environment uuid.UUID
	aead        cipher.AEAD // nil: there is no password yet
}

// keyOf returns the key of an environment; where there is none, it opens nothing.
func keyOf(tx *db.Tx, vault *seal.Vault, environment uuid.UUID) (*key, error) {
	type keyed struct{ environment uuid.UUID } // one reading in a transaction
	k := tx.Local(keyed{environment}, func() any { return &key{environment: environment} }).(*key)
	if k.aead != nil {
		return k, nil
	}
	var sealed []byte
	err := tx.Each(func(s db.Scan) error { return s(&sealed) }, selectKey, environment.String())
	if err != nil || sealed == nil {
		return k, err
	}
	plain, err := vault.Unseal(tx, environment, "password_key", environment.String(), "sealed", sealed)
	if err != nil {
		return nil, err
	}
	k.aead, err = chacha20poly1305.NewX(plain)
	return k, err
}

// keyFor is [keyOf] for storing a password: it makes the key if there is none.
func keyFor(tx *db.Tx, vault *seal.Vault, environment uuid.UUID) (*key, error) {
	k, err := keyOf(tx, vault, environment)
	if err != nil || k.aead != nil {
		return k, err
	}
	if err := vault.Lock(tx, environment); err != nil {
		return nil, err
	}
	if k, err = keyOf(tx, vault, environment); err != nil || k.aead != nil { // somebody else was first
		return k, err
	}
	var plain [chacha20poly1305.KeySize]byte
	_, _ = rand.Read(plain[:]) // never fails
	sealed, err := vault.Seal(tx, environment, "password_key", environment.String(), "sealed", plain[:])
	if err != nil {
		return nil, err
	}
	if _, err := tx.Exec(insertKey, environment.String(), sealed); err != nil {
		return nil, err
	}
	k.aead, err = chacha20poly1305.NewX(plain[:])
	return k, err
}

// Reseal puts the password keys of an environment under its new sealing key; see [seal.Vault.Rekey].
func Reseal(tx *db.Tx, vault *seal.Vault, environment uuid.UUID) error {
	return vault.ResealRows(tx, environment, "password_key", selectKeys, updateSealed)
}

// seal encrypts the text of a hash for one user. Nonces of 192 bits may be random without counting.
func (k *key) seal(user uuid.UUID, text string) []byte {
	nonce := make([]byte, k.aead.NonceSize(), k.aead.NonceSize()+len(text)+k.aead.Overhead())
	_, _ = rand.Read(nonce) // never fails
	return k.aead.Seal(nonce, nonce, []byte(text), k.place(user))
}

// open is the reverse of seal. What somebody moved here from another user does not open.
func (k *key) open(user uuid.UUID, sealed []byte) (*chosen.Imported, error) {
	if k.aead == nil || len(sealed) < k.aead.NonceSize() {
		return nil, fmt.Errorf("the password of user %s in environment %s has no key", user, k.environment)
	}
	nonce, sealed := sealed[:k.aead.NonceSize()], sealed[k.aead.NonceSize():]
	text, err := k.aead.Open(nil, nonce, sealed, k.place(user))
	if err != nil {
		return nil, fmt.Errorf("the password of user %s in environment %s does not open: it was altered or comes from elsewhere: %w", user, k.environment, err)
	}
	return chosen.ParsePassword(string(text))
}

func (k *key) place(user uuid.UUID) []byte { return append(k.environment[:], user[:]...) }
