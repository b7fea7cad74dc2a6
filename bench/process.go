package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Servers run on one core and the load generator on the other, so that neither takes time from the other and
// GOMAXPROCS of a server is 1.
const (
	serverCore = "0"
	loadCore   = "1"
)

// process is a running server, alone on serverCore while it is measured.
type process struct {
	name string
	url  string
	cmd  *exec.Cmd
	log  string // what it prints: for Counterfoil the request log
	done chan struct{}
}

// start runs program on serverCore. What it prints goes to a file, as it would in earnest.
func start(work, name, url string, env []string, program string, args ...string) (*process, error) {
	p := &process{name: name, url: url, done: make(chan struct{})}
	p.log = filepath.Join(work, strings.ReplaceAll(name, " ", "-")+".log")
	// Appending is what lets [process.takeLog] empty the file under the writer.
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	defer func() { _ = log.Close() }()
	p.cmd = exec.Command("taskset", append([]string{"-c", serverCore, program}, args...)...)
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // an interrupt is ours to pass on
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	go func() {
		defer close(p.done)
		_ = p.cmd.Wait()
	}()
	return p, nil
}

// await polls path until it answers 200.
func (p *process) await(ctx context.Context, path string, patience time.Duration) error {
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		if _, err := get(p.url + path); err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-p.done:
			return fmt.Errorf("%s ended: %s", p.name, p.lastWords())
		case <-time.After(5 * time.Millisecond):
		}
	}
	return fmt.Errorf("%s did not answer %s within %v: %s", p.name, path, patience, p.lastWords())
}

func (p *process) lastWords() string {
	all, _ := os.ReadFile(p.log)
	return string(all[max(0, len(all)-2000):])
}

// stop asks the server to end, as an operator would, and insists after ten seconds.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
	case <-time.After(10 * time.Second):
		_ = p.cmd.Process.Kill()
		<-p.done
	}
}

// takeLog returns how many lines the server has printed since the last call, and empties the file.
func (p *process) takeLog() int {
	file, err := os.Open(p.log)
	if err != nil {
		return 0
	}
	defer func() { _ = file.Close() }()
	lines, chunk := 0, make([]byte, 1<<20)
	for {
		n, err := file.Read(chunk)
		lines += bytes.Count(chunk[:n], []byte("\n"))
		if err != nil {
			break
		}
	}
	_ = os.Truncate(p.log, 0)
	return lines
}

// tick is the unit of CPU times under /proc: USER_HZ, 100 on every architecture Go runs on under Linux.
const tick = 10 * time.Millisecond

// cpu is the processor time the server has used, in ticks of 10 ms: utime and stime of proc_pid_stat(5).
func (p *process) cpu() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	// Fields are counted after the command's name, which is in parentheses and may hold spaces.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	return ticks(fields[11]) + ticks(fields[12]), nil
}

func ticks(field string) time.Duration {
	n, _ := strconv.ParseInt(field, 10, 64)
	return time.Duration(n) * tick
}

// rss is the server's resident memory in megabytes (10⁶ bytes).
func (p *process) rss() float64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kib, _ := strconv.ParseFloat(strings.Fields(rest)[0], 64)
			return kib * 1024 / 1e6
		}
	}
	return 0
}

// settings are the runtime settings that decide how much memory a Go program trades for speed.
type settings struct {
	Process    string `json:"process"`
	GOGC       string `json:"gogc"`
	GOMEMLIMIT string `json:"gomemlimit"` // bytes
	GOMAXPROCS string `json:"gomaxprocs"`
}

// settings reads them from the server itself: what is in force, not what was asked for.
func (p *process) settings() (settings, error) {
	s := settings{Process: p.name}
	text, err := get(p.url + "/metrics")
	if err != nil {
		return s, err
	}
	found := map[string]string{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		// Prometheus writes floats, and the runtime says "off" by its largest number.
		if n, err := strconv.ParseFloat(value, 64); err == nil && n >= math.MaxInt64 {
			found[name] = "off"
		} else if err == nil {
			found[name] = strconv.FormatInt(int64(n), 10)
		}
	}
	s.GOGC, s.GOMEMLIMIT, s.GOMAXPROCS = found[runtimeSettings[0].exposed], found[runtimeSettings[1].exposed], found[runtimeSettings[2].exposed]
	if s.GOGC == "" || s.GOMEMLIMIT == "" || s.GOMAXPROCS == "" {
		return s, fmt.Errorf("%s does not show its runtime settings under /metrics", p.name)
	}
	return s, nil
}

// environment hands the settings to another process.
func (s settings) environment() []string {
	return []string{"GOGC=" + s.GOGC, "GOMEMLIMIT=" + s.GOMEMLIMIT}
}

// freeAddress is a loopback address that nobody listens on.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}

// get returns the body of a 200 answer, over a connection of its own.
func get(url string) ([]byte, error) {
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(url)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = errors.New(url + " answers " + response.Status)
	}
	return body, err
}
