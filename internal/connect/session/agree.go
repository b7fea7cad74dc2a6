package session

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// AgreeTime is how long a person has to agree at a provider.
const AgreeTime = 10 * time.Minute

// ErrRefused is the end of a journey to a provider where somebody, or the provider, said no.
var ErrRefused error = fault.New(fault.Denied, "the provider says that access was not given")

// journey is what is remembered, sealed, of a person who was sent to a provider to agree.
type journey struct {
	Connector string            `json:"connector"`
	Values    map[string]string `json:"values,omitempty"`
	Secrets   map[string]string `json:"secrets,omitempty"`
	// State is the random part of the state, Binder what the browser brings back in a cookie, Verifier that of RFC 7636 §4.1.
	State    string    `json:"state"`
	Binder   string    `json:"binder"`
	Verifier string    `json:"verifier"`
	Until    time.Time `json:"until"`
}

func random() string {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b)
}

// Send begins the journey to the provider of the connector called name: it returns where to send the browser, and what the
// browser is to bring back in a cookie. Errors are those of [Flow.Try]; each journey counts as a try.
func (f *Flow) Send(ctx context.Context, p Presented, name string, typed map[string]string) (to string, binder seal.Secret, r *Result, err error) {
	r, filled, err := f.fill(ctx, p, name, typed)
	if err != nil {
		return "", binder, r, err
	}
	j := journey{
		Connector: name, Values: filled.Values, Secrets: map[string]string{}, State: random(), Binder: random(), Verifier: random(),
	}
	for field, secret := range filled.Secrets {
		j.Secrets[field] = secret.Reveal()
	}
	sum := sha256.Sum256([]byte(j.Verifier))
	state := strings.Join([]string{p.Environment.String(), r.View.ID.String(), j.State}, ".")
	to, err = f.Exchange.AuthorizeURL(r.Choice.credential(filled), state, base64.RawURLEncoding.EncodeToString(sum[:]))
	if err != nil {
		return "", binder, r, err
	}
	if err := f.count(ctx, p); err != nil {
		return "", binder, r, err
	}
	err = f.DB.Write(ctx, func(tx *db.Tx) error {
		s, err := f.Sessions.hold(tx, p.Environment, p.Token)
		if err != nil && err != ErrTried { //nolint:errorlint // it is this value, and this was the last try
			return err
		}
		j.Until = tx.Now().Add(AgreeTime)
		text, err := json.Marshal(j)
		if err != nil {
			return err
		}
		sealed, err := f.Sessions.Connect.Vault.Seal(tx, s.Environment, "connect_session", s.ID.String(), "sealed", text)
		if err != nil {
			return err
		}
		_, err = tx.Exec(updateSealed, s.Environment.String(), s.ID.String(), sealed)
		return err
	})
	return to, seal.NewSecret(j.Binder), r, err
}

// Back is what a browser brings back from a provider.
type Back struct {
	State        string
	Binder, Code seal.Secret
	// Refused says that the provider gave an error instead of a code.
	Refused bool
}

// Return ends a journey: it redeems the code and stores the connection. It returns environment and session wherever the
// state names one. A state that is not that of a journey of this browser, or too old, is [ErrUnknown]; [ErrRefused] says that
// the provider said no.
func (f *Flow) Return(ctx context.Context, p Presented, back Back) (environment, id uuid.UUID, err error) {
	parts := strings.Split(back.State, ".")
	if len(parts) != 3 {
		return uuid.Nil, uuid.Nil, ErrUnknown
	}
	environment, first := uuid.Parse(parts[0])
	id, second := uuid.Parse(parts[1])
	if first != nil || second != nil {
		return uuid.Nil, uuid.Nil, ErrUnknown
	}
	p.Environment = environment
	j, v, err := f.end(ctx, environment, id, parts[2], back.Binder)
	if err != nil {
		return environment, id, err
	}
	if back.Refused || back.Code.Empty() {
		return environment, id, ErrRefused
	}
	choice := v.Choice(j.Connector)
	if choice == nil {
		return environment, id, fault.New(fault.Conflict, "this connector cannot be chosen now")
	}
	filled := connect.Filled{Values: j.Values, Secrets: map[string]seal.Secret{}}
	for field, secret := range j.Secrets {
		filled.Secrets[field] = seal.NewSecret(secret)
	}
	token, err := f.Exchange.Redeem(ctx, choice.credential(filled), back.Code.Reveal(), j.Verifier)
	if err != nil {
		return environment, id, err
	}
	report := f.Exchange.Try(ctx, choice.credential(filled), token)
	if failed := report.Failed(); failed != nil {
		return environment, id, fault.New(fault.Conflict, "%s", failed.Hint)
	}
	return environment, id, f.DB.Write(ctx, func(tx *db.Tx) error {
		s, err := load(tx, environment, id, tx.ForUpdate())
		if err != nil {
			return err
		}
		if s.Used() {
			return ErrUsed
		}
		s.Steps = stepsOf(&report)
		_, err = f.store(tx, s, p, choice, filled, token, report.Warning)
		return err
	})
}

// end takes a journey out of its session, so that no code is redeemed twice. It is one only for the browser that was sent
// away. A session that expired since is no matter: it was good when the journey began, and that is minutes ago.
func (f *Flow) end(ctx context.Context, environment, id uuid.UUID, state string, binder seal.Secret) (j *journey, v *View, err error) {
	err = f.DB.Write(ctx, func(tx *db.Tx) error {
		j = &journey{}
		s, err := load(tx, environment, id, tx.ForUpdate())
		if err != nil {
			return err
		}
		if len(s.sealed) == 0 { // also when it was used: who is asking has shown nothing yet
			return ErrUnknown
		}
		text, err := f.Sessions.Connect.Vault.Unseal(tx, environment, "connect_session", id.String(), "sealed", s.sealed)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(text, j); err != nil {
			return fault.Wrap(fault.Internal, err, "a sealed journey is not what was sealed")
		}
		if !same(state, j.State) || !same(binder.Reveal(), j.Binder) || !tx.Now().Before(j.Until) {
			return ErrUnknown
		}
		if _, err := tx.Exec(updateSealed, environment.String(), id.String(), []byte{}); err != nil {
			return err
		}
		v, err = f.view(tx, s)
		return err
	})
	return j, v, err
}

// same compares in constant time.
func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }
