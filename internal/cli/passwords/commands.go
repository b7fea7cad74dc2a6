package passwords

import (
	"context"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

// verbs are the runs of this package's commands.
type verbs struct{ *desk.Desk }

// Commands returns the commands about all passwords of an environment.
func Commands(at *desk.Desk) []*cobra.Command {
	d := verbs{at}
	return []*cobra.Command{desk.Group("passwords", "What is demanded of people's passwords",
		desk.Group("policy", "What the environment demands of people's passwords",
			d.Command("show", "Show the policy", cobra.NoArgs, desk.TableOrJSON, d.WithClient(d.policyShow)),
			d.policySetCommand(),
		),
		desk.Group("filter", "Lists of breached passwords", d.filterBuildCommand()),
	)}
}

// OfUser returns the commands about one user's password, for under user.
func OfUser(at *desk.Desk) []*cobra.Command {
	d := verbs{at}
	return []*cobra.Command{desk.Group("password", "A user's password", d.setCommand(), d.removeCommand())}
}

// withUser makes a run for a command whose first argument is a user's id, user name or address.
func (d verbs) withUser(then func(ctx context.Context, c *client.Client, id string) error) desk.Run {
	return d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
		wanted := args[0]
		if id, err := uuid.Parse(wanted); err == nil && id.String() == wanted {
			return then(ctx, c, wanted)
		}
		filters := []client.UserFilter{{UserName: wanted}}
		if strings.Contains(wanted, "@") {
			filters = append(filters, client.UserFilter{Email: wanted})
		}
		for _, filter := range filters {
			found, err := client.Collect(c.Users(ctx, filter))
			if err != nil {
				return err
			}
			if len(found) > 0 { // one at most: names and addresses are unique
				return then(ctx, c, found[0].ID)
			}
		}
		return desk.Fail(desk.ExitNotFound, "name it by its id, user name or address", "there is no user %q", wanted)
	})
}

func (d verbs) setCommand() *cobra.Command {
	var wanted client.NewUserPassword
	var hash, unchecked bool
	var salt string
	cmd := d.Command("set USER", "Set a user's password, which is read from standard input; its sessions end", cobra.ExactArgs(1), desk.TableOrJSON,
		d.withUser(func(ctx context.Context, c *client.Client, id string) error {
			if salt != "" {
				wanted.Salt = client.NewSecret(salt)
			}
			if unchecked {
				wanted.Validate = new(false)
			}
			text, err := d.ChosenSecret()
			if err != nil {
				return err
			}
			if wanted.Password = text; hash {
				wanted.Password, wanted.Hash = client.Secret{}, text
			}
			done, err := c.SetUserPassword(ctx, id, wanted)
			if err != nil {
				return err
			}
			return d.told(done, id, "the password of user %s is set, and its sessions are over\n")
		}))
	cmd.Example = "  pass show ann | counterfoil user password set ann --temporary"
	cmd.Flags().BoolVar(&wanted.Temporary, "temporary", false, "the user must choose another one at the next sign-in")
	cmd.Flags().BoolVar(&unchecked, "no-validate", false, "take it though the policy or the list of breached ones speaks against it")
	cmd.Flags().BoolVar(&hash, "hash-from-stdin", false, "standard input holds another system's hash of the password")
	cmd.Flags().StringVar(&wanted.Format, "format", "", "how the hash is written; only salt+sha256 and sha256+salt need it")
	cmd.Flags().StringVar(&salt, "salt", "", "the salt of these two")
	return cmd
}

func (d verbs) removeCommand() *cobra.Command {
	var yes bool
	cmd := d.Command("remove USER", "Take a user's password away; its sessions end", cobra.ExactArgs(1), desk.TableOrJSON,
		d.withUser(func(ctx context.Context, c *client.Client, id string) error {
			if err := d.Confirm(yes, "Remove the password of user %s?", id); err != nil {
				return err
			}
			done, err := c.RemoveUserPassword(ctx, id)
			if err != nil {
				return err
			}
			return d.told(done, id, "the password of user %s is removed, and its sessions are over\n")
		}))
	cmd.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return cmd
}

// told says what happened to a user, and as JSON which user it was.
func (d verbs) told(done client.Answer, id, words string) error {
	d.NotePropagation(done)
	if d.Output == desk.AsJSON {
		return d.PrintJSON(map[string]string{"user": id})
	}
	d.Say(words, id)
	return nil
}

func (d verbs) policyShow(ctx context.Context, c *client.Client, _ []string) error {
	p, err := c.PasswordPolicy(ctx)
	if err != nil {
		return err
	}
	return d.showPolicy(p)
}

func (d verbs) policySetCommand() *cobra.Command {
	var p client.PasswordPolicy
	var personal, breached string
	var cmd *cobra.Command
	cmd = d.Command("set", "Change the policy; passwords that are there stay", cobra.NoArgs, desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, _ []string) error {
			var change client.PasswordPolicyChange
			for flag, member := range map[string]*client.Field[int]{
				"min-length": &change.MinLength, "min-score": &change.MinScore, "min-classes": &change.MinClasses, "history": &change.History,
				"max-age-days": &change.MaxAgeDays, "min-age-hours": &change.MinAgeHours, "max-failures": &change.MaxFailures, "lock-minutes": &change.LockMinutes,
			} {
				value, err := cmd.Flags().GetInt(flag)
				if err != nil {
					return err
				}
				desk.SetIf(cmd, flag, member, value)
			}
			for flag, one := range map[string]struct {
				text   string
				member *client.Field[bool]
			}{"allow-personal-words": {personal, &change.AllowPersonalWords}, "allow-breached": {breached, &change.AllowBreached}} {
				if cmd.Flags().Changed(flag) && one.text != "on" && one.text != "off" {
					return desk.Usage("--%s %q: say on or off", flag, one.text)
				}
				desk.SetIf(cmd, flag, one.member, one.text == "on")
			}
			changed, err := c.UpdatePasswordPolicy(ctx, change)
			if err != nil {
				return err
			}
			return d.showPolicy(changed)
		}))
	flags := cmd.Flags()
	flags.IntVar(&p.MinLength, "min-length", 0, "characters, at least: 8 to 64")
	flags.IntVar(&p.MinScore, "min-score", 0, "points of strength, of 4, at least")
	flags.IntVar(&p.MinClasses, "min-classes", 0, "how many of small letters, capital letters, digits and others, at least; 0, which is better, asks for none")
	flags.StringVar(&personal, "allow-personal-words", "", "whether words from user name, addresses and names count toward length and strength: on or off")
	flags.StringVar(&breached, "allow-breached", "", "whether passwords of the operator's list of breached ones are taken: on or off")
	flags.IntVar(&p.History, "history", 0, "earlier passwords that a user cannot choose again, beside the present one")
	flags.IntVar(&p.MaxAgeDays, "max-age-days", 0, "when a password expires; 0 for never")
	flags.IntVar(&p.MinAgeHours, "min-age-hours", 0, "how long its owner cannot change a password again")
	flags.IntVar(&p.MaxFailures, "max-failures", 0, "wrong passwords in a row that lock the user: 1 to 20")
	flags.IntVar(&p.LockMinutes, "lock-minutes", 0, "how long a lock lasts; 0 for until somebody unlocks the user")
	for _, flag := range []string{"allow-personal-words", "allow-breached"} {
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions([]string{"on", "off"}, cobra.ShellCompDirectiveNoFileComp))
	}
	return cmd
}

func (d verbs) showPolicy(p *client.PasswordPolicy) error {
	onOff := map[bool]string{true: "on", false: "off"}
	or := func(n int, unit, none string) string {
		if n == 0 {
			return none
		}
		return strconv.Itoa(n) + " " + unit
	}
	return d.Show(p, func(t *terminal.Table) {
		t.Field("Min length", strconv.Itoa(p.MinLength)+" characters")
		t.Field("Min score", strconv.Itoa(p.MinScore)+" of 4")
		t.Field("Min classes", or(p.MinClasses, "of 4", "none"))
		t.Field("Personal words", onOff[p.AllowPersonalWords])
		t.Field("Breached ones", onOff[p.AllowBreached])
		t.Field("History", strconv.Itoa(p.History))
		t.Field("Max age", or(p.MaxAgeDays, "days", "none"))
		t.Field("Min age", or(p.MinAgeHours, "hours", "none"))
		t.Field("Max failures", strconv.Itoa(p.MaxFailures))
		t.Field("Locked for", or(p.LockMinutes, "minutes", "until unlocked"))
	})
}
