package web

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/counterfoil/counterfoil/internal/fault"
)

func TestRefusalsLeaveOnTheGrid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Grid
		for work, want := range map[time.Duration]time.Duration{
			0: 50 * time.Millisecond, time.Microsecond: 50 * time.Millisecond, 49 * time.Millisecond: 50 * time.Millisecond,
			50 * time.Millisecond: 100 * time.Millisecond, 120 * time.Millisecond: 150 * time.Millisecond,
		} {
			began := time.Now()
			time.Sleep(work)
			if err := g.Wait(t.Context(), began); err != nil || time.Since(began) != want {
				t.Errorf("after %v of work: %v, %v; want %v", work, time.Since(began), err, want)
			}
		}
	})
}

func TestRefusalDoesNotOutliveItsRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Grid
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		time.AfterFunc(10*time.Millisecond, cancel)
		if err := g.Wait(ctx, began); err != nil || time.Since(began) != 10*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(began))
		}
	})
}

func TestCrowdOfRefusalsIsTurnedAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g Grid
		began := time.Now()
		for range gridLimit {
			go func() { _ = g.Wait(t.Context(), began) }()
		}
		synctest.Wait()
		if err := g.Wait(t.Context(), began); !fault.Is(err, fault.Exhausted) || time.Since(began) != 0 {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		time.Sleep(gridStep)
		synctest.Wait()
		if n := g.waiting.Load(); n != 0 {
			t.Errorf("%d still counted as waiting", n)
		}
		if err := g.Wait(t.Context(), time.Now()); err != nil {
			t.Errorf("still turned away: %v", err)
		}
	})
}
