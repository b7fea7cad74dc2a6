package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"flag"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
)

// far is a system of somebody else's, which speaks TLS, as all must whom Counterfoil calls.
type far struct {
	*process
	address string // of what speaks TLS: host:port
	root    string // a file with the authority of its certificate
}

// startFar starts it. The others come after it: they must know its certificate.
func (b *bench) startFar(ctx context.Context, self string) error {
	plain, err := freeAddress()
	if err != nil {
		return err
	}
	f := &far{root: filepath.Join(b.work, "far.pem")}
	if f.address, err = freeAddress(); err != nil {
		return err
	}
	if f.process, err = start(b.work, "far", "http://"+plain, nil, self, "serve-far", "-listen", plain, "-tls", f.address, "-root", f.root); err != nil {
		return err
	}
	b.far, b.references = f, append(b.references, f.process)
	return f.await(ctx, "/metrics", patience)
}

// serveFar answers as the floor does, over TLS, and writes its certificate to a file.
func serveFar(args []string) error {
	flags := flag.NewFlagSet("serve-far", flag.ContinueOnError)
	listen := flags.String("listen", "", "host:port for /metrics")
	secure := flags.String("tls", "", "host:port for the rest")
	root := flags.String("root", "", "where the certificate goes")
	if err := flags.Parse(args); err != nil {
		return err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	pattern := x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "far"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(48 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, &pattern, &pattern, &key.PublicKey, key)
	if err != nil {
		return err
	}
	if err := os.WriteFile(*root, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644); err != nil {
		return err
	}
	server := &http.Server{
		Addr: *secure, Handler: floorHandler(), ReadHeaderTimeout: time.Minute,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}},
	}
	go func() { _ = http.ListenAndServe(*listen, floorHandler()) }()
	return server.ListenAndServeTLS("", "")
}

// serveBare is a reverse proxy that does nothing of its own: what passing a request on costs on this machine, now.
func serveBare(args []string) error {
	flags := flag.NewFlagSet("serve-bare", flag.ContinueOnError)
	listen := flags.String("listen", "", "host:port")
	to := flags.String("far", "", "host:port of what speaks TLS")
	root := flags.String("root", "", "the file with its certificate")
	if err := flags.Parse(args); err != nil {
		return err
	}
	text, err := os.ReadFile(*root)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return errors.New("there is no certificate in " + *root)
	}
	target := &url.URL{Scheme: "https", Host: *to}
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: roots}, MaxIdleConnsPerHost: 256, DisableCompression: true,
		},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/metrics", showSettings)
	mux.Handle("/", proxy)
	return http.ListenAndServe(*listen, mux)
}

// links are the connections of the one customer.
type links struct {
	token string // id of one that makes its tokens by itself
	key   string // id of one to far, with a key
	// users are Authorization values of applications that may use connections.
	users []string
}

const userCount = 100

func (b *bench) populateLinks(ctx context.Context, h *house, bearer string, l *links) error {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	connect := func(provider string, values map[string]string) (string, error) {
		var made struct{ ID string }
		err := h.create(ctx, bearer, "/api/v1/connect/connectors", map[string]any{"name": provider, "provider": provider}, nil)
		if err == nil {
			err = h.create(ctx, bearer, "/api/v1/connect/connections", map[string]any{"connector": provider, "values": values, "check": false}, &made)
		}
		return made.ID, err
	}
	l.token, err = connect("snowflake", map[string]string{
		"account": "ACME-BENCH", "username": "BENCH", "private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})),
	})
	if err == nil {
		l.key, err = connect("api-key", map[string]string{"base_url": "https://" + b.far.address, "api_key": "0123456789"})
	}
	if err != nil {
		return err
	}
	l.users = make([]string, userCount)
	var group errgroup.Group
	group.SetLimit(workers)
	for i := range userCount {
		group.Go(func() (err error) {
			_, l.users[i], err = h.application(ctx, bearer, map[string]any{
				"name": fmt.Sprintf("user %04d", i), "scopes": []string{"connections:use"}, "secret": map[string]any{},
			})
			return err
		})
	}
	return group.Wait()
}

// linkLoad is a GET as all who may use connections, in turn. Their access tokens are fetched for every cell, and each is shown
// once: its first use is written down.
func (b *bench) linkLoad(path, expect, connection string) func(context.Context, int) (load, error) {
	return func(ctx context.Context, _ int) (load, error) {
		l := load{server: b.house.process, path: path, expect: expect}
		for _, user := range b.people.links.users {
			bearer, err := b.house.token(ctx, request{authorization: user, body: tokenForm("connections:use")})
			if err != nil {
				return l, err
			}
			l.probe = request{authorization: "Bearer " + bearer, connection: connection}
			l.requests = append(l.requests, l.probe)
			if err := l.check(); err != nil {
				return l, err
			}
		}
		return l, nil
	}
}

// The proxy and what it is compared with, one request at a time: with more of them, one core's queue is what is measured.
const (
	bareRow  = "bare reverse proxy"
	proxyRow = "proxy of a connection"
	maxAdded = 1.0 // ms
)

// compareProxy measures what the proxy adds to a bare one.
func (b *bench) compareProxy(ctx context.Context) error {
	rows := b.selected([]row{
		{name: bareRow, load: func(context.Context, int) (load, error) {
			return load{server: b.bare, path: "/", expect: `"floor"`}, nil
		}},
		{name: proxyRow, against: bareRow, load: b.linkLoad("/connect/proxy/", `"floor"`, b.people.links.key)},
	})
	if len(rows) < 2 {
		return nil
	}
	var added []float64
	invalid := ""
	for n := range b.rounds {
		b.say("proxy, round %d of %d", n+1, b.rounds)
		p50 := map[string]float64{}
		err := b.round(ctx, rows, 1, b.seconds, func(c cell) {
			c.Round, p50[c.Row] = n+1, c.P50
			if c.Invalid != "" {
				invalid = c.Row + ": " + c.Invalid
			}
			b.report.Cells = append(b.report.Cells, c)
		})
		if err != nil {
			return err
		}
		added = append(added, p50[proxyRow]-p50[bareRow])
	}
	b.report.bar(bar{
		Name: "what the proxy adds at p50", Against: bareRow, Unit: "ms", AtMost: true, Bar: maxAdded, Reached: median(added), Invalid: invalid,
	})
	return nil
}
