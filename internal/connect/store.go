package connect

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
)

const (
	connectorColumns = `r.environment_id, r.id, r.name, r.provider, r.title, r.description, r.enabled, r.settings, r.version, r.created_by,
	r.created_at, r.updated_at, EXISTS (SELECT 1 FROM connector_stop s WHERE s.environment_id = r.environment_id AND s.provider = r.provider)`
	insertConnector = `
INSERT INTO connector (environment_id, id, name, provider, title, description, enabled, settings, version, created_by, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`
	updateConnector = `
UPDATE connector SET title = $3, description = $4, enabled = $5, settings = $6, version = $7, updated_at = $8
WHERE environment_id = $1 AND id = $2`
	deleteConnector      = `DELETE FROM connector WHERE environment_id = $1 AND id = $2`
	selectConnector      = `SELECT ` + connectorColumns + ` FROM connector r WHERE r.environment_id = $1 AND r.id = $2`
	selectConnectorNamed = `SELECT ` + connectorColumns + ` FROM connector r WHERE r.environment_id = $1 AND r.name = $2`
	selectConnectors     = `SELECT ` + connectorColumns + ` FROM connector r WHERE r.environment_id = $1 ORDER BY r.name`
	countConnectors      = `SELECT COUNT(*) FROM connector WHERE environment_id = $1`
	countConnectionsOf   = `SELECT COUNT(*) FROM connection WHERE environment_id = $1 AND connector_id = $2`

	insertStop  = `INSERT INTO connector_stop (environment_id, provider, stopped_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`
	selectStops = `SELECT provider FROM connector_stop WHERE environment_id = $1`
	deleteStop  = `DELETE FROM connector_stop WHERE environment_id = $1 AND provider = $2`

	selectConnectorSecret = `SELECT sealed FROM connector_secret WHERE environment_id = $1 AND id = $2`
	deleteConnectorSecret = `DELETE FROM connector_secret WHERE environment_id = $1 AND id = $2`
	upsertConnectorSecret = `
INSERT INTO connector_secret (environment_id, id, connector_id, sealed) VALUES ($1, $2, $3, $4)
ON CONFLICT (environment_id, id) DO UPDATE SET sealed = excluded.sealed`
	selectConnectorSecrets = `SELECT id, sealed FROM connector_secret WHERE environment_id = $1 ORDER BY id`
	resealConnectorSecret  = `UPDATE connector_secret SET sealed = $3 WHERE environment_id = $1 AND id = $2`

	connectionColumns = `c.id, c.name, c.enabled, c.state, c.stage, c.reason, c.warning, c.failing_since, c.filled, c.metadata, c.end_user,
	c.version, c.created_by, c.created_at, c.updated_at, t.fetched_at, t.expires_at, t.used_at`
	fromConnection = ` FROM connection c
JOIN connector r ON r.environment_id = c.environment_id AND r.id = c.connector_id
JOIN connection_token t ON t.environment_id = c.environment_id AND t.id = c.id
WHERE c.environment_id = $1`
	selectConnection = `SELECT ` + connectionColumns + `, ` + connectorColumns + fromConnection + ` AND c.id = $2`
	lockRow          = `SELECT id FROM connection WHERE environment_id = $1 AND id = $2`
	insertConnection = `
INSERT INTO connection (environment_id, id, connector_id, name, enabled, state, stage, reason, warning, failing_since, filled, metadata,
	end_user, end_user_id, organization_id, version, created_by, created_at, updated_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`
	updateConnection = `
UPDATE connection SET name = $3, enabled = $4, state = $5, stage = $6, reason = $7, warning = $8, failing_since = $9, filled = $10,
	metadata = $11, end_user = $12, end_user_id = $13, organization_id = $14, version = $15, updated_at = $16
WHERE environment_id = $1 AND id = $2`
	updateHealth = `
UPDATE connection SET state = $3, stage = $4, reason = $5, warning = $6, failing_since = $7 WHERE environment_id = $1 AND id = $2`
	deleteConnection = `DELETE FROM connection WHERE environment_id = $1 AND id = $2`

	deleteTags = `DELETE FROM connection_tag WHERE environment_id = $1 AND connection_id = $2`
	insertTag  = `INSERT INTO connection_tag (environment_id, connection_id, name, value) VALUES ($1, $2, $3, $4)`
	selectTags = `SELECT name, value FROM connection_tag WHERE environment_id = $1 AND connection_id = $2`

	insertSecret  = `INSERT INTO connection_secret (environment_id, id, connection_id, sealed) VALUES ($1, $2, $3, $4)`
	deleteSecrets = `DELETE FROM connection_secret WHERE environment_id = $1 AND connection_id = $2`
	selectSecrets = `SELECT id, sealed FROM connection_secret WHERE environment_id = $1 AND connection_id = $2`

	selectAllSecrets = `SELECT id, sealed FROM connection_secret WHERE environment_id = $1 ORDER BY id`
	resealSecret     = `UPDATE connection_secret SET sealed = $3 WHERE environment_id = $1 AND id = $2`
	selectAllTokens  = `SELECT id, sealed FROM connection_token WHERE environment_id = $1 AND LENGTH(sealed) > 0 ORDER BY id`
	resealToken      = `UPDATE connection_token SET sealed = $3 WHERE environment_id = $1 AND id = $2`

	// upsertToken is a new credential's first token. Whoever was fetching for the one before has lost the fence.
	upsertToken = `
INSERT INTO connection_token (environment_id, id, sealed, expires_at, fetched_at, refresh_at, used_at, failures, retry_at, generation,
	holder, held_until, lost)
VALUES ($1, $2, $3, $4, $5, $6, 0, 0, 0, 1, '', 0, 0)
ON CONFLICT (environment_id, id) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at,
	fetched_at = excluded.fetched_at, refresh_at = excluded.refresh_at, failures = 0, retry_at = 0,
	generation = connection_token.generation + 1, holder = '', held_until = 0, lost = 0`

	selectCallers = `
SELECT application_id, first_at FROM connection_caller WHERE environment_id = $1 AND connection_id = $2 ORDER BY first_at, application_id`
	insertCaller = `
INSERT INTO connection_caller (environment_id, connection_id, application_id, first_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`
)

func scanConnector(scan db.Scan) (*Connector, error) {
	c := &Connector{}
	return c, c.scan(scan)
}

func (c *Connector) scan(scan db.Scan, before ...any) error {
	var settings string
	var created, updated int64
	err := scan(append(before, &c.Environment, &c.ID, &c.Name, &c.Provider, &c.Title, &c.Description, &c.Enabled, &settings, &c.Version,
		&c.CreatedBy, &created, &updated, &c.Stopped)...)
	if err != nil {
		return err
	}
	c.CreatedAt, c.UpdatedAt = db.Time(created), db.Time(updated)
	return json.Unmarshal([]byte(settings), &c.Settings)
}

func oneConnector(tx *db.Tx, query string, args ...any) (*Connector, error) {
	c, err := db.One(tx, scanConnector, query, args...)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New(fault.NotFound, "there is no such connector")
	}
	return c, err
}

func (c *Connector) insert(tx *db.Tx) error {
	settings, err := json.Marshal(c.Settings)
	if err != nil {
		return err
	}
	_, err = tx.Exec(insertConnector, c.Environment.String(), c.ID.String(), c.Name, c.Provider, c.Title, c.Description, c.Enabled,
		string(settings), c.Version, c.CreatedBy, db.Micros(c.CreatedAt), db.Micros(c.UpdatedAt))
	return err
}

func (c *Connector) update(tx *db.Tx) error {
	settings, err := json.Marshal(c.Settings)
	if err != nil {
		return err
	}
	c.Version, c.UpdatedAt = c.Version+1, tx.Now()
	_, err = tx.Exec(updateConnector, c.Environment.String(), c.ID.String(), c.Title, c.Description, c.Enabled, string(settings), c.Version,
		db.Micros(c.UpdatedAt))
	return err
}

func scanConnection(scan db.Scan) (*Connection, error) {
	c := &Connection{Connector: &Connector{}}
	var state, stage, filled, metadata, user string
	var since, created, updated, fetched, expires, used int64
	err := c.Connector.scan(scan, &c.ID, &c.Name, &c.Enabled, &state, &stage, &c.Reason, &c.Warning, &since, &filled, &metadata, &user,
		&c.Version, &c.CreatedBy, &created, &updated, &fetched, &expires, &used)
	if err != nil {
		return nil, err
	}
	c.Environment, c.State, c.Stage, c.Since = c.Connector.Environment, State(state), provider.Stage(stage), db.Time(since)
	c.CreatedAt, c.UpdatedAt = db.Time(created), db.Time(updated)
	c.FetchedAt, c.ExpiresAt, c.UsedAt = db.Time(fetched), db.Time(expires), db.Time(used)
	c.Metadata = json.RawMessage(metadata)
	if err := json.Unmarshal([]byte(filled), &c.Values); err != nil {
		return nil, err
	}
	return c, json.Unmarshal([]byte(user), &c.EndUser)
}

// Load returns a connection for those who have been let in otherwise: the Connect page, the token path and chores. One
// that does not exist is [fault.NotFound].
func Load(tx *db.Tx, environment, id uuid.UUID) (*Connection, error) {
	c, err := db.One(tx, scanConnection, selectConnection, environment.String(), id.String())
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New(fault.NotFound, "there is no such connection")
	}
	if err != nil {
		return nil, err
	}
	return c, c.loadTags(tx)
}

// Hold makes others who change a connection, or what belongs to it, wait until the transaction ends. One that does not
// exist is [fault.NotFound].
func Hold(tx *db.Tx, environment, id uuid.UUID) error {
	_, err := db.Value[string](tx, lockRow+tx.ForUpdate(), environment.String(), id.String())
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, "there is no such connection")
	}
	return err
}

// lockConnection is [Load] for a change.
func lockConnection(tx *db.Tx, environment, id uuid.UUID) (*Connection, error) {
	if err := Hold(tx, environment, id); err != nil {
		return nil, err
	}
	return Load(tx, environment, id)
}

func (c *Connection) loadTags(tx *db.Tx) error {
	c.Tags = map[string]string{}
	return tx.Each(func(scan db.Scan) error {
		var name, value string
		err := scan(&name, &value)
		c.Tags[name] = value
		return err
	}, selectTags, c.Environment.String(), c.ID.String())
}

func (c *Connection) insert(tx *db.Tx) error {
	filled, user, err := c.texts()
	if err != nil {
		return err
	}
	_, err = tx.Exec(insertConnection, c.Environment.String(), c.ID.String(), c.Connector.ID.String(), c.Name, c.Enabled, string(c.State),
		string(c.Stage), c.Reason, c.Warning, db.Micros(c.Since), filled, string(c.Metadata), user, c.EndUser.ID, c.EndUser.Organization,
		c.Version, c.CreatedBy, db.Micros(c.CreatedAt), db.Micros(c.UpdatedAt))
	if err != nil {
		return err
	}
	return c.keepTags(tx)
}

func (c *Connection) update(tx *db.Tx) error {
	filled, user, err := c.texts()
	if err != nil {
		return err
	}
	c.Version, c.UpdatedAt = c.Version+1, tx.Now()
	_, err = tx.Exec(updateConnection, c.Environment.String(), c.ID.String(), c.Name, c.Enabled, string(c.State), string(c.Stage), c.Reason,
		c.Warning, db.Micros(c.Since), filled, string(c.Metadata), user, c.EndUser.ID, c.EndUser.Organization, c.Version,
		db.Micros(c.UpdatedAt))
	return err
}

func (c *Connection) texts() (filled, user string, err error) {
	values := c.Values
	if values == nil {
		values = map[string]string{}
	}
	a, err := json.Marshal(values)
	if err != nil {
		return "", "", err
	}
	b, err := json.Marshal(c.EndUser)
	return string(a), string(b), err
}

func (c *Connection) keepTags(tx *db.Tx) error {
	if _, err := tx.Exec(deleteTags, c.Environment.String(), c.ID.String()); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(c.Tags)) {
		if _, err := tx.Exec(insertTag, c.Environment.String(), c.ID.String(), name, c.Tags[name]); err != nil {
			return err
		}
	}
	return nil
}

// Filter says which connections to list. What is empty does not matter.
type Filter struct {
	Connector             string // its name
	State                 State
	EndUser, Organization string
	Tags                  map[string]string
	// After is the id of the last connection of the page before; Limit bounds the page.
	After uuid.UUID
	Limit int
}

// List returns connections of the actor's environment in the order of their creation.
func List(tx *db.Tx, actor *access.Actor, f Filter) ([]*Connection, error) {
	if err := access.Allow(tx, actor, access.ReadConnections); err != nil {
		return nil, err
	}
	query, args := `SELECT `+connectionColumns+`, `+connectorColumns+fromConnection, []any{actor.Environment.String()}
	where := func(clause string, values ...any) {
		places := make([]any, len(values))
		for i, v := range values {
			args = append(args, v)
			places[i] = len(args)
		}
		query += fmt.Sprintf(" AND "+clause, places...)
	}
	if f.After != uuid.Nil {
		where("c.id > $%d", f.After.String())
	}
	if f.Connector != "" {
		where("r.name = $%d", f.Connector)
	}
	if f.State != "" {
		where("c.state = $%d", string(f.State))
	}
	if f.EndUser != "" {
		where("c.end_user_id = $%d", f.EndUser)
	}
	if f.Organization != "" {
		where("c.organization_id = $%d", f.Organization)
	}
	for _, name := range slices.Sorted(maps.Keys(f.Tags)) {
		where(`EXISTS (SELECT 1 FROM connection_tag g WHERE g.environment_id = c.environment_id AND g.connection_id = c.id
	AND g.name = $%d AND g.value = $%d)`, strings.ToLower(name), f.Tags[name])
	}
	args = append(args, f.Limit)
	found, err := db.All(tx, scanConnection, query+fmt.Sprintf(" ORDER BY c.id LIMIT $%d", len(args)), args...)
	if err != nil {
		return nil, err
	}
	for _, c := range found {
		if err := c.loadTags(tx); err != nil {
			return nil, err
		}
	}
	return found, nil
}

type sealedRow struct {
	id     string
	sealed []byte
}

func scanSecret(scan db.Scan) (r sealedRow, err error) {
	err = scan(&r.id, &r.sealed)
	return r, err
}

// Reseal seals what is held for others under an environment's present sealing key; see [seal.Vault.Rekey].
func Reseal(tx *db.Tx, v *seal.Vault, environment uuid.UUID) error {
	for _, t := range []struct{ table, query, update string }{
		{"connector_secret", selectConnectorSecrets, resealConnectorSecret},
		{"connection_secret", selectAllSecrets, resealSecret},
		{"connection_token", selectAllTokens, resealToken},
	} {
		if err := v.ResealRows(tx, environment, t.table, t.query, t.update); err != nil {
			return err
		}
	}
	return nil
}

// record writes an event that every node must hear of before it hands out another token.
func record(tx *db.Tx, who ledger.Who, kind string, c *Connection, before, after map[string]any) {
	appendEvent(tx, who, c.Environment, kind, ledger.Subject{Kind: "connection", ID: c.ID.String()}, before, after)
}

// note writes an event that changes nothing of what nodes know.
func note(tx *db.Tx, who ledger.Who, kind string, c *Connection, after map[string]any) {
	ledger.Append(tx, who, ledger.Event{
		Environment: c.Environment, Kind: kind, Subject: ledger.Subject{Kind: "connection", ID: c.ID.String()}, After: after,
	})
}

func recordConnector(tx *db.Tx, actor *access.Actor, kind string, c *Connector, before, after map[string]any) {
	appendEvent(tx, actor.Who(), c.Environment, kind, ledger.Subject{Kind: "connector", ID: c.ID.String()}, before, after)
}

func appendEvent(tx *db.Tx, who ledger.Who, environment uuid.UUID, kind string, subject ledger.Subject, before, after map[string]any) {
	event := ledger.Event{Environment: environment, Kind: kind, Subject: subject, Register: true}
	if before != nil { // a nil map in an interface is not nil, and would be kept as "null"
		event.Before = before
	}
	if after != nil {
		event.After = after
	}
	ledger.Append(tx, who, event)
}
