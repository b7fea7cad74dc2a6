package caller

import (
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential/usage"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/logon"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/session"
	"github.com/counterfoil/counterfoil/internal/token"
	"github.com/counterfoil/counterfoil/internal/web"
	"github.com/counterfoil/counterfoil/internal/web/limit"
)

// Guard stands before doors. All exported fields must be set.
type Guard struct {
	Register *register.Register
	Tokens   *token.Authority
	Logon    *logon.Authority
	// Refusals keeps why clients were not let in, for their administrators.
	Refusals *usage.Refusals
	Now      func() time.Time
	// Limits bounds how often networks and credentials call; nil bounds nobody.
	Limits *limit.Limiter
	// DB and Sessions are asked about people, where [Terms.Session] lets them in.
	DB       *db.DB
	Sessions *session.Authority

	grid  web.Grid
	pages http.CrossOriginProtection
}

// Terms are what a door, or one operation of it, takes.
type Terms struct {
	// Basic takes the client_id and a secret as HTTP Basic (RFC 7617), and Certificate a client certificate, beside
	// bearer tokens of the management API, which are always taken.
	Basic, Certificate bool
	// Family is the API family that a credential must have to be used as it is; zero asks for none.
	Family access.Families
	// OtherAPIs takes tokens of the environment's other APIs, too: from whoever they were handed to or, if Itself, from
	// the networks that the application's credential may be used from only.
	OtherAPIs, Itself bool
	// Session takes the session of a person who signed in here, if the request comes from our own pages: from the console. Person
	// takes nothing else. StepUp asks that the person proved who they are at most five minutes ago; tokens have their own rules.
	Session, Person, StepUp bool
	// Scope is what the token must carry at least; empty asks for nothing. Callers without a token hear of it in the
	// transaction.
	Scope string
	// OneOf are scopes of which the token must carry any one; empty asks for nothing.
	OneOf []string
}

// Direct takes credentials as they are, of whichever family, beside tokens of the management API.
var Direct = Terms{Basic: true, Certificate: true}

// Caller is who makes a request.
type Caller struct {
	// Actor is the caller as rooms and ledger know it. In a transaction the gate takes from its permissions what was
	// taken away since the request was let in.
	Actor access.Actor
	// Environment is the one that the request lies in, as this node knows it.
	Environment *register.Environment
	// Kind is the kind of the caller's application.
	Kind application.Kind
	// Elsewhere says that the token is for another API than the management API.
	Elsewhere bool
	// Method is how a caller without a token proved itself; zero for one with a token.
	Method register.Methods
	// Session is that of a person; nil for everybody else.
	Session *session.Session
	// Left is what the buckets of the caller's network and credential hold; none where there is no bound.
	Left []limit.State

	terms Terms
	left  [2]limit.State // what Left is made of
}

// Allow asks the gate again, inside the transaction, and for a permission of the management API: for scope or, if that is
// empty, for one of [Terms.OneOf] where there are any.
// A token of another API that somebody may have been handed is as good as the register says, here as where it belongs.
// It faults [fault.Unauthenticated], for which [Caller.Outdated] has the words, or [fault.Denied].
func (c *Caller) Allow(tx *db.Tx, scope string) error {
	switch {
	case scope != "":
		// A role over one thing will do here; the rooms say of which things it speaks.
		return access.AllowSomewhere(tx, &c.Actor, scope)
	case len(c.terms.OneOf) > 0:
		return access.AllowOneOf(tx, &c.Actor, c.terms.OneOf)
	case !c.Elsewhere || c.terms.Itself:
		return access.Admit(tx, &c.Actor)
	}
	return nil
}

// Outdated refuses a caller who was good when the request came, with the challenge for a bad one. It is for what finds
// gone, in its transaction, what the token or the credential stands for.
func (c *Caller) Outdated(w http.ResponseWriter) error {
	if c.Actor.Person != nil {
		return over(w)
	}
	if c.Method != 0 {
		c.terms.challenge(w, basicChallenge)
		return errClient
	}
	c.terms.challenge(w, badToken)
	return errToken
}

// Lacks refuses a caller that lacks a scope, with the challenge for that (RFC 6750 §3.1).
func Lacks(w http.ResponseWriter, scope string) error {
	w.Header().Set("WWW-Authenticate", needScope+scope+`"`)
	return fault.New(fault.Denied, "this needs the scope %s", scope)
}

// LacksAll refuses a caller that lacks each of some scopes, of which any one would do. The challenge has no words for that: it
// names all of them.
func LacksAll(w http.ResponseWriter, scopes []string) error {
	w.Header().Set("WWW-Authenticate", needScope+strings.Join(scopes, " ")+`"`)
	return fault.New(fault.Denied, "this needs one of the scopes %s", strings.Join(scopes, ", "))
}

// Challenges (RFC 6750 §3, RFC 7617 §2).
const (
	noToken        = `Bearer realm="counterfoil"`                        //nolint:gosec // a challenge
	badToken       = `Bearer realm="counterfoil", error="invalid_token"` //nolint:gosec // a challenge
	needScope      = `Bearer realm="counterfoil", error="insufficient_scope", scope="`
	basicChallenge = `Basic realm="counterfoil", charset="UTF-8"`
)

// challenge sets the challenges: first the one about what the caller tried, then the other that the door knows.
func (t Terms) challenge(w http.ResponseWriter, first string) {
	all := []string{first}
	switch {
	case first == basicChallenge:
		all = append(all, noToken)
	case t.Basic:
		all = append(all, basicChallenge)
	}
	w.Header()["Www-Authenticate"] = all
}

var (
	errNoToken = fault.New(fault.Unauthenticated, "send one Authorization header with an access token of the management API: Bearer and the token (RFC 6750 §2.1)")
	errNothing = fault.New(fault.Unauthenticated, "send one Authorization header, with Bearer and an access token or with HTTP Basic of client_id and secret, or come with a client certificate")
	// errToken is all that anybody hears about a token that is not good, whatever is wrong with it.
	errToken = fault.New(fault.Unauthenticated, "the access token is not valid here")
)

// Admit finds out who makes a request. Who is not let in gets an error, for which the challenge is set: 401 in the
// words of [fault.Unauthenticated], which for a secret or a certificate comes on a grid of 50 ms; [fault.Denied] without
// the scope or the family; [fault.Invalid] for a header that is none; [fault.Exhausted] when too many come or are being
// refused; [fault.Unavailable] while this node knows too little to say.
func (g *Guard) Admit(w http.ResponseWriter, r *http.Request, terms Terms) (*Caller, error) {
	c := &Caller{terms: terms}
	c.Left = c.left[:0]
	if left, bound, err := g.Limits.Address(w.Header(), web.Of(w).Remote()); err != nil {
		return nil, err
	} else if bound {
		c.Left = append(c.Left, left)
	}
	if err := g.admit(w, r, c); err != nil {
		return nil, err
	}
	bucket := c.Actor.Credential
	if c.Actor.Person != nil {
		bucket = c.Actor.Person.User
	}
	if left, bound, err := g.Limits.Credential(w.Header(), bucket); err != nil {
		return nil, err
	} else if bound {
		c.Left = append(c.Left, left)
	}
	return c, nil
}

func (g *Guard) admit(w http.ResponseWriter, r *http.Request, c *Caller) error {
	terms, headers := c.terms, r.Header["Authorization"]
	text, bearer := bearerToken(headers)
	switch {
	case terms.Person:
		return g.admitPerson(w, r, c)
	case bearer:
		return g.admitToken(w, r, text, c)
	case terms.Session && len(headers) == 0 && FromConsole(r):
		return g.admitPerson(w, r, c)
	case terms.Basic && len(headers) == 1 && logon.IsBasic(headers[0]), terms.Certificate && len(headers) == 0 && web.Of(w).HasCertificate():
		return g.admitClient(w, r, c)
	}
	terms.challenge(w, noToken)
	if terms.Basic && terms.Certificate {
		return errNothing
	}
	return errNoToken
}

func (g *Guard) admitToken(w http.ResponseWriter, r *http.Request, text string, c *Caller) error {
	x := web.Of(w)
	refusal, err := g.know(r, x, text, c)
	switch {
	case err != nil:
		return err
	case refusal != access.Admitted:
		x.Reason = refusal.String()
		c.terms.challenge(w, badToken)
		return errToken
	case c.terms.Scope != "" && !c.Actor.May(c.terms.Scope):
		return Lacks(w, c.terms.Scope)
	case len(c.terms.OneOf) > 0 && !slices.ContainsFunc(c.terms.OneOf, c.Actor.May):
		return LacksAll(w, c.terms.OneOf)
	}
	return nil
}

// bearerToken returns the token of the only Authorization header.
func bearerToken(headers []string) (text string, ok bool) {
	if len(headers) != 1 {
		return "", false
	}
	scheme, text, _ := strings.Cut(headers[0], " ")
	return text, strings.EqualFold(scheme, "Bearer") && text != ""
}

// examinations are used again, as [token.Authority.Examine] allows: they are as large as the rest of a request together.
// Nothing of one is kept, and what an earlier token left in it is read by nobody whose token is refused.
var examinations = sync.Pool{New: func() any { return new(token.Examined) }}

// know finds out who comes with a token, and fills c. Its error is [fault.Unavailable]: this node knows too little
// to say.
func (g *Guard) know(r *http.Request, x *web.Exchange, text string, c *Caller) (access.Refusal, error) {
	known := examinations.Get().(*token.Examined)
	defer examinations.Put(known)
	if err := g.Tokens.Examine(r.Context(), x.Environment, []byte(text), g.Now(), known); err != nil {
		return access.Unknown, err
	}
	if known.Refusal != access.Malformed {
		x.ClientID = known.Claims.Application
	}
	if known.Refusal != access.Admitted {
		return known.Refusal, nil
	}
	if known.Claims.Bound() && !x.Holds(known.Claims.Confirmation) {
		return access.Malformed, nil // somebody else's: it is good only with its certificate
	}
	if c.Elsewhere = !known.API.Builtin; c.Elsewhere && !c.terms.OtherAPIs {
		return access.Malformed, nil // good, but for another API (RFC 9068 §4)
	}
	// A token that was carried out of the credential's networks, or got before they were drawn, is stolen as far as we
	// can see. One of another API may come from the resource server that it was handed to, unless the door is for the
	// application itself.
	handed := c.Elsewhere && c.terms.Family == access.NoFamilies
	if networks, from := known.Credential.Networks(), x.Remote(); !handed && len(networks) > 0 && from.IsValid() && !networks.Contain(from) {
		return access.NetworkNotAllowed, nil
	}
	var numbers [16]uint32
	c.Environment, c.Kind = known.Client.Environment, known.Client.Kind
	c.Actor = access.Actor{
		Environment: c.Environment.ID, Home: c.Environment.Default,
		Application: known.Client.ID, Credential: known.Credential.ID,
		Permissions: c.Environment.Catalogue.Names(known.Permissions(numbers[:0])), Families: known.Families(),
		Epochs: known.Claims.Epochs,
		Issued: time.Unix(known.Claims.IssuedAt, 0).UTC(), Expires: time.Unix(known.Claims.Expires, 0).UTC(),
	}
	name(&c.Actor, known.Claims.JTI, x)
	if c.Elsewhere && c.terms.Itself {
		// The gate behind the door knows one API: ours. That the token's own is as the token says was asked above.
		c.Actor.Epochs.API = c.Environment.Management.Epoch
	}
	return access.Admitted, nil
}

// name writes token, request and address of an actor into one piece of memory, for every request has all of them.
func name(a *access.Actor, jti register.JTI, x *web.Exchange) {
	var memory [96]byte
	text := jti.AppendTo(memory[:0])
	token := len(text)
	text = x.AppendRequestID(text)
	request := len(text)
	if remote := x.Remote(); remote.IsValid() {
		text = remote.AppendTo(text)
	}
	all := string(text)
	a.Token, a.Request, a.Address = all[:token], all[token:request], all[request:]
}

// SendAway answers for an environment that lives in another region: who comes with a good token, or with the right
// secret or certificate, is told where. To everybody else there is nothing here, so nothing else of the request is
// looked at.
func (g *Guard) SendAway(w http.ResponseWriter, r *http.Request, terms Terms) {
	x, headers := web.Of(w), r.Header["Authorization"]
	text, ok := bearerToken(headers)
	switch {
	case ok:
		refusal, err := g.know(r, x, text, &Caller{terms: Terms{OtherAPIs: true}})
		ok = err == nil && refusal == access.Admitted
	case len(headers) == 1 && logon.IsBasic(headers[0]), terms.Certificate && len(headers) == 0 && x.HasCertificate():
		var p logon.Presented
		p.Reset(terms.Family)
		if presentClient(x, r, terms, &p) == nil {
			_, err := g.Logon.Prove(r.Context(), x.Environment, &p, &register.Client{}, g.Now())
			ok = err == nil
		}
	}
	if !ok {
		web.WriteNothing(w)
		return
	}
	web.WriteMisdirected(w, x.Environment.Elsewhere)
}
