package web

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/register"
)

// Exchange is one request and its answer: the [http.ResponseWriter] that handlers of a [Site] are given, and the
// place where they note what the log and the metrics should know. It is pooled: nobody keeps it, or a context
// that carries it, after the handler has returned.
type Exchange struct {
	// Environment is the one that the request's path lies in; the server sets it before a door is asked.
	Environment *register.Environment
	// ClientID is who asked, as proven or, in a refusal, as claimed; zero when that was no client_id.
	ClientID uuid.UUID
	// Reason says in one word or two why the request was refused. It is ours, never the caller's text.
	Reason string

	http.ResponseWriter
	site   *Site
	route  *Route
	began  time.Time
	remote netip.Addr
	accept string // of a request to an API
	tls    *tls.ConnectionState
	leaf   *x509.Certificate // passed on by a proxy; see ClientCertificate
	chain  []*x509.Certificate
	// proxied says that the peer is a proxy trusted to pass certificates on.
	proxied bool
	number  uint64
	status  int
	bytes   int64
	record  [768]byte // where the log record is put together before it joins the batch
}

var exchanges = sync.Pool{New: func() any { return new(Exchange) }}

// Of returns the exchange that w belongs to. A writer that no [Site] made gets one that nobody reads, so that
// handlers need not ask whether they are at home.
func Of(w http.ResponseWriter) *Exchange {
	for {
		switch t := w.(type) {
		case *Exchange:
			return t
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return &Exchange{ResponseWriter: w, began: time.Now()}
		}
	}
}

type exchangeKey struct{}

// From returns the exchange of an operation registered through [NewAPI], by its context.
func From(ctx context.Context) *Exchange {
	if x, ok := ctx.Value(exchangeKey{}).(*Exchange); ok {
		return x
	}
	return &Exchange{began: time.Now()}
}

// Began returns when the server began to handle the request.
func (x *Exchange) Began() time.Time { return x.began }

// Remote returns the address of the caller, as [Proxies.Remote] sees it; the zero address when there is none.
func (x *Exchange) Remote() netip.Addr { return x.remote }

// RequestID returns the identifier under which the log knows this request. It is always our own: one that the
// caller sends would let strangers write into the log and clash with each other.
func (x *Exchange) RequestID() string {
	return string(x.AppendRequestID(nil))
}

// AppendRequestID appends what [Exchange.RequestID] returns.
func (x *Exchange) AppendRequestID(dst []byte) []byte {
	if x.site == nil {
		return dst
	}
	return x.site.appendID(dst, x.number)
}

// Fail notes why a request is answered with an error. The kind becomes the reason unless the door gave a better
// one; an [fault.Internal] error is logged with its cause, which is the only place where that is shown.
func (x *Exchange) Fail(err error) {
	kind := fault.Of(err)
	if x.Reason == "" {
		x.Reason = kind.String()
	}
	if kind == fault.Internal && x.site != nil {
		x.site.logger.Error("request failed", "request_id", x.RequestID(), "error", err.Error())
	}
}

// Unwrap gives [http.ResponseController] the server's own writer.
func (x *Exchange) Unwrap() http.ResponseWriter { return x.ResponseWriter }

// WriteHeader notes the status and sends it. Informational answers (1xx) pass unnoticed.
func (x *Exchange) WriteHeader(status int) {
	if x.status == 0 && status >= 200 {
		x.status = status
	}
	x.ResponseWriter.WriteHeader(status)
}

// Write counts the bytes and sends them.
func (x *Exchange) Write(p []byte) (int, error) {
	if x.status == 0 {
		x.status = http.StatusOK
	}
	n, err := x.ResponseWriter.Write(p)
	x.bytes += int64(n)
	return n, err
}

// reset forgets the request. The scratch space stays: it is written before it is read.
func (x *Exchange) reset() {
	x.Environment, x.ClientID, x.Reason = nil, uuid.UUID{}, ""
	x.ResponseWriter, x.site, x.route = nil, nil, nil
	x.remote = netip.Addr{}
	x.tls, x.leaf, x.chain, x.proxied = nil, nil, nil, false
	x.status, x.bytes = 0, 0
}

// Prefers reports whether whoever asks an API wants another media type than JSON: the Accept header (RFC 9110 §12.5.1)
// names that before JSON. Weights are not read; a type is in the header because somebody wants it.
func (x *Exchange) Prefers(kind string) bool {
	for part := range strings.SplitSeq(x.accept, ",") {
		name, _, _ := strings.Cut(part, ";")
		switch strings.ToLower(strings.TrimSpace(name)) {
		case kind:
			return true
		case jsonType[0], "application/*", "*/*":
			return false
		}
	}
	return false
}
