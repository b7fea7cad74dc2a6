package directoryapi

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/factor"
)

// NewUserLock says how long a user is kept out.
type NewUserLock struct {
	Until rest.Moment `json:"until,omitzero" doc:"When the lock ends; without it somebody must end it."`
}

func (r *Resources) stateOperations(api huma.API) {
	const one = "/users/{user}"
	move := func(verb, summary string, to directory.Status) {
		huma.Register(api, rest.Operation("POST "+one+"/"+verb, verb+"-user", summary), r.setStatus(to))
	}
	move("approve", "Approve a user, who then waits to be activated", directory.Staged)
	move("reject", "Reject a user who waits for approval or activation", directory.Rejected)
	move("activate", "Activate a user, also one that was suspended", directory.Active)
	move("suspend", "Suspend a user; its sessions and links die for good", directory.Suspended)
	huma.Register(api, rest.Operation("POST "+one+"/lock", "lock-user", "Lock a user; its sessions and links die for good"), r.lockUser)
	huma.Register(api, rest.Operation("POST "+one+"/unlock", "unlock-user", "Unlock a user, and forget the failures that led to the lock"), r.unlockUser)
	huma.Register(api, rest.Operation("POST "+one+"/logout", "logout-user", "End every session of a user"), r.logoutUser)
}

func (r *Resources) setStatus(to directory.Status) func(context.Context, *UserPath) (*rest.Done, error) {
	return func(ctx context.Context, in *UserPath) (*rest.Done, error) {
		return r.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
			_, err := directory.SetStatus(tx, &c.Actor, rest.ID(in.User), to)
			return err
		})
	}
}

func (r *Resources) lockUser(ctx context.Context, in *struct {
	UserPath
	Body NewUserLock
}) (*rest.Done, error) {
	until := in.Body.Until.Time()
	if until.IsZero() {
		until = directory.Forever
	}
	return r.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
		_, err := directory.LockByHand(tx, &c.Actor, rest.ID(in.User), until)
		return err
	})
}

func (r *Resources) unlockUser(ctx context.Context, in *UserPath) (*rest.Done, error) {
	return r.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
		_, err := directory.Unlock(tx, &c.Actor, rest.ID(in.User), r.forgive)
		return err
	})
}

// forgive forgets what led to a lock of a user, and to locks of its factors.
func (r *Resources) forgive(tx *db.Tx, u *directory.User) error {
	if r.Forget != nil {
		if err := r.Forget(tx, u); err != nil {
			return err
		}
	}
	return factor.Forgive(tx, u)
}

func (r *Resources) logoutUser(ctx context.Context, in *UserPath) (*rest.Done, error) {
	return r.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
		_, err := directory.LogOut(tx, &c.Actor, rest.ID(in.User))
		return err
	})
}
