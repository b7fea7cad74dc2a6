package web

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Options are what a [Site] is made of. Log and Metrics are required.
type Options struct {
	Log     *Log
	Metrics *Metrics
	Proxies Proxies
	// ClientCerts says in which headers trusted proxies pass certificates of clients on.
	ClientCerts ClientCerts
	// HSTS sends Strict-Transport-Security with every answer; set it when the base URL is https.
	HSTS bool
}

// Site stands around every handler of an installation. It is safe for concurrent use.
type Site struct {
	log     *Log
	logger  *slog.Logger
	metrics *Metrics
	proxies Proxies
	certs   ClientCerts
	hsts    bool
	records bool // whether the log takes request records at all

	prefix    [idPrefix]byte
	number    atomic.Uint64
	unmatched *Route
}

const idPrefix = 9 // eight random characters and a dash

// NewSite returns a site. Its request ids start with 40 random bits, so that those of two processes, or of one
// before and after a restart, do not meet in a log.
func NewSite(o Options) *Site {
	s := &Site{log: o.Log, logger: slog.New(o.Log.Handler()), metrics: o.Metrics, proxies: o.Proxies, certs: o.ClientCerts, hsts: o.HSTS}
	s.records = o.Log.Handler().Enabled(context.Background(), slog.LevelInfo)
	s.unmatched = s.metrics.route("unmatched")
	o.Metrics.Counter("log_records_dropped_total", "Log records below warning level dropped because the log could not keep up.",
		func() float64 { return float64(o.Log.Dropped()) })
	var random [5]byte
	rand.Read(random[:])
	copy(s.prefix[:], strings.ToLower(base32.StdEncoding.EncodeToString(random[:]))+"-")
	return s
}

// Wrap returns next with everything around it that a request gets. It goes outermost, once.
func (s *Site) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := exchanges.Get().(*Exchange)
		x.ResponseWriter, x.site, x.route = w, s, s.unmatched
		x.began = time.Now()
		x.number = s.number.Add(1)
		x.remote = s.proxies.Remote(r)
		x.tls = r.TLS
		s.metrics.inFlight.Add(1)
		defer s.finish(x, r)
		header := w.Header()
		header["X-Content-Type-Options"] = noSniff
		if s.hsts {
			header["Strict-Transport-Security"] = hsts
		}
		if s.certs.Any() {
			if err := s.forwarded(x, r); err != nil {
				p := problemOf(err)
				p.Status = http.StatusBadRequest // the request itself is malformed, not what it asks for
				p.send(x, err)
				return
			}
		}
		next.ServeHTTP(x, r)
	})
}

// finish ends an exchange: it answers a panic, counts, and writes the log record.
func (s *Site) finish(x *Exchange, r *http.Request) {
	aborted := false
	if p := recover(); p != nil {
		aborted = s.recovered(x, p)
	}
	if x.status == 0 && !aborted {
		x.status = http.StatusOK // what net/http sends for a handler that wrote nothing
	}
	took := time.Since(x.began)
	s.metrics.inFlight.Add(-1)
	x.route.observe(x.status, took)
	if s.records {
		s.log.append(appendRecord(x.record[:0], x, r.Method, took), x.status == http.StatusInternalServerError)
	}
	x.reset()
	exchanges.Put(x)
	if aborted {
		panic(http.ErrAbortHandler) // cuts the connection, so that the caller does not take half an answer for one
	}
}

// recovered answers a panic with 500 where that is still possible and reports whether it is not.
func (s *Site) recovered(x *Exchange, p any) (aborted bool) {
	x.Reason = "panic"
	if p == http.ErrAbortHandler { //nolint:errorlint // a panic value, which net/http compares like this too
		x.Reason = "aborted"
		return true
	}
	s.metrics.panics.Inc()
	s.logger.Error("panic", "request_id", x.RequestID(), "route", x.route.name, "error", fmt.Sprint(p), "stack", string(debug.Stack()))
	if x.status != 0 {
		return true
	}
	WriteProblem(x, fault.New(fault.Internal, "panic"))
	return false
}

// appendID appends a request id: the prefix of the process and the number of the request in base 36.
func (s *Site) appendID(dst []byte, number uint64) []byte {
	return strconv.AppendUint(append(dst, s.prefix[:]...), number, 36)
}
