package seal_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/seal"
)

func TestInspectNamesWhatIsWrongWithASource(t *testing.T) {
	data := t.TempDir()
	beside, below := filepath.Join(data, "root.key"), filepath.Join(data, "keys", "root.key")
	if err := os.Mkdir(filepath.Dir(below), 0o700); err != nil {
		t.Fatal(err)
	}
	apart := withKeys(t, seal.GenerateRootKey())
	link := filepath.Join(t.TempDir(), "link.key")
	if err := os.Symlink(beside, link); err != nil {
		t.Fatal(err)
	}
	write(t, beside, revealed(seal.GenerateRootKey()))
	write(t, below, revealed(seal.GenerateRootKey()))
	exposed := withKeys(t, seal.GenerateRootKey())
	if err := os.Chmod(exposed.File, 0o644); err != nil {
		t.Fatal(err)
	}
	open := withKeys(t, seal.GenerateRootKey())
	if err := os.Chmod(filepath.Dir(open.File), 0o777); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name    string
		source  seal.Source
		failure bool
		says    string
	}{
		{"nothing", apart, false, ""},
		{"beside the data", seal.Source{File: beside}, false, "lies beside the data"},
		{"below the data", seal.Source{File: below}, false, "lies beside the data"},
		{"a link to the data", seal.Source{File: link}, false, "lies beside the data"},
		{"readable by all", exposed, true, "chmod 600 " + exposed.File},
		{"folder writable by all", open, false, "chmod go-w"},
		{"missing", seal.Source{File: filepath.Join(data, "none")}, true, "is missing"},
		{"not configured", seal.Source{}, true, "exactly one"},
	} {
		found := seal.Inspect(c.source, data)
		if c.says == "" {
			if len(found) != 0 {
				t.Errorf("%s: %+v", c.name, found)
			}
			continue
		}
		if len(found) != 1 || found[0].Failure != c.failure || !strings.Contains(found[0].Detail+found[0].Remedy, c.says) {
			t.Errorf("%s: %+v", c.name, found)
		}
	}
}
