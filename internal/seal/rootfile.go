package seal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// AddRoot puts a new root key, or a new passphrase, on the first line of the source's file, which is replaced at
// once and is on disk when AddRoot returns. Nothing uses it before the next [Open] or [Vault.Refresh]; until then
// the file belongs on every node. A systemd credential cannot be written: [fault.Conflict] says how to make one.
func (s Source) AddRoot() error {
	path, err := s.path()
	if err != nil {
		return err
	}
	if s.Credential != "" {
		return fault.New(fault.Conflict, "systemd owns the credential %s; write a new one, above the keys that it holds: "+
			"(counterfoil seal generate; cat %s) | systemd-creds encrypt --name=%s - /etc/credstore.encrypted/%s",
			s.Credential, path, s.Credential, s.Credential)
	}
	return replace(path, func() (string, error) {
		old, err := s.text(path)
		if errors.Is(err, errAbsent) {
			err = fault.New(fault.Conflict, "there is no root key at %s to add to", path)
		}
		return s.newLine() + old, err
	})
}

// newLine returns a fresh line of the source. A generated key serves as a passphrase as well.
func (s Source) newLine() string { return GenerateRootKey().Reveal() + "\n" }

// create makes the file with the first root key, on disk when it returns. It is called under the database's lock,
// and only when the database has never seen a root key. A file that is there already is left alone.
func (s Source) create() error {
	path, err := s.path()
	if err != nil {
		return err
	}
	switch {
	case s.Credential != "":
		return fault.New(fault.Conflict, "there is no systemd credential %s yet; make one: counterfoil seal generate | "+
			"systemd-creds encrypt --name=%s - /etc/credstore.encrypted/%s", s.Credential, s.Credential, s.Credential)
	case s.PassphraseFile != "":
		return fault.New(fault.Conflict, "there is no passphrase yet; write one of at least %d characters: "+
			"(umask 077; cat > %s)", minPassphrase, path)
	}
	if err := makeFolder(filepath.Dir(path)); err != nil {
		return unwritable(path, err)
	}
	return replace(path, func() (string, error) {
		if _, err := os.Lstat(path); err == nil {
			return "", errKeep
		}
		return s.newLine(), nil
	})
}

// errKeep tells [replace] to leave the file as it is.
var errKeep = errors.New("keep the file")

// replace puts what content returns in the place of the file at path: readers see the old file or the new one,
// also after a power cut. The folder is locked meanwhile, so that two of them do not undo each other's work.
func replace(path string, content func() (string, error)) error {
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return unwritable(path, err)
	}
	defer func() { _ = folder.Close() }()
	if err := syscall.Flock(int(folder.Fd()), syscall.LOCK_EX); err != nil {
		return unwritable(path, err)
	}
	text, err := content()
	if errors.Is(err, errKeep) {
		return nil
	}
	if err != nil {
		return err
	}
	temporary := path + ".new"
	if err = writeSynced(temporary, text, path); err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		_ = os.Remove(temporary)
		return unwritable(path, err)
	}
	if err := folder.Sync(); err != nil {
		return unwritable(path, err)
	}
	return nil
}

// sync puts the folder of the source's file on disk, so that nothing is sealed under a key that a power cut can
// take. A credential is systemd's.
func (s Source) sync() error {
	path, err := s.path()
	if err != nil || s.Credential != "" {
		return err
	}
	folder, err := os.Open(filepath.Dir(path))
	if err == nil {
		err = errors.Join(folder.Sync(), folder.Close())
	}
	if err != nil {
		return unwritable(path, err)
	}
	return nil
}

// writeSynced makes a file that only its owner can read, with the owner of the file that it will replace: a command
// run by root must not take the key away from the server. What stands at path is of a process that died, since the
// caller holds the folder's lock.
func writeSynced(path, text, replaced string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if info, missing := os.Stat(replaced); missing == nil {
		owner := info.Sys().(*syscall.Stat_t)
		err = file.Chown(int(owner.Uid), int(owner.Gid))
	}
	if err == nil {
		_, err = file.WriteString(text)
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// makeFolder makes the folder at path when it is missing, so that it is still there after a power cut.
func makeFolder(path string) error {
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return err
	}
	parent, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(parent.Sync(), parent.Close())
}

func unwritable(path string, cause error) error {
	return fault.Wrap(fault.Unavailable, cause, "the root key %s cannot be stored", path)
}
