package server_test

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/directory/intake"
	"github.com/counterfoil/counterfoil/internal/housetest"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// pair is two nodes on one database, with a hand on the database itself and on the second node's way to it.
type pair struct {
	here, there *housetest.House
	cable       *dbtest.Cable // there's
	db          *db.DB
	rootKey     string
	environment uuid.UUID
	batches     int64 // that load has imported
}

func newPair(t *testing.T) *pair {
	dsn := dbtest.PostgreSQLDSN(t)
	p := &pair{cable: dbtest.Through(t, dsn), rootKey: filepath.Join(t.TempDir(), "root.key")}
	clock := &housetest.Clock{}
	p.here = housetest.StartOn(t, dsn, p.rootKey, clock, nil)
	p.there = housetest.StartOn(t, p.cable.DSN, p.rootKey, clock, p.here)
	p.db = dbtest.Open(t, dsn, clock.Now)
	p.environment = uuid.MustParse(p.here.Must("GET", "/ledger/head", nil).String("environment"))
	return p
}

// during runs work again and again beside the test, until the returned function is called or the test ends.
func during(t *testing.T, work func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		for ctx.Err() == nil {
			if err := work(ctx); err != nil && ctx.Err() == nil {
				t.Errorf("beside the test: %v", err)
				return
			}
		}
	})
	return func() { cancel(); running.Wait() }
}

// load imports users on the first node's database, a full batch at a time, as counterfoil import users has it done.
func (p *pair) load(ctx context.Context) error {
	operator := access.Operator(p.environment)
	p.batches++
	records := make([]intake.Record, intake.BatchSize)
	for i := range records {
		records[i] = intake.Record{Line: int64(i + 1), User: fmt.Appendf(nil, `{"userName":"user%d-%d","displayName":"Somebody"}`, p.batches, i)}
	}
	return p.db.Write(ctx, func(tx *db.Tx) error {
		begun, err := intake.Open(tx, &operator, strings.Repeat("ab", 32), "people.ndjson", intake.CreateOnly)
		if err != nil {
			return err
		}
		_, err = intake.Apply(tx, nil, &operator, begun.ID, p.batches, records)
		return err
	})
}

// deafen cuts every connection that waits for notifications, as fast as the nodes mend them.
func (p *pair) deafen(ctx context.Context) error {
	const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query = 'LISTEN counterfoil'`
	err := p.db.Write(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(cut)
		return err
	})
	time.Sleep(10 * time.Millisecond) // a pause, not a wait: the loop goes on until the test is over
	return err
}

const (
	propagationLanes = 4
	propagationLimit = register.RefuseAfter
)

// TestPropagation measures how long a token lives on one node after the request that disables its application was
// sent to the other, and holds every sample to the bound that is promised. The aim for p99 is a second.
func TestPropagation(t *testing.T) {
	p := newPair(t)
	p.here.NewAPI("watched", housetest.O{"token_format": "handle"}, "watched:read")
	gateway := p.here.NewApp("gateway", housetest.O{"introspects": []string{"watched"}})
	for _, circumstance := range []struct {
		name   string
		rounds int // of each lane
		beside func(context.Context) error
	}{
		{"idle", 50, nil},
		{"during an import", 25, p.load},
		{"without notifications", 10, p.deafen},
	} {
		stop := func() {}
		if circumstance.beside != nil {
			stop = during(t, circumstance.beside)
		}
		var mu sync.Mutex
		var samples []time.Duration
		t.Run(circumstance.name, func(t *testing.T) {
			for lane := range propagationLanes {
				t.Run(fmt.Sprint(lane), func(t *testing.T) {
					t.Parallel()
					took := p.sample(t, gateway, fmt.Sprintf("%s %d", circumstance.name, lane), circumstance.rounds)
					mu.Lock()
					samples = append(samples, took...)
					mu.Unlock()
				})
			}
		})
		stop()
		slices.Sort(samples)
		if len(samples) == 0 || samples[len(samples)-1] > propagationLimit {
			t.Errorf("propagation %s: %d samples, the longest over %v", circumstance.name, len(samples), propagationLimit)
			continue
		}
		at := func(percent int) time.Duration {
			return samples[(len(samples)*percent+99)/100-1].Round(100 * time.Microsecond)
		}
		t.Logf("propagation %s: n=%d p50=%v p99=%v max=%v", circumstance.name, len(samples), at(50), at(99), at(100))
	}
}

// sample disables an application on one node so many times and returns how long its token lived on the other.
func (p *pair) sample(t *testing.T, gateway housetest.Client, name string, rounds int) (samples []time.Duration) {
	here, there := p.here.With(t), p.there.With(t)
	client := here.NewApp(name, nil, "watched:read")
	for range rounds {
		token := here.Token(client)
		await(t, propagationLimit, "known on the other node", func() bool { return there.Active(gateway, token) })
		began := time.Now()
		done := make(chan struct{})
		go func() {
			defer close(done)
			here.Must("POST", "/applications/"+client.ID+"/disable", nil)
		}()
		for there.Active(gateway, token) && time.Since(began) < 2*propagationLimit {
			time.Sleep(3 * time.Millisecond)
		}
		samples = append(samples, time.Since(began))
		<-done
		here.Must("POST", "/applications/"+client.ID+"/enable", nil)
	}
	return samples
}

const propagated = "Counterfoil-Propagated"

// TestPropagatedIsTrueOnASingleNode because there is nobody to wait for.
func TestPropagatedIsTrueOnASingleNode(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		client := h.NewApp("app", nil)
		if a := h.Must("POST", "/applications/"+client.ID+"/disable", nil); a.Header.Get(propagated) != "true" || a.JSON["propagated"] != true {
			t.Errorf("%s: %q, %s", propagated, a.Header.Get(propagated), a.Text)
		}
	})
}

// TestPropagatedMeansThatTheOtherNodeHasHeard asks the other node in the moment in which the answer says so, and
// takes it the database away to see that the answer does not.
func TestPropagatedMeansThatTheOtherNodeHasHeard(t *testing.T) {
	p := newPair(t)
	p.here.NewAPI("watched", housetest.O{"token_lifetime": 3600}, "watched:read")
	gateway := p.here.NewApp("gateway", housetest.O{"introspects": []string{"watched"}})
	client := p.here.NewApp("client", nil, "watched:read")
	disable, enable := "/applications/"+client.ID+"/disable", "/applications/"+client.ID+"/enable"
	for range 20 {
		token := p.here.Token(client)
		if !p.there.Active(gateway, token) {
			t.Fatal("a good token is inactive on the other node")
		}
		if a := p.here.Must("POST", disable, nil); a.Header.Get(propagated) != "true" {
			t.Fatalf("%s: %q with both nodes awake", propagated, a.Header.Get(propagated))
		}
		if p.there.Active(gateway, token) {
			t.Fatal("said to have been propagated, and the other node does not know")
		}
		p.here.Must("POST", enable, nil)
	}

	token := p.here.Token(client)
	p.there.Active(gateway, token)
	p.cable.Cut()
	began := time.Now()
	a := p.here.Must("POST", disable, nil)
	if took := time.Since(began); a.Header.Get(propagated) != "false" || took < 900*time.Millisecond || took > 2*time.Second {
		t.Errorf("%s: %q after %v with one node cut off, want false after a second", propagated, a.Header.Get(propagated), took)
	}
	if p.here.Active(gateway, token) || !p.there.Active(gateway, token) {
		t.Error("the node that was asked must obey at once; the one cut off cannot have heard")
	}
	await(t, 10*time.Second, "no longer waited for", func() bool {
		p.here.Must("POST", enable, nil)
		return p.here.Must("POST", disable, nil).Header.Get(propagated) == "true"
	})
	p.cable.Mend()
	await(t, register.RefuseAfter, "obeyed by the node that was cut off", func() bool { return !p.there.Active(gateway, token) })
}

// TestANodeThatLeavesIsNotWaitedFor because a rolling upgrade would make every change slow.
func TestANodeThatLeavesIsNotWaitedFor(t *testing.T) {
	p := newPair(t)
	client := p.here.NewApp("client", nil)
	p.there.Stop()
	began := time.Now()
	a := p.here.Must("POST", "/applications/"+client.ID+"/disable", nil)
	if took := time.Since(began); a.Header.Get(propagated) != "true" || took > 800*time.Millisecond {
		t.Errorf("%s: %q after %v", propagated, a.Header.Get(propagated), took)
	}
}

// TestWhatWasMadeElsewhereWorksAtOnce makes a client, and a second secret for it, behind the back of both nodes, and
// uses each at once: the node looks before it refuses, and nothing is counted as a failure.
func TestWhatWasMadeElsewhereWorksAtOnce(t *testing.T) {
	p := newPair(t)
	p.here.NewAPI("fresh", nil, "fresh:read")
	vault, err := seal.Open(t.Context(), p.db, seal.Source{File: p.rootKey})
	if err != nil {
		t.Fatal(err)
	}
	operator, secrets := access.Operator(p.environment), &credential.Authority{Vault: vault}
	refused := func() float64 {
		return p.there.Metrics()[`counterfoil_http_requests_total{route="POST /oauth2/token",status="4xx"}`]
	}
	before := refused()
	for i := range 8 {
		var client [2]housetest.Client
		write := func(fn func(*db.Tx) error) {
			if err := p.db.Write(t.Context(), fn); err != nil {
				t.Fatal(err)
			}
		}
		var id uuid.UUID
		add := func(tx *db.Tx, number int) error {
			_, secret, err := secrets.AddSecret(tx, &operator, id, credential.SecretSpec{})
			client[number] = housetest.Client{ID: id.String(), Secret: secret.Reveal()}
			return err
		}
		write(func(tx *db.Tx) error {
			app, err := application.Create(tx, &operator, application.Spec{Name: fmt.Sprint("app ", i), Scopes: []string{"fresh:read"}})
			if err != nil {
				return err
			}
			id = app.ID
			return add(tx, 0)
		})
		p.there.Token(client[0])
		write(func(tx *db.Tx) error { return add(tx, 1) })
		p.there.Token(client[1])
	}
	if counted := refused() - before; counted != 0 {
		t.Errorf("%v refusals were counted", counted)
	}
}
