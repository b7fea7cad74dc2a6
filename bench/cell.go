package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"
)

//go:embed post.lua
var postScript []byte

// request is one prepared POST, or a GET if it has no body.
type request struct {
	authorization string // empty: none
	certificate   string // the Client-Cert header of a proxy (RFC 9440); empty: none
	connection    string // the Counterfoil-Connection header; empty: none
	body          string
}

// load is what is sent to a server in one cell.
type load struct {
	server   *process
	path     string
	requests []request // walked through by the generator; none: GET
	once     bool      // never send one twice
	probe    request   // sent by itself before and after the cell
	expect   string    // stands in every right answer
}

// saturated is the share of its core that a server uses when the generator keeps it busy and nobody else is on the
// machine. From pressing connections on, a server with less was disturbed.
const (
	saturated = 0.90
	pressing  = 16
)

func (c cell) disturbed() bool {
	return c.Invalid == "" && c.Concurrency >= pressing && c.Core < saturated
}

// cell is one measurement.
type cell struct {
	Row         string  `json:"row"`
	Against     string  `json:"against,omitempty"`
	Concurrency int     `json:"concurrency"`
	Round       int     `json:"round"`
	Requests    int     `json:"requests"`
	Rate        float64 `json:"requests_per_second"`
	P50         float64 `json:"p50_ms"`
	P99         float64 `json:"p99_ms"`
	CPU         float64 `json:"cpu_us_per_request"`
	RSS         float64 `json:"rss_mb"`
	Core        float64 `json:"core"`    // share of the core that the server had
	Logged      float64 `json:"logged"`  // lines of log per request
	Invalid     string  `json:"invalid"` // why the figures do not count; empty when they do
}

// result is the line that post.lua prints.
type result struct {
	Requests, Microseconds, P50, P99, Exhausted, Wrong int
	Connect, Read, Write, Timeout                      int
}

// run measures one cell. What makes the figures worthless is said in cell.Invalid; an error is a measurement
// that could not be made.
func (b *bench) run(ctx context.Context, l load, concurrency, seconds int) (cell, error) {
	if err := l.check(); err != nil {
		return cell{Concurrency: concurrency, Invalid: err.Error()}, nil //nolint:nilerr // the cell says it
	}
	l.server.takeLog()
	began := time.Now()
	cpuBefore, err := l.server.cpu()
	if err != nil {
		return cell{}, err
	}
	r, err := b.wrk(ctx, l, concurrency, seconds)
	if err != nil {
		return cell{}, err
	}
	elapsed, rss := time.Since(began), l.server.rss()
	cpuAfter, err := l.server.cpu()
	if err != nil {
		return cell{}, fmt.Errorf("%s ended during the measurement: %s", l.server.name, l.server.lastWords())
	}
	used, requests := cpuAfter-cpuBefore, float64(max(r.Requests, 1))
	c := cell{
		Concurrency: concurrency,
		Requests:    r.Requests,
		Rate:        float64(r.Requests) / float64(r.Microseconds) * 1e6,
		P50:         float64(r.P50) / 1e3,
		P99:         float64(r.P99) / 1e3,
		CPU:         float64(used.Microseconds()) / requests,
		RSS:         rss,
		Core:        used.Seconds() / elapsed.Seconds(),
		Logged:      float64(l.server.takeLog()) / requests,
		Invalid:     r.invalid(),
	}
	if err := l.check(); err != nil && c.Invalid == "" {
		c.Invalid = "afterwards: " + err.Error()
	}
	return c, nil
}

// wrk drives the load on the other core and returns what it counted.
func (b *bench) wrk(ctx context.Context, l load, concurrency, seconds int) (result, error) {
	var r result
	args := []string{
		"-c", loadCore, "wrk", "-t1", fmt.Sprintf("-c%d", concurrency), fmt.Sprintf("-d%ds", seconds),
		"-s", b.script, l.server.url + l.path, "--", l.expect,
	}
	if len(l.requests) > 0 {
		file, err := l.write(b.work)
		if err != nil {
			return r, err
		}
		defer func() { _ = os.Remove(file) }()
		mode := "loop"
		if l.once {
			mode = "once"
		}
		args = append(args, file, mode)
	}
	output, err := exec.CommandContext(ctx, "taskset", args...).CombinedOutput()
	if err != nil {
		return r, fmt.Errorf("wrk: %w: %s", err, output)
	}
	_, line, found := bytes.Cut(output, []byte("\nRESULT "))
	if !found {
		return r, fmt.Errorf("wrk printed no result: %s", output)
	}
	return r, json.NewDecoder(bytes.NewReader(line)).Decode(&r)
}

// invalid says why the result does not count.
func (r result) invalid() string {
	switch {
	case r.Connect+r.Read+r.Write+r.Timeout > 0:
		return fmt.Sprintf("socket errors: %d connect, %d read, %d write, %d timeout", r.Connect, r.Read, r.Write, r.Timeout)
	case r.Wrong > 0:
		return fmt.Sprintf("%d of %d answers were not what was asked for", r.Wrong, r.Requests)
	case r.Exhausted > 0:
		return "ran out of requests never sent before"
	case r.Requests == 0:
		return "no answer"
	}
	return ""
}

// check sends the probe and tells what came instead of a right answer: wrk only counts.
func (l load) check() error {
	method, body := http.MethodGet, io.Reader(http.NoBody)
	if l.probe.body != "" {
		method, body = http.MethodPost, strings.NewReader(l.probe.body)
	}
	r, err := http.NewRequest(method, l.server.url+l.path, body)
	if err != nil {
		return err
	}
	for name, value := range map[string]string{"Authorization": l.probe.authorization, "Client-Cert": l.probe.certificate, "Counterfoil-Connection": l.probe.connection} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := apiClient.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK || !bytes.Contains(text, []byte(l.expect)) {
		return fmt.Errorf("%s: wanted 200 and %s, got %s: %s", l.path, l.expect, response.Status, text)
	}
	return nil
}

// write puts the requests where wrk's script reads them.
func (l load) write(folder string) (string, error) {
	file, err := os.CreateTemp(folder, "requests-")
	if err != nil {
		return "", err
	}
	var lines bytes.Buffer
	for _, r := range l.requests {
		lines.WriteString(r.authorization + "\t" + r.certificate + "\t" + r.connection + "\t" + r.body + "\n")
	}
	_, err = file.Write(lines.Bytes())
	if closing := file.Close(); err == nil {
		err = closing
	}
	return file.Name(), err
}
