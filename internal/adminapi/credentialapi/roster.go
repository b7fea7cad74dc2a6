package credentialapi

import (
	"context"
	"encoding/base64"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/credential"
	"github.com/counterfoil/counterfoil/internal/credential/roster"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/web"
)

// RosterEntry is a [roster.Entry] on the wire: a credential of any kind, as far as all kinds have it in common.
type RosterEntry struct {
	ID             string    `json:"id" format:"uuid"`
	ClientID       string    `json:"client_id" format:"uuid"`
	Kind           string    `json:"kind" enum:"secret,certificate,jwt_key,trust"`
	Form           string    `json:"form,omitempty" enum:"generated,chosen,imported" doc:"Of a secret: how it came to be."`
	Description    string    `json:"description"`
	Hint           string    `json:"hint" doc:"What it is recognised by: how a generated secret begins, the subject of a certificate or trust, the ids of keys. Empty for other secrets."`
	Fingerprint    string    `json:"fingerprint,omitempty" doc:"Of a certificate that is known by itself: its SHA-256 in base64url, x5t#S256."`
	Scopes         []string  `json:"scopes,omitzero" nullable:"false" doc:"API families (application, application-users, openid) and permissions that it is narrowed to; absent: all families, and all of the application's permissions."`
	Networks       []string  `json:"networks" nullable:"false" doc:"Where it may be used from, in CIDR form; empty: anywhere."`
	Enabled        bool      `json:"enabled"`
	Usable         bool      `json:"usable" doc:"Whether it is enabled and valid now. A lock of the application's secrets is told by state only."`
	State          string    `json:"state" enum:"disabled,expired,locked,not_yet,retiring,active" doc:"What matters most: of several that apply, the first in this order. retiring works, and expires because it was rotated."`
	Viewable       bool      `json:"viewable" doc:"Whether it is a secret that is kept sealed and can be revealed again."`
	ExpiresAt      time.Time `json:"expires_at,omitzero" doc:"Absent: never."`
	NotBefore      time.Time `json:"not_before,omitzero" doc:"Absent: valid from the beginning."`
	ExposedAt      time.Time `json:"exposed_at,omitzero" doc:"When it was reported as leaked; absent if it was not."`
	LastUsedAt     time.Time `json:"last_used_at,omitzero" doc:"Absent: not used in the last 90 days. Written with a delay of up to 30 seconds, as is all that is said of its use."`
	LastUsedFrom   string    `json:"last_used_from,omitempty" doc:"The address of who used it last."`
	LastUsedBy     string    `json:"last_used_by,omitempty" doc:"What the program that used it last calls itself (User-Agent)."`
	Replaces       string    `json:"replaces,omitempty" format:"uuid" doc:"The secret that it was rotated from; that may be gone."`
	ReplacedBy     string    `json:"replaced_by,omitempty" format:"uuid" doc:"The secret that it was rotated to."`
	OldEndsIn      *int64    `json:"old_ends_in,omitempty" doc:"How many seconds the secret that it replaces goes on after the first use of this one; absent when that is settled."`
	OldExpiresAt   time.Time `json:"old_expires_at,omitzero" doc:"When the secret that it replaces expires; absent if that is not settled, or the secret is gone."`
	StillUsed      bool      `json:"still_used,omitempty" doc:"It was used since its successor was made."`
	SafeToRemove   bool      `json:"safe_to_remove,omitempty" doc:"It has a usable successor, and nobody used it in the last 24 hours."`
	AutoRetireDays int       `json:"auto_retire_days,omitempty" doc:"It is deleted once it has not been used for so many days."`
	CreatedBy      string    `json:"created_by" doc:"The client_id of the application that made it, or a word for Counterfoil itself."`
	CreatedAt      time.Time `json:"created_at"`
	UpdatedAt      time.Time `json:"updated_at"`
}

func (r *Resources) rosterOperations(api huma.API) {
	op := rest.Operation("GET /applications/{application}/credentials", "list-application-credentials", "List the credentials of an application, of all kinds in one list")
	op.Description += " Secrets are never in it, only what recognises them. Each is looked at and changed under the path of its kind."
	huma.Register(api, op, r.listRoster)
}

func (r *Resources) listRoster(ctx context.Context, in *struct {
	rest.ApplicationPath
	web.PageQuery
	Kind []string `query:"kind" enum:"secret,certificate,jwt_key,trust" doc:"Only of these kinds; all unless given."`
	ID   string   `query:"id" maxLength:"64" doc:"Only the one with this id, whatever its kind, or none; for a link to it."`
}) (*rest.Listed[RosterEntry], error) {
	out := &rest.Listed[RosterEntry]{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		kinds := map[credential.Kind]bool{}
		for _, k := range in.Kind {
			kinds[credential.Kind(k)] = true
		}
		all, err := roster.Of(tx, &c.Actor, rest.ID(in.Application), kinds)
		if err != nil {
			return err
		}
		if in.ID != "" {
			all = slices.DeleteFunc(all, func(e roster.Entry) bool { return e.ID.String() != in.ID })
		}
		catalogue, err := access.LoadCatalogue(tx, c.Actor.Environment)
		if err != nil {
			return err
		}
		now := tx.Now()
		out.Body, err = rest.PageOf(r.Desk, in.PageQuery, c, "credentials "+in.Application, all,
			func(e roster.Entry) (int64, string) { return db.Micros(e.CreatedAt), e.ID.String() },
			func(e roster.Entry) RosterEntry { return showEntry(&e, catalogue, now) })
		return err
	})
	return out, err
}

func showEntry(e *roster.Entry, catalogue *access.Catalogue, now time.Time) RosterEntry {
	shown := RosterEntry{
		ID: e.ID.String(), ClientID: e.Application.String(), Kind: string(e.Kind), Form: string(e.Form), Description: e.Description, Hint: e.Hint,
		Scopes: e.Scopes(catalogue), Networks: e.Networks.Strings(), Enabled: e.Enabled, Usable: e.Usable(now), State: string(e.State),
		Viewable: e.Viewable, ExpiresAt: e.ExpiresAt, NotBefore: e.NotBefore, ExposedAt: e.ExposedAt,
		LastUsedAt: e.Last.At, LastUsedFrom: e.Last.Address, LastUsedBy: e.Last.Agent,
		StillUsed: e.Succession.StillUsed, SafeToRemove: e.Succession.Safe, AutoRetireDays: e.QuietDays, OldExpiresAt: e.OldEnds,
		CreatedBy: e.CreatedBy, CreatedAt: e.CreatedAt, UpdatedAt: e.UpdatedAt,
	}
	if rule := e.Proof.Certificate; rule != nil && rule.Thumbprint != [32]byte{} {
		shown.Fingerprint = base64.RawURLEncoding.EncodeToString(rule.Thumbprint[:])
	}
	if e.Replaces != uuid.Nil {
		shown.Replaces = e.Replaces.String()
	}
	if e.Succession.By != uuid.Nil {
		shown.ReplacedBy = e.Succession.By.String()
	}
	if e.Grace >= 0 {
		shown.OldEndsIn = new(int64(e.Grace / time.Second))
	}
	return shown
}
