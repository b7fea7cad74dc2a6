package server_test

import (
	"context"
	"database/sql"
	"errors"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/housetest"
	"github.com/counterfoil/counterfoil/internal/server"
)

// emptyPostgreSQL returns the address of a database in which there is nothing at all, not even a schema.
func emptyPostgreSQL(t *testing.T) string {
	t.Helper()
	u, err := url.Parse(dbtest.PostgreSQLDSN(t)) // in the cluster that the tests use
	if err != nil {
		t.Fatal(err)
	}
	pool, err := sql.Open("pgx", u.String())
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/empty_" + strings.ReplaceAll(uuid.NewString(), "-", "")
	if _, err := pool.ExecContext(t.Context(), "CREATE DATABASE "+u.Path[1:]); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, err := pool.ExecContext(context.Background(), "DROP DATABASE "+u.Path[1:]+" WITH (FORCE)")
		if err := errors.Join(err, pool.Close()); err != nil {
			t.Errorf("drop the empty database: %v", err)
		}
	})
	return u.String()
}

// TestNodesThatStartTogetherFoundOnce starts several nodes at the same time on a database with nothing in it, and on
// one that has a schema only. One makes the schema, one the root key, one the installation; all of them serve, and
// there is one administrator.
func TestNodesThatStartTogetherFoundOnce(t *testing.T) {
	t.Run("nothing", func(t *testing.T) { foundOnce(t, emptyPostgreSQL(t), 3) })
	t.Run("schema", func(t *testing.T) { foundOnce(t, dbtest.PostgreSQLDSN(t), 8) })
}

func foundOnce(t *testing.T, dsn string, count int) {
	rootKey := filepath.Join(t.TempDir(), "root.key")
	houses, failed := make([]*server.House, count), make([]error, count)
	var together sync.WaitGroup
	for i := range count {
		config := housetest.Config(t, dsn, rootKey, "http://127.0.0.1:1")
		log := server.NewLog(config, io.Discard)
		t.Cleanup(func() { _ = log.Close() })
		together.Go(func() { houses[i], failed[i] = server.Build(t.Context(), config, server.Parts{Log: log}) })
	}
	together.Wait()
	founders := 0
	for i, h := range houses {
		if failed[i] != nil {
			t.Errorf("node %d: %v", i, failed[i])
			continue
		}
		if h.FirstAdmin != nil {
			founders++
		}
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	}
	if founders != 1 || t.Failed() {
		t.Fatalf("%d nodes have founded the installation, want one", founders)
	}

	clock := &housetest.Clock{}
	var first *housetest.House
	for _, h := range houses {
		if h.FirstAdmin != nil {
			first = housetest.At(t, "http://127.0.0.1:1", housetest.Client{ID: h.FirstAdmin.ClientID, Secret: h.FirstAdmin.Secret.Reveal()})
		}
	}
	for range 2 {
		h := housetest.StartOn(t, dsn, rootKey, clock, first)
		for list, want := range map[string]int{"/environments": 1, "/applications": 1} {
			if got := len(h.Must("GET", list, nil).JSON["items"].([]any)); got != want {
				t.Errorf("%s lists %d, want %d", list, got, want)
			}
		}
	}
}

// TestANodeWithoutTheRootKeyRefusesToStart because it could only make another one, under which nothing opens.
func TestANodeWithoutTheRootKeyRefusesToStart(t *testing.T) {
	dsn, rootKey := dbtest.PostgreSQLDSN(t), filepath.Join(t.TempDir(), "root.key")
	h := housetest.StartOn(t, dsn, rootKey, &housetest.Clock{}, nil)
	elsewhere := filepath.Join(t.TempDir(), "root.key")
	if err := housetest.Refused(t, dsn, elsewhere); !fault.Is(err, fault.Conflict) {
		t.Errorf("without the root key: %v", err)
	}
	if _, err := os.Stat(elsewhere); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it has made a root key of its own (%v)", err)
	}
	h.Must("GET", "/applications", nil)
}
