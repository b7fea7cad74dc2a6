package access

import (
	"slices"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// Role is a set of permissions that a worker is granted over a scope.
type Role string

// The roles. Each is a set of permissions of the management API; see [Role.Permissions].
const (
	OrganizationAdmin          Role = "organization-admin"
	EnvironmentAdmin           Role = "environment-admin"
	IdentityDataAdmin          Role = "identity-data-admin"
	IdentityDataReadOnly       Role = "identity-data-read-only"
	ClientApplicationDeveloper Role = "client-application-developer"
	ApplicationOwner           Role = "application-owner"
	ConfigurationReadOnly      Role = "configuration-read-only"
)

// ScopeKind is what kind of thing a role is granted over.
type ScopeKind string

// The kinds of scope, from the widest to the narrowest.
const (
	OverOrganization ScopeKind = "organization"
	OverEnvironment  ScopeKind = "environment"
	OverPopulation   ScopeKind = "population"
	OverApplication  ScopeKind = "application"
)

// RoleScope is what a role is granted over: an organization, an environment, a population of people or an application.
type RoleScope struct {
	Kind ScopeKind
	ID   uuid.UUID
}

// Assignment is a role over a scope.
type Assignment struct {
	Role  Role
	Scope RoleScope
}

var (
	identityRead  = []string{ReadUsers, ReadPopulations, ReadGroups, ReadRoles, ReadSchemas, ReadFactors, ReadInvitations, ReadSessions}
	identityWrite = append(slices.Clone(identityRead), WriteUsers, SetPasswords, WriteGroups, WriteFactors, WriteInvitations, WriteSessions)
	configuration = []string{ReadEnvironments, ReadAPIs, ReadApplications, ReadCredentials, ReadKeys, ReadPolicy, ReadWebhooks, ReadSchemas}
	ownership     = []string{ReadApplications, WriteApplications, ReadCredentials, WriteCredentials, RevealCredentials}
	// Only somebody who looks after the whole installation needs these.
	installation = []string{WriteEnvironments, ReadInstallation}
)

// roles says what each role may do and over what kinds of scope it can be granted.
var roles = map[Role]struct {
	permissions []string
	over        []ScopeKind
}{
	OrganizationAdmin:          {ManagementPermissions(), []ScopeKind{OverOrganization}},
	EnvironmentAdmin:           {without(ManagementPermissions(), installation), []ScopeKind{OverOrganization, OverEnvironment}},
	IdentityDataAdmin:          {identityWrite, []ScopeKind{OverOrganization, OverEnvironment, OverPopulation}},
	IdentityDataReadOnly:       {identityRead, []ScopeKind{OverOrganization, OverEnvironment, OverPopulation}},
	ClientApplicationDeveloper: {append(slices.Clone(ownership), ReadAPIs), []ScopeKind{OverOrganization, OverEnvironment}},
	ApplicationOwner:           {ownership, []ScopeKind{OverApplication}},
	ConfigurationReadOnly:      {configuration, []ScopeKind{OverOrganization, OverEnvironment}},
}

func without(names, taken []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return slices.Contains(taken, name) })
}

// Roles lists every role, from the mightiest on.
func Roles() []Role {
	return []Role{OrganizationAdmin, EnvironmentAdmin, ClientApplicationDeveloper, ApplicationOwner, IdentityDataAdmin,
		IdentityDataReadOnly, ConfigurationReadOnly}
}

// Permissions names what the role lets its holder do within its scope; nil for a role that does not exist.
func (r Role) Permissions() []string { return slices.Clone(roles[r].permissions) }

func (r Role) has(permission string) bool { return slices.Contains(roles[r].permissions, permission) }

// Scopes lists the kinds of scope the role can be granted over; none for a role that does not exist.
func (r Role) Scopes() []ScopeKind { return slices.Clone(roles[r].over) }

// Validate refuses ([fault.Invalid]) a role that does not exist and one that is not granted over such a scope.
func (a Assignment) Validate() error {
	known, ok := roles[a.Role]
	if !ok {
		return fault.On("role", "there is no such role")
	}
	if !slices.Contains(known.over, a.Scope.Kind) {
		return fault.On("scope", "this role is not granted over one %s", a.Scope.Kind)
	}
	return nil
}

// Everywhere reports whether the scope covers all of an environment.
func (s RoleScope) Everywhere() bool { return s.Kind == OverOrganization || s.Kind == OverEnvironment }

const selectAssignments = `SELECT role, scope_kind, scope_id FROM role_assignment
WHERE environment_id = $1 AND application_id = $2 ORDER BY role, scope_kind, scope_id`

// Assignments returns the roles of an application. Only a worker has any.
func Assignments(tx *db.Tx, environment, app uuid.UUID) ([]Assignment, error) {
	return db.All(tx, func(scan db.Scan) (a Assignment, err error) {
		var id string
		if err = scan((*string)(&a.Role), (*string)(&a.Scope.Kind), &id); err == nil {
			a.Scope.ID, err = uuid.Parse(id)
		}
		return a, err
	}, selectAssignments, environment.String(), app.String())
}
