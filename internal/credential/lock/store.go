package lock

import (
	"bytes"
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// A row's updated_at is its version: nodes with different clocks must not make it go back.
const (
	columns = `environment_id, application_id, network, failures, first_at, last_at, locked_until, updated_at`

	// The count starts anew when a lock is over, and when the last failure is not after $8: older than an hour, or
	// followed by a success. While locked the row does not change.
	upsertFailures = `INSERT INTO logon_failure (environment_id, application_id, network, failures, first_at, last_at, updated_at, locked_until, told_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0)
ON CONFLICT (environment_id, application_id, network) DO UPDATE SET
failures = CASE WHEN logon_failure.locked_until > excluded.last_at THEN logon_failure.failures
  WHEN logon_failure.locked_until > 0 OR logon_failure.last_at <= $8 THEN excluded.failures
  ELSE logon_failure.failures + excluded.failures END,
first_at = CASE WHEN logon_failure.locked_until > excluded.last_at THEN logon_failure.first_at
  WHEN logon_failure.locked_until > 0 OR logon_failure.last_at <= $8 OR logon_failure.failures = 0 THEN excluded.first_at
  ELSE logon_failure.first_at END,
last_at = CASE WHEN logon_failure.locked_until > excluded.last_at OR logon_failure.last_at > excluded.last_at THEN logon_failure.last_at
  ELSE excluded.last_at END,
locked_until = CASE WHEN logon_failure.locked_until > excluded.last_at THEN logon_failure.locked_until ELSE 0 END,
updated_at = CASE WHEN excluded.updated_at > logon_failure.updated_at THEN excluded.updated_at ELSE logon_failure.updated_at + 1 END
RETURNING ` + columns
	updateLocked = `UPDATE logon_failure SET locked_until = $4 WHERE environment_id = $1 AND application_id = $2 AND network = $3`
	updateReset  = `UPDATE logon_failure SET failures = 0, first_at = 0,
updated_at = CASE WHEN updated_at < $6 THEN $6 ELSE updated_at + 1 END
WHERE environment_id = $1 AND application_id = $2 AND network = $3 AND last_at <= $4 AND locked_until <= $5 AND failures > 0
RETURNING ` + columns
	// The client's own row says when its last lock was told, whatever the network.
	upsertTold = `INSERT INTO logon_failure (environment_id, application_id, network, failures, first_at, last_at, locked_until, told_at, updated_at)
VALUES ($1, $2, '', 0, 0, 0, 0, $3, $4)
ON CONFLICT (environment_id, application_id, network) DO UPDATE SET told_at = excluded.told_at WHERE logon_failure.told_at <= $5`

	upsertLock = `INSERT INTO logon_failure (environment_id, application_id, network, failures, first_at, last_at, locked_until, told_at, updated_at)
VALUES ($1, $2, '', 0, 0, 0, $3, $4, $4)
ON CONFLICT (environment_id, application_id, network) DO UPDATE SET
locked_until = CASE WHEN logon_failure.locked_until > excluded.locked_until THEN logon_failure.locked_until ELSE excluded.locked_until END,
told_at = excluded.told_at,
updated_at = CASE WHEN excluded.updated_at > logon_failure.updated_at THEN excluded.updated_at ELSE logon_failure.updated_at + 1 END`
	// What administrators are shown: a lock that is over and a count that was forgotten are nothing to lift.
	countLive = `SELECT count(*) FROM logon_failure WHERE environment_id = $1 AND application_id = $2
AND (locked_until > $3 OR locked_until = 0 AND failures > 0 AND last_at > $4)`
	// In the order in which failures lock rows: networks first, the client's own last.
	clearNetworks = `UPDATE logon_failure SET failures = 0, first_at = 0, last_at = $3, locked_until = 0, told_at = 0,
updated_at = CASE WHEN updated_at < $3 THEN $3 ELSE updated_at + 1 END
WHERE environment_id = $1 AND application_id = $2 AND network <> ''`
	clearClient = `UPDATE logon_failure SET failures = 0, first_at = 0, last_at = $3, locked_until = 0, told_at = 0,
updated_at = CASE WHEN updated_at < $3 THEN $3 ELSE updated_at + 1 END
WHERE environment_id = $1 AND application_id = $2 AND network = ''`
	clearCounts = `UPDATE logon_failure SET failures = 0, first_at = 0, last_at = $3,
updated_at = CASE WHEN updated_at < $3 THEN $3 ELSE updated_at + 1 END
WHERE environment_id = $1 AND application_id = $2 AND failures > 0`
	countApplications = `SELECT count(*) FROM application WHERE environment_id = $1 AND id = $2`

	selectOf   = `SELECT ` + columns + ` FROM logon_failure WHERE environment_id = $1 AND application_id = $2`
	selectLive = `SELECT ` + columns + ` FROM logon_failure WHERE locked_until > $1 OR failures > 0 AND last_at > $2
ORDER BY locked_until DESC`
	selectUpdated = `SELECT ` + columns + ` FROM logon_failure WHERE updated_at > $1`
	selectOwn     = selectOf + ` AND network = ''`
	selectWorst   = selectOf + ` AND network <> '' AND (locked_until > $3 OR failures > 0 AND last_at > $4)
ORDER BY locked_until DESC, failures DESC, network LIMIT $5`
	deleteOver = `DELETE FROM logon_failure WHERE locked_until <= $1 AND last_at <= $2 AND told_at <= $2 AND updated_at <= $2`
)

// row is what the database says of one key.
type row struct {
	key
	failures                    uint32
	first, last, until, updated int64
}

func scan(s db.Scan) (r row, err error) {
	var environment, application, network string
	if err = s(&environment, &application, &network, &r.failures, &r.first, &r.last, &r.until, &r.updated); err != nil {
		return r, err
	}
	if r.environment, err = uuid.Parse(environment); err != nil {
		return r, err
	}
	if r.application, err = uuid.Parse(application); err != nil {
		return r, err
	}
	r.network, err = parseNetwork(network)
	return r, err
}

// delta is what a node has to add to a row.
type delta struct {
	key
	count       uint32
	first, last int64
	own         int64      // the entry's reset
	reset       int64      // failures up to then count no more
	address     netip.Addr // of the last failure, if known
}

func (k *key) columns() (environment, application, network string) {
	return k.environment.String(), k.application.String(), k.network.String()
}

// write adds deltas to their rows, in place, and returns what the rows say then, in the same order. It locks what
// reached the limit and tells the ledger of it.
func write(tx *db.Tx, deltas []delta) (rows []row, told bool, err error) {
	// All nodes lock rows in one order, or they would wait for each other in a circle. The client's own row, which says
	// when a lock was told, comes after all networks.
	slices.SortFunc(deltas, func(a, b delta) int {
		return cmp.Or(-cmp.Compare(min(a.network.family, 1), min(b.network.family, 1)), compare(&a.key, &b.key))
	})
	var locked []int
	for i := range deltas {
		r, err := add(tx, &deltas[i])
		if err != nil {
			return nil, false, err
		}
		if r.failures >= MaxFailures && r.until == 0 {
			r.until = r.last + lockMicros
			environment, application, network := r.columns()
			if _, err := tx.Exec(updateLocked, environment, application, network, r.until); err != nil {
				return nil, false, err
			}
			locked = append(locked, i)
		}
		rows = append(rows, r)
	}
	slices.SortStableFunc(locked, func(a, b int) int { return compare(&deltas[a].key, &deltas[b].key) })
	for _, i := range locked {
		one, err := tell(tx, &rows[i], deltas[i].address)
		if err != nil {
			return nil, false, err
		}
		told = told || one
	}
	return rows, told, nil
}

func compare(a, b *key) int {
	return cmp.Or(bytes.Compare(a.environment[:], b.environment[:]), bytes.Compare(a.application[:], b.application[:]),
		cmp.Compare(a.network.family, b.network.family), cmp.Compare(a.network.bits, b.network.bits))
}

func add(tx *db.Tx, d *delta) (row, error) {
	environment, application, network := d.columns()
	now := db.Micros(tx.Now())
	if d.count > 0 {
		return db.One(tx, scan, upsertFailures, environment, application, network, int64(d.count), d.first, d.last, now,
			max(d.last-lockMicros, d.reset))
	}
	rows, err := db.All(tx, scan, updateReset, environment, application, network, d.reset, now, now)
	if err != nil || len(rows) == 0 {
		return row{key: d.key}, err // somebody failed since, or there is nothing to take back
	}
	return rows[0], nil
}

// facts is what the ledger keeps of a lock.
type facts struct {
	Failures uint32    `json:"failures,omitempty"`
	Network  string    `json:"network,omitempty"`
	Until    time.Time `json:"until,omitzero"`
	Reason   string    `json:"reason,omitempty"`
}

// tell appends the event of a lock, unless the ledger heard of one of this client within the hour: strangers decide
// how often this happens.
func tell(tx *db.Tx, r *row, from netip.Addr) (told bool, err error) {
	environment, application, network := r.columns()
	changed, err := tx.Exec(upsertTold, environment, application, r.last, db.Micros(tx.Now()), r.last-lockMicros)
	if err != nil || changed == 0 {
		return false, err
	}
	who := ledger.System
	if from.IsValid() {
		who.Address = from.String()
	}
	e := event("application.locked", r.environment, r.application)
	e.After = facts{Failures: r.failures, Network: network, Until: db.Time(r.until)}
	ledger.Append(tx, who, e)
	return true, nil
}

// event is one that the other nodes wake up for.
func event(kind string, environment, application uuid.UUID) ledger.Event {
	return ledger.Event{
		Environment: environment, Kind: kind, Register: true,
		Subject: ledger.Subject{Kind: "application", ID: application.String()},
	}
}
