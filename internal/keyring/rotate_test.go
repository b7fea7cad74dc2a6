package keyring_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/keyring"
)

// states returns the state of every key of alg, oldest first.
func states(set *keyring.Set, alg keyring.Alg) string {
	var all []string
	for _, key := range set.Keys() {
		if key.Alg == alg {
			all = append(all, string(key.State))
		}
	}
	return strings.Join(all, " ")
}

func TestEnsureMakesAnActiveAndANextKeyOnce(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		for _, alg := range keyring.Algs() {
			f.ring.Stock(t, alg)
			for _, want := range []bool{true, false} {
				f.write(func(tx *db.Tx) error {
					made, err := f.ring.Ensure(tx, f.id, alg)
					if made != want {
						t.Errorf("%s: made=%v, want %v", alg, made, want)
					}
					return err
				})
			}
			if got := states(f.load(), alg); got != "active next" {
				t.Errorf("%s: keys are %s", alg, got)
			}
		}
		for _, alg := range []keyring.Alg{"", "none", "HS256", "es256", "ES384"} {
			err := f.db.Write(t.Context(), func(tx *db.Tx) error {
				_, err := f.ring.Ensure(tx, f.id, alg)
				return err
			})
			if !fault.Is(err, fault.Invalid) {
				t.Errorf("Ensure(%q) returned %v", alg, err)
			}
		}
	})
}

func TestNodesThatEnsureAtOnceMakeOneActiveKey(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		errs := make(chan error)
		for range 8 {
			go func() {
				errs <- f.db.Write(t.Context(), func(tx *db.Tx) error {
					_, err := f.ring.Ensure(tx, f.id, keyring.EdDSA)
					return err
				})
			}()
		}
		for range 8 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		if got := states(f.load(), keyring.EdDSA); got != "active next" {
			t.Errorf("keys are %s", got)
		}
	})
}

func TestForcedRotationsCannotFillTheKeySetWithoutEnd(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.ensure(keyring.ES256)
		for range 32 {
			if _, err := f.rotate(keyring.ES256, true); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := f.rotate(keyring.ES256, true); !fault.Is(err, fault.Conflict) {
			t.Errorf("one more returned %v", err)
		}
		if got := len(f.load().Keys()); got > 64 { // what client/verify takes at most
			t.Errorf("%d keys", got)
		}
	})
}

func TestRotationWaitsUntilVerifiersKnowTheNextKey(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.ensure(keyring.ES256)
		before := f.load()
		next := before.Keys()[1]
		f.pass(keyring.PublishLead - time.Microsecond)
		if _, err := f.rotate(keyring.ES256, false); !fault.Is(err, fault.Conflict) {
			t.Fatalf("a rotation before its time returned %v", err)
		}
		if got := states(f.load(), keyring.ES256); got != "active next" {
			t.Fatalf("after a refused rotation keys are %s", got)
		}
		f.pass(time.Microsecond)
		changed, err := f.rotate(keyring.ES256, false)
		if err != nil {
			t.Fatal(err)
		}
		after := f.load()
		if got := states(after, keyring.ES256); got != "retired active next" {
			t.Errorf("keys are %s", got)
		}
		if after.Active(keyring.ES256).ID != next.ID || len(changed) != 3 ||
			changed[1] != (keyring.Change{Key: next.ID, Alg: keyring.ES256, State: keyring.Active}) {
			t.Errorf("changed %+v", changed)
		}
		if _, err := f.rotate(keyring.ES256, false); !fault.Is(err, fault.Conflict) {
			t.Errorf("a second rotation at once returned %v", err)
		}
		if _, err := f.rotate(keyring.ES256, true); err != nil {
			t.Errorf("a forced rotation returned %v", err)
		}
		if _, err := f.rotate(keyring.PS256, true); !fault.Is(err, fault.NotFound) {
			t.Errorf("rotating an algorithm that has no keys returned %v", err)
		}
	})
}

func TestRetiredKeyHasNoPrivateHalfAndStillVerifies(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.ensure(keyring.ES256)
		before := f.load()
		header, signed, signature := split(token(t, before, keyring.ES256, payload))
		if _, err := f.rotate(keyring.ES256, true); err != nil {
			t.Fatal(err)
		}
		key := f.load().ByHeader([]byte(header))
		if key == nil || key.State != keyring.Retired || !key.Verify([]byte(signed), []byte(signature)) {
			t.Fatal("a token of the retired key is refused")
		}
		if _, err := key.AppendSignature(nil, []byte("x")); err == nil {
			t.Error("the retired key signs")
		}
		f.write(func(tx *db.Tx) error {
			left, err := db.Value[int64](tx, `SELECT COUNT(*) FROM signing_key WHERE state = 'retired' AND sealed IS NOT NULL`)
			if left != 0 {
				t.Error("the private half of the retired key is still stored")
			}
			return err
		})
		f.pass(keyring.Retention - time.Microsecond)
		if f.tend(); f.load().ByHeader([]byte(header)) == nil {
			t.Error("the retired key is gone while its tokens may live")
		}
		f.pass(time.Microsecond)
		changed := f.tend()
		if f.load().ByHeader([]byte(header)) != nil {
			t.Error("the retired key stays for ever")
		}
		if len(changed) == 0 || changed[0].Key != key.ID || changed[0].State != keyring.Deleted {
			t.Errorf("changed %+v", changed)
		}
	})
}

func TestTendRotatesSigningKeysOnSchedule(t *testing.T) {
	f := onSQLite(t).ensure(keyring.ES256, keyring.EdDSA)
	first := f.load().Active(keyring.ES256).ID
	f.pass(keyring.SigningPeriod - time.Microsecond)
	f.tend()
	if f.load().Active(keyring.ES256).ID != first {
		t.Fatal("rotated before its time")
	}
	f.pass(time.Microsecond)
	f.tend()
	set := f.load()
	if got := states(set, keyring.ES256) + "; " + states(set, keyring.EdDSA); got != "retired active next; retired active next" {
		t.Errorf("keys are %s", got)
	}
	if changed := f.tend(); len(changed) != 0 {
		t.Errorf("a second Tend at once changed %+v", changed)
	}
}

// A key set is served by a node that is up to a minute behind and cached for MaxAge by verifiers, who do not ask
// again when they meet an unknown key. Keys rotate on schedule and on demand, as often as Rotate lets them; one node
// loses its database now and then for up to three days and goes on signing. No living token may ever be refused.
func TestNoVerificationFailsWhileKeysRotate(t *testing.T) {
	f := onSQLite(t).ensure(keyring.ES256, keyring.EdDSA)
	random := rand.New(rand.NewPCG(1, 2))
	start := f.Now()

	type living struct {
		text string
		dies time.Time
	}
	var tokens []living
	signer, signerLoaded := f.load(), f.Now()
	server, serverLoaded := f.load(), f.Now()
	cache, cached := cacheOf(t, server), f.Now()
	rotations := 0
	for step := range 500 {
		waits := []time.Duration{time.Second, 20 * time.Second, time.Minute, 5 * time.Minute, time.Hour, 9 * time.Hour}
		f.pass(waits[random.IntN(len(waits))])
		f.tend()
		for _, alg := range []keyring.Alg{keyring.ES256, keyring.EdDSA} {
			if _, err := f.rotate(alg, false); err == nil {
				rotations++
			}
		}
		if f.Now().Sub(serverLoaded) > time.Minute {
			server, serverLoaded = f.load(), f.Now()
		}
		if away := f.Now().Sub(signerLoaded); away > 72*time.Hour || random.IntN(8) == 0 {
			signer, signerLoaded = f.load(), f.Now()
		}
		if f.Now().Sub(cached) > keyring.MaxAge {
			cache, cached = cacheOf(t, server), f.Now()
		}
		for _, node := range []*keyring.Set{f.load(), signer} {
			alg := []keyring.Alg{keyring.ES256, keyring.EdDSA}[random.IntN(2)]
			tokens = append(tokens, living{token(t, node, alg, payload), f.Now().Add(24 * time.Hour)})
		}
		for len(tokens) > 0 && (tokens[0].dies.Before(f.Now()) || len(tokens) > 12) {
			tokens = tokens[1:]
		}
		for _, one := range tokens {
			if err := verify(cache, one.text); err != nil {
				t.Fatalf("step %d, after %s: %v", step, f.Now().Sub(start), err)
			}
		}
	}
	if rotations < 250 || f.Now().Sub(start) < 28*24*time.Hour {
		t.Errorf("the test is too tame: %d rotations in %s", rotations, f.Now().Sub(start))
	}
}

func cacheOf(t *testing.T, set *keyring.Set) *jose.JSONWebKeySet {
	t.Helper()
	body, _ := set.JWKS()
	keys := new(jose.JSONWebKeySet)
	if err := json.Unmarshal(body, keys); err != nil {
		t.Fatal(err)
	}
	return keys
}

func verify(keys *jose.JSONWebKeySet, token string) error {
	parsed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.ES256, jose.EdDSA})
	if err != nil {
		return err
	}
	kid := parsed.Signatures[0].Protected.KeyID
	found := keys.Key(kid)
	if len(found) != 1 {
		return fmt.Errorf("the cached key set does not know key %s", kid)
	}
	_, err = parsed.Verify(found[0])
	return err
}

func TestKeysCopiedBetweenRowsDoNotLoad(t *testing.T) {
	for name, attack := range map[string]string{
		"private half of another key": `UPDATE signing_key SET sealed = (SELECT sealed FROM signing_key WHERE state = 'next' AND environment_id = $1)
WHERE state = 'active' AND environment_id = $1`,
		"public half of another key": `UPDATE signing_key SET public = (SELECT public FROM signing_key WHERE state = 'next' AND environment_id = $1)
WHERE state = 'retired' AND environment_id = $1`,
		"another algorithm": `UPDATE signing_key SET alg = 'EdDSA' WHERE state = 'retired' AND environment_id = $1`,
		"handle key under another number": `UPDATE handle_key SET sealed = (SELECT sealed FROM handle_key WHERE number = 1 AND environment_id = $1)
WHERE number = 2 AND environment_id = $1`,
	} {
		f := onSQLite(t).ensure(keyring.ES256)
		if _, err := f.rotate(keyring.ES256, true); err != nil {
			t.Fatal(err)
		}
		f.write(func(tx *db.Tx) error {
			_, err := tx.Exec(attack, f.id.String())
			return err
		})
		if _, err := f.loadOf(f.id); err == nil {
			t.Errorf("%s: the keys load", name)
		}
	}
}

// Whoever can write to the database may put a key of their own beside a private half that is not its own.
func TestForeignPublicHalfDoesNotLoad(t *testing.T) {
	f, other := onSQLite(t).ensure(keyring.ES256), onSQLite(t).ensure(keyring.ES256)
	var id string
	var public []byte
	other.write(func(tx *db.Tx) error {
		return tx.Each(func(scan db.Scan) error { return scan(&id, &public) },
			`SELECT id, public FROM signing_key WHERE state = 'active'`)
	})
	var was string
	f.write(func(tx *db.Tx) error {
		var sealed, plain []byte
		err := tx.Each(func(scan db.Scan) error { return scan(&was, &sealed) },
			`SELECT id, sealed FROM signing_key WHERE state = 'active'`)
		if err != nil {
			return err
		}
		// Even sealed for the right place, as only a defect of our own could do.
		if plain, err = f.vault.Unseal(tx, f.id, "signing_key", was, "sealed", sealed); err != nil {
			return err
		}
		if sealed, err = f.vault.Seal(tx, f.id, "signing_key", id, "sealed", plain); err != nil {
			return err
		}
		_, err = tx.Exec(`UPDATE signing_key SET id = $1, public = $2, sealed = $3 WHERE id = $4`, id, public, sealed, was)
		return err
	})
	if _, err := f.loadOf(f.id); err == nil {
		t.Error("a public half loads beside a private one that is not its own")
	}
}

func TestKeysCopiedFromAnotherEnvironmentDoNotLoad(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		f := newFixture(t, d, newClock()).ensure(keyring.ES256)
		other := f.environment()
		f.write(func(tx *db.Tx) error {
			_, err := tx.Exec(`INSERT INTO signing_key (environment_id, id, alg, state, public, sealed, created_at, activated_at, retired_at)
SELECT $2, id, alg, state, public, sealed, created_at, activated_at, retired_at FROM signing_key WHERE environment_id = $1`,
				f.id.String(), other.String())
			return err
		})
		if _, err := f.loadOf(other); err == nil {
			t.Error("another environment's keys load")
		}
	})
}

func TestEnvironmentsDoNotShareKeys(t *testing.T) {
	f := onSQLite(t).ensure(keyring.ES256)
	mine := f.load()
	header, _, _ := split(token(t, mine, keyring.ES256, payload))
	handle := mine.HandleKey(f.Now()).Seal(nil, []byte("content"), nil)
	f.id = f.environment()
	theirs := f.ensure(keyring.ES256).load()
	if theirs.ByHeader([]byte(header)) != nil {
		t.Error("the other environment knows the signing key")
	}
	if _, ok := theirs.HandleKey(f.Now()).Open(nil, handle, nil); ok {
		t.Error("the other environment opens the handle")
	}
	if set, err := f.loadOf(uuid.New()); err != nil || len(set.Keys()) != 0 || set.HandleKey(f.Now()) != nil {
		t.Errorf("an environment that does not exist has keys, or %v", err)
	}
}

func TestKeysSurviveARekeyedEnvironment(t *testing.T) {
	each(t, func(t *testing.T, f *fixture) {
		f.ensure(keyring.ES256)
		if _, err := f.rotate(keyring.ES256, true); err != nil {
			t.Fatal(err)
		}
		before := f.load()
		handle := before.HandleKey(f.Now()).Seal(nil, []byte("content"), nil)
		err := f.vault.Rekey(t.Context(), f.id, func(ctx context.Context) error {
			return f.db.Write(ctx, func(tx *db.Tx) error { return f.ring.Reseal(tx, f.id) })
		})
		if err != nil {
			t.Fatal(err)
		}
		after := f.load()
		if _, ok := after.HandleKey(f.Now()).Open(nil, handle, nil); !ok {
			t.Error("the handle key was lost")
		}
		if after.Active(keyring.ES256).ID != before.Active(keyring.ES256).ID {
			t.Error("the signing key was lost")
		}
		if _, err := f.rotate(keyring.ES256, true); err != nil { // the next key was sealed again as well
			t.Fatal(err)
		}
		f.load()
	})
}
