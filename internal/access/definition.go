package access

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// Definition says what a role is: one of the built-in ones, which are fixed and the same everywhere, or one that an
// environment made for itself.
type Definition struct {
	// Role is what assignments call it: the word of a built-in one, the id of a custom one.
	Role              Role
	Name, Description string
	Builtin           bool
	Permissions       []string
	// Over are the kinds of scope that it can be granted over.
	Over []ScopeKind
	// Version counts changes; the times of a built-in role are zero.
	Version              int64
	CreatedAt, UpdatedAt time.Time
}

// personal are the permissions that mean something over one population. Over less than an environment a role gives no
// others: what is about no person has no population that could bound it.
var personal = append(slices.Clone(identityWrite), AssignRoles)

// CustomScopes lists the kinds of scope that a custom role with these permissions can be granted over.
func CustomScopes(permissions []string) []ScopeKind {
	over := []ScopeKind{OverOrganization, OverEnvironment}
	if len(without(permissions, personal)) == 0 {
		over = append(over, OverPopulation)
	}
	return over
}

// Has reports whether the role gives a permission.
func (d *Definition) Has(permission string) bool { return slices.Contains(d.Permissions, permission) }

// Covers refuses ([fault.Invalid]) a kind of scope that the role is not granted over.
func (d *Definition) Covers(kind ScopeKind) error {
	if !slices.Contains(d.Over, kind) {
		return fault.On("scope", "this role is not granted over one %s", kind)
	}
	return nil
}

// Defined returns the definition of a built-in role, or nil.
func (r Role) Defined() *Definition {
	known, ok := roles[r]
	if !ok {
		return nil
	}
	return &Definition{Role: r, Name: string(r), Description: known.says, Builtin: true, Permissions: r.Permissions(), Over: r.Scopes(), Version: 1}
}

const (
	definitionColumns = `id, name, description, permissions, version, created_at, updated_at`
	selectDefinition  = `SELECT ` + definitionColumns + ` FROM custom_role WHERE environment_id = $1 AND id = $2`
	selectDefinitions = `SELECT ` + definitionColumns + ` FROM custom_role WHERE environment_id = $1 ORDER BY name_folded`
)

func scanDefinition(scan db.Scan) (*Definition, error) {
	d := &Definition{}
	var permissions string
	var created, updated int64
	if err := scan((*string)(&d.Role), &d.Name, &d.Description, &permissions, &d.Version, &created, &updated); err != nil {
		return nil, err
	}
	d.CreatedAt, d.UpdatedAt = db.Time(created), db.Time(updated)
	err := json.Unmarshal([]byte(permissions), &d.Permissions)
	d.Over = CustomScopes(d.Permissions)
	return d, err
}

// GetRole returns a role, built-in or of the environment, or [fault.NotFound].
func GetRole(tx *db.Tx, environment uuid.UUID, role Role) (*Definition, error) {
	return getRole(tx, selectDefinition, environment, role)
}

// KeepRole is [GetRole] in a transaction that writes: a custom role stays as it is until the end, so that nobody is
// granted what it no longer is.
func KeepRole(tx *db.Tx, environment uuid.UUID, role Role) (*Definition, error) {
	return getRole(tx, selectDefinition+tx.ForUpdate(), environment, role)
}

func getRole(tx *db.Tx, query string, environment uuid.UUID, role Role) (*Definition, error) {
	if d := role.Defined(); d != nil {
		return d, nil
	}
	d, err := db.One(tx, scanDefinition, query, environment.String(), string(role))
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New(fault.NotFound, "there is no such role")
	}
	return d, err
}

// CustomRoles returns the roles that an environment made for itself, by name.
func CustomRoles(tx *db.Tx, environment uuid.UUID) ([]*Definition, error) {
	return db.All(tx, scanDefinition, selectDefinitions, environment.String())
}

// Held is a role that somebody has, and what it gives now.
type Held struct {
	Assignment
	// Name is what people call the role.
	Name  string
	Gives []string
}

func (h *Held) has(permission string) bool { return slices.Contains(h.Gives, permission) }

const (
	heldColumns = `SELECT a.role, a.scope_kind, a.scope_id, COALESCE(c.name, a.role), COALESCE(c.permissions, '')`
	heldRoles   = ` LEFT JOIN custom_role c ON c.environment_id = a.environment_id AND c.id = a.role WHERE a.environment_id = $1`

	selectAssignments = heldColumns + ` FROM role_assignment a` + heldRoles + ` AND a.application_id = $2 ORDER BY a.role, a.scope_kind, a.scope_id`
	selectUserRoles   = heldColumns + ` FROM user_role a` + heldRoles + ` AND a.user_id = $2 ORDER BY a.role, a.scope_kind, a.scope_id`
)

func scanHeld(scan db.Scan) (h Held, err error) {
	var id, permissions string
	if err = scan((*string)(&h.Role), (*string)(&h.Scope.Kind), &id, &h.Name, &permissions); err != nil {
		return h, err
	}
	if h.Gives = h.Role.Permissions(); permissions != "" {
		if err = json.Unmarshal([]byte(permissions), &h.Gives); err != nil {
			return h, err
		}
	}
	h.Scope.ID, err = uuid.Parse(id)
	return h, err
}

// Assignments returns the roles of an application. Only a worker has any.
func Assignments(tx *db.Tx, environment, app uuid.UUID) ([]Held, error) {
	return db.All(tx, scanHeld, selectAssignments, environment.String(), app.String())
}

// UserRoles returns the roles of a user.
func UserRoles(tx *db.Tx, environment, user uuid.UUID) ([]Held, error) {
	return db.All(tx, scanHeld, selectUserRoles, environment.String(), user.String())
}

// UserPermissions names everything that the roles of a user let it do over something, sorted.
func UserPermissions(tx *db.Tx, environment, user uuid.UUID) ([]string, error) {
	all, err := UserRoles(tx, environment, user)
	names := []string{}
	for _, h := range all {
		names = append(names, h.Gives...)
	}
	slices.Sort(names)
	return slices.Compact(names), err
}

// AllowHolder refuses ([fault.Denied]) an actor, once admitted, who lacks anything that one of the roles gives over the
// role's scope. Whoever takes over somebody may do all that they may: their password, their e-mail, their factors.
func AllowHolder(a *Actor, held []Held) error {
	for _, h := range held {
		for _, name := range h.Gives {
			if !a.MayOn(name, h.Scope.Kind, h.Scope.ID) || a.Lent(name) {
				return fault.New(fault.Denied, "this user may do more than you: it has the role %s, which includes %s", h.Name, name)
			}
		}
	}
	return nil
}
