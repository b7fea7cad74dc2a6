package credentials

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

// usesOf counts the uses of a credential of one kind.
type usesOf func(c *client.Client, ctx context.Context, clientID, id string, hours int) (*client.SecretUsage, error)

func (d verbs) usageCommand(one string, uses usesOf) *cobra.Command {
	var hours int
	cmd := d.Command("usage APP ID", "Count the uses of a "+one+", hour by hour; up to 30 seconds late", cobra.ExactArgs(2), desk.TableOrJSON,
		d.WithApp(func(ctx context.Context, c *client.Client, app *client.Application, args []string) error {
			used, err := uses(c, ctx, app.ClientID, args[0], hours)
			if err != nil {
				return err
			}
			return d.Show(used, func(t *terminal.Table) {
				t.Row("HOUR", "USES", "REFUSED")
				for _, hour := range used.Items {
					t.Row(terminal.Stamp(hour.At), strconv.Itoa(hour.Uses), strconv.Itoa(hour.Refused))
				}
			})
		}))
	cmd.Flags().IntVar(&hours, "hours", 168, "how far to look back; at most 2160, which are 90 days")
	return cmd
}

// editCommand changes all of a credential but what proves it.
func (k *sort[T]) editCommand() *cobra.Command {
	var s settings
	var allScopes, anyNetwork bool
	var cmd *cobra.Command
	cmd = k.Command("edit APP ID", "Change description, life, scopes or networks of a "+k.one, cobra.ExactArgs(2), desk.TableOrJSON,
		k.WithApp(func(ctx context.Context, c *client.Client, app *client.Application, args []string) error {
			change, err := s.change(cmd, k.Now())
			if err != nil {
				return err
			}
			if allScopes {
				change.Scopes = client.Clear[[]string]()
			}
			if anyNetwork {
				change.Networks = client.Set([]string{})
			}
			now, err := k.get(c, ctx, app.ClientID, args[0])
			if err != nil {
				return err
			}
			changed, err := k.update(c, ctx, app.ClientID, args[0], change, client.IfMatch(k.record(now).ETag))
			if err != nil {
				return err
			}
			k.NotePropagation(k.record(changed).Answer)
			return k.print(changed, changed)
		}))
	s.bind(cmd, "it")
	cmd.Flags().BoolVar(&allScopes, "all-scopes", false, "narrow it no longer")
	cmd.Flags().BoolVar(&anyNetwork, "any-network", false, "let it be used from anywhere")
	cmd.MarkFlagsMutuallyExclusive("scope", "all-scopes")
	cmd.MarkFlagsMutuallyExclusive("network", "any-network")
	cmd.MarkFlagsOneRequired("description", "expires", "not-before", "scope", "all-scopes", "network", "any-network")
	return cmd
}

func (s *settings) change(cmd *cobra.Command, now time.Time) (change client.CredentialChange, err error) {
	wanted, err := s.wanted(now)
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
	case s.expires.Given():
		change.ExpiresAt = client.Clear[time.Time]()
	}
	return change, nil
}
