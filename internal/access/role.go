package access

import (
	"slices"

	"github.com/google/uuid"
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

// Administers reports whether the role is that of an owner or administrator, over everything.
func (a Assignment) Administers() bool {
	return a.Scope.Everywhere() && (a.Role == OrganizationAdmin || a.Role == EnvironmentAdmin)
}

var (
	identityRead  = []string{ReadUsers, ReadPopulations, ReadGroups, ReadRoles, ReadSchemas, ReadFactors, ReadInvitations, ReadSessions}
	identityWrite = append(slices.Clone(identityRead), WriteUsers, SetPasswords, WriteGroups, WriteFactors, WriteInvitations, WriteSessions)
	configuration = []string{ReadEnvironments, ReadAPIs, ReadApplications, ReadCredentials, ReadKeys, ReadPolicy, ReadWebhooks, ReadSchemas}
	ownership     = []string{ReadApplications, WriteApplications, ReadCredentials, WriteCredentials, RevealCredentials}
	// Only somebody who looks after the whole installation needs these.
	installation = []string{WriteEnvironments, ReadInstallation}
)

// roles says what each built-in role may do and over what kinds of scope it can be granted.
var roles = map[Role]struct {
	says        string
	permissions []string
	over        []ScopeKind
}{
	OrganizationAdmin:          {"Does everything in all environments of an organization", UsualPermissions(), []ScopeKind{OverOrganization}},
	EnvironmentAdmin:           {"Does everything in an environment", without(UsualPermissions(), installation), []ScopeKind{OverOrganization, OverEnvironment}},
	IdentityDataAdmin:          {"Looks after people, their passwords, factors and groups", identityWrite, []ScopeKind{OverOrganization, OverEnvironment, OverPopulation}},
	IdentityDataReadOnly:       {"Sees people and what belongs to them", identityRead, []ScopeKind{OverOrganization, OverEnvironment, OverPopulation}},
	ClientApplicationDeveloper: {"Makes applications and their credentials", append(slices.Clone(ownership), ReadAPIs), []ScopeKind{OverOrganization, OverEnvironment}},
	ApplicationOwner:           {"Looks after one application and its credentials", ownership, []ScopeKind{OverApplication}},
	ConfigurationReadOnly:      {"Sees how an environment is set up", configuration, []ScopeKind{OverOrganization, OverEnvironment}},
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

// Scopes lists the kinds of scope the role can be granted over; none for a role that does not exist.
func (r Role) Scopes() []ScopeKind { return slices.Clone(roles[r].over) }

// Everywhere reports whether the scope covers all of an environment.
func (s RoleScope) Everywhere() bool { return s.Kind == OverOrganization || s.Kind == OverEnvironment }
