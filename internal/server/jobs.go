package server

import (
	"context"
	"errors"
	"slices"
	"time"

	connectsession "github.com/counterfoil/counterfoil/internal/connect/session"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/handover"
	"github.com/counterfoil/counterfoil/internal/credential/lock"
	"github.com/counterfoil/counterfoil/internal/credential/usage"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory/invitation"
	"github.com/counterfoil/counterfoil/internal/directory/ticket"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/logon"
	"github.com/counterfoil/counterfoil/internal/session"
	"github.com/counterfoil/counterfoil/internal/token"
)

// job is a chore that is done again and again.
type job struct {
	name  string
	every time.Duration
	// alone says that one node does it for all, under a lease.
	alone bool
	run   func(context.Context) error
}

// jobs lists every chore of the house.
func (h *House) jobs() []job {
	return slices.Concat(h.noticeJobs(), h.connectJobs(), []job{
		{"usage", usage.FlushEvery, false, func(ctx context.Context) error { return h.usage.Flush(ctx, h.db) }},
		{"refusals", usage.FlushEvery, false, func(ctx context.Context) error { return h.refusals.Flush(ctx, h.db) }},
		{"locks", lock.PollEvery, false, func(ctx context.Context) error { return errors.Join(h.locks.Flush(ctx), h.locks.Poll(ctx)) }},
		{"uses", logon.FlushEvery, false, h.logon.Flush},
		{"sweep", time.Minute, false, func(context.Context) error { h.register.Sweep(); h.logon.Checker.Sweep(); return nil }},
		{"forget-locks", time.Hour, true, h.locks.Forget},
		{"forget-assertions", time.Minute, true, h.logon.Seen.Forget},
		{"checkpoint", 5 * time.Second, true, func(ctx context.Context) error { return ledger.SignDue(ctx, h.db, h.vault, h.log) }},
		{"keys", time.Minute, true, func(ctx context.Context) error { return h.environments.TendKeys(ctx, h.db) }},
		{"root-key", 10 * time.Second, false, h.vault.KeepUp},
		{"rewrap", 10 * time.Minute, true, func(ctx context.Context) error { return h.credentials.Rewrap(ctx, h.db) }},
		{"forget-tokens", 10 * time.Minute, true, func(ctx context.Context) error { return token.ForgetRevoked(ctx, h.db) }},
		{"forget-keys-of-idempotency", time.Hour, true, func(ctx context.Context) error { return h.idempotency.Forget(ctx, h.db) }},
		{"forget-usage", 24 * time.Hour, true, func(ctx context.Context) error { return usage.Forget(ctx, h.db) }},
		{"forget-refusals", 24 * time.Hour, true, func(ctx context.Context) error { return usage.ForgetRefusals(ctx, h.db) }},
		{"forget-handovers", 10 * time.Minute, true, func(ctx context.Context) error { return handover.Forget(ctx, h.db) }},
		{"forget-tickets", time.Minute, true, func(ctx context.Context) error { return ticket.Forget(ctx, h.db) }},
		{"forget-invitations", time.Hour, true, func(ctx context.Context) error { return invitation.Forget(ctx, h.db) }},
		{"forget-sessions", 10 * time.Minute, true, func(ctx context.Context) error { return session.Forget(ctx, h.db) }},
		{"forget-connect-sessions", 10 * time.Minute, true, func(ctx context.Context) error { return connectsession.Forget(ctx, h.db) }},
		{"forget-devices", time.Hour, true, func(ctx context.Context) error { return session.ForgetDevices(ctx, h.db) }},
		{"retire-quiet-secrets", time.Hour, true, func(ctx context.Context) error { return credential.RetireQuiet(ctx, h.db) }},
		{"forget-nodes", time.Hour, true, h.register.ForgetNodes},
	})
}

// jobTime bounds one run of a job, and with it how long a lease outlives a node that died holding it.
const jobTime = time.Minute

// start begins to follow the ledger and to do the chores.
func (h *House) start() {
	ctx, stop := context.WithCancel(db.Chore(context.Background()))
	h.stop = stop
	h.chores.Go(func() { h.register.Follow(ctx) })
	h.chores.Go(func() { h.webhooks.Run(ctx) })
	h.chores.Go(func() { h.letters.Run(ctx) })
	h.chores.Go(func() { h.recovery.Run(ctx) })
	for _, j := range h.jobs() {
		h.chores.Go(func() { h.repeat(ctx, j) })
	}
}

func (h *House) repeat(ctx context.Context, j job) {
	ticker := time.NewTicker(j.every)
	defer ticker.Stop()
	for {
		if err := h.runJob(ctx, j); err != nil && ctx.Err() == nil {
			h.log.Warn("chore failed; it is tried again", "job", j.name, "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (h *House) runJob(ctx context.Context, j job) error {
	ctx, cancel := context.WithTimeout(ctx, jobTime)
	defer cancel()
	if j.alone && h.db.Engine() == db.PostgreSQL {
		mine, err := h.db.Lease(ctx, "job/"+j.name, h.register.Node().String(), max(j.every, jobTime)+jobTime)
		if err != nil || !mine {
			return err
		}
	}
	return j.run(ctx)
}
