package overview_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/hygiene"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/overview"
	"github.com/counterfoil/counterfoil/internal/roomtest"
)

func count(r *roomtest.Rooms, d *overview.Desk, actor *access.Actor) (c overview.Counts) {
	r.Helper()
	r.Write(func(tx *db.Tx) (err error) {
		c, err = d.Count(tx, actor)
		return err
	})
	return c
}

// steps returns the names of the steps, those that are done with a plus.
func steps(r *roomtest.Rooms, actor *access.Actor, m overview.Machine) string {
	r.Helper()
	var all []string
	r.Write(func(tx *db.Tx) error {
		found, err := overview.Steps(tx, actor, m)
		for _, s := range found {
			name := s.Name
			if s.Done {
				name = "+" + name
			}
			if s.Hint == "" && s.Name != "root_key" {
				r.Errorf("%s has no hint", name)
			}
			all = append(all, name)
		}
		return err
	})
	return strings.Join(all, " ")
}

func exec(r *roomtest.Rooms, statement string, args ...any) {
	r.Helper()
	r.Write(func(tx *db.Tx) error {
		_, err := tx.Exec(statement, args...)
		return err
	})
}

func TestOverviewCountsWhatThereIs(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		var desk overview.Desk
		var app, off *application.Application
		month := time.Now().Add(29 * 24 * time.Hour)
		r.Write(func(tx *db.Tx) (err error) {
			if app, err = application.Create(tx, &r.Operator, application.Spec{Name: "app"}); err != nil {
				return err
			}
			if off, err = application.Create(tx, &r.Operator, application.Spec{Name: "off"}); err != nil {
				return err
			}
			if _, err = application.SetEnabled(tx, &r.Operator, off.ID, false); err != nil {
				return err
			}
			for _, end := range []time.Time{{}, month, month.AddDate(0, 0, 3)} {
				if _, _, err = r.Credentials.AddSecret(tx, &r.Operator, app.ID, credential.SecretSpec{Spec: credential.Spec{ExpiresAt: end}}); err != nil {
					return err
				}
			}
			return nil
		})
		now := db.Micros(time.Now())
		for _, network := range []string{"", "192.0.2.7/32"} { // one application, locked twice
			exec(r, `INSERT INTO logon_failure (environment_id, application_id, network, failures, first_at, last_at, locked_until, told_at, updated_at)
VALUES ($1, $2, $3, 5, $4, $4, $5, 0, $4)`, r.Home.ID.String(), app.ID.String(), network, now, now+int64(time.Hour/time.Microsecond))
		}
		exec(r, `INSERT INTO logon_failure (environment_id, application_id, network, failures, first_at, last_at, locked_until, told_at, updated_at)
VALUES ($1, $2, '', 5, $3, $3, $3, 0, $3)`, r.Home.ID.String(), off.ID.String(), now-1) // over
		c := count(r, &desk, &r.Operator)
		if *c.Applications != (overview.Applications{All: 2, Disabled: 1}) {
			r.Errorf("%+v", c.Applications)
		}
		if k := c.Credentials; k.All != 3 || k.Expiring != 1 || k.Expired != 0 || k.Locked != 1 || k.Hygiene[hygiene.NeverExpires] != 1 || k.HygieneAt.IsZero() {
			r.Errorf("%+v", k)
		}
		if *c.Connections != (overview.Connections{}) || *c.Users != (overview.Users{}) || *c.WebhooksFailing != 0 {
			r.Errorf("%+v %+v %d", c.Connections, c.Users, *c.WebhooksFailing)
		}
	})
}

// A person who may see applications and nothing else learns from the overview of nothing else.
func TestOverviewTellsNobodyWhatTheyMayNotRead(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		var desk overview.Desk
		count(r, &desk, &r.Operator) // so that there is something to remember
		reader, other := r.Actor(access.ReadApplications), r.Actor(access.ReadCredentials, access.ReadWebhooks)
		c := count(r, &desk, &reader)
		if c.Credentials != nil || c.Connections != nil || c.Users != nil || c.WebhooksFailing != nil || c.Applications.All != 2 {
			r.Errorf("%+v", c)
		}
		all := overview.Machine{TLS: true, Mails: true, Root: true}
		if got := steps(r, &reader, all); got != "application" {
			r.Errorf("steps: %s", got)
		}
		for what, ask := range map[string]func(tx *db.Tx) error{
			"counts": func(tx *db.Tx) error { _, err := desk.Count(tx, &other); return err },
			"steps":  func(tx *db.Tx) error { _, err := overview.Steps(tx, &other, all); return err },
		} {
			r.Refused(what+" without applications:read", fault.Denied, ask)
		}
		outside := access.Operator(r.Home.ID)
		outside.Home = false
		if got := steps(r, &outside, all); strings.Contains(got, "tls") || strings.Contains(got, "mail_server") || strings.Contains(got, "second") {
			r.Errorf("another environment hears of the machine: %s", got)
		}
	})
}

func TestStepsAreDoneOnceTheyAre(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		want := "tls root_key second_administrator application expiry mail_server notice_address webhook"
		if got := steps(r, &r.Operator, overview.Machine{}); got != want {
			r.Errorf("at first %s", got)
		}
		// What Counterfoil made by itself is nobody's first application.
		var made *application.Application
		r.Write(func(tx *db.Tx) (err error) {
			if made, err = application.Create(tx, &r.Operator, application.Spec{Name: "administrator"}); err != nil {
				return err
			}
			_, _, err = r.Credentials.AddSecret(tx, &r.Operator, made.ID, credential.SecretSpec{Spec: credential.Spec{ExpiresAt: time.Now().Add(time.Hour)}})
			return err
		})
		if got := steps(r, &r.Operator, overview.Machine{TLS: true, Root: true, Mails: true}); got !=
			"+tls +root_key second_administrator application +expiry +mail_server notice_address webhook" {
			r.Errorf("then %s", got)
		}
		exec(r, `UPDATE application SET created_by = 'somebody' WHERE id = $1`, made.ID.String())
		exec(r, `INSERT INTO notice_address (environment_id, address) VALUES ($1, 'ops@example.org')`, r.Home.ID.String())
		exec(r, `INSERT INTO webhook_endpoint (environment_id, id, url, description, kinds, enabled, reason, position, failures, paused_until, secret_number,
version, created_by, created_at, updated_at) VALUES ($1, $2, 'https://a.example', '', '[]', $3, '', 0, 4, 0, 1, 1, '', 0, 0)`, r.Home.ID.String(), uuid.NewString(), true)
		if got := steps(r, &r.Operator, overview.Machine{}); got != "tls root_key second_administrator +application +expiry mail_server +notice_address +webhook" {
			r.Errorf("at last %s", got)
		}
		var desk overview.Desk
		if c := count(r, &desk, &r.Operator); *c.WebhooksFailing != 1 {
			r.Errorf("%d webhooks fail", *c.WebhooksFailing)
		}
	})
}

// However many look at once, credentials are read through once, and everybody is told the same.
func TestHygieneIsCountedOnceForManyWhoAsk(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		var desk overview.Desk
		var work sync.WaitGroup
		var mu sync.Mutex
		seen := map[string]bool{}
		for range 6 {
			work.Go(func() {
				err := r.DB.Read(r.Context(), func(tx *db.Tx) error {
					actor := r.Operator
					c, err := desk.Count(tx, &actor)
					if err == nil {
						mu.Lock()
						seen[fmt.Sprint(c.Credentials.HygieneAt.UnixNano())] = true
						mu.Unlock()
					}
					return err
				})
				if err != nil {
					r.Error(err)
				}
			})
		}
		work.Wait()
		if len(seen) != 1 {
			r.Errorf("counted %d times", len(seen))
		}
	})
}
