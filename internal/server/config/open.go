package config

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/counterfoil/counterfoil/internal/egress"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/notice/mail"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Base returns the base URL of a server that is bound to addr: the configured one or, in dev, what addr says.
func (c *Config) Base(addr net.Addr) string {
	if c.BaseURL != "" {
		return c.BaseURL
	}
	scheme := "http://"
	if c.TLSCert != "" {
		scheme = "https://"
	}
	host, _, _ := net.SplitHostPort(c.Listen)
	_, port, _ := net.SplitHostPort(addr.String())
	return scheme + net.JoinHostPort(host, port)
}

// WriteReadyFile writes the base URL into ready_file, if one is set. It appears whole or not at all.
func (c *Config) WriteReadyFile(base string) error {
	if c.ReadyFile == "" {
		return nil
	}
	half, err := os.CreateTemp(filepath.Dir(c.ReadyFile), ".ready-*")
	if err == nil {
		_, err = half.WriteString(base + "\n")
		err = errors.Join(err, half.Chmod(0o644), half.Close())
	}
	if err == nil {
		err = os.Rename(half.Name(), c.ReadyFile)
	}
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "ready_file %s cannot be written", c.ReadyFile)
	}
	return nil
}

// OpenLog opens what the log is written to: log_file or, without one, standard error; in dev a file beside the
// data, so that the terminal stays readable.
func (c *Config) OpenLog() (io.WriteCloser, error) {
	path := c.LogPath()
	if path == "" {
		return keepOpen{os.Stderr}, nil
	}
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		var file *os.File
		if file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600); err == nil {
			return file, nil
		}
	}
	return nil, fault.Wrap(fault.Invalid, err, "the log file %s cannot be written", path)
}

// LogPath returns the file that the log goes to, or nothing for standard error.
func (c *Config) LogPath() string {
	if c.LogFile == "" && c.Dev {
		return filepath.Join(c.Data, "server.log")
	}
	return c.LogFile
}

// keepOpen is a writer that is not ours to close.
type keepOpen struct{ io.Writer }

func (keepOpen) Close() error { return nil }

// DSN returns what [db.Open] opens: the PostgreSQL URL, or the embedded database's file in the data folder.
func (c *Config) DSN() string {
	if c.Database.Empty() {
		return filepath.Join(c.Data, "counterfoil.db")
	}
	return c.Database.Reveal()
}

// RootSource returns where the root key is.
func (c *Config) RootSource() seal.Source {
	return seal.Source{File: c.RootKeyFile, Credential: c.RootKeyCredential, PassphraseFile: c.RootPassphraseFile}
}

// Tune sets the garbage collector of this process, over what GOGC and GOMEMLIMIT in the environment say.
func (c *Config) Tune() {
	debug.SetGCPercent(c.GOGC)
	limit, _ := memory(c.GOMEMLIMIT)
	if limit == 0 {
		limit = containerLimit(cgroupLimit)
	}
	if limit > 0 {
		debug.SetMemoryLimit(limit)
	}
}

// cgroupLimit is the file with the memory that this process's container may use (cgroup v2).
const cgroupLimit = "/sys/fs/cgroup/memory.max"

// containerLimit returns nine tenths of the limit in a cgroup's file, in bytes, leaving the rest for what is not
// heap; 0 when there is no limit.
func containerLimit(path string) int64 {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	if err != nil { // "max"
		return 0
	}
	return limit / 10 * 9
}

// memory reads a size as GOMEMLIMIT has it, and 0 for the empty text.
func memory(text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	shift := 0
	for i, unit := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if number, ok := strings.CutSuffix(text, unit); ok {
			text, shift = number, 10*(i+1)
		}
	}
	n, err := strconv.ParseInt(strings.TrimSuffix(text, "B"), 10, 64)
	if err != nil || n <= 0 || n > math.MaxInt64>>shift {
		return 0, fmt.Errorf("not a size")
	}
	return n << shift, nil
}

// Mail returns how mails are sent.
func (c *Config) Mail() mail.Settings {
	return mail.Settings{URL: c.SMTPURL, Password: c.SMTPPassword, From: c.MailFrom}
}

// WayOut returns a client through which the program calls others, also in the places named beside the operator's.
func (c *Config) WayOut(also ...string) (*egress.Client, error) {
	o := egress.Options{Allow: slices.Concat(c.EgressAllow, also)}
	if c.EgressRoot != "" {
		text, err := os.ReadFile(c.EgressRoot)
		if err != nil {
			return nil, fault.Wrap(fault.Invalid, err, "egress_root cannot be read")
		}
		if o.RootCAs = x509.NewCertPool(); !o.RootCAs.AppendCertsFromPEM(text) {
			return nil, fault.New(fault.Invalid, "egress_root holds no certificate in PEM")
		}
	}
	return egress.New(o)
}
