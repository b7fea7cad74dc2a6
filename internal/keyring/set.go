package keyring

import "time"

// Set is an environment's keys at one moment. It never changes and is safe for concurrent use.
type Set struct {
	keys     []*Key // as they were made, oldest first
	byHeader map[string]*Key
	active   map[Alg]*Key
	jwks     []byte
	etag     string
	handles  []*HandleKey // by number, lowest first
}

func newSet(keys []*Key, handles []*HandleKey) (*Set, error) {
	s := &Set{keys: keys, handles: handles, byHeader: map[string]*Key{}, active: map[Alg]*Key{}}
	for _, key := range keys {
		s.byHeader[string(key.header)] = key
		if key.State == Active {
			s.active[key.Alg] = key
		}
	}
	var err error
	s.jwks, s.etag, err = document(keys)
	return s, err
}

// Keys returns the signing keys, oldest first. The slice is not to be written to.
func (s *Set) Keys() []*Key { return s.keys }

// Active returns the key that signs with alg now, or nil.
func (s *Set) Active(alg Alg) *Key { return s.active[alg] }

// ByHeader returns the key whose [Key.Header] is exactly header, or nil. The header decides nothing else: algorithm
// and key come from our own record, so that alg=none, a public key used as an HMAC secret and a foreign kid are
// all merely unknown (RFC 8725 §3.1). A key that is next is found too: another node may have made it active.
func (s *Set) ByHeader(header []byte) *Key { return s.byHeader[string(header)] }

// JWKS returns the public key set document, and its entity tag with the quotes. It may be cached for [MaxAge].
// The bytes are not to be written to.
func (s *Set) JWKS() (body []byte, etag string) { return s.jwks, s.etag }

// HandleKey returns the key that seals at the given time: the last one that is in use, or the first of all when
// none is yet, or nil when there is none.
func (s *Set) HandleKey(now time.Time) *HandleKey {
	for i := len(s.handles) - 1; i >= 0; i-- {
		if i == 0 || !now.Before(s.handles[i].UsedFrom) {
			return s.handles[i]
		}
	}
	return nil
}

// HandleKeyByNumber returns the handle key with a number, or nil.
func (s *Set) HandleKeyByNumber(number int64) *HandleKey {
	for i := len(s.handles) - 1; i >= 0; i-- { // few, and nearly always the last or the one before
		if s.handles[i].Number == number {
			return s.handles[i]
		}
	}
	return nil
}
