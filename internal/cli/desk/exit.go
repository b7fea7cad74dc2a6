package desk

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// The exit codes; package cli says what they mean.
const (
	ExitOK          = 0
	ExitFailure     = 1
	ExitUsage       = 2
	ExitNotFound    = 3
	ExitDenied      = 4
	ExitConflict    = 5
	ExitUnavailable = 6
	ExitUnverified  = 7
	ExitInterrupted = 130
)

// failure is an error that the command line itself makes: it knows its exit code and what to do about it.
type failure struct {
	code    int
	message string
	hint    string
}

func (f *failure) Error() string { return f.message }

// Fail returns an error with an exit code and a hint what to do about it, which may be empty.
func Fail(code int, hint, format string, args ...any) error {
	return &failure{code, fmt.Sprintf(format, args...), hint}
}

// Usage returns an error of wrong usage: a malformed value, or flags that do not go together.
func Usage(format string, args ...any) error {
	return Fail(ExitUsage, "", format, args...)
}

// Verdict returns the exit code for err and a hint what to do, which may be empty.
func Verdict(err error) (code int, hint string) {
	var (
		own     *failure
		problem *client.Problem
		flaw    *ledger.Problem
		lost    *url.Error
	)
	switch {
	case err == nil:
		return ExitOK, ""
	case errors.As(err, &own):
		return own.code, own.hint
	case errors.As(err, &flaw):
		return ExitUnverified, "keep the database as it is, and compare it with a backup from before"
	case errors.As(err, &problem):
		return refused(problem)
	case errors.Is(err, context.Canceled):
		return ExitInterrupted, ""
	case errors.As(err, &lost):
		return unreached(lost)
	}
	return codeOf(fault.Of(err)), ""
}

// codeOf maps the faults of what runs in this process: the server itself, the operator's commands, the verifier.
func codeOf(kind fault.Kind) int {
	switch kind {
	case fault.Invalid, fault.TooLarge:
		return ExitUsage
	case fault.NotFound:
		return ExitNotFound
	case fault.Unauthenticated, fault.Denied:
		return ExitDenied
	case fault.Conflict, fault.Stale:
		return ExitConflict
	case fault.Exhausted, fault.Unavailable:
		return ExitUnavailable
	default:
		return ExitFailure
	}
}

// refused maps the server's statuses.
func refused(p *client.Problem) (code int, hint string) {
	switch p.Status {
	case http.StatusUnauthorized:
		return ExitDenied, "counterfoil doctor says which credential was used, and where it came from"
	case http.StatusForbidden:
		return ExitDenied, "if a scope is missing, the application of this credential needs it: counterfoil app edit NAME --add-scope SCOPE"
	case http.StatusNotFound:
		return ExitNotFound, ""
	case http.StatusConflict:
		return ExitConflict, ""
	case http.StatusPreconditionFailed:
		return ExitConflict, "somebody else changed it meanwhile; look at it and try again"
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		hint = "try again in a moment"
		if p.RetryAfter > 0 {
			hint = "try again in " + p.RetryAfter.String()
		}
		return ExitUnavailable, hint
	}
	switch p.Title { // of the token endpoint, which answers 400 (RFC 6749 §5.2, RFC 8707 §2)
	case "invalid_client", "unauthorized_client", "invalid_scope", "invalid_target":
		return ExitDenied, "counterfoil app show NAME lists the scopes that an application has"
	}
	switch p.Status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return ExitUsage, "" // as codeOf says of fault.Invalid and fault.TooLarge, from which these come
	}
	return ExitFailure, ""
}

// unreached tells a server that is away from one that must not be trusted.
func unreached(err *url.Error) (code int, hint string) {
	var certificate *tls.CertificateVerificationError
	if errors.As(err, &certificate) {
		return ExitFailure, "the server's certificate is not trusted by this machine"
	}
	return ExitUnavailable, "is the server running? counterfoil doctor finds out what is wrong"
}
