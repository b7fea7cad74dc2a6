package oauth

import (
	"net/http"

	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/register"
)

// dialect is what a token endpoint of another door does otherwise. It only narrows: nobody is let in by it who would
// not be let in without it.
type dialect struct {
	kind     application.Kind
	methods  register.Methods
	describe func(reason, sentence, requestID string) string
}

// TokenFor returns the token endpoint of another door, for programs that were written for somebody else's server: the
// client credentials grant alone (RFC 6749 §4.4), for clients of one kind that authenticate themselves by one of
// methods. Who asks for nothing in particular gets a token for the management API, if that is among several choices.
//
// describe makes the error_description of a refusal out of its reason, which is one stable word, our own sentence and
// the id under which the log knows the request. It is not told what strangers must not hear: the reason is the same for
// clients that are unknown, locked or wrong.
func (d *Door) TokenFor(kind application.Kind, methods register.Methods, describe func(reason, sentence, requestID string) string) http.Handler {
	return d.serveIn(&dialect{kind, methods, describe}, d.tokenIn)
}

// tokenIn serves the token endpoint in the dialect of the call.
func (d *Door) tokenIn(c *call) error {
	if err := d.authenticateCall(c); err != nil {
		return err
	}
	if c.client.Kind != c.dialect.kind {
		return errKind
	}
	switch string(c.form.grantType) {
	case "client_credentials":
	case "":
		return errNoGrant
	default:
		return errGrant
	}
	if c.form.scope == nil && c.form.resources == 0 && c.manages() {
		c.form.resource = []byte(c.client.Environment.Management.Audience)
	}
	return d.clientCredentials(c)
}

// manages reports whether the client may do anything with the management API.
func (c *call) manages() bool {
	e := c.client.Environment
	for _, n := range c.client.Permissions {
		if e.Catalogue.Of(n) == e.Management {
			return true
		}
	}
	return false
}

// word puts a refusal into the dialect.
func (l *dialect) word(r *refusal, requestID string) {
	if l == nil {
		return
	}
	reason := r.reason
	if r.description == errClient.description {
		reason = errClient.reason
	}
	r.description = l.describe(reason, r.description, requestID)
}
