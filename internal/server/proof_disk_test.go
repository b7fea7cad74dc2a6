package server_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// broken is a server whose disk fails, with what it was asked to write.
type broken struct {
	*process
	client, gateway      housetest.Client
	token                string
	environment          uuid.UUID
	acknowledged, failed []string // names of applications
}

func newBroken(p *process) *broken {
	b := &broken{process: p}
	b.gateway, b.environment = prepareCrash(p.House)
	b.client = p.NewApp("client", nil, "crash:read")
	b.token = p.Token(b.client)
	return b
}

// write asks for another application and reports whether the server said yes. It may say no in one way only.
func (b *broken) write() bool {
	b.T.Helper()
	name := fmt.Sprint("written ", len(b.acknowledged)+len(b.failed))
	a := b.Call("POST", "/applications", housetest.O{"name": name, "description": strings.Repeat("x", 255)})
	switch a.Status {
	case http.StatusCreated:
		b.acknowledged = append(b.acknowledged, name)
		return true
	case http.StatusServiceUnavailable:
		b.failed = append(b.failed, name)
	default:
		b.T.Fatalf("a write on a broken disk: %d %s", a.Status, a.Text)
	}
	return false
}

// untilRefused writes until the disk is felt.
func (b *broken) untilRefused(limit int) {
	b.T.Helper()
	for b.write() {
		if len(b.acknowledged) > limit {
			b.T.Fatalf("%d writes and the disk is not felt", limit)
		}
	}
}

// goesOn wants everything that needs no disk to work, and nothing that does to be half done.
func (b *broken) goesOn() {
	b.T.Helper()
	for range 50 {
		if token := b.Token(b.client); !b.Active(b.gateway, token) {
			b.T.Fatal("a token issued on a broken disk is inactive")
		}
	}
	if a := b.Call("GET", "/applications", nil); a.Status != http.StatusOK {
		b.T.Errorf("reading on a broken disk: %d %s", a.Status, a.Text)
	}
	if a := b.Form("/oauth2/revoke", b.client, "token", b.token); a.Status != http.StatusServiceUnavailable || !b.Active(b.gateway, b.token) {
		b.T.Errorf("a revocation on a broken disk: %d %s, and the token is active: %v", a.Status, a.Text, b.Active(b.gateway, b.token))
	}
}

// audit wants what was acknowledged to be there and what was refused not to.
func (b *broken) audit(h *housetest.House) {
	b.T.Helper()
	for names, want := range map[*[]string]int{&b.acknowledged: 1, &b.failed: 0} {
		for _, name := range *names {
			found := h.Must("GET", "/applications?name="+strings.ReplaceAll(name, " ", "+"), nil).JSON["items"].([]any)
			if len(found) != want {
				b.T.Errorf("%q is there %d times, want %d", name, len(found), want)
			}
		}
	}
}

// TestFullDiskRefusesWritesAndGoesOnIssuing gives a server a disk of its own and fills it.
func TestFullDiskRefusesWritesAndGoesOnIssuing(t *testing.T) {
	// A mount of the test's own needs a mount namespace, and a user namespace for those who are not root.
	flags := "-m"
	if os.Getuid() != 0 {
		flags = "-rm"
	}
	folder := t.TempDir()
	p := spawn(t, housetest.Client{}, folder, []string{"unshare", flags, "sh", "-c", `mount -t tmpfs -o size=8m none "$0" && exec "$@"`, folder})
	inside := filepath.Join("/proc", fmt.Sprint(p.command.Process.Pid), "root", folder)
	b := newBroken(p)
	b.write()
	ballast := filepath.Join(inside, "ballast")
	fill(t, ballast)
	b.untilRefused(5000) // the log of the database has room of its own, which is used up first
	for range 20 {
		b.write()
	}
	b.goesOn()
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	await(t, 5*time.Second, "writing again", b.write)
	b.audit(b.House)
	if a := b.Form("/oauth2/revoke", b.client, "token", b.token); a.Status != http.StatusOK || b.Active(b.gateway, b.token) {
		t.Errorf("a revocation once there is room again: %d %s", a.Status, a.Text)
	}
	// The disk goes with the server, so the ledger is read from a copy.
	if err := p.command.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	dsn := filepath.Join(t.TempDir(), "counterfoil.db")
	for _, suffix := range []string{"", "-wal"} {
		text, err := os.ReadFile(filepath.Join(inside, "counterfoil.db"+suffix))
		if err == nil {
			err = os.WriteFile(dsn+suffix, text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("full disk: acknowledged=%d refused=%d events=%d", len(b.acknowledged), len(b.failed), verify(t, dsn, b.environment))
}

// fill writes a file until not a byte of the disk is left.
func fill(t *testing.T, path string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for size := 64 << 10; size > 0; {
		switch _, err := file.Write(make([]byte, size)); {
		case errors.Is(err, syscall.ENOSPC):
			size /= 2
		case err != nil:
			t.Fatal(err)
		}
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestFailedSyncRefusesWritesAndGoesOnIssuing lets one sync of the disk fail. Nothing can be trusted to be stored from
// then on, so nothing more is acknowledged until the server is restarted; tokens need no disk.
func TestFailedSyncRefusesWritesAndGoesOnIssuing(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "data")
	b := newBroken(spawn(t, housetest.Client{}, folder, nil))
	b.kill()
	b.process = spawn(t, b.Admin, folder, []string{
		"strace", "-f", "-qq", "-o", os.DevNull, "-e", "trace=fsync,fdatasync", "-e", "inject=fsync,fdatasync:error=EIO:when=25",
	})
	b.untilRefused(100)
	for range 10 {
		if b.write() {
			t.Error("a write is acknowledged after a sync has failed")
		}
	}
	b.goesOn()
	b.kill()
	events := verify(t, filepath.Join(folder, "counterfoil.db"), b.environment)
	b.process = spawn(t, b.Admin, folder, nil)
	// The write whose sync failed was refused because nobody can know whether it is stored; it may be, as a whole.
	b.failed = b.failed[1:]
	b.audit(b.House)
	if !b.write() {
		t.Error("no write after the restart")
	}
	t.Logf("failed sync: acknowledged=%d refused=%d events=%d", len(b.acknowledged), len(b.failed), events)
}
