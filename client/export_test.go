package client_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/counterfoil/counterfoil/client"
)

const exportEnd = `{"end":{"environment":"e","count":2,"head":{"number":9,"hash":"ab"}}}` + "\n"

// exports runs an export whose answer is that text, and returns what came of it in words.
func exports(t *testing.T, text string) (got string, last error) {
	t.Helper()
	f := newFake()
	f.handle("GET /api/v1/ledger/export", func(w http.ResponseWriter, r *http.Request) {
		got = r.URL.RawQuery + ":"
		_, _ = io.WriteString(w, text)
	})
	to := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for line, err := range f.client(t).ExportLedger(t.Context(), client.LedgerQuery{After: 4, Kind: "user.", To: to}) {
		switch {
		case err != nil:
			last = err
		case line.End != nil:
			got += fmt.Sprint(" end ", line.End.Count, line.End.Head)
		default:
			got += fmt.Sprint(" ", line.Event.Number, string(line.Text[:1]))
		}
	}
	return got, last
}

func TestAnExportYieldsEveryEventAndItsEnd(t *testing.T) {
	got, err := exports(t, `{"number":5}`+"\n"+`{"number":9}`+"\n"+exportEnd)
	if got != "after=4&kind=user.&to=2026-11-01T00%3A00%3A00Z: 5{ 9{ end 2 {9 ab}" || err != nil {
		t.Errorf("%s, %v", got, err)
	}
}

// Whatever is missing of an export, its end is not reported.
func TestAnExportThatIsCutOffIsAnError(t *testing.T) {
	five := `{"number":5}` + "\n"
	for text, want := range map[string]string{
		"":                      "cut off after event 0",
		five:                    "cut off after event 5",
		five + `{"number":9`:    "cut off after event 5",
		five + exportEnd:        "lost events",
		five + five + exportEnd: "lost events",
		five + exportEnd[:30]:   "cut off after event 5",
		five + "<html>\n":       "not what this version knows",
		five + `{"broken":{"code":"unavailable","detail":"this node is leaving"}}` + "\n": "this node is leaving",
	} {
		got, err := exports(t, text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(got, "end") {
			t.Errorf("%q: %s, %v", text, got, err)
		}
	}
}

func TestARefusedExportIsNotRepeated(t *testing.T) {
	f := newFake()
	f.handle("GET /api/v1/ledger/export", func(w http.ResponseWriter, _ *http.Request) { problem(w, 503, "busy") })
	for _, err := range f.client(t).ExportLedger(t.Context(), client.LedgerQuery{}) {
		if err == nil || !strings.Contains(err.Error(), "busy") {
			t.Errorf("%v", err)
		}
	}
	if len(f.requests) != 2 { // one for the token
		t.Errorf("%d requests", len(f.requests))
	}
}

// Who takes an hour over an event gets the next one all the same.
func TestOnlyTheServerIsHurriedByAnExport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		var asking context.Context
		f.handle("GET /api/v1/ledger/export", func(w http.ResponseWriter, r *http.Request) {
			asking = r.Context()
			_, _ = io.WriteString(w, `{"number":5}`+"\n"+`{"number":9}`+"\n"+exportEnd)
		})
		lines := 0
		for _, err := range f.client(t).ExportLedger(t.Context(), client.LedgerQuery{}) {
			if err != nil {
				t.Fatal(err)
			}
			lines++
			time.Sleep(time.Hour)
			if asking.Err() != nil {
				t.Errorf("given up at line %d", lines)
			}
		}
		if lines != 3 {
			t.Errorf("%d lines", lines)
		}
	})
}
