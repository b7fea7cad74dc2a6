package cli_test

import (
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/housetest"
)

func TestHygieneIsATableJSONOrCSV(t *testing.T) {
	d := at(t, housetest.Start(t))
	d.must("app", "create", "+evil", "--expires", "never")
	if shown := d.must("hygiene"); !strings.HasPrefix(shown, "PROBLEM") || !strings.Contains(shown, "never_expires") || !strings.Contains(shown, "+evil") {
		t.Errorf("%s", shown)
	}
	listed := decode[struct{ Items []client.Finding }](t, d.must("hygiene", "-o", "json"))
	if len(listed.Items) < 2 || listed.Items[0].Problem != "never_expires" {
		t.Errorf("%+v", listed)
	}
	if shown := d.must("hygiene", "-o", "csv"); !strings.HasPrefix(shown, "problem,application,client_id") || !strings.Contains(shown, ",'+evil,") {
		t.Errorf("%s", shown)
	}
	d.fails(2, "", "hygiene", "-o", "env")
}
