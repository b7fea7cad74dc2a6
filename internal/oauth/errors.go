package oauth

import (
	"net/http"
	"strconv"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential/usage"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/web"
)

// refusal is an error in the dialect of RFC 6749 §5.2. The description is ours throughout: nothing the caller
// sent is ever in it.
type refusal struct {
	status      int
	code        string
	description string
	reason      string // for the log
	detail      string // for the application's administrators
}

func (r *refusal) Error() string { return r.code + ": " + r.description }

var (
	// errClient is what everybody hears who did not present a right secret: the same words for a client that
	// does not exist, for a wrong secret and for a malformed one.
	errClient = &refusal{http.StatusUnauthorized, "invalid_client", "Client authentication failed.", "client_authentication_failed", ""}

	errNoMethod      = &refusal{http.StatusUnauthorized, "invalid_client", "No client authentication was sent.", "no_client_authentication", ""}
	errTwoMethods    = &refusal{http.StatusBadRequest, "invalid_request", "More than one client authentication method was used.", "two_client_authentications", ""}
	errMalformed     = &refusal{http.StatusBadRequest, "invalid_request", "The Authorization header is malformed.", "malformed_authorization", ""}
	errMismatch      = &refusal{http.StatusBadRequest, "invalid_request", "The client_id parameter and the Authorization header name different clients.", "client_id_mismatch", ""}
	errAssertionType = &refusal{http.StatusBadRequest, "invalid_request", "A client assertion comes with client_assertion_type urn:ietf:params:oauth:client-assertion-type:jwt-bearer.", "assertion_type_parameter", ""}
	errMethod        = &refusal{http.StatusUnauthorized, "invalid_client", "The application does not allow this client authentication method.", "method_not_allowed", ""}
	errKeys          = &refusal{http.StatusServiceUnavailable, "temporarily_unavailable", "The keys to verify the client with are not available at the moment; try again.", "assertion_keys_unavailable", ""}
	errBearer        = &refusal{http.StatusUnauthorized, "invalid_token", "The access token is not valid here.", "invalid_bearer", ""}

	errNoGrant   = &refusal{http.StatusBadRequest, "invalid_request", "The grant_type parameter is missing.", "no_grant_type", ""}
	errGrant     = &refusal{http.StatusBadRequest, "unsupported_grant_type", "The grant type is not supported; client_credentials is.", "unsupported_grant_type", ""}
	errNoToken   = &refusal{http.StatusBadRequest, "invalid_request", "The token parameter is missing.", "no_token", ""}
	errKind      = &refusal{http.StatusBadRequest, "unauthorized_client", "Applications of this kind get no tokens here.", "kind_not_served", ""}
	errMediaType = &refusal{http.StatusUnsupportedMediaType, "invalid_request", "The body must be application/x-www-form-urlencoded.", "media_type", ""}
)

// refusedBy is what a client hears that presented a right secret and may not act: it alone may learn why.
func refusedBy(r access.Refusal) *refusal {
	return &refusal{http.StatusUnauthorized, "invalid_client", r.Sentence(), r.String(), ""}
}

var shortfalls = [...]*refusal{
	access.BadScope:        {http.StatusBadRequest, "invalid_scope", "The scope is malformed (RFC 6749 section 3.3).", "malformed_scope", ""},
	access.ScopeNotGranted: {http.StatusBadRequest, "invalid_scope", "The client may not have one of these scopes.", "scope_not_granted", ""},
	access.NothingGranted:  {http.StatusBadRequest, "invalid_scope", "The client has no scope to get a token for.", "nothing_granted", ""},
	access.UnknownTarget:   {http.StatusBadRequest, "invalid_target", "The client has no access to this resource.", "unknown_target", ""},
	access.AmbiguousTarget: {http.StatusBadRequest, "invalid_target", "The request reaches more than one API; name one with resource, or scopes of one.", "ambiguous_target", ""},
}

var (
	errAPIDisabled = &refusal{http.StatusBadRequest, "invalid_target", access.APIDisabled.Sentence(), access.APIDisabled.String(), ""}
	errResources   = &refusal{http.StatusBadRequest, "invalid_target", "A token is for one API; name one resource.", "two_targets", ""}
)

// kinds renders each fault in this door's dialect.
var kinds = map[fault.Kind]refusal{
	fault.Internal:        {http.StatusInternalServerError, "server_error", "The request failed; the log knows why.", "", ""},
	fault.Invalid:         {http.StatusBadRequest, "invalid_request", "The request is malformed.", "", ""},
	fault.Unauthenticated: {http.StatusUnauthorized, "invalid_client", errClient.description, "", ""},
	fault.Denied:          {http.StatusForbidden, "access_denied", "This is not allowed.", "", ""},
	fault.NotFound:        {http.StatusNotFound, "invalid_request", "There is no such thing.", "", ""},
	fault.Conflict:        {http.StatusConflict, "invalid_request", "The request clashes with the present state.", "", ""},
	fault.Stale:           {http.StatusPreconditionFailed, "invalid_request", "The request builds on an old state.", "", ""},
	fault.TooLarge:        {http.StatusRequestEntityTooLarge, "invalid_request", "The body is too long.", "", ""},
	fault.Exhausted:       {http.StatusTooManyRequests, "temporarily_unavailable", "Too many requests; try again later.", "", ""},
	fault.Unavailable:     {http.StatusServiceUnavailable, "temporarily_unavailable", "This cannot be answered at the moment; try again.", "", ""},
}

// render turns any error into a refusal.
func render(err error) refusal {
	if r, ok := err.(*refusal); ok { //nolint:errorlint // refusals are made here and never wrapped
		return *r
	}
	kind := fault.Of(err)
	r := kinds[kind]
	if _, message := fault.Public(err); message != "" && kind == fault.Invalid {
		r.description = message
	}
	r.reason = kind.String()
	return r
}

// note keeps a refusal for those who look after the client, when there is such a client. It comes before the wait
// for the grid, so that its time does not tell strangers which clients there are. An error that is no refusal of
// ours, such as a database that is away, says nothing of the client.
func (d *Door) note(c *call, err error) {
	refused, ours := err.(*refusal) //nolint:errorlint // refusals are made here and never wrapped
	if !ours || !c.presented.Exists {
		return
	}
	noted := usage.Refusal{
		At: c.now, Reason: refused.reason, Detail: refused.detail, Method: c.presented.Method.String(), Address: c.exchange.Remote(),
	}
	if c.with != nil {
		noted.Credential = c.with.ID
	}
	d.Refusals.Note(c.environment.ID, c.presented.ID, noted)
}

// refuse answers with an error. A failed client authentication leaves on the grid, so that its time tells nothing.
func (d *Door) refuse(w http.ResponseWriter, c *call, err error) {
	answer := render(err)
	x := web.Of(w)
	x.Reason = answer.reason
	if fault.Of(err) == fault.Internal && answer.code == "server_error" {
		x.Fail(err)
	}
	h := w.Header()
	if answer.status == http.StatusUnauthorized {
		if err := d.grid.Wait(c.request.Context(), x.Began()); err != nil {
			answer = render(err)
		}
	}
	switch answer.status {
	case http.StatusUnauthorized:
		h["Www-Authenticate"] = challenges[answer.code]
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		h["Retry-After"] = retryAfter
	}
	web.NoStore(h)
	web.JSON(h)
	c.dialect.word(&answer, x.RequestID())
	body := append(make([]byte, 0, 256), `{"error":"`...)
	body = append(body, answer.code...)
	body = append(body, `","error_description":`...)
	body = strconv.AppendQuoteToASCII(body, answer.description)
	body = append(body, "}\n"...)
	w.WriteHeader(answer.status)
	_, _ = w.Write(body)
}

var (
	challenges = map[string][]string{
		"invalid_client": {`Basic realm="counterfoil", charset="UTF-8"`},
		"invalid_token":  {`Bearer realm="counterfoil", error="invalid_token"`},
	}
	retryAfter = []string{"1"}
)
