package credential_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// leaked is a secret and what its exposure did.
type leaked struct {
	*credential.Credential
	changed bool
	events  []ledger.Record
}

// expose reports a secret as found, and returns its credential and the new events.
func (r *rooms) expose(plain string) (l leaked) {
	r.Helper()
	var before ledger.Head
	r.Write(func(tx *db.Tx) (err error) {
		before, err = ledger.Last(tx, r.Home.ID)
		return err
	})
	r.Write(func(tx *db.Tx) error {
		found, err := credential.FindLeaked(tx, r.Vault, uuid.Nil, seal.NewSecret(plain))
		if err != nil || len(found) != 1 {
			r.Fatalf("found %d credentials, %v", len(found), err)
		}
		l.changed, err = r.Credentials.Expose(tx, found[0], credential.Exposure{Reporter: "github", Source: "commit", URL: "https://code.example/c/1"})
		l.Credential = found[0]
		return err
	})
	r.Write(func(tx *db.Tx) (err error) {
		if l.Credential, err = credential.Get(tx, &r.Operator, r.app.ID, l.ID); err != nil {
			return err
		}
		l.events, err = ledger.Events(tx, r.Home.ID, ledger.Filter{After: before.Number, Limit: 100})
		return err
	})
	return l
}

func (l leaked) kinds() (kinds []string) {
	for _, e := range l.events {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

func (r *rooms) onLeak(answer environment.OnLeak) {
	r.Helper()
	r.Write(func(tx *db.Tx) error {
		_, _, err := environment.ChangePolicy(tx, &r.Operator, 0, func(p *environment.Policy) { p.OnLeak, p.ViewableSecrets = answer, true })
		return err
	})
}

func TestALeakedSecretIsFoundByItsHashAlone(t *testing.T) {
	each(t, func(r *rooms) {
		c, plain := r.add(credential.Spec{})
		r.add(credential.Spec{})
		r.Write(func(tx *db.Tx) error {
			// All begin alike: only the hash may tell.
			_, err := tx.Exec(`UPDATE credential SET hint = $1`, plain[:8])
			return err
		})
		r.Write(func(tx *db.Tx) error {
			found, err := credential.FindLeaked(tx, r.Vault, uuid.Nil, seal.NewSecret(plain))
			if err != nil || len(found) != 1 || found[0].ID != c.ID {
				r.Errorf("found %v, %v", found, err)
			}
			for _, other := range []string{"", plain[:8], plain + " ", strings.ToUpper(plain), "cfs_" + strings.Repeat("0", 49)} {
				if found, err := credential.FindLeaked(tx, r.Vault, uuid.Nil, seal.NewSecret(other)); err != nil || len(found) != 0 {
					r.Errorf("%q: found %v, %v", other, found, err)
				}
			}
			return nil
		})
	})
}

// A secret of another environment that begins alike, and hangs on a key that is not loaded, is nobody's business here.
func TestOneEnvironmentIsAskedWithoutTheKeysOfOthers(t *testing.T) {
	each(t, func(r *rooms) {
		c, plain := r.add(credential.Spec{})
		var elsewhere access.Actor
		var theirs string
		r.Write(func(tx *db.Tx) error {
			other, err := r.Environments.Create(tx, &r.Operator, environment.Spec{Name: "other"})
			if err != nil {
				return err
			}
			elsewhere = access.Operator(other.ID)
			app, err := application.Create(tx, &elsewhere, application.Spec{Name: "app"})
			if err != nil {
				return err
			}
			_, secret, err := r.Credentials.AddSecret(tx, &elsewhere, app.ID, credential.SecretSpec{})
			if theirs = secret.Reveal(); err != nil {
				return err
			}
			_, err = tx.Exec(`UPDATE credential SET hint = $1, peppers = '[9]' WHERE environment_id = $2`, plain[:8], other.ID.String())
			return err
		})
		unknown := func(tx *db.Tx) error {
			_, err := credential.FindLeaked(tx, r.Vault, uuid.Nil, seal.NewSecret(plain))
			return err
		}
		r.Refused("in all environments", fault.Unavailable, unknown)
		r.Write(func(tx *db.Tx) error {
			found, err := credential.FindLeaked(tx, r.Vault, r.Home.ID, seal.NewSecret(plain))
			if err != nil || len(found) != 1 || found[0].ID != c.ID {
				r.Errorf("found %v, %v", found, err)
			}
			found, err = credential.FindLeaked(tx, r.Vault, r.Home.ID, seal.NewSecret(theirs))
			if err != nil || len(found) != 0 {
				r.Errorf("another environment's: found %v, %v", found, err)
			}
			return nil
		})
		r.Refused("there", fault.Unavailable, func(tx *db.Tx) error {
			_, err := credential.FindLeaked(tx, r.Vault, elsewhere.Environment, seal.NewSecret(plain))
			return err
		})
	})
}

func TestThePolicySaysWhatBecomesOfALeakedSecret(t *testing.T) {
	each(t, func(r *rooms) {
		viewable := true
		for _, c := range []struct {
			policy       environment.OnLeak
			viewable     bool
			kinds        string
			done         string
			enabled      bool
			usable, dies bool
		}{
			{environment.LeakNotify, false, "credential.exposed", `"done":"notify"`, true, true, false},
			{environment.LeakLock, false, "credential.disabled credential.exposed", `"done":"lock"`, false, false, true},
			{environment.LeakRotate, true, "credential.created credential.rotated credential.exposed", `"done":"rotate"`, true, false, true},
			{environment.LeakRotate, false, "credential.disabled credential.exposed", `"done":"lock","because":"the secret is not viewable`, false, false, true},
		} {
			r.onLeak(c.policy)
			spec := credential.SecretSpec{}
			if c.viewable {
				spec.Viewable = &viewable
			}
			var made *credential.Credential
			var plain seal.Secret
			r.Write(func(tx *db.Tx) (err error) {
				made, plain, err = r.Credentials.AddSecret(tx, &r.Operator, r.app.ID, spec)
				return err
			})
			l := r.expose(plain.Reveal())
			if got := strings.Join(l.kinds(), " "); !l.changed || got != c.kinds {
				r.Fatalf("%s, viewable %v: %v %s, want %s", c.policy, c.viewable, l.changed, got, c.kinds)
			}
			last := l.events[len(l.events)-1]
			for _, want := range []string{c.done, `"url":"https://code.example/c/1"`, `"source":"commit"`, `"reporter":"github"`} {
				if !strings.Contains(last.Payload, want) {
					r.Errorf("%s: %s is not in %s", c.policy, want, last.Payload)
				}
			}
			for _, e := range l.events {
				if strings.Contains(e.Payload, plain.Reveal()[8:]) {
					r.Errorf("%s: the secret is in the ledger", c.policy)
				}
			}
			if l.Enabled != c.enabled || l.Usable(time.Now().Add(time.Second)) != c.usable || (l.Epoch > made.Epoch) != c.dies || l.ExposedAt.IsZero() {
				r.Errorf("%s, viewable %v: %+v", c.policy, c.viewable, l.Credential)
			}
		}
	})
}

func TestALeakThatIsReportedAgainUndoesNothing(t *testing.T) {
	each(t, func(r *rooms) {
		r.onLeak(environment.LeakLock)
		c, plain := r.add(credential.Spec{})
		if first := r.expose(plain); first.Enabled {
			r.Fatal("the secret works")
		}
		r.Write(func(tx *db.Tx) error {
			_, err := credential.SetEnabled(tx, &r.Operator, r.app.ID, c.ID, true)
			return err
		})
		if again := r.expose(plain); again.changed || !again.Enabled || len(again.events) != 0 {
			r.Errorf("a repeated report did %v: %+v", again.kinds(), again.Credential)
		}
	})
}

func TestTheSuccessorOfALeakedSecretCanBeSeen(t *testing.T) {
	each(t, func(r *rooms) {
		r.onLeak(environment.LeakRotate)
		viewable := true
		var plain seal.Secret
		r.Write(func(tx *db.Tx) (err error) {
			_, plain, err = r.Credentials.AddSecret(tx, &r.Operator, r.app.ID, credential.SecretSpec{Viewable: &viewable})
			return err
		})
		old := r.expose(plain.Reveal())
		r.Write(func(tx *db.Tx) error {
			all, err := credential.List(tx, &r.Operator, r.app.ID, credential.KindSecret)
			for _, c := range all {
				if c.Replaces != old.ID {
					continue
				}
				_, next, err := r.Credentials.Reveal(tx, &r.Operator, r.app.ID, c.ID)
				if err != nil || next.Reveal() == plain.Reveal() || !c.Usable(tx.Now()) {
					r.Errorf("the successor is %+v, %v", c, err)
				}
				return err
			}
			r.Error("there is no successor")
			return err
		})
	})
}

func TestADeadSecretThatLeaksIsNotedAndLeftAlone(t *testing.T) {
	each(t, func(r *rooms) {
		r.onLeak(environment.LeakLock)
		c, plain := r.add(credential.Spec{})
		r.Write(func(tx *db.Tx) error {
			_, err := credential.SetEnabled(tx, &r.Operator, r.app.ID, c.ID, false)
			return err
		})
		l := r.expose(plain)
		if got := strings.Join(l.kinds(), " "); got != "credential.exposed" || !strings.Contains(l.events[0].Payload, `"done":"none"`) {
			r.Errorf("%s %+v", got, l.events)
		}
	})
}
