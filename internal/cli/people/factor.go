package people

import (
	"context"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

// factorCommand is the group about what users have beside their passwords.
func factorCommand(d *desk.Desk) *cobra.Command {
	list := d.Command("list USER", "List the second factors of a user", cobra.ExactArgs(1), desk.TableOrJSON,
		ofUser(d, func(ctx context.Context, c *client.Client, user string, _ []string) error {
			var all []*client.Factor
			for f, err := range c.Factors(ctx, user) {
				if err != nil {
					return err
				}
				all = append(all, f)
			}
			return desk.List(d, all, []string{"ID", "KIND", "NAME", "STATUS", "LAST USED"}, func(f *client.Factor) []string {
				return []string{f.ID, f.Kind, f.Name, factorStatus(f, d.Now()), terminal.StampOr(f.LastUsedAt, "never")}
			})
		}))
	send := d.Command("send USER FACTOR", "Send a code for a factor whose codes go by e-mail", cobra.ExactArgs(2), desk.TableOrJSON,
		ofUser(d, func(ctx context.Context, c *client.Client, user string, args []string) error {
			if _, err := c.SendFactorCode(ctx, user, args[0]); err != nil {
				return err
			}
			return d.Show(map[string]any{"id": args[0], "sent": true}, func(t *terminal.Table) { t.Row("sent a code for " + args[0]) })
		}))
	return desk.Group("factor", "What users prove themselves with beside their passwords",
		list, enrolCommand(d), confirmCommand(d), verifyCommand(d), send, removeCommand(d))
}

// factorView shows what the client's own JSON hides.
type factorView struct {
	*client.Factor
	Secret     string `json:"secret,omitempty"`
	OTPAuthURI string `json:"otpauth_uri,omitempty"`
}

func enrolCommand(d *desk.Desk) *cobra.Command {
	var wanted client.NewFactor
	cmd := d.Command("enrol USER", "Give a user an app's secret, or one of its addresses as a factor", cobra.ExactArgs(1), desk.TableOrJSON,
		ofUser(d, func(ctx context.Context, c *client.Client, user string, _ []string) error {
			if wanted.Kind = "totp"; wanted.Address != "" {
				wanted.Kind = "email"
			}
			f, err := c.EnrolFactor(ctx, user, wanted)
			if err != nil {
				return err
			}
			return showFactor(d, user, f)
		}))
	cmd.Flags().StringVar(&wanted.Name, "name", "", "what the user calls the app (App)")
	cmd.Flags().StringVar(&wanted.Address, "email", "", "send codes to this address of the user instead")
	cmd.MarkFlagsMutuallyExclusive("name", "email")
	return cmd
}

func showFactor(d *desk.Desk, user string, f *client.Factor) error {
	return d.Show(factorView{f, f.Secret.Reveal(), f.OTPAuthURI.Reveal()}, func(t *terminal.Table) {
		t.Field("Id", f.ID)
		t.Field("Kind", f.Kind)
		t.Field("Name", f.Name)
		t.Field("Status", factorStatus(f, d.Now()))
		if !f.Secret.IsZero() {
			t.Field("Secret", f.Secret.Reveal()+"   (shown this once)")
			t.Field("For a QR code", f.OTPAuthURI.Reveal())
		}
		if !f.Confirmed {
			t.Field("Next", "counterfoil user factor confirm "+user+" "+f.ID)
		}
	})
}

func confirmCommand(d *desk.Desk) *cobra.Command {
	return d.Command("confirm USER FACTOR", "Confirm a factor with its first code, from standard input", cobra.ExactArgs(2), desk.TableOrJSON,
		ofUser(d, func(ctx context.Context, c *client.Client, user string, args []string) error {
			code, err := readCode(d)
			if err != nil {
				return err
			}
			f, err := c.ConfirmFactor(ctx, user, args[0], code)
			if err != nil {
				return err
			}
			return showFactor(d, user, f)
		}))
}

func verifyCommand(d *desk.Desk) *cobra.Command {
	return d.Command("verify USER FACTOR", "Say whether a code, from standard input, is right, and use it up", cobra.ExactArgs(2), desk.TableOrJSON,
		ofUser(d, func(ctx context.Context, c *client.Client, user string, args []string) error {
			code, err := readCode(d)
			if err != nil {
				return err
			}
			v, err := c.VerifyFactor(ctx, user, args[0], code)
			if err != nil {
				return err
			}
			if err := d.Show(v, func(t *terminal.Table) { t.Row(v.Verdict) }); err != nil || v.Verdict == "right" {
				return err
			}
			return desk.Fail(desk.ExitFailure, "", "the code is not right")
		}))
}

func removeCommand(d *desk.Desk) *cobra.Command {
	var yes bool
	cmd := d.Command("remove USER FACTOR", "Take a factor from a user", cobra.ExactArgs(2), desk.TableOrJSON,
		ofUser(d, func(ctx context.Context, c *client.Client, user string, args []string) error {
			if err := d.Confirm(yes, "Remove factor %s? The user may not be able to sign in without it.", args[0]); err != nil {
				return err
			}
			answer, err := c.RemoveFactor(ctx, user, args[0])
			if err != nil {
				return err
			}
			return d.ShowDeleted(answer, args[0])
		}))
	desk.BindYes(cmd, &yes)
	return cmd
}

// recoveryCodesCommand gives a user something to sign in with when the phone is gone.
func recoveryCodesCommand(d *desk.Desk) *cobra.Command {
	var yes bool
	cmd := d.Command("recovery-codes USER", "Give a user ten new recovery codes; those from before are void", cobra.ExactArgs(1), desk.TableOrJSON,
		ofUser(d, func(ctx context.Context, c *client.Client, user string, _ []string) error {
			if err := d.Confirm(yes, "Make new recovery codes? Those from before will be void."); err != nil {
				return err
			}
			made, err := c.RenewRecoveryCodes(ctx, user)
			if err != nil {
				return err
			}
			view := struct {
				Factor string   `json:"factor"`
				Codes  []string `json:"codes"`
			}{made.Factor, nil}
			for _, code := range made.Codes {
				view.Codes = append(view.Codes, code.Reveal())
			}
			return d.Show(view, func(t *terminal.Table) {
				for _, code := range view.Codes {
					t.Row(code)
				}
			})
		}))
	desk.BindYes(cmd, &yes)
	return cmd
}

// ofUser finds the user whom the first argument names by id or user name; then gets its id and the other arguments.
func ofUser(d *desk.Desk, then func(ctx context.Context, c *client.Client, user string, args []string) error) desk.Run {
	return d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
		if _, err := uuid.Parse(args[0]); err == nil {
			return then(ctx, c, args[0], args[1:])
		}
		for u, err := range c.Users(ctx, client.UserFilter{UserName: args[0]}) {
			if err != nil {
				return err
			}
			return then(ctx, c, u.ID, args[1:])
		}
		return desk.Fail(desk.ExitNotFound, "", "no user has the name or the id %s", strconv.Quote(args[0]))
	})
}

func readCode(d *desk.Desk) (client.Secret, error) {
	if d.Asks {
		d.Say("Type the code, then press Return and Ctrl-D:\n")
	}
	return d.Sensitive("-")
}

// factorStatus says in a word or two whether a factor can be used.
func factorStatus(f *client.Factor, now time.Time) string {
	switch {
	case f.LockedUntil != nil && now.Before(*f.LockedUntil):
		return "locked until " + terminal.Stamp(*f.LockedUntil)
	case !f.Confirmed:
		return "to be confirmed"
	case f.Kind == "recovery":
		return strconv.Itoa(f.CodesLeft) + " codes left"
	}
	return "confirmed"
}
