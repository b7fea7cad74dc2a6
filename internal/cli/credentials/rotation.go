package credentials

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func (d verbs) secretRotateCommand() *cobra.Command {
	var (
		wanted   client.SecretRotation
		old      desk.Old
		expires  desk.Expires
		handover time.Duration
	)
	cmd := d.Command("rotate APP ID", "Make a successor of a secret; the old one goes on for a while", cobra.ExactArgs(2), desk.TableJSONOrEnv,
		d.WithApp(func(ctx context.Context, c *client.Client, app *client.Application, args []string) (err error) {
			if wanted.OldEndsIn, wanted.OldEndsAt, err = old.Span(d.Now()); err != nil {
				return err
			}
			if wanted.ActivateOnFirstUse && wanted.OldEndsAt != nil {
				return desk.Usage("with --activate-on-first-use --old is now or a span such as 24h: nobody knows yet when that use is")
			}
			if wanted.ExpiresAt, err = expires.At(d.Now()); err != nil {
				return err
			}
			if wanted.Handover = int64(handover / time.Second); wanted.Handover != 0 && d.Output == desk.AsEnv {
				return desk.Usage("there is no secret to print as -o env: a link hands it over")
			}
			issuer, err := d.Issuer(ctx, c) // before the rotation: nothing may fail after it
			if err != nil {
				return err
			}
			made, err := c.RotateSecret(ctx, app.ClientID, args[0], wanted)
			if err != nil {
				return err
			}
			return d.showMade(made, client.Secret{}, issuer)
		}))
	cmd.Example = "  counterfoil app secret rotate billing ID -o env > .env\n" +
		"  counterfoil app secret rotate billing ID --old 1h --activate-on-first-use"
	old.Bind(cmd, "secret", "24h")
	flags := cmd.Flags()
	flags.BoolVar(&wanted.ActivateOnFirstUse, "activate-on-first-use", false, "count --old from the first use of the new secret")
	flags.IntVar(&wanted.AutoRetireDays, "auto-retire", 0, "delete the old secret once it has not been used for so many days")
	expires.Bind(cmd, "the new secret")
	flags.Lookup("expires").Usage = "when the new secret ends: 90d, 2w, 1y or 2027-12-31; it lives as long as the old one was made to unless given"
	bindHandover(cmd, &handover)
	return cmd
}

// oldSecret says what becomes of the secret that a new one replaces.
func oldSecret(s *client.ApplicationSecret) string {
	grace := ""
	if s.OldEndsIn != nil {
		grace = fmt.Sprintf("goes on for %s after the first use of this one", terminal.Seconds(int(*s.OldEndsIn)))
	}
	switch {
	case s.Old == nil:
		return grace
	case grace != "":
		return s.Old.ID + " " + grace
	case s.Old.TokensEnded:
		return s.Old.ID + " is dead, and its tokens with it"
	default:
		return s.Old.ID + " goes on until " + terminal.StampOr(s.Old.ExpiresAt, "it is removed")
	}
}

// secretEdit is what flags say of a change to a secret.
type secretEdit struct {
	SecretFlags
	allScopes, anyNetwork bool
}

func (d verbs) secretEditCommand() *cobra.Command {
	var edit secretEdit
	var cmd *cobra.Command
	cmd = d.Command("edit APP ID", "Change description, life, scopes or networks of a secret", cobra.ExactArgs(2), desk.TableOrJSON,
		d.WithApp(func(ctx context.Context, c *client.Client, app *client.Application, args []string) error {
			change, err := edit.change(cmd, d.Now())
			if err != nil {
				return err
			}
			now, err := c.Secret(ctx, app.ClientID, args[0])
			if err != nil {
				return err
			}
			changed, err := c.UpdateSecret(ctx, app.ClientID, args[0], change, client.IfMatch(now.ETag))
			if err != nil {
				return err
			}
			d.NotePropagation(changed.Answer)
			return d.showSecret(changed)
		}))
	flags := cmd.Flags()
	flags.StringVar(&edit.description, "description", "", "where it is used, to recognise it later")
	edit.Expires.Bind(cmd, "the secret")
	flags.StringVar(&edit.notBefore, "not-before", "", "when it begins to work, such as 2027-01-31T08:00:00Z")
	edit.scopes.Bind(cmd, "scope", "narrow it to these API families and permissions, instead of those it has")
	flags.BoolVar(&edit.allScopes, "all-scopes", false, "narrow it no longer")
	flags.StringArrayVar(&edit.networks, "network", nil, "let it be used from this network only, instead of those it has; repeatable")
	flags.BoolVar(&edit.anyNetwork, "any-network", false, "let it be used from anywhere")
	cmd.MarkFlagsMutuallyExclusive("scope", "all-scopes")
	cmd.MarkFlagsMutuallyExclusive("network", "any-network")
	cmd.MarkFlagsOneRequired("description", "expires", "not-before", "scope", "all-scopes", "network", "any-network")
	return cmd
}

func (e *secretEdit) change(cmd *cobra.Command, now time.Time) (change client.ApplicationSecretChange, err error) {
	wanted, err := e.Wanted(now)
	if err != nil {
		return change, err
	}
	desk.SetIf(cmd, "description", &change.Description, wanted.Description)
	desk.SetIf(cmd, "scope", &change.Scopes, wanted.Scopes)
	desk.SetIf(cmd, "network", &change.Networks, wanted.Networks)
	if wanted.NotBefore != nil {
		change.NotBefore = client.Set(*wanted.NotBefore)
	}
	switch {
	case wanted.ExpiresAt != nil:
		change.ExpiresAt = client.Set(*wanted.ExpiresAt)
	case e.Expires.Given():
		change.ExpiresAt = client.Clear[time.Time]()
	}
	if e.allScopes {
		change.Scopes = client.Clear[[]string]()
	}
	if e.anyNetwork {
		change.Networks = client.Set([]string{})
	}
	return change, nil
}

// revealedView is a revealed secret as JSON, with the secret shown.
type revealedView struct {
	*client.RevealedSecret
	Secret string `json:"secret"`
}

func (d verbs) secretReveal(ctx context.Context, c *client.Client, app *client.Application, args []string) error {
	issuer, err := d.Issuer(ctx, c)
	if err != nil {
		return err
	}
	shown, err := c.RevealSecret(ctx, app.ClientID, args[0])
	if err != nil {
		return err
	}
	if d.Output == desk.AsEnv {
		return d.PrintCredential(shown.ClientID, &shown.Secret, issuer)
	}
	return d.Show(revealedView{shown, shown.Secret.Reveal()}, func(t *terminal.Table) {
		t.Field("Id", shown.ID)
		t.Field("Client id", shown.ClientID)
		t.Field("Secret", shown.Secret.Reveal())
	})
}
