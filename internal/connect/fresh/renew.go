package fresh

import (
	"context"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/exchange"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

const (
	// CallTime is how long a call to a provider may take, in which a live holder of an intent gives up; intentTime is how
	// long the intent keeps others from calling.
	CallTime   = 3 * time.Second
	intentTime = 5 * time.Second
	// flightTime bounds waiting for somebody else's intent and a call of our own.
	flightTime = 15 * time.Second
	// pollEvery is how often a node looks whether another one is done, give or take a quarter.
	pollEvery = 120 * time.Millisecond
	// young tokens are not replaced because somebody asks for it.
	young = 10 * time.Second

	// The wait after a failure doubles from the first to the longest, and up to a quarter of it is added by chance.
	firstBackoff = 30 * time.Second
	maxBackoff   = 12 * time.Minute
	maxAsked     = time.Hour // of what a provider asks us to wait
	// GiveUpAfter is how long a connection fails until it is left alone.
	GiveUpAfter = 4 * 24 * time.Hour
)

// want is why a token is wanted, and with it what stands in the way of asking for one.
type want int

const (
	// wantDue asks for the successor of a token that is due.
	wantDue want = iota
	// wantOther asks for another token than the one that was seen, even if that is still valid.
	wantOther
	// wantNow asks even a provider that is being left in peace.
	wantNow
)

// flight is one renewal on this node, which all who need it wait for.
type flight struct {
	done chan struct{}
	want want
	way  *Way
	err  error
}

// renew waits for a renewal. It goes on when the caller leaves: others may wait for it.
func (k *Keeper) renew(ctx context.Context, at key, e *entry, seen *Way, want want) (*Way, error) {
	f := k.begin(at, e, seen, want)
	select {
	case <-f.done:
		return f.way, f.err
	case <-ctx.Done():
		return nil, fault.Wrap(fault.Unavailable, ctx.Err(), "the token did not come in time")
	}
}

// begin starts a renewal unless one is under way that wants as much.
func (k *Keeper) begin(at key, e *entry, seen *Way, want want) *flight {
	e.flight.Lock()
	defer e.flight.Unlock()
	if f := e.flight.now; f != nil && f.want >= want {
		return f
	}
	f := &flight{done: make(chan struct{}), want: want}
	e.flight.now = f
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), flightTime)
		defer cancel()
		f.way, f.err = k.fly(ctx, at, e, seen, want)
		e.flight.Lock()
		if e.flight.now == f {
			e.flight.now = nil
		}
		e.flight.Unlock()
		close(f.done)
	}()
	return f
}

// plan is what a look at the row said is to be done.
type plan struct {
	way        *Way // adopt it, or what refuse says; or else call with credential, inside an intent
	refuse     error
	credential exchange.Credential
	generation int64
	wait       bool // somebody else is calling
}

// fly brings a connection's token up to date: with one that another node got, or with a call of our own.
func (k *Keeper) fly(ctx context.Context, at key, e *entry, seen *Way, want want) (*Way, error) {
	for {
		before := e.heard.Load()
		p, err := k.intend(ctx, at, seen, want)
		switch {
		case err != nil:
			return nil, err
		case p.wait:
			if err := pause(ctx, pollEvery*3/4+rand.N(pollEvery/2)); err != nil {
				return nil, fault.Wrap(fault.Unavailable, err, "another node is fetching this token and did not get it in time")
			}
			want = wantDue // what the other one gets will do
			continue
		case p.credential.Provider == nil:
			k.keep(e, p.way, before)
			return p.way, p.refuse
		}
		calling, cancel := context.WithTimeout(ctx, CallTime)
		token, err := k.fetcher.Fetch(calling, p.credential, p.way.Token)
		cancel()
		settled, failed := k.settle(ctx, at, p, want, token, err)
		switch {
		case failed != nil:
			return nil, failed
		case settled == nil: // the fence is somebody else's: what we got is for a credential that is no longer there
			want = wantDue
			continue
		}
		k.keep(e, settled, before)
		if err != nil && (want != wantDue || !settled.valid(k.now())) {
			return nil, unavailable(settled.Connection)
		}
		return settled, nil
	}
}

// intend looks at the row and, if a call is due and nobody else is making one, records the intent to make it.
func (k *Keeper) intend(ctx context.Context, at key, seen *Way, want want) (p plan, err error) {
	var given *connect.Connection
	err = k.db.Write(ctx, func(tx *db.Tx) error {
		p, given = plan{}, nil
		row, err := lockToken(tx, at)
		if err != nil {
			return err
		}
		if p.way, err = k.read(tx, at, row); err != nil {
			return err
		}
		c, now := p.way.Connection, tx.Now()
		if err := c.Usable(); err != nil {
			return err
		}
		switch {
		case p.way.Token != nil && k.fresh(p.way, row, seen, now, want):
			return nil
		case row.holder != "" && now.Before(row.heldUntil):
			p.wait = true
			return nil
		case want != wantNow && p.way.resting(now), want != wantDue && row.failures > 0 && now.Sub(row.heldUntil) < young:
			if want == wantNow || !p.way.valid(now) {
				p.refuse = unavailable(c)
			}
			return nil
		}
		lost := row.lost
		if row.holder != "" {
			lost++
		}
		if lost > 1 && want != wantNow && p.way.Token != nil && !p.way.Token.Refresh.Empty() {
			given, err = k.uncertain(tx, at, row)
			return err
		}
		p.generation = row.generation + 1
		if p.credential, err = k.credential(tx, p.way); err != nil {
			return err
		}
		_, err = tx.Exec(takeIntent, at.environment.String(), at.connection.String(), k.node, db.Micros(now.Add(intentTime)), lost)
		return err
	})
	if err == nil && given != nil {
		return plan{}, unavailable(given)
	}
	return p, err
}

// fresh reports whether the token in the row will do: it is newer than what the caller saw and not yet due, or, for who
// wants a new one, just fetched.
func (k *Keeper) fresh(w *Way, row *tokenRow, seen *Way, now time.Time, want want) bool {
	if !w.valid(now) {
		return false
	}
	newer := seen == nil || seen.Token == nil || w.Token.FetchedAt.After(seen.Token.FetchedAt)
	if want != wantDue {
		return newer || now.Sub(row.fetched) < young && row.failures == 0
	}
	return newer || !w.due(now)
}

// uncertain gives a connection up of which two calls in a row ended nobody knows how: its refresh token may have been
// used up by either of them.
func (k *Keeper) uncertain(tx *db.Tx, at key, row *tokenRow) (*connect.Connection, error) {
	_, err := tx.Exec(settleFailure, at.environment.String(), at.connection.String(), row.generation, int64(0), int64(0), int64(0), int64(0))
	if err != nil {
		return nil, err
	}
	return k.connect.SetHealth(tx, at.environment, at.connection, connect.Health{
		State: connect.Exhausted, Stage: "token_endpoint",
		Reason: "Uncertain: twice in a row nobody learned how fetching a token ended, and its refresh token may have been used up. Reconnect.",
	})
}

func (k *Keeper) credential(tx *db.Tx, w *Way) (c exchange.Credential, err error) {
	c = exchange.Credential{Provider: w.Provider, Settings: w.Connection.Connector.Settings}
	c.Values = w.Connection.Filled()
	if c.Secrets, err = k.connect.Secrets(tx, w.Connection); err != nil {
		return c, err
	}
	c.Client, err = k.connect.ConnectorSecret(tx, w.Connection.Connector)
	return c, err
}

// settle writes down how a call ended, and a token that was got until the database takes it: the provider may have ended
// the refresh token before it. It returns the connection's way afterwards, or nil if the fence has moved on.
func (k *Keeper) settle(ctx context.Context, at key, p plan, want want, token *connect.Token, failed error) (*Way, error) {
	for {
		w, err := k.trySettle(ctx, at, p, want, token, failed)
		if err == nil || failed != nil || !fault.Is(err, fault.Unavailable) || pause(ctx, pollEvery) != nil {
			return w, err
		}
	}
}

func (k *Keeper) trySettle(ctx context.Context, at key, p plan, want want, token *connect.Token, failed error) (w *Way, err error) {
	if ctx.Err() != nil { // the call took all the time there was; its end is still worth writing down
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
	}
	err = k.db.Write(ctx, func(tx *db.Tx) error {
		w = nil
		row, err := lockToken(tx, at)
		if err != nil || row.generation != p.generation {
			return err
		}
		health := connect.Health{State: connect.Healthy, Warning: p.way.Connection.Warning}
		if failed == nil {
			err = k.writeToken(tx, at, p, token)
		} else {
			health, err = k.writeFailure(tx, at, p, row, failed)
		}
		if err != nil {
			return err
		}
		c, err := k.connect.SetHealth(tx, at.environment, at.connection, health)
		if err != nil {
			return err
		}
		if failed == nil && want == wantNow {
			connect.Refreshed(tx, c)
		}
		if row, err = readToken(tx, at, ""); err == nil {
			w, err = k.read(tx, at, row)
		}
		return err
	})
	return w, err
}

func (k *Keeper) writeToken(tx *db.Tx, at key, p plan, token *connect.Token) error {
	sealed, err := k.connect.SealToken(tx, at.environment, at.connection, token)
	if err != nil {
		return err
	}
	_, err = tx.Exec(settleToken, at.environment.String(), at.connection.String(), p.generation, sealed, db.Micros(token.ExpiresAt),
		db.Micros(token.FetchedAt), connect.RefreshAt(token, at.connection))
	return err
}

// writeFailure decides when to try again and what the connection's health is.
func (k *Keeper) writeFailure(tx *db.Tx, at key, p plan, row *tokenRow, failed error) (connect.Health, error) {
	now, c := tx.Now(), p.way.Connection
	health := connect.Health{State: connect.Failing, Since: c.Since, Warning: c.Warning}
	if health.Since.IsZero() {
		health.Since = now
	}
	wait := min(firstBackoff<<min(row.failures, 10), maxBackoff)
	wait += rand.N(wait / 4)
	var f *exchange.Failure
	if errors.As(failed, &f) {
		health.Stage, health.Reason = f.Stage, f.Hint
		wait = max(wait, min(f.RetryAfter, maxAsked))
		if f.Final {
			health.State = connect.Exhausted
		}
	} else {
		health.Stage, health.Reason = "token_endpoint", "The token could not be fetched. It is tried again."
		k.log.Warn("token of a connection not fetched", "connection", at.connection.String(), "error", failed)
	}
	if now.Sub(health.Since) > GiveUpAfter {
		health.State = connect.Exhausted
	}
	retry, refresh := db.Micros(now.Add(wait)), db.Micros(now.Add(wait))
	if health.State == connect.Exhausted {
		retry, refresh = 0, 0
	}
	// A call without an answer may have used a refresh token up: that is an intent of which nobody knows how it ended.
	lost := int64(0)
	if p.way.Token != nil && !p.way.Token.Refresh.Empty() && (f == nil || f.Status == 0) {
		lost = row.lost
	}
	_, err := tx.Exec(settleFailure, at.environment.String(), at.connection.String(), p.generation, retry, refresh, lost, db.Micros(now))
	return health, err
}

// unavailable says to a program why there is no token, in the words that a person would read.
func unavailable(c *connect.Connection) error {
	if c.State == connect.Exhausted {
		return fault.New(fault.Unavailable, "the connection was given up, and must be reconnected: %s", c.Reason)
	}
	if c.Reason == "" {
		return fault.New(fault.Unavailable, "the connection has no valid token, and none can be fetched yet")
	}
	return fault.New(fault.Unavailable, "the connection is failing: %s", c.Reason)
}

func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
