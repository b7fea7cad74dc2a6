package client

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// LedgerLine is one line of an export: an event, or the end.
type LedgerLine struct {
	// Event is nil on the last line only.
	Event *LedgerEvent
	// End is what the last line says; nil before.
	End *LedgerEnd
	// Text is the line as it came, without its end, until the next line is asked for. Who keeps every line and a line end behind
	// each has the file that the server sent.
	Text []byte
}

// LedgerEnd closes an export: without it the file was cut off.
type LedgerEnd struct {
	Environment string `json:"environment"`
	// Count is how many events came before.
	Count int64 `json:"count"`
	// Head is the end of the ledger when the export began; what happened later is not in it.
	Head LedgerPosition `json:"head"`
}

// LedgerPosition is a place in the chain.
type LedgerPosition struct {
	Number int64 `json:"number"`
	// Hash is in hexadecimal.
	Hash string `json:"hash"`
}

// ExportLedger yields the events that q chooses, the oldest first, in one answer, and at last a line with the end. An export that
// breaks off, on the way or by the server, is an error and not an end; q.After set to the last number goes on. Newest and Page of q
// do not count. The ledger notes every export, so one that fails is not begun again here. Needs ledger:read.
func (c *Client) ExportLedger(ctx context.Context, q LedgerQuery) iter.Seq2[*LedgerLine, error] {
	return func(yield func(*LedgerLine, error) bool) {
		query := url.Values{}
		if q.After > 0 {
			query.Set("after", strconv.FormatInt(q.After, 10))
		}
		q.choose(query)
		q.bound(query)
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		idle := time.AfterFunc(silence, cancel)
		defer idle.Stop()
		what := request{method: http.MethodGet, path: at("ledger", "export"), query: query, accept: "application/x-ndjson"}
		body, err := c.open(ctx, what)
		if problem, refused := err.(*Problem); refused && problem.Status == http.StatusUnauthorized { //nolint:errorlint // made right there
			body, err = c.open(ctx, what) // the token died early; once with a new one
		}
		if err != nil {
			yield(nil, err)
			return
		}
		defer func() { _ = body.Close() }()
		x := &exportReader{lines: bufio.NewReaderSize(body, 64<<10), idle: idle}
		for x.end == nil {
			line, err := x.next()
			if !yield(line, err) || err != nil {
				return
			}
		}
	}
}

// exportReader reads an export.
type exportReader struct {
	lines *bufio.Reader
	idle  *time.Timer // runs only while the server is waited for: who is slow with a line waits for nobody
	text  []byte
	count int64
	last  int64
	end   *LedgerEnd
}

func (x *exportReader) next() (*LedgerLine, error) {
	x.idle.Reset(silence)
	err := x.read()
	x.idle.Stop()
	if err != nil {
		return nil, fmt.Errorf("client: the export of the ledger was cut off after event %d: %w", x.last, err)
	}
	var line struct {
		LedgerEvent
		End    *LedgerEnd `json:"end"`
		Broken *struct {
			Code   string `json:"code"`
			Detail string `json:"detail"`
		} `json:"broken"`
	}
	if err := json.Unmarshal(x.text, &line); err != nil {
		return nil, fmt.Errorf("client: the export of the ledger is not what this version knows: %w", err)
	}
	switch {
	case line.Broken != nil:
		return nil, fmt.Errorf("client: the server broke the export of the ledger off after event %d: %s", x.last, line.Broken.Detail)
	case line.End == nil && line.Number <= x.last, line.End != nil && line.End.Count != x.count:
		return nil, fmt.Errorf("client: the export of the ledger has lost events or their order after event %d", x.last)
	case line.End != nil:
		x.end = line.End
		return &LedgerLine{End: line.End, Text: x.text}, nil
	}
	x.count++
	x.last = line.Number
	return &LedgerLine{Event: &line.LedgerEvent, Text: x.text}, nil
}

// read takes the next line, whole.
func (x *exportReader) read() error {
	x.text = x.text[:0]
	for {
		part, err := x.lines.ReadSlice('\n')
		x.text = append(x.text, part...)
		switch {
		case len(x.text) > maxAnswer:
			return fmt.Errorf("a line is larger than %d bytes", maxAnswer)
		case err == nil:
			x.text = bytes.TrimSuffix(x.text, []byte("\n"))
			return nil
		case err == io.EOF:
			return io.ErrUnexpectedEOF
		case err != bufio.ErrBufferFull: //nolint:errorlint // bufio returns it as it is
			return err
		}
	}
}

// open sends r and returns the answer as it comes, without a bound in time but that of ctx. A refusal is a [*Problem]; one of the
// token has a new one got next time.
func (c *Client) open(ctx context.Context, r request) (io.ReadCloser, error) {
	token, err := c.tokens.get(ctx)
	if err != nil {
		return nil, err
	}
	sent, err := c.build(ctx, r, nil, token)
	if err != nil {
		return nil, err
	}
	sent.Header.Set("User-Agent", c.wire.agent)
	endless := *c.wire.http
	endless.Timeout = 0 // it bounds an answer with its body
	answer, err := endless.Do(sent)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode == http.StatusOK {
		return answer.Body, nil
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode == http.StatusUnauthorized {
		c.tokens.drop(token)
	}
	body, _ := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	return nil, problemOf(answer.StatusCode, answer.Header, body)
}
