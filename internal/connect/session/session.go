package session

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// How long sessions last, and how often a credential may be tried with one: enough for a person who mistypes, too little
// for guessing somebody's secret or for making us call a provider again and again.
const (
	DefaultLife = 30 * time.Minute
	MaxLife     = 7 * 24 * time.Hour
	MaxTries    = 20
)

// Authority makes connect sessions and says what a token that is presented is worth.
type Authority struct {
	Connect *connect.Authority
}

// Spec says what a session allows and what the page looks like.
type Spec struct {
	// Connectors are the names of those that may be chosen; at least one, unless Connection is set.
	Connectors []string
	// Connection is the one that is connected again, with its own connector; [uuid.Nil] makes a new one.
	Connection uuid.UUID
	// Presets are values of fields by connector and field, which whoever connects is not asked for. They take the place of
	// the connector's own.
	Presets map[string]map[string]string
	// Origins are sites that may show the page in a frame, beside those of the connectors.
	Origins []string
	// ReturnTo is where the page leads in the end; its origin is one of those allowed.
	ReturnTo string
	// Language is one of [Languages]; empty leaves it to the browser.
	Language string
	Theme    Theme
	// Docs take the place of the documentation of connectors.
	Docs map[string]string
	// Life is how long the session works: zero for [DefaultLife], at most [MaxLife].
	Life time.Duration
	// Spec is what the connection will carry. It counts for nothing when one is connected again.
	connect.Spec
}

// Languages are those the page is written in; the first is for those who ask for another.
func Languages() []string { return []string{"en", "de", "fr", "es", "ja"} }

// Step is how one stage of checking went, as the page shows it afterwards.
type Step struct {
	Stage provider.Stage `json:"stage"`
	State string         `json:"state"`
}

// settings are a session's as they are stored.
type settings struct {
	Connectors []string                     `json:"connectors"`
	Reconnect  bool                         `json:"reconnect,omitempty"`
	Presets    map[string]map[string]string `json:"presets,omitempty"`
	Origins    []string                     `json:"origins,omitempty"`
	ReturnTo   string                       `json:"return_to,omitempty"`
	Language   string                       `json:"language,omitempty"`
	Theme      Theme                        `json:"theme,omitzero"`
	Docs       map[string]string            `json:"docs,omitempty"`
	Name       string                       `json:"name,omitempty"`
	Metadata   json.RawMessage              `json:"metadata,omitempty"`
	Tags       map[string]string            `json:"tags,omitempty"`
	EndUser    connect.EndUser              `json:"end_user,omitzero"`
	// Steps and Notes are those of the try that succeeded.
	Steps []Step          `json:"steps,omitempty"`
	Notes []provider.Note `json:"notes,omitempty"`
}

// Session is the right to enter the credentials of one connection.
type Session struct {
	Environment, ID uuid.UUID
	// Connection is the one to connect again; after a use, the one that was made.
	Connection uuid.UUID
	// Reconnect says that Connection was there before.
	Reconnect  bool
	Connectors []string
	Presets    map[string]map[string]string
	Origins    []string
	ReturnTo   string
	Language   string
	Theme      Theme
	Docs       map[string]string
	// Carried is what the connection will carry.
	Carried connect.Spec
	// Steps and Notes are those of the try that succeeded: how checking went, and what was tidied up of what was typed.
	Steps []Step
	Notes []provider.Note

	CreatedBy                    string
	CreatedAt, ExpiresAt, UsedAt time.Time
	Tries                        int
	// Warnings are what [Authority.Create] found doubtful. They are not kept.
	Warnings []string

	pepper       int64
	hash, sealed []byte
}

// Used reports whether the session has had its one use.
func (s *Session) Used() bool { return !s.UsedAt.IsZero() }

// Errors of tokens that are no good. Strangers hear the first; the others are for whoever holds the whole token, to whom
// they give nothing away.
var (
	ErrUnknown error = fault.New(fault.NotFound, "there is no such connect session: it does not exist or is long over")
	ErrExpired error = fault.New(fault.NotFound, "the connect session has expired: ask for another")
	ErrUsed    error = fault.New(fault.Conflict, "the connect session was used already: ask for another")
	ErrTried   error = fault.New(fault.Exhausted, "too many tries with this connect session: ask for another")
)

// Over reports whether err says that a session is at its end or was never there.
func Over(err error) bool {
	return errors.Is(err, ErrUnknown) || errors.Is(err, ErrExpired) || errors.Is(err, ErrUsed) || errors.Is(err, ErrTried)
}

// Create makes a session and returns it with its token, which cannot be had again and is handed out only when the
// transaction is committed. The actor needs [access.WriteConnections]. What does not fit is [fault.Invalid] with the
// field; a connection that does not exist is [fault.NotFound].
func (y *Authority) Create(tx *db.Tx, actor *access.Actor, spec Spec) (*Session, seal.Secret, error) {
	if err := access.Allow(tx, actor, access.WriteConnections); err != nil {
		return nil, seal.Secret{}, err
	}
	s, err := y.plan(tx, actor, &spec)
	if err != nil {
		return nil, seal.Secret{}, err
	}
	secret := newSecret()
	peppers := y.Connect.Vault.Peppers()
	s.pepper = peppers.Newest()
	s.hash, _ = digest(peppers, s.pepper, s.Environment, s.ID, secret)
	if err := s.insert(tx); err != nil {
		return nil, seal.Secret{}, err
	}
	s.record(tx, actor.Who(), "connect_session.created", map[string]any{
		"connectors": s.Connectors, "reconnect": s.Reconnect, "origins": s.Origins, "return_to": s.ReturnTo, "tags": s.Carried.Tags,
		"end_user": s.Carried.EndUser, "expires_at": s.ExpiresAt,
	})
	return s, format(s.ID, secret), nil
}

// Withdraw ends a session before its time; one that was used, or is not there, is [fault.NotFound].
func (y *Authority) Withdraw(tx *db.Tx, actor *access.Actor, id uuid.UUID) error {
	if err := access.Allow(tx, actor, access.WriteConnections); err != nil {
		return err
	}
	n, err := tx.Exec(deleteUnused, actor.Environment.String(), id.String())
	if err != nil {
		return err
	}
	if n == 0 {
		return ErrUnknown
	}
	(&Session{Environment: actor.Environment, ID: id}).record(tx, actor.Who(), "connect_session.withdrawn", nil)
	return nil
}

// Get returns a session of the actor's environment, for whoever made it and waits for what becomes of it.
func Get(tx *db.Tx, actor *access.Actor, id uuid.UUID) (*Session, error) {
	if err := access.Allow(tx, actor, access.ReadConnections); err != nil {
		return nil, err
	}
	return load(tx, actor.Environment, id, "")
}

// Open returns the session of a token if it may still be used. Who holds the whole token is told whether it has expired
// ([ErrExpired]), was used ([ErrUsed]) or tried too often ([ErrTried]), with the session; for everybody else it is
// [ErrUnknown].
func (y *Authority) Open(tx *db.Tx, environment uuid.UUID, token seal.Secret) (*Session, error) {
	return y.find(tx, environment, token, "")
}

// hold is [Authority.Open] that makes everybody else who uses the session wait until the transaction ends.
func (y *Authority) hold(tx *db.Tx, environment uuid.UUID, token seal.Secret) (*Session, error) {
	return y.find(tx, environment, token, tx.ForUpdate())
}

func (y *Authority) find(tx *db.Tx, environment uuid.UUID, token seal.Secret, lock string) (*Session, error) {
	id, secret, ok := parse(token)
	if !ok {
		return nil, ErrUnknown
	}
	s, err := load(tx, environment, id, lock)
	if err != nil {
		return nil, err
	}
	right, err := s.proves(y.Connect.Vault.Peppers(), secret)
	switch {
	case err != nil:
		return nil, err
	case !right:
		return nil, ErrUnknown
	case s.Used():
		return s, ErrUsed
	case !tx.Now().Before(s.ExpiresAt):
		return s, ErrExpired
	case s.Tries >= MaxTries:
		return s, ErrTried
	}
	return s, nil
}

// Frames returns the sites that may show the page of a session in a frame. The session is named by its id, which is no
// secret; there are none for one that does not exist or is over.
func Frames(tx *db.Tx, environment, id uuid.UUID) ([]string, error) {
	s, err := load(tx, environment, id, "")
	if errors.Is(err, ErrUnknown) {
		return nil, nil
	}
	if err != nil || !tx.Now().Before(s.ExpiresAt) {
		return nil, err
	}
	return s.Sites(tx)
}

// Sites returns the origins that the session and its connectors allow.
func (s *Session) Sites(tx *db.Tx) ([]string, error) {
	connectors, err := s.connectors(tx)
	if err != nil {
		return nil, err
	}
	return sites(s.Origins, connectors), nil
}

// connectors returns those that may be chosen and are still there.
func (s *Session) connectors(tx *db.Tx) ([]*connect.Connector, error) {
	var found []*connect.Connector
	for _, name := range s.Connectors {
		c, err := connect.NamedConnector(tx, s.Environment, name)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		found = append(found, c)
	}
	return found, nil
}

func (s *Session) record(tx *db.Tx, who ledger.Who, kind string, after any) {
	ledger.Append(tx, who, ledger.Event{
		Environment: s.Environment, Kind: kind, Subject: ledger.Subject{Kind: "connect_session", ID: s.ID.String()}, After: after,
	})
}

// Link is the address that lets somebody in: under the issuer of the environment, with the token in the fragment, which
// browsers send to nobody and no log sees. The id in the path is no secret.
func (s *Session) Link(issuer string, token seal.Secret) string {
	return issuer + "/connect/enter/" + s.ID.String() + "#" + token.Reveal()
}

// Named returns the id of the session that a token belongs to, if it looks like a token at all.
func Named(token seal.Secret) (uuid.UUID, bool) {
	id, _, ok := parse(token)
	return id, ok
}
