package front

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"

	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/server/config"
)

// certificatePoll is how often certificate files are looked at. They are read rather than dated: some tools keep
// the date, and a mounted secret changes by a link.
const certificatePoll = 5 * time.Second

// TLS returns what the server speaks, nil for plain HTTP. It is called when the main address is already bound,
// because an authority may ask for a proof there at once. Reloading and renewal go on until ctx ends.
func TLS(ctx context.Context, c *config.Config, log *slog.Logger) (*tls.Config, error) {
	switch {
	case len(c.ACMEDomain) > 0:
		return acme(ctx, c, log)
	case c.TLSCert != "":
		k, err := openKeyPair(c.TLSCert, c.TLSKey, log)
		if err != nil {
			return nil, err
		}
		go k.watch(ctx, certificatePoll)
		return secured(&tls.Config{GetCertificate: k.get}), nil
	default:
		return nil, nil
	}
}

// secured sets what is the same for every source of certificates. Suites and curves are Go's own choice, which
// leaves out what is weak and puts post-quantum key exchange first; a list of ours would only get old.
func secured(t *tls.Config) *tls.Config {
	t.MinVersion = tls.VersionTLS12
	t.NextProtos = append([]string{"h2", "http/1.1"}, t.NextProtos...)
	return t
}

// keyPair is a certificate from files, which is replaced when they change.
type keyPair struct {
	cert, key string
	log       *slog.Logger
	current   atomic.Pointer[tls.Certificate]
	seen      [2][]byte // what the files held when they were last read; only watch uses it after the start
}

func openKeyPair(cert, key string, log *slog.Logger) (*keyPair, error) {
	k := &keyPair{cert: cert, key: key, log: log}
	if _, err := k.reload(); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "tls_cert %s and tls_key %s are not a certificate and its key", cert, key)
	}
	return k, nil
}

func (k *keyPair) get(*tls.ClientHelloInfo) (*tls.Certificate, error) { return k.current.Load(), nil }

// reload reads the files and, when they differ from the last time, takes the pair into use if it is one.
func (k *keyPair) reload() (changed bool, err error) {
	cert, err := os.ReadFile(k.cert)
	if err != nil {
		return false, err
	}
	key, err := os.ReadFile(k.key)
	if err != nil {
		return false, err
	}
	if bytes.Equal(cert, k.seen[0]) && bytes.Equal(key, k.seen[1]) {
		return false, nil
	}
	k.seen = [2][]byte{cert, key}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return false, err // perhaps one file is new and the other not yet: the next look will tell
	}
	k.current.Store(&pair)
	if end := pair.Leaf.NotAfter; time.Now().After(end) {
		k.log.Warn("the certificate has expired", "file", k.cert, "not_after", end)
	}
	return true, nil
}

// watch looks at the files every now and then, and at once on SIGHUP.
func (k *keyPair) watch(ctx context.Context, every time.Duration) {
	hangup := make(chan os.Signal, 1)
	signal.Notify(hangup, syscall.SIGHUP)
	defer signal.Stop(hangup)
	tick := time.NewTicker(every)
	defer tick.Stop()
	broken := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-hangup:
			broken = "" // say again what is wrong to whoever asked
			k.seen = [2][]byte{}
		}
		changed, err := k.reload()
		switch {
		case err != nil && err.Error() != broken:
			broken = err.Error()
			k.log.Error("the new certificate is not used; the one before stays", "file", k.cert, "error", err)
		case changed:
			broken = ""
			k.log.Info("certificate loaded", "file", k.cert, "not_after", k.current.Load().Leaf.NotAfter)
		}
	}
}

// acme has certificates issued and renewed by an authority. They are kept in the data folder; nodes with folders
// of their own each have theirs.
func acme(ctx context.Context, c *config.Config, log *slog.Logger) (*tls.Config, error) {
	roots, err := acmeRoots(c)
	if err != nil {
		return nil, err
	}
	var magic *certmagic.Config
	cache := certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return magic, nil },
		Logger:           zap.NewNop(), // events say the same in our own log
	})
	context.AfterFunc(ctx, cache.Stop)
	magic = certmagic.New(cache, certmagic.Config{
		Storage: &certmagic.FileStorage{Path: filepath.Join(c.Data, "acme")},
		Logger:  zap.NewNop(),
		OnEvent: func(_ context.Context, event string, data map[string]any) error {
			switch event {
			case "cert_obtained":
				log.Info("certificate issued", "name", data["identifier"], "renewal", data["renewal"])
			case "cert_failed":
				log.Error("certificate not issued", "name", data["identifier"], "renewal", data["renewal"], "error", data["error"])
			}
			return nil
		},
	})
	magic.Issuers = []certmagic.Issuer{certmagic.NewACMEIssuer(magic, certmagic.ACMEIssuer{
		CA: c.ACMEDirectory, Email: c.ACMEEmail, Agreed: true, TrustedRoots: roots, Logger: zap.NewNop(),
		// The proof for TLS-ALPN-01 is given by our own listener, which certmagic finds in use there.
		AltTLSALPNPort: port(c),
	})}
	if err := magic.ManageAsync(ctx, c.ACMEDomain); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "acme_domain: %v", err)
	}
	return secured(magic.TLSConfig()), nil
}

// acmeRoots returns whom to trust as the authority, nil for those whom the system trusts.
func acmeRoots(c *config.Config) (*x509.CertPool, error) {
	if c.ACMERoot == "" {
		return nil, nil
	}
	roots := x509.NewCertPool()
	chain, err := os.ReadFile(c.ACMERoot)
	if err != nil || !roots.AppendCertsFromPEM(chain) {
		return nil, fault.Wrap(fault.Invalid, err, "acme_root %s holds no certificates in PEM", c.ACMERoot)
	}
	return roots, nil
}

// port returns the port to serve on, 0 when any will do.
func port(c *config.Config) int {
	_, text, _ := net.SplitHostPort(c.Listen)
	port, _ := strconv.Atoi(text)
	return port
}
