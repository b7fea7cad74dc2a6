package session

import (
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// Bounds of what a session says.
const (
	maxChoice  = 20
	maxOrigins = 20
	maxPreset  = 4096 // bytes
)

// plan checks a Spec and returns the session that it describes, without a token.
func (y *Authority) plan(tx *db.Tx, actor *access.Actor, spec *Spec) (*Session, error) {
	if spec.Life == 0 {
		spec.Life = DefaultLife
	}
	if spec.Life < time.Minute || spec.Life > MaxLife {
		return nil, fault.On("expires_in", "a connect session lasts at least a minute and at most %d days", int(MaxLife.Hours()/24))
	}
	if spec.Language != "" && !slices.Contains(Languages(), spec.Language) {
		return nil, fault.On("language", "the page is not written in %q: it knows %s", spec.Language, strings.Join(Languages(), ", "))
	}
	if err := spec.Check(); err != nil {
		return nil, err
	}
	warnings, err := spec.Theme.Check()
	if err != nil {
		return nil, err
	}
	connectors, err := choice(tx, actor, spec)
	if err != nil {
		return nil, err
	}
	for _, check := range []func(*Spec, []*connect.Connector) error{y.checkPresets, checkDocs, checkSites} {
		if err := check(spec, connectors); err != nil {
			return nil, err
		}
	}
	return &Session{
		Environment: actor.Environment, ID: uuid.New(), Connection: spec.Connection, Reconnect: spec.Connection != uuid.Nil,
		Connectors: spec.Connectors, Presets: spec.Presets, Origins: spec.Origins, ReturnTo: spec.ReturnTo, Language: spec.Language,
		Theme: spec.Theme, Docs: spec.Docs, Carried: spec.Spec, Warnings: warnings,
		CreatedBy: actor.Who().ID, CreatedAt: tx.Now(), ExpiresAt: tx.Now().Add(spec.Life),
	}, nil
}

// choice finds the connectors that a Spec names; whoever connects again has no choice.
func choice(tx *db.Tx, actor *access.Actor, spec *Spec) ([]*connect.Connector, error) {
	if spec.Connection != uuid.Nil {
		c, err := connect.Load(tx, actor.Environment, spec.Connection)
		if err != nil {
			return nil, err
		}
		if len(spec.Connectors) > 0 && !slices.Equal(spec.Connectors, []string{c.Connector.Name}) {
			return nil, fault.On("connectors", "the connection belongs to the connector %s and can be connected again with that alone", c.Connector.Name)
		}
		spec.Connectors = []string{c.Connector.Name}
	}
	if len(spec.Connectors) == 0 || len(spec.Connectors) > maxChoice {
		return nil, fault.On("connectors", "name 1 to %d connectors that may be chosen", maxChoice)
	}
	var found []*connect.Connector
	for i, name := range spec.Connectors {
		if slices.Contains(spec.Connectors[:i], name) {
			return nil, fault.On("connectors", "%q is named twice", name)
		}
		c, err := connect.NamedConnector(tx, actor.Environment, name)
		if fault.Is(err, fault.NotFound) {
			return nil, fault.On("connectors", "there is no connector called %q", name)
		}
		if err != nil {
			return nil, err
		}
		if !c.Enabled || c.Stopped {
			return nil, fault.On("connectors", "the connector %q is switched off", name)
		}
		found = append(found, c)
	}
	return found, nil
}

func (y *Authority) checkPresets(spec *Spec, connectors []*connect.Connector) error {
	for name, values := range spec.Presets {
		at := slices.IndexFunc(connectors, func(c *connect.Connector) bool { return c.Name == name })
		if at < 0 {
			return fault.On("presets", "%q is none of the connectors of the session", name)
		}
		p := y.Connect.Catalogue.Get(connectors[at].Provider)
		if p == nil {
			return fault.On("connectors", "the provider of %q is not in the catalogue", name)
		}
		for field, value := range values {
			f := p.Field(field)
			switch {
			case f == nil:
				return fault.On("presets", "%s has no field %q", p.DisplayName, field)
			case f.Secret:
				return fault.On("presets", "%s is a secret: whoever connects enters it", field)
			case len(value) > maxPreset:
				return fault.On("presets", "%s is longer than %d bytes", field, maxPreset)
			}
		}
	}
	return nil
}

func checkDocs(spec *Spec, _ []*connect.Connector) error {
	for name, docs := range spec.Docs {
		if !slices.Contains(spec.Connectors, name) {
			return fault.On("docs", "%q is none of the connectors of the session", name)
		}
		if u, err := url.Parse(docs); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || len(docs) > 2000 {
			return fault.On("docs", "%q is no address that begins with https://", docs)
		}
	}
	return nil
}

// checkSites holds where the page leads to the sites that may show it: a link with our name on it must not lead anywhere.
func checkSites(spec *Spec, connectors []*connect.Connector) error {
	if len(spec.Origins) > maxOrigins {
		return fault.On("origins", "at most %d origins", maxOrigins)
	}
	for _, o := range spec.Origins {
		if connect.CheckOrigin(o) != nil {
			return fault.On("origins", "%q is no origin of a site, such as https://app.example", o)
		}
	}
	if spec.ReturnTo == "" {
		return nil
	}
	u, err := url.Parse(spec.ReturnTo)
	if err != nil || u.User != nil || u.Host == "" || len(spec.ReturnTo) > 2000 {
		return fault.On("return_to", "this is no address")
	}
	if !slices.Contains(sites(spec.Origins, connectors), u.Scheme+"://"+u.Host) {
		return fault.On("return_to", "%s://%s is none of the allowed origins: add it to the origins of the session or of the connector", u.Scheme, u.Host)
	}
	return nil
}

// sites are the origins of a session and its connectors. Those of connectors are checked again where they are used.
func sites(own []string, connectors []*connect.Connector) []string {
	all := slices.Clone(own)
	for _, c := range connectors {
		for _, o := range c.Settings.Origins {
			if connect.CheckOrigin(o) == nil {
				all = append(all, o)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
