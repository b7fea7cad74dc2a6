package client

import (
	"context"
	"encoding/json"
	"net/http"
)

// NewUserPassword is a password for a user, or another system's hash of it.
type NewUserPassword struct {
	// Password is at most 1,024 bytes of UTF-8, all of which count.
	Password Secret `json:"password,omitzero"`
	// Hash is a hash instead: bcrypt, PBKDF2, argon2id, {SSHA}, {SSHA256}, {SSHA512} or SHA-256. It gives way to argon2id
	// when its owner comes by.
	Hash Secret `json:"hash,omitzero"`
	// Format says how the hash is written, which only "salt+sha256" and "sha256+salt", with their Salt beside them, need.
	Format string `json:"format,omitempty"`
	Salt   Secret `json:"salt,omitzero"`
	// Temporary makes the user choose another one at the next sign-in.
	Temporary bool `json:"temporary,omitempty"`
	// Validate, if it is false, takes the password though the policy or the list of breached ones speaks against it.
	Validate *bool `json:"validate,omitempty"`
}

// MarshalJSON writes the secrets in it, which print as nothing everywhere else.
func (p NewUserPassword) MarshalJSON() ([]byte, error) {
	type plain NewUserPassword
	return json.Marshal(struct {
		plain
		Password string `json:"password,omitempty"`
		Hash     string `json:"hash,omitempty"`
		Salt     string `json:"salt,omitempty"`
	}{plain(p), p.Password.Reveal(), p.Hash.Reveal(), p.Salt.Reveal()})
}

// PasswordPolicy is what an environment demands of people's passwords. It binds new ones.
type PasswordPolicy struct {
	Answer `json:"-"`

	// MinLength is in characters, MinScore in points of strength, of 4.
	MinLength int `json:"min_length"`
	MinScore  int `json:"min_score"`
	// MinClasses is how many of small letters, capital letters, digits and others there are at least.
	MinClasses int `json:"min_classes"`
	// AllowPersonalWords lets words from user name, addresses and names count toward length and strength.
	AllowPersonalWords bool `json:"allow_personal_words"`
	// AllowBreached takes passwords that are in the operator's list of breached ones.
	AllowBreached bool `json:"allow_breached"`
	// History is how many earlier passwords a user cannot choose again, beside the present one.
	History int `json:"history"`
	// MaxAgeDays is when a password expires, 0 for never; MinAgeHours is how long its owner cannot change it again.
	MaxAgeDays  int `json:"max_age_days"`
	MinAgeHours int `json:"min_age_hours"`
	// MaxFailures wrong passwords in a row lock the user for LockMinutes, 0 for until somebody unlocks the user.
	MaxFailures int `json:"max_failures"`
	LockMinutes int `json:"lock_minutes"`
}

// PasswordPolicyChange changes the policy. What is cleared goes back to what it is at birth.
type PasswordPolicyChange struct {
	MinLength          Field[int]  `json:"min_length,omitzero"`
	MinScore           Field[int]  `json:"min_score,omitzero"`
	MinClasses         Field[int]  `json:"min_classes,omitzero"`
	AllowPersonalWords Field[bool] `json:"allow_personal_words,omitzero"`
	AllowBreached      Field[bool] `json:"allow_breached,omitzero"`
	History            Field[int]  `json:"history,omitzero"`
	MaxAgeDays         Field[int]  `json:"max_age_days,omitzero"`
	MinAgeHours        Field[int]  `json:"min_age_hours,omitzero"`
	MaxFailures        Field[int]  `json:"max_failures,omitzero"`
	LockMinutes        Field[int]  `json:"lock_minutes,omitzero"`
}

// SetUserPassword gives a user, named by its id, another password. Its sessions and links die for good. Needs
// users:password, and everything that the user may.
func (c *Client) SetUserPassword(ctx context.Context, user string, p NewUserPassword) (Answer, error) {
	return say(ctx, c, http.MethodPut, at("users", user, "password"), p)
}

// RemoveUserPassword takes a user's password away. Its sessions and links die for good. Needs users:password, and everything
// that the user may.
func (c *Client) RemoveUserPassword(ctx context.Context, user string, options ...CallOption) (Answer, error) {
	return remove(ctx, c, at("users", user, "password"), options)
}

// PasswordPolicy returns what the environment demands of people's passwords. Needs policy:read.
func (c *Client) PasswordPolicy(ctx context.Context) (*PasswordPolicy, error) {
	return get[PasswordPolicy](ctx, c, at("password-policy"))
}

// UpdatePasswordPolicy changes it. Needs policy:write.
func (c *Client) UpdatePasswordPolicy(ctx context.Context, p PasswordPolicyChange, options ...CallOption) (*PasswordPolicy, error) {
	return change[PasswordPolicy](ctx, c, at("password-policy"), p, options)
}
