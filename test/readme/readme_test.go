// Package readme holds the pages of this repository to the program: the blocks of the README are run, the links and
// the names in the documents must lead somewhere.
package readme

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	root = "../.."
	// The addresses that the README speaks of; the test takes free ones in their place.
	serverAddress  = "127.0.0.1:8700"
	exampleAddress = "127.0.0.1:8800"
	patience       = 60 * time.Second
)

// reader is somebody who follows the README in a folder and a home of their own.
type reader struct {
	*testing.T
	folder  string
	replace *strings.Replacer // addresses of the page by those in use
}

func TestReadmeDoesWhatItSays(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	all, err := blocks(string(page))
	if err != nil {
		t.Fatal(err)
	}
	r := &reader{T: t, folder: t.TempDir(), replace: strings.NewReplacer()}
	r.run("go", "build", "-o", filepath.Join(r.folder, "bin", "counterfoil"), "./cmd/counterfoil")
	var script []block
	for _, b := range all {
		switch {
		case b.language == "go":
			r.serveExample(b)
		case b.language == "yaml":
			r.loadSettings(b)
		case b.language == "sh" && b.text == "make run\n":
			r.makeRun(b)
		case b.language == "sh" && b.reason == "":
			script = append(script, b)
		case b.language != "sh" && b.language != "ini":
			t.Errorf("README.md:%d: nobody checks blocks of %s", b.line, b.language)
		}
	}
	if len(script) == 0 {
		t.Fatal("the README has no block to run")
	}
	r.follow(append(script, r.more("docs/directory.md")...))
}

// more returns the blocks of another page, which are run after those of the README, on the same server.
func (r *reader) more(path string) (script []block) {
	r.Helper()
	page, err := os.ReadFile(filepath.Join(root, path))
	if err != nil {
		r.Fatal(err)
	}
	all, err := blocks(string(page))
	if err != nil {
		r.Fatal(err)
	}
	for _, b := range all {
		if b.language != "sh" || b.reason != "" {
			r.Errorf("%s:%d: only commands are run on this page", path, b.line)
		}
		script = append(script, b)
	}
	return script
}

// run runs a tool in the module's root.
func (r *reader) run(name string, arguments ...string) string {
	r.Helper()
	cmd := exec.CommandContext(r.Context(), name, arguments...)
	cmd.Dir, cmd.Env = root, append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return string(out)
}

// command is a command that the reader types.
func (r *reader) command(ctx context.Context, name string, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, name, arguments...)
	cmd.Dir = r.folder
	// Nothing of this machine's own settings may leak in.
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + r.folder, "XDG_CONFIG_HOME=" + filepath.Join(r.folder, "config")}
	// What is left of the processes that the command started must not keep the test waiting.
	cmd.WaitDelay = 5 * time.Second
	return cmd
}

// makeRun does what make run would, on another port, and waits for what the page says it prints.
func (r *reader) makeRun(b block) {
	r.Helper()
	line := ""
	for text := range strings.Lines(r.run("make", "--no-print-directory", "-n", "run")) {
		if strings.Contains(text, "counterfoil serve") {
			line = strings.TrimSpace(text)
		}
	}
	if !strings.Contains(line, serverAddress) {
		r.Fatalf("make run starts no server on %s: %q", serverAddress, line)
	}
	ready := filepath.Join(r.folder, "ready")
	line = strings.ReplaceAll(line, serverAddress, "127.0.0.1:0")
	printed := r.start(b, func() bool {
		address, err := os.ReadFile(ready)
		if err != nil {
			return false
		}
		actual := strings.TrimPrefix(strings.TrimSpace(string(address)), "http://")
		r.replace = strings.NewReplacer(serverAddress, actual, exampleAddress, r.freeAddress())
		return true
	}, "bash", "-c", "exec "+line+" --ready-file "+ready)
	if wrong := mismatch(r.replace.Replace(b.output), printed); wrong != "" {
		r.Errorf("README.md:%d: %s", b.line, wrong)
	}
}

// start starts a program that runs until the test ends, waits until it is up, and returns what it printed so far.
func (r *reader) start(b block, up func() bool, name string, arguments ...string) string {
	r.Helper()
	cmd := r.command(context.Background(), name, arguments...) // the test's own context ends before its cleanups
	out, err := os.CreateTemp(r.folder, "output-*")
	if err != nil {
		r.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		r.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }()
	r.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(patience):
			_ = cmd.Process.Kill()
		}
		_ = out.Close()
	})
	printed := func() string {
		text, err := os.ReadFile(out.Name())
		if err != nil {
			r.Fatal(err)
		}
		return string(text)
	}
	deadline := time.After(patience)
	for !up() {
		select {
		case <-ended:
			r.Fatalf("README.md:%d: it ended, having printed\n%s", b.line, indent(printed()))
		case <-deadline:
			r.Fatalf("README.md:%d: it does not get up, having printed\n%s", b.line, indent(printed()))
		case <-time.After(2 * time.Millisecond):
		}
	}
	return printed()
}

func (r *reader) freeAddress() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		r.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().String()
}

// serveExample builds a program of the page as if it stood in this module, and runs it until the test ends.
func (r *reader) serveExample(b block) {
	r.Helper()
	source := filepath.Join(r.folder, "main.go")
	r.write(source, r.replace.Replace(b.text))
	module, err := filepath.Abs(root)
	if err != nil {
		r.Fatal(err)
	}
	overlay, err := json.Marshal(map[string]map[string]string{
		"Replace": {filepath.Join(module, "test", "readme", "example", "main.go"): source},
	})
	if err != nil {
		r.Fatal(err)
	}
	r.write(filepath.Join(r.folder, "overlay.json"), string(overlay))
	program := filepath.Join(r.folder, "example")
	r.run("go", "build", "-overlay", filepath.Join(r.folder, "overlay.json"), "-o", program, "./test/readme/example")
	r.start(b, func() bool {
		conn, err := net.Dial("tcp", r.replace.Replace(exampleAddress))
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}, program)
}

// loadSettings has the program read a settings file of the page. Only the file with the database's address must be
// there for that.
func (r *reader) loadSettings(b block) {
	r.Helper()
	const database = "/etc/counterfoil/database"
	address := filepath.Join(r.folder, "database")
	r.write(address, "postgres://counterfoil@db.example/counterfoil\n")
	if !strings.Contains(b.text, database) {
		r.Fatalf("README.md:%d: the settings lack %s", b.line, database)
	}
	file := filepath.Join(r.folder, "counterfoil.yaml")
	r.write(file, strings.ReplaceAll(b.text, database, address))
	out, err := r.command(r.Context(), filepath.Join(r.folder, "bin", "counterfoil"), "config", "print", "--config", file).CombinedOutput()
	if err != nil {
		r.Errorf("README.md:%d: the settings are refused: %s", b.line, out)
	}
}

func (r *reader) write(path, text string) {
	r.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		r.Fatal(err)
	}
}

// follow runs the blocks in one shell, which ends at the first command that fails, and compares what each of them
// prints with the page.
func (r *reader) follow(script []block) {
	r.Helper()
	var text strings.Builder
	printed := func(i int) string { return filepath.Join(r.folder, fmt.Sprintf("printed-%02d", i)) }
	for i, b := range script {
		fmt.Fprintf(&text, "exec >%s 2>&1\n%s", printed(i), r.replace.Replace(b.text))
	}
	file := filepath.Join(r.folder, "script")
	r.write(file, text.String())
	ctx, cancel := context.WithTimeout(r.Context(), patience)
	defer cancel()
	failed := r.command(ctx, "bash", "-euo", "pipefail", file).Run()
	for i, b := range script {
		got, err := os.ReadFile(printed(i))
		if err != nil {
			break
		}
		if _, err := os.Stat(printed(i + 1)); failed != nil && err != nil {
			r.Fatalf("README.md:%d: %v, having printed\n%s", b.line, failed, indent(string(got)))
		}
		if wrong := mismatch(r.replace.Replace(b.output), string(got)); b.output != "" && wrong != "" {
			r.Errorf("README.md:%d: %s", b.line, wrong)
		}
	}
	if failed != nil {
		r.Errorf("the README's commands: %v", failed)
	}
}
