package directory

import (
	"encoding/json"
	"maps"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// event returns the event of something that happened to a user, group or population. The token path does not hear of it:
// no token stands for a user yet.
func event(kind, subject string, environment, id uuid.UUID) ledger.Event {
	return ledger.Event{Environment: environment, Kind: kind, Subject: ledger.Subject{Kind: subject, ID: id.String()}}
}

func record(tx *db.Tx, actor *access.Actor, kind string, u *User, before, after any) {
	e := event(kind, "user", u.Environment, u.ID)
	e.Before, e.After = before, after
	ledger.Append(tx, actor.Who(), e)
}

// facts is what the ledger keeps of a user, member by member, so that a change names just what it changed.
type facts map[string]any

func (u *User) facts() facts {
	f := facts{"population": u.Population.String(), "status": string(u.Status)}
	if u.Password != NoPassword {
		f["password"] = string(u.Password)
	}
	if !u.LockedUntil.IsZero() {
		f["locked_until"] = u.LockedUntil.UTC().Format(time.RFC3339)
	}
	if u.Epoch != 0 {
		f["epoch"] = u.Epoch
	}
	text, err := json.Marshal(u.Profile)
	var profile map[string]json.RawMessage
	if err == nil && json.Unmarshal(text, &profile) == nil {
		for name, value := range profile {
			f[name] = value
		}
	}
	return f
}

// difference returns the facts that differ.
func difference(was, is *User) (before, after facts) {
	before, after = was.facts(), is.facts()
	same := func(name string, value any) bool {
		a, _ := json.Marshal(value)
		b, _ := json.Marshal(after[name])
		_, there := after[name]
		return there && string(a) == string(b)
	}
	for name := range maps.Clone(before) {
		if same(name, before[name]) {
			delete(before, name)
			delete(after, name)
		}
	}
	return before, after
}
