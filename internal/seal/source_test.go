package seal_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

func TestFirstRunMakesARootKeyForItsOwnerOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := seal.Source{File: filepath.Join(t.TempDir(), "new folder", "root.key")}
		v := open(t, d, s)
		info, err := os.Stat(s.File)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Fatalf("the root key's file: %v, %v", info, err)
		}
		before := read(t, s.File)
		e := environment(t, d, v)
		box := sealed(t, d, v, e, "text")
		again := open(t, d, s)
		opensAs(t, d, again, e, box, "text")
		if read(t, s.File) != before {
			t.Error("the second start changed the root key")
		}
		if roots := listed(t, d, again); len(roots) != 1 || roots[0].Version != 1 || !roots[0].Newest {
			t.Errorf("the database knows %+v", roots)
		}
	})
}

func TestMissingRootKeyIsNotReplacedByANewOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := file(t)
		open(t, d, s)
		if err := os.Remove(s.File); err != nil {
			t.Fatal(err)
		}
		refused(t, d, s, s.File, "version 1", "install -m 600 COPY "+s.File)
		if _, err := os.Stat(s.File); !os.IsNotExist(err) {
			t.Error("a new root key was made beside sealed rows")
		}
	})
}

func TestWrongRootKeyIsRefused(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		open(t, d, file(t))
		other := withKeys(t, seal.GenerateRootKey())
		refused(t, d, other, other.File, "version 1", "install -m 600 COPY "+other.File)
		v := open(t, dbtest.SQLite(t), other) // elsewhere it is right
		if v.Peppers().Newest() != 1 {
			t.Error("a key made by hand is not taken")
		}
	})
}

func TestDamagedRootKeyIsRefused(t *testing.T) {
	d := dbtest.SQLite(t)
	s := file(t)
	open(t, d, s)
	whole := read(t, s.File)
	for length := range len(whole) - 1 { // the last byte is the newline
		write(t, s.File, whole[:length])
		refused(t, d, s, s.File, "install -m 600 COPY "+s.File)
	}
	for name, text := range map[string]string{
		"longer":        strings.TrimSpace(whole) + "A\n",
		"other letters": "cfs_" + whole[4:],
		"binary":        "\x00\x01\x02",
		"two, one cut":  whole + whole[:20],
	} {
		write(t, s.File, text)
		if _, err := seal.Open(t.Context(), d, s); !fault.Is(err, fault.Conflict) {
			t.Errorf("%s: Open returned %v", name, err)
		}
	}
	write(t, s.File, "\n  "+strings.TrimSpace(whole)+"\r\n\n")
	open(t, d, s) // blanks around it do no harm
}

func TestRootKeyThatStrangersCanReadIsRefused(t *testing.T) {
	d := dbtest.SQLite(t)
	s := file(t)
	open(t, d, s)
	for _, mode := range []os.FileMode{0o604, 0o640, 0o644, 0o660, 0o602, 0o601, 0o777} {
		if err := os.Chmod(s.File, mode); err != nil {
			t.Fatal(err)
		}
		refused(t, d, s, "chmod 600 "+s.File)
	}
	if err := os.Chmod(s.File, 0o400); err != nil {
		t.Fatal(err)
	}
	open(t, d, s)
}

func TestExactlyOneSourceIsConfigured(t *testing.T) {
	d := dbtest.SQLite(t)
	for _, s := range []seal.Source{{}, {File: "a", Credential: "b"}, {File: "a", PassphraseFile: "b"}} {
		if _, err := seal.Open(t.Context(), d, s); !fault.Is(err, fault.Invalid) {
			t.Errorf("Open(%+v) returned %v", s, err)
		}
	}
}

func TestSystemdCredentialHoldsTheRootKey(t *testing.T) {
	d := dbtest.SQLite(t)
	s := seal.Source{Credential: "counterfoil-root"}
	t.Setenv("CREDENTIALS_DIRECTORY", "")
	refused(t, d, s, "LoadCredentialEncrypted=counterfoil-root")
	folder := t.TempDir()
	t.Setenv("CREDENTIALS_DIRECTORY", folder)
	refused(t, d, s, "systemd-creds encrypt --name=counterfoil-root")
	path := filepath.Join(folder, "counterfoil-root")
	write(t, path, revealed(seal.GenerateRootKey()))
	if err := os.Chmod(path, 0o440); err != nil { // as systemd does with an ACL
		t.Fatal(err)
	}
	v := open(t, d, s)
	e := environment(t, d, v)
	opensAs(t, d, open(t, d, s), e, sealed(t, d, v, e, "text"), "text")
	if err := s.AddRoot(); !fault.Is(err, fault.Conflict) {
		t.Errorf("AddRoot returned %v", err)
	}
	if err := os.Chmod(path, 0o444); err != nil {
		t.Fatal(err)
	}
	refused(t, d, s, "other users")
	refused(t, d, seal.Source{Credential: "../counterfoil-root"}, "no systemd credential")
}

func TestPassphraseIsARootKey(t *testing.T) {
	d := dbtest.SQLite(t)
	s := seal.Source{PassphraseFile: filepath.Join(t.TempDir(), "passphrase")}
	refused(t, d, s, "umask 077", s.PassphraseFile)
	write(t, s.PassphraseFile, "too short\n")
	refused(t, d, s, "16 characters")
	write(t, s.PassphraseFile, "correct horse battery staple\n")
	v := open(t, d, s)
	e := environment(t, d, v)
	box := sealed(t, d, v, e, "text")
	write(t, s.PassphraseFile, "incorrect horse battery staple\n")
	refused(t, d, s, "version 1")
	write(t, s.PassphraseFile, "correct horse battery staple")
	opensAs(t, d, open(t, d, s), e, box, "text")

	if err := s.AddRoot(); err != nil {
		t.Fatal(err)
	}
	v = open(t, d, s)
	opensAs(t, d, v, e, box, "text")
	if v.Peppers().Newest() != 2 {
		t.Error("the added passphrase is not in use")
	}
	elsewhere := open(t, dbtest.SQLite(t), s)
	one, _ := v.Peppers().MAC(1, nil, []byte("x"))
	other, _ := elsewhere.Peppers().MAC(1, nil, []byte("x"))
	if string(one) == string(other) {
		t.Error("one passphrase gives two installations the same pepper")
	}
}

func TestOfTwoNodesThatStartAtOnceWithTheirOwnFilesOneWins(t *testing.T) {
	for range 5 {
		dsn := dbtest.PostgreSQLDSN(t)
		sources := []seal.Source{file(t), withKeys(t, seal.GenerateRootKey()), file(t)}
		var errs [3]error
		var start, done sync.WaitGroup
		start.Add(1)
		for i := range sources {
			d := dbtest.Open(t, dsn, nil)
			done.Go(func() {
				start.Wait()
				_, errs[i] = seal.Open(t.Context(), d, sources[i])
			})
		}
		start.Done()
		done.Wait()
		won := 0
		for i, err := range errs {
			if err == nil {
				won++
				continue
			}
			_, message := fault.Public(err)
			if !fault.Is(err, fault.Conflict) || !strings.Contains(message, "install -m 600 COPY "+sources[i].File) {
				t.Errorf("a node that lost says %v", err)
			}
		}
		if won != 1 {
			t.Fatalf("%d nodes won: %v", won, errs)
		}
	}
}

func TestTwoNodesThatStartAtOnceOnOneFileBothRun(t *testing.T) {
	dsn := dbtest.PostgreSQLDSN(t)
	s := file(t)
	errs := make(chan error)
	for range 4 {
		d := dbtest.Open(t, dsn, nil)
		go func() {
			_, err := seal.Open(t.Context(), d, s)
			errs <- err
		}()
	}
	for range 4 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if n := strings.Count(read(t, s.File), "\n"); n != 1 {
		t.Errorf("the file holds %d keys", n)
	}
}
