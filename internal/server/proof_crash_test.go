package server_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/housetest"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// roundsVariable says how often the server is killed; make test does with 50, a release with 1,000.
const roundsVariable = "COUNTERFOIL_CRASH_ROUNDS"

func crashRounds(t *testing.T) int {
	t.Helper()
	text := os.Getenv(roundsVariable)
	if text == "" {
		return 50
	}
	rounds, err := strconv.Atoi(text)
	if err != nil || rounds < 1 {
		t.Fatalf("%s=%s is not a number of rounds", roundsVariable, text)
	}
	return rounds
}

// fate is what was done to an application, or was about to be.
type fate string

const (
	unborn         fate = ""
	alive          fate = "alive"
	disabled       fate = "disabled"
	deleted        fate = "deleted"
	secretDisabled fate = "secret disabled"
	tokenRevoked   fate = "token revoked"
)

// life is an application as one writer knows it.
type life struct {
	name         string
	id, secret   string
	token        string
	acknowledged fate // the last thing that the server said has happened
	asked        fate // what it was asked since and did not answer
}

// chronicle is what several writers were told.
type chronicle struct {
	mu           sync.Mutex
	lives        []*life
	acknowledged atomic.Int64
}

// write makes applications and takes them away again until the server is gone or stop says so. What was asked is
// noted before the request, what was acknowledged after the answer.
func (c *chronicle) write(h *housetest.House, admin, name string, stop func() bool) {
	for i := 0; !stop(); i++ {
		l := &life{name: fmt.Sprintf("%s %d", name, i), asked: alive}
		c.mu.Lock()
		c.lives = append(c.lives, l)
		c.mu.Unlock()
		if !l.begin(h, admin) {
			continue
		}
		c.acknowledged.Add(1)
		next := []fate{alive, disabled, deleted, secretDisabled, tokenRevoked}[rand.IntN(5)]
		if next == alive {
			continue
		}
		l.asked = next
		if a := l.end(h, admin, next); a != nil && a.Status < 300 {
			l.acknowledged, l.asked = next, unborn
			c.acknowledged.Add(1)
		}
	}
}

// begin makes the application and gets a token.
func (l *life) begin(h *housetest.House, admin string) bool {
	a, err := housetest.Attempt(h.CallRequest(admin, "POST", managementPrefix+"/applications",
		housetest.O{"name": l.name, "scopes": []string{"crash:read"}, "secret": housetest.O{}}))
	if err != nil || a.Status != http.StatusCreated {
		return false
	}
	l.id, l.secret = a.String("client_id"), a.Object("secret").String("id")
	l.acknowledged, l.asked = alive, unborn
	client := housetest.Client{ID: l.id, Secret: a.Object("secret").String("secret")}
	a, err = housetest.Attempt(h.FormRequest("/oauth2/token", client, "grant_type", "client_credentials"))
	if err != nil || a.Status != http.StatusOK {
		return false
	}
	l.token = a.String("access_token")
	return true
}

// end asks for a fate. It returns nil when there was no answer.
func (l *life) end(h *housetest.House, admin string, next fate) *housetest.Answer {
	application := managementPrefix + "/applications/" + l.id
	var r *http.Request
	switch next {
	case disabled:
		r = h.CallRequest(admin, "POST", application+"/disable", nil)
	case deleted:
		r = h.CallRequest(admin, "DELETE", application, nil)
	case secretDisabled:
		r = h.CallRequest(admin, "POST", application+"/secrets/"+l.secret+"/disable", nil)
	case tokenRevoked:
		r = h.CallRequest(admin, "POST", managementPrefix+"/tokens/revoke", housetest.O{"token": l.token})
	}
	a, err := housetest.Attempt(r)
	if err != nil {
		return nil
	}
	return a
}

// audit compares a life with what the server says of it. What was asked and not answered may have happened or not,
// but as a whole; the life goes on from what it finds.
func (l *life) audit(h *housetest.House, gateway housetest.Client) error {
	if l.acknowledged == unborn {
		found := h.Must("GET", "/applications?name="+url.QueryEscape(l.name), nil).JSON["items"].([]any)
		if len(found) == 0 {
			return nil
		}
		l.id = found[0].(housetest.O)["client_id"].(string)
		if secrets := h.Must("GET", "/applications/"+l.id+"/secrets", nil).JSON["items"].([]any); len(secrets) != 1 {
			return fmt.Errorf("%s is half born: it has %d secrets", l.name, len(secrets))
		}
		l.acknowledged, l.asked = alive, unborn
		return nil
	}
	found := l.find(h)
	if l.token != "" {
		switch lives := h.Active(gateway, l.token); {
		case found == alive && !lives:
			found = tokenRevoked
		case found != alive && lives:
			return fmt.Errorf("%s: %s, and its token lives", l.name, found)
		}
	}
	if found != l.acknowledged && (l.asked == unborn || found != l.asked) {
		return fmt.Errorf("%s: acknowledged %q, asked for %q, found %q", l.name, l.acknowledged, l.asked, found)
	}
	l.acknowledged, l.asked = found, unborn
	return nil
}

// find returns the fate that the rows tell.
func (l *life) find(h *housetest.House) fate {
	a := h.Call("GET", "/applications/"+l.id, nil)
	switch {
	case a.Status == http.StatusNotFound:
		return deleted
	case a.Status == http.StatusOK && a.JSON["enabled"] == false:
		return disabled
	}
	if l.acknowledged == secretDisabled || l.asked == secretDisabled {
		if h.Must("GET", "/applications/"+l.id+"/secrets/"+l.secret, nil).JSON["enabled"] == false {
			return secretDisabled
		}
	}
	return alive
}

// check audits lives: those that nobody has looked at, some older ones, or all.
func (c *chronicle) check(h *housetest.House, gateway housetest.Client, from int, all bool) {
	h.T.Helper()
	for i, l := range c.lives {
		if i < from && !all && rand.IntN(len(c.lives)) > 20 {
			continue
		}
		if err := l.audit(h, gateway); err != nil {
			h.T.Error(err)
		}
	}
}

// verify holds the ledger in a database to its chain.
func verify(t *testing.T, dsn string, environment uuid.UUID) int64 {
	t.Helper()
	d, err := db.Open(t.Context(), db.Options{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	proof, err := ledger.Verify(t.Context(), ledger.InDatabase(d, environment), nil)
	if err != nil {
		t.Errorf("the ledger: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
	return proof.Events
}

// prepareCrash makes what the writers need and returns the client that looks into tokens.
func prepareCrash(h *housetest.House) (gateway housetest.Client, environment uuid.UUID) {
	h.NewAPI("crash", housetest.O{"token_lifetime": 24 * 60 * 60, "token_format": "handle"}, "crash:read")
	gateway = h.NewApp("gateway", housetest.O{"introspects": []string{"crash"}})
	return gateway, uuid.MustParse(h.Must("GET", "/ledger/head", nil).String("environment"))
}

// crash lets writers write to a server, kills it in the middle of it, starts it again on the same data and looks
// whether what it acknowledged is there: rounds times. after is called when the server is gone.
func crash(t *testing.T, rounds int, dsn, folder string, after func(), arguments ...string) {
	var c chronicle
	var starts []time.Duration
	p := spawn(t, housetest.Client{}, folder, nil, arguments...)
	gateway, environment := prepareCrash(p.House)
	for round := range rounds {
		checked := len(c.lives)
		var gone sync.WaitGroup
		admin := p.AdminToken()
		dead, cut := context.WithCancel(t.Context())
		for writer := range 4 {
			gone.Go(func() {
				c.write(p.House, admin, fmt.Sprintf("app %d %d", round, writer), func() bool { return dead.Err() != nil })
			})
		}
		time.Sleep(time.Duration(50+rand.IntN(250)) * time.Millisecond) // the moment of the crash: any will do
		cut()
		p.kill()
		gone.Wait()
		after()
		if round%5 == 4 {
			verify(t, dsn, environment)
		}
		p = spawn(t, p.Admin, folder, nil, arguments...)
		starts = append(starts, p.started)
		c.check(p.House, gateway, checked, round == rounds-1)
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	p.kill()
	if c.acknowledged.Load() < int64(5*rounds) {
		t.Errorf("only %d acknowledged writes in %d rounds: the test proves little", c.acknowledged.Load(), rounds)
	}
	slices.Sort(starts)
	median := starts[len(starts)/2]
	if median > 2*time.Second {
		t.Errorf("half of the starts took longer than %v", median)
	}
	t.Logf("crash: rounds=%d acknowledged=%d events=%d start p50=%v max=%v", rounds, c.acknowledged.Load(), verify(t, dsn, environment),
		median.Round(time.Millisecond), starts[len(starts)-1].Round(time.Millisecond))
}

// TestKilledServerLosesNothingItAcknowledged pulls the plug on a server with an embedded database.
func TestKilledServerLosesNothingItAcknowledged(t *testing.T) {
	t.Parallel() // it waits for processes most of the time
	folder := filepath.Join(t.TempDir(), "data")
	crash(t, crashRounds(t), filepath.Join(folder, "counterfoil.db"), folder, func() {})
}

// TestKilledNodeLosesNothingItAcknowledged does the same to a node on PostgreSQL.
func TestKilledNodeLosesNothingItAcknowledged(t *testing.T) {
	t.Parallel() // it waits for processes most of the time
	dsn := dbtest.PostgreSQLDSN(t)
	other := dbtest.Open(t, dsn, nil)
	// The next node would wait for the one that was killed for three seconds, and get little done.
	bury := func() {
		err := other.Write(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec("DELETE FROM node")
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
	crash(t, 5, dsn, filepath.Join(t.TempDir(), "data"), bury, "--database", dsn)
}

// TestKilledDatabaseConnectionsLoseNothing cuts every connection of a node to PostgreSQL, again and again, while it
// is written to. The node stays up, and what it acknowledged is there.
func TestKilledDatabaseConnectionsLoseNothing(t *testing.T) {
	dsn := dbtest.PostgreSQLDSN(t)
	h := housetest.StartOn(t, dsn, filepath.Join(t.TempDir(), "root.key"), &housetest.Clock{}, nil)
	gateway, environment := prepareCrash(h)
	other := dbtest.Open(t, dsn, nil)
	const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`
	var c chronicle
	admin := h.AdminToken()
	for round := range 5 {
		over, end := context.WithCancel(t.Context())
		var gone sync.WaitGroup
		for writer := range 4 {
			gone.Go(func() {
				c.write(h, admin, fmt.Sprintf("app %d %d", round, writer), func() bool { return over.Err() != nil })
			})
		}
		for range 3 {
			time.Sleep(time.Duration(30+rand.IntN(70)) * time.Millisecond) // the moment of the cut: any will do
			err := other.Write(t.Context(), func(tx *db.Tx) error {
				_, err := tx.Exec(cut)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		end()
		gone.Wait()
	}
	await(t, 5*time.Second, "writing again", func() bool {
		return h.Call("POST", "/applications", housetest.O{"name": "after"}).Status < 500
	})
	c.check(h, gateway, 0, true)
	events := verify(t, dsn, environment)
	if c.acknowledged.Load() < 50 {
		t.Errorf("only %d acknowledged writes: the test proves little", c.acknowledged.Load())
	}
	t.Logf("cut connections: acknowledged=%d events=%d", c.acknowledged.Load(), events)
}
