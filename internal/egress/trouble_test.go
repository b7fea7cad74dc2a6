package egress_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/egress"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// raw is a listener that does what serve says with every connection.
func raw(t *testing.T, serve func(net.Conn)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { _ = conn.Close() })
			go serve(conn)
		}
	}()
	return l.Addr().String()
}

func TestEveryTroubleHasItsName(t *testing.T) {
	closed := raw(t, func(net.Conn) {})
	gone, _ := net.Listen("tcp", "127.0.0.1:0")
	dead := gone.Addr().String()
	_ = gone.Close()
	shut := raw(t, func(c net.Conn) { _ = c.Close() })
	plain := httptest.NewServer(http.HandlerFunc(hello))
	t.Cleanup(plain.Close)
	w := watch(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, "/", http.StatusFound)
		case "/large":
			_, _ = w.Write(make([]byte, 2000))
		case "/packed":
			w.Header().Set("Content-Encoding", "gzip")
		case "/silent":
			<-r.Context().Done()
		case "/headers":
			w.Header().Set("X-Long", strings.Repeat("x", 100_000))
		case "/broken":
			conn, _, _ := w.(http.Hijacker).Hijack()
			_, _ = io.WriteString(conn, "220 mail.example ESMTP\r\n")
			_ = conn.Close()
		}
	})
	c := w.allowed(t, egress.Options{Allow: []string{closed, dead, shut, plain.Listener.Addr().String()}, MaxBody: 1000, Timeout: 300 * time.Millisecond})
	c.Rebind(func(_ context.Context, _, host string) ([]netip.Addr, error) {
		if host == "inside.example" {
			return []netip.Addr{netip.MustParseAddr("10.0.0.1")}, nil
		}
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	})
	for address, want := range map[string]egress.Trouble{
		"https://a@b/":                                egress.Address,
		"https://nobody.example/":                     egress.Resolve,
		"https://inside.example/":                     egress.Refused,
		"https://" + dead:                             egress.Connect,
		"https://" + closed:                           egress.Handshake,
		"https://" + shut:                             egress.Handshake,
		"https://" + plain.Listener.Addr().String():   egress.Handshake,
		w.URL + "/redirect":                           egress.Redirect,
		w.URL + "/large":                              egress.Large,
		w.URL + "/headers":                            egress.Large,
		w.URL + "/packed":                             egress.Compressed,
		w.URL + "/silent":                             egress.Slow,
		w.URL + "/broken":                             egress.Broken,
		"http://" + w.Listener.Addr().String() + "/x": "",
	} {
		_, err := c.Get(t.Context(), address)
		if got := egress.TroubleOf(err); got != want {
			t.Errorf("%s: %q (%v), want %q", address, got, err, want)
		}
	}
	stranger, err := egress.New(egress.Options{Allow: []string{w.Listener.Addr().String()}, RootCAs: x509.NewCertPool()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stranger.Get(t.Context(), w.URL); egress.TroubleOf(err) != egress.Certificate {
		t.Errorf("a foreign certificate: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Get(ctx, w.URL); egress.TroubleOf(err) != egress.Cancelled {
		t.Errorf("a caller who left: %v", err)
	}
	if egress.TroubleOf(errors.New("something else")) != "" || egress.TroubleOf(nil) != "" {
		t.Error("other errors have a trouble")
	}
}

func TestARequestMayBeShorterThanTheClientAllowsAndNotLonger(t *testing.T) {
	w := watch(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	for _, c := range []struct{ client, request time.Duration }{{time.Hour, 50 * time.Millisecond}, {50 * time.Millisecond, time.Hour}} {
		begun := time.Now()
		_, err := w.allowed(t, egress.Options{Timeout: c.client}).Do(t.Context(), egress.Request{URL: w.URL, Timeout: c.request})
		wantFault(t, err, fault.Unavailable, "in time")
		if took := time.Since(begun); took > 20*time.Second {
			t.Errorf("%v: took %v", c, took)
		}
	}
}

// demanding is a TLS server that asks for a client certificate.
func demanding(t *testing.T, how tls.ClientAuthType, handler http.HandlerFunc) (*watched, *tls.Certificate) {
	t.Helper()
	w := &watched{Server: httptest.NewUnstartedServer(handler), roots: x509.NewCertPool()}
	w.Config.ErrorLog = log.New(io.Discard, "", 0)
	w.TLS = &tls.Config{ClientAuth: how, ClientCAs: x509.NewCertPool(), MinVersion: tls.VersionTLS12} // nobody's is trusted
	w.StartTLS()
	t.Cleanup(w.Close)
	w.roots.AddCert(w.Certificate())
	return w, &w.TLS.Certificates[0]
}

// The connection of one customer must never carry another's request.
func TestAConnectionWithACertificateIsUsedOnce(t *testing.T) {
	var proved []bool
	w, certificate := demanding(t, tls.RequestClientCert, func(_ http.ResponseWriter, r *http.Request) {
		proved = append(proved, len(r.TLS.PeerCertificates) > 0)
	})
	c := w.allowed(t, egress.Options{})
	for _, show := range []*tls.Certificate{nil, certificate, nil, certificate} {
		if _, err := c.Do(t.Context(), egress.Request{URL: w.URL, Certificate: show}); err != nil {
			t.Fatal(err)
		}
	}
	if len(proved) != 4 || proved[0] || !proved[1] || proved[2] || !proved[3] {
		t.Errorf("certificates were seen in %v", proved)
	}
	_, err := c.Do(t.Context(), egress.Request{URL: strings.Replace(w.URL, "https", "http", 1), Certificate: certificate})
	wantFault(t, err, fault.Invalid, "https only")
}

func TestACertificateThatIsRefusedIsToldFromAServerThatIsAway(t *testing.T) {
	w, certificate := demanding(t, tls.RequireAndVerifyClientCert, hello)
	for _, show := range []*tls.Certificate{nil, certificate} {
		_, err := w.allowed(t, egress.Options{}).Do(t.Context(), egress.Request{URL: w.URL, Certificate: show})
		if egress.TroubleOf(err) != egress.Unwelcome {
			t.Errorf("got %v", err)
		}
	}
}

func TestTheTransportStreamsAndIsGuarded(t *testing.T) {
	w := watch(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, "https://127.0.0.2/", http.StatusFound)
		case "/headers":
			w.Header().Set("X-Long", strings.Repeat("x", 100_000))
		default:
			if r.Header.Get("Accept-Encoding") != "" {
				t.Error("the transport asks for compression")
			}
			_, _ = io.Copy(w, r.Body)
		}
	})
	send := func(way http.RoundTripper, address, body string) (*http.Response, error) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		return way.RoundTrip(r)
	}
	long := strings.Repeat("x", 1<<20)
	open := w.allowed(t, egress.Options{MaxBody: 10}).Transport()
	response, err := send(open, w.URL+"/echo", long)
	if err != nil {
		t.Fatal(err)
	}
	echo, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil || string(echo) != long {
		t.Errorf("%d bytes came back, %v", len(echo), err)
	}
	if response, err = send(open, w.URL+"/redirect", ""); err != nil || response.StatusCode != http.StatusFound {
		t.Fatalf("a redirect is the door's business: %v", err)
	}
	_ = response.Body.Close()
	_, err = send(open, w.URL+"/headers", "")
	wantFault(t, err, fault.TooLarge, "headers")
	before := w.connections.Load()
	closed := w.client(t, egress.Options{}).Transport()
	for _, address := range []string{w.URL, "https://[::ffff:127.0.0.1]:" + w.port, "http://" + w.Listener.Addr().String(), "https://localhost:" + w.port, "https://2130706433:" + w.port, "ftp://example.com/", "https://u@127.0.0.1:" + w.port} {
		_, err := send(closed, address, "x")
		if trouble := egress.TroubleOf(err); !fault.Is(err, fault.Invalid) || trouble != egress.Refused && trouble != egress.Address {
			t.Errorf("%s: %v", address, err)
		}
	}
	if n := w.connections.Load() - before; n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

// F08, for doors that stream: every connection is looked at, not the name.
func TestTheTransportCatchesANameThatIsRebound(t *testing.T) {
	w := watch(t, hello)
	c := w.client(t, egress.Options{})
	c.Rebind(func(context.Context, string, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("::ffff:127.0.0.1")}, nil
	})
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://api.example:"+w.port+"/hidden?token=canary", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Transport().RoundTrip(r)
	wantFault(t, err, fault.Invalid, "loopback")
	if n := w.connections.Load(); n != 0 || egress.TroubleOf(err) != egress.Refused || strings.Contains(err.Error(), "canary") {
		t.Errorf("%d connections, %v", n, err)
	}
}
