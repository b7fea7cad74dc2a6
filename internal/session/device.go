package session

import (
	"context"
	"crypto/hmac"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
)

const (
	// Remembered is how long a device is.
	Remembered = 30 * 24 * time.Hour
	// maxDevices is how many of one user are remembered at a time. One more forgets the oldest.
	maxDevices = 20
)

// Device is a browser in which a user asked to be remembered: a right password does there without the second factor. It says
// nothing about who sits before it, so it never stands for a fresh proof ([StepUpFresh]).
type Device struct {
	Environment, ID, User uuid.UUID
	CreatedAt, SeenAt     time.Time
	ExpiresAt             time.Time
	Address               string // where it was last seen
	Agent                 string
	pepper                int64
	mac                   []byte
	userEpoch, userNow    int64
}

const (
	deviceColumns = `d.environment_id, d.id, d.user_id, d.user_epoch, d.pepper, d.mac, d.created_at, d.seen_at, d.expires_at, d.address, d.agent, u.epoch
FROM remembered_device d JOIN directory_user u ON u.environment_id = d.environment_id AND u.id = d.user_id`
	selectDevice  = `SELECT ` + deviceColumns + ` WHERE d.environment_id = $1 AND d.id = $2`
	selectDevices = `SELECT ` + deviceColumns + ` WHERE d.environment_id = $1 AND d.user_id = $2 AND d.expires_at > $3 ORDER BY d.created_at DESC, d.id`
	insertDevice  = `INSERT INTO remembered_device (environment_id, id, user_id, user_epoch, pepper, mac, created_at, seen_at, expires_at, address, agent)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	updateDevice  = `UPDATE remembered_device SET seen_at = $3, address = $4 WHERE environment_id = $1 AND id = $2`
	deleteDevice  = `DELETE FROM remembered_device WHERE environment_id = $1 AND id = $2 AND user_id = $3`
	deleteDevices = `DELETE FROM remembered_device WHERE environment_id = $1 AND user_id = $2`
	forgetDevices = `DELETE FROM remembered_device WHERE (environment_id, id) IN
(SELECT environment_id, id FROM remembered_device WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)`
	selectDevicePeppers = `SELECT DISTINCT pepper FROM remembered_device WHERE expires_at > $1`
)

func scanDevice(s db.Scan) (*Device, error) {
	var d Device
	var environment, id, user string
	var created, seen, expires int64
	err := s(&environment, &id, &user, &d.userEpoch, &d.pepper, &d.mac, &created, &seen, &expires, &d.Address, &d.Agent, &d.userNow)
	if err != nil {
		return nil, err
	}
	d.CreatedAt, d.SeenAt, d.ExpiresAt = db.Time(created), db.Time(seen), db.Time(expires)
	for text, into := range map[string]*uuid.UUID{environment: &d.Environment, id: &d.ID, user: &d.User} {
		if *into, err = uuid.Parse(text); err != nil {
			return nil, err
		}
	}
	return &d, nil
}

func (d *Device) good(now time.Time) bool { return now.Before(d.ExpiresAt) && d.userEpoch == d.userNow }

// Remember remembers the browser of a user who has just proven everything, for [Remembered], and returns the cookie for it.
func (y *Authority) Remember(tx *db.Tx, u *directory.User, address, agent string) (seal.Secret, error) {
	known, err := Devices(tx, u.Environment, u.ID)
	if err != nil {
		return seal.Secret{}, err
	}
	for _, oldest := range known[min(len(known), maxDevices-1):] {
		if _, err := tx.Exec(deleteDevice, u.Environment.String(), oldest.ID.String(), u.ID.String()); err != nil {
			return seal.Secret{}, err
		}
	}
	id, secret, peppers, now := uuid.New(), newSecret(), y.Vault.Peppers(), db.Micros(tx.Now())
	mac, _ := deviceDigest(peppers, peppers.Newest(), u.Environment, id, secret)
	_, err = tx.Exec(insertDevice, u.Environment.String(), id.String(), u.ID.String(), u.Epoch, peppers.Newest(), mac, now, now,
		db.Micros(tx.Now().Add(Remembered)), address, printable(agent))
	if err != nil {
		return seal.Secret{}, err
	}
	ledger.Append(tx, ledger.Who{Kind: "user", ID: u.ID.String(), Address: address}, ledger.Event{
		Environment: u.Environment, Kind: "user.device_remembered", Subject: ledger.Subject{Kind: "user", ID: u.ID.String()},
		After: map[string]any{"device": id.String()},
	})
	return cookie(id, secret), nil
}

// Knows reports whether a cookie is that of a device on which the user is remembered now, and notes that it was seen. A new
// password, a lock and "log out everywhere" make every device forgotten.
func (y *Authority) Knows(tx *db.Tx, u *directory.User, value seal.Secret, address string) (bool, error) {
	id, secret, ok := parse(value)
	if !ok {
		return false, nil
	}
	d, err := db.One(tx, scanDevice, selectDevice, u.Environment.String(), id.String())
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	want, ok := deviceDigest(y.Vault.Peppers(), d.pepper, u.Environment, id, secret)
	if !ok || !hmac.Equal(want, d.mac) || d.User != u.ID || !d.good(tx.Now()) {
		return false, nil // not knowing a device asks for the factor, which is never wrong
	}
	_, err = tx.Exec(updateDevice, d.Environment.String(), d.ID.String(), db.Micros(tx.Now()), address)
	return err == nil, err
}

// deviceDigest is [digest] of a device: no session's secret is any device's.
func deviceDigest(p *seal.Peppers, version int64, environment, id uuid.UUID, secret []byte) ([]byte, bool) {
	return p.MAC(version, nil, []byte("device"), environment[:], id[:], secret)
}

// Devices returns the devices on which a user is remembered now, the latest first. It asks nobody's permission.
func Devices(tx *db.Tx, environment, user uuid.UUID) ([]*Device, error) {
	all, err := db.All(tx, scanDevice, selectDevices, environment.String(), user.String(), db.Micros(tx.Now()))
	if err != nil {
		return nil, err
	}
	known := make([]*Device, 0, len(all))
	for _, d := range all {
		if d.good(tx.Now()) {
			known = append(known, d)
		}
	}
	return known, nil
}

// ForgetDevice forgets one device of a user, or all with [uuid.Nil]. One that is none of the user's is [fault.NotFound].
func ForgetDevice(tx *db.Tx, who ledger.Who, environment, user, id uuid.UUID) error {
	statement, args := deleteDevices, []any{environment.String(), user.String()}
	after := map[string]any{"device": "all"}
	if id != uuid.Nil {
		statement, args = deleteDevice, []any{environment.String(), id.String(), user.String()}
		after["device"] = id.String()
	}
	n, err := tx.Exec(statement, args...)
	if err != nil || n == 0 && id == uuid.Nil {
		return err
	}
	if n == 0 {
		return fault.New(fault.NotFound, "there is no such device")
	}
	ledger.Append(tx, who, ledger.Event{
		Environment: environment, Kind: "user.device_forgotten", Subject: ledger.Subject{Kind: "user", ID: user.String()}, Before: after,
	})
	return nil
}

// ForgetDevices removes devices whose time is over; it is a chore.
func ForgetDevices(ctx context.Context, d *db.DB) error {
	return forgetBatches(ctx, d, forgetDevices)
}
