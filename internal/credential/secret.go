package credential

import (
	"slices"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// SecretSpec is what can be said about a new secret.
type SecretSpec struct {
	Spec
	// Viewable keeps the secret sealed, so that it can be shown again. Nil does what the environment's policy says for
	// workers, pairs and the global credential, and nothing of the kind for others.
	Viewable *bool
}

// AddSecret generates a secret for an application of the actor's environment and returns it with its plain text,
// which leaves the program in one answer and, unless it is viewable, exists nowhere else afterwards. More secrets than
// the limit is [fault.Conflict]; an application that may do more with Counterfoil than the actor is [fault.Denied].
func (y *Authority) AddSecret(tx *db.Tx, actor *access.Actor, app uuid.UUID, spec SecretSpec) (*Credential, seal.Secret, error) {
	p, err := enter(tx, actor, app)
	if err != nil {
		return nil, seal.Secret{}, err
	}
	c, plain, err := y.generate(p, spec)
	if err != nil {
		return nil, seal.Secret{}, err
	}
	c.record(tx, actor.Who(), p.catalogue, "credential.created", nil)
	return c, plain, nil
}

// generate makes and inserts a generated secret.
func (y *Authority) generate(p *place, spec SecretSpec) (*Credential, seal.Secret, error) {
	c, err := p.begin(KindSecret, spec.Spec)
	if err != nil {
		return nil, seal.Secret{}, err
	}
	plain, err := proof.Generate()
	if err != nil {
		return nil, seal.Secret{}, err
	}
	c.Form, c.Hint = Generated, string(plain[:proof.HintLength])
	if err := y.protect(c, plain); err != nil {
		return nil, seal.Secret{}, err
	}
	return c, seal.NewSecret(string(plain)), y.keep(p, c, spec.Viewable, plain)
}

// protect computes what is stored of a secret: the keyed hash of input, which is the secret itself or, for a chosen
// one, what was slowly derived from it.
func (y *Authority) protect(c *Credential, input []byte) error {
	peppers := y.Vault.Peppers()
	c.layers = proof.Layers{uint16(peppers.Newest())}
	if !proof.Wrap(peppers, &c.mac, c.layers, c.Environment, c.Application, input) {
		return fault.New(fault.Unavailable, "the key for new secrets is not loaded")
	}
	return nil
}

// viewable says whether a new secret is kept, where asked is what was asked for; nil is nothing.
func (p *place) viewable(asked *bool) bool {
	if asked != nil {
		return *asked
	}
	return p.policy.ViewableSecrets && slices.Contains([]application.Kind{application.Worker, application.Pair, application.Global}, p.owner.Kind)
}

// keep inserts a secret, sealed if it is to be shown again.
func (y *Authority) keep(p *place, c *Credential, viewable *bool, plain []byte) error {
	c.Viewable = p.viewable(viewable)
	if c.Viewable {
		var err error
		if c.sealed, err = y.seal(p.tx, c, plain); err != nil {
			return err
		}
	}
	return c.insert(p.tx)
}

func (y *Authority) seal(tx *db.Tx, c *Credential, plain []byte) ([]byte, error) {
	return y.Vault.Seal(tx, c.Environment, "credential", c.ID.String(), "sealed", plain)
}

func (y *Authority) unseal(tx *db.Tx, c *Credential) ([]byte, error) {
	return y.Vault.Unseal(tx, c.Environment, "credential", c.ID.String(), "sealed", c.sealed)
}

// Reveal returns the plain text of a viewable secret again. It needs its own permission and a fresh token, is
// [fault.Denied] for the application's own secret and for one that may do more than the actor, and [fault.Conflict]
// where the secret is not kept. The caller hands it out only when the transaction, and with it the event that says who
// saw it, is committed.
func (y *Authority) Reveal(tx *db.Tx, actor *access.Actor, app, id uuid.UUID) (*Credential, seal.Secret, error) {
	if err := access.AllowOn(tx, actor, access.RevealCredentials, access.OverApplication, app); err != nil {
		return nil, seal.Secret{}, err
	}
	if err := access.AllowFresh(tx, actor); err != nil {
		return nil, seal.Secret{}, err
	}
	owner, err := application.Load(tx, actor.Environment, app)
	if err != nil {
		return nil, seal.Secret{}, err
	}
	c, err := get(tx, actor.Environment, app, id)
	if err != nil {
		return nil, seal.Secret{}, err
	}
	catalogue, err := access.LoadCatalogue(tx, actor.Environment)
	if err != nil {
		return nil, seal.Secret{}, err
	}
	switch {
	case app == actor.Application:
		return nil, seal.Secret{}, fault.New(fault.Denied, "an application cannot see its own secrets")
	case c.Kind != KindSecret || !c.Viewable:
		return nil, seal.Secret{}, c.unviewable()
	}
	if err := owner.AllowUse(actor, catalogue); err != nil {
		return nil, seal.Secret{}, err
	}
	plain, err := y.unseal(tx, c)
	if err != nil {
		return nil, seal.Secret{}, err
	}
	e := c.Event("credential.revealed")
	e.Register = false
	ledger.Append(tx, actor.Who(), e)
	return c, seal.NewSecret(string(plain)), nil
}

// Viewable returns the plain text of every secret of an application that is kept, by credential, for assertions that were
// signed with one (client_secret_jwt). It never leaves the program.
func (y *Authority) Viewable(tx *db.Tx, environment, app uuid.UUID) (map[uuid.UUID]seal.Secret, error) {
	all, err := db.All(tx, scan, selectAll, environment.String(), app.String())
	if err != nil {
		return nil, err
	}
	secrets := map[uuid.UUID]seal.Secret{}
	for _, c := range all {
		if !c.Viewable || c.sealed == nil {
			continue
		}
		plain, err := y.unseal(tx, c)
		if err != nil {
			return nil, err
		}
		secrets[c.ID] = seal.NewSecret(string(plain))
	}
	return secrets, nil
}
