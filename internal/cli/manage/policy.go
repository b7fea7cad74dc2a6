package manage

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func (d verbs) policyCommand() *cobra.Command {
	return desk.Group("policy", "What the environment demands of its credentials",
		d.Command("show", "Show the policy", cobra.NoArgs, desk.TableOrJSON, d.WithClient(d.policyShow)),
		d.policySetCommand(),
		d.policyCheckCommand(),
	)
}

// policyFlags are what a change of the policy can say.
type policyFlags struct {
	scopes, onLeak, chosen, viewable       string
	minLength, minScore, minDays, maxDays  int
	secrets, certificates, jwtKeys, trusts int
}

func (p *policyFlags) bind(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&p.scopes, "default-secret-scopes", "", "what a secret may do when nobody says: all or none")
	flags.StringVar(&p.chosen, "chosen-secrets", "", "whether administrators may choose secrets themselves: on or off")
	flags.IntVar(&p.minLength, "chosen-min-length", 0, "characters of a chosen secret, at least")
	flags.IntVar(&p.minScore, "chosen-min-score", 0, "points of strength of a chosen secret, of 4, at least")
	flags.StringVar(&p.viewable, "viewable-secrets", "", "whether secrets of workers, pairs and the global credential can be seen again: on or off")
	flags.IntVar(&p.minDays, "min-expiry-days", 0, "how long a credential is valid at least; 0 for no bound")
	flags.IntVar(&p.maxDays, "max-expiry-days", 0, "how long a credential is valid at most; 0 for no bound")
	flags.StringVar(&p.onLeak, "on-leak", "", "what happens to a secret that was reported as leaked: notify, lock or rotate")
	flags.IntVar(&p.secrets, "limit-secrets", 0, "secrets that one application may have")
	flags.IntVar(&p.certificates, "limit-certificates", 0, "certificates that one application may have")
	flags.IntVar(&p.jwtKeys, "limit-jwt-keys", 0, "JWT keys that one application may have")
	flags.IntVar(&p.trusts, "limit-trusts", 0, "federated trusts that one application may have")
	for flag, words := range map[string][]string{
		"default-secret-scopes": {"all", "none"}, "chosen-secrets": {"on", "off"}, "viewable-secrets": {"on", "off"}, "on-leak": {"notify", "lock", "rotate"},
	} {
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
	}
}

// change returns what the flags that were given say.
func (p *policyFlags) change(cmd *cobra.Command) (client.PolicyChange, error) {
	var c client.PolicyChange
	for flag, one := range map[string]struct {
		text   string
		member *client.Field[bool]
	}{"chosen-secrets": {p.chosen, &c.ChosenSecrets}, "viewable-secrets": {p.viewable, &c.ViewableSecrets}} {
		switch {
		case !cmd.Flags().Changed(flag):
		case one.text == "on" || one.text == "off":
			*one.member = client.Set(one.text == "on")
		default:
			return c, desk.Usage("--%s %q: say on or off", flag, one.text)
		}
	}
	desk.SetIf(cmd, "default-secret-scopes", &c.DefaultSecretScopes, p.scopes)
	desk.SetIf(cmd, "chosen-min-length", &c.ChosenMinLength, p.minLength)
	desk.SetIf(cmd, "chosen-min-score", &c.ChosenMinScore, p.minScore)
	desk.SetIf(cmd, "min-expiry-days", &c.MinExpiryDays, p.minDays)
	desk.SetIf(cmd, "max-expiry-days", &c.MaxExpiryDays, p.maxDays)
	desk.SetIf(cmd, "on-leak", &c.OnLeak, p.onLeak)
	desk.SetIf(cmd, "limit-secrets", &c.Limits.Secrets, p.secrets)
	desk.SetIf(cmd, "limit-certificates", &c.Limits.Certificates, p.certificates)
	desk.SetIf(cmd, "limit-jwt-keys", &c.Limits.JWTKeys, p.jwtKeys)
	desk.SetIf(cmd, "limit-trusts", &c.Limits.Trusts, p.trusts)
	return c, nil
}

func (d verbs) policyShow(ctx context.Context, c *client.Client, _ []string) error {
	p, err := c.Policy(ctx)
	if err != nil {
		return err
	}
	return d.showPolicy(p)
}

func (d verbs) policySetCommand() *cobra.Command {
	var flags policyFlags
	var cmd *cobra.Command
	cmd = d.Command("set", "Change the policy; credentials that are there stay as they are", cobra.NoArgs, desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, _ []string) error {
			change, err := flags.change(cmd)
			if err != nil {
				return err
			}
			p, err := c.UpdatePolicy(ctx, change)
			if err != nil {
				return err
			}
			return d.showPolicy(p)
		}))
	flags.bind(cmd)
	return cmd
}

func (d verbs) policyCheckCommand() *cobra.Command {
	var flags policyFlags
	var cmd *cobra.Command
	cmd = d.Command("check", "List who would break a changed policy, and change nothing", cobra.NoArgs, desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, _ []string) error {
			change, err := flags.change(cmd)
			if err != nil {
				return err
			}
			found, err := c.CheckPolicy(ctx, change)
			if err != nil {
				return err
			}
			if more := found.Total - len(found.Breaches); more > 0 {
				d.Say("note: %d more are not shown\n", more)
			}
			return d.Show(found, func(t *terminal.Table) {
				t.Row("APPLICATION", "CLIENT ID", "KIND", "CREDENTIAL ID", "HINT", "RULE", "DESCRIPTION")
				for _, b := range found.Breaches {
					t.Row(b.Application, b.ClientID, b.Kind, b.CredentialID, b.Hint, b.Rule, b.Description)
				}
			})
		}))
	cmd.Example = "  counterfoil policy check --max-expiry-days 365"
	flags.bind(cmd)
	return cmd
}

func (d verbs) showPolicy(p *client.Policy) error {
	onOff := map[bool]string{true: "on", false: "off"}
	days := func(n int) string {
		if n == 0 {
			return "no bound"
		}
		return strconv.Itoa(n) + " days"
	}
	return d.Show(p, func(t *terminal.Table) {
		t.Field("Default secret scopes", p.DefaultSecretScopes)
		t.Field("Chosen secrets", onOff[p.ChosenSecrets])
		t.Field("Chosen min length", strconv.Itoa(p.ChosenMinLength))
		t.Field("Chosen min score", strconv.Itoa(p.ChosenMinScore)+" of 4")
		t.Field("Viewable secrets", onOff[p.ViewableSecrets])
		t.Field("Min expiry", days(p.MinExpiryDays))
		t.Field("Max expiry", days(p.MaxExpiryDays))
		t.Field("On leak", p.OnLeak)
		t.Field("Secrets", strconv.Itoa(p.Limits.Secrets))
		t.Field("Certificates", strconv.Itoa(p.Limits.Certificates))
		t.Field("JWT keys", strconv.Itoa(p.Limits.JWTKeys))
		t.Field("Trusts", strconv.Itoa(p.Limits.Trusts))
	})
}
