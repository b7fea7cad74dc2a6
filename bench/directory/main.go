// Command directory measures the rooms about people with many users: how fast they come in, how fast one is found, and
// whether pages stay flat. It calls the rooms directly, on one database, and prints a table; a missed bar is exit status 1.
//
//	go run ./bench/directory -users 1000000                       SQLite, in a folder of its own
//	go run ./bench/directory -users 1000000 -database postgres://…  a PostgreSQL database that is empty
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/filter"
	"github.com/counterfoil/counterfoil/internal/directory/intake"
	"github.com/counterfoil/counterfoil/internal/directory/schema"
	"github.com/counterfoil/counterfoil/internal/directory/search"
	"github.com/counterfoil/counterfoil/internal/environment/furnish"
	"github.com/counterfoil/counterfoil/internal/keyring"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// The bars of the directory: users a second, and milliseconds.
const (
	barCreate     = 2000 // up to 200,000 users, and on PostgreSQL always
	barCreateMany = 1000 // at a million on SQLite
	barLookup     = 5.0
	barSearch     = 50.0
	barMember     = 50.0
	flat          = 3.0 // how much slower the last pages may be than the first

	crowd = 100_000 // members of the large group
)

func main() {
	users := flag.Int("users", 200_000, "how many users come in")
	dsn := flag.String("database", "", "a PostgreSQL URL; without one, SQLite in a temporary folder")
	flag.Parse()
	if err := run(context.Background(), *users, *dsn); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// house is the rooms on one database.
type house struct {
	db     *db.DB
	vault  *seal.Vault
	actor  access.Actor
	missed bool
}

func run(ctx context.Context, users int, dsn string) error {
	folder, err := os.MkdirTemp("", "counterfoil-bench-directory-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(folder) }()
	if dsn == "" {
		dsn = filepath.Join(folder, "counterfoil.db")
	}
	h, err := open(ctx, dsn, filepath.Join(folder, "root.key"))
	if err != nil {
		return err
	}
	defer func() { _ = h.db.Close() }()
	fmt.Printf("%s, %d users\n", h.db.Engine(), users)
	for _, measure := range []func(context.Context, int) error{h.fill, h.lookups, h.searches, h.pages, h.group} {
		if err := measure(ctx, users); err != nil {
			return err
		}
	}
	if h.missed {
		return fmt.Errorf("a bar was missed")
	}
	return nil
}

func open(ctx context.Context, dsn, rootKey string) (*house, error) {
	d, err := db.Open(ctx, db.Options{DSN: dsn, Now: time.Now, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		return nil, err
	}
	vault, err := seal.Open(ctx, d, seal.Source{File: rootKey})
	if err != nil {
		return nil, err
	}
	ring := keyring.New(vault)
	environments := furnish.Authority(vault, ring, &access.Authority{Ring: ring})
	h := &house{db: d, vault: vault}
	return h, d.Write(ctx, func(tx *db.Tx) error {
		home, _, err := environments.Found(tx)
		if err == nil {
			h.actor = access.Operator(home.ID)
		}
		return err
	})
}

// row prints a figure beside its bar.
func (h *house) row(what string, value float64, unit string, bar float64, good bool) {
	verdict := "ok"
	if !good {
		verdict, h.missed = "MISSED", true
	}
	fmt.Printf("%-52s %12.1f %-9s bar %8.1f  %s\n", what, value, unit, bar, verdict)
}

func userName(n int) string { return fmt.Sprintf("user%07d@people.example", n*7919%10_000_019) }

func record(n int) intake.Record {
	return intake.Record{Line: int64(n + 1), User: fmt.Appendf(nil,
		`{"userName":%q,"name":{"givenName":"Given%d","familyName":"Family%d"},"displayName":"Given%d Family%d","emails":[{"value":%q,"type":"work","primary":true}],`+
			`"phoneNumbers":[{"value":"+1555%07d"}],"title":"Engineer","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":{"employeeNumber":"E%d"}}`,
		userName(n), n%997, n%49_999, n%997, n%49_999, userName(n), n, n)}
}

// fill imports users as the server does, four batches at a time.
func (h *house) fill(ctx context.Context, users int) error {
	var id uuid.UUID
	err := h.db.Write(ctx, func(tx *db.Tx) error {
		i, err := intake.Open(tx, &h.actor, strings.Repeat("ab", 32), "bench", intake.CreateOnly)
		if err == nil {
			id = i.ID
		}
		return err
	})
	if err != nil {
		return err
	}
	const part = 100_000
	for from := 0; from < users; from += part {
		began := time.Now()
		to := min(from+part, users)
		if err := h.batches(ctx, id, from, to); err != nil {
			return err
		}
		rate := float64(to-from) / time.Since(began).Seconds()
		bar := float64(barCreate)
		if h.db.Engine() != db.PostgreSQL && to > 200_000 {
			bar = barCreateMany
		}
		h.row(fmt.Sprintf("create, users %d to %d", from, to), rate, "users/s", bar, rate >= bar)
	}
	return nil
}

func (h *house) batches(ctx context.Context, id uuid.UUID, from, to int) error {
	together, ctx := errgroup.WithContext(ctx)
	together.SetLimit(4)
	for at := from; at < to; at += intake.BatchSize {
		records := make([]intake.Record, 0, intake.BatchSize)
		for n := at; n < min(at+intake.BatchSize, to); n++ {
			records = append(records, record(n))
		}
		together.Go(func() error {
			return h.db.Write(ctx, func(tx *db.Tx) error {
				out, err := intake.Apply(tx, h.vault, &h.actor, id, int64(at/intake.BatchSize+1), records)
				if err == nil && out.Rejected > 0 {
					err = fmt.Errorf("rejected: %v", out.Rejects[0])
				}
				return err
			})
		})
	}
	return together.Wait()
}

// timed runs fn many times and returns the 99th percentile in milliseconds.
func timed(times int, fn func(n int) error) (float64, error) {
	took := make([]time.Duration, times)
	for n := range times {
		began := time.Now()
		if err := fn(n); err != nil {
			return 0, err
		}
		took[n] = time.Since(began)
	}
	slices.Sort(took)
	return float64(took[times*99/100].Microseconds()) / 1000, nil
}

func (h *house) lookups(ctx context.Context, users int) error {
	p99, err := timed(2000, func(n int) error {
		return h.db.Read(ctx, func(tx *db.Tx) error {
			_, err := directory.Find(tx, h.actor.Environment, userName(n*104_729%users))
			return err
		})
	})
	h.row("find by user name or address, p99", p99, "ms", barLookup, p99 < barLookup)
	return err
}

func (h *house) searches(ctx context.Context, users int) error {
	for _, q := range []struct {
		what string
		text func(n int) string
	}{
		{"userName eq", func(n int) string { return fmt.Sprintf("userName eq %q", userName(n%users)) }},
		{"emails sw", func(n int) string { return fmt.Sprintf("emails.value sw %q", userName(n % users)[:10]) }},
		{"name.familyName eq", func(n int) string { return fmt.Sprintf("name.familyName eq \"Family%d\"", n%users%49_999) }},
		{"displayName sw", func(n int) string { return fmt.Sprintf("displayName sw \"Given%d \"", n%users%997) }},
		{"employeeNumber eq", func(n int) string {
			return fmt.Sprintf("%s:employeeNumber eq \"E%d\"", directory.EnterpriseURN, n%users)
		}},
	} {
		p99, err := timed(500, func(n int) error {
			return h.db.Read(ctx, func(tx *db.Tx) error {
				wanted, err := filter.Parse(q.text(n*104_729), schema.Core().User)
				if err != nil {
					return err
				}
				found, err := search.Users(tx, &h.actor, search.Query{Filter: wanted, Limit: 50})
				if err == nil && len(found.Items) == 0 {
					err = fmt.Errorf("%s finds nobody", q.text(n*104_729))
				}
				return err
			})
		})
		if err != nil {
			return err
		}
		h.row("search, "+q.what+", p99", p99, "ms", barSearch, p99 < barSearch)
	}
	return nil
}

// pages walks through everybody by cursor and compares the last pages with the first.
func (h *house) pages(ctx context.Context, _ int) error {
	var took []time.Duration
	for after := ""; ; {
		began := time.Now()
		err := h.db.Read(ctx, func(tx *db.Tx) error {
			found, err := search.Users(tx, &h.actor, search.Query{After: after, Limit: 200})
			if err == nil {
				after = found.Next
			}
			return err
		})
		if err != nil {
			return err
		}
		took = append(took, time.Since(began))
		if after == "" {
			break
		}
	}
	part := max(len(took)/20, 1)
	first, last := slices.Clone(took[:part]), slices.Clone(took[len(took)-part:])
	slices.Sort(first)
	slices.Sort(last)
	ratio := float64(last[part/2]) / float64(first[part/2])
	h.row(fmt.Sprintf("a page of 200 by cursor, last 5 %% to first 5 %%, of %d", len(took)), ratio, "times", flat, ratio < flat)
	return nil
}

// group puts many into one group and measures one more.
func (h *house) group(ctx context.Context, users int) error {
	var ids []directory.Member
	for after := ""; len(ids) < min(crowd, users)-200; {
		err := h.db.Read(ctx, func(tx *db.Tx) error {
			found, err := search.Users(tx, &h.actor, search.Query{After: after, Limit: 1000})
			if err != nil {
				return err
			}
			for _, u := range found.Items {
				ids = append(ids, directory.Member{ID: u.ID, Kind: directory.UserMember})
			}
			after = found.Next
			return nil
		})
		if err != nil {
			return err
		}
	}
	var group uuid.UUID
	err := h.db.Write(ctx, func(tx *db.Tx) error {
		g, err := directory.CreateGroup(tx, &h.actor, directory.GroupSpec{Name: "Everybody"})
		if err == nil {
			group = g.ID
		}
		return err
	})
	if err != nil {
		return err
	}
	change := func(members []directory.Member, gone []uuid.UUID) error {
		return h.db.Write(ctx, func(tx *db.Tx) error {
			_, err := directory.ChangeMembers(tx, &h.actor, group, 0, members, gone)
			return err
		})
	}
	for chunk := range slices.Chunk(ids[200:], 1000) {
		if err := change(chunk, nil); err != nil {
			return err
		}
	}
	p99, err := timed(200, func(n int) error { return change(ids[n:n+1], nil) })
	h.row(fmt.Sprintf("add one member to a group of %d, p99", len(ids)-200), p99, "ms", barMember, p99 < barMember)
	return err
}
