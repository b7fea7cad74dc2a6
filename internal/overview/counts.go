package overview

import (
	"slices"
	"time"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/credential/expiry"
	"github.com/counterfoil/counterfoil/internal/credential/hygiene"
	"github.com/counterfoil/counterfoil/internal/db"
)

// MaxUsers is the most users that are counted: a million would cost a second on every look at the first screen.
const MaxUsers = 10_000

// Soon is how far ahead expiries are counted.
const Soon = 30 * 24 * time.Hour

const (
	selectApplications = `SELECT kind, enabled, count(*) FROM application WHERE environment_id = $1 GROUP BY kind, enabled`
	selectApplication  = `SELECT kind, enabled, 1 FROM application WHERE environment_id = $1 AND id = $2`
	countCredentials   = `SELECT count(*) FROM credential WHERE environment_id = $1` //nolint:gosec // a statement
	countLocked        = `SELECT count(DISTINCT application_id) FROM logon_failure WHERE environment_id = $1 AND locked_until > $2`
	countConnections   = `SELECT state, count(*) FROM connection WHERE environment_id = $1 GROUP BY state`
	countUsers         = `SELECT count(*) FROM (SELECT id FROM directory_user WHERE environment_id = $1 LIMIT $2) AS counted`
	countWebhooks      = `SELECT count(*) FROM webhook_endpoint WHERE environment_id = $1 AND (reason <> '' OR enabled AND failures > 0)`
)

// Counts are the parts of the overview; nil is a part that the actor may not read.
type Counts struct {
	// Applications are those that people make for programs; of an actor whose roles cover only some, these.
	Applications *Applications
	Credentials  *Credentials
	Connections  *Connections
	Users        *Users
	// WebhooksFailing are those whose last message did not arrive, and those that were given up.
	WebhooksFailing *int64
}

// Applications counts applications.
type Applications struct{ All, Disabled int64 }

// Credentials counts credentials of all kinds, and what is wrong with them.
type Credentials struct {
	All int64
	// Expiring expire within [Soon], and Expired did within [expiry.Lately]; what is disabled is not among them.
	Expiring, Expired int64
	// Locked are the applications that are locked, or locked for some network.
	Locked  int64
	Hygiene map[hygiene.Problem]int64
	// HygieneAt is when Hygiene was counted.
	HygieneAt time.Time
}

// Connections counts connections by how they fare.
type Connections struct{ Healthy, Failing, Exhausted int64 }

// Users counts users up to [MaxUsers]; More says that there are more.
type Users struct {
	Count int64
	More  bool
}

// Count counts what the actor may read. It is for those who may read some applications at least.
func (d *Desk) Count(tx *db.Tx, actor *access.Actor) (c Counts, err error) {
	if err = access.AllowSomewhere(tx, actor, access.ReadApplications); err != nil {
		return c, err
	}
	if c.Applications, err = countApplications(tx, actor); err != nil {
		return c, err
	}
	for _, part := range []struct {
		permission string
		count      func() error
	}{
		{access.ReadCredentials, func() (err error) { c.Credentials, err = d.countCredentials(tx, actor); return err }},
		{access.ReadConnections, func() (err error) { c.Connections, err = countStates(tx, actor); return err }},
		{access.ReadUsers, func() (err error) { c.Users, err = countPeople(tx, actor); return err }},
		{access.ReadWebhooks, func() (err error) {
			failing, err := db.Value[int64](tx, countWebhooks, actor.Environment.String())
			c.WebhooksFailing = &failing
			return err
		}},
	} {
		if actor.May(part.permission) {
			if err = part.count(); err != nil {
				return c, err
			}
		}
	}
	return c, nil
}

func countApplications(tx *db.Tx, actor *access.Actor) (*Applications, error) {
	c, environment := &Applications{}, actor.Environment.String()
	add := func(s db.Scan) error {
		var kind string
		var enabled bool
		var count int64
		err := s(&kind, &enabled, &count)
		if slices.Contains(application.Ordinary(), application.Kind(kind)) {
			c.All += count
			if !enabled {
				c.Disabled += count
			}
		}
		return err
	}
	everything, some := actor.Over(access.ReadApplications, access.OverApplication)
	if everything {
		return c, tx.Each(add, selectApplications, environment)
	}
	for _, id := range some {
		if err := tx.Each(add, selectApplication, environment, id.String()); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (d *Desk) countCredentials(tx *db.Tx, actor *access.Actor) (*Credentials, error) {
	c, environment := &Credentials{}, actor.Environment.String()
	var err error
	if c.All, err = db.Value[int64](tx, countCredentials, environment); err != nil {
		return nil, err
	}
	if c.Expiring, c.Expired, err = expiry.Count(tx, actor.Environment, Soon); err != nil {
		return nil, err
	}
	if c.Locked, err = db.Value[int64](tx, countLocked, environment, db.Micros(tx.Now())); err != nil {
		return nil, err
	}
	c.Hygiene, c.HygieneAt, err = d.hygiene(tx, actor)
	return c, err
}

func countStates(tx *db.Tx, actor *access.Actor) (*Connections, error) {
	c := &Connections{}
	return c, tx.Each(func(s db.Scan) error {
		var state string
		var count int64
		err := s(&state, &count)
		switch connect.State(state) {
		case connect.Healthy:
			c.Healthy = count
		case connect.Failing:
			c.Failing = count
		case connect.Exhausted:
			c.Exhausted = count
		}
		return err
	}, countConnections, actor.Environment.String())
}

func countPeople(tx *db.Tx, actor *access.Actor) (*Users, error) {
	count, err := db.Value[int64](tx, countUsers, actor.Environment.String(), MaxUsers+1)
	return &Users{min(count, MaxUsers), count > MaxUsers}, err
}
