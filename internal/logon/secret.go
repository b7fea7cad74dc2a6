package logon

import (
	"bytes"
	"context"
	"crypto/subtle"
	"time"

	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/chosen"
	"github.com/counterfoil/counterfoil/internal/credential/lock"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// proveSecret recognises a secret. The lock is asked before the secret is compared and again after it was right:
// guesses that were under way while the fifth failed learn nothing.
func (y *Authority) proveSecret(ctx context.Context, e *register.Environment, p *Presented, client *register.Client, now time.Time) (*proof.Candidate, error) {
	with, err := y.recognise(ctx, e, p, client, now)
	// A client or secret made on another node a moment ago, or a lock lifted there, may be news to this one. It looks
	// for unknown, wrong and locked alike, or the time of the answer would tell them apart.
	if with == nil && (err == nil || err == error(errLocked)) && p.wellFormed() { //nolint:errorlint // made here, never wrapped
		if fresh := y.catchUp(ctx, e); fresh != nil {
			e = fresh
			with, err = y.recognise(ctx, e, p, client, now)
		}
	}
	if err != nil {
		return nil, err
	}
	switch {
	case with == nil && !p.Exists:
		return nil, errWrong
	case with == nil:
		return nil, y.failed(ctx, e, p, client, now)
	case y.Locks.Verdict(p.logon(e, client), now) == lock.Locked:
		return with, errLocked
	}
	return with, nil
}

// failed counts a wrong secret, unless nobody can have meant it as a guess.
func (y *Authority) failed(ctx context.Context, e *register.Environment, p *Presented, client *register.Client, now time.Time) error {
	if client.Lock == lock.Off || client.Lock == lock.ClientNetwork && !p.wellFormed() && !guessable(client) {
		return errWrong
	}
	if y.Locks.Failed(ctx, p.logon(e, client), now) == lock.Slow {
		wait(ctx, lock.SlowFor)
	}
	return errWrong
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// recognise finds the credential whose secret was presented, or nil. What costs nothing comes first: a client that is
// known by a generated secret, or was recognised before, waits for nobody's slow check.
func (y *Authority) recognise(ctx context.Context, e *register.Environment, p *Presented, client *register.Client, now time.Time) (*proof.Candidate, error) {
	found, err := y.find(ctx, e, p, client)
	if err != nil || !found {
		return nil, err
	}
	if y.Locks.Verdict(p.logon(e, client), now) == lock.Locked {
		return nil, errLocked
	}
	peppers := y.Vault.Peppers()
	slow := guessable(client)
	for _, secret := range p.Readings {
		if secret == nil {
			continue
		}
		if with := proof.Match(peppers, e.ID, p.ID, secret, client.Candidates); with != nil {
			return with, nil
		}
		if slow {
			if with := y.recall(e, p, client, secret); with != nil {
				return with, nil
			}
		}
	}
	if !slow {
		return nil, nil
	}
	for i, secret := range p.Readings {
		if !chosen.Worthwhile(secret) || i == 1 && bytes.Equal(secret, p.Readings[0]) {
			continue
		}
		if with, err := y.compute(ctx, e, p, client, secret); with != nil || err != nil {
			return with, err
		}
	}
	return nil, nil
}

// recall finds the credential of a chosen secret that was right before, if its stored form is still the same.
func (y *Authority) recall(e *register.Environment, p *Presented, client *register.Client, secret []byte) *proof.Candidate {
	id, stored, ok := y.Checker.Recall(e.ID, p.ID, secret)
	if !ok {
		return nil
	}
	with := client.Candidate(id)
	if with == nil || with.Means != proof.ByChosen || subtle.ConstantTimeCompare(stored[:], with.MAC[:]) != 1 {
		return nil
	}
	return with
}

// compute does the slow checks of one reading.
func (y *Authority) compute(ctx context.Context, e *register.Environment, p *Presented, client *register.Client, secret []byte) (*proof.Candidate, error) {
	var params *chosen.Params
	var imported *proof.Candidate
	for i := range client.Candidates {
		if c := &client.Candidates[i]; c.Means == proof.ByChosen {
			params = c.Aside.Proof.Params
		} else if c.Means == proof.ByImported {
			imported = c
		}
	}
	if params != nil {
		derived, err := y.Checker.Derive(ctx, p.From, e.ID, p.ID, params, secret)
		if err != nil {
			return nil, err
		}
		if with := proof.MatchDerived(y.Vault.Peppers(), e.ID, p.ID, derived, client.Candidates); with != nil {
			y.Checker.Remember(e.ID, p.ID, with.ID, secret, with.MAC)
			return with, nil
		}
	}
	if imported == nil {
		return nil, nil
	}
	return y.tryImported(ctx, e, p, imported, secret)
}

// tryImported holds a secret against another system's hash, which only the database has, and upgrades it when it is
// right: it is the one logon with a secret that reads the database.
func (y *Authority) tryImported(ctx context.Context, e *register.Environment, p *Presented, with *proof.Candidate, secret []byte) (*proof.Candidate, error) {
	var hash *chosen.Imported
	var upgraded *proof.Candidate
	err := y.DB.Read(ctx, func(tx *db.Tx) (err error) {
		if hash, _, err = y.Credentials.LoadImported(tx, e.ID, p.ID); err == nil && hash == nil {
			upgraded, err = credential.LoadCandidate(tx, e.ID, p.ID, with.ID)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if hash == nil {
		return y.tryUpgraded(ctx, e, p, with, upgraded, secret)
	}
	right, err := y.Checker.VerifyImported(ctx, p.From, e.ID, p.ID, hash, secret)
	if err != nil || !right {
		return nil, err
	}
	y.upgrade(e.ID, p.ID, with.ID, seal.NewSecret(string(secret)))
	return with, nil
}

// tryUpgraded holds a secret against what an imported one was upgraded to a moment ago, which this node has not heard of
// yet: its client, who was let in before, must not be refused in between. upgraded is nil for one that is gone.
func (y *Authority) tryUpgraded(ctx context.Context, e *register.Environment, p *Presented, with, upgraded *proof.Candidate, secret []byte) (*proof.Candidate, error) {
	if upgraded == nil || upgraded.Means != proof.ByChosen {
		return nil, nil
	}
	derived, err := y.Checker.Derive(ctx, p.From, e.ID, p.ID, upgraded.Aside.Proof.Params, secret)
	if err != nil || proof.MatchDerived(y.Vault.Peppers(), e.ID, p.ID, derived, []proof.Candidate{*upgraded}) == nil {
		return nil, err
	}
	return with, nil
}

// guessable reports whether a client has secrets that people chose or that came from elsewhere.
func guessable(client *register.Client) bool { return guessables(client) > 0 }

func guessables(client *register.Client) (n int) {
	for i := range client.Candidates {
		if m := client.Candidates[i].Means; m == proof.ByChosen || m == proof.ByImported {
			n++
		}
	}
	return n
}

// resets says whether a success takes back the failures before it.
func resets(client *register.Client, with *proof.Candidate) bool {
	return lock.Resets(guessables(client), with.Means != proof.ByGenerated)
}

// wellFormed reports whether what was presented can be a generated secret: only that is worth reading the ledger for.
func (p *Presented) wellFormed() bool {
	return p.Known && (proof.WellFormed(p.Readings[0]) || proof.WellFormed(p.Readings[1]))
}
