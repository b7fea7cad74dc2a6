package egress_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/egress"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// watched is a TLS server on loopback that counts connections.
type watched struct {
	*httptest.Server
	connections atomic.Int64
	roots       *x509.CertPool
	port        string
}

func watch(t *testing.T, handler http.HandlerFunc) *watched {
	t.Helper()
	w := &watched{Server: httptest.NewUnstartedServer(handler), roots: x509.NewCertPool()}
	w.Config.ErrorLog = log.New(io.Discard, "", 0)
	w.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			w.connections.Add(1)
		}
	}
	w.StartTLS()
	t.Cleanup(w.Close)
	w.roots.AddCert(w.Certificate())
	_, w.port, _ = net.SplitHostPort(w.Listener.Addr().String())
	return w
}

func (w *watched) client(t *testing.T, o egress.Options) *egress.Client {
	t.Helper()
	o.RootCAs = w.roots
	c, err := egress.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// allowed is a client that may call the server.
func (w *watched) allowed(t *testing.T, o egress.Options) *egress.Client {
	t.Helper()
	o.Allow = append(o.Allow, w.Listener.Addr().String())
	return w.client(t, o)
}

func hello(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") }

func wantFault(t *testing.T, err error, kind fault.Kind, words string) {
	t.Helper()
	if !fault.Is(err, kind) || !strings.Contains(err.Error(), words) {
		t.Errorf("got %v (%v), want %v with %q", err, fault.Of(err), kind, words)
	}
}

func TestWhatTheOperatorAllowsIsReached(t *testing.T) {
	w := watch(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Seen", r.Method+" "+r.Header.Get("Authorization")+" "+string(body))
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "short and stout")
	})
	for _, allow := range []string{"127.0.0.1:" + w.port, "127.0.0.0/8", "127.0.0.0/8:" + w.port} {
		c := w.client(t, egress.Options{Allow: []string{allow}})
		a, err := c.Do(t.Context(), egress.Request{
			Method: "POST", URL: w.URL + "/x?y=z", Body: []byte("tea"), Header: map[string]string{"Authorization": "Bearer b"},
		})
		if err != nil {
			t.Fatalf("%s: %v", allow, err)
		}
		if a.Status != http.StatusTeapot || string(a.Body) != "short and stout" || a.Header("x-seen") != "POST Bearer b tea" {
			t.Errorf("%s: got %d %q %q", allow, a.Status, a.Body, a.Header("X-Seen"))
		}
		if err := c.Check(t.Context(), w.URL); err != nil {
			t.Errorf("%s: check says %v", allow, err)
		}
	}
	for _, allow := range []string{"127.0.0.1:1", "127.0.0.0/8:1", "10.0.0.0/8", "localhost:" + w.port} {
		_, err := w.client(t, egress.Options{Allow: []string{allow}}).Get(t.Context(), w.URL)
		wantFault(t, err, fault.Invalid, "loopback")
	}
}

// F08: no spelling of a private place reaches it.
func TestNoSpellingOfLoopbackIsConnectedTo(t *testing.T) {
	w := watch(t, hello)
	c := w.client(t, egress.Options{})
	for _, host := range []string{
		"127.0.0.1", "127.1.2.3", "localhost", "LOCALHOST", "localhost.", "0", "0.0.0.0", "[::]", "[::1]", "[::ffff:127.0.0.1]",
		"[::ffff:7f00:1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1%25lo]", "[::1%25lo]",
		"2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "127.1", "127.0.0.1.", "127。0。0。1", "①②⑦.0.0.1", "127.0.0.1%00",
	} {
		address := "https://" + host + ":" + w.port + "/jwks"
		if _, err := c.Get(t.Context(), address); err == nil {
			t.Errorf("%s was reached", address)
		} else if host != "localhost." && host != "[::]" && !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: got %v, want words that it is refused", address, err)
		}
		if err := c.Check(t.Context(), address); err == nil {
			t.Errorf("check has nothing against %s", address)
		}
	}
	if n := w.connections.Load(); n != 0 {
		t.Errorf("%d connections were made", n)
	}
}

func TestOnlyPublicAddressesAreCalled(t *testing.T) {
	for _, refused := range []string{
		"10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200",
		"168.63.129.16", "192.0.0.192", "0.1.2.3", "224.0.0.1", "239.255.255.255", "255.255.255.255", "240.0.0.1", "198.18.0.1",
		"192.0.2.1", "198.51.100.1", "203.0.113.1", "192.88.99.1",
		"::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "::ffff:10.0.0.1", "::ffff:0:10.0.0.1", "::10.0.0.1",
		"64:ff9b::10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:a00:1::", "2002:808:808::", "2001::1", "2001:db8::1", "100::1",
		"3fff::1", "5f00::1", "4000::1", "fe80::1%eth0",
	} {
		if egress.Forbidden(netip.MustParseAddr(refused)) == "" {
			t.Errorf("%s is taken for public", refused)
		}
	}
	for _, public := range []string{"1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::1.1.1.1", "2400:cb00::1"} {
		if why := egress.Forbidden(netip.MustParseAddr(public)); why != "" {
			t.Errorf("%s is taken for %s", public, why)
		}
	}
	if egress.Forbidden(netip.Addr{}) == "" {
		t.Error("no address is taken for public")
	}
}

// F08: the second answer of a name server is a private address.
func TestANameThatIsReboundIsCaughtWhenConnecting(t *testing.T) {
	w := watch(t, hello)
	c := w.client(t, egress.Options{Timeout: 2 * time.Second})
	asked := 0
	c.Rebind(func(context.Context, string, string) ([]netip.Addr, error) {
		if asked++; asked == 1 {
			return []netip.Addr{netip.MustParseAddr("1.1.1.1")}, nil
		}
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	})
	address := "https://keys.example:" + w.port
	if err := c.Check(t.Context(), address); err != nil {
		t.Fatalf("the first answer is public: %v", err)
	}
	_, err := c.Get(t.Context(), address)
	wantFault(t, err, fault.Invalid, "loopback")
	if n := w.connections.Load(); n != 0 || asked != 2 {
		t.Errorf("%d connections, %d questions", n, asked)
	}
}

func TestANameThatIsAllowedMayLeadInside(t *testing.T) {
	w := watch(t, hello)
	c := w.client(t, egress.Options{Allow: []string{"Example.com:" + w.port}})
	c.Rebind(func(context.Context, string, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("::ffff:127.0.0.1")}, nil
	})
	if a, err := c.Get(t.Context(), "https://example.com:"+w.port); err != nil || string(a.Body) != "hello" { // as httptest's certificate is called
		t.Fatal(err)
	}
	_, err := c.Get(t.Context(), "https://www.example.com:"+w.port)
	wantFault(t, err, fault.Invalid, "loopback")
}

func TestARefusalIsToldEvenIfAnotherAddressIsDead(t *testing.T) {
	w := watch(t, hello)
	closed, err := net.Listen("tcp", "127.0.0.2:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(closed.Addr().String())
	_ = closed.Close()
	c := w.client(t, egress.Options{Allow: []string{"127.0.0.2/32"}})
	c.Rebind(func(context.Context, string, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("127.0.0.2")}, nil
	})
	_, err = c.Get(t.Context(), "https://two.example:"+port)
	wantFault(t, err, fault.Invalid, "private")
}

// F08: a public page sends us inside.
func TestRedirectsAreNotFollowed(t *testing.T) {
	inside := watch(t, hello)
	for _, status := range []int{300, 301, 302, 303, 307, 308} {
		w := watch(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, inside.URL, status) })
		_, err := w.allowed(t, egress.Options{Allow: []string{"127.0.0.0/8"}}).Get(t.Context(), w.URL)
		wantFault(t, err, fault.Invalid, "redirects")
	}
	if n := inside.connections.Load(); n != 0 {
		t.Errorf("%d connections", n)
	}
	w := watch(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) })
	if a, err := w.allowed(t, egress.Options{}).Get(t.Context(), w.URL); err != nil || a.Status != http.StatusNotModified {
		t.Errorf("304 is no redirect: %v", err)
	}
}

func TestAddressesMustHaveTheRightForm(t *testing.T) {
	c, err := egress.New(egress.Options{Allow: []string{"127.0.0.1:1"}})
	if err != nil {
		t.Fatal(err)
	}
	for address, words := range map[string]string{
		"": "https://", "file:///etc/passwd": "https://", "gopher://example.com/_x": "https://", "ftp://example.com/": "https://",
		"javascript:alert(1)": "https://", "//example.com/": "https://", "/jwks": "https://", "https:example.com": "host", "https:///x": "host",
		"https://user@example.com/": "user name", "https://u:topsecret@example.com/": "user name", "https://example.com/#x": "fragment",
		"https://example.com/#": "fragment", "https://exa mple.com/": "read", "https://example.com\n/": "read", "https://exämple.com/": "ASCII",
		"https://example.com:0/": "port", "https://example.com:99999/": "port", "https://example.com:/": "port", "https://a..b/": "ASCII",
		"https://" + strings.Repeat("a", 3000): "longer", "https://-:443@127.0.0.1:1": "user name", "https://[::1": "read",
	} {
		_, err := c.Get(t.Context(), address)
		wantFault(t, err, fault.Invalid, words)
		if strings.Contains(err.Error(), "topsecret") {
			t.Errorf("a password is in %v", err)
		}
	}
	_, err = c.Do(t.Context(), egress.Request{Method: "GET /", URL: "https://127.0.0.1:1"})
	wantFault(t, err, fault.Invalid, "method")
}

func TestWithoutTLSOnlyWhatTheOperatorNamesIsCalled(t *testing.T) {
	plain := httptest.NewServer(http.HandlerFunc(hello))
	t.Cleanup(plain.Close)
	c, err := egress.New(egress.Options{Allow: []string{plain.Listener.Addr().String()}})
	if err != nil {
		t.Fatal(err)
	}
	if a, err := c.Get(t.Context(), plain.URL); err != nil || string(a.Body) != "hello" {
		t.Fatal(err)
	}
	c.Rebind(func(context.Context, string, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("1.1.1.1")}, nil
	})
	_, err = c.Get(t.Context(), "http://keys.example/")
	wantFault(t, err, fault.Invalid, "https")
	wantFault(t, c.Check(t.Context(), "http://keys.example/"), fault.Invalid, "https")
	_, err = c.Get(t.Context(), strings.Replace(plain.URL, "http:", "https:", 1))
	wantFault(t, err, fault.Unavailable, "TLS")
}

func TestOldTLSAndForeignCertificatesAreRefused(t *testing.T) {
	w := watch(t, hello)
	c, err := egress.New(egress.Options{Allow: []string{w.Listener.Addr().String()}, RootCAs: x509.NewCertPool()})
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Get(t.Context(), w.URL)
	wantFault(t, err, fault.Unavailable, "certificate")

	old := httptest.NewUnstartedServer(http.HandlerFunc(hello))
	old.Config.ErrorLog = log.New(io.Discard, "", 0)
	old.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}
	old.StartTLS()
	t.Cleanup(old.Close)
	roots := x509.NewCertPool()
	roots.AddCert(old.Certificate())
	if c, err = egress.New(egress.Options{Allow: []string{old.Listener.Addr().String()}, RootCAs: roots}); err != nil {
		t.Fatal(err)
	}
	_, err = c.Get(t.Context(), old.URL)
	wantFault(t, err, fault.Unavailable, "TLS 1.2")
}

// F08: a body without end, with and without a length that says so.
func TestLongAnswersAreCutOff(t *testing.T) {
	var sent atomic.Int64
	endless := func(declared bool) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			if declared {
				w.Header().Set("Content-Length", "1073741824")
			}
			block := make([]byte, 64<<10)
			for range 1 << 14 {
				n, err := w.Write(block)
				sent.Add(int64(n))
				if err != nil {
					return
				}
			}
		}
	}
	for _, declared := range []bool{true, false} {
		w := watch(t, endless(declared))
		_, err := w.allowed(t, egress.Options{MaxBody: 1000}).Get(t.Context(), w.URL)
		wantFault(t, err, fault.TooLarge, "more than 1000 bytes")
		w.Close()
	}
	if n := sent.Load(); n > 64<<20 {
		t.Errorf("%d bytes were sent", n)
	}
	w := watch(t, hello)
	c := w.allowed(t, egress.Options{MaxBody: 5})
	if a, err := c.Get(t.Context(), w.URL); err != nil || string(a.Body) != "hello" {
		t.Errorf("an answer as long as the bound: %v", err)
	}
	_, err := c.Do(t.Context(), egress.Request{URL: w.URL, MaxBody: 4})
	wantFault(t, err, fault.TooLarge, "more than 4 bytes")
	if _, err = c.Do(t.Context(), egress.Request{URL: w.URL, MaxBody: 1 << 30}); err != nil {
		t.Errorf("a request's bound cannot loosen the client's: %v", err)
	}
}

// F08: 10 MB of zeroes in 10 KB.
func TestCompressedAnswersAreNotUnpacked(t *testing.T) {
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = z.Write(make([]byte, 10<<20))
	_ = z.Close()
	w := watch(t, func(w http.ResponseWriter, r *http.Request) {
		if e := r.Header.Get("Accept-Encoding"); e != "" {
			t.Errorf("we asked for %q", e)
		}
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(bomb.Bytes())
	})
	_, err := w.allowed(t, egress.Options{}).Get(t.Context(), w.URL)
	wantFault(t, err, fault.TooLarge, "compressed")
}

// F08: one byte at a time, in the body, in the headers, or none at all.
func TestWhoWantsTheStatusGetsItWhateverFollows(t *testing.T) {
	release := make(chan struct{})
	w := watch(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/long":
			_, _ = io.WriteString(w, strings.Repeat("x", 100_000))
		case "/packed":
			w.Header().Set("Content-Encoding", "gzip")
			_, _ = io.WriteString(w, "not looked at")
		case "/hangs":
			_, _ = io.WriteString(w, "begun")
			_ = http.NewResponseController(w).Flush()
			<-release
		}
	})
	defer close(release)
	c := w.allowed(t, egress.Options{Timeout: 500 * time.Millisecond})
	for path, want := range map[string]string{"/long": "xxxx", "/packed": "", "/hangs": "begun"[:4]} {
		a, err := c.Do(t.Context(), egress.Request{Method: "POST", URL: w.URL + path, MaxBody: 4, Excerpt: true})
		if err != nil || a.Status != http.StatusOK || string(a.Body) != want {
			t.Errorf("%s: %+v, %v", path, a, err)
		}
	}
}

func TestSlowAnswersAreCutOff(t *testing.T) {
	drip := func(w http.ResponseWriter, r *http.Request) {
		for {
			select {
			case <-r.Context().Done():
				return
			case <-time.After(20 * time.Millisecond):
				_, _ = w.Write([]byte("."))
				_ = http.NewResponseController(w).Flush()
			}
		}
	}
	silent := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	for name, handler := range map[string]http.HandlerFunc{"drip": drip, "silent": silent} {
		w := watch(t, handler)
		begun := time.Now()
		_, err := w.allowed(t, egress.Options{Timeout: 200 * time.Millisecond}).Get(t.Context(), w.URL)
		wantFault(t, err, fault.Unavailable, "in time")
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("%s: took %v", name, took)
		}
	}
	w := watch(t, silent)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := w.allowed(t, egress.Options{}).Get(ctx, w.URL)
	wantFault(t, err, fault.Unavailable, "not waited for")
}

func TestLongHeadersAreRefused(t *testing.T) {
	w := watch(t, func(w http.ResponseWriter, _ *http.Request) {
		for i := range 100 {
			w.Header().Set(fmt.Sprint("X-", i), strings.Repeat("x", 1000))
		}
	})
	_, err := w.allowed(t, egress.Options{}).Get(t.Context(), w.URL)
	wantFault(t, err, fault.TooLarge, "headers")
}

func TestProxiesOfTheEnvironmentAreIgnored(t *testing.T) {
	proxy := watch(t, hello)
	t.Setenv("HTTPS_PROXY", proxy.URL)
	t.Setenv("HTTP_PROXY", proxy.URL)
	w := watch(t, hello)
	if _, err := w.allowed(t, egress.Options{}).Get(t.Context(), w.URL); err != nil {
		t.Error(err)
	}
	if n := proxy.connections.Load(); n != 0 {
		t.Errorf("%d connections to the proxy", n)
	}
}

func TestMessagesHoldNoPathAndNoQuery(t *testing.T) {
	w := watch(t, hello)
	w.Close()
	_, err := w.allowed(t, egress.Options{}).Get(t.Context(), w.URL+"/hidden?token=canary")
	wantFault(t, err, fault.Unavailable, "does not answer")
	if s := err.Error(); strings.Contains(s, "canary") || strings.Contains(s, "hidden") {
		t.Errorf("the address is in %q", s)
	}
	c := w.client(t, egress.Options{})
	c.Rebind(func(context.Context, string, string) ([]netip.Addr, error) {
		return nil, &net.DNSError{Err: "no such host", Name: "x.example", IsNotFound: true}
	})
	_, err = c.Get(t.Context(), "https://x.example/hidden?token=canary")
	wantFault(t, err, fault.Unavailable, "resolved")
	if _, ok := errors.AsType[*net.DNSError](err); !ok {
		t.Error("the log does not see the cause")
	}
	c.Rebind(func(context.Context, string, string) ([]netip.Addr, error) { return nil, nil })
	_, err = c.Get(t.Context(), "https://x.example/")
	wantFault(t, err, fault.Unavailable, "resolved")
}

func TestExceptionsThatCannotBeReadAreRefused(t *testing.T) {
	for _, bad := range []string{"", "localhost", "10.0.0.1", ":443", "localhost:0", "localhost:http", "localhost:70000", "10.0.0.0/33", "a b:1", "2130706433:80", "https://x:1"} {
		_, err := egress.New(egress.Options{Allow: []string{bad}})
		if f, _ := fault.Public(err); f != "egress.allow" {
			t.Errorf("%q: %v", bad, err)
		}
	}
	for _, good := range []string{"localhost:1", "10.0.0.0/8", "10.0.0.0/8:443", "[fd00::/8]:443", "fd00::/8", "[::1]:8443", "kubernetes.default.svc:443"} {
		if _, err := egress.New(egress.Options{Allow: []string{good}}); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
}

func FuzzOnlyPublicNamesPass(f *testing.F) {
	for _, s := range []string{"https://example.com/x", "https://[::ffff:127.0.0.1]", "http://2130706433", "https://a@b", "https://localhost."} {
		f.Add(s)
	}
	c, err := egress.New(egress.Options{})
	if err != nil {
		f.Fatal(err)
	}
	c.Rebind(func(context.Context, string, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
	})
	f.Fuzz(func(t *testing.T, address string) {
		err := c.Check(t.Context(), address)
		if err == nil && !strings.ContainsAny(address, "123456789") { // a public IP address has a digit
			t.Errorf("%q passes", address)
		}
		if err != nil && fault.Of(err) != fault.Invalid {
			t.Errorf("%q: %v", address, err)
		}
	})
}
