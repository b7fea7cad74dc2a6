package front

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/server/config"
)

// writeCertificate puts a new self-signed certificate for 127.0.0.1 and its key into folder.
func writeCertificate(t *testing.T, folder string, serial int64) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	write(t, cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	write(t, key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
	return cert, key
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// journal is a log whose lines can be waited for.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
	line chan struct{}
}

func newJournal() (*journal, *slog.Logger) {
	j := &journal{line: make(chan struct{}, 1000)}
	return j, slog.New(slog.NewTextHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.text.Write(p)
	j.line <- struct{}{}
	return len(p), nil
}

// await returns once the journal holds text, which it then forgets.
func (j *journal) await(t *testing.T, text string) {
	t.Helper()
	limit := time.After(10 * time.Second)
	for {
		j.mu.Lock()
		all := j.text.String()
		if strings.Contains(all, text) {
			j.text.Reset()
			j.mu.Unlock()
			return
		}
		j.mu.Unlock()
		select {
		case <-j.line:
		case <-limit:
			t.Fatalf("the log never said %q but\n%s", text, all)
		}
	}
}

func serial(t *testing.T, k *keyPair) int64 {
	t.Helper()
	pair, err := k.get(nil)
	if err != nil {
		t.Fatal(err)
	}
	return pair.Leaf.SerialNumber.Int64()
}

func TestChangedCertificateIsTakenIntoUse(t *testing.T) {
	folder := t.TempDir()
	cert, key := writeCertificate(t, folder, 1)
	j, log := newJournal()
	k, err := openKeyPair(cert, key, log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	watching.Go(func() { k.watch(ctx, 5*time.Millisecond) })
	writeCertificate(t, folder, 2)
	j.await(t, "certificate loaded")
	if got := serial(t, k); got != 2 {
		t.Errorf("serial %d", got)
	}
	good, _ := os.ReadFile(cert)
	write(t, cert, []byte("not a certificate"))
	j.await(t, "the one before stays")
	if got := serial(t, k); got != 2 {
		t.Errorf("a broken file replaced the good pair: serial %d", got)
	}
	write(t, cert, good)
	j.await(t, "certificate loaded")
	writeCertificate(t, t.TempDir(), 3)
	other, _ := writeCertificate(t, t.TempDir(), 3)
	foreign, _ := os.ReadFile(other)
	write(t, cert, foreign)
	j.await(t, "private key does not match public key")
	if got := serial(t, k); got != 2 {
		t.Errorf("a certificate without its key replaced the good pair: serial %d", got)
	}
	cancel()
	watching.Wait()
}

func TestHangupReloadsAtOnce(t *testing.T) {
	folder := t.TempDir()
	cert, key := writeCertificate(t, folder, 1)
	j, log := newJournal()
	k, err := openKeyPair(cert, key, log)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	started := make(chan struct{})
	watching.Go(func() { close(started); k.watch(ctx, time.Hour) })
	<-started
	writeCertificate(t, folder, 2)
	for serial(t, k) != 2 { // a signal sent before watch has asked for it ends nothing here: the test ignores it too
		hangup(t)
		select {
		case <-j.line:
		case <-time.After(20 * time.Millisecond):
		}
	}
	cancel()
	watching.Wait()
}

func TestWrongCertificateFilesStopTheStart(t *testing.T) {
	folder := t.TempDir()
	cert, key := writeCertificate(t, folder, 1)
	_, log := newJournal()
	for _, pair := range [][2]string{{cert, filepath.Join(folder, "missing")}, {key, cert}, {cert, cert}} {
		if _, err := openKeyPair(pair[0], pair[1], log); err == nil {
			t.Errorf("%v was taken", pair)
		}
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	cert, key := writeCertificate(t, t.TempDir(), 1)
	c := &config.Config{TLSCert: cert, TLSKey: key}
	_, log := newJournal()
	secure, err := TLS(t.Context(), c, log)
	if err != nil {
		t.Fatal(err)
	}
	f := serve(t, nil, secure)
	for version, fits := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
		connection, err := tls.Dial("tcp", f.Addr().String(), &tls.Config{MinVersion: version, MaxVersion: version, InsecureSkipVerify: true, NextProtos: []string{"h2"}})
		if (err == nil) != fits {
			t.Errorf("TLS %x: %v", version, err)
		}
		if err == nil {
			if got := connection.ConnectionState().NegotiatedProtocol; got != "h2" {
				t.Errorf("TLS %x speaks %q", version, got)
			}
			connection.Close()
		}
	}
}

func TestAuthorityIsAskedOnlyWhenConfigured(t *testing.T) {
	_, log := newJournal()
	if secure, err := TLS(t.Context(), &config.Config{}, log); secure != nil || err != nil {
		t.Errorf("%v, %v without any certificate", secure, err)
	}
}

func hangup(t *testing.T) {
	t.Helper()
	if err := syscall.Kill(os.Getpid(), syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}
