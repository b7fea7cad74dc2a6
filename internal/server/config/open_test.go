package config

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/counterfoil/counterfoil/internal/fault"
)

func TestReadyFileAppearsWhole(t *testing.T) {
	c := &Config{ReadyFile: filepath.Join(t.TempDir(), "ready")}
	if err := c.WriteReadyFile("http://127.0.0.1:8700"); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(c.ReadyFile); err != nil || string(got) != "http://127.0.0.1:8700\n" {
		t.Errorf("%q, %v", got, err)
	}
	c.ReadyFile = filepath.Join(t.TempDir(), "no", "such", "folder")
	if err := c.WriteReadyFile("x"); !fault.Is(err, fault.Invalid) {
		t.Error(err)
	}
}

func TestContainerLimitLeavesRoomBesideTheHeap(t *testing.T) {
	path := filepath.Join(t.TempDir(), "memory.max")
	for text, want := range map[string]int64{"max\n": 0, "1000\n": 900, "": 0} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := containerLimit(path); got != want {
			t.Errorf("%q: %d, want %d", text, got, want)
		}
	}
	if got := containerLimit(path + ".missing"); got != 0 {
		t.Errorf("no file: %d", got)
	}
}
