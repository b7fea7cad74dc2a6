package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Problem is a refusal by the server (RFC 9457). Failures that never reached the server, or whose answer was
// lost, are other errors: usually a [*url.Error] from net/http.
//
// The answers of the token endpoint (RFC 6749 §5.2) are shown in the same shape: Title holds the error code,
// such as "invalid_client", and Detail its description.
type Problem struct {
	// Type is a URI reference that identifies the kind of problem; empty means none was given.
	Type string `json:"type,omitempty"`
	// Title says in a few words what kind of problem it is.
	Title string `json:"title"`
	// Status is the HTTP status, 300–599.
	Status int `json:"status"`
	// Detail is one sentence about this occurrence.
	Detail string `json:"detail,omitempty"`
	// Code is what went wrong in one stable word, where programs have to tell more apart than the status does.
	Code string `json:"code,omitempty"`
	// Errors names the members of the request that are at fault.
	Errors []FieldError `json:"errors,omitempty"`
	// RequestID finds the request in the server's log.
	RequestID string `json:"request_id,omitempty"`
	// RetryAfter is how long the server asked to wait (RFC 9110 §10.2.3), zero when it did not say.
	RetryAfter time.Duration `json:"-"`
}

// FieldError says what is wrong with one member of a request.
type FieldError struct {
	// Location is the member's place, such as "body.scopes[1]" or "query.limit".
	Location string `json:"location"`
	// Message is one sentence about it.
	Message string `json:"message"`
}

// Error returns the problem as one line.
func (p *Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.Title)
	if p.Detail != "" && p.Detail != p.Title {
		b.WriteString(": " + p.Detail)
	}
	for _, e := range p.Errors {
		fmt.Fprintf(&b, "; %s: %s", e.Location, e.Message)
	}
	return b.String()
}

// Status returns the HTTP status of the [*Problem] in err's chain, or 0 when there is none.
func Status(err error) int {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p.Status
	}
	return 0
}

// problemOf reads a refusal. A body that is no problem document (a proxy's error page, say) is not shown: its
// text was written by somebody else and may be long.
func problemOf(status int, header http.Header, body []byte) *Problem {
	p := &Problem{}
	switch kind, _, _ := mime.ParseMediaType(header.Get("Content-Type")); kind {
	case "application/problem+json":
		if json.Unmarshal(body, p) != nil {
			p = &Problem{}
		}
	case "application/json":
		var oauth struct {
			Code        string `json:"error"`
			Description string `json:"error_description"`
		}
		if json.Unmarshal(body, &oauth) == nil {
			p.Title, p.Detail = oauth.Code, oauth.Description
		}
	}
	p.Status = status
	if p.Title == "" {
		p.Title = fmt.Sprintf("the server answered %d %s", status, http.StatusText(status))
	}
	p.RetryAfter = retryAfter(header)
	return p
}

// retryAfter reads the header's form in seconds, up to a day; Counterfoil sends no dates here.
func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.Atoi(header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return time.Duration(min(seconds, 86_400)) * time.Second
}
