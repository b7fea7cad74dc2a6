package webhook

import (
	"context"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

const (
	// MaxEndpoints is how many endpoints an environment may have.
	MaxEndpoints = 20
	maxKinds     = 50
	maxURL       = 2048
)

// Endpoint is a place that messages are sent to.
type Endpoint struct {
	Environment uuid.UUID
	ID          uuid.UUID
	URL         string
	Description string
	// Kinds are kinds of events, or their first segments: credential stands for credential.created and all its
	// like. Empty means every kind.
	Kinds   []string
	Enabled bool
	// Reason says why Counterfoil disabled it by itself; empty when it did not.
	Reason string
	// Position is the number of the ledger event up to which there are deliveries.
	Position int64
	// Failures counts the last attempts that failed in a row, whatever they were about; while it is asked less often
	// because of them, PausedUntil says until when.
	Failures    int64
	PausedUntil time.Time
	Version     int64
	CreatedBy   string
	CreatedAt   time.Time
	UpdatedAt   time.Time

	secretNumber int64
}

// URL is a checked address of an endpoint; only [Authority.CheckURL] makes one.
type URL struct{ text string }

// String returns the address.
func (u URL) String() string { return u.text }

// CheckURL checks an address before the transaction that stores it, because that may ask the network. It must be
// absolute, with https (or, for those who try Counterfoil out, http to a loopback address), without user, password and
// fragment, and acceptable to the way out. Whoever connects later checks the address once more: names change.
func (y *Authority) CheckURL(ctx context.Context, text string) (URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Hostname() == "" || len(text) > maxURL || strings.ContainsFunc(text, notInURL) {
		return URL{}, fault.On("url", "the URL must be absolute, such as https://receiver.example/hook, of at most %d ASCII characters", maxURL)
	}
	if u.Scheme != "https" && (u.Scheme != "http" || !y.Plain || !isLoopback(u.Hostname())) {
		return URL{}, fault.On("url", "the URL must begin with https://")
	}
	if u.User != nil || u.Fragment != "" || strings.Contains(text, "#") {
		return URL{}, fault.On("url", "the URL must not hold a user, a password or a fragment; messages are signed instead")
	}
	if err := y.Sender.CheckURL(ctx, text); err != nil {
		_, message := fault.Public(err)
		if message == "" || fault.Is(err, fault.Unavailable) {
			return URL{}, err
		}
		return URL{}, fault.On("url", "%s", message)
	}
	return URL{text}, nil
}

func notInURL(r rune) bool { return r <= 0x20 || r >= 0x7F || r == '\\' }

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// Spec is what can be said about an endpoint.
type Spec struct {
	URL         URL
	Description string
	Kinds       []string
	Disabled    bool // counts only at creation
}

// get, change and the rest ask for more than the permission for webhooks: an endpoint receives what the ledger says, so
// whoever may not read the ledger must not be able to point one at themselves.
func allowSending(tx *db.Tx, actor *access.Actor) error {
	if err := access.Allow(tx, actor, access.WriteWebhooks); err != nil {
		return err
	}
	if !actor.May(access.ReadLedger) {
		return fault.New(fault.Denied, "a webhook tells what the ledger says; this also needs the scope %s", access.ReadLedger)
	}
	return nil
}

// List returns the endpoints of the actor's environment, oldest first.
func List(tx *db.Tx, actor *access.Actor) ([]*Endpoint, error) {
	if err := access.Allow(tx, actor, access.ReadWebhooks); err != nil {
		return nil, err
	}
	return db.All(tx, scanEndpoint, selectEndpoints, actor.Environment.String())
}

// Get returns one endpoint of the actor's environment, or [fault.NotFound].
func Get(tx *db.Tx, actor *access.Actor, id uuid.UUID) (*Endpoint, error) {
	if err := access.Allow(tx, actor, access.ReadWebhooks); err != nil {
		return nil, err
	}
	return get(tx, actor.Environment, id, "")
}

// Load returns an endpoint to a caller who may see it for another reason than [Get] asks for: having made it.
func Load(tx *db.Tx, environment, id uuid.UUID) (*Endpoint, error) {
	return get(tx, environment, id, "")
}

// Change applies change to an endpoint. version is the one the caller saw, or 0; another is [fault.Stale]. A new URL or
// new kinds count for what has not been sent yet; messages that wait already stay.
func (y *Authority) Change(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64, change func(*Spec)) (*Endpoint, error) {
	if err := allowSending(tx, actor); err != nil {
		return nil, err
	}
	e, err := current(tx, actor, id, version)
	if err != nil {
		return nil, err
	}
	before := e.facts()
	spec := Spec{URL: URL{e.URL}, Description: e.Description, Kinds: slices.Clone(e.Kinds)}
	change(&spec)
	if err := e.apply(spec); err != nil {
		return nil, err
	}
	if e.URL != before.URL {
		e.Failures, e.PausedUntil = 0, time.Time{}
	}
	if err := e.update(tx); err != nil {
		return nil, err
	}
	record(tx, actor.Who(), "webhook.changed", e, before, e.facts())
	return e, nil
}

// SetEnabled disables or enables an endpoint. Nothing is sent to a disabled one; once enabled it goes on where it
// stopped, with everything that happened meanwhile.
func (y *Authority) SetEnabled(tx *db.Tx, actor *access.Actor, id uuid.UUID, enabled bool) (*Endpoint, error) {
	allow := allowSending
	if !enabled {
		allow = func(tx *db.Tx, actor *access.Actor) error { return access.Allow(tx, actor, access.WriteWebhooks) }
	}
	if err := allow(tx, actor); err != nil {
		return nil, err
	}
	e, err := current(tx, actor, id, 0)
	if err != nil || e.Enabled == enabled {
		return e, err
	}
	before := e.facts()
	e.Enabled, e.Reason, e.Failures, e.PausedUntil = enabled, "", 0, time.Time{}
	if err := e.update(tx); err != nil {
		return nil, err
	}
	kind := "webhook.disabled"
	if enabled {
		kind = "webhook.enabled"
	}
	record(tx, actor.Who(), kind, e, before, e.facts())
	return e, nil
}

// Delete removes an endpoint with its secrets and deliveries; what had not arrived is not sent any more.
func (y *Authority) Delete(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64) error {
	if err := access.Allow(tx, actor, access.WriteWebhooks); err != nil {
		return err
	}
	e, err := current(tx, actor, id, version)
	if err != nil {
		return err
	}
	for _, statement := range []string{deleteDeliveries, deleteSecrets, deleteEndpoint} {
		if _, err := tx.Exec(statement, e.Environment.String(), e.ID.String()); err != nil {
			return err
		}
	}
	if err := tx.Unlease(leaseOf(id)); err != nil {
		return err
	}
	record(tx, actor.Who(), "webhook.deleted", e, e.facts(), nil)
	return nil
}

// current reads an endpoint for a change.
func current(tx *db.Tx, actor *access.Actor, id uuid.UUID, version int64) (*Endpoint, error) {
	e, err := get(tx, actor.Environment, id, tx.ForUpdate())
	if err != nil {
		return nil, err
	}
	if version != 0 && version != e.Version {
		return nil, fault.New(fault.Stale, "the webhook was changed by somebody else; read it again")
	}
	return e, nil
}

// apply checks spec and takes it over.
func (e *Endpoint) apply(spec Spec) error {
	if spec.URL.text == "" {
		return fault.On("url", "a webhook needs a URL")
	}
	if utf8.RuneCountInString(spec.Description) > 255 || !utf8.ValidString(spec.Description) ||
		strings.ContainsFunc(spec.Description, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fault.On("description", "a description has at most 255 printable characters")
	}
	kinds, err := canonicalKinds(spec.Kinds)
	e.URL, e.Description, e.Kinds = spec.URL.text, spec.Description, kinds
	return err
}

var kindShape = regexp.MustCompile(`^[a-z_-]+(\.[a-z_-]+)*$`)

func canonicalKinds(kinds []string) ([]string, error) {
	canonical := []string{}
	for _, kind := range kinds {
		kind = strings.TrimSuffix(strings.TrimSuffix(kind, "*"), ".")
		if len(kind) > 64 || !kindShape.MatchString(kind) {
			return nil, fault.On("kinds", "a kind is one of the ledger's, such as credential.created, or its first words, such as credential")
		}
		canonical = append(canonical, kind)
	}
	slices.Sort(canonical)
	canonical = slices.Compact(canonical)
	if len(canonical) > maxKinds {
		return nil, fault.On("kinds", "a webhook names at most %d kinds", maxKinds)
	}
	return canonical, nil
}

// hears reports whether an event is sent to the endpoint. A test is for the one that it is about alone.
func (e *Endpoint) hears(event *ledger.Record) bool {
	if event.Kind == TestKind {
		return event.Subject.ID == e.ID.String()
	}
	return e.wants(event.Kind)
}

// wants reports whether events of a kind are sent to the endpoint: one of its kinds is the beginning, in whole segments.
func (e *Endpoint) wants(kind string) bool {
	return len(e.Kinds) == 0 || slices.ContainsFunc(e.Kinds, func(wanted string) bool {
		return kind == wanted || strings.HasPrefix(kind, wanted+".")
	})
}

// facts is what the ledger keeps of an endpoint.
type facts struct {
	URL         string   `json:"url"`
	Description string   `json:"description,omitempty"`
	Kinds       []string `json:"kinds,omitempty"`
	Enabled     bool     `json:"enabled"`
	Reason      string   `json:"reason,omitempty"`
}

func (e *Endpoint) facts() *facts {
	return &facts{URL: e.URL, Description: e.Description, Kinds: e.Kinds, Enabled: e.Enabled, Reason: e.Reason}
}

func record(tx *db.Tx, who ledger.Who, kind string, e *Endpoint, before, after *facts) {
	event := ledger.Event{Environment: e.Environment, Kind: kind, Subject: ledger.Subject{Kind: "webhook", ID: e.ID.String()}}
	// A nil pointer in an interface is not nil, and would be kept as "null".
	if before != nil {
		event.Before = before
	}
	if after != nil {
		event.After = after
	}
	ledger.Append(tx, who, event)
}
