package proxy

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/connect/fresh"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
)

const (
	maxRetries = 5
	// replayable is how long a body may be that is kept to be sent again, in bytes.
	replayable = 64 << 10
	// maxWait is how long one request waits to be repeated, in sum. A system that asks for more gets its answer passed on,
	// with its Retry-After: the caller knows better whether to wait.
	maxWait   = 10 * time.Second
	firstWait = 250 * time.Millisecond
)

// trip is one request with its repetitions. It is the transport of the reverse proxy, which sees the last answer only.
type trip struct {
	door   *Door
	actor  *access.Actor
	target *target
	way    *fresh.Way
}

// quiet is a context that knows nothing but when it ends. The reverse proxy asks through the values of a context for the
// system's interim answers (1xx), whose headers it would pass on as they are.
type quiet struct{ context.Context }

// Value implements [context.Context].
func (quiet) Value(any) any { return nil }

// RoundTrip implements [http.RoundTripper].
func (t *trip) RoundTrip(out *http.Request) (*http.Response, error) {
	out = out.WithContext(quiet{out.Context()})
	body, again, err := t.buffer(out)
	if err != nil {
		return nil, err
	}
	renewed, waited := false, time.Duration(0)
	for tries := 0; ; tries++ {
		if again && tries > 0 {
			out = t.repeat(out, body)
		}
		answer, err := t.door.Transport.RoundTrip(out)
		if err == nil && answer.StatusCode == http.StatusUnauthorized && t.way.Token != nil && !renewed {
			renewed = true
			t.door.Ways.Rejected(out.Context(), t.actor.Environment, t.target.connection, t.way.Token.Access)
			if !again {
				return answer, nil // it may be sent again by the caller, with the token that comes next
			}
			way, failed := t.door.Ways.Way(out.Context(), t.actor, t.target.connection)
			if failed != nil || way.Token == nil || way.Token.Access.Reveal() == t.way.Token.Access.Reveal() {
				return answer, nil //nolint:nilerr // the system's own refusal says more than why there is no other token
			}
			drain(answer)
			t.way = way
			tries--
			out = t.repeat(out, body)
			sign(out, way)
			continue
		}
		if !again || tries >= t.target.retries || err == nil && !repeats(t.way.Provider.API.Retry, answer.StatusCode) || out.Context().Err() != nil {
			return answer, err
		}
		wait := backoff(tries)
		if err == nil {
			if asked, ok := t.way.Provider.API.Retry.Wait(answer.Header.Get, t.door.Now()); ok {
				wait = asked
			}
		}
		if waited += wait; waited > maxWait {
			return answer, err
		}
		if err == nil {
			drain(answer)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-out.Context().Done():
			timer.Stop()
			return nil, out.Context().Err()
		}
	}
}

// buffer keeps the body of a request that may be repeated: one that does not do a thing twice (RFC 9110 §9.2.2), and
// short enough. A longer one streams, after what was read of it.
func (t *trip) buffer(out *http.Request) (body []byte, again bool, err error) {
	idempotent := slices.Contains([]string{http.MethodGet, http.MethodHead, http.MethodPut, http.MethodDelete}, out.Method)
	if !idempotent || out.ContentLength > replayable {
		return nil, false, nil
	}
	if out.Body == nil || out.Body == http.NoBody || out.ContentLength == 0 {
		return nil, true, nil
	}
	body, err = io.ReadAll(io.LimitReader(out.Body, replayable+1))
	if err != nil {
		return nil, false, err
	}
	if len(body) > replayable {
		out.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(body), out.Body), out.Body}
		return nil, false, nil
	}
	_ = out.Body.Close()
	out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return body, true, nil
}

func (t *trip) repeat(out *http.Request, body []byte) *http.Request {
	next := out.Clone(out.Context())
	if body != nil {
		next.Body = io.NopCloser(bytes.NewReader(body))
	}
	return next
}

// repeats reports whether a request is worth repeating after an answer with that status.
func repeats(rules provider.Retry, status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return slices.Contains(rules.Statuses, status)
}

func backoff(tries int) time.Duration {
	wait := firstWait << tries
	return wait/2 + rand.N(wait)
}

// drain reads what is left of a short answer, so that its connection can be used again.
func drain(answer *http.Response) {
	_, _ = io.CopyN(io.Discard, answer.Body, 4<<10)
	_ = answer.Body.Close()
}

// buffers are what answers are copied through.
var buffers = pool{}

type pool struct{}

var free = sync.Pool{New: func() any { b := make([]byte, 32<<10); return &b }}

func (pool) Get() []byte  { return *free.Get().(*[]byte) }
func (pool) Put(b []byte) { free.Put(&b) }
