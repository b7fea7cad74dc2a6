package credential_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// reach is what a credential opens, in words.
func (r *rooms) reach(c *credential.Credential) (shown string) {
	r.Helper()
	r.Write(func(tx *db.Tx) error {
		catalogue, err := access.LoadCatalogue(tx, r.Home.ID)
		if err != nil {
			return err
		}
		shown = fmt.Sprintf("%s %v %v", c.Families, c.Narrowed, catalogue.Names(c.Permissions))
		return nil
	})
	return shown
}

const all = "application application-users openid"

func TestScopesAreFamiliesAndPermissions(t *testing.T) {
	each(t, func(r *rooms) {
		for _, policy := range []environment.ScopesDefault{environment.AllScopes, environment.NoScopes} {
			r.policy(func(p *environment.Policy) { p.DefaultSecretScopes = policy })
			unsaid := all + " false []"
			if policy == environment.NoScopes {
				unsaid = " true []"
			}
			for i, k := range []struct {
				scopes []string
				want   string
			}{
				{nil, unsaid},
				{[]string{}, " true []"},
				{[]string{"application-users"}, "application-users false []"},
				{[]string{"openid", "application", "application-users"}, all + " false []"},
				{[]string{"a"}, "openid true [a]"},
				{[]string{"b", "a", "a"}, "openid true [a b]"},
				{[]string{"application", "b"}, "application true [b]"},
				{[]string{"application", "application-users", "openid", "a"}, all + " true [a]"},
			} {
				c, _ := r.add(credential.Spec{Scopes: k.scopes})
				if got := r.reach(r.get(c.ID)); got != k.want {
					r.Errorf("policy %s, %v: %s, want %s", policy, k.scopes, got, k.want)
				}
				// What is shown says the same when it is sent back.
				var shown []string
				r.Write(func(tx *db.Tx) error {
					catalogue, err := access.LoadCatalogue(tx, r.Home.ID)
					shown = c.Scopes(catalogue)
					return err
				})
				changed := r.change(c.ID, func(s *credential.Spec) { s.Scopes, s.Description = shown, fmt.Sprint(i) })
				if got := r.reach(changed); got != k.want {
					r.Errorf("policy %s, %v sent back as %v: %s, want %s", policy, k.scopes, shown, got, k.want)
				}
				r.Write(func(tx *db.Tx) error { return credential.Delete(tx, &r.Operator, r.app.ID, c.ID, 0, true) })
			}
		}
	})
}

func TestStricterPolicyLeavesOldCredentialsAlone(t *testing.T) {
	each(t, func(r *rooms) {
		old, _ := r.add(credential.Spec{})
		r.policy(func(p *environment.Policy) { p.DefaultSecretScopes, p.MostDays = environment.NoScopes, 30 })
		changed := r.change(old.ID, func(s *credential.Spec) { s.Description = "another" })
		if got := r.reach(changed); got != all+" false []" || !changed.ExpiresAt.IsZero() {
			r.Errorf("it became %s until %s", got, changed.ExpiresAt)
		}
		r.Refused("a longer life than the policy allows", fault.Invalid, func(tx *db.Tx) error {
			_, err := credential.Change(tx, &r.Operator, r.app.ID, old.ID, 0, func(s *credential.Spec) { s.ExpiresAt = tx.Now().Add(60 * 24 * time.Hour) })
			return err
		})
		r.Refused("a new one without an end", fault.Invalid, func(tx *db.Tx) error {
			_, _, err := r.Credentials.AddSecret(tx, &r.Operator, r.app.ID, credential.SecretSpec{})
			return err
		})
		narrow := r.change(old.ID, func(s *credential.Spec) { s.Scopes, s.ExpiresAt = []string{"a"}, time.Now().Add(time.Hour) })
		if got := r.reach(r.change(narrow.ID, func(s *credential.Spec) { s.Scopes = nil })); got != " true []" {
			r.Errorf("who asks for the default under the new policy gets %s", got)
		}
		var breaches []credential.Breach
		var total int
		r.Write(func(tx *db.Tx) (err error) {
			p := environment.DefaultPolicy()
			p.LeastDays = 1
			breaches, total, err = credential.Breaches(tx, &r.Operator, p, 10)
			return err
		})
		if total != 1 || len(breaches) != 1 || breaches[0].Rule != "min_expiry_days" || breaches[0].Credential.ID != old.ID {
			r.Errorf("%d breaches: %+v", total, breaches)
		}
	})
}

// The permission that a secret was narrowed to is gone: nobody may take the rest for everything.
func TestSecretWhosePermissionIsGoneWidensToNothing(t *testing.T) {
	each(t, func(r *rooms) {
		c, _ := r.add(credential.Spec{Scopes: []string{"a"}})
		r.Write(func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE credential SET permissions = '[4000000]' WHERE id = $1`, c.ID.String())
			return err
		})
		gone := r.get(c.ID)
		r.Write(func(tx *db.Tx) error {
			catalogue, err := access.LoadCatalogue(tx, r.Home.ID)
			if shown := gone.Scopes(catalogue); err == nil && (shown == nil || len(shown) != 0) {
				r.Errorf("shown as %v", shown)
			}
			return err
		})
		for name, next := range map[string]*credential.Credential{
			"changed": r.change(c.ID, func(s *credential.Spec) { s.Description = "x" }),
			"rotated": r.rotate(c, credential.Rotation{Retire: time.Now().Add(time.Hour)}),
		} {
			if !next.Narrowed || next.Families != access.FamilyOpenID || len(next.Permissions) != 1 {
				r.Errorf("%s, it has %s", name, r.reach(next))
			}
		}
	})
}

func TestCredentialIsForItsNetworks(t *testing.T) {
	each(t, func(r *rooms) {
		for _, bad := range [][]string{{"192.0.2.1/24"}, {"192.0.2.0/33"}, {"example.com"}, {"::ffff:192.0.2.0/120"}, {"fe80::1%eth0"}, {""}, make([]string, 51)} {
			r.Refused(fmt.Sprint(bad), fault.Invalid, func(tx *db.Tx) error {
				_, _, err := r.Credentials.AddSecret(tx, &r.Operator, r.app.ID, credential.SecretSpec{Spec: credential.Spec{Networks: bad}})
				return err
			})
		}
		r.add(credential.Spec{Networks: []string{" 192.0.2.0/24", "2001:db8::/32", "198.51.100.7", "192.0.2.0/24"}})
		k := r.candidates()[0]
		if got := fmt.Sprint(k.Networks().Strings()); got != "[192.0.2.0/24 2001:db8::/32 198.51.100.7/32]" {
			r.Errorf("kept as %s", got)
		}
		for text, want := range map[string]bool{
			"192.0.2.255": true, "::ffff:192.0.2.9": true, "192.0.3.0": false, "198.51.100.7": true, "198.51.100.8": false,
			"2001:db8:ffff::1": true, "2001:db9::1": false,
		} {
			if got := k.Networks().Contain(address(text)); got != want {
				r.Errorf("%s: %v", text, got)
			}
		}
		if r.change(k.ID, func(s *credential.Spec) { s.Networks = nil }); r.candidates()[0].Aside != nil {
			r.Error("the networks stayed")
		}
	})
}
