package seal

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Finding is one thing about a root key source that deserves attention.
type Finding struct {
	// Failure says that the server does not start like this; otherwise it is a warning.
	Failure bool
	// Detail says what is wrong, Remedy what to do about it; Remedy is empty when Detail says both.
	Detail, Remedy string
}

// Inspect looks at a root key source without a database: can it be read, is it for its owner only, and does it lie
// beside the data, where one stolen backup holds both. dataDir is the folder of the database, or empty when the
// data is elsewhere.
func Inspect(s Source, dataDir string) []Finding {
	path, err := s.path()
	if err == nil {
		_, err = s.text(path)
	}
	if err != nil {
		_, message := fault.Public(err)
		if message == "" {
			message = "the root key " + path + " is missing"
		}
		return []Finding{{Failure: true, Detail: message}}
	}
	var all []Finding
	folder, err := os.Stat(filepath.Dir(path))
	if err == nil && folder.Mode().Perm()&0o022 != 0 && folder.Mode()&fs.ModeSticky == 0 {
		all = append(all, Finding{
			Detail: "other users can replace the root key, because they can write to " + filepath.Dir(path),
			Remedy: "chmod go-w " + filepath.Dir(path),
		})
	}
	if s.Credential == "" && dataDir != "" && within(path, dataDir) {
		all = append(all, Finding{
			Detail: "the root key " + path + " lies beside the data, so whoever gets a copy of the folder gets both",
			Remedy: "stop the server, mv " + path + " to a folder that is backed up on its own, and name it with " +
				"--root-key-file (or --root-passphrase-file)",
		})
	}
	return all
}

// within reports whether the file at path lies in folder or below it, links resolved.
func within(path, folder string) bool {
	path, folder = resolved(path), resolved(folder)
	relative, err := filepath.Rel(folder, path)
	return err == nil && relative != ".." && !strings.HasPrefix(relative, "../")
}

func resolved(path string) string {
	if absolute, err := filepath.Abs(path); err == nil {
		path = absolute
	}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return path
}
