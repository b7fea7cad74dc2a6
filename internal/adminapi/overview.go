package adminapi

import (
	"context"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/credential/hygiene"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/overview"
)

// Overview is what an administrator wants to know first.
type Overview struct {
	Counts    OverviewCounts `json:"counts"`
	Checklist []SetupStep    `json:"checklist" nullable:"false" doc:"Steps of setting up that the caller may know of, in the order in which they are best taken."`
}

// OverviewCounts has a member for everything that the caller may read in all of the environment.
type OverviewCounts struct {
	Applications         int64                `json:"applications" doc:"Those that people make for programs; to a caller with a role over some only, how many of these there are."`
	ApplicationsDisabled int64                `json:"applications_disabled"`
	Credentials          *int64               `json:"credentials,omitempty" doc:"Of all kinds. Absent, with all that is about credentials, without credentials:read."`
	Expiring30d          *int64               `json:"expiring_30d,omitempty" doc:"Enabled credentials that expire within 30 days."`
	Expired              *int64               `json:"expired,omitempty" doc:"Enabled credentials that expired in the last 7 days."`
	LockedClients        *int64               `json:"locked_clients,omitempty" doc:"Applications that failed logons have locked, everywhere or for a network."`
	Connections          *OverviewConnections `json:"connections,omitempty" doc:"Absent without connections:read."`
	Users                *int64               `json:"users,omitempty" doc:"Counted up to 10,000. Absent without users:read."`
	UsersMore            bool                 `json:"users_more,omitempty" doc:"There are more users than were counted."`
	WebhooksFailing      *int64               `json:"webhooks_failing,omitempty" doc:"Webhooks whose last message did not arrive, and those that were disabled because none did. Absent without webhooks:read."`
	Hygiene              *OverviewHygiene     `json:"hygiene,omitempty" doc:"What is wrong with credentials that can be used, by problem."`
	HygieneAt            time.Time            `json:"hygiene_at,omitzero" doc:"When hygiene was counted: at most a minute before, or a little more while it is being counted anew."`
}

// OverviewConnections counts connections by state.
type OverviewConnections struct {
	Healthy   int64 `json:"healthy"`
	Failing   int64 `json:"failing"`
	Exhausted int64 `json:"exhausted"`
}

// OverviewHygiene counts findings by problem.
type OverviewHygiene struct {
	Exposed      int64 `json:"exposed"`
	Weak         int64 `json:"weak"`
	Idle         int64 `json:"idle_90_days"`
	TwoActive    int64 `json:"two_active"`
	OverScoped   int64 `json:"over_scoped"`
	NeverExpires int64 `json:"never_expires"`
}

// SetupStep is an [overview.Step] on the wire.
type SetupStep struct {
	Step string `json:"step" enum:"tls,root_key,second_administrator,application,expiry,mail_server,notice_address,webhook"`
	Done bool   `json:"done"`
	Hint string `json:"hint" doc:"For people: what to do, and why."`
}

func (d *Door) overviewOperations(api huma.API) {
	op := rest.Operation("GET /overview", "get-overview", "Count what there is and what needs somebody, and say what is still to be set up")
	op.Description += " What the caller may not read in all of the environment is absent."
	huma.Register(api, op, d.getOverview)
}

func (d *Door) getOverview(ctx context.Context, _ *struct{}) (*struct{ Body Overview }, error) {
	out := &struct{ Body Overview }{}
	machine := d.machine(rest.CallOf(ctx))
	err := d.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		counts, err := d.survey.Count(tx, &c.Actor)
		if err != nil {
			return err
		}
		steps, err := overview.Steps(tx, &c.Actor, machine)
		out.Body = Overview{showCounts(&counts), make([]SetupStep, len(steps))}
		for i, s := range steps {
			out.Body.Checklist[i] = SetupStep{s.Name, s.Done, s.Hint}
		}
		return err
	})
	return out, err
}

// machine says how the installation is set up. Who may not examine it does not hear of it.
func (d *Door) machine(c *rest.Call) overview.Machine {
	m := overview.Machine{
		Mails: d.Notices.Mail.Carrier != nil && d.Notices.Mailbox == nil, TLS: strings.HasPrefix(c.Environment.Issuer, "https://"),
		Root: true, RootHint: "keep the root key in a place of its own and back it up: without it nothing that is sealed can be opened again",
	}
	if !c.Actor.Home {
		return m
	}
	for _, check := range d.Root() {
		if check.Status == "ok" {
			continue
		}
		m.Root, m.RootHint = false, check.Detail
		if check.Remedy != "" {
			m.RootHint += ": " + check.Remedy
		}
	}
	return m
}

func showCounts(c *overview.Counts) OverviewCounts {
	shown := OverviewCounts{
		Applications: c.Applications.All, ApplicationsDisabled: c.Applications.Disabled, WebhooksFailing: c.WebhooksFailing,
	}
	if k := c.Credentials; k != nil {
		shown.Credentials, shown.Expiring30d, shown.Expired, shown.LockedClients = &k.All, &k.Expiring, &k.Expired, &k.Locked
		h := k.Hygiene
		shown.Hygiene = &OverviewHygiene{
			h[hygiene.Exposed], h[hygiene.Weak], h[hygiene.Idle], h[hygiene.TwoActive], h[hygiene.OverScoped], h[hygiene.NeverExpires],
		}
		shown.HygieneAt = k.HygieneAt
	}
	if k := c.Connections; k != nil {
		shown.Connections = &OverviewConnections{k.Healthy, k.Failing, k.Exhausted}
	}
	if u := c.Users; u != nil {
		shown.Users, shown.UsersMore = &u.Count, u.More
	}
	return shown
}
