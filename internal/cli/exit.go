package cli

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// The exit codes; doc.go and exitHelp say what they mean.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitDenied      = 4
	exitConflict    = 5
	exitUnavailable = 6
	exitUnverified  = 7
	exitInterrupted = 130
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

// failure is an error that the command line itself makes: it knows its exit code and what to do about it.
type failure struct {
	code    int
	message string
	hint    string
}

func (f *failure) Error() string { return f.message }

func fail(code int, hint, format string, args ...any) error {
	return &failure{code, fmt.Sprintf(format, args...), hint}
}

func usage(format string, args ...any) error {
	return fail(exitUsage, "", format, args...)
}

// verdict returns the exit code for err and a hint what to do, which may be empty.
func verdict(err error) (code int, hint string) {
	var (
		own     *failure
		problem *client.Problem
		flaw    *ledger.Problem
		lost    *url.Error
	)
	switch {
	case err == nil:
		return exitOK, ""
	case errors.As(err, &own):
		return own.code, own.hint
	case errors.As(err, &flaw):
		return exitUnverified, "keep the database as it is, and compare it with a backup from before"
	case errors.As(err, &problem):
		return refused(problem)
	case errors.Is(err, context.Canceled):
		return exitInterrupted, ""
	case errors.As(err, &lost):
		return unreached(lost)
	}
	return codeOf(fault.Of(err)), ""
}

// codeOf maps the faults of what runs in this process: the server itself, the operator's commands, the verifier.
func codeOf(kind fault.Kind) int {
	switch kind {
	case fault.Invalid, fault.TooLarge:
		return exitUsage
	case fault.NotFound:
		return exitNotFound
	case fault.Unauthenticated, fault.Denied:
		return exitDenied
	case fault.Conflict, fault.Stale:
		return exitConflict
	case fault.Exhausted, fault.Unavailable:
		return exitUnavailable
	default:
		return exitFailure
	}
}

// refused maps the server's statuses.
func refused(p *client.Problem) (code int, hint string) {
	switch p.Status {
	case http.StatusUnauthorized:
		return exitDenied, "counterfoil doctor says which credential was used, and where it came from"
	case http.StatusForbidden:
		return exitDenied, "the application of this credential needs another scope: counterfoil app edit NAME --add-scope SCOPE"
	case http.StatusNotFound:
		return exitNotFound, ""
	case http.StatusConflict:
		return exitConflict, ""
	case http.StatusPreconditionFailed:
		return exitConflict, "somebody else changed it meanwhile; look at it and try again"
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		hint = "try again in a moment"
		if p.RetryAfter > 0 {
			hint = "try again in " + p.RetryAfter.String()
		}
		return exitUnavailable, hint
	}
	switch p.Title { // of the token endpoint, which answers 400 (RFC 6749 §5.2, RFC 8707 §2)
	case "invalid_client", "unauthorized_client", "invalid_scope", "invalid_target":
		return exitDenied, "counterfoil app show NAME lists the scopes that an application has"
	}
	switch p.Status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return exitUsage, "" // as codeOf says of fault.Invalid and fault.TooLarge, from which these come
	}
	return exitFailure, ""
}

// unreached tells a server that is away from one that must not be trusted.
func unreached(err *url.Error) (code int, hint string) {
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return exitFailure, "the server's certificate is not trusted by this machine"
	}
	return exitUnavailable, "is the server running? counterfoil doctor finds out what is wrong"
}

// complain prints err, if there is one, as one line, and a hint. It returns the exit code.
func (p *program) complain(err error) int {
	code, hint := verdict(err)
	if code == exitOK || code == exitInterrupted {
		return code
	}
	message := err.Error()
	if problem, ok := errors.AsType[*client.Problem](err); ok && problem.RequestID != "" {
		message += " (request " + problem.RequestID + ")"
	}
	p.say("counterfoil: %s\n", strings.ReplaceAll(message, "\n", " "))
	if hint != "" {
		p.say("hint: %s\n", hint)
	}
	return code
}
