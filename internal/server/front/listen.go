package front

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"log"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Bounds of a connection. A caller who is slower than these is cut off: otherwise a few thousand of them, each
// sending a byte now and then, would hold every connection there is.
const (
	headerTimeout  = 5 * time.Second
	readTimeout    = 15 * time.Second
	writeTimeout   = 30 * time.Second
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 16 << 10
	maxStreams     = 250 // of one HTTP/2 connection at a time
)

// Front is an address that is listened on, and the HTTP server behind it.
type Front struct {
	listener net.Listener
	server   *http.Server
}

// Listen binds an address. An address in use, or one that needs more rights, is [fault.Conflict].
func Listen(address string, logger *slog.Logger) (*Front, error) {
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", address)
	if err != nil {
		return nil, fault.Wrap(fault.Conflict, err, "cannot listen on %s: choose another address with --listen", address)
	}
	return &Front{listener, &http.Server{
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: maxStreams},
		ErrorLog:          log.New(serverLog{logger}, "", 0),
	}}, nil
}

// Addr returns the address that was bound, with the port that was free when none was asked for.
func (f *Front) Addr() net.Addr { return f.listener.Addr() }

// Serve answers requests with h until the front is drained or closed, and returns nil then. secure nil means
// plain HTTP.
func (f *Front) Serve(h http.Handler, secure *tls.Config) error {
	f.server.Handler = h
	var err error
	if secure == nil {
		err = f.server.Serve(f.listener)
	} else {
		f.server.TLSConfig = secure
		err = f.server.ServeTLS(f.listener, "", "")
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// OnLeave has end called when the front has stopped listening and waits for its requests, which those that go on must hear.
func (f *Front) OnLeave(end func()) { f.server.RegisterOnShutdown(end) }

// Close stops at once and cuts every connection. It may be called on nil.
func (f *Front) Close() error {
	if f == nil {
		return nil
	}
	return errors.Join(f.server.Close(), ignoreClosed(f.listener.Close()))
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// serverLog takes what net/http has to say. Failed TLS handshakes are the noise of the internet and must not
// fill the log of a server that logs warnings; the rest (no file descriptors left, …) somebody should see.
type serverLog struct{ log *slog.Logger }

func (l serverLog) Write(line []byte) (int, error) {
	text := string(bytes.TrimSpace(line))
	if bytes.HasPrefix(line, []byte("http: TLS handshake error")) {
		l.log.Debug("handshake failed", "error", text)
	} else {
		l.log.Warn("server", "error", text)
	}
	return len(line), nil
}
