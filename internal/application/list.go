package application

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
)

// Page says which part of a list is wanted: the Limit entries after the one called After.
type Page struct {
	After string // folded name; empty: from the start
	Limit int
}

// Wanted narrows a list.
type Wanted struct {
	// Name finds the one application called so, whatever its case; Prefix those whose names begin so.
	Name, Prefix string
	// Search finds those whose names hold each of its words somewhere, whatever their case, and the one with that client id.
	Search string
	// Kinds are the kinds that are listed; empty means those that people make for programs, see [Ordinary].
	Kinds []Kind
	// Enabled, when not nil, lists only those that are, or are not.
	Enabled *bool
	// Locked lists only those whose secrets nobody can use now, because failed logons or an administrator locked them.
	Locked bool
	// Expiring, when not 0, lists only those with an enabled credential that expires within so long.
	Expiring time.Duration
}

const (
	whereLocked = ` AND EXISTS (SELECT 1 FROM logon_failure l WHERE l.environment_id = a.environment_id AND l.application_id = a.id
AND l.network = '' AND l.locked_until > $%d)`
	// That there is an expiry is said once more for the index over those that have one.
	whereExpiring = ` AND a.id IN (SELECT c.application_id FROM credential c WHERE c.environment_id = $1
AND c.enabled AND c.expires_at > 0 AND c.expires_at > $%d AND c.expires_at <= $%d)`

	// The first batch serves a list of which most is wanted; the others grow, because then little is.
	firstBatch, largestBatch = 100, 4000
)

// List returns applications of the actor's environment by name. An actor whose roles cover only some of them sees
// only those. To ask what expires needs the permission to read credentials, too ([fault.Denied]).
func List(tx *db.Tx, actor *access.Actor, wanted Wanted, page Page) ([]*Application, error) {
	if err := access.AllowSomewhere(tx, actor, access.ReadApplications); err != nil {
		return nil, err
	}
	if wanted.Expiring != 0 {
		if err := access.AllowSomewhere(tx, actor, access.ReadCredentials); err != nil {
			return nil, err
		}
	}
	return list(tx, actor.Environment, wanted, page, func(id uuid.UUID) bool {
		return actor.MayOn(access.ReadApplications, access.OverApplication, id) &&
			(wanted.Expiring == 0 || actor.MayOn(access.ReadCredentials, access.OverApplication, id))
	})
}

func list(tx *db.Tx, environment uuid.UUID, wanted Wanted, page Page, visible func(uuid.UUID) bool) ([]*Application, error) {
	l := listing{tx: tx, environment: environment, wanted: &wanted, limit: page.Limit, words: strings.Fields(Fold(wanted.Search)), visible: visible}
	if err := l.run(page.After); err != nil {
		return nil, err
	}
	return load(tx, environment, l.found)
}

// listing is one look through the applications of an environment.
type listing struct {
	tx          *db.Tx
	environment uuid.UUID
	wanted      *Wanted
	words       []string
	limit       int
	visible     func(uuid.UUID) bool
	found       []uuid.UUID
}

// run looks for what is wanted after the application called after. It reads no more than a few columns of each, in the
// order of an index, and judges them in memory: so part of a name is found without an index over parts, which at 10,000
// applications costs some milliseconds.
func (l *listing) run(after string) error {
	const justSo = ` AND a.name_folded = $3`
	if l.wanted.Name != "" {
		l.limit = 1
		_, _, err := l.batch(justSo, 1, "", Fold(l.wanted.Name))
		return err
	}
	if prefix := Fold(l.wanted.Prefix); after < prefix {
		if _, _, err := l.batch(justSo, 1, "", prefix); err != nil {
			return err
		}
		after = prefix
	}
	for size, more := max(l.limit, firstBatch), true; more && len(l.found) < l.limit; size = min(4*size, largestBatch) {
		var err error
		if more, after, err = l.batch("", size, after); err != nil {
			return err
		}
	}
	return nil
}

// batch judges at most size applications after the one of that name, and reports whether there may be more after the last.
func (l *listing) batch(where string, size int, after string, args ...any) (more bool, last string, err error) {
	query, args := selectBrief+where, append([]any{l.environment.String(), after}, args...)
	now := l.tx.Now()
	if l.wanted.Locked {
		args = append(args, db.Micros(now))
		query += fmt.Sprintf(whereLocked, len(args))
	}
	if l.wanted.Expiring != 0 {
		args = append(args, db.Micros(now), db.Micros(now.Add(l.wanted.Expiring)))
		query += fmt.Sprintf(whereExpiring, len(args)-1, len(args))
	}
	args = append(args, size)
	query += fmt.Sprintf(` ORDER BY a.name_folded LIMIT $%d`, len(args))
	read, prefix := 0, Fold(l.wanted.Prefix)
	beyond := false
	err = l.tx.Each(func(s db.Scan) error {
		var id, kind string
		var enabled bool
		if err := s(&id, &kind, &last, &enabled); err != nil {
			return err
		}
		read++
		beyond = beyond || !strings.HasPrefix(last, prefix)
		if beyond || len(l.found) >= l.limit || !l.wanted.has(Kind(kind), enabled) || !l.matches(id, last) {
			return nil
		}
		app, err := uuid.Parse(id)
		if err == nil && l.visible(app) {
			l.found = append(l.found, app)
		}
		return err
	}, query, args...)
	return read == size && !beyond, last, err
}

// matches reports whether an application has all the words that are searched for in its name, or is named by its id.
func (l *listing) matches(id, name string) bool {
	if len(l.words) == 1 && l.words[0] == id {
		return true
	}
	return !slices.ContainsFunc(l.words, func(word string) bool { return !strings.Contains(name, word) })
}

func (w *Wanted) has(kind Kind, enabled bool) bool {
	kinds := w.Kinds
	if len(kinds) == 0 {
		kinds = Ordinary()
	}
	return slices.Contains(kinds, kind) && (w.Enabled == nil || *w.Enabled == enabled)
}

// load returns applications in the order of ids.
func load(tx *db.Tx, environment uuid.UUID, ids []uuid.UUID) (all []*Application, err error) {
	place := make(map[uuid.UUID]int, len(ids))
	for chunk := range slices.Chunk(ids, 400) {
		args := []any{environment.String()}
		for _, id := range chunk {
			place[id] = len(place)
			args = append(args, id.String())
		}
		some, err := db.All(tx, scan, selectSome+db.Placeholders(2, len(chunk))+`)`, args...)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
	}
	slices.SortFunc(all, func(a, b *Application) int { return place[a.ID] - place[b.ID] })
	return all, nil
}
