package notices

import (
	"context"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

// verbs are the runs of this package's commands.
type verbs struct{ *desk.Desk }

// Commands returns the commands.
func Commands(at *desk.Desk) []*cobra.Command {
	d := verbs{at}
	return []*cobra.Command{d.webhookCommand(), d.noticeCommand()}
}

func (d verbs) webhookCommand() *cobra.Command {
	completed := d.Completing(webhookIDs)
	one := cobra.ExactArgs(1)
	return desk.Group("webhook", "Other systems that are told what the ledger says",
		d.webhookCreateCommand(),
		d.Command("list", "List the webhooks", cobra.NoArgs, desk.TableOrJSON, d.WithClient(d.webhookList)),
		completed(d.Command("show WEBHOOK", "Show a webhook by id or URL", one, desk.TableOrJSON, d.withWebhook(d.webhookShow))),
		completed(d.webhookEditCommand()),
		completed(d.Command("disable WEBHOOK", "Send nothing to a webhook; events wait for it", one, desk.TableOrJSON, d.onWebhook((*client.Client).DisableWebhook))),
		completed(d.Command("enable WEBHOOK", "Go on where a webhook was disabled", one, desk.TableOrJSON, d.onWebhook((*client.Client).EnableWebhook))),
		completed(d.webhookDeleteCommand()),
		completed(d.Command("rotate WEBHOOK", "Give a webhook a new secret; for a day the former one signs, too", one, desk.TableOrJSON, d.withWebhook(d.webhookRotate))),
		completed(d.deliveriesCommand()),
		completed(d.replayCommand()),
		completed(d.Command("test WEBHOOK", "Send a webhook an event of the kind webhook.test", one, desk.TableOrJSON, d.onWebhook((*client.Client).TestWebhook))),
	)
}

func webhookIDs(ctx context.Context, c *client.Client, _ []string) []string {
	return desk.NamesOf(c.Webhooks(ctx), func(w *client.Webhook) string { return cobra.CompletionWithDesc(w.ID, w.URL) })
}

// withWebhook makes a run for a command whose first argument is the id or the URL of a webhook. A URL that several have
// is wrong usage.
func (d verbs) withWebhook(then func(context.Context, *client.Client, *client.Webhook) error) desk.Run {
	return d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
		all, err := client.Collect(c.Webhooks(ctx))
		if err != nil {
			return err
		}
		var found []*client.Webhook
		for _, w := range all {
			if w.ID == args[0] || w.URL == args[0] {
				found = append(found, w)
			}
		}
		switch len(found) {
		case 0:
			return desk.Fail(desk.ExitNotFound, "counterfoil webhook list shows those there are", "there is no webhook %q", args[0])
		case 1:
		default:
			return desk.Fail(desk.ExitUsage, "say which one by its id", "%d webhooks have the URL %q", len(found), args[0])
		}
		w, err := c.Webhook(ctx, found[0].ID) // for its ETag
		if err != nil {
			return err
		}
		return then(ctx, c, w)
	})
}

func (d verbs) webhookCreateCommand() *cobra.Command {
	var wanted client.NewWebhook
	cmd := d.Command("create URL", "Tell a system from now on what the ledger says", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			wanted.URL = args[0]
			made, err := c.CreateWebhook(ctx, wanted)
			if err != nil {
				return err
			}
			if made.SecretShown {
				d.Say("note: the webhook was made, but the answer that showed its secret was lost on the way.\n"+
					"hint: counterfoil webhook rotate %s\n", made.ID)
			}
			return d.showWebhook(made)
		}))
	cmd.Example = "  counterfoil webhook create https://siem.example/hook --kind credential --kind application.disabled"
	cmd.Flags().StringVar(&wanted.Description, "description", "", "what it is for, to recognise it later")
	cmd.Flags().StringArrayVar(&wanted.Kinds, "kind", nil, "tell only this kind of event, or all that begin with it, such as credential; repeatable")
	cmd.Flags().BoolVar(&wanted.Disabled, "disabled", false, "send nothing until it is enabled")
	return cmd
}

func (d verbs) webhookList(ctx context.Context, c *client.Client, _ []string) error {
	all, err := client.Collect(c.Webhooks(ctx))
	if err != nil {
		return err
	}
	return desk.List(d.Desk, all, []string{"ID", "URL", "KINDS", "STATUS", "FAILURES", "DESCRIPTION"}, func(w *client.Webhook) []string {
		return []string{w.ID, w.URL, kinds(w), status(w), strconv.FormatInt(w.Failures, 10), w.Description}
	})
}

func kinds(w *client.Webhook) string {
	if len(w.Kinds) == 0 {
		return "all"
	}
	return strings.Join(w.Kinds, " ")
}

func status(w *client.Webhook) string {
	switch {
	case w.Reason != "":
		return "disabled: " + w.Reason
	case w.Enabled && w.PausedUntil != nil:
		return "enabled, paused until " + terminal.Stamp(*w.PausedUntil)
	}
	return desk.Status(w.Enabled)
}

func (d verbs) webhookShow(_ context.Context, _ *client.Client, w *client.Webhook) error {
	return d.showWebhook(w)
}

// webhookView is a webhook as JSON with the secret shown: this answer is the only place it is in.
type webhookView struct {
	*client.Webhook
	Secret string `json:"secret,omitempty"`
}

func (d verbs) showWebhook(w *client.Webhook) error {
	return d.Show(webhookView{w, w.Secret.Reveal()}, func(t *terminal.Table) {
		t.Field("Id", w.ID)
		t.Field("URL", w.URL)
		t.Field("Description", w.Description)
		if !w.Secret.IsZero() {
			t.Field("Secret", w.Secret.Reveal()+"   (shown this once)")
		}
		t.Field("Kinds", kinds(w))
		t.Field("Status", status(w))
		t.Field("Failures", strconv.FormatInt(w.Failures, 10)+" in a row")
		t.Field("Up to event", strconv.FormatInt(w.Position, 10))
		t.Field("Created", terminal.Stamp(w.CreatedAt)+" by "+w.CreatedBy)
	})
}

func (d verbs) webhookEditCommand() *cobra.Command {
	var url, description string
	var kinds []string
	var every bool
	var cmd *cobra.Command
	cmd = d.Command("edit WEBHOOK", "Change where a webhook sends what", cobra.ExactArgs(1), desk.TableOrJSON,
		d.withWebhook(func(ctx context.Context, c *client.Client, w *client.Webhook) error {
			var change client.WebhookChange
			desk.SetIf(cmd, "url", &change.URL, url)
			desk.SetIf(cmd, "description", &change.Description, description)
			desk.SetIf(cmd, "kind", &change.Kinds, kinds)
			if every {
				change.Kinds = client.Set([]string{})
			}
			changed, err := c.UpdateWebhook(ctx, w.ID, change, client.IfMatch(w.ETag))
			if err != nil {
				return err
			}
			return d.showWebhook(changed)
		}))
	cmd.Flags().StringVar(&url, "url", "", "another URL, also for messages that have not arrived")
	cmd.Flags().StringVar(&description, "description", "", "another description")
	cmd.Flags().StringArrayVar(&kinds, "kind", nil, "replace the kinds by these; repeatable")
	cmd.Flags().BoolVar(&every, "every-kind", false, "tell every kind")
	cmd.MarkFlagsMutuallyExclusive("kind", "every-kind")
	return cmd
}

// onWebhook makes the run of a verb that takes a webhook and leaves something to look at.
func (d verbs) onWebhook(verb func(*client.Client, context.Context, string) (client.Answer, error)) desk.Run {
	return d.withWebhook(func(ctx context.Context, c *client.Client, w *client.Webhook) error {
		if _, err := verb(c, ctx, w.ID); err != nil {
			return err
		}
		w, err := c.Webhook(ctx, w.ID)
		if err != nil {
			return err
		}
		return d.showWebhook(w)
	})
}

func (d verbs) webhookRotate(ctx context.Context, c *client.Client, w *client.Webhook) error {
	rotated, err := c.RotateWebhook(ctx, w.ID)
	if err != nil {
		return err
	}
	return d.showWebhook(rotated)
}

func (d verbs) webhookDeleteCommand() *cobra.Command {
	var yes bool
	cmd := d.Command("delete WEBHOOK", "Delete a webhook with what has not arrived", cobra.ExactArgs(1), desk.TableOrJSON,
		d.withWebhook(func(ctx context.Context, c *client.Client, w *client.Webhook) error {
			if err := d.Confirm(yes, "Delete the webhook to %s? What has not arrived is not sent any more.", w.URL); err != nil {
				return err
			}
			answer, err := c.DeleteWebhook(ctx, w.ID)
			if err != nil {
				return err
			}
			return d.ShowDeleted(answer, w.ID)
		}))
	desk.BindYes(cmd, &yes)
	return cmd
}
