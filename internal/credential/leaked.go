package credential

import (
	"crypto/subtle"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Many secrets may begin alike, but only a few in an installation do: a hint has four random characters.
const selectByHint = `SELECT ` + columns + ` FROM credential WHERE hint = $1 AND kind = 'secret' AND form = 'generated'
AND $2 IN (environment_id, '00000000-0000-0000-0000-000000000000') ORDER BY environment_id, application_id, id`

// FindLeaked returns the credential whose generated secret this is, in that environment or, with [uuid.Nil], in whichever it
// lies; usable or not, but not deleted. There is never more than one unless somebody copied rows. [fault.Unavailable]: a key
// that would tell is not loaded; asked about one environment, it needs the keys of that one's secrets only.
func FindLeaked(tx *db.Tx, vault *seal.Vault, in uuid.UUID, secret seal.Secret) (found []*Credential, err error) {
	plain := []byte(secret.Reveal())
	if !proof.WellFormed(plain) {
		return nil, nil
	}
	alike, err := db.All(tx, scan, selectByHint, string(plain[:proof.HintLength]), in.String())
	if err != nil {
		return nil, err
	}
	peppers := vault.Peppers()
	for _, c := range alike {
		var mac [32]byte
		if !proof.Wrap(peppers, &mac, c.layers, c.Environment, c.Application, plain) {
			return nil, fault.New(fault.Unavailable, "a root key that some secret hangs on is not loaded")
		}
		if subtle.ConstantTimeCompare(mac[:], c.mac[:]) == 1 {
			found = append(found, c)
		}
	}
	return found, nil
}

// Exposure says where somebody found a secret. Its texts go into the ledger: they must not hold the secret.
type Exposure struct {
	Reporter string `json:"reporter"` // who says so, such as github
	Source   string `json:"source"`   // what it was found in, such as commit
	URL      string `json:"url,omitempty"`
}

// exposed is what an event of exposure says.
type exposed struct {
	facts
	Exposure
	// Policy is what the environment's policy asks for, Done what was done: that, none, or a lock instead of a rotation.
	Policy    environment.OnLeak `json:"policy"`
	Done      string             `json:"done"`
	Because   string             `json:"because,omitempty"`
	Successor string             `json:"successor,omitempty"`
}

// The words for what was done that are none of a policy.
const doneNothing = "none"

// Expose notes that a credential's secret was found in public, and does what its environment's policy says: it only
// tells, disables the credential, or rotates it at once. Rotated are secrets that are viewable, because nobody would
// see the successor of another; those are disabled. It reports whether anything was changed: nothing is when the
// exposure was known, so a report may come again and again and undoes nothing that an administrator did after the first.
func (y *Authority) Expose(tx *db.Tx, found *Credential, where Exposure) (changed bool, err error) {
	if _, err := application.Lock(tx, found.Environment, found.Application); err != nil {
		return false, gone(err)
	}
	c, err := getForUpdate(tx, found.Environment, found.Application, found.ID)
	if err != nil || !c.ExposedAt.IsZero() {
		return false, gone(err)
	}
	policy, err := environment.PolicyOf(tx, c.Environment)
	if err != nil {
		return false, err
	}
	alive := c.Enabled && !c.Expired(tx.Now())
	c.ExposedAt = tx.Now()
	if err := c.update(tx); err != nil {
		return false, err
	}
	said := exposed{Exposure: where, Policy: policy.OnLeak}
	if alive {
		err = y.answerLeak(tx, c, &said)
	} else {
		said.Done, said.Because = doneNothing, "the secret could not be used any more"
	}
	if err != nil {
		return false, err
	}
	if c, err = get(tx, c.Environment, c.Application, c.ID); err != nil {
		return false, err
	}
	catalogue, err := access.LoadCatalogue(tx, c.Environment)
	if err != nil {
		return false, err
	}
	said.facts = *c.facts(catalogue)
	e := c.Event("credential.exposed")
	e.Register, e.After = false, said // what the token path must know stands in the events of what was done
	ledger.Append(tx, ledger.System, e)
	return true, nil
}

// gone makes nothing of a credential that was deleted since it was found.
func gone(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// answerLeak does what the policy says with a credential that can be used.
func (y *Authority) answerLeak(tx *db.Tx, c *Credential, said *exposed) error {
	operator := access.Operator(c.Environment)
	said.Done = string(said.Policy)
	switch said.Policy {
	case environment.LeakNotify:
		return nil
	case environment.LeakLock: // below, as for what cannot be rotated
	case environment.LeakRotate:
		if c.Viewable {
			next, _, _, err := y.Rotate(tx, &operator, c.Application, c.ID, 0, Rotation{})
			if err == nil {
				said.Successor = next.ID.String()
				return nil
			}
			if !fault.Is(err, fault.Conflict) && !fault.Is(err, fault.Invalid) && !fault.Is(err, fault.Denied) {
				return err
			}
			_, said.Because = fault.Public(err)
		} else {
			said.Because = "the secret is not viewable, so nobody could see its successor"
		}
	}
	said.Done = string(environment.LeakLock)
	_, err := SetEnabled(tx, &operator, c.Application, c.ID, false)
	return err
}
