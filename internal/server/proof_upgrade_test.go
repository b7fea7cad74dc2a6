package server_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/housetest"
)

// formerPermissions are what the management API had before credentials had a life of their own.
var formerPermissions = []string{
	access.ReadEnvironments, access.WriteEnvironments, access.ReadAPIs, access.WriteAPIs, access.ReadApplications, access.WriteApplications,
	access.ReadCredentials, access.WriteCredentials, access.ReadKeys, access.WriteKeys, access.ReadLedger, access.IntrospectTokens,
	access.RevokeTokens, access.ReadInstallation,
}

// age makes a database look as the program before left it.
func age(t *testing.T, dsn string, statements ...string) {
	t.Helper()
	d := dbtest.Open(t, dsn, (&housetest.Clock{}).Now)
	quoted := "'" + strings.Join(formerPermissions, "', '") + "'"
	statements = append([]string{
		"DELETE FROM permission WHERE name NOT IN (" + quoted + ")",
		"DELETE FROM application WHERE kind = 'global'",
	}, statements...)
	err := d.Write(t.Context(), func(tx *db.Tx) error {
		for _, statement := range statements {
			if _, err := tx.Exec(statement); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
}

func scopesOf(t *testing.T, h *housetest.House, client string) []string {
	t.Helper()
	var names []string
	for _, scope := range h.Must("GET", "/applications/"+client, nil).JSON["scopes"].([]any) {
		names = append(names, scope.(string))
	}
	return names
}

// TestOlderInstallationsAreBroughtUpToDate starts this program on what the one before left: its administrators get what
// is new, others get nothing, every environment gets its global credential, and the next start changes nothing.
func TestOlderInstallationsAreBroughtUpToDate(t *testing.T) {
	dbtest.EachDSN(t, func(t *testing.T, dsn string) {
		rootKey, clock := filepath.Join(t.TempDir(), "root.key"), &housetest.Clock{}
		h := housetest.StartOn(t, dsn, rootKey, clock, nil)
		second, _ := h.NewEnvironment("second")
		almost := h.NewApp("almost an administrator", nil, formerPermissions[1:]...)
		h.Stop()
		age(t, dsn)

		first := h
		h = housetest.StartOn(t, dsn, rootKey, clock, first)
		everything := access.ManagementPermissions()
		slices.Sort(everything)
		for _, inside := range []*housetest.House{h, h.Elsewhere("/second", second.Admin)} {
			got := scopesOf(t, inside, inside.Admin.ID)
			if slices.Sort(got); !slices.Equal(got, everything) {
				t.Errorf("the administrator holds %v", got)
			}
			if a := inside.Must("GET", "/global-credential", nil); a.JSON["has_secret"] != false {
				t.Error(a.Text)
			}
			kinds := strings.Join(inside.EveryPage("/ledger/events?limit=200", "kind"), " ")
			if !strings.Contains(kinds, "api.changed application.changed application.created") {
				t.Errorf("the ledger does not tell of it: %s", kinds)
			}
		}
		if got := scopesOf(t, h, almost.ID); len(got) != len(formerPermissions)-1 {
			t.Errorf("an application that was no administrator holds %v", got)
		}
		h.Must("PATCH", "/policy", housetest.O{"chosen_secrets": true}) // needs one of the new ones
		before := h.Must("GET", "/ledger/head", nil).JSON["number"]
		h.Stop()
		h = housetest.StartOn(t, dsn, rootKey, clock, first)
		if after := h.Must("GET", "/ledger/head", nil).JSON["number"]; after != before {
			t.Errorf("the next start changed something: event %v, %v before", after, before)
		}
	})
}

// TestAScopeThatStandsInTheWayDoesNotKeepTheServerFromStarting because an API of old may have called one of its scopes
// as the management API does by now; nobody gets that one by a preset or a role.
func TestAScopeThatStandsInTheWayDoesNotKeepTheServerFromStarting(t *testing.T) {
	dsn, rootKey, clock := dbtest.SQLiteDSN(t), filepath.Join(t.TempDir(), "root.key"), &housetest.Clock{}
	h := housetest.StartOn(t, dsn, rootKey, clock, nil)
	h.NewAPI("directory", nil, "people:read")
	h.Stop()
	age(t, dsn, "INSERT INTO permission (environment_id, number, api_id, name, description, created_at) "+
		"SELECT environment_id, 9999, id, 'users:read', '', 0 FROM api WHERE name = 'directory'")
	first := h
	h = housetest.StartOn(t, dsn, rootKey, clock, first)
	if got := scopesOf(t, h, h.Admin.ID); slices.Contains(got, access.ReadUsers) || !slices.Contains(got, access.WriteUsers) {
		t.Errorf("the administrator holds %v", got)
	}
	worker := h.Must("POST", "/applications", housetest.O{"name": "w", "kind": "worker"}).String("client_id")
	if a := h.Call("POST", "/applications/"+worker+"/roles", housetest.O{"role": "identity-data-read-only"}); a.Status != 403 {
		t.Errorf("%d %s", a.Status, a.Text)
	}
	if a := h.Call("POST", "/credentials", housetest.O{"name": "p", "access": "read-users"}); a.Status != 422 {
		t.Errorf("%d %s", a.Status, a.Text)
	}
	h.Stop() // the log is written behind
	if !strings.Contains(h.Log.String(), "users:read") {
		t.Error("the log does not say what is missing")
	}
}
