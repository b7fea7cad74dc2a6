package cli_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/directory/password/breach"
	"github.com/counterfoil/counterfoil/internal/housetest"
)

func TestPasswordsFromTheCommandLine(t *testing.T) {
	h := housetest.Start(t)
	d := at(t, h)
	ann := h.Must("POST", "/users", housetest.O{"user_name": "ann", "emails": []housetest.O{{"value": "ann@example.com"}}}).String("id")
	state := func(want string) {
		t.Helper()
		if got := h.Must("GET", "/users/"+ann, nil).String("password_state"); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	const phrase = "seven purple bicycles "
	d.stdin = phrase + "\n"
	if out := d.must("user", "password", "set", "ann", "-o", "json"); !strings.Contains(out, ann) || strings.Contains(out, phrase) {
		t.Error(out)
	}
	state("set")
	d.must("user", "password", "set", "ann@example.com")
	d.stdin = "short\n"
	d.fails(2, "too short", "user", "password", "set", ann)
	d.must("user", "password", "set", ann, "--no-validate", "--temporary")
	state("reset_required")
	d.stdin = "b1c788abac15390de987ad17b65ac73c9b475d428a51f245c645a442fddd078b"
	d.fails(2, "format", "user", "password", "set", ann, "--hash-from-stdin", "--format", "md5")
	d.must("user", "password", "set", "ANN@example.com", "--hash-from-stdin", "--format", "salt+sha256", "--salt", "hello")
	state("set")
	d.fails(3, "no user", "user", "password", "set", "bob")
	d.must("user", "password", "remove", "Ann", "--yes")
	state("none")

	if out := d.must("passwords", "policy", "set", "--min-length", "20", "--max-age-days", "0", "--allow-breached", "on"); !strings.Contains(out, "20 characters") {
		t.Error(out)
	}
	if out := d.must("passwords", "policy", "show"); !strings.Contains(out, "20 characters") || !strings.Contains(out, "60 minutes") {
		t.Error(out)
	}
	d.fails(2, "on or off", "passwords", "policy", "set", "--allow-breached", "maybe")
	d.fails(2, "min_length", "passwords", "policy", "set", "--min-length", "1")
}

func TestAListOfBreachedPasswordsIsMadeWithoutAServer(t *testing.T) {
	d := newDesk(t)
	folder := t.TempDir()
	list, out := filepath.Join(folder, "list"), filepath.Join(folder, "filter")
	if err := os.WriteFile(list, []byte("password\nC2577430D8A7D5F05ED7A9A6D2E5CA3BCB8A1FA7:3\ne\u0301te\u0301\ntab\there\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	type made struct {
		Entries, Left_out uint64
	}
	for _, args := range [][]string{{list}, {"-", "--count", "4"}} {
		text, err := os.ReadFile(list)
		if err != nil {
			t.Fatal(err)
		}
		d.stdin = string(text)
		if got := decode[made](t, d.must(append([]string{"passwords", "filter", "build", args[0], out, "-o", "json"}, args[1:]...)...)); got.Entries != 3 || got.Left_out != 1 {
			t.Errorf("%+v", got)
		}
		filter, err := breach.Open(out)
		if err != nil {
			t.Fatal(err)
		}
		for password, want := range map[string]bool{"password": true, "été": true, "seven purple bicycles": false} {
			if found, err := filter.Has([]byte(password)); found != want || err != nil {
				t.Errorf("%q: %v, %v", password, found, err)
			}
		}
		_ = filter.Close()
	}
	d.fails(2, "--count", "passwords", "filter", "build", "-", out)
	d.fails(1, "false positives", "passwords", "filter", "build", list, out, "--false-positives", "2")
	d.fails(1, "no such file", "passwords", "filter", "build", list+"x", out)
}
