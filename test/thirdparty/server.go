package thirdparty

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"
)

// patience is how long a server may take to start, or to obey.
const patience = 60 * time.Second

// Server is a running server. Its methods are for the goroutine of the test.
type Server struct {
	// Issuer is its base URL, https://127.0.0.1:port, and Host is where it listens: 127.0.0.1:port, as egress.allow takes it.
	Issuer, Host string
	// Roots trust it; see [Roots].
	Roots *x509.CertPool

	t      testing.TB
	orders io.WriteCloser
	said   chan []byte
	errors *notes
}

// notes keeps what a program complains about while it still runs.
type notes struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (n *notes) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.Write(p)
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.String()
}

// folder finds this package from wherever in the module a test runs.
func folder(t testing.TB) string {
	t.Helper()
	at, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(at, "go.mod")); err == nil {
			return filepath.Join(at, "test", "thirdparty")
		}
		up := filepath.Dir(at)
		if up == at {
			t.Fatal("the test does not run inside the module")
		}
		at = up
	}
}

// start runs a program of this folder with settings until the test ends. The settings go by a file, because there are
// private keys in them.
func start(t testing.TB, program string, settings map[string]any) *Server {
	t.Helper()
	here := folder(t)
	node, err := exec.LookPath("node")
	if err != nil {
		t.Fatalf("%s needs Node.js 20.19 or later: %v", program, err)
	}
	if _, err := os.Stat(filepath.Join(here, "node_modules")); err != nil {
		t.Fatalf("%s needs packages of npm: run make needs (%v)", program, err)
	}
	own := newServerPair(t)
	settings["key"], settings["certificate"], settings["authority"] = string(own.key), string(own.certificate), string(RootsPEM(t))
	text, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "settings.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	s := &Server{Roots: Roots(t), t: t, said: make(chan []byte), errors: &notes{}}
	command := exec.Command(node, filepath.Join(here, program), file)
	command.Stderr = s.errors
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if s.orders, err = command.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	read := make(chan struct{})
	go s.read(out, read)
	t.Cleanup(func() { s.end(command, read) })
	var first struct{ Port int }
	s.hear(&first)
	s.Host = "127.0.0.1:" + strconv.Itoa(first.Port)
	s.Issuer = "https://" + s.Host
	return s
}

// read passes on what the program says until it says no more.
func (s *Server) read(out io.Reader, done chan<- struct{}) {
	defer close(done)
	defer close(s.said)
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		s.said <- line
	}
}

// end lets the program end by itself, as it does when its input ends, and makes it when it does not.
func (s *Server) end(command *exec.Cmd, read <-chan struct{}) {
	_ = s.orders.Close()
	timer := time.AfterFunc(10*time.Second, func() { _ = command.Process.Kill() })
	defer timer.Stop()
	for range s.said { // what nobody has waited for
	}
	<-read
	if err := command.Wait(); err != nil {
		s.t.Errorf("%s: %v\n%s", command.Path, err, s.errors)
	}
}

// hear waits for the next thing the program says.
func (s *Server) hear(into any) {
	s.t.Helper()
	select {
	case line, more := <-s.said:
		if !more {
			s.t.Fatalf("the server ended:\n%s", s.errors)
		}
		if err := json.Unmarshal(line, into); err != nil {
			s.t.Fatalf("%v: %s", err, line)
		}
	case <-time.After(patience):
		s.t.Fatalf("the server says nothing:\n%s", s.errors)
	}
}

// order has the program do something and returns once it is done. into takes the outcome, unless it is nil.
func (s *Server) order(name string, value, into any) {
	s.t.Helper()
	line, err := json.Marshal(map[string]any{name: value})
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := fmt.Fprintf(s.orders, "%s\n", line); err != nil {
		s.t.Fatalf("%v\n%s", err, s.errors)
	}
	var done struct {
		Outcome json.RawMessage
		Error   string
	}
	s.hear(&done)
	if done.Error != "" {
		s.t.Fatalf("%s: %s", name, done.Error)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(done.Outcome, into); err != nil {
		s.t.Fatalf("%s: %v: %s", name, err, done.Outcome)
	}
}

// HTTP returns a client that trusts the server, shows it the certificate unless that is nil, and follows no redirects.
func (s *Server) HTTP(certificate *tls.Certificate) *http.Client {
	config := &tls.Config{RootCAs: s.Roots, MinVersion: tls.VersionTLS12}
	if certificate != nil {
		// Whatever authorities the server names: one that is self-signed is of none of them.
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return certificate, nil }
	}
	transport := &http.Transport{TLSClientConfig: config}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{
		Transport: transport, Timeout: patience,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
