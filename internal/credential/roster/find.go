package roster

import (
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// The conditions also stand in the order of the indexes that serve them: hints have one, and ids the environment's range of
// the primary key.
const (
	selectHinted = `SELECT application_id, id FROM credential WHERE hint = $2 AND environment_id = $1 AND kind = 'secret' ORDER BY id LIMIT 50`
	selectID     = `SELECT application_id, id FROM credential WHERE environment_id = $1 AND id = $2 LIMIT 2`
)

// SecretIn returns the generated secret that stands in a text, alone or among other words such as those of a line of
// configuration, and whether there is one. A text that only begins like a secret holds none.
func SecretIn(text seal.Secret) (seal.Secret, bool) {
	for rest := text.Reveal(); ; {
		at := strings.Index(rest, proof.Prefix)
		if at < 0 {
			return seal.Secret{}, false
		}
		rest = rest[at:]
		if len(rest) >= proof.SecretLength && proof.WellFormed([]byte(rest[:proof.SecretLength])) {
			return seal.NewSecret(rest[:proof.SecretLength]), true
		}
		rest = rest[len(proof.Prefix):]
	}
}

// OfSecret returns the credentials of the actor's environment, of those that it may read, whose generated secret this is.
// It notes nothing and is no use of the secret. [fault.Unavailable] is as for [credential.FindLeaked].
func OfSecret(tx *db.Tx, actor *access.Actor, vault *seal.Vault, secret seal.Secret) (found []*credential.Credential, err error) {
	if err := access.AllowSomewhere(tx, actor, access.ReadCredentials); err != nil {
		return nil, err
	}
	all, err := credential.FindLeaked(tx, vault, actor.Environment, secret)
	for _, c := range all {
		if actor.MayOn(access.ReadCredentials, access.OverApplication, c.Application) {
			found = append(found, c)
		}
	}
	return found, err
}

// Named returns the credentials of the actor's environment, of those that it may read, with that id, or whose secret
// begins as far as its hint goes like text; at most limit.
func Named(tx *db.Tx, actor *access.Actor, text string, limit int) (found []*credential.Credential, err error) {
	if err := access.AllowSomewhere(tx, actor, access.ReadCredentials); err != nil {
		return nil, err
	}
	var query, key string
	if id, err := uuid.Parse(text); err == nil {
		query, key = selectID, id.String()
	} else if strings.HasPrefix(text, proof.Prefix) && len(text) >= proof.HintLength {
		query, key = selectHinted, text[:proof.HintLength]
	} else {
		return nil, nil
	}
	type place struct{ app, id string }
	places, err := db.All(tx, func(s db.Scan) (p place, err error) { return p, s(&p.app, &p.id) }, query, actor.Environment.String(), key)
	if err != nil {
		return nil, err
	}
	for _, p := range places {
		app, err := uuid.Parse(p.app)
		if err != nil {
			return nil, err
		}
		if len(found) == limit || !actor.MayOn(access.ReadCredentials, access.OverApplication, app) {
			continue
		}
		id, err := uuid.Parse(p.id)
		if err != nil {
			return nil, err
		}
		c, err := credential.Load(tx, actor.Environment, app, id)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		if err == nil {
			found = append(found, c)
		}
	}
	return found, nil
}
