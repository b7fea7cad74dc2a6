package cli_test

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// serve starts a server as an operator does and returns it with its base URL.
func serve(t *testing.T, arguments ...string) (*exec.Cmd, string) {
	t.Helper()
	folder := t.TempDir()
	ready := filepath.Join(folder, "ready")
	server := exec.Command("counterfoil", append([]string{
		"serve", "--dev", "--listen", "127.0.0.1:0", "--data", filepath.Join(folder, "data"), "--ready-file", ready,
	}, arguments...)...)
	server.Env = append(os.Environ(), "XDG_CONFIG_HOME="+filepath.Join(folder, "config"))
	server.Stderr = os.Stderr
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Process.Kill() })
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if base, err := os.ReadFile(ready); err == nil {
			return server, strings.TrimSpace(string(base))
		}
	}
	t.Fatal("the server did not become ready")
	return nil, ""
}

func TestSIGTERMDrainsBeforeTheServerEnds(t *testing.T) {
	server, base := serve(t, "--shutdown-delay", "1500ms")
	statusOf := func(path string) int {
		response, err := http.Get(base + path)
		if err != nil {
			return 0
		}
		_ = response.Body.Close()
		return response.StatusCode
	}
	if status := statusOf("/readyz"); status != http.StatusOK {
		t.Fatalf("before: /readyz answers %d", status)
	}
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Second); statusOf("/readyz") != http.StatusServiceUnavailable; {
		if time.Now().After(deadline) {
			t.Fatal("/readyz does not say that the server is leaving")
		}
	}
	// Load balancers are still sending requests: every one is answered.
	for until := time.Now().Add(700 * time.Millisecond); time.Now().Before(until); {
		if status := statusOf("/oauth2/jwks"); status != http.StatusOK {
			t.Fatalf("a request during the delay was answered with %d", status)
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("the server ended with %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the server did not end")
	}
}
