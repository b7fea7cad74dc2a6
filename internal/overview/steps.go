package overview

import (
	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

const (
	// What an environment is born with is none of the administrators' work.
	hasApplication = `SELECT count(*) FROM (SELECT id FROM application WHERE environment_id = $1 AND created_by <> $2 LIMIT 1) AS found`
	hasExpiry      = `SELECT count(*) FROM (SELECT id FROM credential WHERE environment_id = $1 AND expires_at > 0 AND enabled AND expires_at > $2 LIMIT 1) AS found`
	hasAddress     = `SELECT count(*) FROM (SELECT address FROM notice_address WHERE environment_id = $1 LIMIT 1) AS found`
	hasWebhook     = `SELECT count(*) FROM (SELECT id FROM webhook_endpoint WHERE environment_id = $1 AND enabled LIMIT 1) AS found`
	countAdmins    = `SELECT count(DISTINCT r.user_id) FROM user_role r
JOIN directory_user u ON u.environment_id = r.environment_id AND u.id = r.user_id
WHERE r.environment_id = $1 AND (r.role = $2 OR r.role = $3) AND r.scope_kind IN ('organization', 'environment') AND u.status = 'active'`
)

// Step is a step of setting up.
type Step struct {
	// Name is one stable word.
	Name string
	Done bool
	// Hint says for people what to do, and why.
	Hint string
}

// Machine is what is known of the installation itself. It is shown to those only who may examine it.
type Machine struct {
	// Mails says that mails leave, TLS that the environment is served by HTTPS.
	Mails, TLS bool
	// Root says that nothing is amiss with the root key, and RootHint what to do if something is.
	Root     bool
	RootHint string
}

// Steps lists the steps of setting up that the actor may know of, in the order in which they are best taken. It is for those
// who may read some applications at least.
func Steps(tx *db.Tx, actor *access.Actor, m Machine) ([]Step, error) {
	if err := access.AllowSomewhere(tx, actor, access.ReadApplications); err != nil {
		return nil, err
	}
	examines := actor.Home && actor.May(access.ReadInstallation)
	environment := actor.Environment.String()
	var steps []Step
	for _, s := range []struct {
		name  string
		may   bool
		known bool // without asking the database
		least int64
		query string
		args  []any
		hint  string
	}{
		{name: "tls", may: examines, known: m.TLS, hint: "serve people over HTTPS: start the server with --base-url https://… and without --dev"},
		{name: "root_key", may: examines, known: m.Root, hint: m.RootHint},
		{
			name: "second_administrator", may: actor.Home && actor.May(access.ReadUsers) && actor.May(access.ReadRoles), least: 2, query: countAdmins,
			args: []any{environment, string(access.OrganizationAdmin), string(access.EnvironmentAdmin)},
			hint: "give a second person the role environment-admin, so that nobody is the only one who can let others in",
		},
		{
			name: "application", may: actor.May(access.ReadApplications), least: 1, query: hasApplication, args: []any{environment, ledger.System.ID},
			hint: "create an application for the first program that calls an API: counterfoil app create NAME",
		},
		{
			name: "expiry", may: actor.May(access.ReadCredentials), least: 1, query: hasExpiry, args: []any{environment, db.Micros(tx.Now())},
			hint: "give a credential an expiry, so that nothing which leaks works for ever: counterfoil app secret add APP --expires 90d",
		},
		{name: "mail_server", may: examines, known: m.Mails, hint: "name a mail server in smtp_url, so that people get links, codes and notices"},
		{
			name: "notice_address", may: actor.May(access.ReadWebhooks), least: 1, query: hasAddress, args: []any{environment},
			hint: "say who hears of credentials that expire: counterfoil notice address set ADDRESS",
		},
		{
			name: "webhook", may: actor.May(access.ReadWebhooks), least: 1, query: hasWebhook, args: []any{environment},
			hint: "have a system of yours told what happens here: counterfoil webhook create URL",
		},
	} {
		if !s.may {
			continue
		}
		done := s.known
		if s.query != "" {
			count, err := db.Value[int64](tx, s.query, s.args...)
			if err != nil {
				return nil, err
			}
			done = count >= s.least
		}
		steps = append(steps, Step{s.name, done, s.hint})
	}
	return steps, nil
}
