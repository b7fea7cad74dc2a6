package credentialapi

import (
	"context"
	"strings"
	"time"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// SecretRotation is the body that rotates a secret.
type SecretRotation struct {
	OldEndsIn          *int64       `json:"old_ends_in,omitempty" minimum:"0" maximum:"31622400" doc:"How many seconds the old secret goes on: 0 is at once, and ends its tokens. A day unless this or old_ends_at is given, and never longer than it would have lived."`
	OldEndsAt          *rest.Moment `json:"old_ends_at,omitempty" doc:"When the old secret dies, instead of old_ends_in."`
	ActivateOnFirstUse bool         `json:"activate_on_first_use,omitempty" doc:"Count old_ends_in from the first use of the new secret; until then the old one goes on."`
	AutoRetireDays     int          `json:"auto_retire_days,omitempty" minimum:"0" maximum:"90" doc:"Delete the old secret once it has not been used for so many days."`
	ExpiresAt          *rest.Moment `json:"expires_at,omitempty" doc:"Of the new secret; it lives as long as the old one was made to unless given."`
	Handover           int64        `json:"handover,omitempty" minimum:"60" maximum:"259200" doc:"Answer with a link instead of the secret, which shows it once within so many seconds."`
}

// defaultGrace is how long an old secret goes on when nobody says.
const defaultGrace = 24 * time.Hour

// rotation translates the body at the time now.
func (b *SecretRotation) rotation(now time.Time) (credential.Rotation, error) {
	r := credential.Rotation{OnFirstUse: b.ActivateOnFirstUse, QuietDays: b.AutoRetireDays, Grace: defaultGrace}
	if b.ExpiresAt != nil {
		r.ExpiresAt = b.ExpiresAt.Time()
	}
	if b.OldEndsIn != nil {
		r.Grace = time.Duration(*b.OldEndsIn) * time.Second
	}
	switch {
	case b.OldEndsAt != nil && b.OldEndsIn != nil:
		return r, fault.On("old_ends_at", "send either old_ends_in or old_ends_at")
	case b.OldEndsAt != nil && b.ActivateOnFirstUse:
		return r, fault.On("old_ends_at", "nobody knows yet when the new secret is used first: say old_ends_in")
	case b.OldEndsAt != nil:
		if r.Retire = b.OldEndsAt.Time(); !r.Retire.After(now) {
			return r, fault.On("old_ends_at", "that is in the past; to end the old secret at once say old_ends_in 0")
		}
	case r.Grace > 0 && !b.ActivateOnFirstUse:
		r.Retire = now.Add(r.Grace)
	}
	return r, nil
}

func (r *Resources) rotateSecret(ctx context.Context, in *struct {
	SecretPath
	rest.Idempotent
	rest.Precondition
	Body SecretRotation
}) (*rest.Created[Secret], error) {
	version, err := in.Version()
	if err != nil {
		return nil, err
	}
	out, err := rest.Create(ctx, r.Desk, in.Idempotent, &in.Body, rest.Maker[Secret]{
		Make: func(tx *db.Tx, c *rest.Call) (Secret, string, error) {
			how, err := in.Body.rotation(tx.Now())
			if err != nil {
				return Secret{}, "", err
			}
			next, plain, old, err := r.Credentials.Rotate(tx, &c.Actor, rest.ID(in.Application), rest.ID(in.Secret), version, how)
			if err != nil {
				return Secret{}, "", err
			}
			shown, err := showSecret(tx, next)
			if err != nil {
				return Secret{}, "", err
			}
			shown.Old = showOld(tx, old)
			return shown, shown.ID, r.disclose(tx, c, next, plain, in.Body.Handover, &shown)
		},
		Again: func(tx *db.Tx, c *rest.Call, name string) (Secret, error) {
			shown, err := SecretAgain(tx, c, in.Application, name)
			if err != nil {
				return shown, err
			}
			old, err := credential.Load(tx, c.Actor.Environment, rest.ID(in.Application), rest.ID(in.Secret))
			if fault.Is(err, fault.NotFound) {
				return shown, nil // removed since
			}
			if err == nil {
				shown.Old = showOld(tx, old)
			}
			return shown, err
		},
	})
	if err != nil {
		return nil, err
	}
	// The new secret stands beside the old one, not below what was done to that.
	out.Location = strings.Replace(out.Location, in.Secret+"/rotate/", "", 1)
	return out, nil
}

func showOld(tx *db.Tx, old *credential.Credential) *OldSecret {
	return &OldSecret{old.ID.String(), old.ExpiresAt, !old.ExpiresAt.IsZero() && !old.ExpiresAt.After(tx.Now())}
}

// RevealedSecret is a secret that is shown again.
type RevealedSecret struct {
	ID       string          `json:"id" format:"uuid"`
	ClientID string          `json:"client_id" format:"uuid"`
	Hint     string          `json:"hint"`
	Secret   rest.Disclosure `json:"secret"`
}

func (r *Resources) revealSecret(ctx context.Context, in *SecretPath) (*struct{ Body RevealedSecret }, error) {
	out := &struct{ Body RevealedSecret }{}
	_, err := r.Write(ctx, func(tx *db.Tx, c *rest.Call) error {
		k, plain, err := r.Credentials.Reveal(tx, &c.Actor, rest.ID(in.Application), rest.ID(in.Secret))
		if err != nil {
			return err
		}
		out.Body = RevealedSecret{k.ID.String(), k.Application.String(), k.Hint, rest.Disclose(plain)}
		return nil
	})
	if err != nil {
		return nil, err // and with it whatever was opened in a transaction that did not commit
	}
	return out, nil
}
