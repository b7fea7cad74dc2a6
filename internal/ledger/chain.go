package ledger

import (
	"crypto/sha256"
	"database/sql/driver"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
)

// The purposes that hashes and signatures are made for. One made for one purpose is never valid for another.
const (
	genesisPurpose    = "counterfoil ledger genesis 1"
	payloadPurpose    = "counterfoil ledger payload 1"
	eventPurpose      = "counterfoil ledger event 1"
	checkpointPurpose = "counterfoil ledger checkpoint 1"
)

// Hash is a SHA-256 value: of an event with everything before it, or of a payload.
type Hash [sha256.Size]byte

// String returns h as 64 lowercase hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText implements [encoding.TextMarshaler] as [Hash.String].
func (h Hash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText is the reverse of [Hash.MarshalText].
func (h *Hash) UnmarshalText(text []byte) error {
	if hex.DecodedLen(len(text)) != len(h) {
		return fmt.Errorf("a hash has %d hexadecimal digits, not %d", hex.EncodedLen(len(h)), len(text))
	}
	_, err := hex.Decode(h[:], text)
	return err
}

// Value implements [driver.Valuer]: the database keeps the 32 bytes.
func (h Hash) Value() (driver.Value, error) { return h[:], nil }

// Scan is the reverse of [Hash.Value]. A value of another length, which only an edit of the database can have
// left there, becomes the zero hash, so that it is found as a wrong hash and does not stop the search.
func (h *Hash) Scan(stored any) error {
	b, ok := stored.([]byte)
	if !ok && stored != nil {
		return fmt.Errorf("a hash is stored as bytes, not as %T", stored)
	}
	*h = Hash{}
	if len(b) == len(h) {
		copy(h[:], b)
	}
	return nil
}

// Position is a place in an environment's chain: the number of an event and its hash. It identifies everything up
// to there. The place before the first event is [Genesis].
type Position struct {
	Number int64 `json:"number"`
	Hash   Hash  `json:"hash"`
}

// Genesis is where the chain of an environment begins. It depends on the environment, so that no two chains
// share a hash and one cannot be passed off as the other.
func Genesis(environment uuid.UUID) Position {
	return Position{Hash: sha256.Sum256(frame(genesisPurpose, environment.String()))}
}

// next returns the position of r, which follows p.
func (p Position) next(environment uuid.UUID, r *Record) Position {
	return Position{Number: r.Number, Hash: sha256.Sum256(frame(eventPurpose,
		string(p.Hash[:]), environment.String(), decimal(r.Number), decimal(db.Micros(r.At)), r.Kind,
		r.Actor.Kind, r.Actor.ID, r.Subject.Kind, r.Subject.ID, strconv.FormatBool(r.Register), string(r.Digest[:])))}
}

// digest returns what the chain covers of a payload. The salt, which is erased with the payload, keeps anybody
// from finding an erased payload by guessing.
func digest(salt []byte, payload string) Hash {
	return sha256.Sum256(frame(payloadPurpose, string(salt), payload))
}

// frame joins fields so that no two lists of fields give the same bytes.
func frame(fields ...string) []byte {
	size := 0
	for _, f := range fields {
		size += 8 + len(f)
	}
	b := make([]byte, 0, size)
	for _, f := range fields {
		b = binary.BigEndian.AppendUint64(b, uint64(len(f)))
		b = append(b, f...)
	}
	return b
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
