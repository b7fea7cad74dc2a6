package cli_test

import (
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

func TestSearchFromTheCommandLine(t *testing.T) {
	h := housetest.Start(t)
	d := at(t, h)
	made := env(d.must("app", "create", "Night billing", "-o", "env"))
	d.must("user", "create", "billy", "--email", "b@example.com")
	d.must("group", "create", "Bill payers")
	if out := d.must("search", "bill"); !strings.Contains(out, made["CLIENT_ID"]) || !strings.Contains(out, "billy") || !strings.Contains(out, "Bill payers") {
		t.Error(out)
	}
	if out := d.must("search", "NIGHT", "bill"); !strings.Contains(out, made["CLIENT_ID"]) || strings.Contains(out, "billy") {
		t.Error(out)
	}
	if out := d.must("search", "bill", "--limit", "1", "-o", "json"); strings.Count(out, `"kind"`) != 3 || !strings.Contains(out, `"leaked": false`) {
		t.Error(out)
	}
	secret := made["CLIENT_SECRET"]
	if out := d.must("search", secret[:8]); !strings.Contains(out, "secret") || !strings.Contains(out, made["CLIENT_ID"]) {
		t.Error(out)
	}
	d.stdin = "CLIENT_SECRET=" + secret + "\n"
	r := d.run("search", "-")
	if r.code != 0 || !strings.Contains(r.out, made["CLIENT_ID"]) || !strings.Contains(r.err, "whole secret") || strings.Contains(r.out+r.err, secret) {
		t.Errorf("%+v", r)
	}
	if r := d.run("search", "nobody"); r.code != 0 || !strings.Contains(r.err, "nothing is called so") {
		t.Errorf("%+v", r)
	}
	d.fails(2, "1 to 50", "search", "x", "--limit", "51")
	d.fails(2, "", "search")
}

// Arguments are in the list of processes, in shell histories and in the logs of machines that record commands. The text is not
// said again, and it does not reach the server.
func TestWhatLooksLikeASecretIsNotTakenAsAnArgument(t *testing.T) {
	d := newDesk(t) // with a server that nobody answers at
	d.vars["COUNTERFOIL_URL"], d.vars["COUNTERFOIL_CLIENT_ID"], d.vars["COUNTERFOIL_CLIENT_SECRET"] = "http://127.0.0.1:9", "x", "y"
	for _, text := range []string{
		"cfs_" + strings.Repeat("a", 49),
		"export SECRET=cfs_abcde",
		"cft_0123456789",
		"whsec_c2VjcmV0",
		"eyJhbGciOiJub25lIn0.e30.",
		"-----BEGIN PRIVATE KEY-----",
		"wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		"password: 0123456789abcdef0123456789abcdef",
	} {
		r := d.run("search", "--", text)
		if r.code != 2 || !strings.Contains(r.err, "standard input") || strings.Contains(r.err, text) || r.out != "" {
			t.Errorf("%s: %+v", text, r)
		}
	}
	for _, text := range []string{"6f1c1c8a-8a9b-4b39-9d6e-2b7f3f1d2c11", "customer-production-environment-2024-eu", "cfs_ab12", "Ann Brown", "ann.very.long.address.of.somebody@example.com"} {
		if r := d.run("search", text); r.code != 6 {
			t.Errorf("%s is refused before the server is asked: %+v", text, r)
		}
	}
}
