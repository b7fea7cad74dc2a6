package verify

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/sync/singleflight"
)

const (
	// maxKeys bounds a key set; an issuer has three keys per algorithm at most times.
	maxKeys = 64
	// minRSABits follows RFC 7518 §3.3.
	minRSABits = 2048
	// coldRefresh is the pause between attempts while there are no keys at all.
	coldRefresh = time.Second
)

// keys is the issuer's key set, fetched when it is needed and kept while the issuer is away.
type keys struct {
	issuer                       string
	allowHTTP                    bool
	http                         *http.Client
	maxAge, minRefresh, maxStale time.Duration
	now                          func() time.Time

	current atomic.Pointer[keySet]

	// flight lets one fetch run at a time; what follows is touched inside it only.
	flight    singleflight.Group
	attempted time.Time
	failure   error
}

// keySet is one fetched set; it never changes.
type keySet struct {
	byID    map[string]*jose.JSONWebKey
	fetched time.Time
}

// find returns the key with this id, fetching the set when it is unknown and the last fetch is not too recent.
func (k *keys) find(ctx context.Context, id string) (*jose.JSONWebKey, error) {
	set := k.current.Load()
	if set != nil {
		age := k.now().Sub(set.fetched)
		key := set.byID[id]
		switch {
		case k.maxStale > 0 && age > k.maxStale:
			// Too old to be believed: wait for the fetch below.
		case key != nil && age > k.maxAge:
			k.start() // and do not wait for it
			return key, nil
		case key != nil:
			return key, nil
		}
	}
	set, err := k.refresh(ctx)
	if err != nil {
		return nil, err
	}
	if key := set.byID[id]; key != nil {
		return key, nil
	}
	return nil, refuse("the issuer does not know its key")
}

// refresh waits for a fetch, its own or one that is under way.
func (k *keys) refresh(ctx context.Context) (*keySet, error) {
	select {
	case result := <-k.start():
		if result.Err != nil {
			return nil, result.Err
		}
		return result.Val.(*keySet), nil
	case <-ctx.Done():
		return nil, unavailable("gave up while the keys were fetched: %w", context.Cause(ctx))
	}
}

func (k *keys) start() <-chan singleflight.Result {
	return k.flight.DoChan("", func() (any, error) { return k.fetchUnlessRecent() })
}

// fetchUnlessRecent fetches the set, or repeats the outcome of the last attempt when that is too fresh. It
// belongs to nobody's request, so that one impatient caller does not spoil it for the others.
func (k *keys) fetchUnlessRecent() (*keySet, error) {
	now := k.now()
	pause := k.minRefresh
	if k.current.Load() == nil {
		pause = min(pause, coldRefresh)
	}
	if !k.attempted.IsZero() && now.Sub(k.attempted) < pause {
		return k.current.Load(), k.failure
	}
	k.attempted = now
	byID, err := k.fetch()
	if err != nil {
		k.failure = unavailable("fetching the issuer's keys: %w", err)
		return nil, k.failure
	}
	set := &keySet{byID: byID, fetched: now}
	k.failure = nil
	k.current.Store(set)
	return set, nil
}

// fetch follows the issuer's metadata (RFC 8414 §3) to its key set.
func (k *keys) fetch() (map[string]*jose.JSONWebKey, error) {
	ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
	defer cancel()
	at, err := metadataURL(k.issuer)
	if err != nil {
		return nil, err
	}
	var metadata struct {
		Issuer string `json:"issuer"`
		JWKS   string `json:"jwks_uri"`
	}
	if err := getJSON(ctx, k.http, at, &metadata); err != nil {
		return nil, err
	}
	if metadata.Issuer != k.issuer { // RFC 8414 §3.3
		return nil, fmt.Errorf("the metadata is that of issuer %q", metadata.Issuer)
	}
	if err := checkAddress(metadata.JWKS, k.allowHTTP); err != nil {
		return nil, err
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := getJSON(ctx, k.http, metadata.JWKS, &set); err != nil {
		return nil, err
	}
	return usable(set.Keys)
}

// usable picks the keys that can verify a token here. Others are left out without complaint (RFC 7517 §5): a set
// may hold kinds that come later.
func usable(raw []json.RawMessage) (map[string]*jose.JSONWebKey, error) {
	if len(raw) > maxKeys {
		return nil, fmt.Errorf("the key set has more than %d keys", maxKeys)
	}
	byID := make(map[string]*jose.JSONWebKey, len(raw))
	for _, r := range raw {
		key := new(jose.JSONWebKey)
		if key.UnmarshalJSON(r) != nil || !key.IsPublic() || key.KeyID == "" || key.Use != "" && key.Use != "sig" {
			continue
		}
		if modulus, ok := key.Key.(*rsa.PublicKey); ok && modulus.N.BitLen() < minRSABits {
			continue
		}
		if slices.Contains(algorithms, jose.SignatureAlgorithm(key.Algorithm)) {
			byID[key.KeyID] = key
		}
	}
	if len(byID) == 0 {
		return nil, errors.New("the key set holds no usable key")
	}
	return byID, nil
}

// metadataURL puts the well-known segment between the issuer's host and its path (RFC 8414 §3.1).
func metadataURL(issuer string) (string, error) {
	u, err := url.Parse(issuer)
	if err != nil {
		return "", err
	}
	u.Path = "/.well-known/oauth-authorization-server" + strings.TrimSuffix(u.Path, "/")
	return u.String(), nil
}
