package application

import (
	"slices"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

const (
	insertRole = `INSERT INTO role_assignment (environment_id, application_id, role, scope_kind, scope_id, created_by, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7)`
	deleteRole  = `DELETE FROM role_assignment WHERE environment_id = $1 AND application_id = $2 AND role = $3 AND scope_kind = $4 AND scope_id = $5`
	deleteRoles = `DELETE FROM role_assignment WHERE environment_id = $1 AND application_id = $2`
	maxRoles    = 50

	selectRoleHolders = `SELECT application_id, scope_kind, scope_id FROM role_assignment WHERE environment_id = $1 AND role = $2 ORDER BY application_id`
	forgetRole        = `DELETE FROM role_assignment WHERE environment_id = $1 AND role = $2`
	selectPopulation  = `SELECT count(*) FROM directory_population WHERE environment_id = $1 AND id = $2`
)

// Roles returns the roles of an application.
func Roles(tx *db.Tx, actor *access.Actor, id uuid.UUID) ([]access.Held, error) {
	if _, err := Get(tx, actor, id); err != nil {
		return nil, err
	}
	return access.Assignments(tx, actor.Environment, id)
}

// GrantRole gives a worker a role over a scope of the actor's environment. An application of another kind is
// [fault.Conflict], and so is a role that it has; a role that may do more than the actor there is [fault.Denied].
func GrantRole(tx *db.Tx, actor *access.Actor, id uuid.UUID, grant access.Assignment) error {
	a, err := roleHolder(tx, actor, id)
	if err != nil {
		return err
	}
	if a.Kind != Worker {
		return fault.New(fault.Conflict, "only a worker has roles; give this application scopes")
	}
	if err := AllowRole(tx, actor, grant); err != nil {
		return err
	}
	held, err := access.Assignments(tx, actor.Environment, id)
	switch {
	case err != nil:
		return err
	case slices.ContainsFunc(held, func(h access.Held) bool { return h.Assignment == grant }):
		return fault.New(fault.Conflict, "it has this role over this %s already", grant.Scope.Kind)
	case len(held) >= maxRoles:
		return fault.New(fault.Conflict, "it has %d roles, the most it may have", len(held))
	}
	_, err = tx.Exec(insertRole, a.Environment.String(), a.ID.String(), string(grant.Role), string(grant.Scope.Kind),
		grant.Scope.ID.String(), actor.Who().ID, db.Micros(tx.Now()))
	if err != nil {
		return err
	}
	return a.rolesChanged(tx, actor, "application.role_granted", grant)
}

// RevokeRole takes a role from an application; what it gave is gone from live tokens at once.
func RevokeRole(tx *db.Tx, actor *access.Actor, id uuid.UUID, grant access.Assignment) error {
	a, err := roleHolder(tx, actor, id)
	if err != nil {
		return err
	}
	rows, err := tx.Exec(deleteRole, a.Environment.String(), a.ID.String(), string(grant.Role), string(grant.Scope.Kind), grant.Scope.ID.String())
	if err != nil {
		return err
	}
	if rows == 0 {
		return fault.New(fault.NotFound, "it does not have this role over this scope")
	}
	return a.rolesChanged(tx, actor, "application.role_revoked", grant)
}

func roleHolder(tx *db.Tx, actor *access.Actor, id uuid.UUID) (*Application, error) {
	if err := access.AllowOn(tx, actor, access.AssignRoles, access.OverApplication, id); err != nil {
		return nil, err
	}
	return getForUpdate(tx, actor.Environment, id)
}

// AllowRole refuses a role that does not exist or is not granted over such a scope, a scope that is not in the actor's
// environment (both [fault.Invalid]), and to hand out more than the actor holds over the same scope ([fault.Denied]). A
// custom role stays as it is until the transaction ends.
func AllowRole(tx *db.Tx, actor *access.Actor, grant access.Assignment) error {
	role, err := access.KeepRole(tx, actor.Environment, grant.Role)
	if fault.Is(err, fault.NotFound) {
		return fault.On("role", "there is no such role")
	}
	if err != nil {
		return err
	}
	if err := role.Covers(grant.Scope.Kind); err != nil {
		return err
	}
	if err := inScope(tx, actor.Environment, grant.Scope); err != nil {
		return err
	}
	for _, name := range role.Permissions {
		if !actor.MayOn(name, grant.Scope.Kind, grant.Scope.ID) {
			return fault.New(fault.Denied, "you cannot grant %s: it includes %s, which you do not hold", role.Name, name)
		}
	}
	return nil
}

// inScope refuses a scope that is not in the environment: another organization, environment or application.
func inScope(tx *db.Tx, environment uuid.UUID, scope access.RoleScope) error {
	switch scope.Kind {
	case access.OverOrganization:
		id, err := db.Value[string](tx, selectOrganization, environment.String())
		if err == nil && id != scope.ID.String() {
			err = fault.On("scope", "there is no such organization")
		}
		return err
	case access.OverEnvironment:
		if scope.ID != environment {
			return fault.On("scope", "a role is granted over the environment that the worker is in")
		}
	case access.OverApplication:
		if _, err := Load(tx, environment, scope.ID); err != nil {
			return fault.On("scope", "there is no such application")
		}
	case access.OverPopulation:
		found, err := db.Value[int](tx, selectPopulation, environment.String(), scope.ID.String())
		if err == nil && found == 0 {
			err = fault.On("scope", "there is no such population")
		}
		return err
	}
	return nil
}

// RoleHolders returns the workers that hold a role, each once, and everything that they hold it over.
func RoleHolders(tx *db.Tx, environment uuid.UUID, role access.Role) (workers []uuid.UUID, scopes []access.RoleScope, err error) {
	err = tx.Each(func(scan db.Scan) error {
		var app, kind, id string
		if err := scan(&app, &kind, &id); err != nil {
			return err
		}
		worker, err := uuid.Parse(app)
		if err != nil {
			return err
		}
		over, err := uuid.Parse(id)
		if scope := (access.RoleScope{Kind: access.ScopeKind(kind), ID: over}); !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
		if !slices.Contains(workers, worker) {
			workers = append(workers, worker)
		}
		return err
	}, selectRoleHolders, environment.String(), string(role))
	return workers, scopes, err
}

// ForgetRole takes a role from every worker; [Regrant] makes them feel it.
func ForgetRole(tx *db.Tx, environment uuid.UUID, role access.Role) error {
	_, err := tx.Exec(forgetRole, environment.String(), string(role))
	return err
}

// Regrant gives workers of the actor's environment what their roles permit by now; what was taken is gone from live
// tokens at once. Whether the actor may do so has been decided by whoever changed the roles.
func Regrant(tx *db.Tx, actor *access.Actor, workers []uuid.UUID) error {
	if len(workers) == 0 {
		return nil
	}
	catalogue, err := access.LoadCatalogue(tx, actor.Environment)
	if err != nil {
		return err
	}
	for _, id := range workers {
		a, err := getForUpdate(tx, actor.Environment, id)
		if err != nil {
			return err
		}
		before := a.factsFrom(catalogue)
		held := slices.Clone(a.Permissions)
		if err := a.takeRoles(tx, catalogue); err != nil {
			return err
		}
		if slices.Equal(held, a.Permissions) {
			continue
		}
		if err := a.update(tx); err != nil {
			return err
		}
		record(tx, actor, "application.changed", a, &before, a.factsFrom(catalogue))
	}
	return nil
}

func (a *Application) rolesChanged(tx *db.Tx, actor *access.Actor, kind string, grant access.Assignment) error {
	catalogue, err := access.LoadCatalogue(tx, a.Environment)
	if err != nil {
		return err
	}
	before := a.factsFrom(catalogue)
	if err := a.takeRoles(tx, catalogue); err != nil {
		return err
	}
	if err := a.update(tx); err != nil {
		return err
	}
	e := event(kind, a)
	e.Before = map[string]any{"scopes": before.Scopes}
	e.After = map[string]any{
		"role": grant.Role, "scope_kind": grant.Scope.Kind, "scope_id": grant.Scope.ID.String(), "scopes": a.factsFrom(catalogue).Scopes,
	}
	ledger.Append(tx, actor.Who(), e)
	return nil
}
