package passwordapi

import (
	"context"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory/password"
)

// PasswordPolicy is a [password.Policy] on the wire.
type PasswordPolicy struct {
	rest.Row
	MinLength     int  `json:"min_length" doc:"Characters, at least. There is no most but 1,024 bytes."`
	MinScore      int  `json:"min_score" doc:"Points of strength, of 4, at least: 3 is 10^10 guesses and more."`
	MinClasses    int  `json:"min_classes" doc:"How many of small letters, capital letters, digits and others there are at least; 0, which is better, asks for none."`
	PersonalWords bool `json:"allow_personal_words" doc:"Whether words from user name, addresses and names count toward length and strength."`
	Breached      bool `json:"allow_breached" doc:"Whether passwords are taken that are in the operator's list of breached ones."`
	History       int  `json:"history" doc:"How many earlier passwords the user cannot choose again, beside the present one."`
	MaxAgeDays    int  `json:"max_age_days" doc:"When a password expires; 0: never."`
	MinAgeHours   int  `json:"min_age_hours" doc:"How long its owner cannot change it again."`
	MaxFailures   int  `json:"max_failures" doc:"How many wrong passwords in a row lock the user."`
	LockMinutes   int  `json:"lock_minutes" doc:"For how long; 0: until somebody unlocks the user."`
}

// PasswordPolicyChange is a merge patch. What is null goes back to what it is at birth.
type PasswordPolicyChange struct {
	MinLength     rest.Patch[int]  `json:"min_length,omitzero" minimum:"8" maximum:"64"`
	MinScore      rest.Patch[int]  `json:"min_score,omitzero" minimum:"0" maximum:"4"`
	MinClasses    rest.Patch[int]  `json:"min_classes,omitzero" minimum:"0" maximum:"4"`
	PersonalWords rest.Patch[bool] `json:"allow_personal_words,omitzero"`
	Breached      rest.Patch[bool] `json:"allow_breached,omitzero"`
	History       rest.Patch[int]  `json:"history,omitzero" minimum:"0" maximum:"24"`
	MaxAgeDays    rest.Patch[int]  `json:"max_age_days,omitzero" minimum:"0" maximum:"3650"`
	MinAgeHours   rest.Patch[int]  `json:"min_age_hours,omitzero" minimum:"0" maximum:"720"`
	MaxFailures   rest.Patch[int]  `json:"max_failures,omitzero" minimum:"1" maximum:"20"`
	LockMinutes   rest.Patch[int]  `json:"lock_minutes,omitzero" minimum:"0" maximum:"527040"`
}

func (r *Resources) getPolicy(ctx context.Context, in *rest.Conditional) (*rest.Found[PasswordPolicy], error) {
	return rest.Find(ctx, r.Desk, *in, func(tx *db.Tx, c *rest.Call) (PasswordPolicy, error) {
		p, version, err := password.GetPolicy(tx, &c.Actor)
		return showPolicy(c.Actor.Environment, &p, version), err
	})
}

func (r *Resources) changePolicy(ctx context.Context, in *struct {
	rest.Precondition
	Body PasswordPolicyChange
}) (*rest.Changed[PasswordPolicy], error) {
	return rest.Change(ctx, r.Desk, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) (PasswordPolicy, error) {
		p, version, err := password.ChangePolicy(tx, &c.Actor, version, in.Body.apply)
		return showPolicy(c.Actor.Environment, &p, version), err
	})
}

func (p *PasswordPolicyChange) apply(to *password.Policy) {
	born := password.DefaultPolicy()
	p.MinLength.Apply(&to.MinLength, born.MinLength)
	p.MinScore.Apply(&to.MinScore, born.MinScore)
	p.MinClasses.Apply(&to.MinClasses, born.MinClasses)
	p.PersonalWords.Apply(&to.PersonalWords, born.PersonalWords)
	p.Breached.Apply(&to.Breached, born.Breached)
	p.History.Apply(&to.History, born.History)
	p.MaxAgeDays.Apply(&to.MaxAgeDays, born.MaxAgeDays)
	p.MinAgeHours.Apply(&to.MinAgeHours, born.MinAgeHours)
	p.MaxFailures.Apply(&to.MaxFailures, born.MaxFailures)
	p.LockMinutes.Apply(&to.LockMinutes, born.LockMinutes)
}

func showPolicy(environment uuid.UUID, p *password.Policy, version int64) PasswordPolicy {
	return PasswordPolicy{
		Row: rest.RowOf(environment, version), MinLength: p.MinLength, MinScore: p.MinScore, MinClasses: p.MinClasses,
		PersonalWords: p.PersonalWords, Breached: p.Breached, History: p.History, MaxAgeDays: p.MaxAgeDays,
		MinAgeHours: p.MinAgeHours, MaxFailures: p.MaxFailures, LockMinutes: p.LockMinutes,
	}
}
