package leakintake

import (
	"context"
	"io"
	"os"
	"sync"
	"time"

	"github.com/counterfoil/counterfoil/internal/credential/leak"
	"github.com/counterfoil/counterfoil/internal/egress"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// Keys are a partner's public keys, read when an alert comes: once an hour, and for an unknown key once a minute, since
// anybody can name one. Its methods may be called from many goroutines.
type Keys struct {
	// File holds the keys; if it is empty, URL is where they are published.
	File, URL string
	Egress    *egress.Client
	Now       func() time.Time

	mu          sync.Mutex
	known       leak.Keys
	read, tried time.Time
}

const (
	renewEvery = time.Hour
	tryEvery   = time.Minute
	// believed is how long keys are used that could not be read again. The partner takes out a key that must not be
	// believed any more, so it is not for ever.
	believed  = 24 * time.Hour
	fetchTime = 10 * time.Second
)

// For returns the keys among which the one called id is to be found, if there is such a one. [fault.Unavailable]: no keys
// could be read for a day. Whoever comes while they are being read is answered from those known so far.
func (k *Keys) For(ctx context.Context, id string) (leak.Keys, error) {
	if k.due(id) {
		// The caller may go away, and with it would go the one attempt of this minute.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchTime)
		defer cancel()
		if err := k.renew(ctx); err != nil && !k.usable() {
			return leak.Keys{}, err
		}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.read.IsZero() || k.Now().Sub(k.read) > believed {
		return leak.Keys{}, fault.New(fault.Unavailable, "the keys that alerts are signed with are not known here yet; try again in a minute")
	}
	return k.known, nil
}

// due reports whether the caller is to read the keys now.
func (k *Keys) due(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.Now()
	if !k.tried.IsZero() && now.Sub(k.tried) < tryEvery || !k.read.IsZero() && now.Sub(k.read) < renewEvery && k.known.Knows(id) {
		return false
	}
	k.tried = now
	return true
}

func (k *Keys) usable() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return !k.read.IsZero() && k.Now().Sub(k.read) <= believed
}

func (k *Keys) renew(ctx context.Context) error {
	text, err := k.load(ctx)
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "the keys that alerts are signed with cannot be read")
	}
	keys, err := leak.ParseKeys(text)
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "the keys that alerts are signed with cannot be read")
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.known, k.read = keys, k.Now()
	return nil
}

func (k *Keys) load(ctx context.Context) ([]byte, error) {
	if k.File != "" {
		file, err := os.Open(k.File)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		return io.ReadAll(io.LimitReader(file, leak.KeysMost+1))
	}
	answer, err := k.Egress.Do(ctx, egress.Request{
		URL: k.URL, Header: map[string]string{"Accept": "application/json"}, MaxBody: leak.KeysMost,
	})
	if err != nil {
		return nil, err
	}
	if answer.Status != 200 {
		return nil, fault.New(fault.Unavailable, "the partner answered %d", answer.Status)
	}
	return answer.Body, nil
}
