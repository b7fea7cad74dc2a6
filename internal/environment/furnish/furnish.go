package furnish

import (
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/connect"
	connectsession "github.com/counterfoil/counterfoil/internal/connect/session"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/certificate"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/factor"
	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/directory/ticket"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/keyring"
	"github.com/counterfoil/counterfoil/internal/notice/letter"
	"github.com/counterfoil/counterfoil/internal/notice/webhook"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// sealed is everybody who keeps something under an environment's sealing key. The order is that of sealing anew, in one
// transaction for each environment.
var sealed = []environment.Reseal{
	credential.Reseal,
	certificate.Reseal,
	webhook.Reseal,
	ticket.Reseal,
	letter.Reseal,
	password.Reseal,
	factor.Reseal,
	connect.Reseal,
	connectsession.Reseal,
}

// born is what a new environment holds beside its keys and its management API, in the order in which it is made.
var born = []func(tx *db.Tx, environment uuid.UUID) error{
	application.Install,
	directory.Install,
}

// Authority returns an authority that gives new environments what every room wants in them, and that seals anew whatever
// any room keeps sealed. The caller may set its regions.
func Authority(vault *seal.Vault, ring *keyring.Ring, apis *access.Authority) *environment.Authority {
	return &environment.Authority{Vault: vault, Ring: ring, APIs: apis, Sealed: sealed, Born: born}
}
