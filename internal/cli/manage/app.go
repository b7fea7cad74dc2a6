package manage

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/credentials"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func (d verbs) appCommand(attached []*cobra.Command) *cobra.Command {
	completed := d.Completing(desk.ApplicationNames)
	one := cobra.ExactArgs(1)
	app := desk.Group("app", "The applications that call APIs, and their credentials",
		d.appCreateCommand(),
		d.appListCommand(),
		completed(d.Command("show APP", "Show an application by name or client id", one, desk.TableJSONOrEnv, d.WithApp(d.appShow))),
		completed(d.Command("refusals APP", "List an application's latest refused requests; up to 30 seconds late", one, desk.TableOrJSON, d.WithApp(d.appRefusals))),
		completed(d.appEditCommand()),
		completed(d.Command("disable APP", "Refuse an application, and make its tokens inactive for good", one, desk.TableOrJSON, d.onApp((*client.Client).DisableApplication))),
		completed(d.Command("enable APP", "Let an application work again", one, desk.TableOrJSON, d.onApp((*client.Client).EnableApplication))),
		completed(d.appLockCommand()),
		completed(d.Command("unlock APP", "Lift the lock that failed logons led to, and forget them", one, desk.TableOrJSON, d.onApp((*client.Client).UnlockApplication))),
		d.lockPolicyCommand(),
		completed(d.appDeleteCommand()),
	)
	app.AddCommand(attached...)
	return app
}

func (d verbs) appCreateCommand() *cobra.Command {
	var (
		wanted   client.NewApplication
		tokens   time.Duration
		disabled bool
		enabled  bool
		noSecret bool
		secret   credentials.SecretFlags
	)
	cmd := d.Command("create NAME", "Make an application with its first secret", cobra.ExactArgs(1), desk.TableJSONOrEnv,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			wanted.Name, wanted.TokenLifetime = args[0], int(tokens.Seconds())
			if disabled || enabled {
				wanted.Enabled = new(enabled)
			}
			if !noSecret {
				var err error
				if wanted.Secret, err = secret.Wanted(d.Now()); err != nil {
					return err
				}
			}
			return d.createApp(ctx, c, wanted)
		}))
	cmd.Example = "  counterfoil app create billing --scope invoices:read -o env > .env\n" +
		"  counterfoil app create gateway --introspects invoices"
	flags := cmd.Flags()
	flags.StringArrayVar(&wanted.Scopes, "scope", nil, "a permission it may ask for; repeatable")
	flags.StringArrayVar(&wanted.Introspects, "introspects", nil, "an API whose tokens it may check, being its resource server; repeatable")
	flags.StringVar(&wanted.Description, "description", "", "what it is for")
	flags.StringVar(&wanted.Kind, "kind", "", "service, or worker: its permissions come from roles (role grant), and it starts switched off")
	bindAuthMethods(cmd, &wanted.AuthMethods, "allow only this way to authenticate")
	flags.BoolVar(&wanted.LegacyAudience, "legacy-audience", false, "let its assertions name the token endpoint as their audience")
	bindLinks(cmd, &wanted.HomeURL, &wanted.TargetURLs, &wanted.AllowedOrigins)
	flags.BoolVar(&enabled, "enable", false, "let a worker act at once")
	flags.DurationVar(&tokens, "token-lifetime", 0, "how long its tokens live at most, such as 5m")
	flags.BoolVar(&disabled, "disabled", false, "make it without letting it act yet")
	flags.BoolVar(&noSecret, "no-secret", false, "make no first secret")
	secret.Expires.Bind(cmd, "the secret")
	cmd.MarkFlagsMutuallyExclusive("no-secret", "expires")
	cmd.MarkFlagsMutuallyExclusive("enable", "disabled")
	_ = cmd.RegisterFlagCompletionFunc("kind", cobra.FixedCompletions([]string{"service", "worker"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func bindLinks(cmd *cobra.Command, home *string, targets, origins *[]string) {
	cmd.Flags().StringVar(home, "home-url", "", "where people who use it begin")
	cmd.Flags().StringArrayVar(targets, "target-url", nil, "where they may be sent, with everything below; repeatable")
	cmd.Flags().StringArrayVar(origins, "origin", nil, "a page that may open sessions, such as https://app.example.com; repeatable")
}

func bindAuthMethods(cmd *cobra.Command, methods *[]string, what string) {
	all := []string{
		"client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth", "federated_jwt",
	}
	cmd.Flags().StringArrayVar(methods, "auth-method", nil, what+", such as private_key_jwt; repeatable")
	_ = cmd.RegisterFlagCompletionFunc("auth-method", cobra.FixedCompletions(all, cobra.ShellCompDirectiveNoFileComp))
}

func (d verbs) createApp(ctx context.Context, c *client.Client, wanted client.NewApplication) error {
	issuer, err := d.Issuer(ctx, c)
	if err != nil {
		return err
	}
	made, err := c.CreateApplication(ctx, wanted)
	if err != nil {
		return err
	}
	if d.Output == desk.AsEnv {
		if made.Secret == nil {
			return d.PrintCredential(made.ClientID, nil, issuer)
		}
		credentials.WarnIfLost(d.Desk, made.Secret)
		return d.PrintCredential(made.ClientID, &made.Secret.Secret, issuer)
	}
	return d.showApp(made, issuer)
}

// appView is an application as JSON, with the secret shown: this answer is the only place it is in.
type appView struct {
	*client.Application
	Secret *credentials.SecretView `json:"secret,omitempty"`
	Lock   *client.Lock            `json:"lock,omitempty"`
}

func (d verbs) showApp(a *client.Application, issuer string) error {
	return d.showView(appView{Application: a}, issuer)
}

func (d verbs) showView(view appView, issuer string) error {
	a := view.Application
	if a.Secret != nil {
		view.Secret = new(credentials.ViewSecret(a.Secret))
		credentials.WarnIfLost(d.Desk, a.Secret)
	}
	return d.Show(view, func(t *terminal.Table) {
		t.Field("Name", a.Name)
		t.Field("Client id", a.ClientID)
		t.Field("Kind", a.Kind)
		t.Field("Description", a.Description)
		t.Field("Scopes", strings.Join(a.Scopes, " "))
		t.Field("Introspects", strings.Join(a.Introspects, " "))
		t.Field("Token lifetime", terminal.Seconds(a.TokenLifetime))
		t.Field("Auth methods", strings.Join(a.AuthMethods, " "))
		t.Field("Lock policy", a.LockPolicy)
		t.Field("Home URL", a.HomeURL)
		t.Field("Target URLs", strings.Join(a.TargetURLs, " "))
		t.Field("Origins", strings.Join(a.AllowedOrigins, " "))
		t.Field("Status", desk.Status(a.Enabled))
		lockFields(t, view.Lock)
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

func (d verbs) appListCommand() *cobra.Command {
	var filter client.ApplicationFilter
	var disabled bool
	cmd := d.Command("list", "List the applications", cobra.NoArgs, desk.TableOrJSON, d.WithClient(func(ctx context.Context, c *client.Client, _ []string) error {
		if disabled {
			filter.Enabled = new(false)
		}
		return d.appList(ctx, c, filter)
	}))
	cmd.Flags().StringArrayVar(&filter.Kinds, "kind", nil, "only these: service, worker, pair, global, exchange or connection; repeatable")
	cmd.Flags().StringVar(&filter.Prefix, "prefix", "", "only those whose names begin so")
	cmd.Flags().BoolVar(&disabled, "disabled", false, "only those that are disabled")
	cmd.Flags().StringVar(&filter.Search, "search", "", "only those whose names hold these words")
	cmd.Flags().BoolVar(&filter.Locked, "locked", false, "only those whose secrets are locked")
	cmd.Flags().IntVar(&filter.ExpiringDays, "expiring", 0, "only those with a credential that expires within so many days")
	return cmd
}

func (d verbs) appList(ctx context.Context, c *client.Client, filter client.ApplicationFilter) error {
	all, err := client.Collect(c.Applications(ctx, filter))
	if err != nil {
		return err
	}
	head := []string{"NAME", "CLIENT ID", "KIND", "SCOPES", "STATUS", "CREATED", "DESCRIPTION"}
	return desk.List(d.Desk, all, head, func(a *client.Application) []string {
		return []string{a.Name, a.ClientID, a.Kind, terminal.Brief(a.Scopes), desk.Status(a.Enabled), terminal.Stamp(a.CreatedAt), a.Description}
	})
}

func (d verbs) appShow(ctx context.Context, c *client.Client, app *client.Application, _ []string) error {
	issuer, err := d.Issuer(ctx, c)
	if err != nil {
		return err
	}
	if d.Output == desk.AsEnv {
		return d.PrintCredential(app.ClientID, nil, issuer)
	}
	return d.showAppWithLock(ctx, c, app, issuer)
}

func (d verbs) appRefusals(ctx context.Context, c *client.Client, app *client.Application, _ []string) error {
	all, err := c.Refusals(ctx, app.ClientID)
	if err != nil {
		return err
	}
	return desk.List(d.Desk, all, []string{"AT", "REASON", "METHOD", "ADDRESS", "CREDENTIAL ID", "DETAIL"}, func(r *client.Refusal) []string {
		return []string{terminal.Stamp(r.At), r.Reason, r.Method, cmp.Or(r.Address, "-"), cmp.Or(r.CredentialID, "-"), r.Detail}
	})
}

func (d verbs) appEditCommand() *cobra.Command {
	var (
		name, description string
		introspects       []string
		methods           []string
		legacy            bool
		tokens            time.Duration
		scopes            desk.ScopeEdit
		home              string
		targets, origins  []string
	)
	var cmd *cobra.Command
	cmd = d.Command("edit APP", "Change an application", cobra.ExactArgs(1), desk.TableOrJSON, d.WithApp(func(ctx context.Context, c *client.Client, app *client.Application, _ []string) error {
		var change client.ApplicationChange
		desk.SetIf(cmd, "name", &change.Name, name)
		desk.SetIf(cmd, "description", &change.Description, description)
		desk.SetIf(cmd, "introspects", &change.Introspects, desk.Said(introspects))
		desk.SetIf(cmd, "token-lifetime", &change.TokenLifetime, int(tokens.Seconds()))
		desk.SetIf(cmd, "auth-method", &change.AuthMethods, slices.DeleteFunc(methods, func(m string) bool { return m == "any" }))
		desk.SetIf(cmd, "legacy-audience", &change.LegacyAudience, legacy)
		desk.SetIf(cmd, "home-url", &change.HomeURL, home)
		desk.SetIf(cmd, "target-url", &change.TargetURLs, desk.Said(targets))
		desk.SetIf(cmd, "origin", &change.AllowedOrigins, desk.Said(origins))
		if scopes.Any() {
			change.Scopes = client.Set(desk.EditList(app.Scopes, scopes.Replace, scopes.Add, scopes.Remove, func(s string) string { return s }))
		}
		changed, err := c.UpdateApplication(ctx, app.ClientID, change, client.IfMatch(app.ETag))
		if err != nil {
			return err
		}
		return d.showApp(changed, "")
	}))
	flags := cmd.Flags()
	flags.StringVar(&name, "name", "", "a new name")
	flags.StringVar(&description, "description", "", "what it is for")
	flags.StringArrayVar(&introspects, "introspects", nil, "replace the APIs whose tokens it may check; repeatable")
	flags.DurationVar(&tokens, "token-lifetime", 0, "how long its tokens live at most, such as 5m; 0 for the API's own")
	bindAuthMethods(cmd, &methods, "allow only these ways to authenticate, or any")
	flags.BoolVar(&legacy, "legacy-audience", false, "let its assertions name the token endpoint as their audience")
	bindLinks(cmd, &home, &targets, &origins)
	scopes.Bind(cmd)
	return cmd
}

// onApp makes the run of a verb that takes an application and changes its state.
func (d verbs) onApp(verb func(*client.Client, context.Context, string) (client.Answer, error)) desk.Run {
	return d.WithApp(func(ctx context.Context, c *client.Client, app *client.Application, _ []string) error {
		answer, err := verb(c, ctx, app.ClientID)
		if err != nil {
			return err
		}
		return d.settledApp(ctx, c, app.ClientID, answer)
	})
}

func (d verbs) appDeleteCommand() *cobra.Command {
	var yes bool
	cmd := d.Command("delete APP", "Delete an application with its credentials and tokens", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithApp(func(ctx context.Context, c *client.Client, app *client.Application, _ []string) error {
			if err := d.Confirm(yes, "Delete application %s (%s) with its credentials?", app.Name, app.ClientID); err != nil {
				return err
			}
			answer, err := c.DeleteApplication(ctx, app.ClientID)
			if err != nil {
				return err
			}
			return d.ShowDeleted(answer, app.ClientID)
		}))
	desk.BindYes(cmd, &yes)
	return cmd
}
