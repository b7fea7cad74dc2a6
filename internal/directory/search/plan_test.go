package search_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory/search"
	"github.com/counterfoil/counterfoil/internal/roomtest"
)

func TestEverySearchThatAnIndexCanAnswerUsesIt(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		for _, c := range []struct{ filter, sort, sqlite, postgres string }{
			{`userName eq "a"`, "", "directory_user_by_name (environment_id=? AND user_name_folded=?", "directory_user_by_name"},
			{`USERNAME sw "a" and nickName co "x"`, "", "directory_user_by_name (environment_id=? AND", "directory_user_by_name"},
			{`name.givenName sw "a"`, "", "directory_user_by_given", "directory_user_by_given"},
			{`name.familyName eq "a"`, "", "directory_user_by_family", "directory_user_by_family"},
			{`displayName eq "a"`, "", "directory_user_by_display", "directory_user_by_display"},
			{`externalId eq "a"`, "", "directory_user_by_external_id", "directory_user_by_external_id"},
			{`emails eq "a@b.example"`, "", "l USING PRIMARY KEY (environment_id=? AND folded=?", "directory_login_pkey"},
			{`emails[value sw "a" and type eq "work"]`, "", "l USING PRIMARY KEY (environment_id=? AND", "directory_login_pkey"},
			{`title eq "a"`, "", "v USING PRIMARY KEY (environment_id=? AND attribute=? AND folded=?", "directory_value_pkey"},
			{enterprise + `:department sw "a"`, "", "v USING PRIMARY KEY (environment_id=? AND attribute=? AND", "directory_value_pkey"},
			{badge + `:colours sw "r"`, "", "v USING PRIMARY KEY (environment_id=? AND attribute=? AND", "directory_value_pkey"},
			{badge + `:level eq 3`, "", "v USING PRIMARY KEY (environment_id=? AND attribute=? AND folded=?", "directory_value_pkey"},
			{`groups eq "` + r.Home.ID.String() + `"`, "", "m USING PRIMARY KEY (environment_id=? AND group_id=?", "directory_member_"},
			{`meta.lastModified ge "2026-01-01T00:00:00Z" and meta.lastModified lt "2026-02-01T00:00:00Z"`, "", "directory_user_by_update (environment_id=? AND", "directory_user_by_update"},
			{`meta.created gt "2026-01-01T00:00:00Z"`, "", "(environment_id=? AND id>?", "directory_user_pkey"},
			{`active eq false`, "", "directory_user_not_active", "directory_user_not_active"},
			{`nickName pr`, "", "(environment_id=? AND id>?", "directory_user_pkey"},
			{`nickName pr`, "userName", "directory_user_by_name (environment_id=? AND (user_name_folded,id)>(?,?)", "directory_user_by_name"},
			{`nickName pr`, "meta.lastModified", "directory_user_by_update (environment_id=? AND (updated_at,id)>(?,?)", "directory_user_by_update"},
		} {
			q := search.Query{Filter: parse(t, c.filter)}
			if c.sort != "" {
				q.Sort, _ = search.SortBy(c.sort, users)
			}
			for _, descending := range []bool{false, true} {
				if q.Descending = descending; descending && q.Sort == nil {
					continue
				}
				for i, plan := range explain(r, q) {
					want := c.sqlite
					if r.DB.Engine() == db.PostgreSQL {
						want = c.postgres
					}
					if i == 0 && (c.sort != "" || strings.HasSuffix(want, "id>?")) {
						want, _, _ = strings.Cut(want, " AND")
					}
					if descending {
						want = strings.ReplaceAll(want, ">", "<")
					}
					if !strings.Contains(plan, want) || strings.Contains(plan, "TEMP B-TREE") || strings.Contains(plan, "Sort") || strings.Contains(plan, "Seq Scan") {
						t.Errorf("%s by %q, page %d:\n%s", c.filter, c.sort, i, plan)
					}
				}
			}
		}
	})
}

// explain returns the plans of the first page and of a later one.
func explain(r *roomtest.Rooms, q search.Query) (plans []string) {
	r.Helper()
	r.Write(func(tx *db.Tx) error {
		verb := "EXPLAIN QUERY PLAN "
		if r.DB.Engine() == db.PostgreSQL {
			verb = "EXPLAIN "
			for _, way := range []string{"seqscan", "bitmapscan"} { // tables are empty: an index is never worth it
				if _, err := tx.Exec("SET LOCAL enable_" + way + " = off"); err != nil {
					return err
				}
			}
		}
		for _, s := range search.Statements(tx, &r.Operator, q, "", r.Home.ID.String()) {
			var plan []string
			err := tx.Each(func(scan db.Scan) error {
				var a, b, c int
				var step string
				targets := []any{&a, &b, &c, &step}
				if r.DB.Engine() == db.PostgreSQL {
					targets = targets[3:]
				}
				err := scan(targets...)
				plan = append(plan, step)
				return err
			}, verb+s.Text, s.Args...)
			if err != nil {
				return fmt.Errorf("%s: %w", s.Text, err)
			}
			plans = append(plans, strings.Join(plan, "\n"))
		}
		return nil
	})
	return plans
}
