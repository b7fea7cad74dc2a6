package directoryapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/directory/factor"
	"github.com/counterfoil/counterfoil/internal/web"
)

// Factor is a [factor.Factor] on the wire.
type Factor struct {
	rest.Row
	ID          string          `json:"id" format:"uuid"`
	Kind        string          `json:"kind" enum:"totp,email,recovery,passkey"`
	Name        string          `json:"name" doc:"How the user tells it from others."`
	Confirmed   bool            `json:"confirmed" doc:"Whether its first code was right. Nobody signs in with one that is not, and after an hour it is gone."`
	Address     string          `json:"address,omitempty" doc:"Where codes by e-mail go."`
	CodesLeft   int             `json:"codes_left,omitempty" doc:"Of recovery codes."`
	LockedUntil time.Time       `json:"locked_until,omitzero" doc:"When the last lock ends or ended that wrong answers caused; absent: there was none. In the year 9999: when somebody unlocks the user."`
	CreatedAt   time.Time       `json:"created_at"`
	LastUsedAt  time.Time       `json:"last_used_at,omitzero" doc:"Absent: never."`
	Secret      rest.Disclosure `json:"secret,omitzero" doc:"What an app makes codes of, in base32, for typing. Only in the answer that made it."`
	OTPAuthURI  rest.Disclosure `json:"otpauth_uri,omitzero" doc:"The same for a QR code. Only in the answer that made it."`
}

// NewFactor is the body that gives a user a factor.
type NewFactor struct {
	Kind    string `json:"kind" enum:"totp,email"`
	Name    string `json:"name,omitempty" doc:"Of an app; App unless given."`
	Address string `json:"address,omitempty" doc:"Of codes by e-mail: one of the user's addresses."`
}

// FactorCode is what somebody typed.
type FactorCode struct {
	Code rest.Confidential `json:"code" doc:"Spaces and dashes in it do not count."`
}

// FactorVerdict says what a code was worth.
type FactorVerdict struct {
	Verdict string `json:"verdict" enum:"right,wrong,locked" doc:"right uses the code up. wrong is also one that was used before, and any of a user who may not sign in. locked: it was not looked at, because of those before."`
}

// RecoveryCodes are shown once.
type RecoveryCodes struct {
	Factor string            `json:"factor" format:"uuid" doc:"The id of the factor that they are."`
	Codes  []rest.Disclosure `json:"codes" nullable:"false" doc:"Each is right once. Those from before are void."`
}

// FactorPath names a factor.
type FactorPath struct {
	UserPath
	Factor string `path:"factor" doc:"Its id."`
}

func (r *Resources) factorOperations(api huma.API) {
	const list, one = "/users/{user}/factors", "/users/{user}/factors/{factor}"
	huma.Register(api, rest.Operation("GET "+list, "list-factors", "List the second factors of a user"), r.listFactors)
	huma.Register(api, rest.Creation("POST "+list, "create-factor", "Give a user a second factor, which counts from its first right code on"), r.createFactor)
	huma.Register(api, rest.Operation("GET "+one, "get-factor", "Show a second factor"), r.getFactor)
	huma.Register(api, rest.Operation("DELETE "+one, "delete-factor", "Take a second factor from a user"), r.deleteFactor)
	confirm := rest.Operation("POST "+one+"/confirm", "confirm-factor", "Confirm a second factor with its first code")
	confirm.Errors = append(confirm.Errors, http.StatusTooManyRequests)
	huma.Register(api, confirm, r.confirmFactor)
	huma.Register(api, rest.Operation("POST "+one+"/verify", "verify-factor", "Say whether a code is right, and use it up"), r.verifyFactor)
	send := rest.Operation("POST "+one+"/send", "send-factor-code", "Send a code for a factor whose codes go by e-mail")
	send.Errors = append(send.Errors, http.StatusTooManyRequests)
	huma.Register(api, send, r.sendFactorCode)
	huma.Register(api, rest.Operation("POST /users/{user}/recovery-codes", "renew-recovery-codes", "Give a user ten new recovery codes, and void those from before"), r.renewRecoveryCodes)
}

func showFactor(f *factor.Factor) Factor {
	return Factor{
		Row: rest.RowOf(f.ID, f.Version), ID: f.ID.String(), Kind: string(f.Kind), Name: f.Name, Confirmed: f.Confirmed, Address: f.Address,
		CodesLeft: f.Codes, LockedUntil: f.LockedUntil, CreatedAt: f.CreatedAt, LastUsedAt: f.UsedAt,
	}
}

func (r *Resources) listFactors(ctx context.Context, in *struct {
	UserPath
	web.PageQuery
}) (*rest.Listed[Factor], error) {
	out := &rest.Listed[Factor]{}
	err := r.Read(ctx, func(tx *db.Tx, c *rest.Call) error {
		all, err := factor.List(tx, &c.Actor, rest.ID(in.User))
		if err != nil {
			return err
		}
		out.Body, err = rest.PageOf(r.Desk, in.PageQuery, c, "factors "+in.User, all,
			func(f *factor.Factor) (int64, string) { return db.Micros(f.CreatedAt), f.ID.String() }, showFactor)
		return err
	})
	return out, err
}

func (r *Resources) createFactor(ctx context.Context, in *struct {
	UserPath
	rest.Idempotent
	Body NewFactor
}) (*rest.Created[Factor], error) {
	user := rest.ID(in.User)
	return rest.Create(ctx, r.Desk, in.Idempotent, in.Body, rest.Maker[Factor]{
		Make: func(tx *db.Tx, c *rest.Call) (Factor, string, error) {
			if in.Body.Kind == string(factor.Email) {
				f, err := r.Factors.EnrolEmail(tx, &c.Actor, user, in.Body.Address)
				if err != nil {
					return Factor{}, "", err
				}
				return showFactor(f), f.ID.String(), nil
			}
			name := in.Body.Name
			if name == "" {
				name = "App"
			}
			f, e, err := r.Factors.EnrolTOTP(tx, &c.Actor, user, name)
			if err != nil {
				return Factor{}, "", err
			}
			shown := showFactor(f)
			shown.Secret, shown.OTPAuthURI = rest.Disclose(e.Secret), rest.Disclose(e.URI)
			return shown, shown.ID, nil
		},
		Again: func(tx *db.Tx, c *rest.Call, name string) (Factor, error) {
			f, err := factor.Made(tx, &c.Actor, user, rest.ID(name))
			if err != nil {
				return Factor{}, err
			}
			return showFactor(f), nil
		},
	})
}

func (r *Resources) getFactor(ctx context.Context, in *struct {
	FactorPath
	rest.Conditional
}) (*rest.Found[Factor], error) {
	return rest.Find(ctx, r.Desk, in.Conditional, func(tx *db.Tx, c *rest.Call) (Factor, error) {
		f, err := factor.Get(tx, &c.Actor, rest.ID(in.User), rest.ID(in.Factor))
		if err != nil {
			return Factor{}, err
		}
		return showFactor(f), nil
	})
}

func (r *Resources) deleteFactor(ctx context.Context, in *struct {
	FactorPath
	rest.Precondition
}) (*rest.Done, error) {
	return r.Remove(ctx, in.Precondition, func(tx *db.Tx, c *rest.Call, version int64) error {
		return r.Factors.Remove(tx, &c.Actor, rest.ID(in.User), rest.ID(in.Factor), version)
	})
}

// confirmFactor refuses only once the transaction is committed: a wrong code counts.
func (r *Resources) confirmFactor(ctx context.Context, in *struct {
	FactorPath
	Body FactorCode
}) (*rest.Changed[Factor], error) {
	var v factor.Verdict
	out, err := rest.Change(ctx, r.Desk, rest.Precondition{}, func(tx *db.Tx, c *rest.Call, _ int64) (Factor, error) {
		f, verdict, err := r.Factors.Confirm(tx, &c.Actor, rest.ID(in.User), rest.ID(in.Factor), in.Body.Code.Secret().Reveal())
		if err != nil {
			return Factor{}, err
		}
		v = verdict
		return showFactor(f), nil
	})
	if err == nil {
		err = v.Err()
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (r *Resources) verifyFactor(ctx context.Context, in *struct {
	FactorPath
	Body FactorCode
}) (*struct {
	rest.Propagation
	Body FactorVerdict
}, error,
) {
	out := &struct {
		rest.Propagation
		Body FactorVerdict
	}{}
	var err error
	out.Propagated, err = r.Write(ctx, func(tx *db.Tx, c *rest.Call) error {
		v, err := r.Factors.Verify(tx, &c.Actor, rest.ID(in.User), rest.ID(in.Factor), in.Body.Code.Secret().Reveal())
		out.Body.Verdict = string(v)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (r *Resources) sendFactorCode(ctx context.Context, in *FactorPath) (*rest.Done, error) {
	return r.Settle(ctx, func(tx *db.Tx, c *rest.Call) error {
		return r.Factors.SendCode(tx, &c.Actor, rest.ID(in.User), rest.ID(in.Factor))
	})
}

func (r *Resources) renewRecoveryCodes(ctx context.Context, in *UserPath) (*struct {
	rest.Propagation
	Body RecoveryCodes
}, error,
) {
	out := &struct {
		rest.Propagation
		Body RecoveryCodes
	}{}
	var err error
	out.Propagated, err = r.Write(ctx, func(tx *db.Tx, c *rest.Call) error {
		f, codes, err := r.Factors.RenewCodes(tx, &c.Actor, rest.ID(in.User))
		if err != nil {
			return err
		}
		out.Body = RecoveryCodes{Factor: f.ID.String()}
		for _, code := range codes {
			out.Body.Codes = append(out.Body.Codes, rest.Disclose(code))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}
