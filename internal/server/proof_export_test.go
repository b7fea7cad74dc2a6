package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"runtime"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// exportLine is a line of an export.
type exportLine struct {
	Number int64
	Hash   string
	End    *struct {
		Count int64
		Head  struct {
			Number int64
			Hash   string
		}
	}
	Broken *struct{ Code, Detail string }
}

// exporter reads an export line by line.
type exporter struct {
	t     testing.TB
	lines *bufio.Scanner
	stop  func()
}

func export(h *housetest.House, r *http.Request) *exporter {
	h.T.Helper()
	ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
	response, err := http.DefaultClient.Do(r.WithContext(ctx))
	if err != nil {
		h.T.Fatal(err)
	}
	if response.StatusCode != http.StatusOK {
		h.T.Fatalf("an export answers %d", response.StatusCode)
	}
	stop := func() { cancel(); _ = response.Body.Close() }
	h.T.Cleanup(stop)
	return &exporter{h.T, bufio.NewScanner(response.Body), stop}
}

func (x *exporter) next() (line exportLine) {
	x.t.Helper()
	if !x.lines.Scan() {
		x.t.Fatalf("the export broke off without a word: %v", x.lines.Err())
	}
	if err := json.Unmarshal(x.lines.Bytes(), &line); err != nil {
		x.t.Fatal(err)
	}
	return line
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A hundred thousand events leave in order and whole, in no more memory than the first thousand, while eight others who do not read
// hold up nobody: neither who reads nor who writes.
func TestAnExportOfALongLedgerKeepsNothing(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		if err := h.Burst(t.Context(), 100_000); err != nil {
			t.Fatal(err)
		}
		for range 8 {
			export(h, h.CallRequest(h.AdminToken(), "GET", "/api/v1/ledger/export", nil)).next()
		}
		began := time.Now()
		x := export(h, h.CallRequest(h.Limited("ledger:read"), "GET", "/api/v1/ledger/export", nil))
		var early, most uint64
		var at int64
		for line := x.next(); ; line = x.next() {
			if line.End != nil {
				if line.End.Count != at || line.End.Head.Number != at {
					t.Errorf("after %d events it ends with %+v", at, line.End)
				}
				break
			}
			if at++; line.Number != at {
				t.Fatalf("event %d, want %d: %+v", line.Number, at, line)
			}
			switch {
			case at == 1000:
				early = heap()
			case at%25_000 == 0:
				most = max(most, heap())
			}
		}
		if at < 100_000 {
			t.Errorf("%d events", at)
		}
		t.Logf("%d events in %v; the heap had %d kB, and later at most %d kB", at, time.Since(began), early>>10, most>>10)
		if most > early+4<<20 {
			t.Errorf("the heap grew from %d to %d bytes", early, most)
		}
		h.NewApp("written meanwhile", nil)
	})
}

// Who may not read the ledger any longer gets no more of it, and is told so where the end would stand.
func TestAnExportEndsWithTheAuthorityThatBeganIt(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *housetest.House) {
		if err := h.Burst(t.Context(), 40_000); err != nil { // more than buffers on the way take
			t.Fatal(err)
		}
		app := h.NewApp("reads", nil, "ledger:read")
		x := export(h, h.CallRequest(h.Token(app), "GET", "/api/v1/ledger/export", nil))
		x.next()
		h.Must("POST", "/applications/"+app.ID+"/disable", nil)
		for line := x.next(); line.Broken == nil; line = x.next() {
			if line.End != nil {
				t.Fatalf("it is whole: %+v", line.End)
			}
		}
		if x.lines.Scan() {
			t.Errorf("after its end comes %s", x.lines.Text())
		}
		x = export(h, h.CallRequest(h.AdminToken(), "GET", "/api/v1/ledger/export", nil))
		x.next()
		h.Leave()
		line := x.next()
		for line.Broken == nil {
			line = x.next()
		}
		if line.Broken.Code != "unavailable" {
			t.Errorf("of a node that leaves: %+v", line.Broken)
		}
	})
}
