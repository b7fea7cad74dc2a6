package credential

import (
	"context"
	"runtime"
	"slices"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential/chosen"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Choice is a chosen secret made ready to be stored: what takes long is done, outside any transaction.
type Choice struct {
	app     uuid.UUID
	params  *chosen.Params
	derived [32]byte
	plain   seal.Secret
	score   int
}

// Prepare derives what is stored of a secret that an administrator chose for an application of the actor's environment.
// It asks the environment's policy for strength ([fault.Invalid] on secret) and is let in as [Authority.AddChosen] is, so
// that strangers cannot make the program compute.
func (y *Authority) Prepare(ctx context.Context, d *db.DB, actor *access.Actor, app uuid.UUID, secret seal.Secret) (*Choice, error) {
	c := &Choice{app: app, plain: secret}
	var policy environment.Policy
	var name string
	err := d.Read(ctx, func(tx *db.Tx) error {
		if err := access.AllowOn(tx, actor, access.WriteCredentials, access.OverApplication, app); err != nil {
			return err
		}
		owner, err := application.Load(tx, actor.Environment, app)
		if err != nil {
			return err
		}
		name = owner.Name
		if policy, err = environment.PolicyOf(tx, actor.Environment); err != nil {
			return err
		}
		c.params, err = paramsOf(tx, actor.Environment, app)
		return err
	})
	if err != nil {
		return nil, err
	}
	return c, c.derive(ctx, &policy, name)
}

// PrepareFirst is [Authority.Prepare] for an application that is about to be made, with that id and name.
func (y *Authority) PrepareFirst(ctx context.Context, d *db.DB, actor *access.Actor, app uuid.UUID, name string, secret seal.Secret) (*Choice, error) {
	c := &Choice{app: app, plain: secret}
	var policy environment.Policy
	err := d.Read(ctx, func(tx *db.Tx) (err error) {
		if err = access.Allow(tx, actor, access.WriteCredentials); err == nil {
			policy, err = environment.PolicyOf(tx, actor.Environment)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return c, c.derive(ctx, &policy, name)
}

// deriving bounds what administrators may have computed at once: each needs 19 MiB and some 80 ms of a processor, and
// whoever looks after one application of one environment could ask for thousands, which everybody else would pay for.
var deriving = make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))

// derive does what takes long, for a secret that is strong enough, when it is its turn. [fault.Unavailable]: the caller
// did not wait for that.
func (c *Choice) derive(ctx context.Context, policy *environment.Policy, name string) error {
	select {
	case deriving <- struct{}{}:
		defer func() { <-deriving }()
	case <-ctx.Done():
		return fault.Wrap(fault.Unavailable, context.Cause(ctx), "the request ended before its secret was stretched")
	}
	strength := chosen.Policy{MinLength: policy.MinLength, MinScore: policy.MinScore}
	if err := strength.Check(c.plain.Reveal(), name, c.app.String()); err != nil {
		return err
	}
	c.score, _ = chosen.Strength(c.plain.Reveal(), name, c.app.String())
	if c.params == nil {
		c.params = chosen.NewParams()
	}
	c.derived = c.params.Derive([]byte(c.plain.Reveal()))
	return nil
}

// paramsOf returns what the chosen secrets of an application are derived with, or nil while there are none.
func paramsOf(tx *db.Tx, environment, app uuid.UUID) (*chosen.Params, error) {
	all, err := db.All(tx, scan, selectAll, environment.String(), app.String())
	for _, c := range all {
		if c.Proof.Params != nil {
			return c.Proof.Params, err
		}
	}
	return nil, err
}

// AddChosen adds a secret that an administrator chose. Where the environment's policy does not allow that it is
// [fault.Denied], but for the credentials of integrations, whose secret is always chosen.
func (y *Authority) AddChosen(tx *db.Tx, actor *access.Actor, app uuid.UUID, choice *Choice, spec SecretSpec) (*Credential, error) {
	p, err := enter(tx, actor, app)
	if err != nil {
		return nil, err
	}
	if !p.policy.ChosenSecrets && !choosable(p.owner.Kind) {
		return nil, fault.New(fault.Denied, "this environment does not allow chosen secrets: let one be generated, or change the policy (chosen_secrets)")
	}
	c, err := y.choose(p, choice, spec)
	if err != nil {
		return nil, err
	}
	c.record(tx, actor.Who(), p.catalogue, "credential.created", nil)
	return c, nil
}

// choosable says whose secrets an administrator may choose whatever the policy says of others.
func choosable(kind application.Kind) bool {
	return kind == application.Global || kind == application.Connection
}

func (y *Authority) choose(p *place, choice *Choice, spec SecretSpec) (*Credential, error) {
	c, err := p.begin(KindSecret, spec.Spec)
	if err != nil {
		return nil, err
	}
	if err := y.take(p, c, choice); err != nil {
		return nil, err
	}
	return c, y.keep(p, c, spec.Viewable, []byte(choice.plain.Reveal()))
}

// take makes a choice the secret of a credential.
func (y *Authority) take(p *place, c *Credential, choice *Choice) error {
	params, err := paramsOf(p.tx, c.Environment, c.Application)
	if err != nil {
		return err
	}
	if choice.app != c.Application || params != nil && *params != *choice.params {
		return fault.New(fault.Conflict, "another secret was chosen for this application at the same time; try again")
	}
	c.Form, c.Hint, c.Score = Chosen, "", choice.score
	c.Proof = proof.Proof{Params: choice.params}
	return y.protect(c, choice.derived[:])
}

// ReplaceChosen gives the one chosen secret of an application another text, or the first one if it has none; the old
// text and its tokens are dead at once. It is how the global credential and those of the connections API are changed.
// viewable says whether the new one is kept; nil leaves that to the environment's policy.
func (y *Authority) ReplaceChosen(tx *db.Tx, actor *access.Actor, app uuid.UUID, choice *Choice, viewable *bool) (*Credential, error) {
	p, err := enter(tx, actor, app)
	if err != nil {
		return nil, err
	}
	if !choosable(p.owner.Kind) {
		return nil, fault.New(fault.Conflict, "only the secrets of the global credential and of connection credentials are replaced; rotate this one")
	}
	all, err := db.All(tx, scan, selectAll+tx.ForUpdate(), actor.Environment.String(), app.String())
	if err != nil {
		return nil, err
	}
	first := slices.IndexFunc(all, func(c *Credential) bool { return c.Kind == KindSecret })
	if first < 0 {
		return y.AddChosen(tx, actor, app, choice, SecretSpec{Viewable: viewable})
	}
	if err := p.owner.AllowUse(actor, p.catalogue); err != nil {
		return nil, err
	}
	c := all[first]
	before := c.facts(p.catalogue)
	c.Epoch++
	if err := y.take(p, c, choice); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(deleteHandovers, c.Environment.String(), c.Application.String(), c.ID.String()); err != nil {
		return nil, err // they would hand over a secret that is dead
	}
	c.Viewable = p.viewable(viewable)
	if c.sealed = nil; c.Viewable {
		if c.sealed, err = y.seal(tx, c, []byte(choice.plain.Reveal())); err != nil {
			return nil, err
		}
	}
	if err := c.updateSecret(tx); err != nil {
		return nil, err
	}
	if err := c.update(tx); err != nil {
		return nil, err
	}
	c.record(tx, actor.Who(), p.catalogue, "credential.secret_replaced", before)
	return c, nil
}

// Import adds a secret that another system knows by a hash. It is kept sealed until the secret is used first, and
// stored like a chosen one from then on. One application has at most one that was not used yet ([fault.Conflict]),
// because each costs a slow computation at every logon.
func (y *Authority) Import(tx *db.Tx, actor *access.Actor, app uuid.UUID, imported *chosen.Imported, spec SecretSpec) (*Credential, error) {
	p, err := enter(tx, actor, app)
	if err != nil {
		return nil, err
	}
	all, err := db.All(tx, scan, selectAll, actor.Environment.String(), app.String())
	if err != nil {
		return nil, err
	}
	for _, other := range all {
		if other.Form == Imported {
			return nil, fault.New(fault.Conflict, "the application has an imported secret that was not used yet; use it, or delete it")
		}
	}
	c, err := p.begin(KindSecret, spec.Spec)
	if err != nil {
		return nil, err
	}
	c.Form, c.Score = Imported, 0
	if c.sealed, err = y.seal(tx, c, []byte(imported.Text())); err != nil {
		return nil, err
	}
	if err := c.insert(tx); err != nil {
		return nil, err
	}
	c.record(tx, actor.Who(), p.catalogue, "credential.imported", nil)
	return c, nil
}

// LoadImported returns the imported hash of an application that was not used yet, and its credential, or nil.
func (y *Authority) LoadImported(tx *db.Tx, environment, app uuid.UUID) (*chosen.Imported, uuid.UUID, error) {
	all, err := db.All(tx, scan, selectAll, environment.String(), app.String())
	for _, c := range all {
		if c.Form != Imported {
			continue
		}
		text, err := y.unseal(tx, c)
		if err != nil {
			return nil, uuid.Nil, err
		}
		imported, err := chosen.ParseImported(string(text))
		return imported, c.ID, err
	}
	return nil, uuid.Nil, err
}

// Upgrade makes an imported secret that was just used a chosen one, of the same text. Tokens and settings stay.
func (y *Authority) Upgrade(ctx context.Context, d *db.DB, environment, app, id uuid.UUID, secret seal.Secret) error {
	var params *chosen.Params
	err := d.Read(ctx, func(tx *db.Tx) (err error) {
		params, err = paramsOf(tx, environment, app)
		return err
	})
	if err != nil {
		return err
	}
	if params == nil {
		params = chosen.NewParams()
	}
	choice := &Choice{app: app, params: params, derived: params.Derive([]byte(secret.Reveal())), plain: secret}
	choice.score, _ = chosen.Strength(secret.Reveal())
	return d.Write(ctx, func(tx *db.Tx) error {
		operator := access.Operator(environment)
		c, p, err := open(tx, &operator, app, id, 0)
		if fault.Is(err, fault.NotFound) || err == nil && c.Form != Imported {
			return nil // gone, or upgraded by another node
		}
		if err != nil {
			return err
		}
		if err := y.take(p, c, choice); err != nil {
			return err
		}
		c.sealed = nil
		if err := c.updateSecret(tx); err != nil {
			return err
		}
		if err := c.update(tx); err != nil { // it is shown as another form, so it has another version
			return err
		}
		c.record(tx, operator.Who(), p.catalogue, "credential.upgraded", nil)
		return nil
	})
}
