package logon

import (
	"context"
	"crypto/x509"
	"errors"
	"iter"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/assertion"
	"github.com/counterfoil/counterfoil/internal/credential/chosen"
	"github.com/counterfoil/counterfoil/internal/credential/lock"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/credential/usage"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/register"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Presented is what a request brings to prove who its client is. It can be used again for the next.
type Presented struct {
	// ID is the client_id; Known says that there is one and that it has the form of one.
	ID    uuid.UUID
	Known bool
	// Method is how the client authenticates itself. Of an assertion, only [Authority.Prove] finds out: one of the
	// methods that take one stands here until then.
	Method register.Methods
	// Readings are the ways in which a secret can be read: decoded as RFC 6749 §2.3.1 has it, and raw as many clients
	// send it. They count as one attempt. Nil is no reading.
	Readings [2][]byte
	// Assertion is the client_assertion (RFC 7521 §4.2).
	Assertion []byte
	// Certificate is what the client's connection proves, and Chain what came with it.
	Certificate *x509.Certificate
	Chain       []*x509.Certificate
	// From is where the caller is, and Agent what it calls itself.
	From  netip.Addr
	Agent string
	// Door is the API family of the endpoint.
	Door access.Families
	// Endpoint is the URL of the endpoint, for assertions of applications that may name it as their audience.
	Endpoint string

	// Exists is set by [Authority.Prove]: there is a client with that id.
	Exists bool

	memory
}

// Refused is why a client was not let in. It is the only error of [Authority.Prove] beside [fault.Unavailable] and
// [fault.Exhausted].
type Refused struct {
	// Reason is one stable word, for administrators.
	Reason string
	// Detail says more to administrators where a word does not say it.
	Detail string
	// Proven says that the client proved itself and was refused all the same: it alone may learn why. To everybody else
	// unknown, locked and wrong look the same.
	Proven bool
	// Gate is the refusal of the gate, if it was the gate's.
	Gate access.Refusal
}

// Error returns the reason.
func (r *Refused) Error() string { return r.Reason }

var (
	errWrong  = &Refused{Reason: "client_authentication_failed"}
	errLocked = &Refused{Reason: "locked"}
	errMethod = &Refused{Reason: "method_not_allowed", Proven: true}
)

// ReasonMethod is the reason for a right credential by a method that the application does not allow.
const ReasonMethod = "method_not_allowed"

// Authority proves clients. All fields must be set.
type Authority struct {
	DB          *db.DB
	Register    *register.Register
	Vault       *seal.Vault
	Credentials *credential.Authority
	Checker     *chosen.Checker
	Locks       *lock.Book
	Fetcher     *assertion.Fetcher
	Seen        *assertion.Seen
	Usage       *usage.Counter

	later later
}

// Prove finds out who a client is and asks the gate. On success client is filled. The credential that was proven is
// returned with a refusal, too.
func (y *Authority) Prove(ctx context.Context, e *register.Environment, p *Presented, client *register.Client, now time.Time) (*proof.Candidate, error) {
	p.Exists = false
	var with *proof.Candidate
	var err error
	secret := p.Method&(register.Basic|register.Post) != 0
	switch {
	case secret:
		with, err = y.proveSecret(ctx, e, p, client, now)
	case p.Assertion != nil:
		with, err = y.proveAssertion(ctx, e, p, client, now)
	default:
		with, err = y.proveCertificate(ctx, e, p, client, now)
	}
	if err != nil {
		if _, refused := errors.AsType[*Refused](err); refused && with == nil && p.Exists {
			y.Usage.Failed(e.ID, p.ID, now)
		}
		return with, err
	}
	if !client.Methods.Allows(p.Method) {
		return with, errMethod
	}
	standing := client.Standing(with, nil)
	standing.Door, standing.From = p.Door, p.From
	if r := standing.Admit(now, nil); r != access.Admitted {
		y.Usage.Count(e.ID, with.ID, usage.Use{At: now, Refused: true})
		return with, &Refused{Reason: r.String(), Proven: true, Gate: r}
	}
	y.Usage.Count(e.ID, with.ID, usage.Use{At: now, Address: p.From, Agent: p.Agent})
	if secret {
		y.Locks.Succeeded(p.logon(e, client), now, resets(client, with))
	}
	if with.Aside != nil && with.Aside.StartsGrace {
		y.activate(e.ID, client.ID, with.ID)
	}
	return with, nil
}

func (p *Presented) logon(e *register.Environment, client *register.Client) lock.Logon {
	return lock.Logon{Environment: e.ID, Application: client.ID, Address: p.From, Mode: client.Lock}
}

// find looks the client up, again after reading the ledger when an earlier look found too little.
func (y *Authority) find(ctx context.Context, e *register.Environment, p *Presented, client *register.Client) (bool, error) {
	if !p.Known {
		return false, nil
	}
	found, err := y.Register.Client(ctx, e, p.ID, client)
	p.Exists = found
	return found, err
}

// catchUp reads the ledger and returns the environment as it is then, or nil when there is no news or no environment.
func (y *Authority) catchUp(ctx context.Context, e *register.Environment) *register.Environment {
	if !y.Register.CatchUp(ctx) {
		return nil
	}
	return y.Register.Environment(e.ID)
}

// candidates yields a client's credentials of one kind: first those that the gate would let in, since several may fit, and
// one that is disabled or has expired must not stand before its successor.
func (p *Presented) candidates(client *register.Client, means proof.Means, now time.Time) iter.Seq[*proof.Candidate] {
	return func(yield func(*proof.Candidate) bool) {
		for _, wanted := range []bool{true, false} {
			for i := range client.Candidates {
				with := &client.Candidates[i]
				if with.Means != means {
					continue
				}
				standing := client.Standing(with, nil)
				standing.Door, standing.From = p.Door, p.From
				if good := standing.Admit(now, nil) == access.Admitted; good == wanted && !yield(with) {
					return
				}
			}
		}
	}
}
