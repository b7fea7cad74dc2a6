package web

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/counterfoil/counterfoil/internal/fault"
)

const (
	// gridStep is longer than any check of a client, so that nearly every refusal leaves after one step and its
	// time says nothing about how far the check went.
	gridStep = 50 * time.Millisecond
	// gridLimit bounds the refusals that wait at the same time, each with a goroutine and a connection.
	gridLimit = 4096
)

// Grid delays refusals of clients so that they take equal time without costing any. The zero value is ready.
type Grid struct{ waiting atomic.Int64 }

// Wait returns at the next multiple of 50 ms since began, at the latest when ctx ends. When 4096 refusals are
// waiting already it returns [fault.Exhausted] at once: the door then answers 429, which is as silent about the
// cause as waiting is.
func (g *Grid) Wait(ctx context.Context, began time.Time) error {
	defer g.waiting.Add(-1)
	if g.waiting.Add(1) > gridLimit {
		return fault.New(fault.Exhausted, "too many failed attempts at the moment: try again later")
	}
	timer := time.NewTimer(gridStep - time.Since(began)%gridStep)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return nil
}
