package thirdparty_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/test/thirdparty"
)

const size = 8 << 10

// bad starts a server that counts its requests, with a bad network before it.
func bad(t *testing.T) (f *thirdparty.Fault, client *http.Client, asked *atomic.Int64) {
	t.Helper()
	asked = &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = io.WriteString(w, strings.Repeat("x", size))
	}))
	t.Cleanup(server.Close)
	f = thirdparty.Faulty(t, server.URL)
	if f.At(server.URL+"/x") != "http://"+f.Host+"/x" {
		t.Fatalf("its address is %s", f.At(server.URL+"/x"))
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return f, &http.Client{Transport: transport}, asked
}

// ask returns how many bytes came, and how long it took.
func ask(ctx context.Context, f *thirdparty.Fault, client *http.Client) (n int, took time.Duration, err error) {
	began := time.Now()
	r, err := http.NewRequestWithContext(ctx, "POST", "http://"+f.Host, strings.NewReader("grant_type=x")) // POST is not tried again
	if err != nil {
		return 0, 0, err
	}
	response, err := client.Do(r)
	if err != nil {
		return 0, time.Since(began), err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return len(body), time.Since(began), err
}

func TestNetworkIsGoodUntilItIsTold(t *testing.T) {
	f, client, asked := bad(t)
	for range 3 {
		if n, _, err := ask(t.Context(), f, client); n != size || err != nil {
			t.Errorf("%d bytes, %v", n, err)
		}
	}
	if f.Connections() != 1 || asked.Load() != 3 {
		t.Errorf("%d connections, %d requests", f.Connections(), asked.Load())
	}
}

func TestLatencyAndRateTakeTheirTime(t *testing.T) {
	f, client, _ := bad(t)
	f.Behave(thirdparty.Behaviour{Latency: 200 * time.Millisecond})
	if n, took, err := ask(t.Context(), f, client); n != size || err != nil || took < 200*time.Millisecond {
		t.Errorf("latency: %d bytes after %v, %v", n, took, err)
	}
	f.Behave(thirdparty.Behaviour{Rate: 2 * size})
	if n, took, err := ask(t.Context(), f, client); n != size || err != nil || took < 400*time.Millisecond {
		t.Errorf("rate: %d bytes after %v, %v", n, took, err)
	}
	f.Behave(thirdparty.Behaviour{})
	if n, _, err := ask(t.Context(), f, client); n != size || err != nil {
		t.Errorf("afterwards: %d bytes, %v", n, err)
	}
}

func TestResetsAreResets(t *testing.T) {
	f, client, asked := bad(t)
	f.Behave(thirdparty.Behaviour{Refuse: true})
	if _, _, err := ask(t.Context(), f, client); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) && !errors.Is(err, io.EOF) {
		t.Errorf("refused: %v", err)
	}
	if asked.Load() != 0 {
		t.Error("a refused request arrived")
	}
	// The server has done what it was asked, and nobody hears of it.
	f.Behave(thirdparty.Behaviour{CutAfter: 1})
	if n, _, err := ask(t.Context(), f, client); err == nil || n != 0 || asked.Load() != 1 {
		t.Errorf("lost: %d bytes, %v, %d requests", n, err, asked.Load())
	}
	f.Behave(thirdparty.Behaviour{CutAfter: size / 2})
	if n, _, err := ask(t.Context(), f, client); err == nil || n >= size/2 {
		t.Errorf("torn: %d bytes, %v", n, err)
	}
	f.Behave(thirdparty.Behaviour{})
	if n, _, err := ask(t.Context(), f, client); n != size || err != nil {
		t.Errorf("afterwards: %d bytes, %v", n, err)
	}
}

func TestSilenceLastsUntilSomebodyGivesUp(t *testing.T) {
	f, client, asked := bad(t)
	f.Behave(thirdparty.Behaviour{Silent: true})
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, _, err := ask(ctx, f, client); !errors.Is(err, context.DeadlineExceeded) || asked.Load() != 0 {
		t.Errorf("%v, %d requests arrived", err, asked.Load())
	}
}

func TestWhoWaitsForNothingIsHungUpOn(t *testing.T) {
	f, client, _ := bad(t)
	f.Behave(thirdparty.Behaviour{Silent: true})
	outcome := make(chan error, 1)
	go func() {
		_, _, err := ask(t.Context(), f, client)
		outcome <- err
	}()
	for f.Connections() == 0 {
		time.Sleep(time.Millisecond)
	}
	deadline := time.After(20 * time.Second)
	for {
		f.HangUp() // the connection may not have been passed on yet
		select {
		case err := <-outcome:
			if err == nil {
				t.Error("there was an answer")
			}
			return
		case <-deadline:
			t.Fatal("the connection was not ended")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestTLSPassesThrough(t *testing.T) {
	m := thirdparty.MockServer(t)
	f := thirdparty.Faulty(t, m.Issuer)
	r, err := http.NewRequest("POST", f.At(m.TokenURL()), strings.NewReader(url.Values{"grant_type": {"client_credentials"}}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if a := do(t, m.HTTP(nil), r); a.status != http.StatusOK || f.Connections() != 1 {
		t.Errorf("%d %s", a.status, a.text)
	}
}
