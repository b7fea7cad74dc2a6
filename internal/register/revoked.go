package register

import (
	"encoding/base64"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
)

// JTI is the identifier of a token (RFC 7519 §4.1.7): 128 random bits.
type JTI [16]byte

// jtiText is the one way to write a JTI; the strict form has a single spelling for each value.
var jtiText = base64.RawURLEncoding.Strict()

// String returns the identifier in base64url, 22 characters.
func (j JTI) String() string { return jtiText.EncodeToString(j[:]) }

// AppendTo appends what [JTI.String] returns.
func (j JTI) AppendTo(dst []byte) []byte { return jtiText.AppendEncode(dst, j[:]) }

// ParseJTI is the reverse of [JTI.String].
func ParseJTI(text string) (j JTI, err error) {
	if len(text) != jtiText.EncodedLen(len(j)) {
		return j, errors.New("a token identifier has 22 characters")
	}
	// The decoder skips line breaks, hence the count.
	if n, err := jtiText.Decode(j[:], []byte(text)); err != nil || n != len(j) {
		return j, errors.New("a token identifier is 128 bits in base64url")
	}
	return j, nil
}

// revoked holds the tokens that were revoked one by one and have not expired. Keys and values hold no pointers.
type revoked struct {
	mu     sync.RWMutex
	tokens map[revokedKey]int64 // microseconds since 1970 at which it expires
}

type revokedKey struct {
	environment uint32
	jti         JTI
}

func newRevoked() *revoked { return &revoked{tokens: map[revokedKey]int64{}} }

func (t *revoked) has(environment uint32, jti JTI) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	if len(t.tokens) == 0 {
		return false
	}
	_, ok := t.tokens[revokedKey{environment, jti}]
	return ok
}

func (t *revoked) add(environment uint32, jti JTI, expires int64) {
	t.mu.Lock()
	t.tokens[revokedKey{environment, jti}] = expires
	t.mu.Unlock()
}

// sweep forgets tokens that have expired by themselves.
func (t *revoked) sweep(now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for key, expires := range t.tokens {
		if expires < now.UnixMicro() {
			delete(t.tokens, key)
		}
	}
}

const (
	selectRevoked    = `SELECT environment_id, jti, expires_at FROM revoked_token WHERE expires_at > $1`
	selectRevokedOne = selectRevoked + ` AND environment_id = $2 AND jti = $3`
)

func eachRevoked(tx *db.Tx, fn func(environment uuid.UUID, jti JTI, expires int64), query string, args ...any) error {
	return tx.Each(func(scan db.Scan) error {
		var env, text string
		var expires int64
		if err := scan(&env, &text, &expires); err != nil {
			return err
		}
		id, err := uuid.Parse(env)
		if err != nil {
			return err
		}
		jti, err := ParseJTI(text)
		if err != nil {
			return err
		}
		fn(id, jti, expires)
		return nil
	}, query, args...)
}
