package front

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/credential/certificate"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/server/config"
	"github.com/counterfoil/counterfoil/internal/web"
)

// clientCA is a folder with an authority and what it signed, all made by openssl.
type clientCA struct {
	*testing.T
	folder string
}

func newClientCA(t *testing.T) clientCA {
	a := clientCA{t, t.TempDir()}
	a.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=Acme CA", "-keyout", "ca.key", "-out", "ca.pem")
	return a
}

func (a clientCA) openssl(arguments ...string) {
	a.Helper()
	command := exec.Command("openssl", arguments...)
	command.Dir = a.folder
	if out, err := command.CombinedOutput(); err != nil {
		a.Fatalf("openssl %v: %v\n%s", arguments, err, out)
	}
}

// issue returns a client certificate for a day with its key, and the authority's beside it.
func (a clientCA) issue(subject string) tls.Certificate {
	a.Helper()
	write(a.T, filepath.Join(a.folder, "client.ext"), []byte("basicConstraints=critical,CA:FALSE\nkeyUsage=digitalSignature\nextendedKeyUsage=clientAuth\n"))
	a.openssl("req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", subject, "-keyout", "client.key", "-out", "client.csr")
	a.openssl("x509", "-req", "-in", "client.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "1", "-extfile", "client.ext", "-out", "client.pem")
	pair, err := tls.LoadX509KeyPair(filepath.Join(a.folder, "client.pem"), filepath.Join(a.folder, "client.key"))
	if err != nil {
		a.Fatal(err)
	}
	pair.Certificate = append(pair.Certificate, a.certificate().Raw)
	return pair
}

func (a clientCA) certificate() *x509.Certificate {
	a.Helper()
	text, err := os.ReadFile(filepath.Join(a.folder, "ca.pem"))
	if err != nil {
		a.Fatal(err)
	}
	c, _, err := certificate.Parse(text)
	if err != nil {
		a.Fatal(err)
	}
	return c
}

// gate is two fronts with one handler, which says what a rule for the subject makes of the request's certificate.
type gate struct {
	*testing.T
	main, asking *Front
	roots        *x509.CertPool
	late         atomic.Int64 // how far the server's clock is ahead
}

var gateCA = uuid.New()

func newGate(t *testing.T, trusted clientCA, header string, proxies ...string) *gate {
	t.Helper()
	g := &gate{T: t, roots: x509.NewCertPool()}
	log := web.OpenLog(io.Discard, slog.LevelInfo)
	t.Cleanup(func() { _ = log.Close() })
	known, err := web.NewProxies(proxies, "X-Forwarded-For")
	if err != nil {
		t.Fatal(err)
	}
	certs, err := web.NewClientCerts(header)
	if err != nil {
		t.Fatal(err)
	}
	rule, ca := certificate.Rule{Method: certificate.PKI, SubjectDN: "CN=billing,O=Acme", CAs: []uuid.UUID{gateCA}}, trusted.certificate()
	site := web.NewSite(web.Options{Log: log, Metrics: web.NewMetrics(), Proxies: known, ClientCerts: certs})
	handler := site.Wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		leaf, chain := web.Of(w).ClientCertificate()
		err := certificate.Verify(leaf, chain, rule, func(uuid.UUID) *x509.Certificate { return ca }, time.Now().Add(time.Duration(g.late.Load())))
		reason := certificate.Reason("proven")
		_ = errors.As(err, &reason)
		_, _ = io.WriteString(w, string(reason))
	}))
	settings := &config.Config{}
	cert, key := writeCertificate(t, t.TempDir(), 1)
	settings.TLSCert, settings.TLSKey = cert, key
	secure, err := TLS(t.Context(), settings, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	mutual, err := MutualTLS(settings, secure, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	g.main, g.asking = serve(t, handler, secure), serve(t, handler, mutual)
	text, _ := os.ReadFile(cert)
	g.roots.AppendCertsFromPEM(text)
	return g
}

// client is a caller with a certificate, if it is asked for one.
type client struct {
	*http.Client
	asked   atomic.Int64 // how often a server asked for the certificate
	resumed atomic.Bool
}

func (g *gate) client(with *tls.Certificate, version uint16) *client {
	c := &client{}
	config := &tls.Config{
		RootCAs: g.roots, MinVersion: version, MaxVersion: version, ClientSessionCache: tls.NewLRUClientSessionCache(8),
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			c.asked.Add(1)
			if with == nil {
				return &tls.Certificate{}, nil
			}
			return with, nil
		},
	}
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: false}
	c.Client = &http.Client{Transport: transport}
	g.Cleanup(transport.CloseIdleConnections)
	return c
}

func (g *gate) ask(c *client, f *Front, headers ...string) (int, string) {
	g.Helper()
	r, err := http.NewRequest(http.MethodGet, "https://"+f.Addr().String()+"/", nil)
	if err != nil {
		g.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	answer, err := c.Do(r)
	if err != nil {
		g.Fatal(err)
	}
	defer answer.Body.Close()
	c.resumed.Store(answer.TLS.DidResume)
	text, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text)
}

func (g *gate) want(what string, c *client, f *Front, want string, headers ...string) {
	g.Helper()
	if status, got := g.ask(c, f, headers...); status != 200 || got != want {
		g.Errorf("%s: %d %q, want %q", what, status, got, want)
	}
}

func TestOnlyTheSecondAddressAsksForCertificates(t *testing.T) {
	acme := newClientCA(t)
	g := newGate(t, acme, "none")
	good := acme.issue("/O=Acme/CN=billing")
	c := g.client(&good, tls.VersionTLS13)
	g.want("the main address", c, g.main, "certificate_missing")
	if c.asked.Load() != 0 {
		t.Error("the main address asked for a certificate: browsers would show a chooser")
	}
	g.want("the second address", c, g.asking, "proven")
	if c.asked.Load() != 1 {
		t.Error("the second address did not ask")
	}
	g.want("without one", g.client(nil, tls.VersionTLS13), g.asking, "certificate_missing")
}

func TestTheRightSubjectOfTheWrongAuthorityProvesNothing(t *testing.T) {
	acme, evil := newClientCA(t), newClientCA(t) // two of the same name
	g := newGate(t, acme, "none")
	for what, c := range map[string]struct {
		cert tls.Certificate
		want string
	}{
		"the right one": {acme.issue("/O=Acme/CN=billing"), "proven"}, "another subject": {acme.issue("/O=Acme/CN=shipping"), "certificate_subject"},
		"the wrong authority": {evil.issue("/O=Acme/CN=billing"), "certificate_unknown_ca"}, "more of a subject": {acme.issue("/C=DE/O=Acme/CN=billing"), "certificate_subject"},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			g.want(what, g.client(&c.cert, version), g.asking, c.want)
		}
	}
}

// TestACertificateIsCheckedAtEveryRequest moves the server's clock past the certificate's end between requests: on a
// connection that lives on, and on one that resumes a session made when the certificate was good.
func TestACertificateIsCheckedAtEveryRequest(t *testing.T) {
	acme := newClientCA(t)
	for name, version := range map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13} {
		t.Run(name, func(t *testing.T) {
			g := newGate(t, acme, "none")
			good := acme.issue("/O=Acme/CN=billing")
			c := g.client(&good, version)
			g.want("at first", c, g.asking, "proven")
			g.late.Store(int64(25 * time.Hour))
			g.want("on the same connection", c, g.asking, "certificate_expired")
			if c.asked.Load() != 1 {
				t.Error("it was another connection")
			}
			c.CloseIdleConnections()
			g.want("in a resumed session", c, g.asking, "certificate_expired")
			if !c.resumed.Load() || c.asked.Load() != 1 {
				t.Error("the session was not resumed")
			}
			g.late.Store(0)
			c.CloseIdleConnections()
			g.want("resumed, and in time", c, g.asking, "proven")
		})
	}
}

func TestForwardedCertificatesAreVerifiedAgainHere(t *testing.T) {
	acme, evil := newClientCA(t), newClientCA(t)
	good, wrong := acme.issue("/O=Acme/CN=billing"), evil.issue("/O=Acme/CN=billing")
	sequence := func(der []byte) string { return ":" + base64.StdEncoding.EncodeToString(der) + ":" }
	escaped := func(c tls.Certificate) string { return url.PathEscape(string(certificate.PEM(c.Leaf))) }
	near, far := []string{"127.0.0.0/8"}, []string{"192.0.2.1"}
	proxy := newGate(t, acme, "rfc9440", near...)
	c := proxy.client(&wrong, tls.VersionTLS13) // which is what the proxy itself has
	proxy.want("RFC 9440", c, proxy.main, "proven", "Client-Cert", sequence(good.Certificate[0]))
	proxy.want("RFC 9440 with chain", c, proxy.asking, "proven", "Client-Cert", sequence(good.Certificate[0]), "Client-Cert-Chain", sequence(good.Certificate[1]))
	proxy.want("RFC 9440, wrong authority", c, proxy.main, "certificate_unknown_ca", "Client-Cert", sequence(wrong.Certificate[0]), "Client-Cert-Chain", sequence(wrong.Certificate[1]))
	proxy.want("no header", c, proxy.asking, "certificate_missing")
	proxy.late.Store(int64(25 * time.Hour))
	proxy.want("RFC 9440, expired", c, proxy.main, "certificate_expired", "Client-Cert", sequence(good.Certificate[0]))

	nginx := newGate(t, acme, "nginx", near...)
	c = nginx.client(nil, tls.VersionTLS13)
	nginx.want("nginx", c, nginx.main, "proven", "X-SSL-Cert", escaped(good))
	nginx.want("nginx, wrong authority", c, nginx.main, "certificate_unknown_ca", "X-SSL-Cert", escaped(wrong))

	stranger := newGate(t, acme, "rfc9440", far...)
	c = stranger.client(&good, tls.VersionTLS13)
	for _, f := range []*Front{stranger.main, stranger.asking} {
		if status, text := stranger.ask(c, f, "Client-Cert", sequence(good.Certificate[0])); status != 400 || !strings.Contains(text, "trusted proxy") {
			t.Errorf("from an untrusted hop: %d %s", status, text)
		}
	}
	stranger.want("from an untrusted hop, without a header", c, stranger.asking, "proven")
}

func TestTheSecondAddressInUseIsNamed(t *testing.T) {
	c := &config.Config{BaseURL: "https://id.example.com", MTLSListen: serve(t, nil, nil).Addr().String()}
	if _, err := ListenMutual(c, slog.New(slog.DiscardHandler)); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "--mtls-listen") {
		t.Error(err)
	}
	if f, err := ListenMutual(&config.Config{}, nil); f != nil || err != nil || f.Close() != nil {
		t.Error("without a second address there is one", err)
	}
}
