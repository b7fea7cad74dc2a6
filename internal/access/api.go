package access

import (
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/keyring"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// Bounds and defaults of an API's settings.
const (
	DefaultLifetime = 10 * time.Minute
	MinLifetime     = time.Minute
	// MaxLifetime is also how long a revoked token is remembered at most.
	MaxLifetime    = 24 * time.Hour
	maxPermissions = 200
)

// managementAudience stands in the row of the management API; the register replaces it by the issuer's own,
// which follows the base URL.
const managementAudience = "counterfoil:management"

// APISpec is what can be said about an API; on creation zero values mean the defaults.
type APISpec struct {
	Name, Audience string
	Permissions    []Permission // Number is ignored
	Format         Format
	Alg            keyring.Alg
	Lifetime       time.Duration
	OnStale        OnStale
}

// Authority makes and changes APIs. It sees to it that an environment has a signing key for every algorithm
// that one of its APIs asks for.
type Authority struct{ Ring *keyring.Ring }

// Install gives a new environment its management API.
func (y *Authority) Install(tx *db.Tx, actor *Actor, environment uuid.UUID) error {
	api := &API{Name: "counterfoil", Audience: managementAudience, Builtin: true, OnStale: Refuse, Permissions: slices.Clone(management)}
	return y.create(tx, actor, environment, api)
}

// CreateAPI adds an API to the actor's environment. Names of permissions are unique in the environment;
// [fault.Conflict] names the one that is taken.
func (y *Authority) CreateAPI(tx *db.Tx, actor *Actor, spec APISpec) (*API, error) {
	if err := Allow(tx, actor, WriteAPIs); err != nil {
		return nil, err
	}
	api := &API{
		Name: strings.TrimSpace(spec.Name), Audience: spec.Audience, Format: spec.Format, Alg: spec.Alg,
		Lifetime: spec.Lifetime, OnStale: spec.OnStale, Permissions: slices.Clone(spec.Permissions),
	}
	return api, y.create(tx, actor, actor.Environment, api)
}

func (y *Authority) create(tx *db.Tx, actor *Actor, environment uuid.UUID, api *API) error {
	if api.Format == "" {
		api.Format = JWT
	}
	if api.Alg == "" {
		api.Alg = keyring.ES256
	}
	if api.Lifetime == 0 {
		api.Lifetime = DefaultLifetime
	}
	if api.OnStale == "" {
		api.OnStale = Serve
	}
	if err := api.validate(); err != nil {
		return err
	}
	first, err := numbers(tx, environment, 1+len(api.Permissions))
	if err != nil {
		return err
	}
	api.ID, api.Number, api.Enabled, api.Version = uuid.New(), first, true, 1
	api.CreatedAt, api.UpdatedAt = tx.Now(), tx.Now()
	if err := api.insert(tx, environment); err != nil {
		return err
	}
	for i := range api.Permissions {
		api.Permissions[i].Number = first + 1 + uint32(i)
		if err := api.Permissions[i].insert(tx, environment, api.ID); err != nil {
			return err
		}
	}
	if err := y.ensureKey(tx, actor, environment, api.Alg); err != nil {
		return err
	}
	record(tx, actor, environment, "api.created", api, nil, api.facts())
	return nil
}

// ChangeAPI applies change to an API of the actor's environment. version is the one the caller saw, or 0 for
// whichever is current; another is [fault.Stale]. Permissions that change leaves out are gone at once, from
// live tokens too; their numbers are not used again. The management API cannot be changed.
func (y *Authority) ChangeAPI(tx *db.Tx, actor *Actor, id uuid.UUID, version int64, change func(*APISpec)) (*API, error) {
	api, err := writable(tx, actor, id, version)
	if err != nil {
		return nil, err
	}
	before := api.facts()
	spec := APISpec{
		Name: api.Name, Audience: api.Audience, Permissions: slices.Clone(api.Permissions), Format: api.Format,
		Alg: api.Alg, Lifetime: api.Lifetime, OnStale: api.OnStale,
	}
	change(&spec)
	old := api.Permissions
	api.Name, api.Audience, api.Permissions = strings.TrimSpace(spec.Name), spec.Audience, slices.Clone(spec.Permissions)
	api.Format, api.Alg, api.Lifetime, api.OnStale = spec.Format, spec.Alg, spec.Lifetime, spec.OnStale
	if err := api.validate(); err != nil {
		return nil, err
	}
	if api.Audience != before.Audience {
		api.Epoch++ // tokens for the old audience are not good for the new one
	}
	if err := api.replacePermissions(tx, actor.Environment, old); err != nil {
		return nil, err
	}
	if err := api.update(tx, actor.Environment); err != nil {
		return nil, err
	}
	if err := y.ensureKey(tx, actor, actor.Environment, api.Alg); err != nil {
		return nil, err
	}
	record(tx, actor, actor.Environment, "api.changed", api, before, api.facts())
	return api, nil
}

func (y *Authority) ensureKey(tx *db.Tx, actor *Actor, environment uuid.UUID, alg keyring.Alg) error {
	made, err := y.Ring.Ensure(tx, environment, alg)
	if made {
		ledger.Append(tx, actor.Who(), ledger.Event{
			Environment: environment, Kind: "key.created", Register: true,
			Subject: ledger.Subject{Kind: "key", ID: strings.ToLower(string(alg))},
		})
	}
	return err
}

// replacePermissions writes the difference between old and the API's permissions: those of the same name keep
// their number.
func (a *API) replacePermissions(tx *db.Tx, environment uuid.UUID, old []Permission) error {
	named := map[string]Permission{}
	for _, p := range old {
		named[p.Name] = p
	}
	fresh := 0
	for i, p := range a.Permissions {
		if was, ok := named[p.Name]; ok {
			a.Permissions[i].Number = was.Number
			delete(named, p.Name)
			if _, err := tx.Exec(updatePermission, environment.String(), was.Number, p.Description); err != nil {
				return err
			}
			continue
		}
		a.Permissions[i].Number = 0
		fresh++
	}
	for _, gone := range named {
		if _, err := tx.Exec(deletePermission, environment.String(), gone.Number); err != nil {
			return err
		}
	}
	if fresh == 0 {
		return nil
	}
	next, err := numbers(tx, environment, fresh)
	if err != nil {
		return err
	}
	for i := range a.Permissions {
		if a.Permissions[i].Number != 0 {
			continue
		}
		a.Permissions[i].Number = next
		next++
		if err := a.Permissions[i].insert(tx, environment, a.ID); err != nil {
			return err
		}
	}
	return nil
}

// SetAPIEnabled disables or enables an API. Disabling kills its tokens for good.
func SetAPIEnabled(tx *db.Tx, actor *Actor, id uuid.UUID, enabled bool) (*API, error) {
	api, err := writable(tx, actor, id, 0)
	if err != nil || api.Enabled == enabled {
		return api, err
	}
	before := api.facts()
	api.Enabled = enabled
	kind := "api.enabled"
	if !enabled {
		api.Epoch++
		kind = "api.disabled"
	}
	if err := api.update(tx, actor.Environment); err != nil {
		return nil, err
	}
	record(tx, actor, actor.Environment, kind, api, before, api.facts())
	return api, nil
}

// DeleteAPI removes an API, its permissions and, with them, all its tokens.
func DeleteAPI(tx *db.Tx, actor *Actor, id uuid.UUID, version int64) error {
	api, err := writable(tx, actor, id, version)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(deleteAPIPermissions, actor.Environment.String(), id.String()); err != nil {
		return err
	}
	if _, err := tx.Exec(deleteAPI, actor.Environment.String(), id.String()); err != nil {
		return err
	}
	record(tx, actor, actor.Environment, "api.deleted", api, api.facts(), nil)
	return nil
}

func writable(tx *db.Tx, actor *Actor, id uuid.UUID, version int64) (*API, error) {
	if err := Allow(tx, actor, WriteAPIs); err != nil {
		return nil, err
	}
	// The lock keeps two changes from both building on what they read.
	if _, err := db.One(tx, scanAPI, selectAPI+tx.ForUpdate(), actor.Environment.String(), id.String()); err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	api, err := GetAPI(tx, actor.Environment, id)
	if err != nil {
		return nil, err
	}
	if api.Builtin {
		return nil, fault.New(fault.Conflict, "the management API belongs to Counterfoil and cannot be changed")
	}
	if version != 0 && version != api.Version {
		return nil, fault.New(fault.Stale, "the API was changed by somebody else; read it again")
	}
	return api, nil
}

func (a *API) validate() error {
	if err := ValidName("name", a.Name); err != nil {
		return err
	}
	if !a.Builtin {
		u, err := url.Parse(a.Audience)
		if err != nil || u.Scheme == "" || u.Host == "" && u.Opaque == "" || len(a.Audience) > 255 || strings.ContainsFunc(a.Audience, notInURI) {
			return fault.On("audience", "the audience must be an absolute URI without fragment, such as https://invoices.example (RFC 8707 §2)")
		}
	}
	if a.Format != JWT && a.Format != Handle {
		return fault.On("token_format", "the token format is jwt or handle")
	}
	if !a.Alg.Valid() {
		return fault.On("signing_alg", "the signing algorithm is ES256, EdDSA, RS256 or PS256")
	}
	if a.Lifetime < MinLifetime || a.Lifetime > MaxLifetime {
		return fault.On("token_lifetime", "a token lives from %d to %d seconds", int(MinLifetime.Seconds()), int(MaxLifetime.Seconds()))
	}
	if a.OnStale != Serve && a.OnStale != Refuse {
		return fault.On("on_stale", "on_stale is serve or refuse")
	}
	return validatePermissions(a.Permissions)
}

// notInURI reports characters that an audience may not hold: it stands unescaped in tokens and form parameters.
func notInURI(r rune) bool { return r <= 0x20 || r >= 0x7F || strings.ContainsRune(`#"\\<>`, r) }

func validatePermissions(permissions []Permission) error {
	if len(permissions) > maxPermissions {
		return fault.On("scopes", "an API has at most %d scopes", maxPermissions)
	}
	seen := map[string]bool{}
	for _, p := range permissions {
		switch {
		case isFamily(p.Name):
			return fault.On("scopes", "%s is the name of an API family; call the scope something else", p.Name)
		case !validScope(p.Name):
			return fault.On("scopes", "a scope is 1 to %d printable ASCII characters without space, quote and backslash (RFC 6749 §3.3)", maxScopeLength)
		case seen[p.Name]:
			return fault.On("scopes", "the scope %s is listed twice", p.Name)
		case utf8.RuneCountInString(p.Description) > 255:
			return fault.On("scopes", "the description of %s is longer than 255 characters", p.Name)
		}
		seen[p.Name] = true
	}
	return nil
}

// ValidName checks the name of an API, application or environment: 1 to 100 characters, none of which moves a
// cursor or hides (control and format characters), so that a name cannot forge a line in a log or a table.
func ValidName(field, name string) error {
	if name == "" || utf8.RuneCountInString(name) > 100 || !utf8.ValidString(name) {
		return fault.On(field, "a name has 1 to 100 characters")
	}
	for _, r := range name {
		if !unicode.IsPrint(r) {
			return fault.On(field, "a name has printable characters only")
		}
	}
	return nil
}

// facts is what the ledger keeps of an API.
type facts struct {
	Name     string   `json:"name"`
	Audience string   `json:"audience"`
	Scopes   []string `json:"scopes"`
	Format   Format   `json:"token_format"`
	Alg      string   `json:"signing_alg"`
	Lifetime int64    `json:"token_lifetime"`
	OnStale  OnStale  `json:"on_stale"`
	Enabled  bool     `json:"enabled"`
	Epoch    uint32   `json:"epoch"`
}

func (a *API) facts() *facts {
	f := &facts{
		Name: a.Name, Audience: a.Audience, Scopes: []string{}, Format: a.Format, Alg: string(a.Alg),
		Lifetime: int64(a.Lifetime / time.Second), OnStale: a.OnStale, Enabled: a.Enabled, Epoch: a.Epoch,
	}
	for _, p := range a.Permissions {
		f.Scopes = append(f.Scopes, p.Name)
	}
	return f
}

func record(tx *db.Tx, actor *Actor, environment uuid.UUID, kind string, api *API, before, after *facts) {
	e := ledger.Event{Environment: environment, Kind: kind, Register: true, Subject: ledger.Subject{Kind: "api", ID: api.ID.String()}}
	// A nil pointer in an interface is not nil, and would be kept as "null".
	if before != nil {
		e.Before = before
	}
	if after != nil {
		e.After = after
	}
	ledger.Append(tx, actor.Who(), e)
}
