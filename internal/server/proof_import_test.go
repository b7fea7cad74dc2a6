package server_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/housetest"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

const (
	importBatches = 60
	importBatch   = 50
)

// importRest begins or goes on with the import of one file and sends what is not done, until all is done or the server is
// gone. It returns how many users the import has, or -1.
func importRest(h *housetest.House, admin string) int {
	call := func(method, path string, body any) *housetest.Answer {
		a, err := housetest.Attempt(h.CallRequest(admin, method, managementPrefix+"/user-imports"+path, body))
		if err != nil || a.Status >= 300 {
			return nil
		}
		return a
	}
	begun := call("POST", "", housetest.O{"source": strings.Repeat("ab", 32), "name": "people.ndjson"})
	if begun == nil {
		return -1
	}
	found := call("GET", "/"+begun.String("id"), nil)
	if found == nil {
		return -1
	}
	done := map[int]bool{}
	if list, ok := found.JSON["batches"].([]any); ok {
		for _, n := range list {
			done[int(n.(float64))] = true
		}
	}
	var together errgroup.Group
	together.SetLimit(3)
	for n := 1; n <= importBatches; n++ {
		if done[n] {
			continue
		}
		together.Go(func() error {
			records := make([]housetest.O, importBatch)
			for i := range records {
				name := fmt.Sprintf("user%d@people.example", n*importBatch+i)
				records[i] = housetest.O{"line": n*importBatch + i, "user": housetest.O{"userName": name, "emails": []housetest.O{{"value": name}}}}
			}
			if call("POST", "/"+begun.String("id")+"/batches", housetest.O{"sequence": n, "records": records}) == nil {
				return context.Canceled
			}
			return nil
		})
	}
	if together.Wait() != nil {
		return -1
	}
	end := call("GET", "/"+begun.String("id"), nil)
	if end == nil {
		return -1
	}
	return int(end.JSON["created"].(float64))
}

// An import whose server is killed again and again ends with every user there once, in the directory and in the ledger.
func TestKilledImportGoesOnAndLosesAndDoublesNobody(t *testing.T) {
	folder := t.TempDir()
	p := spawn(t, housetest.Client{}, folder, nil)
	environment := p.Must("GET", "/ledger/head", nil).String("environment")
	kills, created := 0, -1
	for created < 0 {
		result := make(chan int, 1)
		admin := p.AdminToken()
		go func() { result <- importRest(p.House, admin) }()
		select {
		case created = <-result:
		case <-time.After(time.Duration(30+rand.IntN(150)) * time.Millisecond): // the moment of the kill: any will do
			p.kill()
			kills++
			<-result
			p = spawn(t, p.Admin, folder, nil)
		}
	}
	const all = importBatches * importBatch
	if created != all {
		t.Errorf("the import says that it made %d of %d users", created, all)
	}
	if a := p.CallAs(p.AdminToken(), http.MethodGet, "/scim/v2/Users?count=0", nil); a.JSON["totalResults"] != float64(all) {
		t.Errorf("the directory has %v users, want %d", a.JSON["totalResults"], all)
	}
	p.kill()
	dsn := filepath.Join(folder, "counterfoil.db")
	events := 0
	d, err := db.Open(t.Context(), db.Options{DSN: dsn})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	err = d.Read(t.Context(), func(tx *db.Tx) error {
		events = 0
		return tx.Each(func(s db.Scan) error { return s(&events) }, "SELECT COUNT(*) FROM ledger_event WHERE environment_id = $1 AND kind = $2", environment, "user.created")
	})
	if err != nil || events != all {
		t.Errorf("the ledger tells of %d users (%v), want %d", events, err, all)
	}
	if _, err := ledger.Verify(t.Context(), ledger.InDatabase(d, uuid.MustParse(environment)), nil); err != nil {
		t.Errorf("the ledger: %v", err)
	}
	if kills == 0 {
		t.Error("the import ended before the first kill: the test proves nothing")
	}
	t.Logf("import: kills=%d users=%d", kills, created)
}
