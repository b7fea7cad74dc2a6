package exchange

import (
	"context"
	"errors"
	"time"

	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/egress"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// Failure is why a provider gave no token, in words for a person.
type Failure struct {
	// Stage is where it went wrong, or the first of those among which the provider does not tell.
	Stage provider.Stage
	Among []provider.Stage
	// Hint is one sentence of ours: what is wrong and what to do. Section is where the provider's documentation says more.
	Hint, Section string
	// Code is the provider's word for it, if it has the form of one; Status its HTTP status, 0 if there was no answer.
	Code   string
	Status int
	// Says is what is left of the provider's own description when everything is taken out that may be secret; Reference is
	// what its support finds the request by. Both may be empty.
	Says, Reference string
	// RetryAfter is what the provider asks us to wait; 0 if it does not.
	RetryAfter time.Duration
	// Final failures do not mend themselves: the grant or the credential is gone.
	Final bool

	lasting bool // there was no answer, and there will be none until somebody changes what was entered
	unasked bool // nothing was sent
}

// Error returns the hint.
func (f *Failure) Error() string { return f.Hint }

// Unwrap gives the failure its kind: [fault.Unavailable] without an answer, or with one that says to try again later;
// else [fault.Conflict].
func (f *Failure) Unwrap() error {
	if !f.lasting && (f.Status == 0 || f.Status == 429 || f.Status >= 500) {
		return fault.New(fault.Unavailable, "%s", f.Hint)
	}
	return fault.New(fault.Conflict, "%s", f.Hint)
}

// local is a failure for which nobody had to be asked.
func local(stage provider.Stage, hint string) *Failure {
	return &Failure{Stage: stage, Hint: hint, Final: true, lasting: true, unasked: true}
}

// noAnswer maps what the way out says to stages: which one it is decides whom a person asks for help.
func noAnswer(err error) *Failure {
	f := &Failure{Stage: provider.TokenEndpoint}
	switch egress.TroubleOf(err) {
	case egress.Address:
		f.Stage, f.lasting, f.Hint = provider.ReachHost, true, "What was entered makes no address that can be called. Check it for typos."
	case egress.Resolve:
		f.Stage, f.Hint = provider.ReachHost, "There is no host of this name. Check the address, or the tenant and the region, for typos."
	case egress.Refused:
		f.Stage, f.lasting, f.Hint = provider.ReachHost, true, "The address leads into a network that is not called from here. The operator can allow it."
	case egress.Connect:
		f.Stage, f.Hint = provider.ReachHost, "The host does not answer. Check the address, or try again later."
	case egress.Handshake:
		f.Stage, f.Hint = provider.TLS, "The host does not answer in TLS 1.2 or later. Check address and port."
	case egress.Certificate:
		f.Stage, f.Hint = provider.TLS, "The host shows a certificate that is not trusted. Check the address, or ask who runs the host."
	case egress.Unwelcome:
		f.Stage, f.Among = provider.ClientKnown, []provider.Stage{provider.AuthMethod}
		f.Hint = "The host does not take the client certificate, or wants one that was not entered. Check certificate and key."
	case egress.Slow:
		f.Hint = "The host was reached and did not answer in time. Try again later."
	case egress.Redirect:
		f.lasting, f.Hint = true, "The address sends us to another one, which is not followed. Enter the final address."
	case egress.Large:
		f.Hint = "The answer is far too long for one about a token. Check the address."
	case egress.Compressed:
		f.Hint = "The answer is packed, though nobody asked for that, and is not unpacked. Check the address."
	case egress.Cancelled:
		f.Hint = "The call was given up before there was an answer."
	case egress.Broken:
		f.Hint = "What came is no answer of a web server, or broke off. Check address and port, or try again later."
	default:
		f.Hint = "The provider could not be asked. Try again later."
	}
	return f
}

// failureOf returns err as a failure, whatever it is.
func failureOf(err error) *Failure {
	if f, ok := errors.AsType[*Failure](err); ok {
		return f
	}
	if egress.TroubleOf(err) != "" {
		return noAnswer(err)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return &Failure{Stage: provider.TokenEndpoint, Hint: "The call was given up before there was an answer."}
	}
	_, hint := fault.Public(err)
	if hint == "" {
		hint = "The provider could not be asked: something is wrong on our side."
	}
	return &Failure{Stage: provider.ReachHost, Hint: hint, lasting: fault.Is(err, fault.Invalid)}
}

// refusal explains an answer that is no token. purpose is "token" or "verify", as rules of providers have it.
func refusal(c *Credential, purpose string, a *egress.Answer, now time.Time, hidden []string) *Failure {
	said := provider.Code(a.Body)
	f := &Failure{Status: a.Status, Code: code(said, hidden)}
	w, known := words[said]
	if known {
		f.Code = said // whatever the secrets are like
	}
	f.Says = says(a.Body, hidden)
	f.Reference = reference(a, hidden)
	f.RetryAfter, _ = c.Provider.API.Retry.Wait(a.Header, now)
	if r, ok := c.Provider.Explain(purpose, a.Status, a.Body); ok {
		f.Stage, f.Among, f.Hint, f.Section = r.Stage, r.Among, r.Hint, r.Section
		return f
	}
	if !known || purpose != "token" {
		w = byStatus(purpose, a.Status)
	}
	f.Stage, f.Among, f.Hint = w.stage, w.among, w.hint
	return f
}

// word is what an error means to a person.
type word struct {
	stage provider.Stage
	among []provider.Stage
	hint  string
}

// words explain the errors of RFC 6749 §5.2, RFC 8707 §2 and those that others use in their manner. Servers answer
// invalid_client to whatever is wrong with a client, so as not to tell strangers which clients there are.
var words = map[string]word{
	"invalid_client": {
		provider.ClientKnown, []provider.Stage{provider.AuthMethod, provider.AppEnabled},
		"Client ID and secret do not fit together, or the client must authenticate itself in another way, or it is switched off.",
	},
	"unauthorized_client": {
		provider.AuthMethod, []provider.Stage{provider.AppEnabled},
		"The client may not get tokens in this way. Allow it the grant type at the provider.",
	},
	"invalid_grant": {
		provider.ClientKnown, []provider.Stage{provider.AuthMethod, provider.AppEnabled},
		"The provider does not take what was signed. Check the key, whom it is for, and that the provider has its public half.",
	},
	"invalid_scope": {
		provider.ScopeGranted, nil, "The client may not ask for one of the scopes, or the provider does not know it.",
	},
	"invalid_target": {
		provider.ScopeGranted, nil, "The provider does not give tokens for this audience or resource.",
	},
	"access_denied": {
		provider.AppEnabled, []provider.Stage{provider.ScopeGranted}, "The provider denies access. An administrator there must allow the client.",
	},
	"unsupported_grant_type": {
		provider.TokenEndpoint, nil, "The provider does not give tokens in this way at this address. Check the address.",
	},
	"invalid_request": {
		provider.TokenEndpoint, []provider.Stage{provider.ClientKnown, provider.AuthMethod},
		"The provider does not understand the request. Check every value for typos.",
	},
	"temporarily_unavailable": {provider.TokenEndpoint, nil, "The provider is away for the moment. Try again later."},
	"server_error":            {provider.TokenEndpoint, nil, "Something went wrong at the provider. Try again later."},
}

func byStatus(purpose string, status int) word {
	if purpose == "verify" {
		return probed(status)
	}
	switch {
	case status == 401:
		return words["invalid_client"]
	case status == 403:
		return words["access_denied"]
	case status == 404 || status == 405 || status == 410:
		return word{provider.TokenEndpoint, nil, "There is no token endpoint at this address. Check the address, or the tenant and the region."}
	case status == 429:
		return word{provider.TokenEndpoint, nil, "The provider says that it was asked too often. Try again later."}
	case status >= 500:
		return words["server_error"]
	case status >= 400:
		return words["invalid_request"]
	}
	return word{provider.TokenEndpoint, nil, notToken}
}

const notToken = "The address answers, but not as a token endpoint does. Check the address."

func probed(status int) word {
	hint := "The provider's API does not answer this request as expected. Check what was entered."
	switch {
	case status == 401:
		hint = "The provider's API does not take the credential. Check that everything entered belongs to one tenant."
	case status == 403:
		hint = "The credential works, but may not do this. Give it a role or a permission at the provider."
	case status == 404:
		hint = "The credential works, but what is asked for is not there. Check the address, or the tenant and the region."
	case status == 429:
		hint = "The provider's API says that it was asked too often. Try again later."
	case status >= 500:
		hint = "Something went wrong at the provider's API. Try again later."
	}
	return word{provider.Probe, nil, hint}
}
