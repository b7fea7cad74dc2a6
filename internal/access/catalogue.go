package access

import (
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/keyring"
)

// Format is how the tokens of an API look.
type Format string

const (
	// JWT tokens can be verified without asking (RFC 9068); such a verifier learns of a revocation only when
	// the token expires.
	JWT Format = "jwt"
	// Handle tokens say nothing to anybody but this installation.
	Handle Format = "handle"
)

// OnStale is what a node does for an API while it cannot hear the ledger.
type OnStale string

const (
	// Serve goes on from what the node knows, for at most [register.MaxStale].
	Serve OnStale = "serve"
	// Refuse answers "unavailable" once the node's knowledge is older than five seconds.
	Refuse OnStale = "refuse"
)

// API is a resource server: something tokens are made for.
type API struct {
	ID        uuid.UUID
	Number    uint32 // within the environment; never reused, so tokens can name an API by it
	Name      string
	Audience  string
	Builtin   bool
	Format    Format
	Alg       keyring.Alg
	Lifetime  time.Duration
	OnStale   OnStale
	Enabled   bool
	Epoch     uint32
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
	// Permissions are the API's, by name.
	Permissions []Permission
}

// Permission is one thing an API lets a client do; on the wire it is a scope (RFC 6749 §3.3).
type Permission struct {
	Number      uint32 // within the environment; never reused
	Name        string // unique within the environment
	Description string
}

// Catalogue is an environment's APIs and permissions, indexed. It is immutable.
type Catalogue struct {
	apis       map[uint32]*API
	byAudience map[string]*API
	byName     map[string]entry
	byNumber   map[uint32]entry
}

type entry struct {
	api        *API
	permission Permission
}

// NewCatalogue indexes apis.
func NewCatalogue(apis []*API) *Catalogue {
	c := &Catalogue{
		apis: map[uint32]*API{}, byAudience: map[string]*API{},
		byName: map[string]entry{}, byNumber: map[uint32]entry{},
	}
	for _, api := range apis {
		c.apis[api.Number] = api
		// The management API's audience follows the base URL, so another may have had it before; it loses it.
		if taken := c.byAudience[api.Audience]; taken == nil || !taken.Builtin {
			c.byAudience[api.Audience] = api
		}
		for _, p := range api.Permissions {
			c.byName[p.Name] = entry{api, p}
			c.byNumber[p.Number] = entry{api, p}
		}
	}
	return c
}

// API returns the API with that number, or nil.
func (c *Catalogue) API(number uint32) *API { return c.apis[number] }

// Of returns the API that the permission with that number belongs to, or nil.
func (c *Catalogue) Of(number uint32) *API { return c.byNumber[number].api }

// Number returns the number of the permission called name.
func (c *Catalogue) Number(name string) (number uint32, ok bool) {
	e, ok := c.byName[name]
	return e.permission.Number, ok
}

// Management returns the sorted numbers of permissions of the management API, leaving out those that it does not have.
func (c *Catalogue) Management(names []string) []uint32 {
	var numbers []uint32
	for _, name := range names {
		if e, ok := c.byName[name]; ok && e.api.Builtin {
			numbers = append(numbers, e.permission.Number)
		}
	}
	slices.Sort(numbers)
	return slices.Compact(numbers)
}

// ManagementHeld names the permissions of the management API that application and credential both hold, sorted.
func (c *Catalogue) ManagementHeld(a Asked) []string {
	names := []string{}
	for _, n := range a.Application {
		if e, ok := c.byNumber[n]; ok && e.api.Builtin && a.Holds(n) {
			names = append(names, e.permission.Name)
		}
	}
	slices.Sort(names)
	return names
}

// Names lists the permissions with those numbers that still exist, in the order given.
func (c *Catalogue) Names(numbers []uint32) []string {
	names := make([]string, 0, len(numbers))
	for _, n := range numbers {
		if e, ok := c.byNumber[n]; ok {
			names = append(names, e.permission.Name)
		}
	}
	return names
}

// Permissions lists every permission in the environment, by number.
func (c *Catalogue) Permissions() []Permission {
	all := make([]Permission, 0, len(c.byNumber))
	for _, e := range c.byNumber {
		all = append(all, e.permission)
	}
	slices.SortFunc(all, func(a, b Permission) int { return int(a.Number) - int(b.Number) })
	return all
}

// AppendScope appends the scope (RFC 6749 §3.3) of those of numbers that still exist and belong to api.
func (c *Catalogue) AppendScope(dst []byte, api *API, numbers []uint32) []byte {
	first := true
	for _, n := range numbers {
		e, ok := c.byNumber[n]
		if !ok || e.api != api {
			continue
		}
		if !first {
			dst = append(dst, ' ')
		}
		first = false
		dst = append(dst, e.permission.Name...)
	}
	return dst
}

// Asked is what a client asks a token for, beside what it may have.
type Asked struct {
	// Application and Credential are the permissions of each, as sorted numbers. Every permission of the
	// application is open to a credential that is not Narrowed.
	Application, Credential []uint32
	Narrowed                bool
	// Scope is the space-separated scope parameter, and Resource the resource parameter (RFC 8707); empty
	// means not asked for.
	Scope, Resource string
}

// Grant is what a token will be for: one API and some of its permissions.
type Grant struct {
	API         *API
	Permissions []uint32
}

// Shortfall is why nothing can be granted.
type Shortfall uint8

const (
	// Enough is no shortfall.
	Enough Shortfall = iota
	// BadScope is a malformed scope parameter (RFC 6749 §3.3).
	BadScope
	// ScopeNotGranted is a scope that does not exist, or that application or credential lack.
	ScopeNotGranted
	// NothingGranted is a client without any permission to give a token for.
	NothingGranted
	// UnknownTarget is a resource that is no API, or one this client has no permission on (RFC 8707 §2).
	UnknownTarget
	// AmbiguousTarget is a request that reaches more than one API; a token is for one.
	AmbiguousTarget
)

// Attenuate computes what a token may do. It never grants part of what was asked: a client that asks for too
// much is told so.
func (c *Catalogue) Attenuate(a Asked) (Grant, Shortfall) {
	var target *API
	if a.Resource != "" {
		if target = c.byAudience[a.Resource]; target == nil {
			return Grant{}, UnknownTarget
		}
	}
	if a.Scope == "" {
		return c.everything(a, target)
	}
	granted := make([]uint32, 0, 4)
	for rest, more := a.Scope, true; more; {
		var name string
		name, rest, more = strings.Cut(rest, " ")
		if !validScope(name) {
			return Grant{}, BadScope
		}
		e, ok := c.byName[name]
		if !ok || !a.Holds(e.permission.Number) {
			return Grant{}, ScopeNotGranted
		}
		if target == nil {
			target = e.api
		}
		if e.api != target {
			return Grant{}, AmbiguousTarget
		}
		if !slices.Contains(granted, e.permission.Number) {
			granted = append(granted, e.permission.Number)
		}
	}
	return Grant{target, granted}, Enough
}

// everything grants all that the client may do, at the API asked for or at the only one it reaches.
func (c *Catalogue) everything(a Asked, target *API) (Grant, Shortfall) {
	granted := make([]uint32, 0, len(a.Application))
	asked := target != nil
	for _, n := range a.Application {
		e, ok := c.byNumber[n]
		if !ok || !a.Holds(n) {
			continue
		}
		if target == nil {
			target = e.api
		}
		if e.api == target {
			granted = append(granted, n)
		} else if !asked {
			return Grant{}, AmbiguousTarget
		}
	}
	switch {
	case len(granted) > 0:
		return Grant{target, granted}, Enough
	case asked:
		return Grant{}, UnknownTarget
	default:
		return Grant{}, NothingGranted
	}
}

// Holds reports whether application and credential both hold the permission with that number.
func (a *Asked) Holds(n uint32) bool {
	if _, ok := slices.BinarySearch(a.Application, n); !ok {
		return false
	}
	if !a.Narrowed {
		return true
	}
	_, ok := slices.BinarySearch(a.Credential, n)
	return ok
}

// validScope reports whether s is a scope-token (RFC 6749 §3.3): printable ASCII without space, quote and
// backslash. One shape for parsing requests and for naming permissions.
func validScope(s string) bool {
	if s == "" || len(s) > maxScopeLength {
		return false
	}
	for i := range len(s) {
		if b := s[i]; b <= 0x20 || b >= 0x7F || b == '"' || b == '\\' {
			return false
		}
	}
	return true
}

// maxScopeLength bounds the name of a permission, in bytes.
const maxScopeLength = 100

// Numbers returns the sorted numbers of the permissions called names, or [fault.Invalid] on field for a name
// that no API of the environment has.
func (c *Catalogue) Numbers(field string, names []string) ([]uint32, error) {
	numbers := make([]uint32, 0, len(names))
	for _, name := range names {
		e, ok := c.byName[name]
		if !ok {
			return nil, fault.On(field, "there is no scope %q; create it with its API first", name)
		}
		numbers = append(numbers, e.permission.Number)
	}
	slices.Sort(numbers)
	return slices.Compact(numbers), nil
}

// APINumbers is like [Catalogue.Numbers] for names of APIs.
func (c *Catalogue) APINumbers(field string, names []string) ([]uint32, error) {
	numbers := make([]uint32, 0, len(names))
	for _, name := range names {
		number, ok := c.apiCalled(name)
		if !ok {
			return nil, fault.On(field, "there is no API %q", name)
		}
		numbers = append(numbers, number)
	}
	slices.Sort(numbers)
	return slices.Compact(numbers), nil
}

func (c *Catalogue) apiCalled(name string) (number uint32, ok bool) {
	for _, api := range c.apis {
		if api.Name == name {
			return api.Number, true
		}
	}
	return 0, false
}

// APINames lists the APIs with those numbers that still exist, in the order given.
func (c *Catalogue) APINames(numbers []uint32) []string {
	names := make([]string, 0, len(numbers))
	for _, n := range numbers {
		if api, ok := c.apis[n]; ok {
			names = append(names, api.Name)
		}
	}
	return names
}
