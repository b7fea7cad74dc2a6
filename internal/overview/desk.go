package overview

import (
	"maps"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential/hygiene"
	"github.com/counterfoil/counterfoil/internal/db"
)

// HygieneFor is how long a count of what is wrong with credentials is good for: it reads every credential, which costs a
// second where there are 100,000, and the first screen is looked at often.
const HygieneFor = time.Minute

// Desk counts, and remembers for a minute what is dear to count. Its zero value is ready.
type Desk struct {
	mu   sync.Mutex
	last map[uuid.UUID]*counted
}

// counted is the last count of an environment.
type counted struct {
	turn     sync.Mutex // held while counting
	mu       sync.Mutex
	at       time.Time
	problems map[hygiene.Problem]int64
}

func (c *counted) get() (map[hygiene.Problem]int64, time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.problems), c.at
}

// hygiene counts what is wrong with the credentials of the actor's environment, once a minute at most. The caller has asked
// whether the actor may read them all, so that the answer is the same for all who get it. Of several who ask at once one
// counts; the others get what was counted before, and wait only when there is nothing.
func (d *Desk) hygiene(tx *db.Tx, actor *access.Actor) (map[hygiene.Problem]int64, time.Time, error) {
	d.mu.Lock()
	if d.last == nil {
		d.last = map[uuid.UUID]*counted{}
	}
	c := d.last[actor.Environment]
	if c == nil {
		c = &counted{}
		d.last[actor.Environment] = c
	}
	d.mu.Unlock()
	if problems, at := c.get(); problems != nil && tx.Now().Sub(at) < HygieneFor {
		return problems, at, nil
	}
	if !c.turn.TryLock() {
		if problems, at := c.get(); problems != nil {
			return problems, at, nil
		}
		c.turn.Lock()
	}
	defer c.turn.Unlock()
	if problems, at := c.get(); problems != nil && tx.Now().Sub(at) < HygieneFor {
		return problems, at, nil
	}
	problems, err := hygiene.Count(tx, actor)
	if err != nil {
		return nil, time.Time{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.problems, c.at = maps.Clone(problems), tx.Now()
	return problems, c.at, nil
}
