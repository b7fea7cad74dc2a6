package fresh_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/exchange"
	"github.com/counterfoil/counterfoil/internal/connect/fresh"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/egress"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/keyring"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/test/thirdparty"
)

// follows lets a node follow the ledger by itself.
func (h *house) follows(n *node) *register.Register {
	h.Helper()
	r := register.New(register.Options{
		DB: n.db, Ring: keyring.New(n.connect.Vault), BaseURL: "https://counterfoil.example", Now: h.clock.Now,
		Log: slog.New(slog.DiscardHandler), Heard: n.Heard,
	})
	if err := r.Load(h.Context()); err != nil {
		h.Fatal(err)
	}
	ctx, stop := context.WithCancel(db.Chore(context.Background()))
	var running sync.WaitGroup
	running.Go(func() { r.Follow(ctx) })
	h.Cleanup(func() { stop(); running.Wait() })
	for !r.Loaded() {
		time.Sleep(time.Millisecond)
	}
	return r
}

func TestAKillSwitchThatIsPropagatedIsObeyedByEveryNode(t *testing.T) {
	h := build(t, dbtest.PostgreSQLDSN(t), "far")
	here, there := h.nodes[0], h.join(dbtest.Open(t, h.dsn, h.clock.Now))
	mine := h.follows(here)
	h.follows(there)
	operator := access.Operator(h.rooms.Home.ID)
	for range 20 {
		for _, on := range []bool{false, true} {
			h.rooms.Write(func(tx *db.Tx) error { return here.connect.StopProvider(tx, &operator, "far", !on) })
			if !mine.Settle(t.Context(), h.rooms.Home.ID) {
				t.Fatal("it does not propagate")
			}
			for _, n := range h.nodes {
				if _, err := h.token(n); on != (err == nil) || !on && !fault.Is(err, fault.Conflict) {
					t.Errorf("on: %v, %v", on, err)
				}
			}
		}
	}
}

// web is a provider that speaks HTTP, and a bad network before it.
type web struct {
	*thirdparty.Fault
	requests atomic.Int64
}

// overHTTP makes the nodes of a house call a provider that speaks HTTP, which takes a while for each answer.
func (h *house) overHTTP(takes time.Duration) *web {
	h.Helper()
	w := &web{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(a http.ResponseWriter, _ *http.Request) {
		n := w.requests.Add(1)
		time.Sleep(takes)
		_, _ = fmt.Fprintf(a, `{"access_token":"web-%d","token_type":"Bearer","expires_in":3600,"padding":"%s"}`, n, strings.Repeat("x", 20_000))
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	h.Cleanup(server.Close)
	w.Fault = thirdparty.Faulty(h, server.URL)
	folder := h.TempDir()
	text := fmt.Sprintf(`display_name: Far
docs: https://far.example/docs
mode: client_credentials
token: {url: "%s/token", auth: client_secret_basic}
fields:
  - {name: client_id, title: Client ID}
  - {name: client_secret, title: Client Secret, secret: true}
`, w.At(server.URL))
	if err := os.WriteFile(filepath.Join(folder, "far.yaml"), []byte(text), 0o600); err != nil {
		h.Fatal(err)
	}
	catalogue, err := provider.Open(folder)
	if err != nil {
		h.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	for _, n := range h.nodes {
		out, err := egress.New(egress.Options{Allow: []string{w.Host}, RootCAs: roots})
		if err != nil {
			h.Fatal(err)
		}
		h.Cleanup(out.Close)
		n.connect.Catalogue = catalogue
		n.Keeper = fresh.New(fresh.Options{
			DB: n.db, Connect: n.connect, Fetcher: &exchange.Exchange{Egress: out, Now: h.clock.Now}, Node: uuid.NewString(),
			Now: h.clock.Now, Log: slog.New(slog.DiscardHandler),
		})
	}
	return w
}

func TestAProviderSeesOneRequestOfAHundredProgramsOnThreeNodes(t *testing.T) {
	h := build(t, dbtest.PostgreSQLDSN(t), "far")
	for range 2 {
		h.join(dbtest.Open(t, h.dsn, h.clock.Now))
	}
	w := h.overHTTP(300 * time.Millisecond)
	h.clock.pass(2 * time.Hour)
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() { h.gets(h.nodes[i%3], "web-1") })
	}
	all.Wait()
	if n := w.requests.Load(); n != 1 {
		t.Errorf("%d requests", n)
	}
}

func TestABadNetworkDelaysNobodyForLongAndIsOutlived(t *testing.T) {
	t.Parallel() // it waits most of the time
	h := build(t, dbtest.SQLiteDSN(t), "far")
	w := h.overHTTP(0)
	n := h.nodes[0]
	h.gets(n, "token 0")
	for _, bad := range []struct {
		name string
		how  thirdparty.Behaviour
		good bool
	}{
		{"slow", thirdparty.Behaviour{Latency: 100 * time.Millisecond}, true},
		{"refusing", thirdparty.Behaviour{Refuse: true}, false},
		{"cut in the answer", thirdparty.Behaviour{CutAfter: 8000}, false},
		{"a trickle", thirdparty.Behaviour{Rate: 4000}, false},
		{"silent", thirdparty.Behaviour{Silent: true}, false},
	} {
		w.HangUp()
		w.Behave(bad.how)
		h.clock.pass(44 * time.Minute)
		if _, err := h.token(n); err != nil { // which is still good
			t.Errorf("%s: %v", bad.name, err)
		}
		h.clock.pass(2 * time.Hour)
		began := time.Now()
		_, err := h.token(n)
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("%s: it took %v", bad.name, took)
		}
		c := h.load()
		switch {
		case bad.good && err != nil:
			t.Errorf("%s: %v", bad.name, err)
		case !bad.good && (!fault.Is(err, fault.Unavailable) || c.State != connect.Failing || c.Reason == "" || !strings.Contains(err.Error(), c.Reason)):
			t.Errorf("%s: %v, %+v", bad.name, err, c.Health)
		case !bad.good:
			t.Logf("%s: %s: %s", bad.name, c.Stage, c.Reason)
		}
		w.HangUp()
		w.Behave(thirdparty.Behaviour{})
		h.clock.pass(15 * time.Minute)
		h.ahead()
		h.tell(n)
		if _, err := h.token(n); err != nil || h.load().State != connect.Healthy {
			t.Errorf("after %s: %v", bad.name, err)
		}
	}
}
