package connect

import (
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/db"
)

// Brief is what tells a connection apart from others.
type Brief struct {
	ID        uuid.UUID
	Name      string
	Connector string // its name
	Enabled   bool
}

// mostNames is how many names a search looks at: there is no index over names, which are in nobody's way but this one. Ten
// thousand cost less than 30 ms on either engine.
const mostNames = 10_000

const selectNames = `SELECT c.id, c.name, r.name, c.enabled FROM connection c
JOIN connector r ON r.environment_id = c.environment_id AND r.id = c.connector_id
WHERE c.environment_id = $1 AND c.id < $2 ORDER BY c.id DESC LIMIT $3`

// FindNamed returns at most limit connections of the actor's environment whose names begin so, whatever their case, the newest
// first; it looks at the newest 10,000. [fault.Denied]: the actor may not read connections.
func FindNamed(tx *db.Tx, actor *access.Actor, beginning string, limit int) (found []Brief, err error) {
	if err := access.Allow(tx, actor, access.ReadConnections); err != nil {
		return nil, err
	}
	beginning = strings.ToLower(strings.TrimSpace(beginning))
	before, read := uuid.Max.String(), 0
	for size := 500; len(found) < limit && read < mostNames; size *= 4 {
		size = min(size, mostNames-read)
		some, err := db.All(tx, func(s db.Scan) (b Brief, err error) {
			err = s(&before, &b.Name, &b.Connector, &b.Enabled)
			if err == nil {
				b.ID, err = uuid.Parse(before)
			}
			return b, err
		}, selectNames, actor.Environment.String(), before, size)
		if err != nil {
			return nil, err
		}
		read += len(some)
		for _, b := range some {
			if len(found) < limit && strings.HasPrefix(strings.ToLower(b.Name), beginning) {
				found = append(found, b)
			}
		}
		if len(some) < size {
			break
		}
	}
	return found, nil
}
