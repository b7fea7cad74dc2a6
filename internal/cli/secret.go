package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

const expiresHelp = "when the secret ends: 90d, 2w, 1y, 2027-12-31 or never (the default)"

func (p *program) secretCommand() *cobra.Command {
	ofApp, ofSecret := p.completing(applicationNames), p.completing(applicationNames, secretIDs)
	two := cobra.ExactArgs(2)
	return group("secret", "The client secrets of an application",
		ofApp(p.secretAddCommand()),
		ofApp(p.command("list APP", "List an application's secrets", cobra.ExactArgs(1), tableOrJSON, p.withApp(p.secretList))),
		ofSecret(p.command("show APP ID", "Show what is known of a secret; the secret itself is not", two, tableOrJSON, p.withApp(p.secretShow))),
		ofSecret(p.command("disable APP ID", "Refuse a secret, and make its tokens inactive for good", two, tableOrJSON, p.onSecret((*client.Client).DisableSecret))),
		ofSecret(p.command("enable APP ID", "Let a secret work again", two, tableOrJSON, p.onSecret((*client.Client).EnableSecret))),
		ofSecret(p.secretDeleteCommand()),
	)
}

// newSecret is what flags say of a secret to be made.
type newSecret struct {
	description, expires, notBefore string
	scopes                          []string
}

func (s *newSecret) wanted(now time.Time) (*client.NewApplicationSecret, error) {
	expires, err := expiry(s.expires, now)
	if err != nil {
		return nil, err
	}
	wanted := &client.NewApplicationSecret{Description: s.description, ExpiresAt: expires, Scopes: s.scopes}
	if s.notBefore != "" {
		at, err := time.Parse(time.RFC3339, s.notBefore)
		if err != nil {
			return nil, usage("--not-before %q is not a time like 2027-01-31T08:00:00Z", s.notBefore)
		}
		wanted.NotBefore = &at
	}
	return wanted, nil
}

// secretView is a secret as JSON with the secret shown: this answer is the only place it is in.
type secretView struct {
	*client.ApplicationSecret
	Secret string `json:"secret,omitempty"`
}

func (p *program) secretAddCommand() *cobra.Command {
	var flagged newSecret
	cmd := p.command("add APP", "Make another secret; those there are go on working", cobra.ExactArgs(1), tableJSONOrEnv,
		p.withApp(func(ctx context.Context, c *client.Client, app *client.Application, _ []string) error {
			wanted, err := flagged.wanted(p.Now())
			if err != nil {
				return err
			}
			issuer, err := p.issuer(ctx, c) // before the creation: see createApp
			if err != nil {
				return err
			}
			made, err := c.AddSecret(ctx, app.ClientID, *wanted)
			if err != nil {
				return err
			}
			if p.output == asEnv {
				return p.credentialEnv(app.ClientID, made, issuer)
			}
			return p.showSecret(made)
		}))
	flags := cmd.Flags()
	flags.StringVar(&flagged.description, "description", "", "where it is used, to recognise it later")
	flags.StringVar(&flagged.expires, "expires", "", expiresHelp)
	flags.StringVar(&flagged.notBefore, "not-before", "", "when it begins to work, such as 2027-01-31T08:00:00Z")
	flags.StringArrayVar(&flagged.scopes, "scope", nil, "allow this secret only this of the application's scopes; repeatable")
	return cmd
}

// warnIfLost tells what to do when the answer that held the secret never arrived.
func (p *program) warnIfLost(s *client.ApplicationSecret) {
	if s.SecretShown {
		p.say("note: the secret was made, but the answer that showed it was lost on the way.\n"+
			"hint: counterfoil app secret delete %s %s, then counterfoil app secret add %s\n", s.ClientID, s.ID, s.ClientID)
	}
}

func (p *program) showSecret(s *client.ApplicationSecret) error {
	p.warnIfLost(s)
	return p.show(secretView{s, s.Secret.Reveal()}, func(t *terminal.Table) {
		t.Field("Id", s.ID)
		t.Field("Client id", s.ClientID)
		t.Field("Description", s.Description)
		t.Field("Hint", s.Hint)
		if !s.Secret.IsZero() {
			t.Field("Secret", s.Secret.Reveal()+"   (shown this once)")
		}
		t.Field("Scopes", secretScopes(s))
		t.Field("Status", status(s.Enabled))
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

func (p *program) secretList(ctx context.Context, c *client.Client, app *client.Application, _ []string) error {
	all, err := client.Collect(c.Secrets(ctx, app.ClientID))
	if err != nil {
		return err
	}
	head := []string{"ID", "HINT", "SCOPES", "STATUS", "EXPIRES", "LAST USED", "CREATED", "DESCRIPTION"}
	return list(p, all, head, func(s *client.ApplicationSecret) []string {
		state := status(s.Enabled)
		if s.ExpiresAt != nil && !s.ExpiresAt.After(p.Now()) {
			state = "expired"
		}
		return []string{
			s.ID, s.Hint, secretScopes(s), state, terminal.StampOr(s.ExpiresAt, "never"), terminal.StampOr(s.LastUsedAt, "never"),
			terminal.Stamp(s.CreatedAt), s.Description,
		}
	})
}

func (p *program) secretShow(ctx context.Context, c *client.Client, app *client.Application, args []string) error {
	secret, err := c.Secret(ctx, app.ClientID, args[0])
	if err != nil {
		return err
	}
	return p.showSecret(secret)
}

// onSecret makes the run of a verb that takes an application and a secret's id and changes the secret's state.
func (p *program) onSecret(verb func(*client.Client, context.Context, string, string) (client.Answer, error)) run {
	return p.withApp(func(ctx context.Context, c *client.Client, app *client.Application, args []string) error {
		answer, err := verb(c, ctx, app.ClientID, args[0])
		if err != nil {
			return err
		}
		secret, err := c.Secret(ctx, app.ClientID, args[0])
		if err != nil {
			return fmt.Errorf("it was done, but looking at the result failed: %w", err)
		}
		p.notePropagation(answer)
		return p.showSecret(secret)
	})
}

func (p *program) secretDeleteCommand() *cobra.Command {
	var yes bool
	cmd := p.command("delete APP ID", "Delete a secret, and make its tokens inactive", cobra.ExactArgs(2), tableOrJSON,
		p.withApp(func(ctx context.Context, c *client.Client, app *client.Application, args []string) error {
			if err := p.confirm(yes, "Delete secret %s of application %s?", args[0], app.Name); err != nil {
				return err
			}
			answer, err := c.DeleteSecret(ctx, app.ClientID, args[0])
			if err != nil {
				return err
			}
			return p.showDeleted(answer, args[0])
		}))
	bindYes(cmd, &yes)
	return cmd
}
