package factor

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/ticket"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// State is what stands between a password that was right and the factor that is still asked.
type State struct {
	Environment, User uuid.UUID
	// Application is the one that began, and the only one that may go on.
	Application uuid.UUID
	// For says what it leads to, such as "login"; a state is good for nothing else.
	For string
	// Data is what whoever began wants to have again at the end, as JSON; nil is none.
	Data json.RawMessage
}

// stored is what a state's ticket holds.
type stored struct {
	For     string          `json:"for"`
	Factors []uuid.UUID     `json:"factors"`
	Data    json.RawMessage `json:"data,omitempty"`
}

func (s *stored) has(factor uuid.UUID) bool { return slices.Contains(s.Factors, factor) }

// Begin makes a state for a user who has factors, and returns its token, its end and the factors to choose from. It needs
// no permission: the caller has seen the right password. [fault.Conflict]: the user has no factor that can be used.
func (y *Authority) Begin(tx *db.Tx, s State) (seal.Secret, time.Time, []*Factor, error) {
	usable, err := Usable(tx, s.Environment, s.User)
	if err != nil {
		return seal.Secret{}, time.Time{}, nil, err
	}
	if len(usable) == 0 {
		return seal.Secret{}, time.Time{}, nil, fault.New(fault.Conflict, "the user has no factor that can be used now")
	}
	keep := stored{For: s.For, Data: s.Data}
	for _, f := range usable {
		keep.Factors = append(keep.Factors, f.ID)
	}
	t, token, err := y.Tickets.Make(tx, ticket.Spec{
		Environment: s.Environment, Purpose: ticket.FactorState, User: s.User, Application: s.Application, Data: keep,
	})
	if err != nil {
		return seal.Secret{}, time.Time{}, nil, err
	}
	return token, t.Expires, usable, nil
}

// Attempt is somebody who goes on with a state.
type Attempt struct {
	Environment, Application uuid.UUID
	For                      string
	Token                    seal.Secret
	Factor                   uuid.UUID
	Code                     string // of [Authority.Answer]
}

// Pending returns a state whose token is shown, and those of its factors that can be used now, without using anything up: for
// the page that asks. Whatever is wrong with the token is one [fault.NotFound]; see [ticket.Dead].
func (y *Authority) Pending(tx *db.Tx, a Attempt) (*State, []*Factor, error) {
	t, err := y.Tickets.Peek(tx, ticket.Presented{
		Environment: a.Environment, Purpose: ticket.FactorState, Secret: a.Token, By: a.Application,
	})
	if err != nil {
		return nil, nil, err
	}
	var keep stored
	if err := t.Read(&keep); err != nil {
		return nil, nil, err
	}
	if keep.For != a.For || t.Application != a.Application {
		return nil, nil, ticket.ErrDead
	}
	usable, err := Usable(tx, t.Environment, t.User)
	usable = slices.DeleteFunc(usable, func(f *Factor) bool { return !keep.has(f.ID) })
	return &State{Environment: t.Environment, User: t.User, Application: t.Application, For: keep.For, Data: keep.Data}, usable, err
}

// Answer takes the answer to a state. [Right] uses the state up and returns it; [Wrong] counts against the factor and
// the state, which five wrong answers burn. Whatever is wrong with the token is one [fault.NotFound]; see [ticket.Dead].
func (y *Authority) Answer(tx *db.Tx, a Attempt) (*State, Verdict, error) {
	t, keep, u, err := y.resume(tx, a)
	if err != nil {
		return nil, "", err
	}
	v := Wrong
	if keep.has(a.Factor) {
		v, err = y.check(tx, u, a.Factor, t.ID, a.Code)
		if fault.Is(err, fault.NotFound) {
			v, err = Wrong, nil // removed since
		}
		if err != nil {
			return nil, "", err
		}
	}
	return y.settle(tx, t, keep, v)
}

// settle draws from a verdict what follows for the state.
func (y *Authority) settle(tx *db.Tx, t *ticket.Ticket, keep *stored, v Verdict) (*State, Verdict, error) {
	var err error
	switch v {
	case Right:
		s := &State{Environment: t.Environment, User: t.User, Application: t.Application, For: keep.For, Data: keep.Data}
		return s, v, y.Tickets.Spend(tx, t)
	case Wrong:
		_, err = y.Tickets.Fail(tx, t)
	case Locked: // it was not looked at
	}
	return nil, v, err
}

// Challenge mails a code for a state whose token is shown, if the factor is one of those codes go to. It is right for
// this state alone. Other factors need no challenge, and that is [fault.Conflict].
func (y *Authority) Challenge(tx *db.Tx, a Attempt) error {
	t, keep, u, err := y.resume(tx, a)
	if err != nil {
		return err
	}
	if !keep.has(a.Factor) {
		return errNoFactor
	}
	f, err := load(tx, u.Environment, u.ID, a.Factor)
	if err != nil {
		return err
	}
	return y.send(tx, u, f, t.ID, t.Application)
}

// SendCode mails a new code for one of a user's e-mail factors, confirmed or not, for [Authority.Confirm] and
// [Authority.Verify]. The actor needs [access.WriteFactors] over the user.
func (y *Authority) SendCode(tx *db.Tx, actor *access.Actor, user, id uuid.UUID) error {
	u, err := over(tx, actor, access.WriteFactors, user)
	if err != nil {
		return err
	}
	f, err := load(tx, u.Environment, u.ID, id)
	if err != nil {
		return err
	}
	return y.send(tx, u, f, f.ID, uuid.Nil)
}

// resume finds the state that an attempt shows and holds it, so that a crowd has no more tries than a queue.
func (y *Authority) resume(tx *db.Tx, a Attempt) (*ticket.Ticket, *stored, *directory.User, error) {
	t, err := y.Tickets.Hold(tx, ticket.Presented{
		Environment: a.Environment, Purpose: ticket.FactorState, Secret: a.Token, By: a.Application,
	})
	if err != nil {
		return nil, nil, nil, err
	}
	var keep stored
	if err := t.Read(&keep); err != nil {
		return nil, nil, nil, err
	}
	if keep.For != a.For || t.Application != a.Application {
		return nil, nil, nil, ticket.ErrDead
	}
	u, err := directory.Load(tx, t.Environment, t.User)
	return t, &keep, u, err
}

const (
	// sendMost is how many codes go to one factor in sendEvery: an inbox is not a stranger's to fill.
	sendMost  = 5
	sendEvery = time.Hour
)

// send mails a code for an e-mail factor that is right for holder.
func (y *Authority) send(tx *db.Tx, u *directory.User, f *Factor, holder, application uuid.UUID) error {
	if f.Kind != Email {
		return fault.New(fault.Conflict, "the codes of this factor are not sent")
	}
	if y.Post == nil {
		return fault.New(fault.Unavailable, "this server sends no mail")
	}
	if f.Locked(tx.Now()) {
		return Locked.Err()
	}
	if addressOf(u, f.Address) == "" {
		return fault.New(fault.Conflict, "the address is not the user's any more; remove the factor")
	}
	if tx.Now().Sub(f.sentSince) >= sendEvery {
		f.sent, f.sentSince = 0, tx.Now()
	}
	if f.sent++; f.sent > sendMost {
		return fault.New(fault.Exhausted, "at most %d codes an hour are sent to one address", sendMost)
	}
	if _, err := tx.Exec(updateSent, f.Environment.String(), f.ID.String(), f.sent, db.Micros(f.sentSince)); err != nil {
		return err
	}
	t, code, err := y.Tickets.Make(tx, ticket.Spec{
		Environment: f.Environment, Purpose: ticket.EmailCode, User: u.ID, Application: application, Holder: holder,
	})
	if err != nil {
		return err
	}
	return y.Post(tx, u, f.Address, code, t.Expires)
}
