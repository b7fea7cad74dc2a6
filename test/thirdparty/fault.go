package thirdparty

import (
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Behaviour is how a bad network treats connections. The zero value passes everything on.
type Behaviour struct {
	// Latency is how long each piece of an answer waits before it goes on.
	Latency time.Duration
	// Rate is how many bytes of answers a second pass on each connection; 0 is as many as come.
	Rate int
	// CutAfter resets a connection once so many bytes of answers have passed on it since it was made; 0 is never. With 1
	// the request arrives and its answer is lost. Bytes of TLS count.
	CutAfter int
	// Refuse resets every connection as soon as it is made, and those that there are.
	Refuse bool
	// Silent swallows requests: whoever asks waits for ever. What the server still has to say is lost, too.
	Silent bool
}

// Fault is a bad network before a server. Its methods may be called from any goroutine, and count at once, on
// connections that there are as well.
type Fault struct {
	// Host is where it listens: 127.0.0.1:port.
	Host string

	target    string
	listener  net.Listener
	behaviour atomic.Pointer[Behaviour]
	accepted  atomic.Int64
	end       chan struct{} // closed when the test ends
	group     sync.WaitGroup

	mu   sync.Mutex
	open map[*link]struct{}
}

// link is one connection with its other half.
type link struct {
	near, far *net.TCPConn // of whoever asks, of the server
	passed    int          // bytes of answers
}

// Faulty puts a bad network before a server, whose address is host:port or a URL, until the test ends. It is bad once
// [Fault.Behave] says how. TLS passes through: the servers of this package are good for its address, too.
func Faulty(t testing.TB, target string) *Fault {
	t.Helper()
	if u, err := url.Parse(target); err == nil && u.Host != "" {
		target = u.Host
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &Fault{
		Host: listener.Addr().String(), target: target, listener: listener, end: make(chan struct{}), open: map[*link]struct{}{},
	}
	f.behaviour.Store(&Behaviour{})
	f.group.Go(f.accept)
	t.Cleanup(func() {
		close(f.end)
		_ = listener.Close()
		f.HangUp()
		f.group.Wait()
	})
	return f
}

// At returns an address of the server as it is reached through the network.
func (f *Fault) At(address string) string { return strings.Replace(address, f.target, f.Host, 1) }

// Behave says how connections are treated from now on.
func (f *Fault) Behave(b Behaviour) {
	f.behaviour.Store(&b)
	if b.Refuse {
		f.HangUp()
	}
}

// HangUp resets every connection that there is.
func (f *Fault) HangUp() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for l := range f.open {
		l.reset()
	}
}

// Connections returns how many connections were made so far, refused ones included.
func (f *Fault) Connections() int { return int(f.accepted.Load()) }

func (f *Fault) accept() {
	for {
		conn, err := f.listener.Accept()
		if err != nil {
			return
		}
		f.accepted.Add(1)
		near := conn.(*net.TCPConn)
		if f.behaviour.Load().Refuse {
			reset(near)
			continue
		}
		f.group.Go(func() { f.serve(near) })
	}
}

// serve passes on what comes until one side has had enough.
func (f *Fault) serve(near *net.TCPConn) {
	conn, err := net.DialTimeout("tcp", f.target, 5*time.Second)
	if err != nil {
		reset(near)
		return
	}
	l := &link{near: near, far: conn.(*net.TCPConn)}
	f.mu.Lock()
	f.open[l] = struct{}{}
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		delete(f.open, l)
		f.mu.Unlock()
		_ = l.near.Close()
		_ = l.far.Close()
	}()
	if f.ended() || f.behaviour.Load().Refuse { // since it was looked at
		l.reset()
		return
	}
	var there sync.WaitGroup
	there.Go(func() { f.carry(l, l.near, l.far, f.ask) })
	f.carry(l, l.far, l.near, func(to *net.TCPConn, piece []byte) error { return f.answer(l, to, piece) })
	there.Wait()
}

var errCut = errors.New("cut")

// carry takes pieces from one side to the other; the end of one side's words is passed on as well.
func (f *Fault) carry(l *link, from, to *net.TCPConn, pass func(*net.TCPConn, []byte) error) {
	buffer := make([]byte, 16<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			if err := pass(to, buffer[:n]); err != nil {
				reset(from)
				reset(to)
				return
			}
		}
		switch {
		case errors.Is(err, io.EOF) && f.behaviour.Load().Silent:
			if from == l.near {
				reset(to)
			} // else whoever asks does not learn that the server has hung up
			return
		case errors.Is(err, io.EOF):
			_ = to.CloseWrite()
			return
		case err != nil:
			reset(to)
			return
		}
	}
}

func (f *Fault) ask(to *net.TCPConn, piece []byte) error {
	if f.behaviour.Load().Silent {
		return nil
	}
	_, err := to.Write(piece)
	return err
}

// answer passes on a piece of an answer, in smaller ones if the rate asks for it.
func (f *Fault) answer(l *link, to *net.TCPConn, piece []byte) error {
	f.wait(f.behaviour.Load().Latency)
	for len(piece) > 0 {
		b := f.behaviour.Load() // it may have changed in a long answer
		if b.Silent {
			return nil
		}
		part := piece
		if b.Rate > 0 {
			const beats = 20 // a second
			part = piece[:min(len(piece), max(1, b.Rate/beats))]
			f.wait(time.Duration(len(part)) * time.Second / time.Duration(b.Rate))
		}
		cut := b.CutAfter > 0 && l.passed+len(part) >= b.CutAfter
		if cut {
			part = part[:max(0, b.CutAfter-1-l.passed)]
		}
		if _, err := to.Write(part); err != nil {
			return err
		}
		l.passed += len(part)
		piece = piece[len(part):]
		if cut {
			return errCut
		}
	}
	return nil
}

// wait returns after d, or when the test ends.
func (f *Fault) wait(d time.Duration) {
	if d <= 0 {
		return
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-f.end:
	}
}

func (f *Fault) ended() bool {
	select {
	case <-f.end:
		return true
	default:
		return false
	}
}

func (l *link) reset() {
	reset(l.near)
	reset(l.far)
}

// reset closes a connection with an RST, as a process that crashed or a firewall does.
func reset(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}
