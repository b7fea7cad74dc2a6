package leak

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// settings are those of a repository's own configuration that make git start a program. None of the two commands used
// here should come to that, save for the first: it is run when the index is read. A repository that came from a
// stranger must not be trusted with a "should".
var settings = []string{
	"core.fsmonitor=false", "core.hooksPath=" + os.DevNull, "core.pager=cat", "core.editor=false", "core.askPass=false",
	"core.sshCommand=false", "core.gitProxy=false", "core.alternateRefsCommand=false", "credential.helper=",
	"diff.external=", "log.showSignature=false", "gpg.program=false", "gpg.x509.program=false", "gpg.ssh.program=false",
	"protocol.allow=never", "core.attributesFile=" + os.DevNull, "core.bigFileThreshold=16m",
}

// surroundings is the whole environment of git: nothing of ours reaches it, neither settings nor secrets. An object
// that a partial clone lacks is not fetched; the list of allowed protocols is in a variable because a repository may
// allow one by a setting that is more specific than protocol.allow. The user's own configuration is left out too.
func surroundings() []string {
	environ := []string{
		"LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_ATTR_NOSYSTEM=1", "GIT_NO_REPLACE_OBJECTS=1",
		"GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "GIT_PAGER=cat",
	}
	for _, name := range []string{"PATH", "SYSTEMROOT", "TMPDIR", "TEMP"} {
		if value := os.Getenv(name); value != "" {
			environ = append(environ, name+"="+value)
		}
	}
	return environ
}

// repository runs git on one repository. Naming its directory keeps git from looking for another one; it also leaves
// out git's question whose it is, which protects from what is switched off above.
type repository struct {
	program, dir string
}

func openRepository(dir string) (*repository, error) {
	program, err := exec.LookPath("git")
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "the history of a repository is read through git, which is not installed here")
	}
	dir, err = filepath.Abs(dir)
	return &repository{program, dir}, err
}

// command prepares a run of git. complaint gets what it says on standard error.
func (r *repository) command(ctx context.Context, complaint *complaint, arguments ...string) *exec.Cmd {
	all := []string{"--no-pager", "--git-dir=" + r.dir}
	for _, setting := range settings {
		all = append(all, "-c", setting)
	}
	cmd := exec.CommandContext(ctx, r.program, append(all, arguments...)...)
	cmd.Env, cmd.Dir, cmd.Stderr = surroundings(), filepath.Dir(r.dir), complaint
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// run starts git and lets use read what it prints.
func (r *repository) run(ctx context.Context, stdin io.Reader, use func(io.Reader) error, arguments ...string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // use may leave before the end
	var said complaint
	cmd := r.command(ctx, &said, arguments...)
	cmd.Stdin = stdin
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	used := use(out)
	if used != nil {
		cancel()
		_ = cmd.Wait()
		return used
	}
	if err := cmd.Wait(); err != nil {
		return said.explain(err)
	}
	return nil
}

// complaint keeps the beginning of what git says on standard error.
type complaint struct{ bytes.Buffer }

const complaintMost = 1000

// Write implements [io.Writer]; it takes everything and keeps some.
func (c *complaint) Write(p []byte) (int, error) {
	c.Buffer.Write(p[:min(len(p), complaintMost-c.Len())])
	return len(p), nil
}

func (c *complaint) explain(err error) error {
	said, _, _ := strings.Cut(strings.TrimSpace(c.String()), "\n")
	if said == "" {
		said = err.Error()
	}
	return fault.Wrap(fault.Unavailable, err, "git: %s", Mask(said))
}
