package logon_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/big"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential/assertion"
	"github.com/counterfoil/counterfoil/internal/credential/chosen"
	"github.com/counterfoil/counterfoil/internal/credential/lock"
	"github.com/counterfoil/counterfoil/internal/credential/usage"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/keyring"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/logon"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/roomtest"
	"github.com/counterfoil/counterfoil/internal/token"
)

// world is an installation with a clock that tests move and the nodes that serve it: two on PostgreSQL; on SQLite,
// which has one, that one twice.
type world struct {
	*roomtest.Rooms
	start time.Time
	ahead atomic.Int64 // nanoseconds
	nodes [2]*node
	heard int64          // number of the last event of the ledger that was compared
	tally map[string]int // how often what was answered
	stray string         // a generated secret that is none of the application's
}

// node is one process, as far as logons and tokens go.
type node struct {
	register *register.Register
	tokens   *token.Authority
	locks    *lock.Book
	logon    *logon.Authority
}

const (
	issuer = "https://id.example"
	ci     = "https://ci.example"
)

func eachWorld(t *testing.T, test func(w *world)) {
	t.Helper()
	w := &world{start: time.Now().Truncate(time.Second)}
	dbtest.EachAt(t, w.now, func(t *testing.T, d *db.DB) {
		w.ahead.Store(0)
		w.heard, w.stray, w.tally = 0, "", map[string]int{}
		w.Rooms = roomtest.Found(t, d, filepath.Join(t.TempDir(), "root.key"))
		w.furnish()
		w.nodes[0] = w.node()
		w.nodes[1] = w.nodes[0]
		if d.Engine() == db.PostgreSQL {
			w.nodes[1] = w.node()
		}
		test(w)
	})
}

func (w *world) now() time.Time { return w.start.Add(time.Duration(w.ahead.Load())) }

func (w *world) move(d time.Duration) { w.ahead.Add(int64(d)) }

// furnish makes an API of each format and lets administrators choose secrets.
func (w *world) furnish() {
	w.Helper()
	w.Write(func(tx *db.Tx) error {
		for name, format := range map[string]access.Format{"invoices": access.JWT, "parcels": access.Handle} {
			spec := roomtest.API(name, name+":read")
			spec.Format, spec.Lifetime, spec.OnStale = format, 24*time.Hour, access.Serve
			if _, err := w.APIs.CreateAPI(tx, &w.Operator, spec); err != nil {
				return err
			}
		}
		_, _, err := environment.ChangePolicy(tx, &w.Operator, 0, func(p *environment.Policy) {
			p.ChosenSecrets = true
			p.Limits = environment.Limits{Secrets: mostSecrets, Certificates: mostOthers, JWTKeys: mostOthers, Trusts: mostOthers}
		})
		return err
	})
}

// node starts a node over the world's database, until the test ends.
func (w *world) node() *node {
	w.Helper()
	n := &node{locks: lock.New(lock.Options{DB: w.DB, Now: w.now})}
	n.register = register.New(register.Options{
		DB: w.DB, Ring: keyring.New(w.Vault), BaseURL: issuer, Now: w.now, Log: slog.New(slog.DiscardHandler), Locks: n.locks,
	})
	n.tokens = token.New(n.register)
	n.logon = &logon.Authority{
		DB: w.DB, Register: n.register, Vault: w.Vault, Credentials: w.Credentials, Checker: chosen.New(chosen.Options{Now: w.now}), Locks: n.locks,
		Fetcher: &assertion.Fetcher{Now: w.now}, Seen: &assertion.Seen{DB: w.DB, Now: w.now}, Usage: &usage.Counter{},
	}
	if err := n.locks.Load(w.Context()); err != nil {
		w.Fatal(err)
	}
	if err := n.register.Load(w.Context()); err != nil {
		w.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	var following sync.WaitGroup
	following.Go(func() { n.register.Follow(ctx) })
	w.Cleanup(func() { stop(); following.Wait() })
	w.await("the register is filled", n.register.Loaded)
	return n
}

// await returns once a condition holds, and fails the test if it does not come to hold.
func (w *world) await(what string, holds func() bool) {
	w.Helper()
	for deadline := time.Now().Add(20 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			w.Fatalf("it does not come true that %s", what)
		}
	}
}

// since returns what the ledger says since the last call, but for the lives of keys.
func (w *world) since() (story []string, err error) {
	var records []ledger.Record
	err = w.DB.Read(context.Background(), func(tx *db.Tx) error {
		records, err = ledger.Events(tx, w.Home.ID, ledger.Filter{After: w.heard})
		return err
	})
	for i := range records {
		r := &records[i]
		w.heard = r.Number
		if r.Subject.Kind == "key" {
			continue
		}
		story = append(story, r.Subject.Kind+" "+r.Subject.ID+" "+r.Kind+standing(r))
	}
	return story, err
}

// standing is how an event says that a credential stands after it.
func standing(r *ledger.Record) string {
	var payload struct {
		After *struct {
			Enabled   *bool  `json:"enabled"`
			NotBefore string `json:"not_before"`
			ExpiresAt string `json:"expires_at"`
		} `json:"after"`
	}
	if err := json.Unmarshal([]byte(r.Payload), &payload); err != nil {
		return " " + err.Error()
	}
	if a := payload.After; r.Subject.Kind == "credential" && a != nil && a.Enabled != nil {
		return fmt.Sprintf(" enabled=%v from=%s until=%s", *a.Enabled, a.NotBefore, a.ExpiresAt)
	}
	return ""
}

// newKey makes a key for a JWT key or a certificate.
func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

// selfSigned makes a certificate that is valid for longer than any test lasts.
func (w *world) selfSigned() *x509.Certificate {
	key := newKey()
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<60))
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "billing"}, NotBefore: w.start.Add(-time.Hour), NotAfter: w.start.AddDate(900, 0, 0),
		BasicConstraintsValid: true, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	made, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return made
}

// jwks writes the public half of a key as a set.
func jwks(key *ecdsa.PrivateKey) []byte {
	text, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k", Algorithm: "ES256", Use: "sig"}}})
	if err != nil {
		panic(err)
	}
	return text
}

// sign writes a JWT, with a key by ES256 or with a secret by HS256.
func sign(key any, claims map[string]any) []byte {
	alg, options := jose.ES256, (&jose.SignerOptions{}).WithType("JWT")
	if secret, ok := key.(string); ok {
		key, alg = []byte(secret), jose.HS256
	} else {
		options = options.WithHeader("kid", "k")
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, options)
	if err != nil {
		panic(err)
	}
	payload, err := json.Marshal(claims)
	if err != nil {
		panic(err)
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		panic(err)
	}
	text, err := signed.CompactSerialize()
	if err != nil {
		panic(err)
	}
	return []byte(text)
}

// hashed is a secret as another system would have kept it.
func hashed(secret string) string {
	salt := []byte("salt of another system")
	sum := sha256.Sum256(append([]byte(secret), salt...))
	return "{SSHA256}" + base64.StdEncoding.EncodeToString(append(sum[:], salt...))
}

func unique() string { return uuid.NewString() }
