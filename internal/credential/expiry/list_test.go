package expiry_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/expiry"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/roomtest"
)

const day = 24 * time.Hour

// place is an installation at a time that stands still unless the test makes it pass.
type place struct {
	*roomtest.Rooms
	now time.Time
	app *application.Application
}

func each(t *testing.T, test func(p *place)) {
	t.Helper()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		p := &place{now: time.Now().UTC().Truncate(time.Microsecond)}
		d := dbtest.Open(t, dsn, func() time.Time { return p.now })
		p.Rooms = roomtest.Found(t, d, filepath.Join(t.TempDir(), "root.key"))
		p.Write(func(tx *db.Tx) (err error) {
			p.app, err = application.Create(tx, &p.Operator, application.Spec{Name: "app"})
			return err
		})
		test(p)
	})
}

func (p *place) add(name string, expires time.Time) (c *credential.Credential) {
	p.Helper()
	p.Write(func(tx *db.Tx) (err error) {
		c, _, err = p.Credentials.AddSecret(tx, &p.Operator, p.app.ID, credential.SecretSpec{Spec: credential.Spec{Description: name, ExpiresAt: expires}})
		return err
	})
	return c
}

// wants fails the test unless the list is just these, page by page.
func (p *place) wants(within time.Duration, limit int, want ...string) {
	p.Helper()
	var got []string
	for page := (expiry.Page{Limit: limit}); ; {
		var rows []expiry.Expiry
		p.Write(func(tx *db.Tx) (err error) {
			rows, err = expiry.List(tx, &p.Operator, within, page)
			return err
		})
		for _, e := range rows {
			got = append(got, e.Description)
			page.After, page.ID = db.Micros(e.At), e.Credential.String()
		}
		if len(rows) < limit {
			break
		}
	}
	if strings.Join(got, " ") != strings.Join(want, " ") {
		p.Errorf("within %s: %v, want %v", within, got, want)
	}
}

func TestWhatExpiresIsListedFromAWeekAgoOn(t *testing.T) {
	each(t, func(p *place) {
		start := p.now
		p.add("never", time.Time{})
		p.add("tenth", start.Add(10*day))
		off := p.add("off", start.Add(2*day))
		p.add("first", start.Add(day))
		p.Write(func(tx *db.Tx) error {
			_, err := credential.SetEnabled(tx, &p.Operator, p.app.ID, off.ID, false)
			return err
		})
		p.wants(90*day, 1, "first", "tenth")
		p.wants(10*day, 50, "first", "tenth")
		p.wants(10*day-time.Second, 50, "first")
		p.wants(0, 50)
		stranger := p.Actor(access.ReadApplications)
		p.Refused("without the permission", fault.Denied, func(tx *db.Tx) error {
			_, err := expiry.List(tx, &stranger, day, expiry.Page{Limit: 1})
			return err
		})
		p.now = start.Add(8*day + time.Microsecond)
		p.wants(0, 50)
		p.now = start.Add(8 * day)
		p.wants(0, 50, "first") // for just a week
		p.Write(func(tx *db.Tx) error {
			ahead, over, err := expiry.Count(tx, p.Home.ID, 30*day)
			if ahead != 1 || over != 1 {
				p.Errorf("%d ahead, %d over", ahead, over)
			}
			return err
		})
	})
}

// Many that end in the same moment are each listed once, however long the pages are.
func TestPagesGoOnAmongThoseThatEndTogether(t *testing.T) {
	each(t, func(p *place) {
		for range 7 {
			p.add("x", p.now.Add(day))
		}
		for _, limit := range []int{1, 2, 3, 50} {
			p.wants(2*day, limit, strings.Fields(strings.Repeat("x ", 7))...)
		}
	})
}

// A page must not read the whole environment: the plan is asked for, because a test that measures would be a gamble.
func TestListingUsesItsIndex(t *testing.T) {
	d := dbtest.SQLite(t)
	err := d.Read(t.Context(), func(tx *db.Tx) error {
		var plan string
		err := tx.Each(func(s db.Scan) error {
			var id, parent, unused int64
			var detail string
			err := s(&id, &parent, &unused, &detail)
			plan += detail + "\n"
			return err
		}, "EXPLAIN QUERY PLAN "+expiry.SelectPage, uuid.NewString(), 1, 0, "", 50)
		if !strings.Contains(plan, "credential_expires") || strings.Contains(plan, "TEMP B-TREE") {
			return fmt.Errorf("%s", plan)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
