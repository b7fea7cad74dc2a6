package server

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Run serves a house until ctx ends or SIGTERM or SIGINT comes, then drains it. Once it answers requests it calls
// ready, whose error ends it. A second signal ends the wait for load balancers.
func Run(ctx context.Context, c *Config, ready func(context.Context, *House) error) (err error) {
	c.Tune()
	// A core dump would hold every key.
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		return fault.Wrap(fault.Internal, err, "core dumps cannot be switched off")
	}
	out, err := c.openLog()
	if err != nil {
		return err
	}
	log := NewLog(c, out)
	defer func() { err = errors.Join(err, log.Close(), out.Close()) }()

	stop, release := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer release()
	front, err := Listen(c.Listen, log.Logger())
	if err != nil {
		return err
	}
	c.BaseURL = c.Base(front.Addr())
	asking, err := c.listenMTLS(log.Logger())
	if err != nil {
		return errors.Join(err, front.Close())
	}
	h, err := Build(ctx, c, Parts{Log: log})
	if err != nil {
		return errors.Join(err, front.Close(), asking.Close())
	}
	defer func() { err = errors.Join(err, h.Close()) }()
	if err := h.serve(stop, front, asking, ready); err != nil {
		return errors.Join(err, front.Close(), asking.Close())
	}
	return nil
}

// serve answers requests on front, on the address that asks for client certificates if there is one, and metrics on
// their own address if they have one, until stop ends.
func (h *House) serve(stop context.Context, front, asking *Front, ready func(context.Context, *House) error) error {
	secure, err := h.config.TLS(stop, h.log)
	if err != nil {
		return err
	}
	fronts, failed := []*Front{front}, make(chan error, 3)
	go func() { failed <- front.Serve(h.handler, secure) }()
	if asking != nil {
		mutual, err := h.config.MTLS(secure, h.log)
		if err != nil {
			return err
		}
		fronts = append(fronts, asking)
		go func() { failed <- asking.Serve(h.handler, mutual) }()
	}
	if h.config.MetricsListen != "" {
		own, err := Listen(h.config.MetricsListen, h.log)
		if err != nil {
			return err
		}
		fronts = append(fronts, own)
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", h.metrics.Handler(h.log))
		go func() { failed <- own.Serve(mux, nil) }()
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

// openLog opens what the log is written to: log_file or, without one, standard error; in dev a file beside the
// data, so that the terminal stays readable.
func (c *Config) openLog() (io.WriteCloser, error) {
	path := c.LogPath()
	if path == "" {
		return keepOpen{os.Stderr}, nil
	}
	err := os.MkdirAll(filepath.Dir(path), 0o700)
	if err == nil {
		var file *os.File
		if file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600); err == nil {
			return file, nil
		}
	}
	return nil, fault.Wrap(fault.Invalid, err, "the log file %s cannot be written", path)
}

// LogPath returns the file that the log goes to, or nothing for standard error.
func (c *Config) LogPath() string {
	if c.LogFile == "" && c.Dev {
		return filepath.Join(c.Data, "server.log")
	}
	return c.LogFile
}

// keepOpen is a writer that is not ours to close.
type keepOpen struct{ io.Writer }

func (keepOpen) Close() error { return nil }
