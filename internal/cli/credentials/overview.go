package credentials

import (
	"context"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func (d verbs) totalCommand() *cobra.Command {
	var of client.UsageOf
	cmd := d.Command("usage [APP]", "Count uses of credentials by outcome, hour by hour; up to 30 seconds late", cobra.MaximumNArgs(1), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			if len(args) > 0 {
				app, err := desk.FindApplication(ctx, c, args[0])
				if err != nil {
					return err
				}
				of.ClientID = app.ClientID
			}
			used, err := c.Usage(ctx, of)
			if err != nil {
				return err
			}
			return d.Show(used, func(t *terminal.Table) {
				t.Row("HOUR", "USES", "REFUSED", "FAILED")
				for _, hour := range used.Items {
					t.Row(terminal.Stamp(hour.Hour), strconv.FormatInt(hour.Outcomes.Uses, 10), strconv.FormatInt(hour.Outcomes.Refused, 10), strconv.FormatInt(hour.Outcomes.Failed, 10))
				}
				t.Row("a second, highest", rate(used.PerSecond.Highest), "", "")
				t.Row("a second, mean", rate(used.PerSecond.Mean), "", "")
			})
		}))
	cmd.Flags().StringVar(&of.Credential, "credential", "", "count the uses of the credential with this id, of whatever kind")
	cmd.Flags().IntVar(&of.Hours, "hours", 168, "how far to look back; at most 2160, which are 90 days")
	return cmd
}

func rate(perSecond float64) string { return strconv.FormatFloat(perSecond, 'f', 3, 64) }

func (d verbs) expiriesCommand() *cobra.Command {
	var days int
	cmd := d.Command("expiries", "List credentials that expire soon or expired in the last 7 days, soonest first", cobra.NoArgs, desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, _ []string) error {
			all, err := client.Collect(c.Expiries(ctx, days))
			if err != nil {
				return err
			}
			return desk.List(d.Desk, all, []string{"EXPIRES", "APPLICATION", "KIND", "CREDENTIAL", "DESCRIPTION"}, func(e *client.Expiry) []string {
				return []string{terminal.Stamp(e.ExpiresAt), e.Application, e.Kind, e.CredentialID, e.Description}
			})
		}))
	cmd.Flags().IntVar(&days, "days", 90, "how far to look ahead; at most 400")
	return cmd
}

func (d verbs) overviewCommand() *cobra.Command {
	return d.Command("overview", "Count what there is and what needs somebody, and say what is still to be set up", cobra.NoArgs, desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, _ []string) error {
			found, err := c.Overview(ctx)
			if err != nil {
				return err
			}
			return d.Show(found, func(t *terminal.Table) { overviewTable(t, found) })
		}))
}

func overviewTable(t *terminal.Table, found *client.Overview) {
	count := func(what string, count *int64) {
		if count != nil {
			t.Row(what, strconv.FormatInt(*count, 10))
		}
	}
	n := &found.Counts
	count("applications", &n.Applications)
	count("applications disabled", &n.ApplicationsDisabled)
	count("credentials", n.Credentials)
	count("expiring in 30 days", n.Expiring30d)
	count("expired in 7 days", n.Expired)
	count("locked applications", n.LockedClients)
	if k := n.Connections; k != nil {
		t.Row("connections", fmt.Sprintf("%d healthy, %d failing, %d exhausted", k.Healthy, k.Failing, k.Exhausted))
	}
	if n.UsersMore {
		t.Row("users", fmt.Sprintf("more than %d", *n.Users))
	} else {
		count("users", n.Users)
	}
	count("webhooks failing", n.WebhooksFailing)
	if h := n.Hygiene; h != nil {
		count("leaked credentials", &h.Exposed)
		count("weak secrets", &h.Weak)
		count("idle credentials", &h.Idle)
		count("superfluous secrets", &h.TwoActive)
		count("unused permissions", &h.OverScoped)
		count("endless credentials", &h.NeverExpires)
	}
	for _, s := range found.Checklist {
		if !s.Done {
			t.Row("to do", s.Hint)
		}
	}
}
