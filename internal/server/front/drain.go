package front

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"
)

// Drain takes a server out of service without failing a request: first readiness fails and connections are asked
// to end after their answer, while new ones are still taken; when the load balancer has had time to notice, the
// server stops listening; then it waits for the requests it has. The zero value is in service.
type Drain struct{ leaving atomic.Bool }

// Ready reports whether requests should be sent here.
func (d *Drain) Ready() bool { return !d.leaving.Load() }

var closeConnection = []string{"close"}

// Wrap returns next with Connection: close on every HTTP/1 answer once draining has begun: clients then open
// another connection, elsewhere if the load balancer is awake. An idle connection that is merely closed would fail
// the request that is on its way over it. On HTTP/2 the header makes net/http say GOAWAY with the last stream it
// has seen, which refuses the requests on their way (tried: 11 of 224 failed); there the delay alone must do.
func (d *Drain) Wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d.leaving.Load() && r.ProtoMajor == 1 {
			w.Header()["Connection"] = closeConnection
		}
		next.ServeHTTP(w, r)
	})
}

// Run drains the fronts: it lets delay pass, or less when ctx ends (a second signal), and then gives requests
// grace to end. What is left after that is cut, which is the error returned.
func (d *Drain) Run(ctx context.Context, delay, grace time.Duration, fronts ...*Front) error {
	d.leaving.Store(true)
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	var failed []error
	for _, f := range fronts {
		if err := f.server.Shutdown(limit); err != nil {
			failed = append(failed, err, f.Close())
		}
	}
	return errors.Join(failed...)
}
