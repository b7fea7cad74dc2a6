package credentials

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func (d verbs) secretCommand() *cobra.Command {
	ofApp, ofSecret := d.Completing(desk.ApplicationNames), d.Completing(desk.ApplicationNames, secretIDs)
	two := cobra.ExactArgs(2)
	return desk.Group("secret", "The client secrets of an application",
		ofApp(d.secretAddCommand()),
		ofApp(d.Command("list APP", "List an application's secrets", cobra.ExactArgs(1), desk.TableOrJSON, d.WithApp(d.secretList))),
		ofSecret(d.Command("show APP ID", "Show what is known of a secret; the secret itself is not", two, desk.TableOrJSON, d.WithApp(d.secretShow))),
		ofSecret(d.Command("disable APP ID", "Refuse a secret, and make its tokens inactive for good", two, desk.TableOrJSON, d.onSecret((*client.Client).DisableSecret))),
		ofSecret(d.Command("enable APP ID", "Let a secret work again", two, desk.TableOrJSON, d.onSecret((*client.Client).EnableSecret))),
		ofSecret(d.secretDeleteCommand()),
	)
}

// SecretFlags are what flags say of a secret to be made; a command binds those it offers.
type SecretFlags struct {
	Expires                desk.Expires
	description, notBefore string
	scopes                 []string
}

// Wanted returns the secret to ask the server for.
func (s *SecretFlags) Wanted(now time.Time) (*client.NewApplicationSecret, error) {
	expires, err := s.Expires.At(now)
	if err != nil {
		return nil, err
	}
	wanted := &client.NewApplicationSecret{Description: s.description, ExpiresAt: expires, Scopes: s.scopes}
	if s.notBefore != "" {
		at, err := time.Parse(time.RFC3339, s.notBefore)
		if err != nil {
			return nil, desk.Usage("--not-before %q is not a time like 2027-01-31T08:00:00Z", s.notBefore)
		}
		wanted.NotBefore = &at
	}
	return wanted, nil
}

// SecretView is a secret as JSON with the secret shown: this answer is the only place it is in.
type SecretView struct {
	*client.ApplicationSecret
	Secret string `json:"secret,omitempty"`
}

func (d verbs) secretAddCommand() *cobra.Command {
	var flagged SecretFlags
	cmd := d.Command("add APP", "Make another secret; those there are go on working", cobra.ExactArgs(1), desk.TableJSONOrEnv,
		d.WithApp(func(ctx context.Context, c *client.Client, app *client.Application, _ []string) error {
			wanted, err := flagged.Wanted(d.Now())
			if err != nil {
				return err
			}
			issuer, err := d.Issuer(ctx, c) // before the creation: nothing may fail after it
			if err != nil {
				return err
			}
			made, err := c.AddSecret(ctx, app.ClientID, *wanted)
			if err != nil {
				return err
			}
			if d.Output == desk.AsEnv {
				WarnIfLost(d.Desk, made)
				return d.PrintCredential(app.ClientID, &made.Secret, issuer)
			}
			return d.showSecret(made)
		}))
	flags := cmd.Flags()
	flags.StringVar(&flagged.description, "description", "", "where it is used, to recognise it later")
	flagged.Expires.Bind(cmd, "the secret")
	flags.StringVar(&flagged.notBefore, "not-before", "", "when it begins to work, such as 2027-01-31T08:00:00Z")
	flags.StringArrayVar(&flagged.scopes, "scope", nil, "allow this secret only this of the application's scopes; repeatable")
	return cmd
}

// WarnIfLost tells what to do when the answer that held the secret never arrived.
func WarnIfLost(d *desk.Desk, s *client.ApplicationSecret) {
	if s.SecretShown {
		d.Say("note: the secret was made, but the answer that showed it was lost on the way.\n"+
			"hint: counterfoil app secret delete %s %s, then counterfoil app secret add %s\n", s.ClientID, s.ID, s.ClientID)
	}
}

func (d verbs) showSecret(s *client.ApplicationSecret) error {
	WarnIfLost(d.Desk, s)
	return d.Show(SecretView{s, s.Secret.Reveal()}, func(t *terminal.Table) {
		t.Field("Id", s.ID)
		t.Field("Client id", s.ClientID)
		t.Field("Description", s.Description)
		t.Field("Hint", s.Hint)
		if !s.Secret.IsZero() {
			t.Field("Secret", s.Secret.Reveal()+"   (shown this once)")
		}
		t.Field("Scopes", secretScopes(s))
		t.Field("Status", desk.Status(s.Enabled))
		t.Field("Not before", terminal.StampOr(s.NotBefore, ""))
		t.Field("Expires", terminal.StampOr(s.ExpiresAt, "never"))
		t.Field("Last used", terminal.StampOr(s.LastUsedAt, "never"))
		t.Field("Created", terminal.Stamp(s.CreatedAt)+" by "+s.CreatedBy)
	})
}

func secretScopes(s *client.ApplicationSecret) string {
	if s.Scopes == nil {
		return "all of the application"
	}
	if len(s.Scopes) == 0 {
		return "none"
	}
	return strings.Join(s.Scopes, " ")
}

func (d verbs) secretList(ctx context.Context, c *client.Client, app *client.Application, _ []string) error {
	all, err := client.Collect(c.Secrets(ctx, app.ClientID))
	if err != nil {
		return err
	}
	head := []string{"ID", "HINT", "SCOPES", "STATUS", "EXPIRES", "LAST USED", "CREATED", "DESCRIPTION"}
	return desk.List(d.Desk, all, head, func(s *client.ApplicationSecret) []string {
		state := desk.Status(s.Enabled)
		if s.ExpiresAt != nil && !s.ExpiresAt.After(d.Now()) {
			state = "expired"
		}
		return []string{
			s.ID, s.Hint, secretScopes(s), state, terminal.StampOr(s.ExpiresAt, "never"), terminal.StampOr(s.LastUsedAt, "never"),
			terminal.Stamp(s.CreatedAt), s.Description,
		}
	})
}

func (d verbs) secretShow(ctx context.Context, c *client.Client, app *client.Application, args []string) error {
	secret, err := c.Secret(ctx, app.ClientID, args[0])
	if err != nil {
		return err
	}
	return d.showSecret(secret)
}

// secretIDs are those of the application that the first argument names; hints tell them apart.
func secretIDs(ctx context.Context, c *client.Client, args []string) []string {
	app, err := desk.FindApplication(ctx, c, args[0])
	if err != nil {
		return nil
	}
	return desk.NamesOf(c.Secrets(ctx, app.ClientID), func(s *client.ApplicationSecret) string {
		return cobra.CompletionWithDesc(s.ID, s.Hint)
	})
}

// onSecret makes the run of a verb that takes an application and a secret's id and changes the secret's state.
func (d verbs) onSecret(verb func(*client.Client, context.Context, string, string) (client.Answer, error)) desk.Run {
	return d.WithApp(func(ctx context.Context, c *client.Client, app *client.Application, args []string) error {
		answer, err := verb(c, ctx, app.ClientID, args[0])
		if err != nil {
			return err
		}
		secret, err := c.Secret(ctx, app.ClientID, args[0])
		if err != nil {
			return fmt.Errorf("it was done, but looking at the result failed: %w", err)
		}
		d.NotePropagation(answer)
		return d.showSecret(secret)
	})
}

func (d verbs) secretDeleteCommand() *cobra.Command {
	var yes bool
	cmd := d.Command("delete APP ID", "Delete a secret, and make its tokens inactive", cobra.ExactArgs(2), desk.TableOrJSON,
		d.WithApp(func(ctx context.Context, c *client.Client, app *client.Application, args []string) error {
			if err := d.Confirm(yes, "Delete secret %s of application %s?", args[0], app.Name); err != nil {
				return err
			}
			answer, err := c.DeleteSecret(ctx, app.ClientID, args[0])
			if err != nil {
				return err
			}
			return d.ShowDeleted(answer, args[0])
		}))
	desk.BindYes(cmd, &yes)
	return cmd
}
