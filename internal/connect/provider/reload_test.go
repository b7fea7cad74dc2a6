package provider_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/fault"
)

const simple = "display_name: NAME\ndocs: https://acme.example/docs\nmode: api_key\nfields: [{name: key, title: Key, secret: true}]\n"

func put(t *testing.T, folder, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestOneBadFileDoesNotKeepTheOthersFromChanging(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, "one.yaml", strings.Replace(simple, "NAME", "One", 1))
	put(t, folder, "two.yaml", strings.Replace(simple, "NAME", "Two", 1))
	c := open(t, folder)
	former := c.Get("one")
	put(t, folder, "one.yaml", "mode: [")
	put(t, folder, "two.yaml", strings.Replace(simple, "NAME", "Second", 1))
	put(t, folder, "new.yaml", "mode: [")
	changed, err := c.Reload()
	if !changed || !fault.Is(err, fault.Invalid) || len(c.Findings()) != 2 {
		t.Fatalf("changed %v, %v, findings %q", changed, err, c.Findings())
	}
	if c.Get("one") != former || c.Get("two").DisplayName != "Second" || c.Get("new") != nil {
		t.Error("not the former, the new and none")
	}
	if changed, err := c.Reload(); changed || err != nil || len(c.Findings()) != 2 {
		t.Errorf("said twice: changed %v, %v, findings %q", changed, err, c.Findings())
	}
	put(t, folder, "one.yaml", strings.Replace(simple, "NAME", "One", 1))
	if err := os.Remove(filepath.Join(folder, "new.yaml")); err != nil {
		t.Fatal(err)
	}
	if changed, err := c.Reload(); changed || err != nil || len(c.Findings()) != 0 {
		t.Errorf("mended: changed %v, %v, findings %q", changed, err, c.Findings())
	}
}

func TestAFolderThatIsGoneLeavesWhatWasKnown(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "providers")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, folder, "one.yaml", simple)
	c := open(t, folder)
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if changed, err := c.Reload(); changed || err == nil || c.Get("one") == nil {
		t.Errorf("changed %v, %v", changed, err)
	}
}

func TestTheCatalogueIsReadWhileItChanges(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, "one.yaml", simple)
	c := open(t, folder)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 20 {
				if _, err := c.Reload(); err != nil || c.Get("one") == nil || len(c.List()) == 0 {
					t.Error("not there", err)
				}
			}
		})
	}
	put(t, folder, "other.tmp", simple) // a file that is still being written would be a bad one
	if err := os.Rename(filepath.Join(folder, "other.tmp"), filepath.Join(folder, "other.yaml")); err != nil {
		t.Error(err)
	}
	group.Wait()
}

func TestNoStartWithAFileThatFails(t *testing.T) {
	folder := t.TempDir()
	put(t, folder, "one.yaml", "mode: [")
	if _, err := provider.Open(folder); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
}
