package session

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

const (
	insertSession = `INSERT INTO connect_session (environment_id, id, pepper, hash, connection_id, settings, sealed, created_by, created_at,
expires_at, used_at, tries) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0)`
	selectSession = `SELECT pepper, hash, connection_id, settings, sealed, created_by, created_at, expires_at, used_at, tries
FROM connect_session WHERE environment_id = $1 AND id = $2`
	updateTries = `UPDATE connect_session SET tries = tries + 1 WHERE environment_id = $1 AND id = $2`
	updateUsed  = `UPDATE connect_session SET used_at = $3, connection_id = $4, settings = $5, sealed = $6
WHERE environment_id = $1 AND id = $2 AND used_at = 0`
	updateSealed = `UPDATE connect_session SET sealed = $3 WHERE environment_id = $1 AND id = $2`
	deleteUnused = `DELETE FROM connect_session WHERE environment_id = $1 AND id = $2 AND used_at = 0`
	// In batches: a mailing may have asked a hundred thousand customers in one hour.
	forgetSessions = `DELETE FROM connect_session WHERE (environment_id, id) IN
(SELECT environment_id, id FROM connect_session WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`

	selectSealed  = `SELECT id, sealed FROM connect_session WHERE environment_id = $1 AND LENGTH(sealed) > 0 ORDER BY id`
	selectPeppers = `SELECT DISTINCT pepper FROM connect_session WHERE expires_at > $1 AND used_at = 0`
)

func (s *Session) texts() (string, error) {
	text, err := json.Marshal(settings{
		Connectors: s.Connectors, Reconnect: s.Reconnect, Presets: s.Presets, Origins: s.Origins, ReturnTo: s.ReturnTo,
		Language: s.Language, Theme: s.Theme, Docs: s.Docs, Name: s.Carried.Name, Metadata: s.Carried.Metadata, Tags: s.Carried.Tags,
		EndUser: s.Carried.EndUser, Steps: s.Steps, Notes: s.Notes,
	})
	return string(text), err
}

func (s *Session) insert(tx *db.Tx) error {
	text, err := s.texts()
	if err != nil {
		return err
	}
	_, err = tx.Exec(insertSession, s.Environment.String(), s.ID.String(), s.pepper, s.hash, orEmpty(s.Connection), text, []byte{},
		s.CreatedBy, db.Micros(s.CreatedAt), db.Micros(s.ExpiresAt))
	return err
}

// load returns the row with that id, whatever became of it, or [ErrUnknown].
func load(tx *db.Tx, environment, id uuid.UUID, lock string) (*Session, error) {
	s := &Session{Environment: environment, ID: id}
	_, err := db.One(tx, func(scan db.Scan) (struct{}, error) { return struct{}{}, s.scan(scan) },
		selectSession+lock, environment.String(), id.String())
	if fault.Is(err, fault.NotFound) {
		return nil, ErrUnknown
	}
	return s, err
}

func (s *Session) scan(scan db.Scan) error {
	var connection, text string
	var created, expires, used int64
	err := scan(&s.pepper, &s.hash, &connection, &text, &s.sealed, &s.CreatedBy, &created, &expires, &used, &s.Tries)
	if err != nil {
		return err
	}
	s.CreatedAt, s.ExpiresAt, s.UsedAt = db.Time(created), db.Time(expires), db.Time(used)
	if connection != "" {
		if s.Connection, err = uuid.Parse(connection); err != nil {
			return err
		}
	}
	var kept settings
	if err := json.Unmarshal([]byte(text), &kept); err != nil {
		return err
	}
	s.Connectors, s.Reconnect, s.Presets, s.Origins, s.ReturnTo = kept.Connectors, kept.Reconnect, kept.Presets, kept.Origins, kept.ReturnTo
	s.Language, s.Theme, s.Docs, s.Steps, s.Notes = kept.Language, kept.Theme, kept.Docs, kept.Steps, kept.Notes
	s.Carried = connect.Spec{Name: kept.Name, Metadata: kept.Metadata, Tags: kept.Tags, EndUser: kept.EndUser}
	return nil
}

// use gives a session its one use.
func (s *Session) use(tx *db.Tx, connection uuid.UUID) error {
	s.Connection, s.UsedAt = connection, tx.Now()
	text, err := s.texts()
	if err != nil {
		return err
	}
	n, err := tx.Exec(updateUsed, s.Environment.String(), s.ID.String(), db.Micros(s.UsedAt), connection.String(), text, []byte{})
	if err == nil && n != 1 {
		return ErrUsed
	}
	return err
}

func orEmpty(id uuid.UUID) string {
	if id == uuid.Nil {
		return ""
	}
	return id.String()
}

// Reseal seals what sessions keep under the environment's present sealing key; see [seal.Vault.Rekey].
func Reseal(tx *db.Tx, vault *seal.Vault, environment uuid.UUID) error {
	return vault.ResealRows(tx, environment, "connect_session", selectSealed, updateSealed)
}

// PeppersInUse adds every version of a pepper that a living session is hashed with to used: their root keys cannot go.
func PeppersInUse(tx *db.Tx, used map[int64]bool) error {
	return seal.PeppersIn(tx, used, selectPeppers, db.Micros(tx.Now()))
}

const (
	// remembered is how long after its end a session is still told from one that never was, which is what people ask who
	// come too late.
	remembered  = 24 * time.Hour
	forgetBatch = 1000
)

// Forget removes sessions that are long over, and with them what they said of people; it is a chore.
func Forget(ctx context.Context, d *db.DB) error {
	return d.WriteBatches(ctx, forgetBatch, func(tx *db.Tx) (int64, error) {
		return tx.Exec(forgetSessions, db.Micros(tx.Now().Add(-remembered)), forgetBatch)
	})
}
