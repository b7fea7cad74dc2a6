package ticket

import (
	"crypto/hmac"
	"crypto/rand"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// MaxData is how much JSON a ticket holds at most, in bytes.
const MaxData = 16 << 10

// Authority makes tickets and says what one that is presented is worth.
type Authority struct {
	Vault *seal.Vault
}

// Spec says what ticket to make.
type Spec struct {
	Environment uuid.UUID
	Purpose     Purpose
	// User may be [uuid.Nil] where [Rule.Nobody] says so.
	User uuid.UUID
	// Application is the only one that may present the ticket; [uuid.Nil] binds it to none.
	Application uuid.UUID
	// Holder is what a code is checked for, such as a [FactorState]'s id: a code for one is wrong for every other, and
	// replaces the one before. Only codes have it, and they must.
	Holder uuid.UUID
	// Data is kept as JSON of at most [MaxData] bytes; nil is none.
	Data any
	// Life is how long it works: zero for the purpose's own, never longer than [Rule.MaxLife].
	Life time.Duration
}

// Ticket is one that may still be used.
type Ticket struct {
	ID, Environment   uuid.UUID
	Purpose           Purpose
	User, Application uuid.UUID // [uuid.Nil] where there is none
	Epoch             uint32    // the user's when it was made, which is also the present one
	Data              json.RawMessage
	Failures          int
	Created, Expires  time.Time
}

// Read decodes the ticket's data.
func (t *Ticket) Read(into any) error {
	if len(t.Data) == 0 {
		return nil
	}
	return json.Unmarshal(t.Data, into)
}

// Presented is a ticket as somebody shows it.
type Presented struct {
	Environment uuid.UUID
	Purpose     Purpose
	Secret      seal.Secret
	// By is the application that presents it, which must be the ticket's if that has one; [uuid.Nil] is a browser.
	By uuid.UUID
}

// ErrDead is all that strangers hear of a ticket that is no good, whatever the reason: anything finer would tell who is
// a user, and who has used a link.
var ErrDead error = fault.New(fault.NotFound, "the link or code is not valid: it does not exist, has expired or was used already")

// Dead reports whether err says that a ticket is no good.
func Dead(err error) bool { return errors.Is(err, ErrDead) }

// Make makes a ticket and returns it with its secret: what stands in a link, what a program holds, or the digits that a
// person types. The secret cannot be had again, and is handed out only when the transaction is committed. A user that
// does not exist is [fault.NotFound]; a Spec that breaks the purpose's rule is [fault.Invalid].
func (y *Authority) Make(tx *db.Tx, s Spec) (*Ticket, seal.Secret, error) {
	t, err := y.plan(tx, s)
	if err != nil {
		return nil, seal.Secret{}, err
	}
	var secret []byte
	var shown string
	if digits := s.Purpose.Rule().Digits; digits > 0 {
		t.ID = codeID(s.Holder, s.Purpose)
		shown, err = newCode(digits)
		secret = []byte(shown)
		if _, gone := tx.Exec(deleteTicket, s.Environment.String(), t.ID.String()); gone != nil {
			return nil, seal.Secret{}, gone
		}
	} else {
		secret = make([]byte, secretSize)
		if _, err = rand.Read(secret); err == nil {
			t.ID, err = uuid.NewRandom()
		}
		shown = format(t.ID, secret)
	}
	if err != nil {
		return nil, seal.Secret{}, err
	}
	if err := y.insert(tx, t, secret); err != nil {
		return nil, seal.Secret{}, err
	}
	return t, seal.NewSecret(shown), nil
}

// plan checks a Spec and returns the ticket that it describes, without an id.
func (y *Authority) plan(tx *db.Tx, s Spec) (*Ticket, error) {
	rule, known := rules[s.Purpose]
	if s.Life == 0 {
		s.Life = rule.Life
	}
	switch {
	case !known:
		return nil, fault.On("purpose", "%q is not a purpose of tickets", s.Purpose)
	case s.Life < time.Second || s.Life > rule.MaxLife:
		return nil, fault.On("expires_in", "is at least a second and at most %s for this purpose", rule.MaxLife)
	case s.User == uuid.Nil && !rule.Nobody:
		return nil, fault.On("user", "is missing: tickets of this purpose are somebody's")
	case rule.Digits > 0 != (s.Holder != uuid.Nil):
		return nil, fault.On("holder", "a code needs one, and nothing else has one")
	}
	t := &Ticket{
		Environment: s.Environment, Purpose: s.Purpose, User: s.User, Application: s.Application,
		Created: tx.Now(), Expires: tx.Now().Add(s.Life),
	}
	var err error
	if s.Data != nil {
		if t.Data, err = json.Marshal(s.Data); err != nil {
			return nil, err
		}
		if len(t.Data) > MaxData {
			return nil, fault.New(fault.TooLarge, "a ticket holds at most %d KiB", MaxData>>10)
		}
	}
	if s.User == uuid.Nil {
		return t, nil
	}
	u, err := directory.Load(tx, s.Environment, s.User)
	if err != nil {
		return nil, err
	}
	t.Epoch = u.Epoch
	return t, nil
}

func (y *Authority) insert(tx *db.Tx, t *Ticket, secret []byte) (err error) {
	peppers := y.Vault.Peppers()
	mac, _ := digest(peppers, peppers.Newest(), t.Environment, t.ID, t.Purpose, secret)
	data, sealed := string(t.Data), []byte(nil)
	if t.Purpose.Rule().Sealed && data != "" {
		if sealed, err = y.Vault.Seal(tx, t.Environment, "ticket", t.ID.String(), "sealed", t.Data); err != nil {
			return err
		}
		data = ""
	}
	_, err = tx.Exec(insertTicket, t.Environment.String(), t.ID.String(), string(t.Purpose), orNull(t.User), t.Epoch, orNull(t.Application),
		peppers.Newest(), mac, data, sealed, 0, db.Micros(t.Created), db.Micros(t.Expires))
	return err
}

// digest is what is stored of a secret: whoever reads the database cannot make a ticket of it, nor try the million
// codes, without a root key. It is bound to its row and purpose.
func digest(p *seal.Peppers, version int64, environment, id uuid.UUID, purpose Purpose, secret []byte) ([]byte, bool) {
	return p.MAC(version, nil, []byte("ticket"), environment[:], id[:], []byte(purpose), secret)
}

// Peek returns a ticket without using it, for a page that asks something before. Between Peek and Use the ticket may
// die. Everything that is wrong with it is the same [fault.NotFound]; see [Dead].
func (y *Authority) Peek(tx *db.Tx, p Presented) (*Ticket, error) { return y.find(tx, p, "") }

// Hold is [Authority.Peek] that makes everybody else who holds or uses the ticket wait until the transaction ends. Who
// counts wrong answers with [Authority.Fail] must hold, or a crowd would have as many tries as it sends requests.
func (y *Authority) Hold(tx *db.Tx, p Presented) (*Ticket, error) {
	return y.find(tx, p, tx.ForUpdate())
}

// Use uses the ticket up: of all who try, one transaction that commits gets it. The errors are those of
// [Authority.Peek].
func (y *Authority) Use(tx *db.Tx, p Presented) (*Ticket, error) {
	t, err := y.find(tx, p, tx.ForUpdate())
	if err != nil {
		return nil, err
	}
	return t, y.Spend(tx, t)
}

// Spend uses up a ticket that the transaction holds.
func (y *Authority) Spend(tx *db.Tx, t *Ticket) error {
	n, err := tx.Exec(deleteTicket, t.Environment.String(), t.ID.String())
	if err == nil && n != 1 {
		return ErrDead
	}
	return err
}

// Fail counts a wrong answer to what the ticket stands for, and reports whether that burnt it. The transaction has to
// be committed, or nothing was counted.
func (y *Authority) Fail(tx *db.Tx, t *Ticket) (burnt bool, err error) {
	t.Failures++
	if t.Failures < t.Purpose.Rule().Failures {
		_, err = tx.Exec(updateFailures, t.Environment.String(), t.ID.String())
		return false, err
	}
	_, err = tx.Exec(deleteTicket, t.Environment.String(), t.ID.String())
	return true, err
}

// Enter uses up the code for a holder if it is the right one. A wrong one is no error but false, and counts: the
// transaction has to be committed either way. p.Secret is what the person typed; spaces around and inside it are
// forgiven by the caller, if at all. A code that is dead, burnt or of another application is false as well.
func (y *Authority) Enter(tx *db.Tx, holder uuid.UUID, p Presented) (*Ticket, bool, error) {
	r, err := y.load(tx, p, codeID(holder, p.Purpose), tx.ForUpdate())
	if Dead(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	typed := p.Secret.Reveal()
	right, err := r.proves(y.Vault.Peppers(), []byte(typed))
	if err != nil {
		return nil, false, err
	}
	if !right || !isCode(typed, p.Purpose.Rule().Digits) {
		_, err = y.Fail(tx, &r.Ticket)
		return nil, false, err
	}
	if err := y.unseal(tx, r); err != nil {
		return nil, false, err
	}
	return &r.Ticket, true, y.Spend(tx, &r.Ticket)
}

// Withdraw ends the tickets of a user, those of the given purposes or all.
func (y *Authority) Withdraw(tx *db.Tx, environment, user uuid.UUID, purposes ...Purpose) error {
	if user == uuid.Nil {
		return nil // or every invitation by e-mail would go
	}
	if len(purposes) == 0 {
		_, err := tx.Exec(deleteOfUser, environment.String(), user.String())
		return err
	}
	for _, p := range purposes {
		if _, err := tx.Exec(deletePurpose, environment.String(), user.String(), string(p)); err != nil {
			return err
		}
	}
	return nil
}

// WithdrawOne ends one ticket by its id, which is no secret. Whether there was one is not told.
func (y *Authority) WithdrawOne(tx *db.Tx, environment, id uuid.UUID) error {
	_, err := tx.Exec(deleteTicket, environment.String(), id.String())
	return err
}

// find returns the ticket whose whole secret is presented.
func (y *Authority) find(tx *db.Tx, p Presented, lock string) (*Ticket, error) {
	id, secret, ok := Parse(p.Secret.Reveal())
	if !ok || p.Purpose.Rule().Digits > 0 {
		return nil, ErrDead
	}
	r, err := y.load(tx, p, id, lock)
	if err != nil {
		return nil, err
	}
	right, err := r.proves(y.Vault.Peppers(), secret)
	if err != nil {
		return nil, err
	}
	if !right {
		return nil, ErrDead // not counted: 192 bits are not guessed, and an id is no reason to let strangers burn tickets
	}
	return &r.Ticket, y.unseal(tx, r)
}

// load returns the row with that id if it may still be used, whatever the secret.
func (y *Authority) load(tx *db.Tx, p Presented, id uuid.UUID, lock string) (*row, error) {
	r := &row{Ticket: Ticket{ID: id, Environment: p.Environment, Purpose: p.Purpose}}
	_, err := db.One(tx, func(s db.Scan) (struct{}, error) { return struct{}{}, r.scan(s) },
		selectTicket+lock, p.Environment.String(), id.String(), string(p.Purpose))
	if fault.Is(err, fault.NotFound) {
		return nil, ErrDead
	}
	if err != nil {
		return nil, err
	}
	if !tx.Now().Before(r.Expires) || r.Failures >= p.Purpose.Rule().Failures {
		return nil, ErrDead
	}
	if p.By != uuid.Nil && r.Application != uuid.Nil && p.By != r.Application {
		return nil, ErrDead
	}
	if r.User != uuid.Nil {
		u, err := directory.Load(tx, p.Environment, r.User)
		if err != nil {
			return nil, err // not missing: the row goes with its user
		}
		if u.Epoch != r.Epoch || p.Purpose.Rule().SignIn && (u.Status != directory.Active || u.Locked(tx.Now())) {
			return nil, ErrDead
		}
	}
	r.Data = json.RawMessage(r.data)
	return r, nil
}

// proves compares in constant time. A hash under a root key that this node has not read yet is [fault.Unavailable]: the
// ticket may well be good.
func (r *row) proves(p *seal.Peppers, secret []byte) (bool, error) {
	want, ok := digest(p, r.pepper, r.Environment, r.ID, r.Purpose, secret)
	if !ok {
		return false, fault.New(fault.Unavailable, "the root key of this link is not loaded on this node")
	}
	return hmac.Equal(want, r.mac), nil
}

func (y *Authority) unseal(tx *db.Tx, r *row) (err error) {
	if r.sealed != nil {
		r.Data, err = y.Vault.Unseal(tx, r.Environment, "ticket", r.ID.String(), "sealed", r.sealed)
	}
	return err
}
