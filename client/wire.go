package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"
)

const (
	// maxAnswer bounds what is read of one answer; a full page of ledger events stays well below.
	maxAnswer = 16 << 20
	// maxWait is the longest pause the server may ask for; beyond it the caller decides.
	maxWait = 10 * time.Second
	// firstWait is the mean pause before the first repetition; it doubles with each further one.
	firstWait = 200 * time.Millisecond
)

// wire sends requests and repeats those that may be repeated.
type wire struct {
	http    *http.Client
	retries int
	agent   string
}

func newWire(h *http.Client, retries int, agent string) *wire {
	own := http.Client{Timeout: defaultTimeout}
	if h != nil {
		own = *h
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	if retries == 0 {
		retries = 2
	}
	if agent == "" {
		agent = "counterfoil-go"
	}
	return &wire{http: &own, retries: max(retries, 0), agent: agent}
}

// answer is a whole answer: a body cut short counts as a lost answer, so it is read before anything is decided.
type answer struct {
	status   int
	header   http.Header
	body     []byte
	attempts int
}

// exchange sends the request that build returns until it is answered, or may not be sent again.
func (w *wire) exchange(ctx context.Context, repeatable bool, build func() (*http.Request, error)) (*answer, error) {
	for attempt := 1; ; attempt++ {
		req, err := build()
		if err != nil {
			return nil, err
		}
		req.Header.Set("User-Agent", w.agent)
		got, err := w.once(req)
		final := !repeatable || attempt > w.retries
		switch {
		case err != nil:
			if final || ctx.Err() != nil {
				return nil, err
			}
			got = &answer{header: http.Header{}}
		case final || !passing(got.status) && !overtaken(req, attempt, got.status):
			got.attempts = attempt
			return got, nil
		}
		pause := firstWait << (attempt - 1)
		// Between half and one and a half of it, so that clients cut off together do not return together.
		pause = pause/2 + rand.N(pause)
		asked := retryAfter(got.header)
		if asked > maxWait {
			got.attempts = attempt
			return got, nil
		}
		pause = max(pause, asked)
		if !sleep(ctx, pause) {
			return nil, fmt.Errorf("client: gave up while waiting to repeat the request: %w", context.Cause(ctx))
		}
	}
}

func (w *wire) once(req *http.Request) (*answer, error) {
	resp, err := w.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, fmt.Errorf("client: the answer to %s %s broke off: %w", req.Method, req.URL.Path, err)
	}
	if len(body) > maxAnswer {
		return nil, fmt.Errorf("client: the answer to %s %s is larger than %d bytes", req.Method, req.URL.Path, maxAnswer)
	}
	return &answer{status: resp.StatusCode, header: resp.Header, body: body}, nil
}

// passing reports whether a status speaks of a condition that may be over in a moment.
func passing(status int) bool {
	switch status {
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	}
	return false
}

// overtaken reports that a creation is repeated while its first attempt, whose answer we did not get, still runs. A
// conflict of another kind says the same again.
func overtaken(req *http.Request, attempt, status int) bool {
	return attempt > 1 && status == http.StatusConflict && req.Header.Get("Idempotency-Key") != ""
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func newRequest(ctx context.Context, method, target string, payload []byte) (*http.Request, error) {
	var body io.Reader
	if payload != nil {
		body = bytes.NewReader(payload)
	}
	req, err := http.NewRequestWithContext(ctx, method, target, body)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	return req, nil
}
