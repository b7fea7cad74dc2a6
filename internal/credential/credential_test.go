package credential_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/fault"
)

func TestSecretIsKnownOnlyAsAKeyedHash(t *testing.T) {
	each(t, func(r *rooms) {
		c, plain := r.add(credential.Spec{Description: "first"})
		if c.Hint != plain[:8] || !proof.WellFormed([]byte(plain)) {
			r.Errorf("hint %q of %q", c.Hint, plain)
		}
		row := ""
		r.Write(func(tx *db.Tx) error {
			text, err := db.Value[[]byte](tx, `SELECT mac FROM credential WHERE id = $1`, c.ID.String())
			row = string(text)
			return err
		})
		if len(row) != 32 || strings.Contains(row, plain[8:20]) {
			r.Errorf("stored as %q", row)
		}
		if got := proof.Match(r.Vault.Peppers(), r.Home.ID, r.app.ID, []byte(plain), r.candidates()); got == nil || got.ID != c.ID {
			r.Error("the secret is not recognised")
		}
	})
}

func TestSecretIsGoodForItsApplicationAndEnvironmentAlone(t *testing.T) {
	each(t, func(r *rooms) {
		c, plain := r.add(credential.Spec{})
		_, other := r.add(credential.Spec{})
		candidates, peppers := r.candidates(), r.Vault.Peppers()
		for name, got := range map[string]*proof.Candidate{
			"another environment": proof.Match(peppers, uuid.New(), r.app.ID, []byte(plain), candidates),
			"another application": proof.Match(peppers, r.Home.ID, uuid.New(), []byte(plain), candidates),
			"the two exchanged":   proof.Match(peppers, r.app.ID, r.Home.ID, []byte(plain), candidates),
			"no candidates":       proof.Match(peppers, r.Home.ID, r.app.ID, []byte(plain), nil),
			"nothing":             proof.Match(peppers, r.Home.ID, r.app.ID, nil, candidates),
			"a space more":        proof.Match(peppers, r.Home.ID, r.app.ID, []byte(plain+" "), candidates),
			"another's":           proof.Match(peppers, r.Home.ID, r.app.ID, []byte(other), slices.DeleteFunc(slices.Clone(candidates), func(k proof.Candidate) bool { return k.ID != c.ID })),
		} {
			if got != nil {
				r.Errorf("%s: the secret is recognised", name)
			}
		}
	})
}

// What cannot be used is recognised all the same: who presents it may learn why it is refused.
func TestEverySecretOfManyIsRecognisedWhateverItsState(t *testing.T) {
	each(t, func(r *rooms) {
		plains := map[uuid.UUID]string{}
		for i := range environment.DefaultPolicy().Limits.Secrets {
			spec := credential.Spec{}
			if i%3 == 1 {
				spec.NotBefore = time.Now().Add(time.Hour)
			}
			c, plain := r.add(spec)
			plains[c.ID] = plain
			if i%3 == 2 {
				r.Write(func(tx *db.Tx) error {
					_, err := credential.SetEnabled(tx, &r.Operator, r.app.ID, c.ID, false)
					return err
				})
			}
		}
		candidates := r.candidates()
		for id, plain := range plains {
			if got := proof.Match(r.Vault.Peppers(), r.Home.ID, r.app.ID, []byte(plain), candidates); got == nil || got.ID != id {
				r.Errorf("a secret of %d is recognised as %v", len(plains), got)
			}
		}
		r.Refused("one more", fault.Conflict, func(tx *db.Tx) error {
			_, _, err := r.Credentials.AddSecret(tx, &r.Operator, r.app.ID, credential.SecretSpec{})
			return err
		})
	})
}

func TestRecognisingASecretAllocatesItsHashAndNoMore(t *testing.T) {
	each(t, func(r *rooms) {
		_, plain := r.add(credential.Spec{})
		r.add(credential.Spec{})
		candidates, peppers, secret := r.candidates(), r.Vault.Peppers(), []byte(plain)
		if n := testing.AllocsPerRun(100, func() {
			if proof.Match(peppers, r.Home.ID, r.app.ID, secret, candidates) == nil {
				r.Fatal("not recognised")
			}
		}); n > 1 {
			r.Errorf("%v allocations", n)
		}
	})
}

func TestCredentialOnlyNarrows(t *testing.T) {
	each(t, func(r *rooms) {
		add := func(spec credential.Spec) func(*db.Tx) error {
			return func(tx *db.Tx) error {
				_, _, err := r.Credentials.AddSecret(tx, &r.Operator, r.app.ID, credential.SecretSpec{Spec: spec})
				return err
			}
		}
		r.Refused("a scope that the application lacks", fault.Invalid, add(credential.Spec{Scopes: []string{"a", "c"}}))
		r.Refused("a scope that there is not", fault.Invalid, add(credential.Spec{Scopes: []string{"nope"}}))
		r.Refused("an expiry in the past", fault.Invalid, add(credential.Spec{ExpiresAt: time.Now().Add(-time.Second)}))
		r.Refused("an end before its beginning", fault.Invalid, add(credential.Spec{ExpiresAt: time.Now().Add(time.Hour), NotBefore: time.Now().Add(2 * time.Hour)}))
		r.Refused("a description without end", fault.Invalid, add(credential.Spec{Description: strings.Repeat("x", 256)}))
		r.Refused("a description that is not text", fault.Invalid, add(credential.Spec{Description: "\xff"}))
		if c, _ := r.add(credential.Spec{Scopes: []string{}}); !c.Narrowed || len(c.Permissions) != 0 {
			r.Errorf("narrowed to nothing: %+v", c)
		}
		if c, _ := r.add(credential.Spec{Scopes: []string{"b"}}); !c.Narrowed || len(c.Permissions) != 1 || c.Families != access.FamilyOpenID {
			r.Errorf("narrowed to one: %+v", c)
		}
		if c, _ := r.add(credential.Spec{}); c.Narrowed {
			r.Errorf("not narrowed: %+v", c)
		}
		// What is stored is what was said.
		narrowed := 0
		for _, k := range r.candidates() {
			if k.Narrowed {
				narrowed++
			}
		}
		if narrowed != 2 {
			r.Errorf("%d of 3 are stored as narrowed, want 2", narrowed)
		}
	})
}

// Whoever may add secrets but not do everything must not get at everything by adding a secret to an application
// that may.
func TestNobodyGetsMoreThanTheyHaveByMakingASecret(t *testing.T) {
	each(t, func(r *rooms) {
		var mighty *application.Application
		r.Write(func(tx *db.Tx) (err error) {
			mighty, err = application.Create(tx, &r.Operator, application.Spec{Name: "mighty", Scopes: []string{access.WriteEnvironments, access.ReadCredentials}})
			return err
		})
		clerk := r.Actor(access.WriteCredentials, access.ReadCredentials)
		add := func(app uuid.UUID, spec credential.Spec) func(*db.Tx) error {
			return func(tx *db.Tx) error {
				_, _, err := r.Credentials.AddSecret(tx, &clerk, app, credential.SecretSpec{Spec: spec})
				return err
			}
		}
		r.Refused("a secret with more than its maker has", fault.Denied, add(mighty.ID, credential.Spec{}))
		r.Refused("the same, said out loud", fault.Denied, add(mighty.ID, credential.Spec{Scopes: []string{access.WriteEnvironments}}))
		// Even a secret without scopes could introspect and revoke as that application.
		r.Refused("a secret with less than its maker has", fault.Denied, add(mighty.ID, credential.Spec{Scopes: []string{access.ReadCredentials}}))
		r.Refused("a secret with nothing", fault.Denied, add(mighty.ID, credential.Spec{Scopes: []string{}}))
		r.Write(add(r.app.ID, credential.Spec{}))
		var narrow *credential.Credential
		r.Write(func(tx *db.Tx) (err error) {
			narrow, _, err = r.Credentials.AddSecret(tx, &r.Operator, mighty.ID, credential.SecretSpec{Spec: credential.Spec{Scopes: []string{}}})
			return err
		})
		for name, scopes := range map[string][]string{"all": nil, "one": {access.WriteEnvironments}} {
			r.Refused("widening it later to "+name, fault.Denied, func(tx *db.Tx) error {
				_, err := credential.Change(tx, &clerk, mighty.ID, narrow.ID, 0, func(s *credential.Spec) { s.Scopes = scopes })
				return err
			})
		}
	})
}

func TestStateOfACredentialChangesAsItIsTold(t *testing.T) {
	each(t, func(r *rooms) {
		c, _ := r.add(credential.Spec{Description: "x", Scopes: []string{"a"}})
		set := func(enabled bool) (got *credential.Credential) {
			r.Write(func(tx *db.Tx) (err error) {
				got, err = credential.SetEnabled(tx, &r.Operator, r.app.ID, c.ID, enabled)
				return err
			})
			return got
		}
		for i, step := range []struct {
			enabled bool
			epoch   uint32
			version int64
		}{{true, 0, 1}, {false, 1, 2}, {false, 1, 2}, {true, 1, 3}, {false, 2, 4}} {
			if got := set(step.enabled); got.Enabled != step.enabled || got.Epoch != step.epoch || got.Version != step.version {
				r.Errorf("step %d: %+v", i, got)
			}
		}
		r.Write(func(tx *db.Tx) error {
			return credential.EndTokens(tx, r.Operator.Who(), r.Home.ID, r.app.ID, c.ID)
		})
		if k := r.candidates()[0]; k.Epoch != 3 || k.Enabled || !k.Narrowed {
			r.Errorf("%+v", k)
		}
		stale := func(tx *db.Tx) error {
			_, err := credential.Change(tx, &r.Operator, r.app.ID, c.ID, 1, func(*credential.Spec) {})
			return err
		}
		r.Refused("a change to an old version", fault.Stale, stale)
		r.Refused("deleting an old version", fault.Stale, func(tx *db.Tx) error {
			return credential.Delete(tx, &r.Operator, r.app.ID, c.ID, 1, true)
		})
		r.Write(func(tx *db.Tx) error { return credential.Delete(tx, &r.Operator, r.app.ID, c.ID, 0, true) })
		r.Refused("deleting again", fault.NotFound, func(tx *db.Tx) error {
			return credential.Delete(tx, &r.Operator, r.app.ID, c.ID, 0, true)
		})
		if left := r.candidates(); len(left) != 0 {
			r.Errorf("%+v", left)
		}
	})
}

func TestExpiryInThePastStaysWhenSomethingElseIsChanged(t *testing.T) {
	each(t, func(r *rooms) {
		c, _ := r.add(credential.Spec{ExpiresAt: time.Now().Add(time.Hour)})
		r.Write(func(tx *db.Tx) error { // an hour passes
			_, err := tx.Exec(`UPDATE credential SET expires_at = $1 WHERE id = $2`, db.Micros(tx.Now().Add(-time.Minute)), c.ID.String())
			return err
		})
		r.Write(func(tx *db.Tx) error {
			_, err := credential.Change(tx, &r.Operator, r.app.ID, c.ID, 0, func(s *credential.Spec) { s.Description = "expired" })
			return err
		})
		r.Refused("another expiry in the past", fault.Invalid, func(tx *db.Tx) error {
			_, err := credential.Change(tx, &r.Operator, r.app.ID, c.ID, 0, func(s *credential.Spec) { s.ExpiresAt = tx.Now().Add(-time.Hour) })
			return err
		})
	})
}

func TestCredentialsOfAnotherEnvironmentAreMissing(t *testing.T) {
	each(t, func(r *rooms) {
		c, _ := r.add(credential.Spec{})
		foreign := access.Operator(uuid.New())
		for name, fn := range map[string]func(*db.Tx) error{
			"get":    func(tx *db.Tx) error { _, err := credential.Get(tx, &foreign, r.app.ID, c.ID); return err },
			"list":   func(tx *db.Tx) error { _, err := credential.List(tx, &foreign, r.app.ID, ""); return err },
			"delete": func(tx *db.Tx) error { return credential.Delete(tx, &foreign, r.app.ID, c.ID, 0, true) },
			"add": func(tx *db.Tx) error {
				_, _, err := r.Credentials.AddSecret(tx, &foreign, r.app.ID, credential.SecretSpec{})
				return err
			},
			"enable": func(tx *db.Tx) error {
				_, err := credential.SetEnabled(tx, &foreign, r.app.ID, c.ID, false)
				return err
			},
			"under another application": func(tx *db.Tx) error {
				_, err := credential.Get(tx, &r.Operator, uuid.New(), c.ID)
				return err
			},
		} {
			r.Refused(name, fault.NotFound, fn)
		}
	})
}

func TestWhoeverMayDoLessCannotBringAMightySecretBack(t *testing.T) {
	each(t, func(r *rooms) {
		var mighty *application.Application
		var secret *credential.Credential
		r.Write(func(tx *db.Tx) (err error) {
			if mighty, err = application.Create(tx, &r.Operator, application.Spec{Name: "mighty", Scopes: []string{access.WriteKeys}}); err != nil {
				return err
			}
			if secret, _, err = r.Credentials.AddSecret(tx, &r.Operator, mighty.ID, credential.SecretSpec{}); err != nil {
				return err
			}
			if _, err = credential.SetEnabled(tx, &r.Operator, mighty.ID, secret.ID, false); err != nil {
				return err
			}
			_, err = application.SetEnabled(tx, &r.Operator, mighty.ID, false)
			return err
		})
		clerk := r.Actor(access.WriteCredentials, access.WriteApplications)
		r.Refused("enabling the secret", fault.Denied, func(tx *db.Tx) error {
			_, err := credential.SetEnabled(tx, &clerk, mighty.ID, secret.ID, true)
			return err
		})
		r.Refused("enabling the application", fault.Denied, func(tx *db.Tx) error {
			_, err := application.SetEnabled(tx, &clerk, mighty.ID, true)
			return err
		})
	})
}

func TestSecretThatIsGivenMoreTimeRevivesNoToken(t *testing.T) {
	each(t, func(r *rooms) {
		var c *credential.Credential
		r.Write(func(tx *db.Tx) (err error) {
			c, _, err = r.Credentials.AddSecret(tx, &r.Operator, r.app.ID, credential.SecretSpec{Spec: credential.Spec{ExpiresAt: tx.Now().Add(time.Hour)}})
			return err
		})
		longer := func(d time.Duration) (epoch uint32) {
			r.Write(func(tx *db.Tx) error {
				changed, err := credential.Change(tx, &r.Operator, r.app.ID, c.ID, 0, func(s *credential.Spec) { s.ExpiresAt = tx.Now().Add(d) })
				if err == nil {
					epoch = changed.Epoch
				}
				return err
			})
			return epoch
		}
		if epoch := longer(2 * time.Hour); epoch != c.Epoch {
			t.Errorf("more time before it expired: epoch %d, want %d", epoch, c.Epoch)
		}
		r.Write(func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE credential SET expires_at = $1 WHERE id = $2`, db.Micros(tx.Now().Add(-time.Hour)), c.ID.String())
			return err
		})
		if epoch := longer(time.Hour); epoch != c.Epoch+1 {
			t.Errorf("more time after it expired: epoch %d, want %d", epoch, c.Epoch+1)
		}
	})
}
