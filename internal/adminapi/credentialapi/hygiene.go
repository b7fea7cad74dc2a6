package credentialapi

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/credential/hygiene"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Finding is a [hygiene.Finding] on the wire.
type Finding struct {
	Problem      string    `json:"problem" enum:"exposed,weak,idle_90_days,two_active,over_scoped,never_expires"`
	ClientID     string    `json:"client_id" format:"uuid"`
	Application  string    `json:"application" doc:"The name of the application."`
	CredentialID string    `json:"credential_id,omitempty" format:"uuid" doc:"Absent when the problem is one of the application as a whole."`
	Kind         string    `json:"kind,omitempty" enum:"secret,certificate,jwt_key,trust" doc:"What kind of credential it is."`
	Detail       string    `json:"detail" doc:"For people."`
	Since        time.Time `json:"since"`
}

// hygieneReport is a page as JSON, or the whole report as CSV.
type hygieneReport struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

const typeCSV = "text/csv"

func (r *Resources) hygieneOperations(api huma.API) {
	op := rest.Operation("GET /hygiene", "list-findings", "List what is wrong with credentials that can be used, the gravest first")
	op.Description += " A report has 10,000 findings at most. With Accept: text/csv it comes as a whole, as CSV."
	op.Responses = map[string]*huma.Response{"200": {
		Description: "OK",
		Content: map[string]*huma.MediaType{
			"application/json": {Schema: api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[web.Page[Finding]](), true, "")},
			typeCSV:            {Schema: &huma.Schema{Type: huma.TypeString}},
		},
	}}
	huma.Register(api, op, r.listFindings)
}

func (r *Resources) listFindings(ctx context.Context, in *struct{ web.PageQuery }) (*hygieneReport, error) {
	out := &hygieneReport{ContentType: "application/json"}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		found, err := hygiene.Report(tx, &c.Actor)
		if err != nil {
			return err
		}
		if web.From(ctx).Prefers(typeCSV) {
			var text bytes.Buffer
			err = hygiene.WriteCSV(&text, found)
			out.ContentType, out.Body = typeCSV+"; charset=utf-8; header=present", text.Bytes()
			return err
		}
		page, err := rest.PageOf(r.Desk, in.PageQuery, c, "hygiene", found,
			func(f hygiene.Finding) (int64, string) { return int64(f.Problem.Severity()), f.Key() }, showFinding)
		if err != nil {
			return err
		}
		out.Body, err = json.Marshal(page)
		return err
	})
	return out, err
}

func showFinding(f hygiene.Finding) Finding {
	shown := Finding{
		Problem: string(f.Problem), ClientID: f.Application.String(), Application: f.ApplicationName, Kind: string(f.Kind),
		Detail: f.Detail, Since: f.Since,
	}
	if f.Credential != uuid.Nil {
		shown.CredentialID = f.Credential.String()
	}
	return shown
}
