package egress

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Trouble is what went wrong with a request, for programs that tell people which step to mend.
type Trouble string

// The troubles, in the order in which a request meets them.
const (
	Address     Trouble = "address"     // the address has a form that is not called
	Resolve     Trouble = "resolve"     // the name is not known
	Refused     Trouble = "refused"     // the guard does not let us go there
	Connect     Trouble = "connect"     // nothing listens, or nothing answers
	Handshake   Trouble = "handshake"   // no TLS, or too old
	Certificate Trouble = "certificate" // the server's certificate is not trusted
	Unwelcome   Trouble = "unwelcome"   // the server does not take our certificate, or wants one
	Slow        Trouble = "slow"        // connected, but not answered in time
	Broken      Trouble = "broken"      // what came is no HTTP, or broke off
	Redirect    Trouble = "redirect"    // the server sends us elsewhere
	Large       Trouble = "large"       // the answer is over the bound
	Compressed  Trouble = "compressed"  // the answer is packed
	Cancelled   Trouble = "cancelled"   // the caller did not wait
)

// TroubleOf says what went wrong with the request that err is of; "" for an error that is not of this package.
func TroubleOf(err error) Trouble {
	if m, ok := errors.AsType[*mishap](err); ok {
		return m.Trouble
	}
	return ""
}

// mishap adds a trouble to a fault without changing its words.
type mishap struct {
	Trouble
	err error
}

func (m *mishap) Error() string { return m.err.Error() }
func (m *mishap) Unwrap() error { return m.err }

func troubled(t Trouble, err error) error { return &mishap{t, err} }

// way remembers how far a request came: "not in time" means something else before there is a connection than after.
type way struct{ phase atomic.Int32 }

const (
	resolving int32 = iota
	connecting
	shaking
	connected
)

// follow lets net/http report to a way. It is told from other goroutines, also after the request has ended.
func follow(ctx context.Context) (context.Context, *way) {
	w := new(way)
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		ConnectStart:      func(_, _ string) { w.phase.Store(connecting) },
		TLSHandshakeStart: func() { w.phase.Store(shaking) },
		GotConn:           func(httptrace.GotConnInfo) { w.phase.Store(connected) },
	}), w
}

func (w *way) late() Trouble {
	return [...]Trouble{resolving: Resolve, connecting: Connect, shaking: Handshake, connected: Slow}[w.phase.Load()]
}

// explain turns an error of net/http into one of ours. Its own text repeats the whole address.
func (w *way) explain(ctx context.Context, host string, err error) error {
	if m, ok := errors.AsType[*mishap](err); ok {
		return m // ours, from dial
	}
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	trouble, why := w.diagnose(ctx, err)
	if trouble == Large {
		return troubled(trouble, fault.Wrap(fault.TooLarge, err, "%s sent more than %d bytes of headers", host, maxHeaders))
	}
	return troubled(trouble, fault.Wrap(fault.Unavailable, err, "%s %s", host, why))
}

func (w *way) diagnose(ctx context.Context, err error) (Trouble, string) {
	_, dns := errors.AsType[*net.DNSError](err)
	_, certificate := errors.AsType[*tls.CertificateVerificationError](err)
	_, noTLS := errors.AsType[tls.RecordHeaderError](err)
	op, _ := errors.AsType[*net.OpError](err)
	alert := op != nil && op.Op == "remote error"
	switch {
	case ctx.Err() != nil && errors.Is(ctx.Err(), context.Canceled):
		return Cancelled, "was not waited for"
	case ctx.Err() != nil:
		return w.late(), "did not answer in time"
	case dns:
		return Resolve, "is a name that cannot be resolved"
	case certificate:
		return Certificate, "shows a certificate that is not trusted"
	case alert && strings.Contains(err.Error(), "certificate"): // the types of alerts are not exported
		return Unwelcome, "does not take the client certificate"
	case alert, noTLS, strings.Contains(err.Error(), "HTTP response to HTTPS client"):
		return Handshake, "does not speak TLS 1.2 or later"
	case strings.Contains(err.Error(), "server response headers exceeded"): // net/http has no type for it
		return Large, ""
	case op != nil && op.Op == "dial":
		return Connect, "does not answer"
	case w.phase.Load() == shaking:
		return Handshake, "does not answer"
	}
	return Broken, "does not answer"
}
