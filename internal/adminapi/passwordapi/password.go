package passwordapi

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory/password"
	"github.com/counterfoil/counterfoil/internal/fault"
)

// Resources are the passwords of the management API. The desk is required.
type Resources struct {
	*rest.Desk
	Passwords *password.Authority
}

// Operations registers every operation on api, which [rest.Desk.Admit] guards. Without a desk they cannot be called; the
// OpenAPI document needs none.
func (r *Resources) Operations(api huma.API) {
	const one = "/users/{user}/password"
	huma.Register(api, rest.Operation("PUT "+one, "set-password", "Set a user's password; its sessions and links die for good"), r.setPassword)
	huma.Register(api, rest.Operation("DELETE "+one, "remove-password", "Take a user's password away; its sessions and links die for good"), r.removePassword)
	huma.Register(api, rest.Operation("GET /password-policy", "get-password-policy", "Show what the environment demands of people's passwords"), r.getPolicy)
	huma.Register(api, rest.Operation("PATCH /password-policy", "change-password-policy", "Change what the environment demands of people's passwords"), r.changePolicy)
}

// UserPath names the user whose password it is.
type UserPath struct {
	User string `path:"user" doc:"Its id."`
}

// NewPassword is a password, or another system's hash of it.
type NewPassword struct {
	Password  rest.Confidential `json:"password,omitzero" doc:"The password, of at most 1,024 bytes in UTF-8. All of it counts."`
	Hash      rest.Confidential `json:"hash,omitzero" doc:"A hash of the password instead: bcrypt to cost 12, PBKDF2 (with SHA-1, SHA-256 or SHA-512, as Django and passlib write it, to 1,000,000 iterations), argon2id as a PHC string, {SSHA}, {SSHA256}, {SSHA512}, or SHA-256 in 64 hexadecimal digits. It gives way to argon2id when its owner comes by."`
	Format    string            `json:"format,omitempty" enum:"salt+sha256,sha256+salt,sha256,bcrypt,pbkdf2,ssha,argon2id" doc:"How the hash is written. Only the first two need it: SHA-256 of salt and password, or of password and salt."`
	Salt      rest.Confidential `json:"salt,omitzero" doc:"The salt of the first two formats, of 1 to 128 bytes."`
	Temporary bool              `json:"temporary,omitempty" doc:"Whether the user must choose another one at the next sign-in."`
	Validate  *bool             `json:"validate,omitempty" doc:"false: take the password though the policy or the list of breached ones speaks against it. Hashes cannot be checked against either. Earlier passwords bind the user alone."`
}

func (n *NewPassword) room() password.New {
	return password.New{
		Password: n.Password.Secret(), Hash: n.Hash.Secret(), Salt: n.Salt.Secret(), Format: password.Format(n.Format),
		Temporary: n.Temporary, Unchecked: n.Validate != nil && !*n.Validate,
	}
}

func (r *Resources) setPassword(ctx context.Context, in *struct {
	UserPath
	rest.Precondition
	Body NewPassword
}) (*rest.Done, error) {
	actor := rest.CallOf(ctx).Actor
	user := rest.ID(in.User)
	ready, err := r.Passwords.Prepare(ctx, &actor, user, in.Body.room())
	if fault.Is(err, fault.Unauthenticated) {
		return nil, rest.Outdated(ctx)
	}
	if err != nil {
		return nil, err
	}
	return r.Remove(ctx, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) error {
		_, err := r.Passwords.Set(tx, &c.Actor, user, version, ready)
		return err
	})
}

func (r *Resources) removePassword(ctx context.Context, in *struct {
	UserPath
	rest.Precondition
}) (*rest.Done, error) {
	return r.Remove(ctx, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) error {
		_, err := r.Passwords.Remove(tx, &c.Actor, rest.ID(in.User), version)
		return err
	})
}
