package scim

import (
	"net/http"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/directory/schema"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/scim/patch"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// fresh is the password that a request gives a user, hashed before the transaction begins: that takes long.
type fresh struct {
	prepared *password.Prepared
	removed  bool
}

var errNoPasswords = &refusal{error: fault.New(fault.Invalid, "passwords cannot be set here"), status: http.StatusNotImplemented}

// allowPassword refuses those early who may set nobody's password. Of whom they may, the transaction asks.
func (c *call) allowPassword() error {
	if c.door.Passwords == nil {
		return errNoPasswords
	}
	return c.door.DB.Read(c.ctx, func(tx *db.Tx) error {
		err := access.AllowSomewhere(tx, c.actor(), access.SetPasswords)
		if fault.Is(err, fault.Denied) {
			return fault.New(fault.Denied, "password: this needs the scope %s", access.SetPasswords)
		}
		return err
	})
}

// given returns the password in a document, if there is one.
func given(value any) (text seal.Secret, there bool, err error) {
	if value == nil || value == "" {
		return text, false, nil
	}
	clear, ok := value.(string)
	if !ok {
		return text, false, wrong(invalidValue, "password is a text")
	}
	return seal.NewSecret(clear), true, nil
}

// prepareNew hashes the password of a user that is to be made.
func (c *call) prepareNew() error {
	clear, there, err := given(c.passwordIn(c.body))
	if err != nil || !there {
		return err
	}
	if err := c.allowPassword(); err != nil {
		return err
	}
	doc, err := schema.Core().User.Normalise(c.body, schema.Rules{Tolerant: true})
	if err != nil {
		return err
	}
	w, err := want(doc)
	if err != nil {
		return err
	}
	c.fresh.prepared, err = c.door.Passwords.PrepareNew(c.ctx, c.actor(), password.New{Password: clear}, password.About(&w.profile)...)
	return err
}

// passwordIn returns the member password of a document, however it is spelled. Two of them are refused with the document.
func (c *call) passwordIn(doc object) any {
	for name, value := range doc {
		if place, ok := schema.Core().User.Find(name); ok && place.Path == "password" {
			return value
		}
	}
	return nil
}

// prepareReplaced hashes the password in the document that takes a user's place.
func (c *call) prepareReplaced() error { return c.prepareFor(c.passwordIn(c.body)) }

// preparePatched hashes the password that the operations of a change give last.
func (c *call) preparePatched() error {
	var ops []patch.Op
	err := c.door.DB.Read(c.ctx, func(tx *db.Tx) error {
		set, err := schema.Load(tx, c.environment())
		if err != nil {
			return err
		}
		ops, err = patch.Read(c.body, set.User)
		return err
	})
	if err != nil || !patch.Touches(ops, "password") {
		return err
	}
	var value any
	for _, op := range ops {
		switch {
		case !patch.Touches([]patch.Op{op}, "password"):
		case op.Kind == patch.Remove || op.Value == nil:
			value, c.fresh.removed = nil, true
		default:
			value, c.fresh.removed = op.Value, false
		}
	}
	if c.fresh.removed {
		return c.allowPassword()
	}
	return c.prepareFor(value)
}

func (c *call) prepareFor(value any) error {
	clear, there, err := given(value)
	if err != nil || !there {
		return err
	}
	if err := c.allowPassword(); err != nil {
		return err
	}
	id, err := c.identifier()
	if err != nil {
		return err
	}
	c.fresh.prepared, err = c.door.Passwords.Prepare(c.ctx, c.actor(), id, password.New{Password: clear})
	return err
}

// setPassword gives a user the password of the request, if there is one.
func (c *call) setPassword(u *directory.User) (*directory.User, error) {
	switch {
	case c.fresh.removed:
		return c.door.Passwords.Remove(c.tx, c.actor(), u.ID, 0)
	case c.fresh.prepared != nil:
		return c.door.Passwords.Set(c.tx, c.actor(), u.ID, 0, c.fresh.prepared)
	}
	return u, nil
}

func (c *call) setFirstPassword(u *directory.User) error {
	if c.fresh.prepared == nil {
		return nil
	}
	return c.door.Passwords.SetInCreate(c.tx, c.actor(), u, c.fresh.prepared)
}
