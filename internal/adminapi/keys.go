package adminapi

import (
	"context"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/keyring"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Key is the public record of a [keyring.Key].
type Key struct {
	ID          string    `json:"id" doc:"The kid."`
	Alg         string    `json:"alg" enum:"ES256,EdDSA,RS256,PS256"`
	State       string    `json:"state" enum:"next,active,retired" doc:"next: published and not used yet; active: signs; retired: checks what it signed."`
	CreatedAt   time.Time `json:"created_at"`
	ActivatedAt time.Time `json:"activated_at,omitzero"`
	RetiredAt   time.Time `json:"retired_at,omitzero"`
}

// Rotation is the body that rotates keys.
type Rotation struct {
	Alg   string `json:"alg" enum:"ES256,EdDSA,RS256,PS256"`
	Force bool   `json:"force,omitempty" doc:"Rotate although some verifiers may not know the next key yet; they refuse tokens for up to 10 minutes."`
}

// KeyPath names a key.
type KeyPath struct {
	Key string `path:"key" doc:"Its kid."`
}

// KeyChanges says what rotating or withdrawing did.
type KeyChanges struct {
	Changes    []KeyChange `json:"changes" nullable:"false"`
	Propagated bool        `json:"propagated" doc:"Whether every live node obeys the change already; the others follow within 5 seconds."`
}

// KeyChange says what became of a key.
type KeyChange struct {
	ID    string `json:"id" doc:"The kid."`
	Alg   string `json:"alg"`
	State string `json:"state" enum:"next,active,retired,withdrawn"`
}

// rekeyed answers a change of keys.
type rekeyed struct {
	rest.Propagation
	Body KeyChanges
}

func (d *Door) keyOperations(api huma.API) {
	huma.Register(api, rest.Operation("GET /keys", "list-keys", "List signing keys"), d.listKeys)
	huma.Register(api, rest.Operation("POST /keys/rotate", "rotate-keys", "Make the next key of an algorithm the active one"), d.rotateKeys)
	huma.Register(api, rest.Operation("POST /keys/{key}/withdraw", "withdraw-key", "Delete a compromised key at once, and its tokens with it"), d.withdrawKey)
}

func (d *Door) listKeys(ctx context.Context, in *struct{ web.PageQuery }) (*rest.Listed[Key], error) {
	out := &rest.Listed[Key]{}
	err := d.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		keys, err := d.Environments.Keys(tx, &c.Actor)
		if err != nil {
			return err
		}
		out.Body, err = rest.PageOf(d.Desk, in.PageQuery, c, "keys", keys,
			func(k *keyring.Key) (int64, string) { return db.Micros(k.CreatedAt), k.ID }, showKey)
		return err
	})
	return out, err
}

func (d *Door) rotateKeys(ctx context.Context, in *struct{ Body Rotation }) (*rekeyed, error) {
	alg := keyring.Alg(in.Body.Alg)
	return d.changeKeys(ctx, alg, func(tx *db.Tx, c *rest.Call) ([]keyring.Change, error) {
		return d.Environments.RotateKeys(tx, &c.Actor, alg, in.Body.Force)
	})
}

func (d *Door) withdrawKey(ctx context.Context, in *KeyPath) (*rekeyed, error) {
	var alg keyring.Alg // none: a key too new to be known here is withdrawn all the same, only less quickly
	for _, known := range rest.CallOf(ctx).Environment.Keys.Keys() {
		if known.ID == in.Key {
			alg = known.Alg
		}
	}
	return d.changeKeys(ctx, alg, func(tx *db.Tx, c *rest.Call) ([]keyring.Change, error) {
		return d.Environments.WithdrawKey(tx, &c.Actor, in.Key)
	})
}

// changeKeys answers with what fn did to keys of alg.
func (d *Door) changeKeys(ctx context.Context, alg keyring.Alg, fn func(*db.Tx, *rest.Call) ([]keyring.Change, error)) (*rekeyed, error) {
	if err := d.prepareKeys(alg); err != nil {
		return nil, err
	}
	changes := []KeyChange{}
	propagated, err := d.Write(ctx, func(tx *db.Tx, c *rest.Call) error {
		changes = changes[:0]
		all, err := fn(tx, c)
		for _, k := range all {
			changes = append(changes, KeyChange{k.Key, string(k.Alg), string(k.State)})
		}
		return err
	})
	return &rekeyed{rest.Propagation{Propagated: propagated}, KeyChanges{changes, propagated}}, err
}

func showKey(k *keyring.Key) Key {
	return Key{
		ID: k.ID, Alg: string(k.Alg), State: string(k.State),
		CreatedAt: k.CreatedAt, ActivatedAt: k.ActivatedAt, RetiredAt: k.RetiredAt,
	}
}
