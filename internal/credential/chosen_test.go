package credential_test

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/chosen"
	"github.com/counterfoil/counterfoil/internal/credential/handover"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

const (
	strong  = "garnet-Plinth 7 quarry%ölfass"
	another = "mizzen+Cobalt:19 thicket wharf"
)

// prepare makes a chosen secret ready for an application.
func (r *rooms) prepare(app uuid.UUID, text string) *credential.Choice {
	r.Helper()
	choice, err := r.Credentials.Prepare(r.Context(), r.DB, &r.Operator, app, seal.NewSecret(text))
	if err != nil {
		r.Fatal(err)
	}
	return choice
}

// recognised returns the chosen secret that has this text, or nil.
func (r *rooms) recognised(text string) *proof.Candidate {
	r.Helper()
	all := r.candidates()
	for _, k := range all {
		if k.Means == proof.ByChosen {
			return proof.MatchDerived(r.Vault.Peppers(), r.Home.ID, r.app.ID, k.Aside.Proof.Params.Derive([]byte(text)), all)
		}
	}
	return nil
}

func (r *rooms) choose(choice *credential.Choice) func(*db.Tx) error {
	return func(tx *db.Tx) error {
		_, err := r.Credentials.AddChosen(tx, &r.Operator, r.app.ID, choice, credential.SecretSpec{})
		return err
	}
}

func TestChosenSecretsNeedThePolicy(t *testing.T) {
	each(t, func(r *rooms) {
		for name, weak := range map[string]string{"short": "aB3$xyzq", "a password": "password12345678", "its own id": r.app.ID.String(), "like a generated one": "cfs_" + strong} {
			if _, err := r.Credentials.Prepare(r.Context(), r.DB, &r.Operator, r.app.ID, seal.NewSecret(weak)); !fault.Is(err, fault.Invalid) || strings.Contains(err.Error(), weak) {
				r.Errorf("%s: %v", name, err)
			}
		}
		stranger := r.Actor(access.ReadCredentials)
		if _, err := r.Credentials.Prepare(r.Context(), r.DB, &stranger, r.app.ID, seal.NewSecret(strong)); !fault.Is(err, fault.Denied) {
			r.Errorf("somebody who may not makes the program compute: %v", err)
		}
		r.Refused("where the policy does not allow it", fault.Denied, r.choose(r.prepare(r.app.ID, strong)))
		r.policy(func(p *environment.Policy) { p.ChosenSecrets = true })
		first, second := r.prepare(r.app.ID, strong), r.prepare(r.app.ID, another)
		r.Write(r.choose(first))
		r.Refused("one that was derived at the same time, another way", fault.Conflict, r.choose(second))
		r.Write(r.choose(r.prepare(r.app.ID, another)))
		one, two := r.recognised(strong), r.recognised(another)
		if one == nil || two == nil || one.ID == two.ID || *one.Aside.Proof.Params != *two.Aside.Proof.Params {
			r.Error("two chosen secrets are not recognised by one derivation")
		}
		if r.recognised(strong+" ") != nil {
			r.Error("another text is recognised")
		}
		if k := proof.Match(r.Vault.Peppers(), r.Home.ID, r.app.ID, []byte(strong), r.candidates()); k != nil {
			r.Error("a chosen secret is recognised without being derived")
		}
		var other *application.Application
		r.Write(func(tx *db.Tx) (err error) {
			other, err = application.Create(tx, &r.Operator, application.Spec{Name: "other"})
			return err
		})
		r.Refused("a choice for another application", fault.Conflict, r.choose(r.prepare(other.ID, strong)))
	})
}

func TestReplacedSecretIsDeadWithItsTokensAndLinks(t *testing.T) {
	each(t, func(r *rooms) {
		ordinary := r.prepare(r.app.ID, strong)
		r.Refused("of an ordinary application", fault.Conflict, func(tx *db.Tx) error {
			_, err := r.Credentials.ReplaceChosen(tx, &r.Operator, r.app.ID, ordinary, nil)
			return err
		})
		r.Write(func(tx *db.Tx) (err error) {
			r.app, err = application.LoadGlobal(tx, r.Home.ID)
			return err
		})
		replace := func(choice *credential.Choice) (c *credential.Credential) {
			r.Helper()
			r.Write(func(tx *db.Tx) (err error) {
				c, err = r.Credentials.ReplaceChosen(tx, &r.Operator, r.app.ID, choice, nil)
				return err
			})
			return c
		}
		first := replace(r.prepare(r.app.ID, strong))
		var link seal.Secret
		r.Write(func(tx *db.Tx) (err error) {
			link, _, err = handover.Give(tx, r.Vault, &r.Operator, first, seal.NewSecret(strong), 0)
			return err
		})
		second := replace(r.prepare(r.app.ID, another))
		if first.ID != second.ID || second.Epoch != first.Epoch+1 || second.Version <= first.Version || len(r.candidates()) != 1 {
			r.Errorf("%+v after %+v", second, first)
		}
		if r.recognised(strong) != nil || r.recognised(another) == nil {
			r.Error("the old text is recognised, or the new one is not")
		}
		r.Refused("the link to the old text", fault.NotFound, func(tx *db.Tx) error {
			_, err := handover.Open(tx, r.Vault, r.Home.ID, r.Operator.Who(), link.Reveal())
			return err
		})
	})
}

func TestImportedHashBecomesAChosenSecretWhenItIsUsed(t *testing.T) {
	each(t, func(r *rooms) {
		sum := sha256.Sum256([]byte("hunter2 of old"))
		imported, err := chosen.ParseImported(hex.EncodeToString(sum[:]))
		if err != nil {
			r.Fatal(err)
		}
		add := func(tx *db.Tx) error {
			_, err := r.Credentials.Import(tx, &r.Operator, r.app.ID, imported, credential.SecretSpec{})
			return err
		}
		r.Write(add)
		r.Refused("a second one that was not used", fault.Conflict, add)
		var id uuid.UUID
		load := func() (found *chosen.Imported) {
			r.Helper()
			r.Write(func(tx *db.Tx) (err error) {
				found, id, err = r.Credentials.LoadImported(tx, r.Home.ID, r.app.ID)
				return err
			})
			return found
		}
		if found := load(); found == nil || found.Text() != imported.Text() || r.candidates()[0].Means != proof.ByImported {
			r.Fatalf("kept as %v", found)
		}
		for range 2 { // by two nodes
			if err := r.Credentials.Upgrade(r.Context(), r.DB, r.Home.ID, r.app.ID, id, seal.NewSecret("hunter2 of old")); err != nil {
				r.Fatal(err)
			}
		}
		now := r.get(id)
		if load() != nil || now.Form != credential.Chosen || now.Version != 2 || now.Epoch != 0 || r.recognised("hunter2 of old") == nil {
			r.Errorf("it became %+v", now)
		}
		if n := len(r.events("credential.upgraded")); n != 1 {
			r.Errorf("%d events", n)
		}
		if err := r.Credentials.Upgrade(r.Context(), r.DB, r.Home.ID, r.app.ID, uuid.New(), seal.NewSecret("x")); err != nil {
			r.Errorf("one that is gone: %v", err)
		}
		r.Write(add) // there is room for the next
	})
}

func TestChosenSecretsAreWrappedAnewToo(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		file := filepath.Join(t.TempDir(), "root.key")
		r := found(t, d, file)
		r.policy(func(p *environment.Policy) { p.ChosenSecrets = true })
		r.Write(r.choose(r.prepare(r.app.ID, strong)))
		r.newRoot(file)
		r.rewrap()
		if k := r.recognised(strong); k == nil || k.Layers != (proof.Layers{1, 2}) {
			t.Errorf("recognised as %+v", k)
		}
	})
}
