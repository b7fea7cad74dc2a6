package seal

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/tink-crypto/tink-go/v2/aead/subtle"
	"github.com/tink-crypto/tink-go/v2/tink"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// A root key is 32 random bytes, written as the prefix and 43 characters of base64url (RFC 4648 §5, no padding).
const (
	rootKeySize   = 32
	rootKeyPrefix = "cfk_"
)

// GenerateRootKey returns a new root key in the form that a file or a systemd credential holds, without a newline.
func GenerateRootKey() Secret {
	key := make([]byte, rootKeySize)
	_, _ = rand.Read(key) // never fails; the program ends instead
	return NewSecret(rootKeyPrefix + base64.RawURLEncoding.EncodeToString(key))
}

// parseRootKey is the reverse of [GenerateRootKey].
func parseRootKey(line string) ([]byte, bool) {
	text, ok := strings.CutPrefix(line, rootKeyPrefix)
	key, err := base64.RawURLEncoding.Strict().DecodeString(text)
	return key, ok && err == nil && len(key) == rootKeySize
}

// root is what a root key is used for. The key itself is not kept.
type root struct {
	version     int64  // 0 while the database does not know it
	fingerprint string // says nothing about the key; two keys never share it
	kek         tink.AEAD
	pepper      []byte
}

func newRoot(key []byte) (*root, error) {
	var parts [3][]byte
	for i, purpose := range []string{"fingerprint", "environment keysets", "pepper"} {
		var err error
		if parts[i], err = hkdf.Key(sha256.New, key, nil, "counterfoil root key: "+purpose, rootKeySize); err != nil {
			return nil, err
		}
	}
	kek, err := subtle.NewXChaCha20Poly1305(parts[1])
	if err != nil {
		return nil, err
	}
	return &root{fingerprint: hex.EncodeToString(parts[0][:16]), kek: kek, pepper: parts[2]}, nil
}

// roots are the root keys that are both in the source and in the database. A value never changes.
type roots struct {
	newest  *root
	known   map[string]*root // by fingerprint
	peppers *Peppers
}

// match numbers the keys of the source as the database does. It refuses a source that lacks a key which something
// may be sealed under, since such a node would fail later and one value at a time.
func (s Source) match(found []*root, records []record) (*roots, error) {
	matched := &roots{known: map[string]*root{}, peppers: &Peppers{byVersion: map[int64]*pepper{}}}
	for _, record := range records {
		i := slices.IndexFunc(found, func(r *root) bool { return r.fingerprint == record.fingerprint })
		if i < 0 && record.retired.IsZero() {
			path, _ := s.path()
			return nil, fault.New(fault.Conflict, "%s does not hold root key version %d (fingerprint %.8s), under which "+
				"this database is sealed; %s", path, record.version, record.fingerprint, s.putBack(path))
		}
		if i < 0 || !record.retired.IsZero() {
			continue
		}
		r := *found[i]
		r.version = record.version
		matched.newest = &r
		matched.known[r.fingerprint] = &r
		matched.peppers.byVersion[r.version] = newPepper(r.pepper)
		matched.peppers.newest = r.version
	}
	return matched, nil
}

// unrecorded returns the keys to be recorded next, oldest first: those above every key that the database knows. A
// line below them is one that another node is about to record, or a leftover; taken for new, it would be made the
// newest of all.
func unrecorded(found []*root, records []record) []*root {
	above := slices.IndexFunc(found, func(r *root) bool {
		return slices.ContainsFunc(records, func(known record) bool { return known.fingerprint == r.fingerprint })
	})
	if above < 0 {
		above = len(found)
	}
	fresh := slices.Clone(found[:above])
	slices.Reverse(fresh)
	return fresh
}
