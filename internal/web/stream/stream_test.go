package stream_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/web/stream"
)

func TestAnEventHasTheFormOfTheStandard(t *testing.T) {
	answer := httptest.NewRecorder()
	w := stream.Begin(answer)
	w.Event("7", "ledger", []byte("one\ntwo"))
	w.Event("", "end", nil)
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	want := "retry: 2000\n\nid: 7\nevent: ledger\ndata: one\ndata: two\n\nevent: end\ndata: \n\n"
	if got := answer.Body.String(); got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// A silent stream asks the gate at least every 10 s and shows every 15 s that it lives; a busy one reads four times a second.
func TestFollowingAsksBeatsAndWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		answer, asked := httptest.NewRecorder(), 0
		silent := func() <-chan struct{} { return nil }
		err := stream.NewBook().Follow(ctx, stream.Begin(answer), silent, func(context.Context) (bool, error) {
			asked++
			return false, nil
		})
		if !errors.Is(err, context.DeadlineExceeded) || asked < 7 {
			t.Errorf("%v after asking %d times in a minute", err, asked)
		}
		if beats := strings.Count(answer.Body.String(), ":\n\n"); beats < 3 || beats > 4 {
			t.Errorf("%d heartbeats in a minute", beats)
		}
		ctx, cancel = context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		always := make(chan struct{})
		close(always)
		asked = 0
		_ = stream.NewBook().Follow(ctx, stream.Begin(answer), func() <-chan struct{} { return always }, func(context.Context) (bool, error) {
			asked++
			return false, nil
		})
		if asked < 35 || asked > 45 {
			t.Errorf("%d readings in 10 s of news", asked)
		}
	})
}

func TestNewsThatComesWhileReadingIsNotMissed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, asked := time.Now(), 0
		news := make(chan struct{})
		stop := errors.New("stop")
		err := stream.NewBook().Follow(t.Context(), stream.Begin(httptest.NewRecorder()), func() <-chan struct{} { return news }, func(context.Context) (bool, error) {
			if asked++; asked == 2 {
				return false, stop
			}
			close(news)
			return false, nil
		})
		if !errors.Is(err, stop) || time.Since(began) > time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestABookIsFull(t *testing.T) {
	b, here, me := stream.NewBook(), uuid.New(), uuid.New()
	open := func(n int, environment uuid.UUID) {
		t.Helper()
		for range n {
			if _, err := b.Open(environment, uuid.New()); err != nil {
				t.Fatal(err)
			}
		}
	}
	var mine []func()
	for range 8 {
		release, err := b.Open(here, me)
		if err != nil {
			t.Fatal(err)
		}
		mine = append(mine, release)
	}
	if _, err := b.Open(here, me); !fault.Is(err, fault.Exhausted) {
		t.Errorf("one too many of a caller: %v", err)
	}
	open(64-8, here)
	if _, err := b.Open(here, uuid.New()); !fault.Is(err, fault.Exhausted) {
		t.Errorf("one too many of an environment: %v", err)
	}
	for range 3 {
		open(64, uuid.New()) // others have theirs all the same
	}
	if _, err := b.Open(uuid.New(), uuid.New()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("one too many of the node: %v", err)
	}
	mine[0]()
	mine[0]() // counts once
	if _, err := b.Open(here, me); err != nil || b.Count() != 256 {
		t.Errorf("%v, %d", err, b.Count())
	}
	b.End()
	mine[1]()
	if _, err := b.Open(here, me); !fault.Is(err, fault.Unavailable) {
		t.Errorf("on a node that leaves: %v", err)
	}
}
