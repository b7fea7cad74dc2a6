package seal

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// Vault seals and opens values. It is safe for concurrent use.
type Vault struct {
	db     *db.DB
	source *reader
	roots  atomic.Pointer[roots]

	// opened holds environment → [opened]. An entry counts only while the row is what it was made from, so a
	// transaction that is undone, or another node's rotation, cannot leave a key here that nobody stored.
	opened sync.Map
}

// opened is an environment's keyset, ready for use.
type opened struct {
	wrapped
	aead tink.AEAD
}

// Open opens the vault of a database with the root keys of s, and makes the first root key when there has never
// been one. [fault.Conflict] means that the server must not start with this source: the root key is missing, wrong,
// damaged or readable by strangers; the message names the command that mends it.
func Open(ctx context.Context, d *db.DB, s Source) (*Vault, error) {
	installation, err := d.Installation(ctx)
	if err != nil {
		return nil, err
	}
	v := &Vault{db: d, source: &reader{Source: s, installation: installation, stretched: map[[32]byte][]byte{}}}
	return v, v.Refresh(ctx)
}

// Peppers returns the keys for keyed hashes.
func (v *Vault) Peppers() *Peppers { return v.roots.Load().peppers }

// Enclose gives a new environment its keyset.
func (v *Vault) Enclose(tx *db.Tx, environment uuid.UUID) error {
	root, err := v.newest(tx)
	if err != nil {
		return err
	}
	handle, err := keyset.NewHandle(aead.XChaCha20Poly1305KeyTemplate())
	if err != nil {
		return err
	}
	w, err := wrap(root, environment, handle)
	if err != nil {
		return err
	}
	_, err = tx.Exec(insertKeyset, environment.String(), w.fingerprint, w.keyset, db.Micros(tx.Now()))
	return err
}

// Seal encrypts plain for one place: the column of the row of the table, in the environment. It opens nowhere else.
// Transactions that seal for one environment run one after another, see [Vault.Lock].
func (v *Vault) Seal(tx *db.Tx, environment uuid.UUID, table, row, column string, plain []byte) ([]byte, error) {
	w, err := v.keyset(tx, environment, tx.ForUpdate())
	if err != nil {
		return nil, err
	}
	key, err := v.open(tx, w)
	if err != nil {
		return nil, err
	}
	return key.Encrypt(plain, place(environment, table, row, column))
}

// Unseal opens what [Vault.Seal] made for the same place. Anything else, be it altered or moved, is
// [fault.Internal]: the database holds what this program did not put there.
func (v *Vault) Unseal(tx *db.Tx, environment uuid.UUID, table, row, column string, sealed []byte) ([]byte, error) {
	w, err := v.keyset(tx, environment, "")
	if err != nil {
		return nil, err
	}
	key, err := v.open(tx, w)
	if err != nil {
		return nil, err
	}
	plain, err := key.Decrypt(sealed, place(environment, table, row, column))
	if err != nil {
		return nil, fmt.Errorf("%s.%s of %s in environment %s does not open: it was altered or comes from elsewhere: %w",
			table, column, row, environment, err)
	}
	return plain, nil
}

// Lock makes the transaction wait for every other one that seals in the environment, until it ends. Owners of keys
// take it before they decide on a key, and [Vault.Rekey] relies on it: once the new key is there, nobody can still
// be sealing under the old one.
func (v *Vault) Lock(tx *db.Tx, environment uuid.UUID) error {
	_, err := v.keyset(tx, environment, tx.ForUpdate())
	return err
}

func (v *Vault) keyset(tx *db.Tx, environment uuid.UUID, lock string) (wrapped, error) {
	w, err := db.One(tx, scanWrapped, selectKeyset+lock, environment.String())
	if fault.Is(err, fault.NotFound) {
		err = fmt.Errorf("environment %s has no keyset", environment)
	}
	return w, err
}

// open returns the primitive of an environment's keyset. The root key is asked only for a keyset not seen before.
func (v *Vault) open(tx *db.Tx, w wrapped) (tink.AEAD, error) {
	if known, ok := v.opened.Load(w.environment); ok {
		o := known.(*opened)
		if o.fingerprint == w.fingerprint && bytes.Equal(o.keyset, w.keyset) {
			return o.aead, nil
		}
	}
	handle, err := v.unwrap(tx, w)
	if err != nil {
		return nil, err
	}
	key, err := aead.New(handle)
	if err != nil {
		return nil, err
	}
	v.opened.Store(w.environment, &opened{wrapped: w, aead: key})
	return key, nil
}

func (v *Vault) unwrap(tx *db.Tx, w wrapped) (*keyset.Handle, error) {
	root, err := v.root(tx, w.fingerprint)
	if err != nil {
		return nil, err
	}
	reader := keyset.NewBinaryReader(bytes.NewReader(w.keyset))
	handle, err := keyset.ReadWithAssociatedData(reader, root.kek, keysetPlace(w.environment))
	if err != nil {
		return nil, fmt.Errorf("the keyset of environment %s does not open: it was altered or comes from elsewhere: %w",
			w.environment, err)
	}
	return handle, nil
}

func wrap(root *root, environment uuid.UUID, handle *keyset.Handle) (wrapped, error) {
	var out bytes.Buffer
	err := handle.WriteWithAssociatedData(keyset.NewBinaryWriter(&out), root.kek, keysetPlace(environment))
	return wrapped{environment: environment, fingerprint: root.fingerprint, keyset: out.Bytes()}, err
}

// root returns the root key with a fingerprint. One that is not known here was added by another node since the
// source was read, so the source is read again. That may stretch a new passphrase inside the transaction: once per
// rotation and node, and never on SQLite, where no other node can add one.
func (v *Vault) root(tx *db.Tx, fingerprint string) (*root, error) {
	if r, ok := v.roots.Load().known[fingerprint]; ok {
		return r, nil
	}
	now, err := v.load(tx)
	if err == nil && now.known[fingerprint] == nil {
		err = errors.New("the root key is retired")
	}
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "this node lacks the newest root key")
	}
	v.roots.Store(now)
	return now.known[fingerprint], nil
}

// newest returns the root key that the whole installation wraps under now, so that no node goes on with one that
// may be retired.
func (v *Vault) newest(tx *db.Tx) (*root, error) {
	fingerprint, err := db.Value[string](tx, selectNewest)
	if err != nil {
		return nil, err
	}
	return v.root(tx, fingerprint)
}

// load reads source and database and changes nothing.
func (v *Vault) load(tx *db.Tx) (*roots, error) {
	records, err := db.All(tx, scanRecord, selectRoots)
	if err != nil {
		return nil, err
	}
	found, err := v.source.read()
	if err != nil {
		return nil, err
	}
	return v.source.match(found, records)
}

// place is the associated data of a sealed value. Every part is preceded by its length, so that no two places
// have the same.
func place(environment uuid.UUID, table, row, column string) []byte {
	var data []byte
	for _, part := range []string{"counterfoil sealed value", environment.String(), table, row, column} {
		data = binary.BigEndian.AppendUint32(data, uint32(len(part)))
		data = append(data, part...)
	}
	return data
}

func keysetPlace(environment uuid.UUID) []byte {
	return place(environment, "environment_key", environment.String(), "keyset")
}
