package server

import (
	"context"
	"errors"
	"net/http"
	"os/signal"
	"syscall"
	"time"

	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/server/config"
	"github.com/counterfoil/counterfoil/internal/server/front"
)

// Run serves a house until ctx ends or SIGTERM or SIGINT comes, then drains it. Once it answers requests it calls
// ready, whose error ends it. A second signal ends the wait for load balancers.
func Run(ctx context.Context, c *config.Config, ready func(context.Context, *House) error) (err error) {
	c.Tune()
	// A core dump would hold every key.
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		return fault.Wrap(fault.Internal, err, "core dumps cannot be switched off")
	}
	out, err := c.OpenLog()
	if err != nil {
		return err
	}
	log := NewLog(c, out)
	defer func() { err = errors.Join(err, log.Close(), out.Close()) }()

	stop, release := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer release()
	public, err := front.Listen(c.Listen, log.Logger())
	if err != nil {
		return err
	}
	c.BaseURL = c.Base(public.Addr())
	asking, err := front.ListenMutual(c, log.Logger())
	if err != nil {
		return errors.Join(err, public.Close())
	}
	h, err := Build(ctx, c, Parts{Log: log})
	if err != nil {
		return errors.Join(err, public.Close(), asking.Close())
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	if err := h.serve(stop, public, asking, ready); err != nil {
		return errors.Join(err, public.Close(), asking.Close())
	}
	return nil
}

// serve answers requests on public, on the address that asks for client certificates if there is one, and metrics on
// their own address if they have one, until stop ends.
func (h *House) serve(stop context.Context, public, asking *front.Front, ready func(context.Context, *House) error) error {
	secure, err := front.TLS(stop, h.config, h.log)
	if err != nil {
		return err
	}
	fronts, failed := []*front.Front{public}, make(chan error, 3)
	go func() { failed <- public.Serve(h.handler, secure) }()
	if asking != nil {
		mutual, err := front.MutualTLS(h.config, secure, h.log)
		if err != nil {
			return err
		}
		fronts = append(fronts, asking)
		go func() { failed <- asking.Serve(h.handler, mutual) }()
	}
	if h.config.MetricsListen != "" {
		own, err := front.Listen(h.config.MetricsListen, h.log)
		if err != nil {
			return err
		}
		fronts = append(fronts, own)
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", h.metrics.Handler(h.log))
		go func() { failed <- own.Serve(mux, nil) }()
	}
	for _, f := range fronts {
		f.OnLeave(h.streams.End)
	}
	if err := ready(stop, h); err != nil {
		return err
	}
	// Last, because scripts that wait for the file need what ready left behind, and /readyz to agree with it.
	h.awaitReady(stop)
	if err := h.config.WriteReadyFile(h.config.BaseURL); err != nil {
		return err
	}
	select {
	case err := <-failed:
		return err
	case <-stop.Done():
	}
	again, release := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer release()
	return h.drain.Run(again, h.config.ShutdownDelay, h.config.ShutdownGrace, fronts...)
}

// awaitReady returns once the house is ready, or when it need not be any more.
func (h *House) awaitReady(ctx context.Context) {
	for ctx.Err() == nil && !h.Ready() {
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Millisecond):
		}
	}
}
