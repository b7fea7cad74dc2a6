package server_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/counterfoil/counterfoil/internal/housetest"
	"github.com/counterfoil/counterfoil/internal/server"
	"github.com/counterfoil/counterfoil/internal/server/config"
)

// Some proofs need a server that can be killed or given a broken disk. They start the test binary again, which
// then is that server: its arguments are those of counterfoil serve.
const serveVariable = "COUNTERFOIL_TEST_SERVE"

// greeting is the one line that such a server writes to its standard output, once it answers requests.
type greeting struct{ URL, ClientID, ClientSecret string }

func TestMain(m *testing.M) {
	if os.Getenv(serveVariable) == "" {
		os.Exit(m.Run())
	}
	if err := serveAlone(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

func serveAlone(arguments []string) error {
	flags := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	config.Flags(flags)
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	settings, err := config.Load(flags, nil)
	if err != nil {
		return err
	}
	return server.Run(context.Background(), settings, func(_ context.Context, h *server.House) error {
		g := greeting{URL: settings.BaseURL}
		if h.FirstAdmin != nil {
			g.ClientID, g.ClientSecret = h.FirstAdmin.ClientID, h.FirstAdmin.Secret.Reveal()
		}
		return json.NewEncoder(os.Stdout).Encode(g)
	})
}

// process is a server of its own.
type process struct {
	*housetest.House
	command *exec.Cmd
	started time.Duration // how long it took to answer requests
	gone    chan struct{} // closed when nobody can write to its standard output any more
}

// spawn starts a server with the data in folder, through the words of a wrapper such as strace. The first server on
// its data brings an administrator along; admin is for the later ones.
func spawn(t *testing.T, admin housetest.Client, folder string, wrapper []string, arguments ...string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	words := append(append([]string{}, wrapper...), self, "--dev", "--listen", "127.0.0.1:0", "--data", folder)
	words = append(words, arguments...)
	p := &process{command: exec.CommandContext(t.Context(), words[0], words[1:]...), gone: make(chan struct{})}
	p.command.Env = append(os.Environ(), serveVariable+"=yes")
	p.command.Stderr = os.Stderr
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // so that kill reaches what a wrapper started
	output, ours, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.command.Stdout = ours
	began := time.Now()
	if err := p.command.Start(); err != nil {
		t.Fatalf("%v: run make test, which installs what the tests need", err)
	}
	_ = ours.Close()
	t.Cleanup(p.kill)
	lines := bufio.NewReader(output)
	line, err := lines.ReadBytes('\n')
	p.started = time.Since(began)
	var g greeting
	if err != nil || json.Unmarshal(line, &g) != nil {
		t.Fatalf("the server does not start: %q (%v)", line, err)
	}
	go func() {
		_, _ = io.Copy(io.Discard, lines)
		close(p.gone)
	}()
	if g.ClientID != "" {
		admin = housetest.Client{ID: g.ClientID, Secret: g.ClientSecret}
	}
	p.House = housetest.At(t, g.URL, admin)
	return p
}

// kill ends the server as a power cut would, and waits until it is gone.
func (p *process) kill() {
	_ = syscall.Kill(-p.command.Process.Pid, syscall.SIGKILL)
	_ = p.command.Wait()
	<-p.gone // a wrapper may be gone before the server is
}
