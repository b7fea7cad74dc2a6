package logon

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/credential/assertion"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// attempt is one assertion that is held against the credentials of a client.
type attempt struct {
	*Presented
	environment *register.Environment
	client      *register.Client
	token       string
	claimed     *assertion.Unverified
	now         time.Time
	tries       int // signatures that may still be checked
}

// proveAssertion recognises a client assertion (RFC 7523 §2.2): signed with a key or a secret of the client's own, or
// by an issuer that the client's application trusts. Certificates and JWTs are never counted as failed logons.
func (y *Authority) proveAssertion(ctx context.Context, e *register.Environment, p *Presented, client *register.Client, now time.Time) (*proof.Candidate, error) {
	a := &attempt{Presented: p, environment: e, client: client, token: string(p.Assertion), now: now, tries: assertion.DefaultTries}
	var err error
	if a.claimed, err = assertion.Peek(a.token); err != nil {
		// The client is looked up all the same, so that its administrators see what was wrong.
		if _, missing := y.find(ctx, e, p, client); missing != nil {
			return nil, missing
		}
		return nil, refusedBy(err)
	}
	own := a.readClientID()
	with, err := y.matchAssertion(ctx, a, own)
	if refused, ok := err.(*Refused); ok && refused != nil && with == nil { //nolint:errorlint // made here, never wrapped
		if fresh := y.catchUp(ctx, e); fresh != nil {
			a.environment, a.tries = fresh, assertion.DefaultTries
			with, err = y.matchAssertion(ctx, a, own)
		}
	}
	return with, err
}

// readClientID takes the client from the assertion when it is the client's own, and reports whether it is. One whose
// client_id parameter names another client is nobody's.
func (a *attempt) readClientID() bool {
	text := a.claimed.ClientID()
	id, err := uuid.Parse(text)
	if err != nil || id.String() != text {
		return false
	}
	if a.Known && a.ID != id {
		a.Known = false
	} else {
		a.ID, a.Known = id, true
	}
	return true
}

func (y *Authority) matchAssertion(ctx context.Context, a *attempt, own bool) (*proof.Candidate, error) {
	found, err := y.find(ctx, a.environment, a.Presented, a.client)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errWrong
	}
	switch {
	case !own:
		a.Method = register.Federated
		return y.matchTrust(ctx, a)
	case strings.HasPrefix(a.claimed.Algorithm, "HS"):
		a.Method = register.SecretJWT
		return y.matchSecretJWT(ctx, a)
	default:
		a.Method = register.PrivateKeyJWT
		return y.matchKey(ctx, a)
	}
}

func (a *attempt) rules() assertion.Rules {
	r := assertion.Rules{ClientID: a.ID.String(), Issuer: a.environment.Issuer, Now: a.now, Tries: &a.tries}
	if a.client.LegacyAudience {
		r.LegacyAudiences = []string{a.environment.Issuer + "/oauth2/token", a.Endpoint}
	}
	return r
}

// matchKey finds the JWT key that signed an assertion.
func (y *Authority) matchKey(ctx context.Context, a *attempt) (*proof.Candidate, error) {
	var last error = errWrong
	for with := range a.candidates(a.client, proof.ByKey, a.now) {
		keys, err := y.Fetcher.Keys(ctx, *with.Aside.Proof.Keys, a.claimed.KeyID)
		var proven *assertion.Assertion
		if err == nil {
			proven, err = assertion.VerifyClient(a.token, keys, a.rules())
		}
		if err == nil {
			return with, y.once(ctx, a, proven)
		}
		last = nearer(last, err)
	}
	return nil, last
}

// matchSecretJWT finds the secret that an assertion was signed with. Only secrets that are kept sealed can be tried,
// and they are read from the database, which an assertion needs anyway. Chosen ones are not tried: assertions lock nobody
// and cost no slow hash, so that a stranger could guess as fast as the network carries.
func (y *Authority) matchSecretJWT(ctx context.Context, a *attempt) (*proof.Candidate, error) {
	var secrets map[uuid.UUID]seal.Secret
	err := y.DB.Read(ctx, func(tx *db.Tx) (err error) {
		secrets, err = y.Credentials.Viewable(tx, a.environment.ID, a.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	var last error = errWrong
	for id, secret := range secrets {
		with := a.client.Candidate(id)
		if with == nil || with.Means != proof.ByGenerated {
			continue
		}
		proven, err := assertion.VerifySecret(a.token, secret, a.rules())
		if err == nil {
			return with, y.once(ctx, a, proven)
		}
		last = nearer(last, err)
	}
	return nil, last
}

// matchTrust finds the federated trust that a token of another issuer proves.
func (y *Authority) matchTrust(ctx context.Context, a *attempt) (*proof.Candidate, error) {
	var last error = errWrong
	for with := range a.candidates(a.client, proof.ByTrust, a.now) {
		trust := with.Aside.Proof.Trust
		if trust.Issuer != a.claimed.Issuer {
			continue
		}
		keys, err := y.Fetcher.Keys(ctx, trust.Keys, a.claimed.KeyID)
		var proven *assertion.Assertion
		if err == nil {
			proven, err = assertion.VerifyFederated(a.token, keys, &trust.Trust, a.rules())
		}
		switch {
		case err == nil && trust.SingleUse:
			return with, y.once(ctx, a, proven)
		case err == nil:
			return with, nil
		}
		last = nearer(last, err)
	}
	if last == error(errWrong) { //nolint:errorlint // made here, never wrapped
		return nil, &Refused{Reason: string(assertion.WrongIssuer), Detail: "no trust of the application names the issuer " + assertion.Clean(a.claimed.Issuer)}
	}
	return nil, last
}

// once accepts an assertion that was not used before, at any endpoint and on any node.
func (y *Authority) once(ctx context.Context, a *attempt, proven *assertion.Assertion) error {
	if err := y.Seen.Once(ctx, a.environment.ID, proven.Issuer, proven.JTI, proven.Expires); err != nil {
		return refusedBy(err)
	}
	return nil
}

// nearer keeps the error that says more: of several credentials, the one that an assertion missed by least was meant.
// Keys that could not be fetched may be those that it was signed with, so that says more than a miss.
func nearer(last, err error) error {
	known, was := last.(*Refused)            //nolint:errorlint // made here, never wrapped
	refused, is := refusedBy(err).(*Refused) //nolint:errorlint // made here, never wrapped
	switch {
	case !was:
		return last
	case !is:
		return err
	case telling(refused) >= telling(known):
		return refused
	}
	return last
}

// telling ranks refusals by how much they say of the credential that was meant.
func telling(r *Refused) int {
	switch r.Reason {
	case errWrong.Reason:
		return 0
	case string(assertion.UnknownKey), string(assertion.BadSignature), string(assertion.WrongAlgorithm):
		return 1
	case ReasonKeys:
		return 2
	}
	return 3
}

// ReasonKeys is the reason for an assertion that nobody can judge at the moment, because its issuer does not publish its
// keys. The client may try again.
const ReasonKeys = string(assertion.KeysUnavailable)

// refusedBy turns the refusal of an assertion into one of this room; other errors stay what they are.
func refusedBy(err error) error {
	r, ok := errors.AsType[*assertion.Refused](err)
	if !ok {
		return err
	}
	detail := r.Detail
	for _, d := range r.Differences[min(1, len(r.Differences)):] { // the first is in the detail
		detail += "; " + d.Claim + " is \"" + d.Got + "\": the trust wants \"" + d.Wanted + "\""
	}
	return &Refused{Reason: string(r.Reason), Detail: detail}
}
