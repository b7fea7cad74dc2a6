package fresh

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Resident counts the connections that a keeper remembers anything of.
func (k *Keeper) Resident() (n int) {
	k.entries.Range(func(any, any) bool { n++; return true })
	return n
}

// Traffic returns a counter of one connection's uses.
func Traffic() func(time.Time) (int64, float64, bool) { return (&traffic{}).count }

// Remember makes a connection resident that an application has used before.
func (k *Keeper) Remember(ctx context.Context, environment, connection, application uuid.UUID) error {
	at := key{environment, connection}
	e := k.entry(at)
	e.learn(application)
	_, err := k.resident(ctx, at, e)
	return err
}
