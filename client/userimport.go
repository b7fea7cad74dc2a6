package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// UserImport is a file of users on its way in.
type UserImport struct {
	Answer `json:"-"`

	ID     string `json:"id"`
	Source string `json:"source"` // the SHA-256 of the file
	Name   string `json:"name"`
	// Mode is "create" or "update", State "open" or "finished".
	Mode      string `json:"mode"`
	State     string `json:"state"`
	Created   int64  `json:"created"`
	Changed   int64  `json:"changed"`
	Unchanged int64  `json:"unchanged"`
	Rejected  int64  `json:"rejected"`
	// Batches are numbers of batches that were applied; see [Client.UserImport].
	Batches   []int64   `json:"batches,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// NewUserImport describes a file. Source is its SHA-256 in lowercase hexadecimal; an import of the same file and mode that
// is not finished goes on. Mode is "create" unless it is "update".
type NewUserImport struct {
	Source string `json:"source"`
	Name   string `json:"name"`
	Mode   string `json:"mode,omitempty"`
}

// UserRecord is one user of a file: a SCIM user (RFC 7643 §4.1), or a Problem, which makes it a reject.
type UserRecord struct {
	Line       int64          `json:"line"`
	User       map[string]any `json:"user,omitempty"`
	Population string         `json:"population,omitempty"`
	Hash       *UserHash      `json:"password_hash,omitempty"`
	Problem    string         `json:"problem,omitempty"`
}

// UserHash is another system's hash of a password, for a user that is made. Format and Salt are for SHA-256 with a salt
// beside it: "salt+sha256" or "sha256+salt"; other hashes say what they are. It prints as nothing.
type UserHash struct {
	Hash   string `json:"hash"`
	Format string `json:"format,omitempty"`
	Salt   string `json:"salt,omitempty"`
}

// String keeps a hash out of logs.
func (h *UserHash) String() string { return "[hash]" }

// BatchOutcome is what became of a batch.
type BatchOutcome struct {
	Answer `json:"-"`

	Created   int64 `json:"created"`
	Changed   int64 `json:"changed"`
	Unchanged int64 `json:"unchanged"`
	Rejected  int64 `json:"rejected"`
	// Again says that the batch had been applied before, and nothing was done.
	Again   bool            `json:"again,omitempty"`
	Rejects []*RecordReject `json:"rejects"`
	// Differences are of a dry run: what would change, of the first users that would.
	Differences []*RecordDifference `json:"differences,omitempty"`
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
	Attributes []string `json:"attributes"`
}

type userBatch struct {
	Sequence int64        `json:"sequence"`
	Records  []UserRecord `json:"records"`
}

type userTrial struct {
	Mode    string       `json:"mode,omitempty"`
	Records []UserRecord `json:"records"`
}

// BeginUserImport begins an import, or returns the one of the same file that is not finished. Needs users:write.
func (c *Client) BeginUserImport(ctx context.Context, i NewUserImport) (*UserImport, error) {
	return create[UserImport](ctx, c, at("user-imports"), i, nil)
}

// UserImports returns the newest 200 imports. Needs users:read.
func (c *Client) UserImports(ctx context.Context) ([]*UserImport, error) {
	got, err := get[struct {
		Items []*UserImport `json:"items"`
	}](ctx, c, at("user-imports"))
	if err != nil {
		return nil, err
	}
	return got.Items, nil
}

// UserImport returns one import with at most 1,000 numbers of applied batches that are greater than after. Needs users:read.
func (c *Client) UserImport(ctx context.Context, id string, after int64) (*UserImport, error) {
	return call[UserImport](ctx, c, request{
		method: http.MethodGet, path: at("user-imports", id), query: url.Values{"after": {strconv.FormatInt(after, 10)}}, repeatable: true,
	})
}

// ApplyUserBatch applies at most 500 records as the batch of an import with that number, once: it may be called again
// after any error. Needs users:write.
func (c *Client) ApplyUserBatch(ctx context.Context, id string, sequence int64, records []UserRecord) (*BatchOutcome, error) {
	return call[BatchOutcome](ctx, c, request{
		method: http.MethodPost, path: at("user-imports", id, "batches"), body: userBatch{sequence, records}, repeatable: true,
	})
}

// TryUserBatch says what at most 500 records would do, and does nothing. Needs users:write.
func (c *Client) TryUserBatch(ctx context.Context, mode string, records []UserRecord) (*BatchOutcome, error) {
	return call[BatchOutcome](ctx, c, request{
		method: http.MethodPost, path: at("user-imports", "try"), body: userTrial{mode, records}, repeatable: true,
	})
}

// UserImportRejects lists the records of an import that were not applied, by line. Needs users:read.
func (c *Client) UserImportRejects(ctx context.Context, id string) iter.Seq2[*RecordReject, error] {
	return func(yield func(*RecordReject, error) bool) {
		for after := int64(0); ; {
			got, err := call[struct {
				Items []*RecordReject `json:"items"`
			}](ctx, c, request{
				method: http.MethodGet, path: at("user-imports", id, "rejects"), query: url.Values{"after": {strconv.FormatInt(after, 10)}}, repeatable: true,
			})
			if err != nil {
				yield(nil, err)
				return
			}
			for _, r := range got.Items {
				if after = r.Line; !yield(r, nil) {
					return
				}
			}
			if len(got.Items) == 0 {
				return
			}
		}
	}
}

// FinishUserImport says that all of a file was sent. Needs users:write.
func (c *Client) FinishUserImport(ctx context.Context, id string) (*UserImport, error) {
	return call[UserImport](ctx, c, request{method: http.MethodPost, path: at("user-imports", id, "finish"), repeatable: true})
}
