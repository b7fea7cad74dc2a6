package factor

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/ticket"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// maxResponse bounds what a browser answers, in bytes: an attestation has some kilobytes of certificates.
const maxResponse = 64 << 10

// Party is the site that passkeys are for: the relying party of WebAuthn. A passkey works nowhere else.
type Party struct {
	ID      string // the host name
	Name    string // what an authenticator shows
	Origins []string
}

// PartyAt returns the party at an address of this installation. An address that browsers make no passkeys for, such as
// one with an IP address, is [fault.Conflict].
func PartyAt(address, name string) (Party, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || protocol.ValidateRPID(u.Hostname()) != nil || u.Scheme != "https" && u.Hostname() != "localhost" {
		return Party{}, fault.New(fault.Conflict, "passkeys need a server with a name and https; this one is at %s", address)
	}
	return Party{ID: u.Hostname(), Name: name, Origins: []string{u.Scheme + "://" + u.Host}}, nil
}

func (p Party) site() (*webauthn.WebAuthn, error) {
	return webauthn.New(&webauthn.Config{
		RPID: p.ID, RPDisplayName: p.Name, RPOrigins: p.Origins, AttestationPreference: protocol.PreferNoAttestation,
	})
}

// Ceremony is what a page hands to the browser, and the token with which it comes back within five minutes.
type Ceremony struct {
	Options json.RawMessage // the argument of navigator.credentials.create or get, with binary members in base64url
	Token   seal.Secret
	Expires time.Time
}

// challenged is what a ceremony's ticket holds.
type challenged struct {
	Registers bool                 `json:"registers,omitempty"`
	Name      string               `json:"name,omitempty"`
	Session   webauthn.SessionData `json:"session"`
}

// person is a user as WebAuthn knows it: by an id that tells nothing, which is what authenticators keep.
type person struct {
	*directory.User
	passkeys []*Factor
	records  []webauthn.Credential
}

func (p *person) WebAuthnID() []byte                         { return p.ID[:] }
func (p *person) WebAuthnName() string                       { return p.Profile.UserName }
func (p *person) WebAuthnCredentials() []webauthn.Credential { return p.records }
func (p *person) WebAuthnDisplayName() string {
	if p.Profile.DisplayName != "" {
		return p.Profile.DisplayName
	}
	return p.Profile.UserName
}

func (p *person) descriptors() (all []protocol.CredentialDescriptor) {
	for i := range p.records {
		all = append(all, p.records[i].Descriptor())
	}
	return all
}

// personOf returns a user who may sign in, with its passkeys; any other is [ticket.ErrDead].
func personOf(tx *db.Tx, environment, user uuid.UUID) (*person, error) {
	u, err := directory.Load(tx, environment, user)
	if fault.Is(err, fault.NotFound) || err == nil && (u.Status != directory.Active || u.Locked(tx.Now())) {
		return nil, ticket.ErrDead
	}
	if err != nil {
		return nil, err
	}
	p := &person{User: u}
	all, err := list(tx, environment, user)
	for _, f := range all {
		if f.Kind != Passkey {
			continue
		}
		var record webauthn.Credential
		if err := json.Unmarshal([]byte(f.data), &record); err != nil {
			return nil, err
		}
		p.passkeys, p.records = append(p.passkeys, f), append(p.records, record)
	}
	return p, err
}

// BeginPasskey starts to give a user a passkey of that name. It asks nobody's permission: the user is there, in a session.
func (y *Authority) BeginPasskey(tx *db.Tx, at Party, environment, user uuid.UUID, name string) (*Ceremony, error) {
	site, err := at.site()
	if err != nil {
		return nil, err
	}
	p, err := personOf(tx, environment, user)
	if err != nil {
		return nil, err
	}
	if name, err = validName(name); err != nil {
		return nil, err
	}
	options, session, err := site.BeginRegistration(p, webauthn.WithExclusions(p.descriptors()),
		webauthn.WithResidentKeyRequirement(protocol.ResidentKeyRequirementPreferred))
	if err != nil {
		return nil, err
	}
	return y.open(tx, environment, user, options.Response, challenged{Registers: true, Name: name, Session: *session})
}

// FinishPasskey takes what the browser made and adds it to the user's factors, confirmed. who is the user, for the ledger.
// What is not right is [fault.Invalid], a token that is no good [ticket.ErrDead], a passkey that is somebody's already
// [fault.Conflict].
func (y *Authority) FinishPasskey(tx *db.Tx, at Party, environment uuid.UUID, token seal.Secret, response []byte, who ledger.Who) (*Factor, error) {
	site, err := at.site()
	if err != nil {
		return nil, err
	}
	t, begun, err := y.close(tx, environment, token, true)
	if err != nil {
		return nil, err
	}
	// Locked, so that those who enrol wait for each other.
	if _, err := directory.LoadForUpdate(tx, environment, t.User); err != nil {
		return nil, err
	}
	p, err := personOf(tx, environment, t.User)
	if err != nil {
		return nil, err
	}
	if len(response) > maxResponse {
		return nil, fault.New(fault.TooLarge, "what a browser answers has at most %d KiB", maxResponse>>10)
	}
	parsed, err := protocol.ParseCredentialCreationResponseBytes(response)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "this is not what a browser answers to a new passkey")
	}
	record, err := site.CreateCredential(p, begun.Session, parsed)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "the passkey is not for this site or this attempt")
	}
	text, err := json.Marshal(record)
	if err != nil {
		return nil, err
	}
	f, err := plan(tx, p.User, Passkey, begun.Name, who)
	if err != nil {
		return nil, err
	}
	f.Confirmed, f.data, f.handle = true, string(text), handleOf(record.ID)
	if taken, err := db.Value[int64](tx, countHandle, environment.String(), f.handle); err != nil || taken > 0 {
		if err == nil {
			err = fault.New(fault.Conflict, "this passkey is a factor already")
		}
		return nil, err
	}
	return f, f.enrolled(tx, who)
}

// BeginSignature asks for a signature of a user's passkey, or with [uuid.Nil] of anybody's: then the authenticator says
// whose it is, and must have verified the person. A user who does not exist or has no passkey is [ticket.ErrDead].
func (y *Authority) BeginSignature(tx *db.Tx, at Party, environment, user uuid.UUID) (*Ceremony, error) {
	site, err := at.site()
	if err != nil {
		return nil, err
	}
	var options *protocol.CredentialAssertion
	var session *webauthn.SessionData
	if user == uuid.Nil {
		options, session, err = site.BeginDiscoverableLogin(webauthn.WithUserVerification(protocol.VerificationRequired))
	} else {
		p, failed := personOf(tx, environment, user)
		if failed == nil && len(p.records) == 0 {
			failed = ticket.ErrDead
		}
		if failed != nil {
			return nil, failed
		}
		options, session, err = site.BeginLogin(p)
	}
	if err != nil {
		return nil, err
	}
	return y.open(tx, environment, user, options.Response, challenged{Session: *session})
}

// Signature is one that is right.
type Signature struct {
	User   *directory.User
	Factor *Factor
	// Verified says that the authenticator knew the person, by a finger or a number: two factors in one.
	Verified bool
}

// FinishSignature says whose passkey signed. The token is used up whatever the [Verdict], so the transaction has to be
// committed. It does not count: signatures are not guessed, and strangers can begin. A counter that has gone back is
// [Wrong] and goes into the ledger, since there may be a copy of the passkey (WebAuthn Level 3 §6.1.1).
func (y *Authority) FinishSignature(tx *db.Tx, at Party, environment uuid.UUID, token seal.Secret, response []byte) (*Signature, Verdict, error) {
	site, err := at.site()
	if err != nil {
		return nil, "", err
	}
	t, begun, err := y.close(tx, environment, token, false)
	if err != nil {
		return nil, "", err
	}
	if len(response) > maxResponse {
		return nil, Wrong, nil
	}
	parsed, err := protocol.ParseCredentialRequestResponseBytes(response)
	if err != nil {
		return nil, Wrong, nil //nolint:nilerr // the answer is wrong, and its token is used up
	}
	user := t.User
	if user == uuid.Nil {
		if user, err = uuid.FromBytes(parsed.Response.UserHandle); err != nil {
			return nil, Wrong, nil //nolint:nilerr // as above
		}
	}
	p, err := personOf(tx, environment, user)
	if ticket.Dead(err) {
		return nil, Wrong, nil
	}
	if err != nil {
		return nil, "", err
	}
	return verifySignature(tx, site, p, t.User == uuid.Nil, begun, parsed)
}

func verifySignature(tx *db.Tx, site *webauthn.WebAuthn, p *person, discovered bool, begun *challenged, parsed *protocol.ParsedCredentialAssertionData) (*Signature, Verdict, error) {
	// The row is locked and read again, so that one counter is good once.
	var mine *Factor
	for i, f := range p.passkeys {
		if f.handle != handleOf(parsed.RawID) {
			continue
		}
		locked, err := load(tx, f.Environment, f.User, f.ID)
		if fault.Is(err, fault.NotFound) {
			return nil, Wrong, nil
		}
		if err != nil {
			return nil, "", err
		}
		mine = locked
		p.records[i] = webauthn.Credential{}
		if err := json.Unmarshal([]byte(mine.data), &p.records[i]); err != nil {
			return nil, "", err
		}
	}
	if mine == nil || mine.Locked(tx.Now()) {
		return nil, Wrong, nil
	}
	var record *webauthn.Credential
	var err error
	if discovered {
		record, err = site.ValidateDiscoverableLogin(func(_, _ []byte) (webauthn.User, error) { return p, nil }, begun.Session, parsed)
	} else {
		record, err = site.ValidateLogin(p, begun.Session, parsed)
	}
	if err != nil {
		return nil, Wrong, nil //nolint:nilerr // every error is about the answer
	}
	if record.Authenticator.CloneWarning {
		mine.record(tx, ledger.System, "user.factor_suspected", nil, map[string]any{
			"factor": mine.ID.String(), "kind": string(mine.Kind), "reason": "its counter went back: there may be a copy",
		})
		return nil, Wrong, nil
	}
	text, err := json.Marshal(record)
	if err != nil {
		return nil, "", err
	}
	if _, err := tx.Exec(updateData, mine.Environment.String(), mine.ID.String(), string(text)); err != nil {
		return nil, "", err
	}
	verified := parsed.Response.AuthenticatorData.Flags.HasUserVerified()
	return &Signature{User: p.User, Factor: mine, Verified: verified}, Right, mine.succeed(tx)
}

// AnswerSignature takes a passkey's signature as the answer to a state; see [Authority.Answer]. The signature must be of
// the state's user, with a factor that the state names.
func (y *Authority) AnswerSignature(tx *db.Tx, at Party, a Attempt, token seal.Secret, response []byte) (*State, Verdict, error) {
	t, keep, _, err := y.resume(tx, a)
	if err != nil {
		return nil, "", err
	}
	signed, v, err := y.FinishSignature(tx, at, a.Environment, token, response)
	if err != nil {
		return nil, "", err
	}
	if v == Right && (signed.User.ID != t.User || !keep.has(signed.Factor.ID)) {
		v = Wrong
	}
	return y.settle(tx, t, keep, v)
}

// open makes the ticket of a ceremony.
func (y *Authority) open(tx *db.Tx, environment, user uuid.UUID, options any, begun challenged) (*Ceremony, error) {
	text, err := json.Marshal(options)
	if err != nil {
		return nil, err
	}
	t, token, err := y.Tickets.Make(tx, ticket.Spec{Environment: environment, Purpose: ticket.Passkey, User: user, Data: begun})
	if err != nil {
		return nil, err
	}
	return &Ceremony{Options: text, Token: token, Expires: t.Expires}, nil
}

// close uses a ceremony's ticket up.
func (y *Authority) close(tx *db.Tx, environment uuid.UUID, token seal.Secret, registers bool) (*ticket.Ticket, *challenged, error) {
	t, err := y.Tickets.Use(tx, ticket.Presented{Environment: environment, Purpose: ticket.Passkey, Secret: token})
	if err != nil {
		return nil, nil, err
	}
	var begun challenged
	if err := t.Read(&begun); err != nil {
		return nil, nil, err
	}
	if begun.Registers != registers {
		return nil, nil, ticket.ErrDead
	}
	return t, &begun, nil
}

// handleOf is how a passkey is found to be somebody's already: authenticators choose ids of up to 1,023 bytes.
func handleOf(id []byte) string {
	sum := sha256.Sum256(id)
	return hex.EncodeToString(sum[:])
}
