package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const (
	// silence is how long a stream may be silent before it counts as broken; the server says something every 15 s.
	silence = 45 * time.Second
	// comeBack is the mean pause before a stream that broke off is opened again; it doubles up to longestPause while that fails.
	comeBack     = time.Second
	longestPause = 30 * time.Second
)

// FollowLedger yields what happens as it happens, from after q.After on: each event once and in order. A stream that breaks off
// is opened again where it was; the end is when ctx ends, the caller stops, or the server refuses for good, which is an error:
// a [*Problem] with status 409 when the ledger was set back and must be read from the start. Newest, From, To and Page of q do not count.
// Needs ledger:read.
func (c *Client) FollowLedger(ctx context.Context, q LedgerQuery) iter.Seq2[*LedgerEvent, error] {
	return func(yield func(*LedgerEvent, error) bool) {
		f := &follower{client: c, query: q, last: q.After, yield: yield}
		failures := 0
		for refused := 0; ; {
			before := f.opened
			err := f.once(ctx)
			if f.stopped {
				return
			}
			failures++
			if f.opened > before {
				failures, refused = 0, 0
			}
			problem, final := err.(*Problem) //nolint:errorlint // made right here
			switch {
			case ctx.Err() != nil:
				yield(nil, ctx.Err())
				return
			case final && problem.Status == http.StatusUnauthorized && refused == 0:
				refused++ // the token died early; once with a new one
				continue
			case final && !passing(problem.Status):
				yield(nil, err)
				return
			case f.opened == 0 && failures > c.wire.retries:
				yield(nil, err) // it never worked
				return
			}
			pause := min(comeBack<<min(failures, 5), longestPause)
			if !sleep(ctx, pause/2+rand.N(pause)) {
				yield(nil, ctx.Err())
				return
			}
		}
	}
}

// follower follows one ledger through any number of streams.
type follower struct {
	client  *Client
	query   LedgerQuery
	last    int64 // the number to go on from; -1 before the first stream from the end on
	opened  int
	stopped bool
	yield   func(*LedgerEvent, error) bool
}

// once opens a stream and passes on what comes until it breaks off.
func (f *follower) once(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	idle := time.AfterFunc(silence, cancel)
	defer idle.Stop()
	query := url.Values{"after": {strconv.FormatInt(f.last, 10)}}
	f.query.choose(query)
	body, err := f.client.open(ctx, request{method: http.MethodGet, path: at("ledger", "stream"), query: query, accept: "text/event-stream"})
	if err != nil {
		return err
	}
	defer func() { _ = body.Close() }()
	return f.read(body, func() { idle.Reset(silence) })
}

// read passes on the events of a stream (WHATWG HTML §9.2.6, as far as the server uses it).
func (f *follower) read(body io.Reader, heard func()) error {
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, maxAnswer)
	var kind, data []byte
	for lines.Scan() {
		heard()
		name, value, _ := bytes.Cut(lines.Bytes(), []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch {
		case len(lines.Bytes()) == 0:
			if err := f.take(string(kind), data); err != nil || f.stopped {
				return err
			}
			kind, data = nil, nil
		case string(name) == "event":
			kind = bytes.Clone(value)
		case string(name) == "data":
			data = append(data, value...)
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("client: the stream of the ledger broke off: %w", err)
	}
	return io.ErrUnexpectedEOF
}

// take deals with one event.
func (f *follower) take(kind string, data []byte) error {
	switch kind {
	case "start":
		f.opened++
		var start struct{ After int64 }
		if err := json.Unmarshal(data, &start); err != nil {
			return fmt.Errorf("client: the stream of the ledger is not what this version knows: %w", err)
		}
		f.last = start.After
	case "ledger":
		event := new(LedgerEvent)
		if err := json.Unmarshal(data, event); err != nil {
			return fmt.Errorf("client: the stream of the ledger is not what this version knows: %w", err)
		}
		f.last = event.Number
		f.stopped = !f.yield(event, nil)
	case "end":
		var end struct{ Code, Detail string }
		_ = json.Unmarshal(data, &end)
		if end.Code == "rewritten" {
			return &Problem{Status: http.StatusConflict, Title: http.StatusText(http.StatusConflict), Detail: end.Detail, Code: end.Code}
		}
	}
	return nil
}
