package credential_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// newRoot puts a new root key before the others and makes the vault take it up.
func (r *rooms) newRoot(file string) {
	r.Helper()
	source := seal.Source{File: file}
	if err := source.AddRoot(); err != nil {
		r.Fatal(err)
	}
	if err := r.Vault.Refresh(r.Context()); err != nil {
		r.Fatal(err)
	}
}

func (r *rooms) rewrap() {
	r.Helper()
	if err := r.Credentials.Rewrap(r.Context(), r.DB); err != nil {
		r.Fatal(err)
	}
}

func TestStoredHashesAreWrappedAnewAndStillRecognised(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		file := filepath.Join(t.TempDir(), "root.key")
		r := found(t, d, file)
		plains := map[uuid.UUID]string{}
		add := func() {
			c, plain := r.add(credential.Spec{})
			plains[c.ID] = plain
		}
		add()
		old := r.candidates()
		// Three layers are the most: from the fourth root key on the first secrets stay as they are.
		for round, want := range []string{"[1 0 0]", "[1 2 0] [2 0 0]", "[1 2 3] [2 3 0] [3 0 0]", "[1 2 3] [2 3 4] [3 4 0] [4 0 0]"} {
			if round > 0 {
				r.newRoot(file)
				add()
			}
			before := r.candidates()
			r.rewrap()
			r.rewrap() // a second time changes nothing
			candidates, layers := r.candidates(), ""
			for i, k := range candidates {
				layers += fmt.Sprint(k.Layers) + " "
				if !bytes.Equal(k.MAC[:], before[i].MAC[:]) == (k.Layers == before[i].Layers) {
					t.Errorf("round %d: layers %v became %v, and the hash did not follow", round, before[i].Layers, k.Layers)
				}
			}
			if layers != want+" " {
				t.Errorf("round %d: layers %s, want %s", round, layers, want)
			}
			for id, plain := range plains {
				if got := proof.Match(r.Vault.Peppers(), r.Home.ID, r.app.ID, []byte(plain), candidates); got == nil || got.ID != id {
					t.Errorf("round %d: a secret is not recognised any more", round)
				}
			}
		}
		// A node that has not heard of it yet goes by the earlier form.
		if got := proof.Match(r.Vault.Peppers(), r.Home.ID, r.app.ID, []byte(plains[old[0].ID]), old); got == nil {
			t.Error("the earlier form is not recognised any more")
		}
		err := d.Read(t.Context(), func(tx *db.Tx) error {
			used, err := credential.PeppersInUse(tx)
			if fmt.Sprint(used) != "map[1:true 2:true 3:true 4:true]" {
				t.Errorf("in use: %v", used)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// More than one batch, over more than one application.
func TestNoHashIsForgottenWhenThereAreMany(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		file := filepath.Join(t.TempDir(), "root.key")
		r := found(t, d, file)
		c, plain := r.add(credential.Spec{})
		r.Write(func(tx *db.Tx) error {
			for i := range 1203 {
				_, err := tx.Exec(`INSERT INTO credential (environment_id, application_id, id, kind, description, hint, enabled, epoch,
not_before, expires_at, permissions, mac, peppers, version, created_by, created_at, updated_at)
SELECT environment_id, application_id, $1, kind, description, hint, enabled, epoch,
not_before, expires_at, permissions, mac, peppers, version, created_by, created_at, updated_at FROM credential WHERE id = $2`,
					uuid.NewString(), c.ID.String())
				if err != nil {
					return fmt.Errorf("row %d: %w", i, err)
				}
			}
			return nil
		})
		r.newRoot(file)
		r.rewrap()
		for _, k := range r.candidates() {
			if k.Layers != (proof.Layers{1, 2}) {
				t.Fatalf("%s wears %v", k.ID, k.Layers)
			}
		}
		if proof.Match(r.Vault.Peppers(), r.Home.ID, r.app.ID, []byte(plain), r.candidates()) == nil {
			t.Error("the secret is not recognised any more")
		}
	})
}

// Without the peppers that a hash wears nobody is let in, and nothing falls over.
func TestSecretUnderAnUnknownPepperIsNobodys(t *testing.T) {
	each(t, func(r *rooms) {
		_, plain := r.add(credential.Spec{})
		candidates := r.candidates()
		unknown := candidates[0]
		for _, layers := range []proof.Layers{{9}, {1, 9}, {0}, {0, 1}, {1, 0, 1}} {
			unknown.Layers = layers
			got := proof.Match(r.Vault.Peppers(), r.Home.ID, r.app.ID, []byte(plain), []proof.Candidate{unknown})
			if got != nil && layers != (proof.Layers{1, 0, 1}) {
				r.Errorf("layers %v: recognised", layers)
			}
			// One that cannot be checked does not hide one that can.
			if proof.Match(r.Vault.Peppers(), r.Home.ID, r.app.ID, []byte(plain), []proof.Candidate{unknown, candidates[0]}) == nil {
				r.Errorf("layers %v hide the one after", layers)
			}
		}
	})
}
