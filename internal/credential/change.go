package credential

import (
	"slices"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// Change applies change to a credential. version is the one the caller saw, or 0; another is [fault.Stale].
func Change(tx *db.Tx, actor *access.Actor, app, id uuid.UUID, version int64, change func(*Spec)) (*Credential, error) {
	c, p, err := open(tx, actor, app, id, version)
	if err != nil {
		return nil, err
	}
	before := c.facts(p.catalogue)
	was := c.spec(p.catalogue)
	spec := c.spec(p.catalogue)
	change(&spec)
	expiry := c.ExpiresAt
	if err := p.apply(c, &was, spec); err != nil {
		return nil, err
	}
	if !c.ExpiresAt.Equal(expiry) {
		c.noticed = 0
		if !expiry.IsZero() && !expiry.After(tx.Now()) {
			c.Epoch++ // it lives again, what died with it does not
		}
	}
	if err := c.update(tx); err != nil {
		return nil, err
	}
	c.record(tx, actor.Who(), p.catalogue, "credential.changed", before)
	return c, nil
}

// SetEnabled disables or enables a credential. Disabling kills every token it was exchanged for, for good.
func SetEnabled(tx *db.Tx, actor *access.Actor, app, id uuid.UUID, enabled bool) (*Credential, error) {
	c, p, err := open(tx, actor, app, id, 0)
	if err != nil || c.Enabled == enabled {
		return c, err
	}
	before := c.facts(p.catalogue)
	if enabled {
		if err := p.owner.AllowUse(actor, p.catalogue); err != nil {
			return nil, err
		}
	}
	kind := "credential.enabled"
	if c.Enabled = enabled; !enabled {
		kind = "credential.disabled"
		c.Epoch++
	}
	if err := c.update(tx); err != nil {
		return nil, err
	}
	c.record(tx, actor.Who(), p.catalogue, kind, before)
	return c, nil
}

// Delete removes a credential; every token it was exchanged for dies. The ledger keeps its history. The last usable
// credential of an application goes only by force; else it is [fault.Conflict]. Of an application that may do more than
// the actor it is [fault.Denied]: what cannot be undone is for those who could make it again.
func Delete(tx *db.Tx, actor *access.Actor, app, id uuid.UUID, version int64, force bool) error {
	c, p, err := open(tx, actor, app, id, version)
	if err != nil {
		return err
	}
	if err := p.owner.AllowUse(actor, p.catalogue); err != nil {
		return fault.New(fault.Denied, "this application may do more than you, so you cannot delete what it proves itself with; you can disable it")
	}
	if !force && c.Usable(tx.Now()) {
		all, err := db.All(tx, scan, selectAll, c.Environment.String(), app.String())
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(all, func(other *Credential) bool { return other.ID != c.ID && other.Usable(tx.Now()) }) {
			return fault.New(fault.Conflict, "this is the last credential that the application can use; add another first, or force it")
		}
	}
	return c.delete(tx, actor.Who(), p.catalogue, "credential.deleted")
}

func (c *Credential) delete(tx *db.Tx, who ledger.Who, catalogue *access.Catalogue, kind string) error {
	for _, statement := range []string{deleteHandovers, deleteCredential} {
		if _, err := tx.Exec(statement, c.Environment.String(), c.Application.String(), c.ID.String()); err != nil {
			return err
		}
	}
	e := c.Event(kind)
	e.Before = c.facts(catalogue)
	ledger.Append(tx, who, e)
	return nil
}

// EndTokens kills every token that a credential was exchanged for, and leaves the credential usable. Token
// revocation falls back to it when there are too many single revocations to keep.
func EndTokens(tx *db.Tx, who ledger.Who, environment, app, id uuid.UUID) error {
	c, err := getForUpdate(tx, environment, app, id)
	if err != nil {
		return err
	}
	c.Epoch++
	if err := c.update(tx); err != nil {
		return err
	}
	ledger.Append(tx, who, c.Event("credential.tokens_ended"))
	return nil
}

// Get returns one credential of an application, or [fault.NotFound].
func Get(tx *db.Tx, actor *access.Actor, app, id uuid.UUID) (*Credential, error) {
	if err := access.AllowOn(tx, actor, access.ReadCredentials, access.OverApplication, app); err != nil {
		return nil, err
	}
	return get(tx, actor.Environment, app, id)
}

// Load returns a credential to a caller who may see it for another reason than [Get] asks for: having made it, or
// having come with it.
func Load(tx *db.Tx, environment, app, id uuid.UUID) (*Credential, error) {
	return get(tx, environment, app, id)
}

// List returns an application's credentials of one kind, or of all for an empty one, oldest first; there are never
// more than its limits allow. An application that does not exist is [fault.NotFound].
func List(tx *db.Tx, actor *access.Actor, app uuid.UUID, kind Kind) ([]*Credential, error) {
	if err := access.AllowOn(tx, actor, access.ReadCredentials, access.OverApplication, app); err != nil {
		return nil, err
	}
	if _, err := application.Load(tx, actor.Environment, app); err != nil {
		return nil, err
	}
	all, err := db.All(tx, scan, selectAll, actor.Environment.String(), app.String())
	if err != nil || kind == "" {
		return all, err
	}
	var some []*Credential
	for _, c := range all {
		if c.Kind == kind {
			some = append(some, c)
		}
	}
	return some, nil
}

// open locks a credential and its application for a change.
func open(tx *db.Tx, actor *access.Actor, app, id uuid.UUID, version int64) (*Credential, *place, error) {
	p, err := enter(tx, actor, app)
	if err != nil {
		return nil, nil, err
	}
	c, err := getForUpdate(tx, actor.Environment, app, id)
	if err != nil {
		return nil, nil, err
	}
	if version != 0 && version != c.Version {
		return nil, nil, fault.New(fault.Stale, "the credential was changed by somebody else; read it again")
	}
	return c, p, nil
}

// LoadAll returns every credential of an application, oldest first, to a caller who may see one of them: what
// replaced it is among them.
func LoadAll(tx *db.Tx, environment, app uuid.UUID) ([]*Credential, error) {
	return db.All(tx, scan, selectAll, environment.String(), app.String())
}
