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

func TestUsageExpiriesAndOverviewAreTablesOrJSON(t *testing.T) {
	h := housetest.Start(t)
	d := at(t, h)
	d.must("app", "create", "billing", "--expires", "30d")
	if err := h.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if shown := d.must("usage"); !strings.HasPrefix(shown, "HOUR") || !strings.Contains(shown, "a second, mean") {
		t.Errorf("%s", shown)
	}
	used := decode[client.Usage](t, d.must("usage", "billing", "--hours", "2", "-o", "json"))
	if used.Items == nil || len(used.Items) != 0 || used.PerSecond.Highest != 0 {
		t.Errorf("%+v", used)
	}
	soon := decode[struct{ Items []client.Expiry }](t, d.must("expiries", "-o", "json"))
	if len(soon.Items) != 1 || soon.Items[0].Application != "billing" || soon.Items[0].Kind != "secret" {
		t.Fatalf("%+v", soon)
	}
	if shown := d.must("expiries", "--days", "40"); !strings.HasPrefix(shown, "EXPIRES") || !strings.Contains(shown, "billing") {
		t.Errorf("%s", shown)
	}
	if used := decode[client.Usage](t, d.must("usage", "--credential", soon.Items[0].CredentialID, "-o", "json")); len(used.Items) != 0 {
		t.Errorf("%+v", used)
	}
	all := decode[client.Overview](t, d.must("overview", "-o", "json"))
	if n := all.Counts; n.Applications != 2 || *n.Expiring30d != 1 || *n.Credentials != 2 || len(all.Checklist) != 8 {
		t.Errorf("%+v", all)
	}
	if shown := d.must("overview"); !strings.Contains(shown, "expiring in 30 days") || !strings.Contains(shown, "counterfoil webhook create") {
		t.Errorf("%s", shown)
	}
}
