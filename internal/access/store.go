package access

import (
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// The gate's question is about rows of three rooms; it is asked in one statement so that they are of one moment.
const selectStanding = `
SELECT e.enabled, e.incarnation, e.epoch, m.enabled, m.epoch, a.enabled, a.epoch, c.enabled, c.epoch, c.not_before, c.expires_at, c.families,
       a.kind, a.permissions, c.permissions,
       (SELECT count(*) FROM revoked_token r WHERE r.environment_id = e.id AND r.jti = $4)
FROM environment e
JOIN api m ON m.environment_id = e.id AND m.builtin
JOIN application a ON a.environment_id = e.id AND a.id = $2
JOIN credential c ON c.environment_id = e.id AND c.application_id = a.id AND c.id = $3
WHERE e.id = $1`

// present is an actor as the rows have it now.
type present struct {
	Standing
	worker                bool
	permissions, narrowed string
	revoked               int
}

// workerKind is the kind of application whose permissions come from roles, as its row says it.
const workerKind = "worker"

func standing(tx *db.Tx, a *Actor) (present, error) {
	p, err := db.One(tx, func(scan db.Scan) (s present, err error) {
		var incarnation int64
		var kind string
		var families int64
		err = scan(&s.EnvironmentEnabled, &incarnation, &s.Epochs.Environment, &s.APIEnabled, &s.Epochs.API,
			&s.ApplicationEnabled, &s.Epochs.Application, &s.CredentialEnabled, &s.Epochs.Credential, &s.NotBefore, &s.Expires,
			&families, &kind, &s.permissions, &s.narrowed, &s.revoked)
		s.worker, s.Families = kind == workerKind, Families(families)
		s.Epochs.Incarnation = uint64(incarnation)
		return s, err
	}, selectStanding, a.Environment.String(), a.Application.String(), a.Credential.String(), a.Token)
	if fault.Is(err, fault.NotFound) {
		return p, errNotAdmitted
	}
	return p, err
}

const selectManagement = `SELECT p.name, p.number FROM permission p JOIN api m ON m.environment_id = p.environment_id AND m.id = p.api_id
WHERE p.environment_id = $1 AND m.builtin`

// holds returns the permissions of the management API that the actor's application and credential hold now.
func (p *present) holds(tx *db.Tx, environment uuid.UUID) (map[string]bool, error) {
	asked := Asked{Narrowed: p.narrowed != ""}
	var err error
	if asked.Application, err = db.Numbers(p.permissions); err != nil {
		return nil, err
	}
	if asked.Credential, err = db.Numbers(p.narrowed); err != nil {
		return nil, err
	}
	held := map[string]bool{}
	return held, tx.Each(func(scan db.Scan) error {
		var name string
		var number uint32
		err := scan(&name, &number)
		held[name] = asked.Holds(number)
		return err
	}, selectManagement, environment.String())
}

const apiColumns = `id, number, name, audience, builtin, token_format, signing_alg, token_lifetime, on_stale, enabled, epoch, version, created_at, updated_at`

const (
	selectAPIs        = `SELECT ` + apiColumns + ` FROM api WHERE environment_id = $1 ORDER BY number`
	selectAPI         = `SELECT ` + apiColumns + ` FROM api WHERE environment_id = $1 AND id = $2`
	selectPermissions = `SELECT api_id, number, name, description FROM permission WHERE environment_id = $1 ORDER BY number`

	takeNumbers = `UPDATE environment SET next_number = next_number + $2 WHERE id = $1`
	nextNumber  = `SELECT next_number FROM environment WHERE id = $1`

	insertAPI = `INSERT INTO api (environment_id, ` + apiColumns + `)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`
	updateAPI = `UPDATE api SET name = $3, audience = $4, token_format = $5, signing_alg = $6, token_lifetime = $7,
on_stale = $8, enabled = $9, epoch = $10, version = $11, updated_at = $12 WHERE environment_id = $1 AND id = $2`
	deleteAPI            = `DELETE FROM api WHERE environment_id = $1 AND id = $2`
	insertPermission     = `INSERT INTO permission (environment_id, number, api_id, name, description, created_at) VALUES ($1, $2, $3, $4, $5, $6)`
	updatePermission     = `UPDATE permission SET description = $3 WHERE environment_id = $1 AND number = $2`
	deletePermission     = `DELETE FROM permission WHERE environment_id = $1 AND number = $2`
	deleteAPIPermissions = `DELETE FROM permission WHERE environment_id = $1 AND api_id = $2`
)

func scanAPI(scan db.Scan) (*API, error) {
	var a API
	var id string
	var seconds, created, updated int64
	err := scan(&id, &a.Number, &a.Name, &a.Audience, &a.Builtin, (*string)(&a.Format), (*string)(&a.Alg), &seconds,
		(*string)(&a.OnStale), &a.Enabled, &a.Epoch, &a.Version, &created, &updated)
	if err != nil {
		return nil, err
	}
	a.Lifetime = time.Duration(seconds) * time.Second
	a.CreatedAt, a.UpdatedAt = db.Time(created), db.Time(updated)
	a.ID, err = uuid.Parse(id)
	return &a, err
}

// APIs returns every API of the environment with its permissions, oldest first.
func APIs(tx *db.Tx, environment uuid.UUID) ([]*API, error) {
	apis, err := db.All(tx, scanAPI, selectAPIs, environment.String())
	if err != nil {
		return nil, err
	}
	byID := map[string]*API{}
	for _, a := range apis {
		byID[a.ID.String()] = a
	}
	err = tx.Each(func(scan db.Scan) error {
		var owner string
		var p Permission
		if err := scan(&owner, &p.Number, &p.Name, &p.Description); err != nil {
			return err
		}
		if a := byID[owner]; a != nil {
			a.Permissions = append(a.Permissions, p)
		}
		return nil
	}, selectPermissions, environment.String())
	return apis, err
}

// LoadCatalogue returns the environment's [Catalogue] as the transaction sees it.
func LoadCatalogue(tx *db.Tx, environment uuid.UUID) (*Catalogue, error) {
	apis, err := APIs(tx, environment)
	if err != nil {
		return nil, err
	}
	return NewCatalogue(apis), nil
}

// GetAPI returns one API, or [fault.NotFound].
func GetAPI(tx *db.Tx, environment, id uuid.UUID) (*API, error) {
	apis, err := APIs(tx, environment)
	if err != nil {
		return nil, err
	}
	for _, a := range apis {
		if a.ID == id {
			return a, nil
		}
	}
	return nil, fault.New(fault.NotFound, "there is no such API")
}

// numbers takes count fresh numbers for APIs and permissions of the environment.
func numbers(tx *db.Tx, environment uuid.UUID, count int) (first uint32, err error) {
	if _, err := tx.Exec(takeNumbers, environment.String(), count); err != nil {
		return 0, err
	}
	next, err := db.Value[int64](tx, nextNumber, environment.String())
	return uint32(next - int64(count)), err
}

func (a *API) insert(tx *db.Tx, environment uuid.UUID) error {
	_, err := tx.Exec(insertAPI, environment.String(), a.ID.String(), a.Number, a.Name, a.Audience, a.Builtin,
		string(a.Format), string(a.Alg), int64(a.Lifetime/time.Second), string(a.OnStale), a.Enabled, a.Epoch, a.Version,
		db.Micros(a.CreatedAt), db.Micros(a.UpdatedAt))
	if fault.Is(err, fault.Conflict) {
		return fault.New(fault.Conflict, "an API with the name %q or the audience %q exists already", a.Name, a.Audience)
	}
	return err
}

func (a *API) update(tx *db.Tx, environment uuid.UUID) error {
	a.Version++
	a.UpdatedAt = tx.Now()
	_, err := tx.Exec(updateAPI, environment.String(), a.ID.String(), a.Name, a.Audience, string(a.Format), string(a.Alg),
		int64(a.Lifetime/time.Second), string(a.OnStale), a.Enabled, a.Epoch, a.Version, db.Micros(a.UpdatedAt))
	if fault.Is(err, fault.Conflict) {
		return fault.New(fault.Conflict, "an API with the name %q or the audience %q exists already", a.Name, a.Audience)
	}
	return err
}

func (p Permission) insert(tx *db.Tx, environment, api uuid.UUID) error {
	_, err := tx.Exec(insertPermission, environment.String(), p.Number, api.String(), p.Name, p.Description, db.Micros(tx.Now()))
	if fault.Is(err, fault.Conflict) {
		return fault.New(fault.Conflict, "the scope %s exists already in this environment; scope names are unique across its APIs", p.Name)
	}
	return err
}
