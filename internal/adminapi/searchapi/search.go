package searchapi

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/proof"
	"github.com/counterfoil/counterfoil/internal/credential/roster"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/filter"
	"github.com/counterfoil/counterfoil/internal/directory/roll"
	"github.com/counterfoil/counterfoil/internal/directory/schema"
	"github.com/counterfoil/counterfoil/internal/directory/search"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Resources are the search in the management API. All of its fields are required.
type Resources struct {
	*rest.Desk
	Vault *seal.Vault
}

// Search is the body that asks.
type Search struct {
	Text  rest.Confidential `json:"text" doc:"What was typed or pasted: how a name begins, or words of an application's name, a client_id, an address, any id, how a secret begins, or a whole secret; at most 512 characters. Names of connections are looked for among the newest 10,000."`
	Limit int               `json:"limit,omitempty" minimum:"1" maximum:"50" default:"10" doc:"The most hits of each kind."`
}

// SearchHits is what was found.
type SearchHits struct {
	Leaked bool        `json:"leaked" doc:"The text holds a whole secret of this environment, which was therefore copied somewhere: rotate it. The only hits are then its credentials."`
	Items  []SearchHit `json:"items" nullable:"false" doc:"By kind: applications, credentials, users, groups, connections. Kinds that the caller may not read are left out."`
}

// SearchHit is one thing that was found.
type SearchHit struct {
	Kind           string `json:"kind" enum:"application,credential,user,group,connection"`
	ID             string `json:"id" format:"uuid" doc:"Of an application, its client_id."`
	Name           string `json:"name" doc:"What people call it; of a credential, its description."`
	Detail         string `json:"detail,omitempty" doc:"What tells it apart: the kind of an application, the hint of a credential, the user name of a user, the connector of a connection."`
	ClientID       string `json:"client_id,omitempty" format:"uuid" doc:"Of a credential: the application that it belongs to."`
	CredentialKind string `json:"credential_kind,omitempty" enum:"secret,certificate,jwt_key,trust"`
	Enabled        bool   `json:"enabled" doc:"Whether it is switched on; true for what cannot be switched."`
}

// maxText bounds what is searched for, in characters.
const maxText = 512

// Operations registers the operation on api, which [rest.Desk.Admit] guards.
func (r *Resources) Operations(api huma.API) {
	op := rest.Operation("POST /search", "search", "Find applications, credentials, people, groups and connections by what was typed or pasted")
	op.Description += " Each kind is searched if the caller may read it. The text is neither logged nor kept: a pasted secret is recognised by its form and looked up by its keyed hash."
	op.DefaultStatus = http.StatusOK
	huma.Register(api, op, r.search)
}

func (r *Resources) search(ctx context.Context, in *struct{ Body Search }) (*struct{ Body SearchHits }, error) {
	text := strings.TrimSpace(in.Body.Text.Secret().Reveal())
	if text == "" || utf8.RuneCountInString(text) > maxText || strings.ContainsRune(text, 0) {
		return nil, fault.On("text", "search for 1 to %d characters", maxText)
	}
	s := look{text: text, limit: in.Body.Limit, hits: &SearchHits{Items: []SearchHit{}}}
	if s.limit == 0 {
		s.limit = 10
	}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		s.tx, s.actor, s.hits.Leaked, s.hits.Items = tx, &c.Actor, false, s.hits.Items[:0]
		if secret, whole := roster.SecretIn(seal.NewSecret(text)); whole {
			return s.allowed(s.secret(r.Vault, secret))
		}
		kinds := []func() error{s.applications, s.credentials, s.users, s.groups, s.connections}
		if strings.Contains(text, proof.Prefix) {
			kinds = kinds[1:2] // perhaps a secret with a slip: no other query shall see it
		}
		for _, kind := range kinds {
			if err := s.allowed(kind()); err != nil {
				return err
			}
		}
		return nil
	})
	return &struct{ Body SearchHits }{*s.hits}, err
}

// look is one search.
type look struct {
	tx    *db.Tx
	actor *access.Actor
	text  string
	limit int
	hits  *SearchHits
}

// allowed makes nothing of a kind that the caller may not read, and of one that is not there.
func (s *look) allowed(err error) error {
	if fault.Is(err, fault.Denied) || fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

func (s *look) add(h SearchHit) { s.hits.Items = append(s.hits.Items, h) }

func (s *look) secret(vault *seal.Vault, secret seal.Secret) error {
	found, err := roster.OfSecret(s.tx, s.actor, vault, secret)
	s.hits.Leaked = len(found) > 0
	s.addCredentials(found)
	return err
}

func (s *look) credentials() error {
	found, err := roster.Named(s.tx, s.actor, s.text, s.limit)
	s.addCredentials(found)
	return err
}

func (s *look) addCredentials(found []*credential.Credential) {
	for _, k := range found {
		s.add(SearchHit{
			Kind: "credential", ID: k.ID.String(), Name: k.Description, Detail: k.Hint, ClientID: k.Application.String(),
			CredentialKind: string(k.Kind), Enabled: k.Enabled,
		})
	}
}

func (s *look) applications() error {
	found, err := application.List(s.tx, s.actor, application.Wanted{Search: s.text}, application.Page{Limit: s.limit})
	for _, a := range found {
		s.add(SearchHit{Kind: "application", ID: a.ID.String(), Name: a.Name, Detail: string(a.Kind), Enabled: a.Enabled})
	}
	return err
}

// users are found by an index for each of these. Several of them in one filter would be joined, which is dear where many
// names begin alike.
func (s *look) users() error {
	known, err := schema.Load(s.tx, s.actor.Environment)
	if err != nil {
		return err
	}
	seen := map[uuid.UUID]bool{}
	filters := []string{"userName sw ", "emails.value eq ", "name.familyName sw ", "name.givenName sw ", "displayName sw "}
	if _, err := uuid.Parse(s.text); err == nil {
		filters = []string{"id eq ", "userName sw "}
	}
	for _, by := range filters {
		f, err := filter.Parse(by+strconv.Quote(s.text), known.User)
		if err != nil {
			return nil //nolint:nilerr // no text that a user could be called
		}
		page, err := search.Users(s.tx, s.actor, search.Query{Filter: f, Limit: s.limit})
		if err != nil {
			return err
		}
		for _, u := range page.Items {
			if !seen[u.ID] && len(seen) < s.limit {
				seen[u.ID] = true
				s.add(SearchHit{Kind: "user", ID: u.ID.String(), Name: u.Profile.Shown(), Detail: u.Profile.UserName, Enabled: u.Status == directory.Active})
			}
		}
	}
	return nil
}

// groups are found by how their names begin, and by id.
func (s *look) groups() error {
	found, err := roll.GroupsCalled(s.tx, s.actor, s.text, s.limit)
	if id, bad := uuid.Parse(s.text); bad == nil && err == nil {
		var one *directory.Group
		if one, err = directory.GetGroup(s.tx, s.actor, id); err == nil {
			found = append(found, one)
		}
	}
	for _, g := range found {
		s.add(SearchHit{Kind: "group", ID: g.ID.String(), Name: g.Name, Enabled: true})
	}
	return err
}

// connections are found by how their names begin, by the person who made them, and by id.
func (s *look) connections() error {
	found, err := connect.List(s.tx, s.actor, connect.Filter{EndUser: s.text, Limit: s.limit})
	if id, bad := uuid.Parse(s.text); bad == nil && err == nil {
		var one *connect.Connection
		if one, err = connect.Get(s.tx, s.actor, id); err == nil {
			found = append(found, one)
		} else if fault.Is(err, fault.NotFound) {
			err = nil // a name may look like an id
		}
	}
	seen := map[uuid.UUID]bool{}
	for _, c := range found {
		seen[c.ID] = true
		s.addConnection(connect.Brief{ID: c.ID, Name: c.Name, Connector: c.Connector.Name, Enabled: c.Enabled})
	}
	if err != nil || len(found) >= s.limit {
		return err
	}
	named, err := connect.FindNamed(s.tx, s.actor, s.text, s.limit)
	for _, c := range named {
		if !seen[c.ID] && len(seen) < s.limit {
			seen[c.ID] = true
			s.addConnection(c)
		}
	}
	return err
}

func (s *look) addConnection(c connect.Brief) {
	s.add(SearchHit{Kind: "connection", ID: c.ID.String(), Name: c.Name, Detail: c.Connector, Enabled: c.Enabled})
}
