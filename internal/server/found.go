package server

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/founder"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// adminName is the application that every installation is born with; it may do everything in the default
// environment.
const adminName = "administrator"

// found makes the organization, its default environment and its first administrator, in one transaction and
// only in a new database. An older one is brought up to what this program knows. Of several nodes that start at once
// one does it.
func (h *House) found(ctx context.Context) error {
	return h.db.Write(ctx, func(tx *db.Tx) error {
		home, fresh, err := h.environments.Found(tx)
		if err != nil {
			return err
		}
		if !fresh {
			return h.upgrade(tx)
		}
		admin, err := h.admit(tx, home, "made at the first start")
		if err == nil {
			tx.AfterCommit(func() { h.FirstAdmin = admin })
		}
		return err
	})
}

// upgrade gives every environment what it would be born with by now: the permissions of the management API, for those
// who had all there were, and a global credential. Where nothing lacks it changes nothing.
func (h *House) upgrade(tx *db.Tx) error {
	all, err := environment.All(tx)
	if err != nil {
		return err
	}
	for _, e := range all {
		u, err := h.apis.Upgrade(tx, e.ID)
		if err != nil {
			return err
		}
		if len(u.Taken) > 0 {
			tx.AfterCommit(func() {
				h.log.Warn("another API has scopes of these names, so the management API lacks them: rename them there and start again",
					"environment", e.ID, "scopes", u.Taken)
			})
		}
		if err := application.Upgrade(tx, e.ID, u); err != nil {
			return err
		}
		if err := directory.Install(tx, e.ID); err != nil {
			return err
		}
		if err := application.Install(tx, e.ID); err != nil {
			return err
		}
	}
	return nil
}

// devSecret describes the secrets that [House.AdminForDev] makes.
const devSecret = "made by serve --dev"

// AdminForDev returns a working administrator's credential for a developer who has lost the first one, in place
// of the one that an earlier call made. Whoever calls it holds the database and the root key, and needs no leave.
func (h *House) AdminForDev(ctx context.Context) (*Admin, error) {
	admin, err := h.readmit(ctx, devSecret, func(*db.Tx, *access.Actor, *Admin) error { return nil })
	if err == nil {
		h.register.Settle(ctx, h.register.Home().ID)
	}
	return admin, err
}

// ResetAdmin is break-glass: it returns a new credential for the administrator application, which it enables, or
// makes again when it is gone, and lets in by any method: a restriction may be what shut it out. Like [House.AdminForDev] it asks for no leave.
func (h *House) ResetAdmin(ctx context.Context) (*Admin, error) {
	return h.readmit(ctx, "made by admin reset", func(tx *db.Tx, operator *access.Actor, admin *Admin) error {
		id := uuid.MustParse(admin.ClientID)
		if _, err := application.Change(tx, operator, id, 0, func(s *application.Spec) { s.Methods = nil }); err != nil {
			return err
		}
		_, err := application.SetEnabled(tx, operator, id, true)
		return err
	})
}

// readmit makes the administrator of a founded installation a new secret and does, in the same transaction, what
// else there is to do.
func (h *House) readmit(ctx context.Context, description string, also func(*db.Tx, *access.Actor, *Admin) error) (*Admin, error) {
	var admin *Admin
	err := h.db.Write(ctx, func(tx *db.Tx) error {
		home, _, err := h.environments.Found(tx)
		if err != nil {
			return err
		}
		if admin, err = h.admit(tx, home, description); err != nil {
			return err
		}
		operator := access.Operator(home.ID)
		return also(tx, &operator, admin)
	})
	return admin, err
}

// admit gives the administrator application, which it makes when it is missing, a new secret in place of those
// with the same description.
func (h *House) admit(tx *db.Tx, home *environment.Environment, description string) (*Admin, error) {
	operator := access.Operator(home.ID)
	found, err := application.List(tx, &operator, application.Wanted{Name: adminName}, application.Page{})
	if err != nil {
		return nil, err
	}
	var app *application.Application
	if len(found) > 0 {
		app = found[0]
	} else if app, err = application.Create(tx, &operator, application.Spec{
		Name: adminName, Description: "Administers this installation", Scopes: access.UsualPermissions(),
	}); err != nil {
		return nil, err
	}
	old, err := credential.List(tx, &operator, app.ID, credential.KindSecret)
	if err != nil {
		return nil, err
	}
	for _, c := range old {
		if c.Description != description {
			continue
		}
		if err := credential.Delete(tx, &operator, app.ID, c.ID, 0, true); err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
	}
	_, secret, err := h.credentials.AddSecret(tx, &operator, app.ID, credential.SecretSpec{Spec: credential.Spec{Description: description}})
	return &Admin{ClientID: app.ID.String(), Secret: secret}, err
}

// Link is a link for a person, and when it stops to work.
type Link struct {
	URL   seal.Secret
	Until time.Time
}

// NeedsSetup reports whether the default environment has no administrator who is a person.
func (h *House) NeedsSetup(ctx context.Context) (needed bool, err error) {
	err = h.db.Read(ctx, func(tx *db.Tx) (err error) {
		needed, err = founder.Needed(tx, h.register.Home().ID)
		return err
	})
	return needed, err
}

// SetupLink makes the link that makes the first administrator who is a person. It is [fault.Conflict] when there is one.
func (h *House) SetupLink(ctx context.Context) (*Link, error) {
	return h.link(ctx, func(tx *db.Tx, home *environment.Environment) (seal.Secret, time.Time, error) {
		return h.founder().Link(tx, home)
	})
}

// Readmit is break-glass for a person; see [founder.Authority.Readmit]. The link sets a new password.
func (h *House) Readmit(ctx context.Context, login string) (*Link, error) {
	return h.link(ctx, func(tx *db.Tx, home *environment.Environment) (seal.Secret, time.Time, error) {
		return h.founder().Readmit(tx, home, login)
	})
}

func (h *House) link(ctx context.Context, make func(*db.Tx, *environment.Environment) (seal.Secret, time.Time, error)) (*Link, error) {
	l := &Link{}
	return l, h.db.Write(ctx, func(tx *db.Tx) error {
		home, _, err := h.environments.Found(tx)
		if err == nil {
			l.URL, l.Until, err = make(tx, home)
		}
		return err
	})
}
