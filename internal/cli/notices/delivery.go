package notices

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func (d verbs) deliveriesCommand() *cobra.Command {
	var state string
	var limit int
	cmd := d.Command("deliveries WEBHOOK", "List the messages to a webhook and what became of them", cobra.ExactArgs(1), desk.TableOrJSON,
		d.withWebhook(func(ctx context.Context, c *client.Client, w *client.Webhook) error {
			var all []*client.Delivery
			for one, err := range c.Deliveries(ctx, w.ID, state) {
				if err != nil {
					return err
				}
				if all = append(all, one); len(all) == limit {
					break
				}
			}
			head := []string{"EVENT", "KIND", "STATE", "ATTEMPTS", "QUEUED", "NEXT", "STATUS", "ANSWER"}
			return desk.List(d.Desk, all, head, func(m *client.Delivery) []string {
				said := "-"
				if m.Status != 0 {
					said = strconv.Itoa(m.Status)
				}
				return []string{
					number(m), m.Kind, m.State, strconv.Itoa(m.Attempts), terminal.Stamp(m.QueuedAt), terminal.StampOr(m.NextAt, "-"), said, m.Answer,
				}
			})
		}))
	cmd.Flags().StringVar(&state, "state", "", "only those that are pending, delivered or dead (given up)")
	cmd.Flags().IntVar(&limit, "limit", 50, "how many at most, the newest first; 0 is all")
	_ = cmd.RegisterFlagCompletionFunc("state", cobra.FixedCompletions([]string{"pending", "delivered", "dead"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

// number is that of the event or, for a batch, of the first and the last.
func number(m *client.Delivery) string {
	text := strconv.FormatInt(m.Event, 10)
	if m.Events > 1 {
		text += "-" + strconv.FormatInt(m.LastEvent, 10)
	}
	return text
}

func (d verbs) replayCommand() *cobra.Command {
	var again client.Replay
	cmd := d.Command("replay WEBHOOK", "Send messages again, under their former ids", cobra.ExactArgs(1), desk.TableOrJSON,
		d.withWebhook(func(ctx context.Context, c *client.Client, w *client.Webhook) error {
			if _, err := c.ReplayWebhook(ctx, w.ID, again); err != nil {
				return err
			}
			w, err := c.Webhook(ctx, w.ID)
			if err != nil {
				return err
			}
			return d.showWebhook(w)
		}))
	cmd.Example = "  counterfoil webhook replay https://siem.example/hook --dead"
	cmd.Flags().Int64Var(&again.Delivery, "event", 0, "the message about the ledger event with this number")
	cmd.Flags().Int64Var(&again.Since, "since", 0, "every event from this number on, delivered or not")
	cmd.Flags().BoolVar(&again.Dead, "dead", false, "every message that was given up")
	cmd.MarkFlagsMutuallyExclusive("event", "since", "dead")
	cmd.MarkFlagsOneRequired("event", "since", "dead")
	return cmd
}
