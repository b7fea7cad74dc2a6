package credential

import (
	"context"
	"time"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/application"
	"github.com/counterfoil/counterfoil/internal/credential/usage"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/ledger"
)

// Horizons are how many days before its expiry a credential is announced, from the farthest to its last day.
var Horizons = [...]int{30, 14, 7, 1, 0}

const (
	// noticeBatch bounds what one transaction announces.
	noticeBatch = 100

	selectExpiring = `SELECT ` + columns + ` FROM credential WHERE expires_at > 0 AND expires_at <= $1 AND noticed < $2
ORDER BY expires_at, id LIMIT $3`
	updateNoticed = `UPDATE credential SET noticed = $4 WHERE environment_id = $1 AND application_id = $2 AND id = $3
AND expires_at = $5`
	countExpiring = `SELECT count(*) FROM credential WHERE expires_at > $1 AND expires_at <= $2`
)

// expiring is what an event of expiry says.
type expiring struct {
	facts
	ApplicationName string `json:"application_name"`
	HorizonDays     int    `json:"horizon_days"`
}

// AnnounceExpiry appends an event for every credential that has come within another of the [Horizons]. A credential
// that passed several at once, or was made with a short life, is announced once, with the nearest. It is a chore.
func AnnounceExpiry(ctx context.Context, d *db.DB) error {
	for i, days := range Horizons {
		// noticed counts the horizons that were passed, so that a credential is announced at most once for each.
		passed := uint32(i + 1)
		for more := true; more; {
			err := d.Write(ctx, func(tx *db.Tx) error {
				limit := tx.Now().Add(time.Duration(days) * 24 * time.Hour)
				batch, err := db.All(tx, scan, selectExpiring, db.Micros(limit), passed, noticeBatch)
				if err != nil {
					return err
				}
				more = len(batch) == noticeBatch
				for _, c := range batch {
					if err := c.announce(tx, passed); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// announce tells that a credential is about to expire, or just has, unless a nearer horizon is passed too.
func (c *Credential) announce(tx *db.Tx, passed uint32) error {
	rows, err := tx.Exec(updateNoticed, c.Environment.String(), c.Application.String(), c.ID.String(), passed, db.Micros(c.ExpiresAt))
	if err != nil || rows == 0 { // none: it was given another expiry meanwhile
		return err
	}
	left := c.ExpiresAt.Sub(tx.Now())
	nearer := int(passed) < len(Horizons) && left <= time.Duration(Horizons[passed])*24*time.Hour
	longGone := left < -24*time.Hour
	if nearer || longGone || !c.Enabled {
		return nil
	}
	owner, err := application.Load(tx, c.Environment, c.Application)
	if err != nil {
		return err
	}
	catalogue, err := access.LoadCatalogue(tx, c.Environment)
	if err != nil {
		return err
	}
	e := c.Event("credential.expiring")
	e.Register = false
	e.After = expiring{*c.facts(catalogue), owner.Name, Horizons[passed-1]}
	ledger.Append(tx, ledger.System, e)
	return nil
}

// Expiring counts the credentials of the installation that expire within each of the [Horizons] but the last: its
// place holds those that expired in the last day.
func Expiring(tx *db.Tx) (counts [len(Horizons)]int, err error) {
	now := tx.Now()
	for i, days := range Horizons {
		from, to := now, now.Add(time.Duration(days)*24*time.Hour)
		if days == 0 {
			from = now.Add(-24 * time.Hour)
		}
		if counts[i], err = db.Value[int](tx, countExpiring, db.Micros(from), db.Micros(to)); err != nil {
			return counts, err
		}
	}
	return counts, nil
}

// Breach is a credential that a policy would not allow.
type Breach struct {
	Credential *Credential
	// Rule names the member of the policy that it breaks.
	Rule string
}

const selectOfEnvironment = `SELECT ` + columns + ` FROM credential WHERE environment_id = $1 ORDER BY application_id, created_at, id`

// Breaches lists the credentials of the actor's environment that policy would not allow to be made today, at most
// limit of them, and how many there are in all. Nothing is changed: a policy binds new credentials and changes.
func Breaches(tx *db.Tx, actor *access.Actor, policy environment.Policy, limit int) (found []Breach, total int, err error) {
	if err := access.Allow(tx, actor, access.ReadCredentials); err != nil {
		return nil, 0, err
	}
	if err := policy.Validate(); err != nil {
		return nil, 0, err
	}
	err = tx.Each(func(s db.Scan) error {
		c, err := scan(s)
		if err != nil {
			return err
		}
		if rule := c.breach(&policy); rule != "" && !c.Expired(tx.Now()) {
			if total++; len(found) < limit {
				found = append(found, Breach{c, rule})
			}
		}
		return nil
	}, selectOfEnvironment, actor.Environment.String())
	return found, total, err
}

// Visit calls fn with every credential of the actor's environment, those of one application together and oldest first.
func Visit(tx *db.Tx, actor *access.Actor, fn func(*Credential)) error {
	if err := access.Allow(tx, actor, access.ReadCredentials); err != nil {
		return err
	}
	return tx.Each(func(s db.Scan) error {
		c, err := scan(s)
		if err == nil {
			fn(c)
		}
		return err
	}, selectOfEnvironment, actor.Environment.String())
}

func (c *Credential) breach(p *environment.Policy) string {
	life := c.ExpiresAt.Sub(c.CreatedAt)
	const day = 24 * time.Hour
	switch {
	case p.MostDays > 0 && (c.ExpiresAt.IsZero() || life > time.Duration(p.MostDays)*day+time.Hour):
		return "max_expiry_days"
	case p.LeastDays > 0 && !c.ExpiresAt.IsZero() && life < time.Duration(p.LeastDays)*day-time.Hour:
		return "min_expiry_days"
	case c.Form == Chosen && !p.ChosenSecrets:
		return "chosen_secrets"
	case c.Form == Chosen && c.Score < p.MinScore:
		return "chosen_min_score"
	case c.Viewable && !p.ViewableSecrets:
		return "viewable_secrets"
	}
	return ""
}

const selectQuiet = `SELECT ` + columns + ` FROM credential WHERE quiet_days > 0`

// RetireQuiet deletes secrets that were rotated and have not been used for as many days as was said then. It is a chore.
func RetireQuiet(ctx context.Context, d *db.DB) error {
	return d.Write(ctx, func(tx *db.Tx) error {
		all, err := db.All(tx, scan, selectQuiet)
		if err != nil {
			return err
		}
		for _, c := range all {
			family, err := db.All(tx, scan, selectAll, c.Environment.String(), c.Application.String())
			if err != nil {
				return err
			}
			if heir := c.successor(family); heir == nil || !heir.Usable(tx.Now()) {
				continue // nothing could take its place
			}
			last, err := usage.LastUsed(tx, c.Environment, c.ID)
			if err != nil {
				return err
			}
			since := last.At
			if since.Before(c.UpdatedAt) {
				since = c.UpdatedAt // when it was rotated, or touched since
			}
			if tx.Now().Sub(since) < time.Duration(c.QuietDays)*24*time.Hour {
				continue
			}
			catalogue, err := access.LoadCatalogue(tx, c.Environment)
			if err != nil {
				return err
			}
			if err := c.delete(tx, ledger.System, catalogue, "credential.retired"); err != nil {
				return err
			}
		}
		return nil
	})
}
