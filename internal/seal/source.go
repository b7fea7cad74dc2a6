package seal

import (
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/crypto/argon2"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Source says where the root keys are. Exactly one field is set. Whichever it is holds one key on each line,
// newest first.
type Source struct {
	// File is the path of a file of mode 0600 with keys as [GenerateRootKey] writes them. It is made on first run.
	File string
	// Credential is the name of a systemd credential with the same content, read from $CREDENTIALS_DIRECTORY
	// (systemd.exec(5)).
	Credential string
	// PassphraseFile is the path of a file of mode 0600 with passphrases of at least 16 characters.
	PassphraseFile string
}

// minPassphrase is what a passphrase must have, in bytes: the database may be stolen and guessed at in peace.
const minPassphrase = 16

// maxSource is more than a source ever holds, in bytes.
const maxSource = 64 << 10

// credentials is the variable in which systemd names the folder of a service's credentials.
const credentials = "CREDENTIALS_DIRECTORY"

// errAbsent is what reading a file says that is not there.
var errAbsent = errors.New("there is no such file")

// path returns the file behind the source.
func (s Source) path() (string, error) {
	set := 0
	for _, field := range []string{s.File, s.Credential, s.PassphraseFile} {
		if field != "" {
			set++
		}
	}
	if set != 1 {
		return "", fault.New(fault.Invalid, "the root key comes from exactly one of a file, a systemd credential and a "+
			"passphrase file; %d are configured", set)
	}
	if s.Credential == "" {
		return filepath.Abs(s.File + s.PassphraseFile) // one of them is empty
	}
	folder := os.Getenv(credentials)
	if folder == "" || s.Credential != filepath.Base(s.Credential) {
		return "", fault.New(fault.Conflict, "there is no systemd credential %q: add "+
			"LoadCredentialEncrypted=%s to the service, then systemctl daemon-reload and start it with systemctl",
			s.Credential, s.Credential)
	}
	return filepath.Join(folder, s.Credential), nil
}

// putBack says how a root key that is missing or damaged is mended.
func (s Source) putBack(path string) string {
	if s.Credential != "" {
		return "put back the credential: systemd-creds encrypt --name=" + s.Credential + " COPY /etc/credstore.encrypted/" + s.Credential
	}
	return "put back your copy, or that of a node that runs: install -m 600 COPY " + path
}

// tooOpen reports whether a mode lets strangers at the key. Of a credential only the bits of others count: systemd
// grants the service its read access through an ACL, whose mask stands where the group's bits are.
func (s Source) tooOpen(mode fs.FileMode) bool {
	if s.Credential != "" {
		return mode.Perm()&0o007 != 0
	}
	return mode.Perm()&0o077 != 0
}

// text reads the source, or returns [errAbsent].
func (s Source) text(path string) (string, error) {
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", errAbsent
	}
	if err != nil {
		return "", fault.Wrap(fault.Conflict, err, "the root key %s cannot be read; give it to the user that the "+
			"server runs as: chown USER %s", path, path)
	}
	defer func() { _ = file.Close() }()
	info, err := file.Stat()
	if err != nil {
		return "", fault.Wrap(fault.Unavailable, err, "the root key %s cannot be examined", path)
	}
	if s.tooOpen(info.Mode()) {
		return "", fault.New(fault.Conflict, "the root key %s can be read by other users (mode %04o): chmod 600 %s",
			path, info.Mode().Perm(), path)
	}
	text, err := io.ReadAll(io.LimitReader(file, maxSource))
	if err != nil {
		return "", fault.Wrap(fault.Unavailable, err, "the root key %s cannot be read", path)
	}
	return string(text), nil
}

// lines returns what is on the lines that are not blank, in order and once each.
func lines(text string) []string {
	var all []string
	seen := map[string]bool{}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line != "" && !seen[line] {
			all = append(all, line)
			seen[line] = true
		}
	}
	return all
}

// reader turns a source into root keys.
type reader struct {
	Source
	// installation salts passphrases, so that one passphrase gives two installations different keys.
	installation string

	mu sync.Mutex
	// stretched keeps what a passphrase costs most of a second for. It is asked by hash, not by passphrase: people
	// use those elsewhere, and this map lives as long as the process.
	stretched map[[sha256.Size]byte][]byte
}

// read returns the root keys, newest first; none when the file is not there.
func (r *reader) read() ([]*root, error) {
	path, err := r.path()
	if err != nil {
		return nil, err
	}
	text, err := r.text(path)
	if errors.Is(err, errAbsent) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found []*root
	for i, line := range lines(text) {
		key, err := r.key(line)
		if err != nil {
			return nil, fault.New(fault.Conflict, "root key number %d in %s %s; %s", i+1, path, err, r.putBack(path))
		}
		root, err := newRoot(key)
		if err != nil {
			return nil, err
		}
		found = append(found, root)
	}
	if len(found) == 0 {
		return nil, fault.New(fault.Conflict, "%s is empty; %s", path, r.putBack(path))
	}
	return found, nil
}

// key returns the root key that a line stands for. Its errors complete the sentence "root key number 1 in F …".
func (r *reader) key(line string) ([]byte, error) {
	if r.PassphraseFile == "" {
		key, ok := parseRootKey(line)
		if !ok {
			return nil, errors.New("is damaged or cut short")
		}
		return key, nil
	}
	if len(line) < minPassphrase {
		return nil, errors.New("is a passphrase of fewer than 16 characters")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	name := sha256.Sum256([]byte(line))
	key, ok := r.stretched[name]
	if !ok {
		// RFC 9106 §4, second recommended option: 3 passes over 64 MiB in 4 lanes, 0.1–0.3 s.
		key = argon2.IDKey([]byte(line), []byte(r.installation), 3, 64<<10, 4, rootKeySize)
		r.stretched[name] = key
	}
	return key, nil
}
