package token

import (
	"crypto/sha256"
	"sync"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/register"
)

// cache remembers JWTs whose signature was verified, because a verification costs three times the rest of an
// introspection. It holds claims and never a verdict: the gate is asked every time. It is keyed by the digest
// of the whole token, so a token that differs in any byte is another one, and only ever holds good signatures.
type cache struct {
	shards [cacheShards]cacheShard
}

const (
	cacheShards = 16
	// Two generations of this size are kept in each shard: about 32,000 tokens, 16 MB at most.
	cacheGeneration = 1024
)

type cacheKey struct {
	environment uuid.UUID
	digest      [sha256.Size]byte
}

type cacheShard struct {
	mu         sync.Mutex
	young, old map[cacheKey]Claims
}

func newCache() *cache {
	c := &cache{}
	for i := range c.shards {
		c.shards[i].young = map[cacheKey]Claims{}
	}
	return c
}

func keyOf(e *register.Environment, token []byte) cacheKey {
	return cacheKey{e.ID, sha256.Sum256(token)}
}

func (c *cache) shard(key *cacheKey) *cacheShard { return &c.shards[key.digest[0]%cacheShards] }

func (c *cache) find(key *cacheKey, into *Claims) bool {
	s := c.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	claims, ok := s.young[*key]
	if !ok {
		if claims, ok = s.old[*key]; ok {
			s.store(*key, claims)
		}
	}
	if !ok {
		return false
	}
	permissions := append(into.Permissions[:0], claims.Permissions...)
	*into = claims
	into.Permissions = permissions
	return true
}

func (c *cache) keep(key *cacheKey, claims *Claims) {
	kept := *claims
	kept.Permissions = append([]uint32(nil), claims.Permissions...)
	s := c.shard(key)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.store(*key, kept)
}

// store puts an entry into the young generation; a full one becomes the old one, whose entries are forgotten.
func (s *cacheShard) store(key cacheKey, claims Claims) {
	if len(s.young) >= cacheGeneration {
		s.old, s.young = s.young, make(map[cacheKey]Claims, cacheGeneration)
	}
	s.young[key] = claims
}
