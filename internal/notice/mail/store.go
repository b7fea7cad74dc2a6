package mail

import (
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
)

const (
	insertAddress   = `INSERT INTO notice_address (environment_id, address) VALUES ($1, $2)`
	deleteAddresses = `DELETE FROM notice_address WHERE environment_id = $1`
	selectAddresses = `SELECT address FROM notice_address WHERE environment_id = $1 ORDER BY address`

	insertPosition = `INSERT INTO notice_position (environment_id, position, mailed, mailed_at) VALUES ($1, $2, $2, 0)`
	selectPosition = `SELECT environment_id, position, mailed, mailed_at FROM notice_position`
	selectOne      = selectPosition + ` WHERE environment_id = $1`
	updatePosition = `UPDATE notice_position SET position = $2, mailed = $3, mailed_at = $4 WHERE environment_id = $1`
	deletePosition = `DELETE FROM notice_position WHERE environment_id = $1`
	insertItem     = `INSERT INTO notice_item (environment_id, event, at, horizon) VALUES ($1, $2, $3, $4)`
	selectWaiting  = `SELECT COUNT(*), COALESCE(MIN(at), 0), COALESCE(MIN(horizon), 0), COALESCE(MAX(event), 0) FROM notice_item WHERE environment_id = $1 AND event > $2`
	selectItems    = `SELECT event FROM notice_item WHERE environment_id = $1 AND event > $2 AND event <= $3 ORDER BY event LIMIT $4`
	deleteAllItems = `DELETE FROM notice_item WHERE environment_id = $1`
	deleteItems    = `
DELETE FROM notice_item WHERE at < $1 AND NOT EXISTS (
	SELECT 1 FROM notice_mail m WHERE m.environment_id = notice_item.environment_id
	AND m.after_event < notice_item.event AND m.last_event >= notice_item.event)`

	columns    = `environment_id, after_event, last_event, address, state, attempts, queued_at, next_at, problem`
	insertMail = `INSERT INTO notice_mail (` + columns + `) VALUES ($1, $2, $3, $4, 'pending', 0, $5, $5, '')`
	selectDue  = `SELECT ` + columns + ` FROM notice_mail WHERE state = 'pending' AND next_at <= $1 ORDER BY next_at, environment_id, address LIMIT $2`
	// noteMail changes nothing when somebody else has noted an attempt meanwhile.
	noteMail = `
UPDATE notice_mail SET state = $4, attempts = $5 + 1, next_at = $6, problem = $7
WHERE environment_id = $1 AND last_event = $2 AND address = $3 AND state = 'pending' AND attempts = $5`
	selectMails = `
SELECT ` + columns + ` FROM notice_mail
WHERE environment_id = $1 AND ($2 = '' OR state = $2) ORDER BY last_event DESC, address LIMIT $3`
	retryMails  = `UPDATE notice_mail SET state = 'pending', attempts = 0, queued_at = $2, next_at = $2 WHERE environment_id = $1 AND state = 'dead'`
	cancelMails = `DELETE FROM notice_mail WHERE environment_id = $1 AND state <> 'sent' AND NOT EXISTS (
	SELECT 1 FROM notice_address a WHERE a.environment_id = notice_mail.environment_id AND a.address = notice_mail.address)`
	deleteMails   = `DELETE FROM notice_mail WHERE state <> 'pending' AND queued_at < $1`
	selectBacklog = `SELECT COUNT(*), COALESCE(MIN(queued_at), 0) FROM notice_mail WHERE state = $1`

	lockEnvironment  = `SELECT id FROM environment WHERE id = $1`
	selectNewest     = `SELECT COALESCE(MAX(number), 0) FROM mailbox_message WHERE environment_id = $1`
	insertMessage    = `INSERT INTO mailbox_message (environment_id, number, id, at, recipient, subject, body, html) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	trimMessages     = `DELETE FROM mailbox_message WHERE environment_id = $1 AND number <= $2`
	selectMessages   = `SELECT number, id, at, recipient, subject, body, html FROM mailbox_message WHERE environment_id = $1`
	selectPage       = selectMessages + ` ORDER BY number DESC LIMIT $2`
	selectOneMessage = selectMessages + ` AND number = $2`
)

func addresses(tx *db.Tx, environment uuid.UUID) ([]string, error) {
	return db.All(tx, func(scan db.Scan) (address string, err error) { return address, scan(&address) }, selectAddresses, environment.String())
}

// position is how far the ledger of an environment has been read and told.
type position struct {
	environment    uuid.UUID
	read, mailed   int64
	mailedAtMicros int64
}

func scanPosition(scan db.Scan) (p position, err error) {
	return p, scan(&p.environment, &p.read, &p.mailed, &p.mailedAtMicros)
}

func (p *position) update(tx *db.Tx) error {
	_, err := tx.Exec(updatePosition, p.environment.String(), p.read, p.mailed, p.mailedAtMicros)
	return err
}

func scanMail(scan db.Scan) (Mail, error) {
	var m Mail
	var queued, next int64
	err := scan(&m.environment, &m.after, &m.LastEvent, &m.Address, &m.State, &m.Attempts, &queued, &next, &m.Problem)
	m.QueuedAt, m.NextAt = db.Time(queued), db.Time(next)
	return m, err
}

func scanKept(environment uuid.UUID) func(db.Scan) (Kept, error) {
	return func(scan db.Scan) (k Kept, err error) {
		var at int64
		err = scan(&k.Number, &k.ID, &at, &k.To, &k.Subject, &k.Body, &k.HTML)
		k.Environment, k.Date = environment, db.Time(at)
		return k, err
	}
}
