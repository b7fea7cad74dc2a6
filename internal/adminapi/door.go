package adminapi

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/access/rule"
	"github.com/counterfoil/counterfoil/internal/adminapi/connectionapi"
	"github.com/counterfoil/counterfoil/internal/adminapi/credentialapi"
	"github.com/counterfoil/counterfoil/internal/adminapi/directoryapi"
	"github.com/counterfoil/counterfoil/internal/adminapi/invitationapi"
	"github.com/counterfoil/counterfoil/internal/adminapi/ledgerapi"
	"github.com/counterfoil/counterfoil/internal/adminapi/noticeapi"
	"github.com/counterfoil/counterfoil/internal/adminapi/passwordapi"
	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/adminapi/roleapi"
	"github.com/counterfoil/counterfoil/internal/adminapi/searchapi"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/assertion"
	"github.com/counterfoil/counterfoil/internal/credential/lock"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/overview"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Door serves the management API of every environment.
type Door struct {
	*rest.Desk
	Vault        *seal.Vault
	Environments *environment.Authority
	APIs         *access.Authority
	Credentials  *credential.Authority
	Locks        *lock.Book
	Fetcher      *assertion.Fetcher
	Notices      *noticeapi.Resources
	Directory    *directoryapi.Resources
	Passwords    *passwordapi.Resources
	Invitations  *invitationapi.Resources
	Connections  *connectionapi.Resources
	Ledger       *ledgerapi.Resources
	// Diagnose examines the installation as this node sees it.
	Diagnose func(context.Context) []Check
	// Root examines the root key alone.
	Root func() []Check
	// Version is the program's.
	Version string

	survey overview.Desk
	// Help is where the console's help menu leads.
	Help SignedInHelp
}

// prefix is where the API stands in every environment. With the issuer before it, it is the API's audience.
const prefix = rule.Prefix

// Routes registers the door's routes.
func (d *Door) Routes(m *web.Mux) {
	api := web.NewAPI(m, prefix, config())
	api.UseMiddleware(d.Admit)
	d.operations(api)
}

// operations registers every operation.
func (d *Door) operations(api huma.API) {
	d.environmentOperations(api)
	d.apiOperations(api)
	d.applicationOperations(api)
	d.credentials().Operations(api)
	(&roleapi.Resources{Desk: d.Desk}).Operations(api)
	d.pairOperations(api)
	d.globalOperations(api)
	d.integrationOperations(api)
	d.policyOperations(api)
	d.keyOperations(api)
	d.Ledger.Operations(api)
	d.tokenOperations(api)
	(&searchapi.Resources{Desk: d.Desk, Vault: d.Vault}).Operations(api)
	d.selfOperations(api)
	d.sessionOperations(api)
	d.installationOperations(api)
	d.overviewOperations(api)
	d.Notices.Operations(api)
	d.Directory.Operations(api)
	d.Passwords.Operations(api)
	d.Invitations.Operations(api)
	d.Connections.Operations(api)
}

// credentials returns the resources that are about credentials.
func (d *Door) credentials() *credentialapi.Resources {
	return &credentialapi.Resources{Desk: d.Desk, Credentials: d.Credentials, Locks: d.Locks, Fetcher: d.Fetcher}
}
