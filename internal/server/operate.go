package server

import (
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/counterfoil/counterfoil/internal/access"
	connectsession "github.com/counterfoil/counterfoil/internal/connect/session"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory/ticket"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/server/config"
	"github.com/counterfoil/counterfoil/internal/session"
)

// Operate opens the installation that c describes for an operator at the machine, without serving it, and calls
// do. The embedded database is refused while a server has it open.
func Operate(ctx context.Context, c *config.Config, do func(context.Context, *House) error) error {
	log := NewLog(c, io.Discard)
	defer func() { _ = log.Close() }()
	h := newHouse(c, Parts{Log: log})
	defer func() { _ = h.Close() }()
	if err := h.open(ctx); err != nil {
		return err
	}
	return do(ctx, h)
}

// Roots lists the root keys and what still hangs on each.
func (h *House) Roots(ctx context.Context) (all []seal.Root, err error) {
	err = h.db.Read(ctx, func(tx *db.Tx) error {
		used, err := peppersInUse(tx)
		if err != nil {
			return err
		}
		all, err = h.vault.Roots(tx, slices.Collect(maps.Keys(used)))
		return err
	})
	return all, err
}

// RetireRoot lets go of a root key that nothing hangs on any more; afterwards its line can be removed from the
// file. One that is still needed is [fault.Conflict].
func (h *House) RetireRoot(ctx context.Context, version int64) error {
	return h.db.Write(ctx, func(tx *db.Tx) error {
		used, err := peppersInUse(tx)
		if err != nil {
			return err
		}
		return h.vault.Retire(tx, version, slices.Collect(maps.Keys(used)))
	})
}

// peppersInUse returns every version of a pepper that some stored hash hangs on.
func peppersInUse(tx *db.Tx) (map[int64]bool, error) {
	used, err := credential.PeppersInUse(tx)
	if err != nil {
		return nil, err
	}
	return used, errors.Join(ticket.PeppersInUse(tx, used), session.PeppersInUse(tx, used), connectsession.PeppersInUse(tx, used))
}

// Rekey gives every environment a new sealing key ([environment.Authority.Rekey]) and wraps the hashes of secrets
// in the newest root key ([credential.Authority.Rewrap]).
func (h *House) Rekey(ctx context.Context) error {
	if err := h.environments.Rekey(ctx, h.db); err != nil {
		return err
	}
	return h.credentials.Rewrap(ctx, h.db)
}

// rewritten is called on every node that finds the ledger rewritten; one of them acts for all.
func (h *House) rewritten(ctx context.Context) error {
	mine, err := h.db.Lease(ctx, "restored", h.register.Node().String(), time.Minute)
	if err != nil || !mine {
		return err
	}
	return h.Restored(ctx)
}

// Restored tells the installation that its database came back from a backup: every environment begins a new
// incarnation, and no token from before lives on.
func (h *House) Restored(ctx context.Context) error {
	return h.db.Write(ctx, func(tx *db.Tx) error {
		home, _, err := h.environments.Found(tx)
		if err != nil {
			return err
		}
		operator := access.Operator(home.ID)
		return h.environments.Restored(tx, &operator)
	})
}
