package register

import (
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential/lock"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
)

// Methods is a set of client authentication methods; the empty set allows any.
type Methods uint8

// How a client may authenticate itself; see [application.AuthMethods].
const (
	Basic Methods = 1 << iota
	Post
	SecretJWT
	PrivateKeyJWT
	TLS
	SelfSignedTLS
	Federated
)

var methodNames = map[string]Methods{
	application.Basic: Basic, application.Post: Post, application.SecretJWT: SecretJWT, application.PrivateKeyJWT: PrivateKeyJWT,
	application.TLS: TLS, application.SelfSignedTLS: SelfSignedTLS, application.Federated: Federated,
}

// Allows reports whether a client so restricted may use method.
func (m Methods) Allows(method Methods) bool { return m == 0 || m&method != 0 }

// String returns the name of a single method.
func (m Methods) String() string {
	for name, known := range methodNames {
		if known == m {
			return name
		}
	}
	return ""
}

func methodsOf(names []string) (m Methods) {
	for _, name := range names {
		m |= methodNames[name]
	}
	return m
}

// Client is an application as the token path knows it. Its slices must not be changed; Candidates is reused
// when the same Client is filled again.
type Client struct {
	Environment *Environment
	ID          uuid.UUID
	Kind        application.Kind
	Enabled     bool
	Epoch       uint32
	// Lock says how failed logons with secrets lock it.
	Lock lock.Mode
	// LegacyAudience lets its assertions name the token endpoint as their audience.
	LegacyAudience bool
	// Lifetime shortens or lengthens its tokens; 0 is what the API says.
	Lifetime    time.Duration
	Methods     Methods
	Permissions []uint32
	Introspects []uint32
	Candidates  []proof.Candidate
}

// Candidate returns the credential with that id, or nil.
func (c *Client) Candidate(id uuid.UUID) *proof.Candidate {
	for i := range c.Candidates {
		if c.Candidates[i].ID == id {
			return &c.Candidates[i]
		}
	}
	return nil
}

// Standing is what the gate is asked about: this client acting with one of its credentials, at an API or, when
// api is nil, at none.
func (c *Client) Standing(with *proof.Candidate, api *access.API) access.Standing {
	e := c.Environment
	s := access.Standing{
		EnvironmentEnabled: e.Enabled, APIEnabled: true, ApplicationEnabled: c.Enabled, CredentialEnabled: with.Enabled,
		NotBefore: with.NotBefore, Expires: with.Expires, Families: with.Families, Networks: with.Networks(),
		Epochs: access.Epochs{
			Incarnation: e.Incarnation, Environment: e.Epoch, Application: c.Epoch, Credential: with.Epoch,
		},
	}
	if api != nil {
		s.APIEnabled, s.Epochs.API = api.Enabled, api.Epoch
	}
	return s
}

// clientShards spreads clients so that a change locks out few readers; ids are random, so one byte of them will do.
const clientShards = 64

// clients holds every client in flat arrays. An entry holds no pointer: lists are numbers into sets, and the
// credentials of a client are a chain of indices.
type clients struct {
	shards [clientShards]clientShard
}

type clientShard struct {
	mu          sync.RWMutex
	sets        *sets // shared by all shards
	index       map[clientKey]int32
	clients     []clientEntry
	credentials []credentialEntry
	freeClients []int32
	freeChain   int32 // credentials to be used again, chained; none is -1
	// asides holds what few credentials have, by the index of the credential; the many cost nothing here.
	asides map[int32]*proof.Aside
}

type clientKey struct {
	environment uint32
	id          uuid.UUID
}

type clientEntry struct {
	lifetime    time.Duration
	epoch       uint32
	permissions uint32
	introspects uint32
	first       int32 // its first credential; none is -1
	methods     Methods
	kind        kindNumber
	lock        lock.Mode
	enabled     bool
	legacy      bool
}

// kindNumber stands for an [application.Kind] in an entry without pointers.
type kindNumber uint8

var kinds = [...]application.Kind{
	application.Service, application.Worker, application.Pair, application.Global, application.Exchange, application.Connection,
}

func numberOf(kind application.Kind) kindNumber {
	return kindNumber(max(0, slices.Index(kinds[:], kind)))
}

type credentialEntry struct {
	candidate   credentialFacts
	permissions uint32
	next        int32
}

// credentialFacts is [proof.Candidate] without its slice.
type credentialFacts struct {
	id                 uuid.UUID
	mac                [32]byte
	notBefore, expires int64
	epoch              uint32
	layers             proof.Layers
	means              proof.Means
	families           access.Families
	enabled, narrowed  bool
	aside              bool // there is more of it in asides
}

func newClients(s *sets) *clients {
	c := &clients{}
	for i := range c.shards {
		c.shards[i].sets = s
		c.shards[i].index = map[clientKey]int32{}
		c.shards[i].asides = map[int32]*proof.Aside{}
		c.shards[i].freeChain = -1
	}
	return c
}

func (c *clients) shard(id uuid.UUID) *clientShard { return &c.shards[id[15]%clientShards] }

// become takes over everything fresh holds, shard by shard.
func (c *clients) become(fresh *clients) {
	for i := range c.shards {
		from, to := &fresh.shards[i], &c.shards[i]
		to.mu.Lock()
		to.sets, to.index, to.clients, to.credentials = from.sets, from.index, from.clients, from.credentials
		to.freeClients, to.freeChain, to.asides = from.freeClients, from.freeChain, from.asides
		to.mu.Unlock()
	}
}

// find fills into with the client and reports whether it is there.
func (c *clients) find(e *Environment, id uuid.UUID, into *Client) bool {
	s := c.shard(id)
	s.mu.RLock()
	defer s.mu.RUnlock()
	at, ok := s.index[clientKey{e.index, id}]
	if !ok {
		return false
	}
	entry := &s.clients[at]
	into.Environment, into.ID, into.Enabled, into.Epoch = e, id, entry.enabled, entry.epoch
	into.Lifetime, into.Methods, into.Lock = entry.lifetime, entry.methods, entry.lock
	into.Kind, into.LegacyAudience = kinds[entry.kind], entry.legacy
	into.Permissions, into.Introspects = s.sets.get(entry.permissions), s.sets.get(entry.introspects)
	into.Candidates = into.Candidates[:0]
	for at := entry.first; at >= 0; at = s.credentials[at].next {
		k := &s.credentials[at]
		into.Candidates = append(into.Candidates, proof.Candidate{
			ID: k.candidate.id, Means: k.candidate.means, MAC: k.candidate.mac, Layers: k.candidate.layers, Enabled: k.candidate.enabled,
			Epoch: k.candidate.epoch, NotBefore: k.candidate.notBefore, Expires: k.candidate.expires, Families: k.candidate.families,
			Narrowed: k.candidate.narrowed, Permissions: s.sets.get(k.permissions),
		})
		if k.candidate.aside {
			into.Candidates[len(into.Candidates)-1].Aside = s.asides[at]
		}
	}
	return true
}

// put stores an application with its credentials in place of what was known of it, or removes it when a is nil.
// A reader sees all of the change or none of it.
func (c *clients) put(environment uint32, id uuid.UUID, a *application.Application, candidates []proof.Candidate) {
	key := clientKey{environment, id}
	s := c.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(key)
	if a == nil {
		return
	}
	entry := clientEntry{
		lifetime: a.Lifetime, epoch: a.Epoch, methods: methodsOf(a.Methods), enabled: a.Enabled, first: -1,
		kind: numberOf(a.Kind), lock: a.Lock, legacy: a.LegacyAudience,
		permissions: s.sets.put(a.Permissions), introspects: s.sets.put(a.Introspects),
	}
	at := int32(len(s.clients))
	if n := len(s.freeClients); n > 0 {
		at, s.freeClients = s.freeClients[n-1], s.freeClients[:n-1]
		s.clients[at] = entry
	} else {
		s.clients = append(s.clients, entry)
	}
	s.index[key] = at
	for i := range candidates {
		s.add(at, &candidates[i])
	}
}

// attach gives a stored client one more credential, while the register is being filled. A client that is not
// there is passed over.
func (c *clients) attach(environment uint32, app uuid.UUID, k *proof.Candidate) {
	s := c.shard(app)
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ok := s.index[clientKey{environment, app}]; ok {
		s.add(at, k)
	}
}

func (s *clientShard) add(owner int32, k *proof.Candidate) {
	entry := credentialEntry{permissions: s.sets.put(k.Permissions), next: s.clients[owner].first, candidate: credentialFacts{
		id: k.ID, mac: k.MAC, notBefore: k.NotBefore, expires: k.Expires, epoch: k.Epoch, layers: k.Layers,
		means: k.Means, families: k.Families, enabled: k.Enabled, narrowed: k.Narrowed, aside: k.Aside != nil,
	}}
	at := s.freeChain
	if at >= 0 {
		s.freeChain = s.credentials[at].next
		s.credentials[at] = entry
	} else {
		at = int32(len(s.credentials))
		s.credentials = append(s.credentials, entry)
	}
	if k.Aside != nil {
		s.asides[at] = k.Aside
	}
	s.clients[owner].first = at
}

func (s *clientShard) remove(key clientKey) {
	at, ok := s.index[key]
	if !ok {
		return
	}
	for k := s.clients[at].first; k >= 0; {
		next := s.credentials[k].next
		s.credentials[k] = credentialEntry{next: s.freeChain}
		delete(s.asides, k)
		s.freeChain = k
		k = next
	}
	s.clients[at] = clientEntry{first: -1}
	s.freeClients = append(s.freeClients, at)
	delete(s.index, key)
}
