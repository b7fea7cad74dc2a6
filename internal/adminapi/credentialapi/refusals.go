package credentialapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/credential/usage"
	"github.com/counterfoil/counterfoil/internal/db"
)

// Refusal is a [usage.Refusal] on the wire.
type Refusal struct {
	At           time.Time `json:"at"`
	Reason       string    `json:"reason" doc:"One stable word, such as client_authentication_failed, credential_expired or scope_not_granted."`
	Method       string    `json:"method" doc:"How the client authenticated itself, such as client_secret_basic or private_key_jwt."`
	Address      string    `json:"address" doc:"The caller's IP address; empty when there was none."`
	CredentialID string    `json:"credential_id,omitempty" format:"uuid" doc:"The credential that was presented; absent when it was no right one."`
	Detail       string    `json:"detail,omitempty" doc:"What differed, where one word does not say it: in a certificate, an assertion or another issuer's token."`
}

// Refusals are the latest refusals of an application.
type Refusals struct {
	Items []Refusal `json:"items" nullable:"false" doc:"Newest first, at most 20, none older than 90 days. Written with a delay of up to 30 seconds."`
}

func (r *Resources) refusalOperations(api huma.API) {
	huma.Register(api, rest.Operation("GET /applications/{application}/refusals", "list-refusals", "List the latest refused requests of an application, newest first and at most 20"), r.listRefusals)
}

func (r *Resources) listRefusals(ctx context.Context, in *rest.ApplicationPath) (*struct{ Body Refusals }, error) {
	out := &struct{ Body Refusals }{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		all, err := usage.ListRefusals(tx, &c.Actor, rest.ID(in.Application))
		out.Body.Items = make([]Refusal, len(all))
		for i, one := range all {
			out.Body.Items[i] = showRefusal(one)
		}
		return err
	})
	return out, err
}

func showRefusal(r usage.Refusal) Refusal {
	shown := Refusal{At: r.At, Reason: r.Reason, Method: r.Method, Detail: r.Detail}
	if r.Address.IsValid() {
		shown.Address = r.Address.String()
	}
	if r.Credential != uuid.Nil {
		shown.CredentialID = r.Credential.String()
	}
	return shown
}
