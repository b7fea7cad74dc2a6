package session

import (
	"context"
	"maps"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/exchange"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Exchange calls providers; [exchange.Exchange] does.
type Exchange interface {
	Check(ctx context.Context, c exchange.Credential) exchange.Report
	AuthorizeURL(c exchange.Credential, state, challenge string) (string, error)
	Redeem(ctx context.Context, c exchange.Credential, code, verifier string) (*connect.Token, error)
	Try(ctx context.Context, c exchange.Credential, t *connect.Token) exchange.Report
}

// Flow takes what a person enters, tries it, and makes a connection of it if it works. Nobody's permission is asked: the
// token is the right.
type Flow struct {
	DB       *db.DB
	Sessions *Authority
	Exchange Exchange
}

// Presented is a token as somebody shows it.
type Presented struct {
	Environment uuid.UUID
	Token       seal.Secret
	// Address and Request say where it came from and what the log calls it.
	Address, Request string
}

// View is what there is to show of a session.
type View struct {
	*Session
	// Choices are the connectors that may be chosen now.
	Choices []*Choice
	// Sites may show the page in a frame.
	Sites []string
	// Former is the connection that is connected again, Made the one that was made; nil where there is none.
	Former, Made *connect.Connection
}

// Choice is a connector that may be chosen.
type Choice struct {
	*connect.Connector
	Offers *provider.Provider
	// Given are the values that nobody is asked for.
	Given map[string]string
	// Help is the documentation for whoever connects.
	Help string

	client seal.Secret
}

// Asked returns the fields that a person fills in, in their order.
func (c *Choice) Asked() (fields []provider.Field) {
	for _, f := range c.Offers.Fields {
		if _, given := c.Given[f.Name]; !given {
			fields = append(fields, f)
		}
	}
	return fields
}

// Choice returns the connector called name if it may be chosen, or nil.
func (v *View) Choice(name string) *Choice {
	for _, c := range v.Choices {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Look returns what a token leads to. A session at its end is returned beside the error that says so ([Over]), for a page
// in its colours.
func (f *Flow) Look(ctx context.Context, p Presented) (v *View, err error) {
	err = f.DB.Read(ctx, func(tx *db.Tx) error {
		s, over := f.Sessions.Open(tx, p.Environment, p.Token)
		if s == nil {
			v = nil
			return over
		}
		if v, err = f.view(tx, s); err != nil {
			return err
		}
		return over
	})
	if err != nil && !Over(err) {
		return nil, err
	}
	return v, err
}

func (f *Flow) view(tx *db.Tx, s *Session) (*View, error) {
	v := &View{Session: s}
	connectors, err := s.connectors(tx)
	if err != nil {
		return nil, err
	}
	v.Sites = sites(s.Origins, connectors)
	for _, c := range connectors {
		p := f.Sessions.Connect.Catalogue.Get(c.Provider)
		if p == nil || !c.Enabled || c.Stopped {
			continue
		}
		choice := &Choice{Connector: c, Offers: p, Given: map[string]string{}, Help: p.Docs}
		maps.Copy(choice.Given, c.Settings.Presets)
		maps.Copy(choice.Given, s.Presets[c.Name])
		if c.Settings.Docs != "" {
			choice.Help = c.Settings.Docs
		}
		if docs := s.Docs[c.Name]; docs != "" {
			choice.Help = docs
		}
		if choice.client, err = f.Sessions.Connect.ConnectorSecret(tx, c); err != nil {
			return nil, err
		}
		v.Choices = append(v.Choices, choice)
	}
	if s.Connection == uuid.Nil {
		return v, nil
	}
	c, err := connect.Load(tx, s.Environment, s.Connection)
	switch {
	case fault.Is(err, fault.NotFound) && s.Used():
		return v, nil // deleted since
	case fault.Is(err, fault.NotFound):
		return nil, ErrUnknown
	case err != nil:
		return nil, err
	case s.Used():
		v.Made = c
	default:
		v.Former = c
	}
	return v, nil
}

// Result is how a try went.
type Result struct {
	View   *View
	Choice *Choice
	// Values are what was entered and is no secret, tidied up; Notes say what was tidied.
	Values map[string]string
	Notes  []provider.Note
	// Report is nil where nothing was tried.
	Report *exchange.Report
	// Connection is the one that was made; nil if it did not work.
	Connection *connect.Connection
}

// Try tries what was typed for the connector called name, and stores it if it works. What does not fit its field is
// [provider.FieldErrors], with a Result that has what does; a credential that does not work is no error but a Result without
// a connection. A session at its end is one of the errors that [Over] knows.
func (f *Flow) Try(ctx context.Context, p Presented, name string, typed map[string]string) (*Result, error) {
	r, filled, err := f.fill(ctx, p, name, typed)
	if err != nil {
		return r, err
	}
	if err := f.count(ctx, p); err != nil {
		return nil, err
	}
	report := f.Exchange.Check(ctx, r.Choice.credential(filled))
	r.Report = &report
	if report.Failed() != nil {
		return r, nil
	}
	return r, f.keep(ctx, p, r, filled)
}

// fill reads what was typed. Its Result is there wherever there is something to show the form again with.
func (f *Flow) fill(ctx context.Context, p Presented, name string, typed map[string]string) (*Result, connect.Filled, error) {
	v, err := f.Look(ctx, p)
	if err != nil {
		return nil, connect.Filled{}, err
	}
	choice := v.Choice(name)
	if choice == nil {
		return nil, connect.Filled{}, fault.New(fault.Conflict, "this connector cannot be chosen now")
	}
	values, secrets, notes, err := choice.Offers.Fill(typed, choice.Given)
	r := &Result{View: v, Choice: choice, Values: values, Notes: notes}
	if err != nil { // then Fill returns nothing, and what fits should not have to be typed again
		r.Values = map[string]string{}
		for name, text := range typed {
			if field := choice.Offers.Field(name); field != nil && !field.Secret {
				r.Values[name] = text
			}
		}
	}
	return r, connect.Filled{Values: values, Secrets: secrets}, err
}

func (c *Choice) credential(filled connect.Filled) exchange.Credential {
	return exchange.Credential{Provider: c.Offers, Settings: c.Settings, Client: c.client, Filled: filled}
}

// count counts a try before it is made: a crowd that comes at once has no more of them than one who comes again.
func (f *Flow) count(ctx context.Context, p Presented) error {
	return f.DB.Write(ctx, func(tx *db.Tx) error {
		s, err := f.Sessions.hold(tx, p.Environment, p.Token)
		if err != nil {
			return err
		}
		_, err = tx.Exec(updateTries, s.Environment.String(), s.ID.String())
		return err
	})
}

// keep stores what works and gives the session its one use, in one transaction: of two tries at once one is stored.
func (f *Flow) keep(ctx context.Context, p Presented, r *Result, filled connect.Filled) error {
	return f.DB.Write(ctx, func(tx *db.Tx) error {
		s, err := f.Sessions.hold(tx, p.Environment, p.Token)
		if err != nil && err != ErrTried { //nolint:errorlint // it is this value, and this was the last try
			return err
		}
		s.Notes, s.Steps = r.Notes, stepsOf(r.Report)
		r.Connection, err = f.store(tx, s, p, r.Choice, filled, r.Report.Token, r.Report.Warning)
		return err
	})
}

func stepsOf(r *exchange.Report) (steps []Step) {
	for _, s := range r.Steps {
		steps = append(steps, Step{Stage: s.Stage, State: string(s.State)})
	}
	return steps
}

// store makes the connection of a session that the transaction holds.
func (f *Flow) store(tx *db.Tx, s *Session, p Presented, choice *Choice, filled connect.Filled, token *connect.Token, warning string,
) (made *connect.Connection, err error) {
	now, err := connect.LoadConnector(tx, s.Environment, choice.ID)
	if err != nil {
		return nil, err
	}
	if !now.Enabled || now.Stopped {
		return nil, fault.New(fault.Conflict, "this connector was switched off meanwhile")
	}
	who := ledger.Who{Kind: "connect_session", ID: s.ID.String(), Address: p.Address, Request: p.Request}
	if s.Reconnect {
		made, err = f.Sessions.Connect.Reconnect(tx, who, s.Connection, s.Environment, filled, token, warning)
	} else {
		made, err = f.Sessions.Connect.Create(tx, who, now, s.Carried, filled, token, warning)
	}
	if err != nil {
		return nil, err
	}
	return made, s.use(tx, made.ID)
}
