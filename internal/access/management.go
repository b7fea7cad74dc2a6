package access

import "slices"

// Permissions of the management API, Counterfoil's own, which every environment is born with.
const (
	ReadEnvironments  = "environments:read"
	WriteEnvironments = "environments:write"
	ReadAPIs          = "apis:read"
	WriteAPIs         = "apis:write"
	ReadApplications  = "applications:read"
	WriteApplications = "applications:write"
	ReadCredentials   = "credentials:read"
	WriteCredentials  = "credentials:write"
	RevealCredentials = "credentials:reveal"
	ReadPolicy        = "policy:read"
	WritePolicy       = "policy:write"
	ReadKeys          = "keys:read"
	WriteKeys         = "keys:write"
	ReadLedger        = "ledger:read"
	IntrospectTokens  = "tokens:introspect"
	RevokeTokens      = "tokens:revoke"
	ReadInstallation  = "installation:read"
	ReadWebhooks      = "webhooks:read"
	WriteWebhooks     = "webhooks:write"
	// What the directory guards.
	UseSignin        = "signin:use"
	ReadUsers        = "users:read"
	WriteUsers       = "users:write"
	SetPasswords     = "users:password"
	ReadPopulations  = "populations:read"
	WritePopulations = "populations:write"
	ReadGroups       = "groups:read"
	WriteGroups      = "groups:write"
	ReadRoles        = "roles:read"
	WriteRoles       = "roles:write"
	AssignRoles      = "roles:assign"
	ReadSchemas      = "schemas:read"
	WriteSchemas     = "schemas:write"
	ReadFactors      = "factors:read"
	WriteFactors     = "factors:write"
	ReadInvitations  = "invitations:read"
	WriteInvitations = "invitations:write"
	ReadSessions     = "sessions:read"
	WriteSessions    = "sessions:write"
	// Connections and the exchange of attributes, which the global credential and its successors open.
	UseConnections     = "connections:use"
	ReadConnections    = "connections:read"
	WriteConnections   = "connections:write"
	RevealConnections  = "connections:reveal"
	ExchangeAttributes = "attributes:exchange"
)

var management = []Permission{
	{Name: ReadEnvironments, Description: "See environments"},
	{Name: WriteEnvironments, Description: "Create, rename, disable and enable environments"},
	{Name: ReadAPIs, Description: "See APIs and their scopes"},
	{Name: WriteAPIs, Description: "Create, change, disable, enable and delete APIs"},
	{Name: ReadApplications, Description: "See applications"},
	{Name: WriteApplications, Description: "Create, change, disable, enable and delete applications"},
	{Name: ReadCredentials, Description: "See credentials, never their secrets"},
	{Name: WriteCredentials, Description: "Add, change, disable, enable and delete credentials"},
	{Name: RevealCredentials, Description: "See secrets that are kept viewable again, with a fresh token"},
	{Name: ReadPolicy, Description: "See what an environment demands of its credentials"},
	{Name: WritePolicy, Description: "Change what an environment demands of its credentials"},
	{Name: ReadKeys, Description: "See signing keys"},
	{Name: WriteKeys, Description: "Rotate signing keys"},
	{Name: ReadLedger, Description: "Read and verify the ledger"},
	{Name: IntrospectTokens, Description: "Learn the state of any token"},
	{Name: RevokeTokens, Description: "Revoke any token"},
	{Name: ReadInstallation, Description: "See the health of the installation"},
	{Name: ReadWebhooks, Description: "See webhooks and their deliveries"},
	{Name: WriteWebhooks, Description: "Create, change, replay and delete webhooks, and set who gets notices"},
	{Name: UseSignin, Description: "Call the endpoints that sign people in"},
	{Name: ReadUsers, Description: "See users"},
	{Name: WriteUsers, Description: "Create, change and delete users"},
	{Name: SetPasswords, Description: "Set and verify users' passwords"},
	{Name: ReadPopulations, Description: "See populations"},
	{Name: WritePopulations, Description: "Create, change and delete populations"},
	{Name: ReadGroups, Description: "See groups"},
	{Name: WriteGroups, Description: "Create, change and delete groups"},
	{Name: ReadRoles, Description: "See roles and who holds them"},
	{Name: WriteRoles, Description: "Create, change and delete roles"},
	{Name: AssignRoles, Description: "Assign roles and remove them"},
	{Name: ReadSchemas, Description: "See the attributes that users and groups have"},
	{Name: WriteSchemas, Description: "Create, change and delete custom schemas"},
	{Name: ReadFactors, Description: "See users' factors, never their secrets"},
	{Name: WriteFactors, Description: "Enrol, verify and remove users' factors"},
	{Name: ReadInvitations, Description: "See invitations"},
	{Name: WriteInvitations, Description: "Invite people, and withdraw invitations"},
	{Name: ReadSessions, Description: "See users' sessions"},
	{Name: WriteSessions, Description: "End users' sessions"},
	{Name: UseConnections, Description: "Get tokens of connections, and call through them"},
	{Name: ReadConnections, Description: "See connectors and connections, never their secrets"},
	{Name: WriteConnections, Description: "Create, change, stop and delete connectors and connections, and ask customers for them"},
	{Name: RevealConnections, Description: "See the secrets of connections, with a fresh token; in no role and no preset"},
	{Name: ExchangeAttributes, Description: "Exchange a token for the attributes behind it"},
}

// Management lists every permission of the management API, without numbers.
func Management() []Permission { return slices.Clone(management) }

// ManagementPermissions names every permission of the management API.
func ManagementPermissions() []string {
	names := make([]string, len(management))
	for i, p := range management {
		names[i] = p.Name
	}
	return names
}

// OffByDefault reports whether a permission is in no built-in role, no preset and in no administrator's first credential.
// Whoever holds everything else may grant it ([AllowGrant]): somebody has to mean it, and the ledger says who did.
func OffByDefault(permission string) bool { return permission == RevealConnections }

// UsualPermissions are those of [ManagementPermissions] that are not off by default.
func UsualPermissions() []string { return slices.DeleteFunc(ManagementPermissions(), OffByDefault) }
