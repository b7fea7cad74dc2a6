package db

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"

	"github.com/counterfoil/counterfoil/internal/fault"
)

func (d *DB) openSQLite(ctx context.Context) error {
	d.engine = SQLite
	path, err := filepath.Abs(d.dsn)
	if err != nil {
		return fault.Wrap(fault.Invalid, err, "the database path %q cannot be used", d.dsn)
	}
	folder := filepath.Dir(path)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fault.Wrap(fault.Unavailable, err, "the data folder %s cannot be made", folder)
	}
	if err := refuseNetworkFileSystem(folder); err != nil {
		return err
	}
	if err := createPrivately(path); err != nil {
		return err
	}
	// Two names of one file must lead to one lock.
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return fault.Wrap(fault.Unavailable, err, "the database file %s cannot be found", d.dsn)
	}
	d.dsn = path
	if err := refuseNetworkFileSystem(filepath.Dir(path)); err != nil {
		return err
	}
	if d.claim, err = claimFile(path + ".lock"); err != nil {
		return err
	}
	readers, err := sql.Open("sqlite", sqliteDSN(path, "query_only(1)"))
	if err != nil {
		return translate(err)
	}
	readers.SetMaxOpenConns(max(4, runtime.NumCPU()))
	readers.SetMaxIdleConns(max(4, runtime.NumCPU()))
	d.pool = readers
	return nil
}

// createPrivately makes a missing file for this user alone; SQLite would follow the umask, and the files that it
// puts beside this one copy its mode. A file that is there is not touched: closing it would drop the locks that
// SQLite has on it in this process.
func createPrivately(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return fault.Wrap(fault.Unavailable, err, "the database file %s cannot be opened", path)
	}
	return file.Close()
}

// sqliteDSN returns the connection string with the settings that durability and speed hang on: a commit is on
// disk before it is answered (WAL alone may lose the last commits on a power cut, hence synchronous=FULL).
func sqliteDSN(path string, extra ...string) string {
	pragmas := append([]string{
		"journal_mode(WAL)", "synchronous(FULL)", "foreign_keys(1)", "busy_timeout(5000)",
		"journal_size_limit(67108864)", "temp_store(MEMORY)", "secure_delete(1)",
	}, extra...)
	q := url.Values{"_pragma": pragmas}
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + q.Encode()
}

// Magic numbers of statfs(2) for file systems on which SQLite's locks and shared memory are not to be trusted.
var networkFileSystems = map[int64]string{
	0x6969: "NFS", 0xFF534D42: "CIFS", 0xFE534D42: "SMB2", 0x517B: "SMB", 0x564C: "NCP", 0x01021997: "9P",
	0x5346414F: "AFS", 0x73757245: "Coda", 0x00C36400: "Ceph", 0x7461636F: "OCFS2", 0x47504653: "GPFS",
	0x0BD00BD0: "Lustre",
}

func refuseNetworkFileSystem(folder string) error {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(folder, &stat); err != nil {
		return fault.Wrap(fault.Unavailable, err, "the data folder %s cannot be examined", folder)
	}
	name := networkFileSystem(int64(stat.Type)) //nolint:unconvert // int32 on some platforms
	if stat.Type == fuse {
		name = fuseFileSystem(folder)
	}
	if name != "" {
		return fault.New(fault.Conflict, "the data folder %s lies on a network file system (%s), where SQLite can lose "+
			"writes; move it to a local disk or use PostgreSQL (--database postgres://…)", folder, name)
	}
	return nil
}

// fuse is the magic number of everything that a program serves: sshfs and GlusterFS, but NTFS on a local disk too.
const fuse = 0x65735546

// fuseFileSystem returns the type of the FUSE file system that folder lies on, or nothing when that is a local disk
// (fuseblk). What cannot be told is taken for the worse.
func fuseFileSystem(folder string) string {
	mounts, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return "FUSE"
	}
	defer func() { _ = mounts.Close() }()
	longest, kind := "", "FUSE"
	for lines := bufio.NewScanner(mounts); lines.Scan(); {
		fields := strings.Fields(lines.Text()) // … 4: mount point … "-" then the type (proc(5))
		_, after, ok := strings.Cut(lines.Text(), " - ")
		if !ok || len(fields) < 5 {
			continue
		}
		point := fields[4]
		if (folder == point || strings.HasPrefix(folder, strings.TrimSuffix(point, "/")+"/")) && len(point) >= len(longest) {
			longest, kind = point, strings.Fields(after)[0]
		}
	}
	if kind == "fuseblk" {
		return ""
	}
	return kind
}

// networkFileSystem returns the name of the network file system that magic stands for, or nothing. The number is
// an unsigned 32-bit one that some platforms sign-extend.
func networkFileSystem(magic int64) string { return networkFileSystems[magic&0xFFFFFFFF] }

// claim is this process's exclusive hold on a SQLite file: a lock that the kernel drops when the process ends,
// on a file that names the holder for those who are refused.
type claim struct{ file *os.File }

func claimFile(path string) (*claim, error) {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, err, "the lock file %s cannot be opened", path)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		holder, _ := os.ReadFile(path)
		_ = file.Close()
		return nil, fault.New(fault.Conflict, "the database is in use by process %s: stop the server first, and start it again "+
			"afterwards; several processes at a time need PostgreSQL", strings.TrimSpace(string(holder)))
	}
	if err := file.Truncate(0); err == nil {
		_, _ = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	return &claim{file: file}, nil
}

func (c *claim) release() { _ = c.file.Close() }

func translateSQLite(err error) *fault.Error {
	e, ok := errors.AsType[*sqlite.Error](err)
	if !ok {
		return nil
	}
	switch e.Code() {
	case sqlitelib.SQLITE_CONSTRAINT_UNIQUE, sqlitelib.SQLITE_CONSTRAINT_PRIMARYKEY:
		return fault.Wrap(fault.Conflict, err, "already exists")
	}
	switch e.Code() & 0xFF {
	case sqlitelib.SQLITE_FULL:
		return fault.Wrap(fault.Unavailable, err, "the disk of the database is full")
	case sqlitelib.SQLITE_IOERR, sqlitelib.SQLITE_CANTOPEN, sqlitelib.SQLITE_READONLY, sqlitelib.SQLITE_BUSY,
		sqlitelib.SQLITE_LOCKED, sqlitelib.SQLITE_INTERRUPT:
		return fault.Wrap(fault.Unavailable, err, "the database cannot be written")
	case sqlitelib.SQLITE_CORRUPT, sqlitelib.SQLITE_NOTADB:
		return fault.Wrap(fault.Internal, err, "the database file is damaged")
	}
	return nil
}

// isLostSync reports whether the disk refused to make a write durable. The kernel may then drop what it could
// not write and report success next time, so nothing this process wrote since can be trusted to be on disk.
func isLostSync(err error) bool {
	e, ok := errors.AsType[*sqlite.Error](err)
	return ok && (e.Code() == sqlitelib.SQLITE_IOERR_FSYNC || e.Code() == sqlitelib.SQLITE_IOERR_DIR_FSYNC)
}

// startWriter opens the one connection that writes.
func (d *DB) startWriter(ctx context.Context) error {
	pool, err := sql.Open("sqlite", sqliteDSN(d.dsn))
	if err != nil {
		return translate(err)
	}
	pool.SetMaxOpenConns(1)
	conn, err := pool.Conn(ctx)
	if err != nil {
		_ = pool.Close()
		return translate(fmt.Errorf("open the writing connection: %w", err))
	}
	d.writer = newWriter(d, pool, conn)
	return nil
}
