package role

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// maxRoles bounds how many roles an environment makes for itself: a list is shown at once.
const maxRoles = 200

// Spec is what can be said about a role. Permissions are names of the management API, at least one.
type Spec struct {
	Name, Description string
	Permissions       []string
}

func fold(name string) string { return directory.Fold(name) }

// List returns every role of the actor's environment: the built-in ones, the mightiest first, and then its own by name.
func List(tx *db.Tx, actor *access.Actor) ([]*access.Definition, error) {
	if err := access.AllowSomewhere(tx, actor, access.ReadRoles); err != nil {
		return nil, err
	}
	var all []*access.Definition
	for _, r := range access.Roles() {
		all = append(all, r.Defined())
	}
	own, err := access.CustomRoles(tx, actor.Environment)
	return append(all, own...), err
}

// Get returns one role, or [fault.NotFound].
func Get(tx *db.Tx, actor *access.Actor, id access.Role) (*access.Definition, error) {
	if err := access.AllowSomewhere(tx, actor, access.ReadRoles); err != nil {
		return nil, err
	}
	return access.GetRole(tx, actor.Environment, id)
}

// Create makes a role. A name that is taken, whatever its case and width, is [fault.Conflict]; a permission that the
// actor does not hold is [fault.Denied].
func Create(tx *db.Tx, actor *access.Actor, spec Spec) (*access.Definition, error) {
	if err := access.Allow(tx, actor, access.WriteRoles); err != nil {
		return nil, err
	}
	count, err := db.Value[int](tx, countRoles, actor.Environment.String())
	if err == nil && count >= maxRoles {
		err = fault.New(fault.Conflict, "the environment has %d roles of its own, the most it may have", count)
	}
	if err != nil {
		return nil, err
	}
	d := &access.Definition{Role: access.Role(uuid.NewString()), Version: 1, CreatedAt: tx.Now(), UpdatedAt: tx.Now()}
	if err := apply(d, spec); err != nil {
		return nil, err
	}
	if err := allow(actor, d.Permissions, nil); err != nil {
		return nil, err
	}
	if err := write(tx, insertRole, actor.Environment, d); err != nil {
		return nil, err
	}
	record(tx, actor, "role.created", d, nil, factsOf(d))
	return d, nil
}

// Change applies change to a custom role; a built-in one is [fault.Conflict]. version is the one the caller saw, or 0;
// another is [fault.Stale]. Other permissions need everything that the role permitted and is to permit, over all that it
// is held over, and roles:assign there; who holds it has them at once, and loses at once what was taken.
func Change(tx *db.Tx, actor *access.Actor, id access.Role, version int64, change func(*Spec)) (*access.Definition, error) {
	d, err := writable(tx, actor, id, version)
	if err != nil {
		return nil, err
	}
	before := factsOf(d)
	spec := Spec{Name: d.Name, Description: d.Description, Permissions: slices.Clone(d.Permissions)}
	change(&spec)
	if err := apply(d, spec); err != nil {
		return nil, err
	}
	workers, scopes, err := holders(tx, actor.Environment, id)
	if err != nil {
		return nil, err
	}
	regrant := !slices.Equal(before.Scopes, d.Permissions)
	if !regrant {
		scopes = nil
	}
	if err := allow(actor, append(before.Scopes, d.Permissions...), scopes); err != nil {
		return nil, err
	}
	for _, scope := range scopes {
		if d.Covers(scope.Kind) != nil {
			return nil, fault.New(fault.Conflict, "somebody holds this role over one %s, where it can include only what is about people", scope.Kind)
		}
	}
	d.Version++
	d.UpdatedAt = tx.Now()
	if err := write(tx, updateRole, actor.Environment, d); err != nil {
		return nil, err
	}
	record(tx, actor, "role.changed", d, before, factsOf(d))
	if !regrant {
		return d, nil
	}
	return d, application.Regrant(tx, actor, workers)
}

// Delete removes a custom role, and takes it from everybody who holds it. It asks for the same as [Change].
func Delete(tx *db.Tx, actor *access.Actor, id access.Role, version int64) error {
	d, err := writable(tx, actor, id, version)
	if err != nil {
		return err
	}
	workers, scopes, err := holders(tx, actor.Environment, id)
	if err != nil {
		return err
	}
	if err := allow(actor, d.Permissions, scopes); err != nil {
		return err
	}
	if _, err := tx.Exec(dropHolders, actor.Environment.String(), string(id)); err != nil {
		return err
	}
	if err := application.ForgetRole(tx, actor.Environment, id); err != nil {
		return err
	}
	if _, err := tx.Exec(deleteRole, actor.Environment.String(), string(id)); err != nil {
		return err
	}
	record(tx, actor, "role.deleted", d, factsOf(d), nil)
	return application.Regrant(tx, actor, workers)
}

func writable(tx *db.Tx, actor *access.Actor, id access.Role, version int64) (*access.Definition, error) {
	if err := access.Allow(tx, actor, access.WriteRoles); err != nil {
		return nil, err
	}
	d, err := access.KeepRole(tx, actor.Environment, id)
	switch {
	case err != nil:
		return nil, err
	case d.Builtin:
		return nil, fault.New(fault.Conflict, "%s is built in and stays as it is; make a role of your own", d.Name)
	case version != 0 && version != d.Version:
		return nil, fault.New(fault.Stale, "the role was changed by somebody else; read it again")
	}
	return d, nil
}

// apply checks spec and takes it over.
func apply(d *access.Definition, spec Spec) error {
	d.Name, d.Description = strings.TrimSpace(spec.Name), spec.Description
	if err := access.ValidName("name", d.Name); err != nil {
		return err
	}
	if _, err := uuid.Parse(d.Name); err == nil {
		return fault.On("name", "a name that looks like an id could be taken for that of another role")
	}
	if slices.ContainsFunc(access.Roles(), func(r access.Role) bool { return fold(string(r)) == fold(d.Name) }) {
		return fault.New(fault.Conflict, "%s is built in; find another name", d.Name)
	}
	if utf8.RuneCountInString(d.Description) > 255 || !utf8.ValidString(d.Description) {
		return fault.On("description", "a description has at most 255 characters")
	}
	known := access.ManagementPermissions()
	for _, name := range spec.Permissions {
		if !slices.Contains(known, name) {
			return fault.On("scopes", "the management API has no scope %q", name)
		}
	}
	// In the order of the management API, each once, whatever order they come in.
	d.Permissions = slices.DeleteFunc(known, func(name string) bool { return !slices.Contains(spec.Permissions, name) })
	if len(d.Permissions) == 0 {
		return fault.On("scopes", "a role permits something; name at least one scope")
	}
	d.Over = access.CustomScopes(d.Permissions)
	return nil
}

// allow refuses ([fault.Denied]) an actor who lacks one of the permissions, or cannot assign roles over one of the scopes
// that the role is held over, or lacks there what it gives.
func allow(actor *access.Actor, permissions []string, held []access.RoleScope) error {
	for _, name := range permissions {
		if !actor.May(name) {
			return fault.New(fault.Denied, "this role includes %s, which you do not hold", name)
		}
	}
	for _, scope := range held {
		if !actor.MayOn(access.AssignRoles, scope.Kind, scope.ID) {
			return fault.New(fault.Denied, "somebody holds this role, so what it permits is for those who may assign roles: this needs the scope %s", access.AssignRoles)
		}
		for _, name := range permissions {
			if !actor.MayOn(name, scope.Kind, scope.ID) {
				return fault.New(fault.Denied, "somebody holds this role over the %s, where you do not hold %s", scope.Kind, name)
			}
		}
	}
	return nil
}

// holders returns the workers that hold a role, and everything that it is held over by anybody.
func holders(tx *db.Tx, environment uuid.UUID, id access.Role) (workers []uuid.UUID, scopes []access.RoleScope, err error) {
	if workers, scopes, err = application.RoleHolders(tx, environment, id); err != nil {
		return nil, nil, err
	}
	more, err := db.All(tx, scanScope, selectScopes, environment.String(), string(id))
	return workers, append(scopes, more...), err
}

func record(tx *db.Tx, actor *access.Actor, kind string, d *access.Definition, before, after any) {
	ledger.Append(tx, actor.Who(), ledger.Event{
		Environment: actor.Environment, Kind: kind, Subject: ledger.Subject{Kind: "role", ID: string(d.Role)}, Before: before, After: after,
	})
}
