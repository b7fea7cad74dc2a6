package cli

import (
	"errors"
	"strings"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
)

const exitHelp = `Counterfoil's commands exit with

  0    it worked
  1    any other failure
  2    wrong usage: an unknown command or flag, a malformed value, no server chosen
  3    there is no such thing
  4    denied: the credential was not accepted, or may not do this (401, 403)
  5    conflict: the name is taken, or the state forbids it (409, 412)
  6    unavailable: the server cannot be reached or asks to try later (429, 502, 503, 504)
  7    verification failed: audit verify found that the ledger was edited
  130  interrupted`

// complain prints err, if there is one, as one line, and a hint. It returns the exit code.
func complain(d *desk.Desk, err error) int {
	code, hint := desk.Verdict(err)
	if code == desk.ExitOK || code == desk.ExitInterrupted {
		return code
	}
	message := err.Error()
	if problem, ok := errors.AsType[*client.Problem](err); ok && problem.RequestID != "" {
		message += " (request " + problem.RequestID + ")"
	}
	d.Say("counterfoil: %s\n", strings.ReplaceAll(message, "\n", " "))
	if hint != "" {
		d.Say("hint: %s\n", hint)
	}
	return code
}
