package directoryapi

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/intake"
)

// UserImport is an [intake.Import] on the wire.
type UserImport struct {
	rest.Row
	ID        string    `json:"id" format:"uuid"`
	Source    string    `json:"source" doc:"The SHA-256 of the file."`
	Name      string    `json:"name"`
	Mode      string    `json:"mode" enum:"create,update"`
	State     string    `json:"state" enum:"open,finished"`
	Created   int64     `json:"created"`
	Changed   int64     `json:"changed"`
	Unchanged int64     `json:"unchanged"`
	Rejected  int64     `json:"rejected"`
	Batches   []int64   `json:"batches,omitempty" doc:"The numbers of the batches that were applied, at most 1,000, after the one that the query names."`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// UserImports are imports of an environment.
type UserImports struct {
	Items []UserImport `json:"items" nullable:"false" doc:"The newest first, at most 200."`
}

// NewUserImport is the body that begins an import, or goes on with one.
type NewUserImport struct {
	Source string `json:"source" minLength:"64" maxLength:"64" doc:"The SHA-256 of the file in lowercase hexadecimal. Your import of the same file and mode that is not finished goes on."`
	Name   string `json:"name" minLength:"1" maxLength:"255" doc:"What the file is called."`
	Mode   string `json:"mode,omitempty" enum:"create,update" doc:"What becomes of records whose user exists: create rejects them, update changes the user. create unless given."`
}

// UserRecord is an [intake.Record] on the wire.
type UserRecord struct {
	Line       int64          `json:"line" minimum:"1" doc:"Where the record stands in its file."`
	User       map[string]any `json:"user,omitempty" doc:"A SCIM user (RFC 7643 §4.1)."`
	Population string         `json:"population,omitempty" doc:"The id or name of the user's population; the default one unless given."`
	Hash       *UserHash      `json:"password_hash,omitempty" doc:"A password that comes along as another system's hash, for a user that is made; needs users:password."`
	Problem    string         `json:"problem,omitempty" doc:"Why the line is no record; then it is a reject."`
}

// UserHash is an [intake.Hash] on the wire.
type UserHash struct {
	Hash   string `json:"hash" minLength:"1" maxLength:"1024"`
	Format string `json:"format,omitempty" doc:"salt+sha256, sha256+salt, or empty for hashes that say what they are."`
	Salt   string `json:"salt,omitempty" maxLength:"1024" doc:"For the two formats with a salt beside the hash."`
}

// UserBatch is the body that applies records.
type UserBatch struct {
	Sequence int64        `json:"sequence" minimum:"1" maximum:"100000" doc:"The number of the batch. One that was applied already does nothing again."`
	Records  []UserRecord `json:"records" minItems:"1" maxItems:"500"`
}

// UserTrial is the body of a dry run.
type UserTrial struct {
	Mode    string       `json:"mode,omitempty" enum:"create,update" doc:"create unless given."`
	Records []UserRecord `json:"records" minItems:"1" maxItems:"500"`
}

// BatchOutcome is an [intake.Outcome] on the wire.
type BatchOutcome struct {
	Created     int64              `json:"created"`
	Changed     int64              `json:"changed"`
	Unchanged   int64              `json:"unchanged"`
	Rejected    int64              `json:"rejected"`
	Again       bool               `json:"again,omitempty" doc:"The batch had been applied before; nothing was done."`
	Rejects     []RecordReject     `json:"rejects" nullable:"false"`
	Differences []RecordDifference `json:"differences,omitempty" doc:"Of a dry run: what would change, of the first 20 users that would."`
}

// RecordReject is a record that was not applied.
type RecordReject struct {
	Line   int64  `json:"line"`
	Reason string `json:"reason"`
}

// RecordDifference is what a record would change.
type RecordDifference struct {
	Line       int64    `json:"line"`
	UserName   string   `json:"user_name"`
	Attributes []string `json:"attributes" nullable:"false"`
}

// RecordRejects is a part of an import's rejects.
type RecordRejects struct {
	Items []RecordReject `json:"items" nullable:"false" doc:"By line, at most 1,000; go on after the last one."`
}

// ImportPath names an import.
type ImportPath struct {
	Import string `path:"import" doc:"Its id."`
}

func (r *Resources) importOperations(api huma.API) {
	const list, one = "/user-imports", "/user-imports/{import}"
	huma.Register(api, rest.Operation("GET "+list, "list-user-imports", "List the newest imports of users"), r.listImports)
	huma.Register(api, rest.Creation("POST "+list, "begin-user-import", "Begin the import of a file of users, or go on with it"), r.beginImport)
	huma.Register(api, rest.Operation("POST "+list+"/try", "try-user-import", "Say what records would do, and do nothing"), r.tryImport)
	huma.Register(api, rest.Operation("GET "+one, "get-user-import", "Show an import"), r.getImport)
	huma.Register(api, rest.Operation("POST "+one+"/batches", "apply-user-batch", "Apply a batch of records, once"), r.applyBatch)
	huma.Register(api, rest.Operation("GET "+one+"/rejects", "list-user-import-rejects", "List the records that were not applied, and why"), r.listRejects)
	huma.Register(api, rest.Operation("POST "+one+"/finish", "finish-user-import", "Say that all of a file was sent"), r.finishImport)
}

func (r *Resources) listImports(ctx context.Context, _ *struct{}) (*struct{ Body UserImports }, error) {
	out := &struct{ Body UserImports }{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		all, err := intake.List(tx, &c.Actor)
		out.Body.Items = make([]UserImport, 0, len(all))
		for _, i := range all {
			shown, err := showImport(tx, i)
			if err != nil {
				return err
			}
			out.Body.Items = append(out.Body.Items, shown)
		}
		return err
	})
	return out, err
}

func (r *Resources) beginImport(ctx context.Context, in *struct {
	rest.Idempotent
	Body NewUserImport
}) (*rest.Created[UserImport], error) {
	return rest.Create(ctx, r.Desk, in.Idempotent, in.Body, rest.Maker[UserImport]{
		Make: func(tx *db.Tx, c *rest.Call) (UserImport, string, error) {
			i, err := intake.Open(tx, &c.Actor, in.Body.Source, in.Body.Name, modeOf(in.Body.Mode))
			if err != nil {
				return UserImport{}, "", err
			}
			shown, err := showImport(tx, i)
			return shown, shown.ID, err
		},
		Again: func(tx *db.Tx, c *rest.Call, name string) (UserImport, error) {
			i, err := intake.Get(tx, &c.Actor, rest.ID(name))
			if err != nil {
				return UserImport{}, err
			}
			return showImport(tx, i)
		},
	})
}

func modeOf(text string) intake.Mode {
	return cmp.Or(intake.Mode(text), intake.CreateOnly)
}

func (r *Resources) getImport(ctx context.Context, in *struct {
	ImportPath
	After int64 `query:"after" minimum:"0" doc:"List applied batches with higher numbers than this one."`
}) (*struct{ Body UserImport }, error) {
	out := &struct{ Body UserImport }{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		i, err := intake.Get(tx, &c.Actor, rest.ID(in.Import))
		if err != nil {
			return err
		}
		if out.Body, err = showImport(tx, i); err != nil {
			return err
		}
		out.Body.Batches, err = i.Done(tx, in.After)
		return err
	})
	return out, err
}

// errTried undoes the transaction of a dry run.
var errTried = errors.New("a dry run is undone")

func (r *Resources) tryImport(ctx context.Context, in *struct{ Body UserTrial }) (*struct{ Body BatchOutcome }, error) {
	records, err := recordsOf(in.Body.Records)
	if err != nil {
		return nil, err
	}
	out := &struct{ Body BatchOutcome }{}
	_, err = r.Write(ctx, func(tx *db.Tx, c *rest.Call) error {
		tried, err := intake.Try(tx, r.Vault, &c.Actor, modeOf(in.Body.Mode), records)
		if err != nil {
			return err
		}
		out.Body = showOutcome(tried)
		return errTried
	})
	if !errors.Is(err, errTried) {
		return nil, err
	}
	return out, nil
}

// raceTries is how often a batch is applied again when somebody else takes a name while it runs.
const raceTries = 5

// AppliedBatch answers a batch.
type AppliedBatch struct {
	rest.Propagation
	Body BatchOutcome
}

func (r *Resources) applyBatch(ctx context.Context, in *struct {
	ImportPath
	Body UserBatch
}) (*AppliedBatch, error) {
	records, err := recordsOf(in.Body.Records)
	if err != nil {
		return nil, err
	}
	out := &AppliedBatch{}
	for range raceTries {
		out.Propagated, err = r.Write(ctx, func(tx *db.Tx, c *rest.Call) error {
			applied, err := intake.Apply(tx, r.Vault, &c.Actor, rest.ID(in.Import), in.Body.Sequence, records)
			if err == nil {
				out.Body = showOutcome(applied)
			}
			return err
		})
		if !errors.Is(err, directory.ErrRaced) {
			break
		}
	}
	return out, err
}

func (r *Resources) listRejects(ctx context.Context, in *struct {
	ImportPath
	After int64 `query:"after" minimum:"0" doc:"List rejects of later lines than this one."`
}) (*struct{ Body RecordRejects }, error) {
	out := &struct{ Body RecordRejects }{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		i, err := intake.Get(tx, &c.Actor, rest.ID(in.Import))
		if err != nil {
			return err
		}
		rejects, err := i.Rejects(tx, in.After)
		out.Body.Items = showRejects(rejects)
		return err
	})
	return out, err
}

// FinishedImport answers the end of an import.
type FinishedImport struct {
	rest.Propagation
	Body UserImport
}

func (r *Resources) finishImport(ctx context.Context, in *ImportPath) (*FinishedImport, error) {
	out := &FinishedImport{}
	var err error
	out.Propagated, err = r.Write(ctx, func(tx *db.Tx, c *rest.Call) error {
		i, _, err := intake.Finish(tx, &c.Actor, rest.ID(in.Import))
		if err != nil {
			return err
		}
		out.Body, err = showImport(tx, i)
		return err
	})
	return out, err
}

func recordsOf(wire []UserRecord) ([]intake.Record, error) {
	records := make([]intake.Record, len(wire))
	for i, w := range wire {
		records[i] = intake.Record{Line: w.Line, Population: w.Population, Problem: w.Problem}
		if w.Hash != nil {
			records[i].Hash = &intake.Hash{Text: w.Hash.Hash, Format: w.Hash.Format, Salt: w.Hash.Salt}
		}
		if w.User != nil {
			user, err := json.Marshal(w.User)
			if err != nil {
				return nil, err
			}
			records[i].User = user
		}
	}
	return records, nil
}

func showImport(tx *db.Tx, i *intake.Import) (UserImport, error) {
	counts, err := i.Counts(tx)
	return UserImport{
		Row: rest.RowOf(i.ID, 1), ID: i.ID.String(), Source: i.Source, Name: i.Name, Mode: string(i.Mode), State: string(i.State),
		Created: counts.Created, Changed: counts.Changed, Unchanged: counts.Unchanged, Rejected: counts.Rejected,
		CreatedAt: i.CreatedAt, UpdatedAt: i.UpdatedAt,
	}, err
}

func showOutcome(o *intake.Outcome) BatchOutcome {
	shown := BatchOutcome{
		Created: o.Created, Changed: o.Changed, Unchanged: o.Unchanged, Rejected: o.Rejected, Again: o.Again, Rejects: showRejects(o.Rejects),
	}
	for _, d := range o.Differences {
		shown.Differences = append(shown.Differences, RecordDifference{d.Line, d.UserName, append([]string{}, d.Attributes...)})
	}
	return shown
}

func showRejects(rejects []intake.Reject) []RecordReject {
	shown := make([]RecordReject, len(rejects))
	for i, r := range rejects {
		shown[i] = RecordReject{r.Line, r.Reason}
	}
	return shown
}
