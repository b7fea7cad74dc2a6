package connect

import (
	"encoding/json"
	"hash/fnv"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Margin is how long before its end a token is replaced: a fifth of its life, a quarter of an hour at most.
const (
	marginShare = 5
	maxMargin   = 15 * time.Minute
	// unexpiring tokens, and what nobody asks for, are looked at once a day.
	daily = 24 * time.Hour
)

// RefreshAt is when the successor of a token is fetched, in microseconds; 0 for no token. The id spreads connections
// that were made together over a quarter of the margin, so that they do not all come back together.
func RefreshAt(t *Token, id uuid.UUID) int64 {
	if t == nil {
		return 0
	}
	if t.ExpiresAt.IsZero() {
		return db.Micros(t.FetchedAt.Add(daily))
	}
	margin := min(t.ExpiresAt.Sub(t.FetchedAt)/marginShare, maxMargin)
	h := fnv.New32a()
	_, _ = h.Write(id[:])
	early := margin / 4 * time.Duration(h.Sum32()%1024) / 1024
	return db.Micros(t.ExpiresAt.Add(-margin - early))
}

// kept is the JSON form of a token inside its seal.
type kept struct {
	Access  string            `json:"access"`
	Type    string            `json:"type,omitempty"`
	Refresh string            `json:"refresh,omitempty"`
	Scope   string            `json:"scope,omitempty"`
	Fetched int64             `json:"fetched"`
	Expires int64             `json:"expires,omitempty"`
	Told    map[string]string `json:"told,omitempty"`
}

// SealToken seals a token for a connection's row of connection_token.
func (y *Authority) SealToken(tx *db.Tx, environment, connection uuid.UUID, t *Token) ([]byte, error) {
	text, err := json.Marshal(kept{
		t.Access.Reveal(), t.Type, t.Refresh.Reveal(), t.Scope, db.Micros(t.FetchedAt), db.Micros(t.ExpiresAt), t.Told,
	})
	if err != nil {
		return nil, err
	}
	return y.Vault.Seal(tx, environment, "connection_token", connection.String(), "sealed", text)
}

// UnsealToken is the reverse of [Authority.SealToken]; it returns nil for no bytes.
func (y *Authority) UnsealToken(tx *db.Tx, environment, connection uuid.UUID, sealed []byte) (*Token, error) {
	if len(sealed) == 0 {
		return nil, nil
	}
	text, err := y.Vault.Unseal(tx, environment, "connection_token", connection.String(), "sealed", sealed)
	if err != nil {
		return nil, err
	}
	var k kept
	if err := json.Unmarshal(text, &k); err != nil {
		return nil, fault.Wrap(fault.Internal, err, "a sealed token is not what was sealed")
	}
	return &Token{
		Access: seal.NewSecret(k.Access), Type: k.Type, Refresh: seal.NewSecret(k.Refresh), Scope: k.Scope,
		FetchedAt: db.Time(k.Fetched), ExpiresAt: db.Time(k.Expires), Told: k.Told,
	}, nil
}
