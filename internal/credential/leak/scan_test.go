package leak

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/counterfoil/counterfoil/internal/fault"
)

func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return b.String()
}

func zipped(t testing.TB, method uint16, members ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i := 0; i < len(members); i += 2 {
		m, err := w.CreateHeader(&zip.FileHeader{Name: members[i], Method: method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := m.Write([]byte(members[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func utf16LE(text string) string {
	b := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(text)) {
		b = binary.LittleEndian.AppendUint16(b, unit)
	}
	return string(b)
}

func TestSecretsAreFoundInEveryKindOfFile(t *testing.T) {
	hidden := secret(1)
	long := strings.Repeat("no secret in this line\n", 50_000)
	files := map[string]string{
		".env": "A=1\nB=" + hidden, "deep/er/config.yml": long + hidden + long, "binary": "\x7fELF\x00\x01" + hidden + "\x00\xff",
		"powershell.txt": utf16LE("ключ\r\nSECRET=" + hidden + "\r\n"),
		"manifest.yml":   "data:\n  secret: " + base64.StdEncoding.EncodeToString([]byte(hidden)),
		"curl.sh":        "-H 'Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte("123e4567-e89b-12d3-a456-426614174000:"+hidden)) + "'",
		"log.gz":         gzipped(long + hidden), "two.gz": gzipped("a") + gzipped(hidden),
		"app.jar":        zipped(t, zip.Deflate, "a.txt", "nothing", "in/b.properties", "x="+hidden),
		"stored.zip":     zipped(t, zip.Store, "c", hidden),
		"nested.zip":     zipped(t, zip.Deflate, "d.zip", zipped(t, zip.Deflate, "e.gz", gzipped(hidden))),
		"no.zip":         "PK\x03\x04" + hidden,
		"a" + hidden[4:]: "no prefix, no secret",
		"false":          hidden[:52] + "!", "empty": "", "tiny": "c",
	}
	root := write(t, files)
	found, summary := scanned(t, Options{Paths: []string{root}})
	want := map[string]string{"app.jar!in/b.properties": hidden, "stored.zip!c": hidden, "nested.zip!d.zip!e.gz": hidden}
	for _, name := range []string{".env", "deep/er/config.yml", "binary", "powershell.txt", "manifest.yml", "curl.sh", "log.gz", "two.gz", "no.zip"} {
		want[name] = hidden
	}
	demand(t, root, found, want)
	if summary.Files != len(files) || summary.UnreadTotal != 0 {
		t.Errorf("%+v", summary)
	}
	for _, f := range found {
		if strings.HasSuffix(f.Path, "config.yml") && (f.Line != 50_001 || f.Column != 1) {
			t.Errorf("found at %d:%d", f.Line, f.Column)
		}
		if encoded := strings.HasSuffix(f.Path, "manifest.yml") || strings.HasSuffix(f.Path, "curl.sh"); f.Encoded != encoded {
			t.Errorf("%s: encoded %v", f.Path, f.Encoded)
		}
	}
}

func TestSecretInANameIsFoundAndMasked(t *testing.T) {
	folder, file, member := secret(1), secret(2), secret(3)
	root := write(t, map[string]string{folder + "/" + file + ".txt": "", "a.zip": zipped(t, zip.Store, "x/"+member, "")})
	found, _ := scanned(t, Options{Paths: []string{root}})
	demand(t, root, found, map[string]string{
		folder[:8] + "…": folder, folder[:8] + "…/" + file[:8] + "….txt": file, "a.zip!x/" + member[:8] + "…": member,
	})
	if text := fmt.Sprintf("%+v", found); strings.Contains(text, folder) || strings.Contains(text, file) || strings.Contains(text, member) {
		t.Errorf("a secret is shown: %s", text)
	}
}

func TestLinksAreFollowedOnlyWhenNamed(t *testing.T) {
	outside := write(t, map[string]string{"secret": secret(1), "folder/secret": secret(2)})
	root := write(t, map[string]string{"in/own": secret(3)})
	for name, to := range map[string]string{
		"file": outside + "/secret", "folder": outside + "/folder", "loop": ".", "in/loop": "..", "self": "self", "nowhere": "/nowhere",
	} {
		if err := os.Symlink(to, filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	found, summary := scanned(t, Options{Paths: []string{root}})
	demand(t, root, found, map[string]string{"in/own": secret(3)})
	if summary.UnreadTotal != 0 || summary.Files != 1 {
		t.Errorf("%+v", summary)
	}
	found, _ = scanned(t, Options{Paths: []string{root + "/file", root + "/folder"}})
	demand(t, outside, found, map[string]string{"secret": secret(1), "folder/secret": secret(2)})
}

func TestFileSwappedForALinkIsNotFollowed(t *testing.T) {
	root := write(t, map[string]string{"harmless": "", "private": secret(1)})
	info, err := os.Lstat(root + "/harmless")
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Remove(root+"/harmless"), os.Symlink("private", root+"/harmless")); err != nil {
		t.Fatal(err)
	}
	s := &scan{Options: Options{MaxFileSize: 1000}, ctx: t.Context(), emit: func(Finding) error {
		t.Error("followed")
		return nil
	}}
	s.file(newSearcher(), target{root + "/harmless", info})
	if s.summary.UnreadTotal != 1 {
		t.Errorf("%+v", s.summary)
	}
}

func TestWhatCannotBeReadIsListedAndEndsNothing(t *testing.T) {
	damaged := gzipped(strings.Repeat("x", 1000) + secret(1))
	root := write(t, map[string]string{"a.gz": damaged[:len(damaged)-12], "closed": secret(2), "large": strings.Repeat("x", 5000), "z": secret(3), "folder/f": ""})
	want := map[string]string{"z": secret(3), "a.gz": secret(1)} // what came before the damage is read
	unread := map[string]bool{root + "/a.gz": true, root + "/large": true, "/proc/self/mem": true}
	if err := errors.Join(os.Chmod(root+"/closed", 0), os.Chmod(root+"/folder", 0)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(root+"/folder", 0o700) })
	if os.Geteuid() == 0 { // to whom nothing is closed
		want["closed"] = secret(2)
	} else {
		unread[root+"/closed"], unread[root+"/folder"] = true, true
	}
	if _, err := os.Stat("/proc/self/mem"); err != nil {
		t.Fatal(err)
	}
	found, summary := scanned(t, Options{Paths: []string{root, "/proc/self/mem"}, MaxFileSize: 4000})
	demand(t, root, found, want)
	for _, u := range summary.Unread {
		if !unread[u.Path] || u.Reason == "" || strings.Contains(u.Reason, root) {
			t.Errorf("unread: %+v", u)
		}
		delete(unread, u.Path)
	}
	if len(unread) > 0 {
		t.Errorf("not told to be unread: %v", unread)
	}
}

func TestHugeFileTakesLittleMemory(t *testing.T) {
	root := t.TempDir()
	f, err := os.Create(filepath.Join(root, "sparse"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte(secret(1)), 1<<30-100); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	found, summary := scanned(t, Options{Paths: []string{root}, Workers: 1})
	runtime.ReadMemStats(&after)
	demand(t, root, found, map[string]string{"sparse": secret(1)})
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 2<<20 {
		t.Errorf("scanning 1 GiB allocated %d bytes", grown)
	}
	if summary.Bytes != 1<<30-100+53 {
		t.Errorf("%d bytes read", summary.Bytes)
	}
	found, summary = scanned(t, Options{Paths: []string{root}, MaxFileSize: 1 << 20})
	if len(found) != 0 || summary.UnreadTotal != 1 || summary.Bytes != 0 {
		t.Errorf("over the cap: %v %+v", found, summary)
	}
}

func TestArchiveBombsAreGivenUp(t *testing.T) {
	zeros := strings.Repeat("\x00", 40<<20)
	bomb := gzipped(zeros)
	deep := gzipped(secret(1))
	for range 3 {
		deep = gzipped(deep)
	}
	var many []string
	for i := range 100_000 {
		many = append(many, fmt.Sprintf("%0100d", i), "")
	}
	root := write(t, map[string]string{
		"bomb.gz": bomb, "bomb.zip": zipped(t, zip.Deflate, "a", zeros[:20<<20], "b", zeros[:20<<20], "c", "x"), "deep.gz": deep,
		"many.zip": zipped(t, zip.Store, many...), "fits.gz": gzipped(zeros[:30<<20] + secret(2)),
		"big.zip.gz": gzipped(zipped(t, zip.Store, "a", zeros[:20<<20])),
	})
	const most = 32 << 20
	found, summary := scanned(t, Options{Paths: []string{root}, Workers: 1, MaxFileSize: most})
	demand(t, root, found, map[string]string{"fits.gz": secret(2)})
	unread := map[string]bool{}
	for _, u := range summary.Unread {
		unread[strings.TrimPrefix(u.Path, root+"/")] = true
	}
	for _, want := range []string{"bomb.gz", "bomb.zip!b", "bomb.zip", "deep.gz", "many.zip", "big.zip.gz"} {
		if !unread[want] {
			t.Errorf("%s was not given up: %v", want, summary.Unread)
		}
	}
	if summary.Bytes > 3*most {
		t.Errorf("%d bytes were unpacked", summary.Bytes)
	}
}

func TestExcludedFilesAreLeftOut(t *testing.T) {
	text := secret(1)
	root := write(t, map[string]string{
		"keep.txt": text, "a.log": text, "x/b.log": text, "build/c": text, "x/build/d": text, "docs/e.md": text, "docs/f.txt": text,
		"docs/g/h.md": text, "y/docs/i.md": text,
	})
	found, _ := scanned(t, Options{Paths: []string{root}, Exclude: []string{"*.log", "build/", "docs/*.md"}})
	demand(t, root, found, map[string]string{"keep.txt": text, "docs/f.txt": text, "docs/g/h.md": text, "y/docs/i.md": text})
	found, _ = scanned(t, Options{Paths: []string{root + "/a.log"}, Exclude: []string{"*.log"}})
	demand(t, root, found, map[string]string{"a.log": text}) // it was named
}

func TestScanThatCannotBeMeantIsRefused(t *testing.T) {
	root := write(t, map[string]string{"a": secret(1)})
	for _, c := range []struct {
		o    Options
		want fault.Kind
	}{
		{Options{}, fault.Invalid},
		{Options{Paths: []string{root + "/missing"}}, fault.NotFound},
		{Options{Paths: []string{root}, Exclude: []string{"["}}, fault.Invalid},
		{Options{Paths: []string{root}, History: true}, fault.NotFound},
		{Options{Paths: []string{root, "/nowhere/" + secret(2)}}, fault.NotFound},
	} {
		_, err := Scan(t.Context(), c.o, func(Finding) error { return nil })
		if !fault.Is(err, c.want) || strings.Contains(err.Error(), secret(2)) {
			t.Errorf("%+v: %v", c.o, err)
		}
	}
}

func TestCallerCanStop(t *testing.T) {
	files := map[string]string{}
	for n := range uint64(500) {
		files[fmt.Sprint(n)] = secret(n)
	}
	root := write(t, files)
	enough := errors.New("enough")
	calls := 0
	if _, err := Scan(t.Context(), Options{Paths: []string{root}}, func(Finding) error {
		calls++
		return enough
	}); !errors.Is(err, enough) || calls != 1 {
		t.Errorf("%d calls, %v", calls, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := Scan(ctx, Options{Paths: []string{root}}, func(Finding) error {
		cancel()
		return nil
	}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
