package stream

import (
	"context"
	"time"
)

const (
	// askEvery is how often next is called when nothing happens: it asks the gate.
	askEvery = 7500 * time.Millisecond
	// spacing is the least time between two readings, so that a thousand changes a second are four readings.
	spacing = 250 * time.Millisecond
	// beatEvery is how long a stream is silent. Proxies give up on connections after 30 s and more.
	beatEvery = 15 * time.Second
)

// Follow calls next at once, whenever news comes and every 7.5 s, and sends what it adds to w, until next fails, the caller
// has gone, or the book ends. news gives a channel that is closed when something happens after the call. more says that there
// is more to send at once.
//
// The error is that of next, a [fault.Unavailable] when the node leaves, or one that nobody is there to read.
func (b *Book) Follow(ctx context.Context, w *Writer, news func() <-chan struct{}, next func(context.Context) (more bool, err error)) error {
	for {
		heard, began := news(), time.Now() // before reading, so that nothing is missed that comes meanwhile
		more, err := next(ctx)
		if err != nil {
			return err
		}
		if w.pending.Len() == 0 && time.Since(w.wrote) >= beatEvery {
			w.pending.WriteString(":\n\n")
		}
		if err := w.Flush(); err != nil {
			return err
		}
		if more && !b.left() {
			continue
		}
		if err := b.sleep(ctx, heard, askEvery); err != nil {
			return err
		}
		if err := b.sleep(ctx, nil, spacing-time.Since(began)); err != nil {
			return err
		}
	}
}

func (b *Book) sleep(ctx context.Context, wake <-chan struct{}, most time.Duration) error {
	timer := time.NewTimer(most)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-b.ended:
		return errLeaving
	case <-wake:
	case <-timer.C:
	}
	return nil
}
