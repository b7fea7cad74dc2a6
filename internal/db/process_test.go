package db_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// Some of what this package promises holds between processes or against a broken disk. Such a test starts the
// test binary again in one of these roles, with the path of a SQLite file.
const (
	roleVariable = "COUNTERFOIL_TEST_ROLE"
	pathVariable = "COUNTERFOIL_TEST_PATH"
)

var roles = map[string]func(path string) error{
	"hold the file":  holdTheFile,
	"fill the disk":  fillTheDisk,
	"write and tell": writeAndTell,
}

func TestMain(m *testing.M) {
	role, given := os.LookupEnv(roleVariable)
	if !given {
		os.Exit(m.Run())
	}
	if err := roles[role](os.Getenv(pathVariable)); err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

// play returns the command that plays a role, started through the words of a wrapper such as strace.
func play(t *testing.T, role, path string, wrapper ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	words := append(wrapper, self)
	if _, err := exec.LookPath(words[0]); err != nil {
		t.Fatalf("%v: run make test, which installs what the tests need", err)
	}
	command := exec.CommandContext(t.Context(), words[0], words[1:]...)
	command.Env = append(os.Environ(), roleVariable+"="+role, pathVariable+"="+path)
	command.Stderr = os.Stderr
	return command
}

// holdTheFile keeps the database open until its standard input ends.
func holdTheFile(path string) error {
	d, err := db.Open(context.Background(), db.Options{DSN: path})
	if err != nil {
		return err
	}
	fmt.Println("open")
	_, _ = io.Copy(io.Discard, os.Stdin)
	return d.Close()
}

func TestASecondProcessIsRefusedWithTheFirstOnesNumber(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data", "counterfoil.db")
	holder := play(t, "hold the file", path)
	input, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(output).ReadString('\n'); line != "open\n" {
		t.Fatalf("the first process says %q (%v)", line, err)
	}
	alias := filepath.Join(t.TempDir(), "alias.db")
	if err := os.Symlink(path, alias); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, alias} {
		d, err := db.Open(t.Context(), db.Options{DSN: name})
		if err == nil {
			_ = d.Close()
		}
		if want := fmt.Sprintf("process %d:", holder.Process.Pid); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), want) {
			t.Errorf("opening %s gives %v, want a conflict with %s", name, err, want)
		}
	}
	// The claim dies with its process, however that ends.
	_ = holder.Process.Kill()
	_ = input.Close()
	_ = holder.Wait()
	d, err := db.Open(t.Context(), db.Options{DSN: path})
	if err != nil {
		t.Fatalf("after the holder was killed: %v", err)
	}
	if err := d.Close(); err != nil {
		t.Error(err)
	}
}

// row makes a note big enough that a few of them matter to a small disk.
func row(id int) func(*db.Tx) error {
	return func(tx *db.Tx) error {
		_, err := tx.Exec(`INSERT INTO note (id, body) VALUES ($1, $2)`, id, strings.Repeat("x", 8<<10))
		return err
	}
}

func openWithNotes(path string) (*db.DB, error) {
	d, err := db.Open(context.Background(), db.Options{DSN: path})
	if err != nil {
		return nil, err
	}
	err = d.Write(context.Background(), func(tx *db.Tx) error {
		_, err := tx.Exec(`CREATE TABLE IF NOT EXISTS note (id BIGINT PRIMARY KEY, body TEXT, flag BOOLEAN)`)
		return err
	})
	return d, err
}

func count(d *db.DB) (n int64, err error) {
	err = d.Read(context.Background(), func(tx *db.Tx) (err error) {
		n, err = db.Value[int64](tx, `SELECT count(*) FROM note`)
		return err
	})
	return n, err
}

// fillTheDisk writes until the disk is full, makes room and goes on.
func fillTheDisk(path string) error {
	ballast := filepath.Join(filepath.Dir(path), "ballast")
	if err := os.WriteFile(ballast, make([]byte, 1<<20), 0o600); err != nil {
		return err
	}
	d, err := openWithNotes(path)
	if err != nil {
		return err
	}
	acknowledged := 0
	for err == nil && acknowledged < 10_000 {
		if err = d.Write(context.Background(), row(acknowledged)); err == nil {
			acknowledged++
		}
	}
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "full") {
		return fmt.Errorf("a full disk gives %w after %d writes", err, acknowledged)
	}
	if n, err := count(d); err != nil || n != int64(acknowledged) {
		return fmt.Errorf("on the full disk %d of %d notes can be read (%w)", n, acknowledged, err)
	}
	if err := os.Remove(ballast); err != nil {
		return err
	}
	if err := d.Write(context.Background(), row(acknowledged)); err != nil {
		return fmt.Errorf("with room again: %w", err)
	}
	if err := d.Close(); err != nil {
		return err
	}
	if d, err = db.Open(context.Background(), db.Options{DSN: path}); err != nil {
		return err
	}
	if n, err := count(d); err != nil || n != int64(acknowledged)+1 {
		return fmt.Errorf("after a restart %d of %d notes are there (%w)", n, acknowledged+1, err)
	}
	fmt.Println("acknowledged", acknowledged)
	return d.Close()
}

func TestAFullDiskIsUnavailableAndLosesNothing(t *testing.T) {
	// A mount of the test's own needs a mount namespace, and a user namespace for those who are not root.
	flags := "-m"
	if os.Getuid() != 0 {
		flags = "-rm"
	}
	folder := t.TempDir()
	child := play(t, "fill the disk", filepath.Join(folder, "counterfoil.db"),
		"unshare", flags, "sh", "-c", `mount -t tmpfs -o size=8m none "$0" && exec "$@"`, folder)
	output, err := child.Output()
	if err != nil || !strings.HasPrefix(string(output), "acknowledged ") {
		t.Errorf("%s (%v)", output, err)
	}
}

// writeAndTell writes notes and tells the outcome of each, until well after the first that was refused.
func writeAndTell(path string) error {
	d, err := openWithNotes(path)
	if err != nil {
		fmt.Println("not opened")
		return nil
	}
	for id, refused := 1, 0; refused < 3 && id <= 60; id++ {
		err := d.Write(context.Background(), row(id))
		switch {
		case err == nil:
			fmt.Println("acknowledged", id)
		case fault.Is(err, fault.Unavailable):
			refused++
			fmt.Println("refused", id)
		default:
			return err
		}
	}
	return d.Close()
}

// TestAFailedSyncStopsWritingUntilRestart lets one sync of the disk fail, each time another one, and all others
// succeed: the kernel may have dropped the pages that it failed to write and call them clean from then on.
func TestAFailedSyncStopsWritingUntilRestart(t *testing.T) {
	struck := 0
	for nth := 1; nth <= 40; nth += 3 {
		path := filepath.Join(t.TempDir(), "counterfoil.db")
		inject := fmt.Sprintf("inject=fsync,fdatasync:error=EIO:when=%d", nth)
		child := play(t, "write and tell", path, "strace", "-f", "-qq", "-o", os.DevNull, "-e", "trace=fsync,fdatasync", "-e", inject)
		output, err := child.Output()
		if err != nil {
			t.Fatalf("sync %d fails: %s (%v)", nth, output, err)
		}
		refused, acknowledged := 0, []int64{}
		for line := range strings.Lines(string(output)) {
			var id int64
			if _, err := fmt.Sscanf(line, "acknowledged %d", &id); err == nil {
				acknowledged = append(acknowledged, id)
				if refused > 0 {
					t.Errorf("sync %d fails: a write is acknowledged after one was refused:\n%s", nth, output)
				}
			} else if strings.HasPrefix(line, "refused ") {
				refused++
			}
		}
		if refused == 3 && len(acknowledged) > 0 {
			struck++
		}
		checkAfterRestart(t, path, acknowledged)
	}
	if struck < 3 {
		t.Errorf("only %d of the failures struck in the middle of the writes: the test proves little", struck)
	}
}

func checkAfterRestart(t *testing.T, path string, acknowledged []int64) {
	t.Helper()
	d, err := openWithNotes(path)
	if err != nil {
		t.Fatalf("after a restart: %v", err)
	}
	for _, id := range acknowledged {
		if value[int64](t, d, `SELECT count(*) FROM note WHERE id = $1`, id) != 1 {
			t.Errorf("note %d was acknowledged and is not there after a restart", id)
		}
	}
	if err := errors.Join(d.Write(t.Context(), row(1000)), d.Close()); err != nil {
		t.Errorf("after a restart: %v", err)
	}
}
