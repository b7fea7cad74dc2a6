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

// Usage is the uses of many credentials, or of one, by the hour.
type Usage struct {
	Since         time.Time   `json:"since" doc:"From when on uses were counted."`
	WrittenBehind int64       `json:"written_behind_seconds" doc:"How much may be missing at the end: uses are written so late."`
	PerSecond     UsesASecond `json:"per_second" doc:"How many uses a second let their application in."`
	Items         []HourOfUse `json:"items" nullable:"false" doc:"Oldest first; hours without a use are left out."`
}

// UsesASecond is a [usage.Rate] on the wire.
type UsesASecond struct {
	Highest float64 `json:"highest" doc:"The mean of the busiest hour; one that is not over counts as a whole one."`
	Mean    float64 `json:"mean" doc:"Since the beginning of what is shown."`
}

// HourOfUse is a [usage.Sum] on the wire.
type HourOfUse struct {
	Hour     time.Time `json:"hour" doc:"When the hour began."`
	Outcomes Outcomes  `json:"outcomes"`
}

// Outcomes says how often uses ended how.
type Outcomes struct {
	Uses    int64 `json:"uses" doc:"How often a credential let its application in."`
	Refused int64 `json:"refused" doc:"How often one was right and not let in: disabled, expired, from a wrong network …"`
	Failed  int64 `json:"failed" doc:"How often somebody named an application and proved nothing, with a wrong secret or while it was locked. No credential's uses have any."`
}

func (r *Resources) totalOperations(api huma.API) {
	op := rest.Operation("GET /usage", "get-usage", "Count the uses of all credentials, of those of an application, or of one, hour by hour")
	op.Description += " A caller with a role over some applications only gets the sum of these. The environment's counts hold credentials that are deleted by now; an application's are those of the credentials that it has."
	op.Errors = append(op.Errors, 404)
	huma.Register(api, op, r.usage)
}

func (r *Resources) usage(ctx context.Context, in *struct {
	LookBack
	Application string `query:"application" format:"uuid" doc:"The client_id of an application: only its uses."`
	Credential  string `query:"credential" format:"uuid" doc:"The id of a credential of any kind: only its uses."`
}) (*struct{ Body Usage }, error) {
	out := &struct{ Body Usage }{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		now := tx.Now().UTC()
		since := now.Add(-time.Duration(in.Hours) * time.Hour).Truncate(time.Hour)
		sums, err := usage.Sums(tx, &c.Actor, usage.Subject{Application: asked(in.Application), Credential: asked(in.Credential)}, since)
		if err != nil {
			return err
		}
		rate := usage.RateOf(sums, since, now)
		out.Body = Usage{
			Since: since, WrittenBehind: int64(usage.FlushEvery / time.Second), PerSecond: UsesASecond{rate.Highest, rate.Mean},
			Items: make([]HourOfUse, len(sums)),
		}
		for i, s := range sums {
			out.Body.Items[i] = HourOfUse{s.At, Outcomes{s.Uses, s.Refused, s.Failed}}
		}
		return nil
	})
	return out, err
}

// asked returns the id that a query names, or nil if it names none. What is no id of ours is the zero one, which nothing has.
func asked(text string) *uuid.UUID {
	if text == "" {
		return nil
	}
	id := rest.ID(text)
	return &id
}
