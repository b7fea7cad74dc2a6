package hygiene

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/usage"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/environment"
)

// Problem is what is wrong, in one stable word.
type Problem string

// The problems, the gravest first.
const (
	// Exposed is a usable credential that was reported as leaked.
	Exposed Problem = "exposed"
	// Weak is a secret that somebody chose and that is easier to guess than the policy allows, or may be: of an imported
	// one nothing is known until it is used.
	Weak Problem = "weak"
	// Idle is a credential that was not used for 90 days.
	Idle Problem = "idle_90_days"
	// TwoActive is a secret that goes on beside a newer one for over 7 days, with no end that a rotation set.
	TwoActive Problem = "two_active"
	// OverScoped is an application or a credential with permissions that were in no token for 90 days.
	OverScoped Problem = "over_scoped"
	// NeverExpires is a credential without an end.
	NeverExpires Problem = "never_expires"
)

// Severity is the place of a problem among all of them: 0 is the gravest.
func (p Problem) Severity() int {
	return slices.Index([]Problem{Exposed, Weak, Idle, TwoActive, OverScoped, NeverExpires}, p)
}

// Finding is one problem of one credential. Nothing in it is secret.
type Finding struct {
	Application     uuid.UUID
	ApplicationName string
	// Credential is zero, and Kind empty, when the problem is one of the application as a whole.
	Credential uuid.UUID
	Kind       credential.Kind
	Problem    Problem
	// Detail is for people.
	Detail string
	// Since is when it became a problem, or when the credential was made.
	Since time.Time
}

// MaxFindings bounds a report; what is left out is the least grave.
const MaxFindings = 10_000

const (
	quiet   = usage.Days * 24 * time.Hour
	overlap = 7 * 24 * time.Hour
	// named is how many unused permissions a finding names.
	named = 10

	selectApplications = `SELECT id, kind, name, enabled, permissions FROM application WHERE environment_id = $1`
)

// owner is what the report asks about an application.
type owner struct {
	kind        application.Kind
	name        string
	enabled     bool
	permissions []uint32
}

// review is one look through an environment.
type review struct {
	now       time.Time
	policy    environment.Policy
	catalogue *access.Catalogue
	owners    map[string]*owner
	last      map[string]time.Time
	used      map[string][]uint32
	// noted says that what is in tokens has been noted for so long that what is not there was not used.
	noted bool
	found []Finding
	// counts are of all that was found, also of what is not kept.
	counts map[Problem]int64
}

// Report lists what is wrong with the credentials of the actor's environment that can be used now, the gravest first and
// at most [MaxFindings]. It reads all of them and costs about a second for 100,000.
func Report(tx *db.Tx, actor *access.Actor) ([]Finding, error) {
	r, err := look(tx, actor)
	if err != nil {
		return nil, err
	}
	r.sort()
	return r.found, nil
}

// Count returns how many findings of each problem there are, those among them that a report leaves out. It costs what
// [Report] does.
func Count(tx *db.Tx, actor *access.Actor) (map[Problem]int64, error) {
	r, err := look(tx, actor)
	if err != nil {
		return nil, err
	}
	return r.counts, nil
}

func look(tx *db.Tx, actor *access.Actor) (*review, error) {
	if err := access.Allow(tx, actor, access.ReadCredentials); err != nil {
		return nil, err
	}
	r := &review{now: tx.Now(), counts: map[Problem]int64{}}
	if err := r.load(tx, actor.Environment); err != nil {
		return nil, err
	}
	var of []*credential.Credential // all of one application
	err := credential.Visit(tx, actor, func(c *credential.Credential) {
		if len(of) > 0 && of[0].Application != c.Application {
			r.judge(of)
			of = of[:0]
		}
		of = append(of, c)
	})
	if err != nil {
		return nil, err
	}
	r.judge(of)
	return r, nil
}

func (r *review) load(tx *db.Tx, environmentID uuid.UUID) (err error) {
	if r.policy, err = environment.PolicyOf(tx, environmentID); err != nil {
		return err
	}
	if r.catalogue, err = access.LoadCatalogue(tx, environmentID); err != nil {
		return err
	}
	if r.last, err = usage.LastUses(tx, environmentID); err != nil {
		return err
	}
	var since time.Time
	if r.used, since, err = usage.PermissionsUsed(tx, environmentID); err != nil {
		return err
	}
	r.noted = !since.IsZero() && r.now.Sub(since) >= quiet
	r.owners = map[string]*owner{}
	return tx.Each(func(s db.Scan) error {
		var id, permissions string
		o := &owner{}
		err := s(&id, (*string)(&o.kind), &o.name, &o.enabled, &permissions)
		if err == nil {
			o.permissions, err = db.Numbers(permissions)
		}
		r.owners[id] = o
		return err
	}, selectApplications, environmentID.String())
}

// judge looks at the credentials of one application, oldest first.
func (r *review) judge(all []*credential.Credential) {
	if len(all) == 0 {
		return
	}
	o := r.owners[all[0].Application.String()]
	if o == nil || !o.enabled {
		return // nothing of it can be used
	}
	var usable []*credential.Credential
	for _, c := range all {
		if c.Usable(r.now) {
			usable = append(usable, c)
			r.judgeOne(o, c)
		}
	}
	r.judgeSecrets(o, all, usable)
	r.judgeScopes(o, usable)
}

func (r *review) judgeOne(o *owner, c *credential.Credential) {
	last := r.last[c.ID.String()]
	idle := r.now.Sub(c.CreatedAt) >= quiet && r.now.Sub(last) >= quiet
	switch {
	case !c.ExposedAt.IsZero():
		r.add(o, c, Exposed, c.ExposedAt, "it was reported as leaked and still works: disable or rotate it")
	case c.Form == credential.Imported:
		r.add(o, c, Weak, c.CreatedAt, "it was imported as a hash and never used, so nobody knows how strong it is")
	case c.Form == credential.Chosen && c.Score < r.policy.MinScore:
		r.add(o, c, Weak, c.CreatedAt, fmt.Sprintf("its strength is %d of 4, and the policy asks for %d", c.Score, r.policy.MinScore))
	}
	if idle && last.IsZero() {
		r.add(o, c, Idle, c.CreatedAt, "it was not used in the last 90 days, or ever")
	} else if idle {
		r.add(o, c, Idle, last, "it was last used on "+last.Format(time.DateOnly))
	}
	if c.ExpiresAt.IsZero() {
		r.add(o, c, NeverExpires, c.CreatedAt, "it has no expiry")
	}
}

// judgeSecrets finds secrets that live on beside a newer one.
func (r *review) judgeSecrets(o *owner, all, usable []*credential.Credential) {
	var newest *credential.Credential // of those that have been there for long enough
	for _, c := range slices.Backward(usable) {
		if c.Kind != credential.KindSecret {
			continue
		}
		if newest == nil {
			if r.now.Sub(c.CreatedAt) > overlap {
				newest = c
			}
			continue
		}
		// One that waits for its first use has not begun to retire the other.
		heir := slices.ContainsFunc(all, func(h *credential.Credential) bool { return h.Replaces == c.ID && h.Grace < 0 })
		if retiring := heir && !c.ExpiresAt.IsZero(); !retiring {
			r.add(o, c, TwoActive, newest.CreatedAt, "a newer secret of the application has been there since "+newest.CreatedAt.Format(time.DateOnly))
		}
	}
}

// judgeScopes finds permissions that were in no token: of the application as a whole, and of what is narrowed. It says
// nothing of what is not used at all; that is idle.
func (r *review) judgeScopes(o *owner, usable []*credential.Credential) {
	if !r.noted || o.kind != application.Service && o.kind != application.Pair {
		return // what the other kinds may do is fixed, or comes from roles
	}
	var together []uint32
	var first *credential.Credential // that has all of the application's permissions
	old := true
	for _, c := range usable {
		used := r.used[c.ID.String()]
		together = append(together, used...)
		settled := r.now.Sub(c.CreatedAt) >= quiet
		switch {
		case !c.Narrowed:
			old = old && settled
			if first == nil {
				first = c
			}
		case settled && len(used) > 0:
			held := slices.DeleteFunc(slices.Clone(c.Permissions), func(n uint32) bool { return !slices.Contains(o.permissions, n) })
			r.addUnused(o, c, uuid.Nil, held, used)
		}
	}
	if first != nil && old && len(together) > 0 {
		r.addUnused(o, nil, first.Application, o.permissions, together)
	}
}

func (r *review) addUnused(o *owner, c *credential.Credential, app uuid.UUID, held, used []uint32) {
	var unused []uint32
	for _, n := range held {
		if !slices.Contains(used, n) {
			unused = append(unused, n)
		}
	}
	names := r.catalogue.Names(unused)
	if len(names) == 0 {
		return
	}
	detail := "in no token for 90 days: " + strings.Join(names[:min(len(names), named)], " ")
	if len(names) > named {
		detail += fmt.Sprintf(" and %d more", len(names)-named)
	}
	if c == nil {
		c = &credential.Credential{Application: app}
	}
	r.add(o, c, OverScoped, r.now.Add(-quiet), detail)
}

func (r *review) add(o *owner, c *credential.Credential, p Problem, since time.Time, detail string) {
	r.counts[p]++
	r.found = append(r.found, Finding{
		Application: c.Application, ApplicationName: o.name, Credential: c.ID, Kind: c.Kind, Problem: p, Detail: detail, Since: since,
	})
	if len(r.found) >= 2*MaxFindings {
		r.sort()
	}
}

// sort puts the gravest first and lets the rest beyond the bound go.
func (r *review) sort() {
	slices.SortFunc(r.found, func(a, b Finding) int {
		return cmp.Or(a.Problem.Severity()-b.Problem.Severity(), cmp.Compare(a.Key(), b.Key()))
	})
	r.found = r.found[:min(len(r.found), MaxFindings)]
}

// Key orders findings of one problem: by name, application and credential.
func (f Finding) Key() string {
	return application.Fold(f.ApplicationName) + "\x00" + f.Application.String() + f.Credential.String()
}
