package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/envfile"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func (p *program) appCommand() *cobra.Command {
	completed := p.completing(applicationNames)
	one := cobra.ExactArgs(1)
	return group("app", "The applications that call APIs, and their credentials",
		p.appCreateCommand(),
		p.command("list", "List the applications", cobra.NoArgs, tableOrJSON, p.withClient(p.appList)),
		completed(p.command("show APP", "Show an application by name or client id", one, tableJSONOrEnv, p.withApp(p.appShow))),
		completed(p.command("refusals APP", "List an application's latest refused requests; up to 30 seconds late", one, tableOrJSON, p.withApp(p.appRefusals))),
		completed(p.appEditCommand()),
		completed(p.command("disable APP", "Refuse an application, and make its tokens inactive for good", one, tableOrJSON, p.onApp((*client.Client).DisableApplication))),
		completed(p.command("enable APP", "Let an application work again", one, tableOrJSON, p.onApp((*client.Client).EnableApplication))),
		completed(p.appDeleteCommand()),
		p.secretCommand(),
	)
}

func (p *program) appCreateCommand() *cobra.Command {
	var (
		wanted   client.NewApplication
		tokens   time.Duration
		disabled bool
		noSecret bool
		secret   newSecret
	)
	cmd := p.command("create NAME", "Make an application with its first secret", cobra.ExactArgs(1), tableJSONOrEnv,
		p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
			wanted.Name, wanted.TokenLifetime = args[0], int(tokens.Seconds())
			if disabled {
				wanted.Enabled = new(false)
			}
			if !noSecret {
				var err error
				if wanted.Secret, err = secret.wanted(p.Now()); err != nil {
					return err
				}
			}
			return p.createApp(ctx, c, wanted)
		}))
	cmd.Example = "  counterfoil app create billing --scope invoices:read -o env > .env\n" +
		"  counterfoil app create gateway --introspects invoices"
	flags := cmd.Flags()
	flags.StringArrayVar(&wanted.Scopes, "scope", nil, "a permission it may ask for; repeatable")
	flags.StringArrayVar(&wanted.Introspects, "introspects", nil, "an API whose tokens it may check, being its resource server; repeatable")
	flags.StringVar(&wanted.Description, "description", "", "what it is for")
	flags.StringArrayVar(&wanted.AuthMethods, "auth-method", nil, "client_secret_basic or client_secret_post; repeatable")
	flags.DurationVar(&tokens, "token-lifetime", 0, "how long its tokens live at most, such as 5m")
	flags.BoolVar(&disabled, "disabled", false, "make it without letting it act yet")
	flags.BoolVar(&noSecret, "no-secret", false, "make no first secret")
	flags.StringVar(&secret.expires, "expires", "", expiresHelp)
	cmd.MarkFlagsMutuallyExclusive("no-secret", "expires")
	return cmd
}

func (p *program) createApp(ctx context.Context, c *client.Client, wanted client.NewApplication) error {
	// The issuer is asked for first: nothing may fail between the creation and the printing of its secret.
	issuer, err := p.issuer(ctx, c)
	if err != nil {
		return err
	}
	made, err := c.CreateApplication(ctx, wanted)
	if err != nil {
		return err
	}
	if p.output == asEnv {
		return p.credentialEnv(made.ClientID, made.Secret, issuer)
	}
	return p.showApp(made, issuer)
}

// issuer returns the environment's issuer where the output names it, and "" where it does not.
func (p *program) issuer(ctx context.Context, c *client.Client) (string, error) {
	if p.output == asJSON {
		return "", nil
	}
	self, err := c.Self(ctx)
	if err != nil {
		return "", err
	}
	return self.Environment.Issuer, nil
}

// credentialEnv prints what a program needs to fetch tokens.
func (p *program) credentialEnv(clientID string, secret *client.ApplicationSecret, issuer string) error {
	text := envfile.Line("CLIENT_ID", clientID)
	if secret != nil {
		p.warnIfLost(secret)
		text += envfile.Line("CLIENT_SECRET", secret.Secret.Reveal())
	}
	text += envfile.Line("TOKEN_URL", issuer+"/oauth2/token") + envfile.Line("ISSUER", issuer)
	_, err := io.WriteString(p.Out, text)
	return err
}

// appView is an application as JSON, with the secret shown: this answer is the only place it is in.
type appView struct {
	*client.Application
	Secret *secretView `json:"secret,omitempty"`
}

func (p *program) showApp(a *client.Application, issuer string) error {
	view := appView{Application: a}
	if a.Secret != nil {
		view.Secret = &secretView{a.Secret, a.Secret.Secret.Reveal()}
		p.warnIfLost(a.Secret)
	}
	return p.show(view, func(t *terminal.Table) {
		t.Field("Name", a.Name)
		t.Field("Client id", a.ClientID)
		t.Field("Description", a.Description)
		t.Field("Scopes", strings.Join(a.Scopes, " "))
		t.Field("Introspects", strings.Join(a.Introspects, " "))
		t.Field("Token lifetime", terminal.Seconds(a.TokenLifetime))
		t.Field("Auth methods", strings.Join(a.AuthMethods, " "))
		t.Field("Status", status(a.Enabled))
		t.Field("Created", terminal.Stamp(a.CreatedAt)+" by "+a.CreatedBy)
		t.Field("Updated", terminal.Stamp(a.UpdatedAt))
		if a.Secret != nil {
			t.Field("Secret", a.Secret.Secret.Reveal()+"   (shown this once)")
			t.Field("Secret id", a.Secret.ID)
			t.Field("Secret expires", terminal.StampOr(a.Secret.ExpiresAt, "never"))
		}
		if issuer != "" {
			t.Field("Token URL", issuer+"/oauth2/token")
		}
	})
}

func (p *program) appList(ctx context.Context, c *client.Client, _ []string) error {
	all, err := client.Collect(c.Applications(ctx, client.ApplicationFilter{}))
	if err != nil {
		return err
	}
	head := []string{"NAME", "CLIENT ID", "SCOPES", "STATUS", "CREATED", "DESCRIPTION"}
	return list(p, all, head, func(a *client.Application) []string {
		return []string{a.Name, a.ClientID, terminal.Brief(a.Scopes), status(a.Enabled), terminal.Stamp(a.CreatedAt), a.Description}
	})
}

func (p *program) appShow(ctx context.Context, c *client.Client, app *client.Application, _ []string) error {
	issuer, err := p.issuer(ctx, c)
	if err != nil {
		return err
	}
	if p.output == asEnv {
		return p.credentialEnv(app.ClientID, nil, issuer)
	}
	return p.showApp(app, issuer)
}

func (p *program) appRefusals(ctx context.Context, c *client.Client, app *client.Application, _ []string) error {
	all, err := c.Refusals(ctx, app.ClientID)
	if err != nil {
		return err
	}
	return list(p, all, []string{"AT", "REASON", "METHOD", "ADDRESS", "SECRET ID"}, func(r *client.Refusal) []string {
		return []string{terminal.Stamp(r.At), r.Reason, r.Method, cmp.Or(r.Address, "-"), cmp.Or(r.CredentialID, "-")}
	})
}

func (p *program) appEditCommand() *cobra.Command {
	var (
		name, description string
		introspects       []string
		tokens            time.Duration
		scopes            scopeEdit
	)
	var cmd *cobra.Command
	cmd = p.command("edit APP", "Change an application", cobra.ExactArgs(1), tableOrJSON, p.withApp(func(ctx context.Context, c *client.Client, app *client.Application, _ []string) error {
		var change client.ApplicationChange
		setIf(cmd, "name", &change.Name, name)
		setIf(cmd, "description", &change.Description, description)
		setIf(cmd, "introspects", &change.Introspects, introspects)
		setIf(cmd, "token-lifetime", &change.TokenLifetime, int(tokens.Seconds()))
		if scopes.any() {
			change.Scopes = client.Set(editList(app.Scopes, scopes.replace, scopes.add, scopes.remove, func(s string) string { return s }))
		}
		changed, err := c.UpdateApplication(ctx, app.ClientID, change, client.IfMatch(app.ETag))
		if err != nil {
			return err
		}
		return p.showApp(changed, "")
	}))
	flags := cmd.Flags()
	flags.StringVar(&name, "name", "", "a new name")
	flags.StringVar(&description, "description", "", "what it is for")
	flags.StringArrayVar(&introspects, "introspects", nil, "replace the APIs whose tokens it may check; repeatable")
	flags.DurationVar(&tokens, "token-lifetime", 0, "how long its tokens live at most, such as 5m; 0 for the API's own")
	scopes.bind(cmd)
	return cmd
}

// onApp makes the run of a verb that takes an application and changes its state.
func (p *program) onApp(verb func(*client.Client, context.Context, string) (client.Answer, error)) run {
	return p.withApp(func(ctx context.Context, c *client.Client, app *client.Application, _ []string) error {
		answer, err := verb(c, ctx, app.ClientID)
		if err != nil {
			return err
		}
		if app, err = c.Application(ctx, app.ClientID); err != nil {
			return fmt.Errorf("it was done, but looking at the result failed: %w", err)
		}
		p.notePropagation(answer)
		return p.showApp(app, "")
	})
}

func (p *program) appDeleteCommand() *cobra.Command {
	var yes bool
	cmd := p.command("delete APP", "Delete an application with its credentials and tokens", cobra.ExactArgs(1), tableOrJSON,
		p.withApp(func(ctx context.Context, c *client.Client, app *client.Application, _ []string) error {
			if err := p.confirm(yes, "Delete application %s (%s) with its credentials?", app.Name, app.ClientID); err != nil {
				return err
			}
			answer, err := c.DeleteApplication(ctx, app.ClientID)
			if err != nil {
				return err
			}
			return p.showDeleted(answer, app.ClientID)
		}))
	bindYes(cmd, &yes)
	return cmd
}
