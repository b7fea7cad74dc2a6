package connectionapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/exchange"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/web"
)

// ConnectionToken is what opens the system behind a connection. There is no refresh token and no secret in it.
type ConnectionToken struct {
	AccessToken string    `json:"access_token"`
	TokenType   string    `json:"token_type"`
	ExpiresAt   time.Time `json:"expires_at,omitzero" doc:"Absent: it does not expire."`
	BaseURL     string    `json:"base_url,omitempty" doc:"Where the system's API begins."`
}

// Handed answers with a token.
type Handed struct{ Body ConnectionToken }

// Revelation asks for a secret.
type Revelation struct {
	Field string `json:"field" doc:"The name of a field that is a secret."`
}

// Revealed answers with one.
type Revealed struct {
	Body struct {
		Value rest.Disclosure `json:"value"`
	}
}

// ConnectionCaller is an application that has used a connection.
type ConnectionCaller struct {
	Application string    `json:"application" format:"uuid" doc:"Its client_id."`
	FirstAt     time.Time `json:"first_at" doc:"When it came first."`
}

// Callers answers with all of them.
type Callers struct {
	Body ConnectionCallers
}

// ConnectionCallers are all of them; there are few.
type ConnectionCallers struct {
	Items []ConnectionCaller `json:"items" nullable:"false"`
}

// Gone answers the deletion of a connection.
type Gone struct {
	rest.Propagation
	Body struct {
		rest.Settled
		Revocation string `json:"revocation" enum:"none,revoked,failed" doc:"What became of the token at the provider; failed: it works there until it ends by itself."`
		Reason     string `json:"reason,omitempty" doc:"Why it was not revoked, for a person."`
	}
}

func (r *Resources) tokenOperations(api huma.API) {
	const one = "/connect/connections/{connection}"
	straight := rest.Straight(api, func() *rest.Desk { return r.Desk }, r.giveToken)
	huma.Register(straight, rest.Operation("GET "+one+"/token", "get-connection-token", "Get a token that is valid now"),
		func(context.Context, *ConnectionPath) (*Handed, error) { panic("answered by giveToken") })
	huma.Register(api, rest.Operation("GET "+one+"/callers", "list-connection-callers", "List the applications that have used a connection"), r.listCallers)
	huma.Register(api, rest.Operation("POST "+one+"/test", "test-connection", "Try a connection out, step by step; nothing is changed"), r.testConnection)
	huma.Register(api, rest.Operation("POST "+one+"/refresh", "refresh-connection", "Fetch a token now, also for a connection that was given up"), r.refreshConnection)
	huma.Register(api, rest.Operation("POST "+one+"/reveal", "reveal-connection", "Show a secret of a connection; the ledger says so"), r.revealConnection)
	huma.Register(api, rest.Operation("DELETE "+one, "delete-connection", "Delete a connection; its provider is told to revoke the token first"), r.deleteConnection)
}

// giveToken asks no database: who calls is known from memory, and so is the token while it is fresh.
func (r *Resources) giveToken(w http.ResponseWriter, req *http.Request, c *rest.Call) {
	way, err := r.Keeper.Token(req.Context(), &c.Actor, rest.ID(req.PathValue("connection")))
	var text []byte
	if err == nil {
		t := way.Token
		text, err = appendToken(&ConnectionToken{t.Access.Reveal(), tokenType(t), t.ExpiresAt, way.BaseURL}) // to hand it out is what this is for
	}
	if err != nil {
		web.WriteProblem(w, err)
		return
	}
	web.JSON(w.Header())
	_, _ = w.Write(text) // who has gone is gone
}

// appendToken writes a token as [json.Marshal] would but for characters that only HTML minds; a test compares them.
func appendToken(t *ConnectionToken) (text []byte, err error) {
	text = make([]byte, 0, 160+len(t.AccessToken)+len(t.TokenType)+len(t.BaseURL)) // enough, unless much must be escaped
	text = web.AppendText(append(text, `{"access_token":"`...), t.AccessToken)
	text = web.AppendText(append(text, `","token_type":"`...), t.TokenType)
	text = append(text, '"')
	if !t.ExpiresAt.IsZero() {
		text, err = t.ExpiresAt.AppendText(append(text, `,"expires_at":"`...))
		text = append(text, '"')
	}
	if t.BaseURL != "" {
		text = append(web.AppendText(append(text, `,"base_url":"`...), t.BaseURL), '"')
	}
	return append(text, "}\n"...), err
}

func tokenType(t *connect.Token) string {
	if t.Type == "" {
		return "Bearer"
	}
	return t.Type
}

func (r *Resources) listCallers(ctx context.Context, in *ConnectionPath) (*Callers, error) {
	out := &Callers{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		all, err := connect.Callers(tx, &c.Actor, rest.ID(in.Connection))
		out.Body.Items = make([]ConnectionCaller, len(all))
		for i, k := range all {
			out.Body.Items[i] = ConnectionCaller(k)
		}
		return err
	})
	return out, err
}

// credential reads what a provider is asked with, for somebody who may change the connection.
func (r *Resources) credential(ctx context.Context, id uuid.UUID, version int64) (with exchange.Credential, token *connect.Token, of uuid.UUID, err error) {
	err = r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		found, err := connect.MayChange(tx, &c.Actor, id, version)
		if err != nil {
			return err
		}
		if of = found.Environment; r.Connect.Catalogue.Get(found.Connector.Provider) == nil {
			return nil
		}
		with, token, err = r.Keeper.Credential(tx, of, id)
		return err
	})
	return with, token, of, err
}

// testConnection tries what is kept. Where somebody had to agree, that is the token, which is fetched again first.
func (r *Resources) testConnection(ctx context.Context, in *ConnectionPath) (*Tried, error) {
	id := rest.ID(in.Connection)
	with, _, environment, err := r.credential(ctx, id, 0)
	if err != nil {
		return nil, err
	}
	var report exchange.Report
	switch {
	case with.Provider == nil:
		return nil, errNoProvider
	case with.Provider.Mode == provider.AuthorizationCode:
		way, err := r.Keeper.Refresh(ctx, environment, id)
		if err != nil {
			return nil, err
		}
		report = r.Exchange.Try(ctx, with, way.Token)
	default:
		report = r.Exchange.Check(ctx, with)
	}
	return &Tried{show(with.Provider, &report)}, nil
}

// refreshConnection calls the provider, so that it cannot be in a transaction. Whether the caller may, one says before.
func (r *Resources) refreshConnection(ctx context.Context, in *ConnectionPath) (*rest.Found[Connection], error) {
	id := rest.ID(in.Connection)
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		_, err := connect.MayChange(tx, &c.Actor, id, 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	if _, err := r.Keeper.Refresh(ctx, rest.CallOf(ctx).Actor.Environment, id); err != nil {
		return nil, err
	}
	return rest.Find(ctx, r.Desk, rest.Conditional{}, func(tx *db.Tx, c *rest.Call) (Connection, error) {
		found, err := connect.Load(tx, c.Actor.Environment, id)
		if err != nil {
			return Connection{}, err
		}
		return showConnection(found), nil
	})
}

func (r *Resources) revealConnection(ctx context.Context, in *struct {
	ConnectionPath
	Body Revelation
}) (*Revealed, error) {
	out := &Revealed{}
	_, err := r.Write(ctx, func(tx *db.Tx, c *rest.Call) error {
		secret, err := r.Connect.Reveal(tx, &c.Actor, rest.ID(in.Connection), in.Body.Field)
		out.Body.Value = rest.Disclose(secret)
		return err
	})
	if err != nil { // nothing is shown that the ledger does not know of
		return nil, err
	}
	return out, nil
}

// deleteConnection tells the provider first: afterwards there is nothing to tell it with. A provider that is away does not
// keep a connection alive.
func (r *Resources) deleteConnection(ctx context.Context, in *struct {
	ConnectionPath
	rest.Precondition
}) (*Gone, error) {
	version, err := in.Version()
	if err != nil {
		return nil, err
	}
	id := rest.ID(in.Connection)
	with, token, _, err := r.credential(ctx, id, version)
	if err != nil {
		return nil, err
	}
	out, told := &Gone{}, connect.NotRevoked
	if with.Provider != nil && with.Provider.Revoke != nil && token != nil {
		told = connect.Revoked
		if err := r.Exchange.Revoke(ctx, with, token); err != nil {
			told, out.Body.Reason = connect.RevocationFailed, why(err)
		}
	}
	out.Propagated, err = r.Write(ctx, func(tx *db.Tx, c *rest.Call) error { return r.Connect.Delete(tx, &c.Actor, id, version, told) })
	out.Body.Propagated, out.Body.Revocation = out.Propagated, string(told)
	return out, err
}
