// Package housetest runs a whole house in a test, on a real database and a real listener, in one line.
//
// [Start] gives a house on SQLite, [Each] one on each engine, [Nodes] several on one PostgreSQL. The verbs of
// [House] call it over HTTP as anybody would; its [Clock] can be moved.
package housetest

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/server"
	"github.com/counterfoil/counterfoil/internal/server/config"
)

// House is a running node.
type House struct {
	*server.House
	T testing.TB
	// URL is the base URL, which is also the issuer of the default environment.
	URL string
	// Admin is the first administrator of the installation.
	Admin Client
	Clock *Clock
	// Log holds everything the node logged.
	Log *Buffer

	mu      sync.Mutex
	token   string
	tokenAt time.Time

	stop func()
}

// Client is a client_id with its secret.
type Client struct{ ID, Secret string }

// Clock is the time of a house: the real one, moved.
type Clock struct{ offset atomic.Int64 }

// Now returns the time.
func (c *Clock) Now() time.Time { return time.Now().Add(time.Duration(c.offset.Load())) }

// Move moves the clock.
func (c *Clock) Move(d time.Duration) { c.offset.Add(int64(d)) }

// Buffer is a log that can be read while it is written.
type Buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements [io.Writer].
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// String returns what was written.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// Start runs a house on a fresh SQLite database until the test ends.
func Start(t testing.TB) *House {
	t.Helper()
	return StartWith(t)
}

// StartWith is [Start] with further arguments of serve.
func StartWith(t testing.TB, arguments ...string) *House {
	t.Helper()
	return on(t, dbtest.SQLiteDSN(t), filepath.Join(t.TempDir(), "root.key"), &Clock{}, nil, arguments...)
}

// EachWith is [Each] with more arguments for the server, such as "--trusted-proxies", "127.0.0.1".
func EachWith(t *testing.T, arguments []string, test func(t *testing.T, h *House)) {
	t.Helper()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		test(t, on(t, dsn, filepath.Join(t.TempDir(), "root.key"), &Clock{}, nil, arguments...))
	})
}

// StartOn runs a house on the database with that address, with the root key in that file. The first house on a
// database has an Admin; give it to the later ones. Arguments are further ones of serve.
func StartOn(t testing.TB, dsn, rootKey string, clock *Clock, first *House, arguments ...string) *House {
	t.Helper()
	return on(t, dsn, rootKey, clock, first, arguments...)
}

// Each runs test with a house on each engine, as subtests.
func Each(t *testing.T, test func(t *testing.T, h *House)) {
	t.Helper()
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		test(t, on(t, dsn, filepath.Join(t.TempDir(), "root.key"), &Clock{}, nil))
	})
}

// Nodes runs several houses on one fresh PostgreSQL database, with one clock.
func Nodes(t testing.TB, count int) []*House {
	t.Helper()
	return NodesWith(t, count)
}

// NodesWith is [Nodes] with further arguments of serve.
func NodesWith(t testing.TB, count int, arguments ...string) []*House {
	t.Helper()
	dsn, root, clock := dbtest.PostgreSQLDSN(t), filepath.Join(t.TempDir(), "root.key"), &Clock{}
	var nodes []*House
	for range count {
		var first *House
		if len(nodes) > 0 {
			first = nodes[0]
		}
		nodes = append(nodes, on(t, dsn, root, clock, first, arguments...))
	}
	return nodes
}

func on(t testing.TB, dsn, rootKey string, clock *Clock, first *House, more ...string) *House {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h := &House{T: t, URL: "http://" + listener.Addr().String(), Clock: clock, Log: &Buffer{}}
	base := h.URL
	if first != nil {
		base = first.URL // one installation, one base URL, whichever node is asked
	}
	settings := Config(t, dsn, rootKey, base, more...)
	log := server.NewLog(settings, h.Log)
	h.House, err = server.Build(context.Background(), settings, server.Parts{Now: clock.Now, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case h.FirstAdmin != nil:
		h.Admin = Client{h.FirstAdmin.ClientID, h.FirstAdmin.Secret.Reveal()}
	case first != nil:
		h.Admin = first.Admin
	}
	front := &http.Server{Handler: h.Handler(), ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = front.Serve(listener) }()
	h.stop = sync.OnceFunc(func() {
		_ = front.Close()
		if err := h.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		_ = log.Close()
	})
	t.Cleanup(h.stop)
	h.await()
	return h
}

// Stop ends the house before the test does.
func (h *House) Stop() { h.stop() }

// Config is what a house on that database is built with, with more arguments.
func Config(t testing.TB, dsn, rootKey, base string, more ...string) *config.Config {
	t.Helper()
	arguments := []string{"--dev", "--base-url", base, "--root-key-file", rootKey, "--data", filepath.Dir(dsn),
		// Nobody publishes keys for tests; one that wants them writes this file.
		"--leak-keys-file", filepath.Join(filepath.Dir(rootKey), "leak-keys.json")}
	if db.IsPostgreSQL(dsn) {
		arguments = append(arguments, "--data", filepath.Dir(rootKey), "--database", dsn)
	}
	arguments = append(arguments, more...)
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	config.Flags(flags)
	if err := flags.Parse(arguments); err != nil {
		t.Fatal(err)
	}
	settings, err := config.Load(flags, nil)
	if err != nil {
		t.Fatal(err)
	}
	return settings
}

// await returns once the house is ready.
func (h *House) await() {
	h.T.Helper()
	for deadline := time.Now().Add(20 * time.Second); !h.Ready(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			h.T.Fatalf("the house did not become ready:\n%s", h.Log)
		}
	}
}
