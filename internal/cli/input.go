package cli

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/envfile"
)

// maxInput bounds what is read from a file or a pipe that holds one secret, token, checkpoint or .env.
const maxInput = 64 << 10

// readSmall reads a file without the line break at its end; "-" is not special here.
func readSmall(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Close() }()
	return readAll(file)
}

func readAll(r io.Reader) (string, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxInput+1))
	if err != nil {
		return "", err
	}
	if len(text) > maxInput {
		return "", fmt.Errorf("more than %d bytes", maxInput)
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

// sensitive returns an argument, or what standard input holds when the argument is "-": other users of a machine
// can read the arguments of its processes.
func (p *program) sensitive(argument string) (client.Secret, error) {
	if argument != "-" {
		return client.NewSecret(argument), nil
	}
	text, err := readAll(p.In)
	if err != nil {
		return client.Secret{}, fmt.Errorf("standard input: %w", err)
	}
	return client.NewSecret(strings.TrimSpace(text)), nil
}

// confirm asks before something that cannot be undone. Without a person at the terminal, or with --yes, the answer
// is yes: a script has decided already.
func (p *program) confirm(yes bool, format string, args ...any) error {
	if yes || !p.Asks {
		return nil
	}
	p.say("%s [y/N] ", fmt.Sprintf(format, args...))
	answer, err := bufio.NewReader(p.In).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return fail(exitFailure, "", "nothing was changed")
}

// expiry reads the value of --expires: a span such as 90d, 2w, 12h or 1y, a date (its first moment, in UTC), a time
// as in RFC 3339, or never, which is nil.
func expiry(text string, now time.Time) (*time.Time, error) {
	if text == "" || text == "never" {
		return nil, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return future(at, now)
		}
	}
	count, err := strconv.Atoi(text[:len(text)-1])
	if err != nil || count < 1 || count > 10_000 {
		return nil, usage("--expires %q: say 90d, 2w, 12h, 1y, 2027-12-31 or never", text)
	}
	switch text[len(text)-1] {
	case 'h':
		return future(now.Add(time.Duration(count)*time.Hour), now)
	case 'd':
		return future(now.AddDate(0, 0, count), now)
	case 'w':
		return future(now.AddDate(0, 0, 7*count), now)
	case 'y':
		return future(now.AddDate(count, 0, 0), now)
	}
	return nil, usage("--expires %q: say 90d, 2w, 12h, 1y, 2027-12-31 or never", text)
}

func future(at, now time.Time) (*time.Time, error) {
	if !at.After(now) {
		return nil, usage("--expires: %s is in the past", at.Format(time.RFC3339))
	}
	at = at.UTC().Truncate(time.Second)
	return &at, nil
}

// readEnvFile reads KEY=value lines as -o env prints them.
func readEnvFile(path string) (map[string]string, error) {
	text, err := readSmall(path)
	if err != nil {
		return nil, usage("--env-file: %v", err)
	}
	values, err := envfile.Parse(text)
	if err != nil {
		return nil, usage("%s: %v", path, err)
	}
	return values, nil
}
