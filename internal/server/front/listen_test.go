package front

import (
	"bufio"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// serve starts a front on a free port and ends it with the test.
func serve(t *testing.T, h http.Handler, secure *tls.Config) *Front {
	t.Helper()
	if h == nil {
		h = http.NotFoundHandler()
	}
	f, err := Listen("127.0.0.1:0", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- f.Serve(h, secure) }()
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return f
}

func TestAddressInUseIsAConflict(t *testing.T) {
	f := serve(t, nil, nil)
	if _, err := Listen(f.Addr().String(), slog.New(slog.DiscardHandler)); !fault.Is(err, fault.Conflict) || !strings.Contains(err.Error(), "--listen") {
		t.Error(err)
	}
}

func TestSlowHeadersAreCutOff(t *testing.T) {
	f := serve(t, nil, nil)
	connection, err := net.Dial("tcp", f.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	began := time.Now()
	if _, err := io.WriteString(connection, "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "); err != nil {
		t.Fatal(err)
	}
	_ = connection.SetReadDeadline(began.Add(3 * headerTimeout))
	if _, err := io.ReadAll(connection); err != nil {
		t.Errorf("the connection was not ended: %v", err)
	}
	if took := time.Since(began); took > 2*headerTimeout {
		t.Errorf("cut off after %v", took)
	}
}

func TestLongHeadersAreRefused(t *testing.T) {
	f := serve(t, nil, nil)
	connection, err := net.Dial("tcp", f.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer connection.Close()
	go func() {
		_, _ = io.WriteString(connection, "GET / HTTP/1.1\r\nHost: x\r\nX-Long: "+strings.Repeat("x", 2*maxHeaderBytes)+"\r\n\r\n")
	}()
	response, err := http.ReadResponse(bufio.NewReader(connection), nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Error(response.Status)
	}
}

func TestHandshakeNoiseIsNotAWarning(t *testing.T) {
	j, log := newJournal()
	l := serverLog{log}
	_, _ = l.Write([]byte("http: TLS handshake error from 192.0.2.1:5: EOF\n"))
	j.await(t, "level=DEBUG")
	_, _ = l.Write([]byte("http: Accept error: too many open files\n"))
	j.await(t, "level=WARN")
}
