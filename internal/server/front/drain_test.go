package front

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/server/config"
)

// The clients stand behind a load balancer: they send while it thinks that the server is ready, which it asks
// every 5 ms.
func TestNoRequestFailsWhileDrainingUnderLoad(t *testing.T) {
	for _, secure := range []bool{false, true} {
		name := map[bool]string{false: "HTTP/1.1", true: "HTTP/2.0"}[secure]
		t.Run(name, func(t *testing.T) { drainUnderLoad(t, secure, name) })
	}
}

func drainUnderLoad(t *testing.T, secure bool, protocol string) {
	var d Drain
	mux := http.NewServeMux()
	mux.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !d.Ready() {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	mux.HandleFunc("/work", func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		time.Sleep(time.Millisecond)
	})
	slow, release := make(chan struct{}), make(chan struct{})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, _ *http.Request) {
		close(slow)
		<-release
		_, _ = io.WriteString(w, "done")
	})
	server, client, url := testServer(t, d.Wrap(mux), secure)

	var sent, failed atomic.Int64
	var ready atomic.Bool
	ready.Store(true)
	var everybody sync.WaitGroup
	for range 8 {
		everybody.Go(func() {
			for ready.Load() {
				sent.Add(1)
				if err := work(client, url, protocol); err != nil {
					failed.Add(1)
					t.Error(err)
				}
			}
		})
	}
	everybody.Go(func() {
		for ready.Load() {
			response, err := client.Get(url + "/readyz")
			if err != nil {
				t.Error(err)
				break
			}
			response.Body.Close()
			ready.Store(response.StatusCode == http.StatusOK)
			time.Sleep(5 * time.Millisecond)
		}
		ready.Store(false)
	})
	everybody.Go(func() {
		response, err := client.Get(url + "/slow")
		if err != nil {
			t.Error(err)
			return
		}
		defer response.Body.Close()
		if body, err := io.ReadAll(response.Body); err != nil || string(body) != "done" {
			t.Errorf("the slow request got %q, %v", body, err)
		}
	})
	<-slow
	for sent.Load() < 200 && failed.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	// The slow request is still running when the server stops listening, and ends within the grace.
	time.AfterFunc(400*time.Millisecond, func() { close(release) })
	if err := d.Run(t.Context(), 200*time.Millisecond, 10*time.Second, server); err != nil {
		t.Error(err)
	}
	everybody.Wait()
	if _, err := client.Get(url + "/readyz"); err == nil {
		t.Error("still listening")
	}
	t.Logf("%d requests, %d failed", sent.Load(), failed.Load())
}

func work(client *http.Client, url, protocol string) error {
	response, err := client.Post(url+"/work", "text/plain", io.MultiReader(strings.NewReader("a body that cannot be sent twice")))
	if err != nil {
		return err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	if err == nil && (response.StatusCode != http.StatusOK || response.Proto != protocol) {
		err = errors.New(response.Status + " " + response.Proto)
	}
	return err
}

// testServer starts a front and returns a client that trusts it.
func testServer(t *testing.T, h http.Handler, secure bool) (*Front, *http.Client, string) {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 16}
	t.Cleanup(transport.CloseIdleConnections)
	client := &http.Client{Transport: transport, Timeout: 20 * time.Second}
	if !secure {
		f := serve(t, h, nil)
		return f, client, "http://" + f.Addr().String()
	}
	cert, key := writeCertificate(t, t.TempDir(), 1)
	_, log := newJournal()
	settings, err := TLS(t.Context(), &config.Config{TLSCert: cert, TLSKey: key}, log)
	if err != nil {
		t.Fatal(err)
	}
	chain, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(chain)
	transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	transport.ForceAttemptHTTP2 = true
	f := serve(t, h, settings)
	return f, client, "https://" + f.Addr().String()
}

func TestRequestsPastTheGraceAreCut(t *testing.T) {
	var d Drain
	started, release := make(chan struct{}), make(chan struct{})
	f, client, url := testServer(t, d.Wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(started)
		<-release
	})), false)
	ended := make(chan error, 1)
	go func() {
		response, err := client.Get(url)
		if err == nil {
			response.Body.Close()
		}
		ended <- err
	}()
	<-started
	if err := d.Run(t.Context(), 0, 50*time.Millisecond, f); err == nil {
		t.Error("cut a request without saying so")
	}
	if err := <-ended; err == nil {
		t.Error("the request was not cut")
	}
	close(release)
}

func TestSecondSignalCutsTheDelayShort(t *testing.T) {
	var d Drain
	f := serve(t, nil, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := d.Run(ctx, time.Hour, time.Second, f); err != nil {
		t.Error(err)
	}
	if d.Ready() {
		t.Error("ready after the end")
	}
}

func TestAnswersEndTheirConnectionsOnceDrainingHasBegun(t *testing.T) {
	var d Drain
	f, client, url := testServer(t, d.Wrap(http.NotFoundHandler()), false)
	ends := func() bool {
		response, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		response.Body.Close()
		return response.Close
	}
	if ends() {
		t.Error("an answer in service ends its connection")
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx, time.Hour, time.Second, f) }()
	for d.Ready() {
		time.Sleep(time.Millisecond)
	}
	if !ends() {
		t.Error("the connection stays, to be cut under a request later")
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
