package credential_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/connect/session"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/certificate"
	"github.com/counterfoil/counterfoil/internal/credential/handover"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/factor"
	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/directory/ticket"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/notice/letter"
	"github.com/counterfoil/counterfoil/internal/notice/webhook"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// keep gives an application a secret that can be seen again.
func (r *rooms) keep(app *application.Application) (c *credential.Credential, plain string) {
	r.Helper()
	yes := true
	r.Write(func(tx *db.Tx) error {
		added, secret, err := r.Credentials.AddSecret(tx, &r.Operator, app.ID, credential.SecretSpec{Viewable: &yes})
		c, plain = added, secret.Reveal()
		return err
	})
	return c, plain
}

func TestKeptSecretIsShownToWhoMaySeeIt(t *testing.T) {
	each(t, func(r *rooms) {
		kept, plain := r.keep(r.app)
		lost, _ := r.add(credential.Spec{})
		var mighty *application.Application
		r.Write(func(tx *db.Tx) (err error) {
			mighty, err = application.Create(tx, &r.Operator, application.Spec{Name: "mighty", Scopes: []string{access.WriteKeys}})
			return err
		})
		mightyKept, _ := r.keep(mighty)
		viewer, clerk := r.Actor(access.RevealCredentials), r.Actor(access.ReadCredentials, access.WriteCredentials)
		reveal := func(actor *access.Actor, c *credential.Credential) func(*db.Tx) error {
			return func(tx *db.Tx) error {
				_, secret, err := r.Credentials.Reveal(tx, actor, c.Application, c.ID)
				if err == nil && secret.Reveal() != plain {
					err = fmt.Errorf("shown as %q", secret.Reveal())
				}
				return err
			}
		}
		r.Write(reveal(&viewer, kept))
		if n := len(r.events("credential.revealed")); n != 1 {
			r.Errorf("%d events of one reading", n)
		}
		old := viewer
		old.Issued = time.Now().Add(-access.Fresh - time.Minute)
		r.Refused("with a token of before lunch", fault.Denied, reveal(&old, kept))
		undated := viewer
		undated.Issued = time.Time{}
		r.Refused("with a token of unknown age", fault.Denied, reveal(&undated, kept))
		r.Refused("without the permission", fault.Denied, reveal(&clerk, kept))
		r.Refused("one that may do more", fault.Denied, reveal(&viewer, mightyKept))
		r.Refused("one that is not kept", fault.Conflict, reveal(&viewer, lost))
		var own *credential.Credential
		r.Write(func(tx *db.Tx) (err error) {
			yes := true
			own, _, err = r.Credentials.AddSecret(tx, &r.Operator, viewer.Application, credential.SecretSpec{Viewable: &yes})
			return err
		})
		r.Refused("its own", fault.Denied, reveal(&viewer, own))
		if n := len(r.events("credential.revealed")); n != 1 {
			r.Errorf("%d events, and one reading", n)
		}
	})
}

func TestLinkHandsASecretOverOnce(t *testing.T) {
	eachAt(t, func(r *rooms, c *clock) {
		stranger := ledger.System
		hand := func(life time.Duration) (k *credential.Credential, plain, link string) {
			r.Helper()
			r.Write(func(tx *db.Tx) error {
				added, secret, err := r.Credentials.AddSecret(tx, &r.Operator, r.app.ID, credential.SecretSpec{})
				if err != nil {
					return err
				}
				way, until, err := handover.Give(tx, r.Vault, &r.Operator, added, secret, life)
				if life != 0 && !until.Equal(c.now.Add(life)) {
					r.Errorf("it works until %s", until)
				}
				k, plain, link = added, secret.Reveal(), way.Reveal()
				return err
			})
			return k, plain, link
		}
		open := func(link string, want string) func(*db.Tx) error {
			return func(tx *db.Tx) error {
				h, err := handover.Open(tx, r.Vault, r.Home.ID, stranger, link)
				if err == nil && h.Secret.Reveal() != want {
					err = fmt.Errorf("another secret")
				}
				return err
			}
		}
		_, plain, link := hand(time.Hour)
		var wait sync.WaitGroup
		results := make([]error, 8)
		for i := range results {
			wait.Go(func() { results[i] = r.DB.Write(r.Context(), open(link, plain)) })
		}
		wait.Wait()
		opened := 0
		for _, err := range results {
			if err == nil {
				opened++
			} else if !fault.Is(err, fault.NotFound) {
				r.Error(err)
			}
		}
		if opened != 1 || len(r.events("credential.handover_opened")) != 1 {
			r.Errorf("opened %d times", opened)
		}
		_, plain, link = hand(time.Hour)
		r.Refused("a link that nobody made", fault.NotFound, open(link+"x", plain))
		c.pass(time.Hour)
		r.Refused("a link that has expired", fault.NotFound, open(link, plain))
		if err := handover.Forget(r.Context(), r.DB); err != nil {
			r.Fatal(err)
		}
		r.Write(func(tx *db.Tx) error {
			left, err := db.Value[int](tx, `SELECT count(*) FROM handover`)
			if left != 0 {
				r.Errorf("%d expired links are left", left)
			}
			return err
		})
		off, plain, link := hand(0)
		r.Write(func(tx *db.Tx) error {
			_, err := credential.SetEnabled(tx, &r.Operator, r.app.ID, off.ID, false)
			return err
		})
		r.Refused("the link to a disabled secret", fault.NotFound, open(link, plain))
		gone, plain, link := hand(0)
		r.Write(func(tx *db.Tx) error { return credential.Delete(tx, &r.Operator, r.app.ID, gone.ID, 0, true) })
		r.Refused("the link to a deleted secret", fault.NotFound, open(link, plain))
		for _, life := range []time.Duration{time.Second, -time.Hour, handover.MaxLife + 1} {
			r.Refused(life.String(), fault.Invalid, func(tx *db.Tx) error {
				_, _, err := handover.Give(tx, r.Vault, &r.Operator, off, seal.NewSecret("x"), life)
				return err
			})
		}
	})
}

func TestExpiryIsAnnouncedOnceAtEachHorizon(t *testing.T) {
	eachAt(t, func(r *rooms, c *clock) {
		long, _ := r.add(credential.Spec{ExpiresAt: c.now.Add(40 * day)})
		off, _ := r.add(credential.Spec{ExpiresAt: c.now.Add(40 * day)})
		r.Write(func(tx *db.Tx) error {
			_, err := credential.SetEnabled(tx, &r.Operator, r.app.ID, off.ID, false)
			return err
		})
		r.add(credential.Spec{})
		announce := func() {
			r.Helper()
			if err := credential.AnnounceExpiry(r.Context(), r.DB); err != nil {
				r.Fatal(err)
			}
		}
		said := func() (horizons []int) {
			for _, e := range r.events("credential.expiring") {
				if e["application_name"] != "app" || e["application"] != r.app.ID.String() {
					r.Errorf("%v", e)
				}
				horizons = append(horizons, int(e["horizon_days"].(float64)))
			}
			return horizons
		}
		for range 60 * 4 { // four times a day, for two months
			announce()
			c.pass(6 * time.Hour)
		}
		if got := said(); !slices.Equal(got, []int{30, 14, 7, 1, 0}) {
			r.Fatalf("announced at %v", got)
		}
		// Another expiry begins anew; of several horizons at once the nearest is told.
		r.change(long.ID, func(s *credential.Spec) { s.ExpiresAt = c.now.Add(5 * day) })
		announce()
		announce()
		if got := said()[5:]; !slices.Equal(got, []int{7}) {
			r.Errorf("a later expiry is announced at %v", got)
		}
		// The chore stood still for a month: nobody is told of what has long expired.
		c.pass(35 * day)
		announce()
		short, _ := r.add(credential.Spec{ExpiresAt: c.now.Add(time.Hour)})
		announce()
		r.rotate(short, credential.Rotation{ExpiresAt: c.now.Add(300 * day)}) // its end is ordered: no news
		announce()
		if got := said()[6:]; !slices.Equal(got, []int{1}) {
			r.Errorf("a short life is announced at %v", got)
		}
		r.Write(func(tx *db.Tx) error {
			counts, err := credential.Expiring(tx)
			if counts != [...]int{0, 0, 0, 0, 1} {
				r.Errorf("%v expire within %v days", counts, credential.Horizons)
			}
			return err
		})
	})
}

// sealedRows are all values that the real schema keeps sealed for an environment, by table, whatever tables there are.
func sealedRows(r *rooms) map[string]string {
	r.Helper()
	query := `SELECT m.name FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND c.name = 'sealed'`
	if r.DB.Engine() == db.PostgreSQL {
		query = `SELECT table_name FROM information_schema.columns WHERE column_name = 'sealed' AND table_schema = current_schema()`
	}
	rows := map[string]string{}
	r.Write(func(tx *db.Tx) error {
		tables, err := db.All(tx, func(s db.Scan) (name string, err error) { return name, s(&name) }, query)
		for _, table := range tables {
			rows[table] = ""
			values, err := db.All(tx, func(s db.Scan) (v []byte, err error) { return v, s(&v) },
				`SELECT sealed FROM `+table+` WHERE environment_id = $1 AND sealed IS NOT NULL`, r.Home.ID.String())
			if err != nil {
				return err
			}
			for _, v := range values {
				rows[table] += fmt.Sprintf("%x ", v)
			}
		}
		return err
	})
	return rows
}

// nowhere is where the webhooks of a test go.
type nowhere struct{}

func (nowhere) CheckURL(context.Context, string) error { return nil }

func (nowhere) Post(context.Context, string, map[string]string, []byte) (int, []byte, error) {
	return 204, nil, nil
}

// sealElsewhere makes every other room keep something sealed.
func (r *rooms) sealElsewhere() {
	r.Helper()
	hooks := webhook.New(webhook.Options{DB: r.DB, Vault: r.Vault, Sender: nowhere{}})
	url, err := hooks.CheckURL(r.Context(), "https://receiver.example/")
	if err != nil {
		r.Fatal(err)
	}
	r.Write(func(tx *db.Tx) error {
		if _, err := certificate.OwnCA(tx, r.Vault, &r.Operator); err != nil {
			return err
		}
		if err := r.sealAboutPeople(tx); err != nil {
			return err
		}
		if err := r.sealAboutConnections(tx); err != nil {
			return err
		}
		_, _, err := hooks.Create(tx, &r.Operator, webhook.Spec{URL: url, Kinds: []string{"credential.created"}})
		return err
	})
}

// sealAboutPeople makes a user with a password, a factor, a ticket and a letter.
func (r *rooms) sealAboutPeople(tx *db.Tx) error {
	p, err := password.PrepareHash(r.Home.ID, password.New{Hash: seal.NewSecret("{SSHA}DkMTwBl+a/3DQTxCYEApdUtNXGgdUac3")})
	if err != nil {
		return err
	}
	u, err := directory.Create(tx, &r.Operator, directory.Spec{Profile: directory.Profile{UserName: "ann"}})
	if err != nil {
		return err
	}
	if err := (&password.Authority{Vault: r.Vault}).SetInCreate(tx, &r.Operator, u, p); err != nil {
		return err
	}
	tickets := &ticket.Authority{Vault: r.Vault}
	if _, _, err := (&factor.Authority{Vault: r.Vault, Tickets: tickets}).EnrolTOTP(tx, &r.Operator, u.ID, "phone"); err != nil {
		return err
	}
	_, link, err := tickets.Make(tx, ticket.Spec{Environment: r.Home.ID, Purpose: ticket.Reset, User: u.ID, Data: map[string]string{"to": "ann@example.com"}})
	if err != nil {
		return err
	}
	return letter.Post(tx, r.Vault, letter.Letter{
		Environment: r.Home.ID, To: "ann@example.com", Kind: letter.PasswordReset,
		Data: letter.Data{Link: seal.NewSecret("https://people.example/reset/" + link.Reveal()), Until: tx.Now().Add(time.Hour)},
	})
}

// sealAboutConnections makes a connector with a client of its own, a connection, and a person who was sent to agree.
func (r *rooms) sealAboutConnections(tx *db.Tx) error {
	catalogue, err := provider.Open("")
	if err != nil {
		return err
	}
	y := &connect.Authority{Vault: r.Vault, Catalogue: catalogue}
	at := slices.IndexFunc(catalogue.List(), func(p *provider.Provider) bool { return p.Mode == provider.AuthorizationCode })
	c, err := y.CreateConnector(tx, &r.Operator, connect.ConnectorSpec{
		Provider: catalogue.List()[at].Name, Settings: connect.Settings{ClientID: "us"}, Secret: seal.NewSecret("ours"),
	})
	if err != nil {
		return err
	}
	filled := connect.Filled{Secrets: map[string]seal.Secret{"key": seal.NewSecret("theirs")}}
	token := &connect.Token{Access: seal.NewSecret("token"), FetchedAt: tx.Now()}
	if _, err := y.Create(tx, r.Operator.Who(), c, connect.Spec{}, filled, token, ""); err != nil {
		return err
	}
	s, _, err := (&session.Authority{Connect: y}).Create(tx, &r.Operator, session.Spec{Connectors: []string{c.Name}})
	if err != nil {
		return err
	}
	sealed, err := r.Vault.Seal(tx, r.Home.ID, "connect_session", s.ID.String(), "sealed", []byte("journey"))
	if err != nil {
		return err
	}
	_, err = tx.Exec(`UPDATE connect_session SET sealed = $1 WHERE id = $2`, sealed, s.ID.String())
	return err
}

func TestNewSealingKeyTakesEverySealedValueAlong(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		r := found(t, d, t.TempDir()+"/root.key")
		kept, plain := r.keep(r.app)
		r.add(credential.Spec{}) // nothing of it is sealed
		var link seal.Secret
		r.Write(func(tx *db.Tx) (err error) {
			link, _, err = handover.Give(tx, r.Vault, &r.Operator, kept, seal.NewSecret(plain), 0)
			return err
		})
		r.sealElsewhere()
		before := sealedRows(r)
		if err := r.Environments.Rekey(r.Context(), r.DB); err != nil {
			t.Fatal(err)
		}
		after := sealedRows(r)
		for table, values := range before {
			switch values {
			case "":
				t.Errorf("the test puts nothing into %s: make it do so", table)
			case after[table]:
				t.Errorf("%s is not sealed anew: name its room in environment/furnish", table)
			}
		}
		r.Write(func(tx *db.Tx) error {
			_, seen, err := r.Credentials.Reveal(tx, &r.Operator, r.app.ID, kept.ID)
			if err != nil {
				return err
			}
			h, err := handover.Open(tx, r.Vault, r.Home.ID, ledger.System, link.Reveal())
			if err == nil && (seen.Reveal() != plain || h.Secret.Reveal() != plain) {
				t.Error("another secret came out")
			}
			return err
		})
	})
}
