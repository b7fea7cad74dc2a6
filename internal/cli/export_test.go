package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

func TestTheLedgerIsTakenAsAFileThatIsWholeOrNotThere(t *testing.T) {
	h := housetest.Start(t)
	d := at(t, h)
	d.must("app", "create", "billing")
	path := filepath.Join(t.TempDir(), "ledger.ndjson")
	r := d.run("audit", "export", "--out", path)
	text, err := os.ReadFile(path)
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if r.code != 0 || err != nil || r.out != "" || !strings.Contains(r.err, "events are in "+path) || !strings.HasPrefix(lines[0], `{"number":1,`) {
		t.Fatalf("%+v %v %s", r, err, text)
	}
	if end := decode[struct{ End struct{ Count int } }](t, lines[len(lines)-1]); end.End.Count != len(lines)-1 {
		t.Errorf("%d events, and it ends with %+v", len(lines)-1, end)
	}
	d.fails(1, "exists", "audit", "export", "--out", path)
	out := d.must("ledger", "export", "--kind", "application.", "--from", "2020-01-01", "--after", "2")
	if strings.Count(out, "\n") != strings.Count(out, `"kind":"application.`)+1 || !strings.Contains(out, "application.created") || !strings.Contains(out, `{"end":{`) {
		t.Error(out)
	}
	if out := d.must("audit", "export", "--to", "2020-01-01"); strings.Count(out, "\n") != 1 {
		t.Error(out)
	}
	if out := d.must("audit", "tail", "-n", "1"); !strings.Contains(out, "ledger.exported") {
		t.Error(out)
	}
	d.fails(2, "--from", "audit", "export", "--from", "yesterday")
	h.Stop()
	none := filepath.Join(t.TempDir(), "none.ndjson")
	if r := d.run("audit", "export", "--out", none); r.code == 0 {
		t.Errorf("%+v", r)
	}
	if _, err := os.Stat(none); err == nil {
		t.Error("a failed export leaves a file")
	}
}
