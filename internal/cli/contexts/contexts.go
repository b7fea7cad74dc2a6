// Package contexts keeps the servers that a user knows, each under a name, in one file.
//
// It owns: contexts.json, which holds client secrets and so has mode 0600. It does not own: which context a
// command uses, or whether its credential works.
//
// Enter at [Load].
package contexts

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// File is the contents of contexts.json. Change it, then [File.Write] it.
type File struct {
	path string
	// Current names the context that commands use unless told otherwise; empty when there is none.
	Current string           `json:"current"`
	Saved   map[string]Saved `json:"contexts"`
}

// Saved is one server and who we are to it. The secret is a plain string here only, to be written down.
type Saved struct {
	BaseURL      string `json:"base_url"`
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
}

// Path returns where the file is: $XDG_CONFIG_HOME/counterfoil, or ~/.config/counterfoil.
func Path(getenv func(string) string) (string, error) {
	if base := getenv("XDG_CONFIG_HOME"); filepath.IsAbs(base) { // relative ones are to be ignored, says the standard
		return filepath.Join(base, "counterfoil", "contexts.json"), nil
	}
	home := getenv("HOME")
	if home == "" {
		return "", errors.New("neither XDG_CONFIG_HOME nor HOME is set, so there is no place for contexts.json")
	}
	return filepath.Join(home, ".config", "counterfoil", "contexts.json"), nil
}

// Load reads the file at path; a missing one is empty.
func Load(path string) (*File, error) {
	f := &File{path: path, Saved: map[string]Saved{}}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err == nil {
		err = json.Unmarshal(text, f)
	}
	if err != nil {
		return nil, fmt.Errorf("the contexts in %s cannot be read: %w", path, err)
	}
	if f.Saved == nil {
		f.Saved = map[string]Saved{}
	}
	return f, nil
}

// Names returns the contexts in alphabetical order.
func (f *File) Names() []string { return slices.Sorted(maps.Keys(f.Saved)) }

// Write replaces the file. It is never there half written, nor readable by others even for a moment.
func (f *File) Write() error {
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	folder := filepath.Dir(f.path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(folder, ".contexts-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = file.Write(append(text, '\n'))
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(file.Name(), f.path)
	}
	if err != nil {
		_ = os.Remove(file.Name())
	}
	return err
}
