package exchange

import (
	"context"
	"encoding/base64"
	"slices"
	"strings"

	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/egress"
)

// State is how a step of checking went.
type State string

// The states of a step.
const (
	OK      State = "ok"
	Failed  State = "failed"
	Skipped State = "skipped" // not come to, or not needed
	Unknown State = "unknown" // the provider does not tell
	Warning State = "warning" // it works, but
)

// maxProbe bounds what is read of the answer to a probe, in bytes.
const maxProbe = 16 << 10

// Step is one step of checking.
type Step struct {
	Stage provider.Stage
	State State
	// Among are further stages that may be the one that failed: the provider does not tell.
	Among []provider.Stage
	// Hint says what is wrong and what to do, in one sentence of ours; Section is where the provider's documentation says
	// more; Says and Reference are as in [Failure].
	Hint, Section, Says, Reference string
}

// Report is what came of checking a credential: every stage in order.
type Report struct {
	Steps []Step
	// Token is what the provider gave, if nothing failed; nil in modes without tokens.
	Token *connect.Token
	// Warning is the hint of the first step that works, but.
	Warning string
}

// Failed returns the step that failed, or nil.
func (r *Report) Failed() *Step {
	for i := range r.Steps {
		if r.Steps[i].State == Failed {
			return &r.Steps[i]
		}
	}
	return nil
}

func (r *Report) step(stage provider.Stage) *Step {
	return &r.Steps[slices.Index(provider.Stages(), stage)]
}

// Check tries a credential out, stage by stage, up to the provider's API. It takes two calls at most, each no longer
// than [Deadline], and keeps nothing.
func (x *Exchange) Check(ctx context.Context, c Credential) Report {
	if c.Provider.Mode == provider.AuthorizationCode {
		r := blank(OK)
		r.fail(local(provider.TokenEndpoint, "Somebody must agree at the provider first."))
		return r
	}
	if !c.Provider.Mode.HasToken() {
		return x.Try(ctx, c, nil)
	}
	t, err := x.Fetch(ctx, c, nil)
	if err != nil {
		r := blank(OK)
		r.fail(failureOf(err))
		return r
	}
	return x.Try(ctx, c, t)
}

// Try is the last part of [Exchange.Check]: what a token is worth that is there already, such as one that was redeemed. In
// modes without tokens it is all there is.
func (x *Exchange) Try(ctx context.Context, c Credential, t *connect.Token) Report {
	r := blank(OK)
	if t == nil || c.Provider.Token == nil { // nobody was asked for it
		r = blank(Unknown)
		r.step(provider.TokenEndpoint).State = Skipped
		r.step(provider.ScopeGranted).State = Skipped
	} else if less(c.scopes(), t.Scope) {
		s := r.step(provider.ScopeGranted)
		s.State, s.Hint = Warning, "The provider granted fewer scopes than were asked for. Allow the client the others, or ask for fewer."
	}
	r.Token = t
	probe := r.step(provider.Probe)
	request, err := c.probe(t)
	switch {
	case err != nil:
		r.fail(failureOf(err))
	case request == nil:
		probe.State = Skipped
	default:
		x.probe(ctx, &c, t, *request, &r)
	}
	for i := range r.Steps {
		if r.Steps[i].State == Warning && r.Warning == "" {
			r.Warning = r.Steps[i].Hint
		}
	}
	return r
}

// probe calls the API and writes into the report what came of it.
func (x *Exchange) probe(ctx context.Context, c *Credential, t *connect.Token, request egress.Request, r *Report) {
	a, err := x.Egress.Do(ctx, request)
	if err != nil {
		f := noAnswer(err)
		if c.Provider.Token != nil || f.Stage == provider.TokenEndpoint { // the host of the tokens was reached: this is the API's
			f.Stage, f.Among = provider.Probe, nil
		}
		r.fail(f)
		return
	}
	for _, stage := range []provider.Stage{provider.ReachHost, provider.TLS} {
		r.step(stage).State = OK
	}
	if a.Status >= 200 && a.Status < 300 {
		for i := range r.Steps {
			if r.Steps[i].State == Unknown {
				r.Steps[i].State = OK
			}
		}
		return
	}
	hidden := c.secrets(base64.StdEncoding.EncodeToString([]byte(c.text(Username) + ":" + c.text(Password))))
	if t != nil {
		hidden = append(hidden, t.Access.Reveal(), t.Refresh.Reveal())
	}
	f := refusal(c, "verify", a, x.Now(), hidden)
	if slices.Contains(c.Provider.Verify.Warn, a.Status) {
		s := r.step(provider.Probe)
		s.State, s.Hint, s.Section, s.Says, s.Reference = Warning, f.Hint, f.Section, f.Says, f.Reference
		for i := range r.Steps {
			if r.Steps[i].State == Unknown {
				r.Steps[i].State = OK
			}
		}
		return
	}
	if c.Provider.Token == nil && a.Status == 401 && f.Stage == provider.Probe { // there was nothing else that could be refused
		f.Stage, f.Among = provider.ClientKnown, []provider.Stage{provider.AuthMethod, provider.AppEnabled}
	}
	r.fail(f)
}

// blank is a report in which every stage is in the same state.
func blank(s State) Report {
	var r Report
	for _, stage := range provider.Stages() {
		r.Steps = append(r.Steps, Step{Stage: stage, State: s})
	}
	return r
}

// fail writes a failure into the report: what comes before it was passed, what comes after was not come to.
func (r *Report) fail(f *Failure) {
	r.Token, r.Warning = nil, ""
	failed := false
	for i := range r.Steps {
		s := &r.Steps[i]
		switch {
		case s.Stage == f.Stage:
			*s = Step{
				Stage: s.Stage, State: Failed, Among: f.Among, Hint: f.Hint, Section: f.Section, Says: f.Says, Reference: f.Reference,
			}
			failed = true
		case slices.Contains(f.Among, s.Stage):
			s.State = Unknown
		case failed:
			s.State = Skipped
		case f.unasked:
			s.State = Skipped
		case s.State != Skipped:
			s.State = OK
		}
	}
}

// probe returns the request of the provider's file, or nil if there is none, or nowhere to send it to.
func (c *Credential) probe(t *connect.Token) (*egress.Request, error) {
	v := c.Provider.Verify
	if v == nil {
		return nil, nil
	}
	template := strings.TrimRight(c.Provider.API.BaseURL, "/") + v.Path
	address, err := provider.ExpandURL(template, c.clear(t))
	if err != nil {
		if _, expandable := provider.ExpandURL(c.Provider.API.BaseURL, c.clear(t)); expandable != nil && c.baseIsOptional() {
			return nil, nil
		}
		return nil, err
	}
	headers, err := c.headers(t)
	if err != nil {
		return nil, err
	}
	r := &egress.Request{Method: v.Method, URL: address, Header: headers, Timeout: Deadline, MaxBody: maxProbe, Excerpt: true}
	if c.Provider.Token != nil && c.Provider.Token.Auth == provider.AuthTLS {
		r.Certificate, err = c.certificate() // the token may be bound to it (RFC 8705 §3)
	}
	return r, err
}

func (c *Credential) baseIsOptional() bool {
	for i := range c.Provider.Fields {
		if f := &c.Provider.Fields[i]; f.Optional && strings.Contains(c.Provider.API.BaseURL, "${"+f.Name+"}") {
			return true
		}
	}
	return false
}

// headers show the API that we may call it.
func (c *Credential) headers(t *connect.Token) (map[string]string, error) {
	headers := map[string]string{"Accept": "application/json"}
	switch {
	case t != nil:
		headers["Authorization"] = "Bearer " + t.Access.Reveal()
	case c.Provider.Mode == provider.Basic:
		headers["Authorization"] = "Basic " + base64.StdEncoding.EncodeToString([]byte(c.text(Username)+":"+c.text(Password)))
	}
	filled, err := c.expand(c.Provider.API.Headers, c.all(t))
	for name, value := range filled {
		headers[name] = value
	}
	return headers, err
}

// less reports whether a provider that names what it granted left something out of what was asked for.
func less(asked []string, granted string) bool {
	if granted == "" {
		return false
	}
	have := strings.FieldsFunc(granted, func(r rune) bool { return r == ' ' || r == ',' })
	return slices.ContainsFunc(asked, func(s string) bool { return !slices.Contains(have, s) })
}
