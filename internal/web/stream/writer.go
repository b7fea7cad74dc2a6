package stream

import (
	"bytes"
	"net/http"
	"strconv"
	"time"
)

const (
	// writeTime is how long a caller may take to receive one batch. Deadlines of connections are by the real clock.
	writeTime = 30 * time.Second
	// comeBack is when a browser opens a stream again that broke off.
	comeBack = 2 * time.Second
)

// Writer writes one event stream.
type Writer struct {
	w       http.ResponseWriter
	control *http.ResponseController
	pending bytes.Buffer
	wrote   time.Time
	failed  error
}

// Headers marks an answer that goes on: it is of that type, and no proxy on the way may keep it back or pack it.
func Headers(h http.Header, kind string) {
	h["Content-Type"] = []string{kind}
	h["Cache-Control"] = []string{"no-store, no-transform"}
	h["X-Accel-Buffering"] = []string{"no"}
}

// Begin begins an event stream as the answer to a request: the headers are sent at once, with the words for how soon to come
// back.
func Begin(w http.ResponseWriter) *Writer {
	s := Unbounded(w)
	Headers(w.Header(), "text/event-stream")
	w.WriteHeader(http.StatusOK)
	s.pending.WriteString("retry: " + strconv.FormatInt(comeBack.Milliseconds(), 10) + "\n\n")
	return s
}

// Unbounded takes the bound off how long a whole answer may take; every [Writer.Flush] sets its own.
func Unbounded(w http.ResponseWriter) *Writer {
	s := &Writer{w: w, control: http.NewResponseController(w), wrote: time.Now()}
	// Otherwise net/http takes the end of the time to read for the end of the caller.
	_ = s.control.SetReadDeadline(time.Time{}) // a writer that cannot is one without a connection, in tests
	return s
}

// Event adds an event. An empty id leaves the one before in force. Each line of data becomes one of the event.
func (s *Writer) Event(id, kind string, data []byte) {
	if id != "" {
		s.pending.WriteString("id: " + id + "\n")
	}
	s.pending.WriteString("event: " + kind + "\n")
	for line := range bytes.SplitSeq(data, []byte("\n")) {
		s.pending.WriteString("data: ")
		s.pending.Write(line)
		s.pending.WriteByte('\n')
	}
	s.pending.WriteByte('\n')
}

// Line adds a line of an answer that is no event stream.
func (s *Writer) Line(text []byte) {
	s.pending.Write(text)
	s.pending.WriteByte('\n')
}

// Flush sends what was added. It fails when the caller has gone, or did not take it within half a minute; the stream is over
// then.
func (s *Writer) Flush() error {
	if s.failed != nil || s.pending.Len() == 0 {
		return s.failed
	}
	_ = s.control.SetWriteDeadline(time.Now().Add(writeTime))
	_, s.failed = s.w.Write(s.pending.Bytes())
	if s.failed == nil {
		s.failed = s.control.Flush()
	}
	s.pending.Reset()
	s.wrote = time.Now()
	return s.failed
}
