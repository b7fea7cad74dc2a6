package logon

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// later is what a use makes necessary and nobody waits for: the first use of a rotated secret, the upgrade of an imported
// one. What cannot be written now is tried again; a process that dies before leaves it to the next use.
type later struct {
	mu    sync.Mutex
	tasks map[taskKey]seal.Secret // the secret of an upgrade; empty for an activation
}

// taskKey has a kind, because one use may start a grace and upgrade a hash.
type taskKey struct {
	kind                                 taskKind
	environment, application, credential uuid.UUID
}

type taskKind uint8

const (
	activation taskKind = iota
	upgrading
)

// maxTasks bounds what waits; more is left to the next use.
const maxTasks = 10_000

func (l *later) add(key taskKey, secret seal.Secret) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tasks == nil {
		l.tasks = map[taskKey]seal.Secret{}
	}
	if len(l.tasks) < maxTasks {
		l.tasks[key] = secret
	}
}

func (y *Authority) activate(environment, app, id uuid.UUID) {
	y.later.add(taskKey{activation, environment, app, id}, seal.Secret{})
}

func (y *Authority) upgrade(environment, app, id uuid.UUID, secret seal.Secret) {
	y.later.add(taskKey{upgrading, environment, app, id}, secret)
}

// FlushEvery is how often [Authority.Flush] is called.
const FlushEvery = time.Second

// Flush does what uses have made necessary. What cannot be written now is kept for the next time; what the rooms refuse
// is not, or it would be tried for ever. It is a chore of every node.
func (y *Authority) Flush(ctx context.Context) error {
	y.later.mu.Lock()
	tasks := y.later.tasks
	y.later.tasks = nil
	y.later.mu.Unlock()
	var all []error
	away := false
	for key, secret := range tasks {
		if !away {
			err := y.perform(ctx, key, secret)
			if err == nil {
				continue
			}
			all = append(all, err)
			away = fault.Is(err, fault.Unavailable)
			if !away && !fault.Is(err, fault.Internal) {
				continue
			}
		}
		y.later.add(key, secret)
	}
	return errors.Join(all...)
}

func (y *Authority) perform(ctx context.Context, key taskKey, secret seal.Secret) error {
	if key.kind == upgrading {
		return y.Credentials.Upgrade(ctx, y.DB, key.environment, key.application, key.credential, secret)
	}
	return y.DB.Write(ctx, func(tx *db.Tx) error {
		return credential.Activate(tx, key.environment, key.application, key.credential)
	})
}
