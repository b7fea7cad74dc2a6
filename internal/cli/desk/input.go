package desk

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/counterfoil/counterfoil/client"
)

// maxInput bounds what is read from a file or a pipe that holds one secret, token, checkpoint or .env.
const maxInput = 64 << 10

// ReadSmall reads a file without the line break at its end; "-" is not special here.
func ReadSmall(path string) (string, error) {
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

// Sensitive returns an argument, or what standard input holds when the argument is "-": other users of a machine
// can read the arguments of its processes.
func (d *Desk) Sensitive(argument string) (client.Secret, error) {
	if argument != "-" {
		return client.NewSecret(argument), nil
	}
	text, err := readAll(d.In)
	if err != nil {
		return client.Secret{}, fmt.Errorf("standard input: %w", err)
	}
	return client.NewSecret(strings.TrimSpace(text)), nil
}

// SecretFrom reads a client secret from a file or, as "-", from standard input. There is no flag for the secret
// itself: other users of a machine can read the arguments of its processes.
func (d *Desk) SecretFrom(path string) (client.Secret, error) {
	if path == "-" {
		if d.Asks {
			d.Say("Paste the client secret, then press Return and Ctrl-D:\n")
		}
		return d.Sensitive("-")
	}
	text, err := ReadSmall(path)
	return client.NewSecret(strings.TrimSpace(text)), err
}

// ChosenSecret reads from standard input a secret that a person chose: one line, of which nothing is cut off but
// its line break, since a space may be part of it. An empty one and several lines are wrong usage.
func (d *Desk) ChosenSecret() (client.Secret, error) {
	if d.Asks {
		d.Say("Type the secret you chose, then press Return and Ctrl-D:\n")
	}
	text, err := readAll(d.In)
	switch {
	case err != nil:
		return client.Secret{}, fmt.Errorf("standard input: %w", err)
	case text == "":
		return client.Secret{}, Usage("standard input is empty; the chosen secret is read from there")
	case strings.ContainsAny(text, "\r\n"):
		return client.Secret{}, Usage("standard input has several lines; a secret is one")
	}
	return client.NewSecret(text), nil
}

// Confirm asks before something that cannot be undone. Without a person at the terminal, or with --yes, the answer
// is yes: a script has decided already.
func (d *Desk) Confirm(yes bool, format string, args ...any) error {
	if yes || !d.Asks {
		return nil
	}
	d.Say("%s [y/N] ", fmt.Sprintf(format, args...))
	answer, err := bufio.NewReader(d.In).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return Fail(ExitFailure, "", "nothing was changed")
}
