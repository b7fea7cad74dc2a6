package intake

import (
	"bytes"
	"encoding/json"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// maxDifferences is how many changed users a dry run of one batch describes.
const maxDifferences = 20

// Apply applies a batch of an import and notes it in the same transaction. A batch that was applied already does nothing;
// another batch under the same number is [fault.Conflict]. The transaction must be run again when the error is
// [directory.ErrRaced]: somebody took a name or changed a user in between.
func Apply(tx *db.Tx, vault *seal.Vault, actor *access.Actor, id uuid.UUID, sequence int64, records []Record) (*Outcome, error) {
	i, err := writable(tx, actor, id)
	if err != nil {
		return nil, err
	}
	if i.State != Unfinished {
		return nil, fault.New(fault.Conflict, "this import is finished; begin another")
	}
	if sequence < 1 || sequence > MaxBatches {
		return nil, fault.On("sequence", "batches are numbered from 1 to %d", MaxBatches)
	}
	digest, err := Digest(records)
	if err != nil {
		return nil, err
	}
	claimed, err := tx.Exec(insertBatch, i.Environment.String(), i.ID.String(), sequence, digest)
	if err != nil {
		return nil, err
	}
	if claimed == 0 {
		return i.again(tx, sequence, digest)
	}
	out, err := Try(tx, vault, actor, i.Mode, records)
	if err != nil {
		return nil, err
	}
	out.Differences = nil
	for _, r := range out.Rejects {
		if _, err := tx.Exec(insertReject, i.Environment.String(), i.ID.String(), r.Line, r.Reason); err != nil {
			return nil, err
		}
	}
	_, err = tx.Exec(updateBatch, i.Environment.String(), i.ID.String(), sequence, out.Created, out.Changed, out.Unchanged, out.Rejected)
	return out, err
}

// again returns what a batch did when it came first.
func (i *Import) again(tx *db.Tx, sequence int64, digest string) (*Outcome, error) {
	out := &Outcome{Again: true}
	var was string
	_, err := db.One(tx, func(s db.Scan) (struct{}, error) {
		return struct{}{}, s(&was, &out.Created, &out.Changed, &out.Unchanged, &out.Rejected)
	}, selectBatch, i.Environment.String(), i.ID.String(), sequence)
	if err == nil && was != digest {
		err = fault.New(fault.Conflict, "batch %d of this import had other records; the file has changed, so begin another import", sequence)
	}
	return out, err
}

// Try applies records and notes nothing about them. For a dry run, undo the transaction.
func Try(tx *db.Tx, vault *seal.Vault, actor *access.Actor, mode Mode, records []Record) (*Outcome, error) {
	if len(records) == 0 || len(records) > BatchSize {
		return nil, fault.On("records", "a batch has 1 to %d records", BatchSize)
	}
	bulk, err := directory.OpenBulk(tx, actor)
	if err != nil {
		return nil, err
	}
	into, err := newPopulations(tx, actor.Environment)
	if err != nil {
		return nil, err
	}
	b := batch{tx: tx, vault: vault, actor: actor, bulk: bulk, into: into, mode: mode, out: &Outcome{}}
	users, problems := parseAll(actor.Environment, records)
	if err := bulk.Foresee(profilesOf(users)); err != nil {
		return nil, err
	}
	for at := range records {
		err := problems[at]
		if err == nil {
			err = b.one(&records[at], &users[at])
		}
		if reason, rejected := rejection(err); rejected {
			b.out.Rejected++
			b.out.Rejects = append(b.out.Rejects, Reject{records[at].Line, reason})
		} else if err != nil {
			return nil, err
		}
	}
	return b.out, nil
}

// parseAll returns what each record says, or what is wrong with it.
func parseAll(environment uuid.UUID, records []Record) (users []parsed, problems []error) {
	users, problems = make([]parsed, len(records)), make([]error, len(records))
	for at := range records {
		if users[at], problems[at] = records[at].parse(environment); problems[at] == nil {
			problems[at] = directory.CheckProfile(&users[at].profile)
		}
	}
	return users, problems
}

func profilesOf(users []parsed) iter.Seq[*directory.Profile] {
	return func(yield func(*directory.Profile) bool) {
		for at := range users {
			if !yield(&users[at].profile) {
				return
			}
		}
	}
}

// rejection says whether an error is about the record, and in which words.
func rejection(err error) (reason string, yes bool) {
	switch fault.Of(err) {
	case fault.Invalid, fault.Conflict, fault.Denied, fault.NotFound:
	default:
		return "", false
	}
	field, text := fault.Public(err)
	if field != "" {
		text = field + ": " + text
	}
	return clip(text), err != nil
}

type batch struct {
	tx    *db.Tx
	vault *seal.Vault
	actor *access.Actor
	bulk  *directory.Bulk
	into  *populations
	mode  Mode
	out   *Outcome
}

// one applies a record. Everything that can be wrong with it is found before the first write, because a transaction goes
// on after a reject.
func (b *batch) one(r *Record, p *parsed) error {
	population, err := b.into.find(r.Population)
	if err != nil {
		return err
	}
	holder, err := b.bulk.Holder(directory.Fold(p.profile.UserName))
	if err != nil {
		return err
	}
	if holder == "" {
		return b.create(p, population)
	}
	id, err := uuid.Parse(holder)
	if err != nil {
		return err
	}
	known, err := directory.Load(b.tx, b.actor.Environment, id)
	if err != nil {
		return err
	}
	if b.mode == CreateOnly || directory.Fold(known.Profile.UserName) != directory.Fold(p.profile.UserName) {
		return fault.New(fault.Conflict, "the user name is taken, or is another user's address")
	}
	return b.change(r, p, known, population)
}

func (b *batch) create(p *parsed, population uuid.UUID) error {
	if err := b.free(&p.profile, uuid.Nil); err != nil {
		return err
	}
	population, err := b.bulk.Into(population)
	if err != nil {
		return err
	}
	if p.hash != nil && !b.actor.MayOn(access.SetPasswords, access.OverPopulation, population) {
		return fault.New(fault.Denied, "to bring a password along needs the scope %s", access.SetPasswords)
	}
	spec := directory.Spec{Population: population, Profile: p.profile, Status: directory.Active}
	if p.active != nil && !*p.active {
		spec.Status = directory.Suspended
	}
	u, err := b.bulk.Create(spec)
	if err != nil {
		return b.raced(err)
	}
	if p.hash != nil {
		if err := (&password.Authority{Vault: b.vault}).SetInCreate(b.tx, b.actor, u, p.hash); err != nil {
			return err
		}
	}
	b.out.Created++
	return nil
}

// free refuses a profile with names of others.
func (b *batch) free(p *directory.Profile, except uuid.UUID) error {
	taken, err := b.bulk.Taken(p, except)
	if err == nil && len(taken) > 0 {
		err = fault.New(fault.Conflict, "%s belongs to another user", strings.Join(taken, ", "))
	}
	return err
}

// raced makes of a conflict that [batch.free] did not see one for which the transaction is run again.
func (b *batch) raced(err error) error {
	if fault.Is(err, fault.Conflict) {
		return directory.ErrRaced
	}
	return err
}

// halfDone makes of a refusal that came after a write one for which the transaction is run again: somebody changed the
// user or its roles since they were asked, and a reject here would keep half of the line.
func (b *batch) halfDone(err error) error {
	if _, rejected := rejection(err); rejected {
		return directory.ErrRaced
	}
	return err
}

func (b *batch) change(r *Record, p *parsed, u *directory.User, population uuid.UUID) error {
	merged, err := merge(&u.Profile, r.User)
	if err != nil {
		return err
	}
	if err := directory.CheckProfile(&merged); err != nil {
		return err
	}
	if err := b.free(&merged, u.ID); err != nil {
		return err
	}
	to := u.Status
	if p.active != nil && *p.active != (u.Status == directory.Active) {
		if to = directory.Suspended; *p.active {
			to = directory.Active
		}
		if err := directory.AllowStatus(b.tx, b.actor, u, to); err != nil {
			return err
		}
	}
	before := u.Profile
	changed, err := b.bulk.Change(u, func(s *directory.Spec) {
		s.Profile = merged
		if population != uuid.Nil {
			s.Population = population
		}
	})
	if err != nil {
		return b.raced(err)
	}
	if to != u.Status {
		if _, err := directory.SetStatus(b.tx, b.actor, u.ID, to); err != nil {
			return b.halfDone(err)
		}
		changed = true
	}
	if !changed {
		b.out.Unchanged++
		return nil
	}
	b.out.Changed++
	if len(b.out.Differences) < maxDifferences {
		b.out.Differences = append(b.out.Differences, Difference{r.Line, u.Profile.UserName, differing(&before, &merged)})
	}
	return nil
}

// merge lays the members of a record over a profile: those that it does not name stay as they are.
func merge(onto *directory.Profile, user json.RawMessage) (merged directory.Profile, err error) {
	text, err := json.Marshal(onto)
	if err != nil {
		return merged, err
	}
	var members, over map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return merged, err
	}
	if err := json.Unmarshal(user, &over); err != nil {
		return merged, err
	}
	maps.Copy(members, over)
	if text, err = json.Marshal(members); err != nil {
		return merged, err
	}
	return merged, json.Unmarshal(text, &merged)
}

// differing names the attributes in which two profiles differ.
func differing(a, b *directory.Profile) (names []string) {
	was, is := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	for p, into := range map[*directory.Profile]*map[string]json.RawMessage{a: &was, b: &is} {
		if text, err := json.Marshal(p); err == nil {
			_ = json.Unmarshal(text, into)
		}
	}
	for name := range is {
		if !bytes.Equal(was[name], is[name]) {
			names = append(names, name)
		}
	}
	for name := range was {
		if _, there := is[name]; !there {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
