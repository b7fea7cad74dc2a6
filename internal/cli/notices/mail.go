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

func (d verbs) noticeCommand() *cobra.Command {
	return desk.Group("notice", "Mail about credentials that expire",
		desk.Group("address", "Where that mail goes",
			d.Command("list", "List the addresses", cobra.NoArgs, desk.TableOrJSON, d.WithClient(d.addressList)),
			d.Command("set [ADDRESS…]", "Replace the addresses; none: nobody gets mail", cobra.ArbitraryArgs, desk.TableOrJSON, d.WithClient(d.addressSet)),
		),
		d.mailsCommand(),
		d.Command("retry", "Send mails that were given up again", cobra.NoArgs, desk.TableOrJSON, d.WithClient(d.mailRetry)),
		d.Command("mailbox [N]", "The mails that a server for trying out kept, or one of them", cobra.MaximumNArgs(1), desk.TableOrJSON, d.WithClient(d.mailbox)),
	)
}

func (d verbs) addressList(ctx context.Context, c *client.Client, _ []string) error {
	a, err := c.NoticeAddresses(ctx)
	if err != nil {
		return err
	}
	return d.showAddresses(a)
}

func (d verbs) addressSet(ctx context.Context, c *client.Client, args []string) error {
	a, err := c.SetNoticeAddresses(ctx, args)
	if err != nil {
		return err
	}
	return d.showAddresses(a)
}

func (d verbs) showAddresses(a *client.NoticeAddresses) error {
	switch a.Carrier {
	case "none":
		d.Say("note: this server sends no mail, because it has no smtp_url\n")
	case "mailbox":
		d.Say("note: this server sends no mail but keeps it: counterfoil notice mailbox\n")
	}
	return d.Show(a, func(t *terminal.Table) {
		t.Row("ADDRESS")
		for _, address := range a.Addresses {
			t.Row(address)
		}
	})
}

func (d verbs) mailsCommand() *cobra.Command {
	var state string
	cmd := d.Command("mails", "List the newest mails and what became of them", cobra.NoArgs, desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, _ []string) error {
			all, err := c.Mails(ctx, state)
			if err != nil {
				return err
			}
			return desk.List(d.Desk, all, []string{"ADDRESS", "STATE", "ATTEMPTS", "QUEUED", "NEXT", "PROBLEM"}, func(m *client.Mail) []string {
				return []string{m.Address, m.State, strconv.Itoa(m.Attempts), terminal.Stamp(m.QueuedAt), terminal.StampOr(m.NextAt, "-"), m.Problem}
			})
		}))
	cmd.Flags().StringVar(&state, "state", "", "only those that are pending, sent or dead (given up)")
	_ = cmd.RegisterFlagCompletionFunc("state", cobra.FixedCompletions([]string{"pending", "sent", "dead"}, cobra.ShellCompDirectiveNoFileComp))
	return cmd
}

func (d verbs) mailRetry(ctx context.Context, c *client.Client, _ []string) error {
	count, err := c.RetryMails(ctx)
	if err != nil {
		return err
	}
	return d.Show(map[string]int64{"retried": count}, func(t *terminal.Table) {
		t.Row(strconv.FormatInt(count, 10) + " mails are sent again")
	})
}

func (d verbs) mailbox(ctx context.Context, c *client.Client, args []string) error {
	if len(args) == 0 {
		all, err := c.Mailbox(ctx)
		if err != nil {
			return err
		}
		return desk.List(d.Desk, all, []string{"N", "DATE", "TO", "SUBJECT"}, func(m *client.KeptMail) []string {
			return []string{strconv.FormatInt(m.Number, 10), terminal.Stamp(m.Date), m.To, m.Subject}
		})
	}
	n, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil || n < 1 {
		return desk.Usage("%q is not the number of a mail", args[0])
	}
	m, err := c.MailboxMail(ctx, n)
	if err != nil {
		return err
	}
	return d.Show(m, func(t *terminal.Table) {
		t.Field("To", m.To)
		t.Field("Subject", m.Subject)
		t.Field("Date", terminal.Stamp(m.Date))
		t.Row("")
		for line := range strings.Lines(m.Body) {
			t.Row(strings.TrimSuffix(line, "\n"))
		}
	})
}
