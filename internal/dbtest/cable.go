package dbtest

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// Cable is the way to a PostgreSQL database, which a test can cut and mend without a word to the database.
type Cable struct {
	// DSN reaches the database through the cable.
	DSN string

	t        testing.TB
	at, to   string
	mu       sync.Mutex
	listener net.Listener // nil while the cable is cut
	ends     []net.Conn
}

// Through lays a cable to the PostgreSQL database at dsn; it lasts until the test ends.
func Through(t testing.TB, dsn string) *Cable {
	t.Helper()
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatalf("read the address of the database: %v", err)
	}
	c := &Cable{t: t, at: "127.0.0.1:0", to: u.Host}
	c.Mend()
	c.at = c.listener.Addr().String()
	u.Host = c.at
	c.DSN = u.String()
	t.Cleanup(c.Cut)
	return c
}

// Cut ends all connections and refuses new ones.
func (c *Cable) Cut() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.listener != nil {
		_ = c.listener.Close()
		c.listener = nil
	}
	for _, end := range c.ends {
		_ = end.Close()
	}
	c.ends = nil
}

// Mend accepts connections again, at the same address.
func (c *Cable) Mend() {
	c.t.Helper()
	listener, err := net.Listen("tcp", c.at)
	if err != nil {
		c.t.Fatalf("lay a cable to the database: %v", err)
	}
	c.mu.Lock()
	c.listener = listener
	c.mu.Unlock()
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			c.join(listener, near)
		}
	}()
}

// join connects one end to the database, unless the cable was cut since it was accepted.
func (c *Cable) join(listener net.Listener, near net.Conn) {
	far, err := net.Dial("tcp", c.to)
	if err != nil {
		_ = near.Close()
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.listener != listener {
		_, _ = near.Close(), far.Close()
		return
	}
	c.ends = append(c.ends, near, far)
	carry := func(to, from net.Conn) {
		_, _ = io.Copy(to, from)
		_, _ = to.Close(), from.Close()
	}
	go carry(near, far)
	go carry(far, near)
}
