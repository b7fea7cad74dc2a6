package assertion

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/counterfoil/counterfoil/internal/egress"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// How long fetched keys are remembered.
const (
	// MinRefresh is the least time between two attempts to fetch the same keys, whatever tokens ask for.
	MinRefresh = time.Minute
	// MaxAge is after how long they are fetched again.
	MaxAge = time.Hour
	// MaxStale is how long they are used while they cannot be fetched.
	MaxStale = 24 * time.Hour

	maxSources   = 4096
	maxFetches   = 32              // at a time, for all sources
	patience     = 2 * time.Second // that a caller waits for newer keys while there are usable ones
	fetchTimeout = 15 * time.Second
	discovery    = "/.well-known/openid-configuration"
)

// Source says where keys are. One of the three is set.
type Source struct {
	// Inline are keys that an administrator gave.
	Inline *KeySet
	// URI is the address of a JWK Set (jwks_uri).
	URI string
	// Issuer is an OpenID provider whose metadata names its jwks_uri.
	Issuer string
}

// Fetcher gets keys that others publish and remembers them. Only sources that an administrator entered are fetched,
// never what a token names. It is safe for concurrent use; the zero value with Egress and Now set is ready.
type Fetcher struct {
	Egress *egress.Client
	Now    func() time.Time

	mu      sync.Mutex
	entries map[Source]*entry // Inline is nil in these
	slots   chan struct{}
}

// entry is what is known of one source.
type entry struct {
	keys      *KeySet
	fetched   time.Time // when keys were fetched
	attempted time.Time // when it was last tried; zero: never
	used      time.Time
	err       error         // of the last attempt, if keys is older
	flight    chan struct{} // closed when the attempt under way ends; nil if there is none
}

// Keys returns a source's keys for a token with that kid. They are fetched when none are known, when they are older than
// [MaxAge], or when no key has the kid; but a source is asked at most once in [MinRefresh], by one request for all who
// wait. While it does not answer, the keys that it had serve for [MaxStale]; then the error is [KeysUnavailable].
func (f *Fetcher) Keys(ctx context.Context, s Source, kid string) (*KeySet, error) {
	if s.Inline != nil {
		return s.Inline, nil
	}
	f.mu.Lock()
	now := f.Now()
	e := f.entry(s, now)
	e.used = now
	wanted := e.keys == nil || now.Sub(e.fetched) >= MaxAge || !e.keys.has(kid)
	if wanted && e.flight == nil && (e.attempted.IsZero() || now.Sub(e.attempted) >= MinRefresh) {
		e.attempted, e.flight = now, make(chan struct{})
		go f.refresh(context.WithoutCancel(ctx), s, e)
	}
	flight := e.flight
	usable := e.keys != nil && now.Sub(e.fetched) < MaxStale
	f.mu.Unlock()
	if wanted && flight != nil {
		await(ctx, flight, usable)
	}

	f.mu.Lock()
	defer f.mu.Unlock()
	if e.keys != nil && f.Now().Sub(e.fetched) < MaxStale {
		return e.keys, nil
	}
	cause := e.err
	if cause == nil {
		cause = errors.New("no answer yet")
	}
	// Whatever was wrong, it is the source's fault and may pass: not the token's.
	r := refuse(KeysUnavailable, "the keys could not be fetched: %s", Clean(said(cause)))
	r.cause = fault.Wrap(fault.Unavailable, cause, "the keys to verify the assertion with are not available")
	return nil, r
}

// await waits for a flight: not for long if there are keys to go on with.
func await(ctx context.Context, flight <-chan struct{}, usable bool) {
	if usable {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	select {
	case <-flight:
	case <-ctx.Done():
	}
}

// said is the part of an error that an administrator may see.
func said(err error) string {
	if _, message := fault.Public(err); message != "" {
		return message
	}
	return err.Error()
}

// entry finds or makes what is known of s. When there are too many, the one that was not used for the longest time goes.
func (f *Fetcher) entry(s Source, now time.Time) *entry {
	if e, ok := f.entries[s]; ok {
		return e
	}
	if f.entries == nil {
		f.entries, f.slots = map[Source]*entry{}, make(chan struct{}, maxFetches)
	}
	if len(f.entries) >= maxSources {
		var oldest Source
		at := now.Add(time.Hour)
		for s, e := range f.entries {
			if e.flight == nil && e.used.Before(at) {
				oldest, at = s, e.used
			}
		}
		delete(f.entries, oldest)
	}
	e := &entry{}
	f.entries[s] = e
	return e
}

func (f *Fetcher) refresh(ctx context.Context, s Source, e *entry) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	var keys *KeySet
	var err error
	select {
	case f.slots <- struct{}{}:
		keys, err = f.fetch(ctx, s)
		<-f.slots
	case <-ctx.Done():
		err = fault.New(fault.Unavailable, "too many key sets are being fetched at the moment")
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if e.err = err; err == nil {
		e.keys, e.fetched = keys, f.Now()
	}
	close(e.flight)
	e.flight = nil
}

func (f *Fetcher) fetch(ctx context.Context, s Source) (*KeySet, error) {
	uri := s.URI
	if s.Issuer != "" {
		var err error
		if uri, err = f.discover(ctx, s.Issuer); err != nil {
			return nil, err
		}
	}
	body, err := f.get(ctx, uri, "application/jwk-set+json, application/json", maxPublishedJWKS)
	if err != nil {
		return nil, err
	}
	keys, err := parsePublished(body)
	if err != nil {
		return nil, fault.New(fault.Invalid, "the key set at %s %v", Clean(uri), err)
	}
	return keys, nil
}

// discover asks an issuer where its keys are (OpenID Connect Discovery §4). It must answer for itself and nobody else.
func (f *Fetcher) discover(ctx context.Context, issuer string) (uri string, err error) {
	at := strings.TrimSuffix(issuer, "/") + discovery
	body, err := f.get(ctx, at, "application/json", maxPublishedJWKS)
	if err != nil {
		return "", err
	}
	metadata, err := readObject(body)
	if err != nil {
		return "", fault.New(fault.Invalid, "the metadata at %s %v", Clean(at), err)
	}
	if said, _ := metadata["issuer"].(string); said != issuer {
		return "", fault.New(fault.Invalid, "the metadata at %s is of the issuer %q: enter that exactly", Clean(at), Clean(said))
	}
	uri, _ = metadata["jwks_uri"].(string)
	if uri == "" {
		return "", fault.New(fault.Invalid, "the metadata at %s names no jwks_uri", Clean(at))
	}
	return uri, nil
}

func (f *Fetcher) get(ctx context.Context, uri, accept string, limit int64) ([]byte, error) {
	a, err := f.Egress.Do(ctx, egress.Request{URL: uri, Header: map[string]string{"Accept": accept}, MaxBody: limit})
	if err != nil {
		return nil, err
	}
	if a.Status != 200 {
		return nil, fault.New(fault.Unavailable, "%s answered with status %d", Clean(uri), a.Status)
	}
	return a.Body, nil
}

// CheckURI tries a jwks_uri that an administrator enters. What can never work – its form, a private address, a redirect,
// no key set – is [fault.Invalid] on "jwks_uri" and says why; [fault.Unavailable] is a server that does not answer now.
func (f *Fetcher) CheckURI(ctx context.Context, uri string) error {
	if uri == "" {
		return fault.On("jwks_uri", "is missing")
	}
	_, err := f.fetch(ctx, Source{URI: uri})
	return on("jwks_uri", err)
}

// CheckIssuer is [Fetcher.CheckURI] for an issuer whose keys are to be discovered; errors are on "issuer".
func (f *Fetcher) CheckIssuer(ctx context.Context, issuer string) error {
	if u, err := url.Parse(issuer); err != nil || u.Host == "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return fault.On("issuer", "must be an address without query and fragment, or keys must be given for it")
	}
	_, err := f.fetch(ctx, Source{Issuer: issuer})
	return on("issuer", err)
}

func on(field string, err error) error {
	if fault.Is(err, fault.Invalid) || fault.Is(err, fault.TooLarge) {
		return fault.On(field, "%s", said(err))
	}
	return err
}
