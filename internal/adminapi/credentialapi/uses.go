package credentialapi

import (
	"context"
	"time"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/usage"
	"github.com/counterfoil/counterfoil/internal/db"
)

// SecretUsage is the uses of a credential of any kind; the name is that of the kind it was made for first.
type SecretUsage struct {
	Since         time.Time     `json:"since" doc:"From when on uses were counted."`
	WrittenBehind int64         `json:"written_behind_seconds" doc:"How much may be missing at the end: uses are written so late."`
	Items         []UsageOfHour `json:"items" nullable:"false" doc:"Oldest first; hours without a use are left out."`
}

// UsageOfHour is the uses of a credential in one hour.
type UsageOfHour struct {
	At      time.Time `json:"at" doc:"When the hour began."`
	Uses    int64     `json:"uses" doc:"How often it let its application in."`
	Refused int64     `json:"refused" doc:"How often it was right and not let in: disabled, expired, from a wrong network …"`
}

// LookBack says how far back uses are counted.
type LookBack struct {
	Hours int `query:"hours" minimum:"1" maximum:"2160" default:"168" doc:"How far to look back; 2160 are 90 days."`
}

// UsesFound is the answer with the uses of a credential.
type UsesFound struct{ Body SecretUsage }

func (l LookBack) uses(tx *db.Tx, k *credential.Credential) (SecretUsage, error) {
	since := tx.Now().UTC().Add(-time.Duration(l.Hours) * time.Hour).Truncate(time.Hour)
	hours, err := usage.Uses(tx, k.Environment, k.ID, since)
	found := SecretUsage{Since: since, WrittenBehind: int64(usage.FlushEvery / time.Second), Items: make([]UsageOfHour, len(hours))}
	for i, h := range hours {
		found.Items[i] = UsageOfHour{h.At, int64(h.Uses), int64(h.Refused)}
	}
	return found, err
}

func (r *Resources) secretUsage(ctx context.Context, in *struct {
	SecretPath
	LookBack
}) (*UsesFound, error) {
	out := &UsesFound{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		k, err := getSecret(tx, c, &in.SecretPath)
		if err == nil {
			out.Body, err = in.uses(tx, k)
		}
		return err
	})
	return out, err
}

func (o *collection[T]) uses(ctx context.Context, in *struct {
	CredentialPath
	LookBack
}) (*UsesFound, error) {
	out := &UsesFound{}
	err := o.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		k, err := credential.Get(tx, &c.Actor, rest.ID(in.Application), rest.ID(in.Credential))
		if err == nil && k.Kind != o.kind {
			err = errOtherKind
		}
		if err == nil {
			out.Body, err = in.uses(tx, k)
		}
		return err
	})
	return out, err
}
