package ledger_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// What follows is a second reading of the format, written from the package's documentation alone. The attacks on the
// ledger use it, since an attacker would.

func frame(fields ...[]byte) []byte {
	var b []byte
	for _, f := range fields {
		n := len(f)
		b = append(b, 0, 0, 0, 0, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
		b = append(b, f...)
	}
	return b
}

func outsidersGenesis(environment string) ledger.Hash {
	return sha256.Sum256(frame([]byte("counterfoil ledger genesis 1"), []byte(environment)))
}

func outsidersDigest(salt []byte, payload string) ledger.Hash {
	return sha256.Sum256(frame([]byte("counterfoil ledger payload 1"), salt, []byte(payload)))
}

func outsidersHash(environment string, previous ledger.Hash, r ledger.Record) ledger.Hash {
	return sha256.Sum256(frame([]byte("counterfoil ledger event 1"), previous[:], []byte(environment),
		[]byte(strconv.FormatInt(r.Number, 10)), []byte(strconv.FormatInt(r.At.UnixMicro(), 10)), []byte(r.Kind),
		[]byte(r.Actor.Kind), []byte(r.Actor.ID), []byte(r.Subject.Kind), []byte(r.Subject.ID),
		[]byte(strconv.FormatBool(r.Register)), r.Digest[:]))
}

func outsidersSignature(key ed25519.PrivateKey, c ledger.Checkpoint) []byte {
	return ed25519.Sign(key, frame([]byte("counterfoil ledger checkpoint 1"), []byte(c.Environment.String()),
		[]byte(strconv.FormatInt(c.Number, 10)), c.Hash[:], []byte(strconv.FormatInt(c.At.UnixMicro(), 10))))
}

func TestOutsiderCanCheckTheLedgerFromItsDocumentation(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		environment := newEnvironment(t, d)
		grow(t, d, environment, "a", 5)
		at := outsidersGenesis(environment.String())
		if start := (ledger.Position{Hash: at}); ledger.Genesis(environment) != start {
			t.Errorf("the chain begins at %v, want %v", ledger.Genesis(environment), start)
		}
		for _, r := range events(t, d, environment, ledger.Filter{}) {
			if r.Digest != outsidersDigest(r.Salt, r.Payload) {
				t.Errorf("event %d: the digest is not of its payload", r.Number)
			}
			if at = outsidersHash(environment.String(), at, r); at != r.Hash {
				t.Errorf("event %d: hash %s, want %s", r.Number, r.Hash, at)
			}
		}
		public, private, _ := ed25519.GenerateKey(nil)
		c := sign(t, d, environment)
		if c.Hash != at {
			t.Errorf("hash %s was signed, want %s", c.Hash, at)
		}
		c.Signature = outsidersSignature(private, c)
		if !c.SignedBy(public) {
			t.Error("an outsider's signature of a checkpoint is not recognised")
		}
	})
}

// TestChainOfTodayIsReadForEver holds the format to hashes that were computed by another program in another language.
func TestChainOfTodayIsReadForEver(t *testing.T) {
	const (
		environment = "6f9d2c1e-8a4b-4f0e-9c3d-1b2a3c4d5e6f"
		start       = "58a827b9b366acedda62522e25a4abcd4a592a344439901c80174dd39f1a4a14"
		text        = `{"actor":{"address":"192.0.2.7"},"after":{"name":"b\u009billing"}}`
		payload     = "6d2237b0687479facc817a2edec41fde277edfb65ecdfe6f991d796b35dc9b3a"
		first       = "9e702d018f459c632d697afe388f8544c6add175dbf6989da383a4da1c8040e3"
		second      = "f68b2c07a502bc6214d35077cca9f4714652aea3ae9825119692b1d7feead925"
	)
	salt := []byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	const insert = `INSERT INTO ledger_event (environment_id, number, at, kind, actor_kind, actor_id, subject_kind,
		subject_id, register, payload, salt, digest, hash) VALUES `
	id := uuid.MustParse(environment)
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		bear(t, d, id)
		write(t, d, func(tx *db.Tx) error {
			for _, s := range []struct {
				query string
				args  []any
			}{
				{insert + `($1, 1, 1767225600000001, 'application.created', 'operator', 'root', 'application',
					'0b0e7c52-3f6a-4d53-8a52-6a1c7e1d9f10', TRUE, $2, $3, $4, $5)`,
					[]any{environment, text, salt, unhex(payload), unhex(first)}},
				{insert + `($1, 2, 1767225600000002, 'key.rotated', 'system', 'counterfoil', 'key', 'k1', FALSE, $2, $3, $4, $5)`,
					[]any{environment, text, salt, unhex(payload), unhex(second)}},
				{`UPDATE ledger_head SET number = 2, hash = $2 WHERE environment_id = $1`, []any{environment, unhex(second)}},
			} {
				if _, err := tx.Exec(s.query, s.args...); err != nil {
					return err
				}
			}
			return nil
		})
		if got := ledger.Genesis(id).Hash.String(); got != start {
			t.Errorf("the chain begins at %s, want %s", got, start)
		}
		if diff := cmp.Diff(ledger.Proof{Events: 2}, verify(t, d, id)); diff != "" {
			t.Error(diff)
		}
	})
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}
