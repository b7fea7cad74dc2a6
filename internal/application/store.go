package application

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/credential/lock"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

const columns = `environment_id, id, kind, target_id, lock_mode, legacy_audience, name, description, enabled, epoch, token_lifetime, auth_methods, permissions, introspects, version, created_by, created_at, updated_at, home_url, target_urls, allowed_origins`

const (
	insertApplication = `INSERT INTO application (` + columns + `, name_folded) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)`
	updateApplication = `UPDATE application SET name = $3, description = $4, enabled = $5, epoch = $6, token_lifetime = $7,
auth_methods = $8, permissions = $9, introspects = $10, version = $11, updated_at = $12, name_folded = $13, lock_mode = $14,
legacy_audience = $15, home_url = $16, target_urls = $17, allowed_origins = $18 WHERE environment_id = $1 AND id = $2`
	deleteCredentials = `DELETE FROM credential WHERE environment_id = $1 AND application_id = $2`
	deleteRefusals    = `DELETE FROM application_refusal WHERE environment_id = $1 AND application_id = $2`
	deleteHandovers   = `DELETE FROM handover WHERE environment_id = $1 AND application_id = $2`
	deleteApplication = `DELETE FROM application WHERE environment_id = $1 AND id = $2`

	selectOne   = `SELECT ` + columns + ` FROM application WHERE environment_id = $1 AND id = $2`
	selectNamed = `SELECT ` + columns + ` FROM application WHERE environment_id = $1 AND name_folded = $2`
	selectSome  = `SELECT ` + columns + ` FROM application WHERE environment_id = $1 AND id IN (`
	selectBrief = `SELECT a.id, a.kind, a.name_folded, a.enabled FROM application a WHERE a.environment_id = $1 AND a.name_folded > $2`

	selectLean  = `SELECT environment_id, id, kind, target_id, lock_mode, legacy_audience, enabled, epoch, token_lifetime, auth_methods, permissions, introspects FROM application`
	selectLeanA = selectLean + ` WHERE environment_id = $1 AND id = $2`
)

func scan(s db.Scan) (*Application, error) {
	var a Application
	var environment, id, target, mode, methods, permissions, introspects, targets, origins string
	var seconds, created, updated int64
	err := s(&environment, &id, (*string)(&a.Kind), &target, &mode, &a.LegacyAudience, &a.Name, &a.Description, &a.Enabled, &a.Epoch, &seconds, &methods, &permissions,
		&introspects, &a.Version, &a.CreatedBy, &created, &updated, &a.Links.Home, &targets, &origins)
	if err != nil {
		return nil, err
	}
	a.Lifetime = time.Duration(seconds) * time.Second
	a.CreatedAt, a.UpdatedAt = db.Time(created), db.Time(updated)
	if targets != "[]" || origins != "[]" {
		if err := errors.Join(json.Unmarshal([]byte(targets), &a.Links.Targets), json.Unmarshal([]byte(origins), &a.Links.Origins)); err != nil {
			return nil, err
		}
	}
	return &a, a.decode(environment, id, target, mode, methods, permissions, introspects)
}

func (a *Application) decode(environment, id, target, mode, methods, permissions, introspects string) (err error) {
	if a.Environment, err = uuid.Parse(environment); err != nil {
		return err
	}
	if a.ID, err = uuid.Parse(id); err != nil {
		return err
	}
	if a.Lock, err = lock.ParseMode(mode); err != nil {
		return err
	}
	if target != "" {
		if a.Target, err = uuid.Parse(target); err != nil {
			return err
		}
	}
	if methods != "[]" {
		if err = json.Unmarshal([]byte(methods), &a.Methods); err != nil {
			return err
		}
	}
	if a.Permissions, err = db.Numbers(permissions); err != nil {
		return err
	}
	a.Introspects, err = db.Numbers(introspects)
	return err
}

// Each calls fn with what the token path must know of every application, or of one: name, description and
// times are left out. For the register.
func Each(tx *db.Tx, environment, id uuid.UUID, fn func(*Application) error) error {
	query, args := selectLean, []any(nil)
	if id != uuid.Nil {
		query, args = selectLeanA, []any{environment.String(), id.String()}
	}
	var a Application
	var env, text, target, mode, methods, permissions, introspects string
	var seconds int64
	return tx.Each(func(s db.Scan) error {
		a = Application{}
		if err := s(&env, &text, (*string)(&a.Kind), &target, &mode, &a.LegacyAudience, &a.Enabled, &a.Epoch, &seconds,
			&methods, &permissions, &introspects); err != nil {
			return err
		}
		a.Lifetime = time.Duration(seconds) * time.Second
		if err := a.decode(env, text, target, mode, methods, permissions, introspects); err != nil {
			return err
		}
		return fn(&a)
	}, query, args...)
}

func get(tx *db.Tx, environment, id uuid.UUID) (*Application, error) {
	return one(tx, selectOne, environment, id)
}

func getForUpdate(tx *db.Tx, environment, id uuid.UUID) (*Application, error) {
	return one(tx, selectOne+tx.ForUpdate(), environment, id)
}

func one(tx *db.Tx, query string, environment, id uuid.UUID) (*Application, error) {
	a, err := db.One(tx, scan, query, environment.String(), id.String())
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New(fault.NotFound, "there is no such application")
	}
	return a, err
}

func named(tx *db.Tx, environment uuid.UUID, name string) ([]*Application, error) {
	return db.All(tx, scan, selectNamed, environment.String(), Fold(name))
}

func (a *Application) insert(tx *db.Tx) error {
	lists, err := a.lists()
	if err != nil {
		return err
	}
	_, err = tx.Exec(insertApplication, a.Environment.String(), a.ID.String(), string(a.Kind), a.targetText(), a.Lock.String(), a.LegacyAudience,
		a.Name, a.Description, a.Enabled, a.Epoch,
		int64(a.Lifetime/time.Second), lists[0], db.NumbersText(a.Permissions), db.NumbersText(a.Introspects),
		a.Version, a.CreatedBy, db.Micros(a.CreatedAt), db.Micros(a.UpdatedAt), a.Links.Home, lists[1], lists[2], Fold(a.Name))
	return a.taken(err)
}

func (a *Application) update(tx *db.Tx) error {
	lists, err := a.lists()
	if err != nil {
		return err
	}
	a.Version++
	a.UpdatedAt = tx.Now()
	_, err = tx.Exec(updateApplication, a.Environment.String(), a.ID.String(), a.Name, a.Description, a.Enabled, a.Epoch,
		int64(a.Lifetime/time.Second), lists[0], db.NumbersText(a.Permissions), db.NumbersText(a.Introspects),
		a.Version, db.Micros(a.UpdatedAt), Fold(a.Name), a.Lock.String(), a.LegacyAudience, a.Links.Home, lists[1], lists[2])
	return a.taken(err)
}

// lists are methods, target URLs and origins as they are stored.
func (a *Application) lists() (texts [3]string, err error) {
	for i, list := range [][]string{a.Methods, a.Links.Targets, a.Links.Origins} {
		text, err := json.Marshal(append([]string{}, list...))
		if err != nil {
			return texts, err
		}
		texts[i] = string(text)
	}
	return texts, nil
}

func (a *Application) targetText() string {
	if a.Target == uuid.Nil {
		return ""
	}
	return a.Target.String()
}

func (a *Application) taken(err error) error {
	if fault.Is(err, fault.Conflict) {
		return fault.New(fault.Conflict, "an application named %q exists already", a.Name)
	}
	return err
}

func (a *Application) delete(tx *db.Tx) error {
	for _, statement := range []string{deleteCredentials, deleteHandovers, deleteRoles, deleteRefusals, deleteApplication} {
		if _, err := tx.Exec(statement, a.Environment.String(), a.ID.String()); err != nil {
			return err
		}
	}
	return nil
}

// Lock returns an application and keeps it from changing until the transaction ends, for the rooms whose rows
// hang on it; doors use [Get].
func Lock(tx *db.Tx, environment, id uuid.UUID) (*Application, error) {
	return getForUpdate(tx, environment, id)
}

// LockFor is [Lock] for an actor who is going to change the application, or what it proves itself with; see
// [Application.AllowTouch].
func LockFor(tx *db.Tx, actor *access.Actor, id uuid.UUID) (*Application, error) {
	a, err := getForUpdate(tx, actor.Environment, id)
	if err != nil {
		return nil, err
	}
	return a, a.AllowTouch(actor)
}

// Load returns an application for the rooms whose rows hang on it; doors use [Get].
func Load(tx *db.Tx, environment, id uuid.UUID) (*Application, error) {
	return get(tx, environment, id)
}
