package credentialapi

import (
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/usage"
	"github.com/counterfoil/counterfoil/internal/db"
)

// Secret is a [credential.Credential] of kind secret on the wire.
type Secret struct {
	rest.Row
	ID             string     `json:"id" format:"uuid"`
	ClientID       string     `json:"client_id" format:"uuid"`
	Form           string     `json:"form" enum:"generated,chosen,imported" doc:"How it came to be. An imported one becomes a chosen one when it is used first."`
	Description    string     `json:"description"`
	Hint           string     `json:"hint" doc:"How a generated secret begins; empty for others, of which nothing is kept that could be shown."`
	Scopes         []string   `json:"scopes,omitzero" nullable:"false" doc:"API families (application, application-users, openid) and permissions that it is narrowed to; absent: all families, and all of the application's permissions."`
	Networks       []string   `json:"networks" nullable:"false" doc:"Where it may be used from, in CIDR form; empty: anywhere."`
	Viewable       bool       `json:"viewable" doc:"Whether it is kept sealed and can be revealed again."`
	Enabled        bool       `json:"enabled"`
	Usable         bool       `json:"usable" doc:"Whether it is enabled and valid now."`
	ExpiresAt      time.Time  `json:"expires_at,omitzero" doc:"Absent: never."`
	NotBefore      time.Time  `json:"not_before,omitzero" doc:"Absent: valid from the beginning."`
	ExposedAt      time.Time  `json:"exposed_at,omitzero" doc:"When it was reported as leaked; absent if it was not."`
	LastUsedAt     time.Time  `json:"last_used_at,omitzero" doc:"Absent: not used in the last 90 days. Written with a delay of up to 30 seconds, as is all that is said of its use."`
	LastUsedFrom   string     `json:"last_used_from,omitempty" doc:"The address of who used it last."`
	LastUsedBy     string     `json:"last_used_by,omitempty" doc:"What the program that used it last calls itself (User-Agent)."`
	Replaces       string     `json:"replaces,omitempty" format:"uuid" doc:"The secret that it was rotated from; that may be gone."`
	ReplacedBy     string     `json:"replaced_by,omitempty" format:"uuid" doc:"The secret that it was rotated to."`
	OldEndsIn      *int64     `json:"old_ends_in,omitempty" doc:"How many seconds the secret that it replaces goes on after the first use of this one; absent when that is settled."`
	Retiring       bool       `json:"retiring,omitempty" doc:"It expires because it was rotated."`
	StillUsed      bool       `json:"still_used,omitempty" doc:"It was used since its successor was made."`
	SafeToRemove   bool       `json:"safe_to_remove,omitempty" doc:"It has a usable successor, and nobody used it in the last 24 hours."`
	AutoRetireDays int        `json:"auto_retire_days,omitempty" doc:"It is deleted once it has not been used for so many days."`
	CreatedBy      string     `json:"created_by" doc:"The client_id of the application that made it, or a word for Counterfoil itself."`
	CreatedAt      time.Time  `json:"created_at"`
	UpdatedAt      time.Time  `json:"updated_at"`
	Old            *OldSecret `json:"old,omitempty" doc:"The secret that this one replaces, in the answer to a rotation."`

	Secret            rest.Disclosure `json:"secret,omitzero" doc:"The secret itself, in the answer to its creation and never again."`
	HandoverURL       rest.Disclosure `json:"handover_url,omitzero" doc:"Where the secret can be seen once, in the answer to a creation with handover, instead of the secret. Whoever has it has the secret."`
	HandoverExpiresAt time.Time       `json:"handover_expires_at,omitzero"`
	SecretShown       bool            `json:"secret_shown,omitempty" doc:"Set in the answer to a repeated creation, which does not show the secret again."`
}

// OldSecret is what becomes of a secret that was rotated.
type OldSecret struct {
	ID          string    `json:"id" format:"uuid"`
	ExpiresAt   time.Time `json:"expires_at,omitzero" doc:"When it dies. Absent: when the new one was used first, and then some time."`
	TokensEnded bool      `json:"tokens_ended" doc:"Whether it died at once, and with it the tokens that were got with it."`
}

// NewSecret is the body that makes a secret.
type NewSecret struct {
	Description  string            `json:"description,omitempty"`
	ExpiresAt    *rest.Moment      `json:"expires_at,omitempty" doc:"Never unless given."`
	NotBefore    *rest.Moment      `json:"not_before,omitempty" doc:"At once unless given."`
	Scopes       []string          `json:"scopes,omitzero" doc:"API families (application, application-users, openid) and permissions. Absent or null: what the environment's policy says, which is everything unless it was changed; empty: none."`
	Networks     []string          `json:"networks,omitempty" doc:"Where it may be used from, in CIDR form; anywhere unless given."`
	Viewable     *bool             `json:"viewable,omitempty" doc:"Keep it sealed, so that it can be revealed again; as the environment's policy says unless given."`
	ChosenSecret rest.Confidential `json:"chosen_secret,omitzero" doc:"The secret, where the environment allows chosen ones; one is generated unless given. Not within the creation of an application."`
	Hash         rest.Confidential `json:"hash,omitzero" doc:"Another system's hash of the secret: bcrypt, PBKDF2, argon2id or SHA-256."`
	Handover     int64             `json:"handover,omitempty" minimum:"60" maximum:"259200" doc:"Answer with a link instead of the secret, which shows it once within so many seconds."`
}

// SecretChange is a [CredentialChange] under the name that it has in the document.
type SecretChange CredentialChange

func (p *SecretChange) apply(s *credential.Spec) { (*CredentialChange)(p).apply(s) }

// secretView shows the secrets of one application.
type secretView struct {
	tx        *db.Tx
	catalogue *access.Catalogue
	all       []*credential.Credential
}

func viewSecrets(tx *db.Tx, environment, app uuid.UUID) (v secretView, err error) {
	v.tx = tx
	if v.catalogue, err = access.LoadCatalogue(tx, environment); err != nil {
		return v, err
	}
	v.all, err = credential.LoadAll(tx, environment, app)
	return v, err
}

func (v *secretView) show(k *credential.Credential) (Secret, error) {
	last, err := usage.LastUsed(v.tx, k.Environment, k.ID)
	if err != nil {
		return Secret{}, err
	}
	now := v.tx.Now()
	next := k.Succession(v.all, last, now)
	shown := Secret{
		Row: rest.RowOf(k.ID, k.Version), ID: k.ID.String(), ClientID: k.Application.String(), Form: string(k.Form), Description: k.Description,
		Hint: k.Hint, Scopes: k.Scopes(v.catalogue), Networks: k.Networks.Strings(), Viewable: k.Viewable, Enabled: k.Enabled, Usable: k.Usable(now),
		ExpiresAt: k.ExpiresAt, NotBefore: k.NotBefore, ExposedAt: k.ExposedAt,
		LastUsedAt: last.At, LastUsedFrom: last.Address, LastUsedBy: last.Agent,
		Retiring: next.Retiring, StillUsed: next.StillUsed, SafeToRemove: next.Safe, AutoRetireDays: k.QuietDays,
		CreatedBy: k.CreatedBy, CreatedAt: k.CreatedAt, UpdatedAt: k.UpdatedAt,
	}
	if k.Replaces != uuid.Nil {
		shown.Replaces = k.Replaces.String()
	}
	if next.By != uuid.Nil {
		shown.ReplacedBy = next.By.String()
	}
	if k.Grace >= 0 {
		shown.OldEndsIn = new(int64(k.Grace / time.Second))
	}
	return shown, nil
}

func showSecret(tx *db.Tx, k *credential.Credential) (Secret, error) {
	v, err := viewSecrets(tx, k.Environment, k.Application)
	if err != nil {
		return Secret{}, err
	}
	return v.show(k)
}
