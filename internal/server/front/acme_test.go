package front

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/server/config"
)

// authority is as much of an ACME server (RFC 8555) as one order with TLS-ALPN-01 (RFC 8737) needs. It believes
// every signature; what it checks is that the server gives its proof where it listens.
type authority struct {
	*httptest.Server
	key *ecdsa.PrivateKey

	mu      sync.Mutex
	subject string // address of the server to be proven
	proven  bool
	chain   []byte
}

const acmeName = "id.example.com"

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	a := &authority{key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /directory", func(w http.ResponseWriter, _ *http.Request) {
		a.answer(w, 200, map[string]any{"newNonce": a.URL + "/nonce", "newAccount": a.URL + "/account", "newOrder": a.URL + "/order"})
	})
	mux.HandleFunc("/nonce", func(w http.ResponseWriter, _ *http.Request) { a.answer(w, 200, nil) })
	mux.HandleFunc("POST /account", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", a.URL+"/account/1")
		a.answer(w, 201, map[string]any{"status": "valid"})
	})
	mux.HandleFunc("POST /order", func(w http.ResponseWriter, _ *http.Request) { a.order(w, 201) })
	mux.HandleFunc("POST /order/1", func(w http.ResponseWriter, _ *http.Request) { a.order(w, 200) })
	mux.HandleFunc("POST /proof", func(w http.ResponseWriter, _ *http.Request) { a.proof(w) })
	mux.HandleFunc("POST /challenge", func(w http.ResponseWriter, _ *http.Request) {
		a.prove(t)
		a.answer(w, 200, a.challenge())
	})
	mux.HandleFunc("POST /finalize", func(w http.ResponseWriter, r *http.Request) {
		a.issue(t, r)
		a.order(w, 200)
	})
	mux.HandleFunc("POST /certificate", func(w http.ResponseWriter, _ *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		w.Header().Set("Content-Type", "application/pem-certificate-chain")
		_, _ = w.Write(a.chain)
	})
	a.Server = httptest.NewTLSServer(mux)
	t.Cleanup(a.Close)
	return a
}

func (a *authority) answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Replay-Nonce", rand.Text())
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if body != nil {
		_ = json.NewEncoder(w).Encode(body)
	}
}

func (a *authority) order(w http.ResponseWriter, status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	order := map[string]any{
		"status": "pending", "identifiers": []any{map[string]string{"type": "dns", "value": acmeName}},
		"authorizations": []string{a.URL + "/proof"}, "finalize": a.URL + "/finalize",
	}
	if a.proven {
		order["status"] = "ready"
	}
	if a.chain != nil {
		order["status"], order["certificate"] = "valid", a.URL+"/certificate"
	}
	w.Header().Set("Location", a.URL+"/order/1")
	a.answer(w, status, order)
}

func (a *authority) challenge() map[string]any {
	a.mu.Lock()
	defer a.mu.Unlock()
	return map[string]any{"type": "tls-alpn-01", "url": a.URL + "/challenge", "token": "a-token", "status": a.state()}
}

func (a *authority) state() string { return map[bool]string{true: "valid", false: "pending"}[a.proven] }

func (a *authority) proof(w http.ResponseWriter) {
	challenge := a.challenge()
	a.answer(w, 200, map[string]any{
		"status": challenge["status"], "identifier": map[string]string{"type": "dns", "value": acmeName}, "challenges": []any{challenge},
	})
}

// prove asks the server for the certificate that only who has the order's account can make (RFC 8737 §3).
func (a *authority) prove(t *testing.T) {
	a.mu.Lock()
	defer a.mu.Unlock()
	connection, err := tls.Dial("tcp", a.subject, &tls.Config{ServerName: acmeName, NextProtos: []string{"acme-tls/1"}, InsecureSkipVerify: true})
	if err != nil {
		t.Errorf("the server gives no proof: %v", err)
		return
	}
	defer connection.Close()
	for _, extension := range connection.ConnectionState().PeerCertificates[0].Extensions {
		a.proven = a.proven || extension.Id.String() == "1.3.6.1.5.5.7.1.31"
	}
}

// issue signs the key in the request.
func (a *authority) issue(t *testing.T, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var signed struct{ Payload string }
	var payload struct{ CSR string }
	_ = json.NewDecoder(r.Body).Decode(&signed)
	inner, _ := base64.RawURLEncoding.DecodeString(signed.Payload)
	_ = json.Unmarshal(inner, &payload)
	der, _ := base64.RawURLEncoding.DecodeString(payload.CSR)
	request, err := x509.ParseCertificateRequest(der)
	if err != nil {
		t.Error(err)
		return
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(42), DNSNames: request.DNSNames, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour)}
	der, err = x509.CreateCertificate(rand.Reader, template, template, request.PublicKey, a.key)
	if err != nil {
		t.Error(err)
		return
	}
	a.chain = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func TestCertificateComesFromAnAuthority(t *testing.T) {
	a := newAuthority(t)
	root := filepath.Join(t.TempDir(), "root.pem")
	write(t, root, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.Certificate().Raw}))
	f, err := Listen("127.0.0.1:0", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	a.subject = f.Addr().String()
	j, log := newJournal()
	c := &config.Config{Listen: a.subject, Data: t.TempDir(), ACMEDomain: []string{acmeName}, ACMEDirectory: a.URL + "/directory", ACMERoot: root}
	secure, err := TLS(t.Context(), c, log)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- f.Serve(http.NotFoundHandler(), secure) }()
	j.await(t, "certificate issued")
	connection, err := tls.Dial("tcp", a.subject, &tls.Config{ServerName: acmeName, InsecureSkipVerify: true})
	for limit := time.Now().Add(10 * time.Second); err != nil && time.Now().Before(limit); { // issued, but not yet in use
		connection, err = tls.Dial("tcp", a.subject, &tls.Config{ServerName: acmeName, InsecureSkipVerify: true})
	}
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	if got := fmt.Sprint(connection.ConnectionState().PeerCertificates[0].SerialNumber); got != "42" {
		t.Errorf("serves the certificate %s, not the authority's", got)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
