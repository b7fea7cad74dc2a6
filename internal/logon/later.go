package logon

import (
	"context"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// later is what a use makes necessary and nobody waits for: the first use of a rotated secret, the upgrade of an imported
// one. What cannot be written now is tried again; a process that dies before leaves it to the next use.
type later struct {
	mu    sync.Mutex
	tasks map[taskKey]seal.Secret // the secret of an upgrade; empty for an activation
}

type taskKey struct {
	environment, application, credential uuid.UUID
}

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
	y.later.add(taskKey{environment, app, id}, seal.Secret{})
}

func (y *Authority) upgrade(environment, app, id uuid.UUID, secret seal.Secret) {
	y.later.add(taskKey{environment, app, id}, secret)
}

// FlushEvery is how often [Authority.Flush] is called.
const FlushEvery = time.Second

// Flush does what uses have made necessary. What fails is kept for the next time. It is a chore of every node.
func (y *Authority) Flush(ctx context.Context) (err error) {
	y.later.mu.Lock()
	tasks := y.later.tasks
	y.later.tasks = nil
	y.later.mu.Unlock()
	for key, secret := range tasks {
		if err == nil {
			err = y.perform(ctx, key, secret)
		}
		if err != nil {
			y.later.add(key, secret)
		}
	}
	return err
}

func (y *Authority) perform(ctx context.Context, key taskKey, secret seal.Secret) error {
	if !secret.Empty() {
		return y.Credentials.Upgrade(ctx, y.DB, key.environment, key.application, key.credential, secret)
	}
	return y.DB.Write(ctx, func(tx *db.Tx) error {
		return credential.Activate(tx, key.environment, key.application, key.credential)
	})
}
