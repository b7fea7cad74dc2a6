package manage

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

var lockPolicies = []string{client.LockOn, client.LockOff, client.LockClientNetwork}

func (d verbs) lockPolicyCommand() *cobra.Command {
	cmd := d.Command("lock-policy APP POLICY", "Choose what five failed logons lock for an hour: on, client+network or off", cobra.ExactArgs(2), desk.TableOrJSON,
		d.WithApp(func(ctx context.Context, c *client.Client, app *client.Application, args []string) error {
			answer, err := c.SetLockPolicy(ctx, app.ClientID, args[0])
			if err != nil {
				return err
			}
			return d.settledApp(ctx, c, app.ClientID, answer)
		}))
	cmd.Long = "Five failed logons with secrets in a row lock for 60 minutes:\n\n" +
		"  on              the client id, wherever they came from\n" +
		"  client+network  only the network they came from, so that a stranger cannot lock the client out\n" +
		"  off             nothing; failures so far are forgotten, and a lock that is there stays\n\n" +
		"A lock refuses secrets. Tokens, certificates and JWT keys go on working."
	return d.Completing(desk.ApplicationNames, func(context.Context, *client.Client, []string) []string { return lockPolicies })(cmd)
}

func (d verbs) appLockCommand() *cobra.Command {
	var until, reason string
	cmd := d.Command("lock APP", "Take no secrets of an application for a time, or until it is unlocked", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithApp(func(ctx context.Context, c *client.Client, app *client.Application, _ []string) error {
			at, err := desk.Moment("--until", until, d.Now(), "a time")
			if err != nil {
				return err
			}
			answer, err := c.LockApplication(ctx, app.ClientID, client.NewLock{Minutes: max(1, int(math.Ceil(at.Sub(d.Now()).Minutes()))), Reason: reason})
			if err != nil {
				return err
			}
			return d.settledApp(ctx, c, app.ClientID, answer)
		}))
	cmd.Long = "A lock refuses secrets, wherever they come from. Tokens, certificates and JWT keys go on working; app disable stops everything.\n" +
		"A lock that lasts longer already stays."
	cmd.Example = "  counterfoil app lock billing --until 12h --reason 'a secret may have leaked'"
	cmd.Flags().StringVar(&until, "until", "1h", "when the lock ends: 12h, 90d, a date or a time, within 366 days")
	cmd.Flags().StringVar(&reason, "reason", "", "a sentence for the ledger")
	return cmd
}

// settledApp shows an application after a change to it.
func (d verbs) settledApp(ctx context.Context, c *client.Client, clientID string, answer client.Answer) error {
	app, err := c.Application(ctx, clientID)
	if err != nil {
		return fmt.Errorf("it was done, but looking at the result failed: %w", err)
	}
	d.NotePropagation(answer)
	return d.showAppWithLock(ctx, c, app, "")
}

// showAppWithLock shows an application with what failed logons have come to.
func (d verbs) showAppWithLock(ctx context.Context, c *client.Client, app *client.Application, issuer string) error {
	state, err := c.Lock(ctx, app.ClientID)
	if err != nil {
		return err
	}
	return d.showView(appView{Application: app, Lock: state}, issuer)
}

func lockFields(t *terminal.Table, l *client.Lock) {
	if l == nil {
		return
	}
	t.Field("Failed logons", failures(l.Failures))
	if l.Locked {
		t.Field("Locked", countdown(l.LockedUntil, l.SecondsLeft))
	}
	var open []string
	for _, n := range l.Networks {
		if n.SecondsLeft > 0 {
			t.Field("Locked network", n.Network+" "+countdown(n.LockedUntil, n.SecondsLeft))
		} else if n.Failures > 0 {
			open = append(open, n.Network+": "+failures(n.Failures))
		}
	}
	t.Field("By network", strings.Join(open, ", "))
}

func failures(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n) + " in a row"
}

// countdown says when a lock is over, counted by the server's clock.
func countdown(until *time.Time, seconds int64) string {
	return "until " + terminal.StampOr(until, "") + ", " + (time.Duration(seconds) * time.Second).String() + " left"
}
