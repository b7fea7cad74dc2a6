package credentials

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func (d verbs) secretCommand() *cobra.Command {
	ofApp, ofSecret := d.Completing(desk.ApplicationNames), d.Completing(desk.ApplicationNames, secretIDs)
	two := cobra.ExactArgs(2)
	return desk.Group("secret", "The client secrets of an application",
		ofApp(d.secretAddCommand()),
		ofApp(d.Command("list APP", "List an application's secrets", cobra.ExactArgs(1), desk.TableOrJSON, d.WithApp(d.secretList))),
		ofSecret(d.Command("show APP ID", "Show what is known of a secret; the secret itself is not", two, desk.TableOrJSON, d.WithApp(d.secretShow))),
		ofSecret(d.secretEditCommand()),
		ofSecret(d.secretRotateCommand()),
		ofSecret(d.Command("reveal APP ID", "Show a viewable secret again; the ledger notes it", two, desk.TableJSONOrEnv, d.WithApp(d.secretReveal))),
		ofSecret(d.usageCommand("secret", (*client.Client).SecretUsage)),
		ofSecret(d.Command("disable APP ID", "Refuse a secret, and make its tokens inactive for good", two, desk.TableOrJSON, d.onSecret((*client.Client).DisableSecret))),
		ofSecret(d.Command("enable APP ID", "Let a secret work again", two, desk.TableOrJSON, d.onSecret((*client.Client).EnableSecret))),
		ofSecret(d.secretDeleteCommand()),
	)
}

// SecretFlags are what flags say of a secret to be made; a command binds those it offers.
type SecretFlags struct {
	Expires                desk.Expires
	description, notBefore string
	scopes                 desk.ScopeList
	networks               []string
	viewable               *bool // nil: as the environment's policy says
	chosen, hash           bool
	handover               time.Duration
}

// bind adds every flag to cmd.
func (s *SecretFlags) bind(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&s.description, "description", "", "where it is used, to recognise it later")
	s.Expires.Bind(cmd, "the secret")
	flags.StringVar(&s.notBefore, "not-before", "", "when it begins to work, such as 2027-01-31T08:00:00Z")
	s.scopes.Bind(cmd, "scope", "narrow it to API families (application, application-users, openid) and permissions of the application")
	flags.StringArrayVar(&s.networks, "network", nil, "let it be used from this network only, such as 192.0.2.0/24; repeatable")
	flags.BoolFunc("viewable", "keep it sealed, so that it can be revealed again; the policy decides unless given", func(text string) error {
		kept, err := strconv.ParseBool(text)
		s.viewable = &kept
		return err
	})
	flags.BoolVar(&s.chosen, "chosen-from-stdin", false, "read the secret from standard input, where the environment allows that")
	flags.BoolVar(&s.hash, "hash-from-stdin", false, "read another system's hash of the secret from standard input: bcrypt, PBKDF2, argon2id, SHA-256")
	bindHandover(cmd, &s.handover)
	cmd.MarkFlagsMutuallyExclusive("chosen-from-stdin", "hash-from-stdin", "handover")
	cmd.MarkFlagsMutuallyExclusive("hash-from-stdin", "viewable")
}

func bindHandover(cmd *cobra.Command, handover *time.Duration) {
	cmd.Flags().DurationVar(handover, "handover", 0, "print a link that shows the secret once, within this time of at most 72h, instead of the secret")
}

// Wanted returns the secret to ask the server for, but for what is read from standard input.
func (s *SecretFlags) Wanted(now time.Time) (*client.NewApplicationSecret, error) {
	expires, err := s.Expires.At(now)
	if err != nil {
		return nil, err
	}
	wanted := &client.NewApplicationSecret{
		Description: s.description, ExpiresAt: expires, Scopes: s.scopes, Networks: s.networks, Viewable: s.viewable,
		Handover: int64(s.handover / time.Second),
	}
	wanted.NotBefore, err = notBefore(s.notBefore)
	return wanted, err
}

func notBefore(text string) (*time.Time, error) {
	if text == "" {
		return nil, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			return &at, nil
		}
	}
	return nil, desk.Usage("--not-before %q is not a time like 2027-01-31T08:00:00Z or a date like 2027-01-31, which begins in UTC", text)
}

// read adds to a wanted secret what is read from standard input.
func (s *SecretFlags) read(d *desk.Desk, wanted *client.NewApplicationSecret) (err error) {
	switch {
	case s.chosen:
		wanted.ChosenSecret, err = d.ChosenSecret()
	case s.hash:
		if wanted.Hash, err = d.Sensitive("-"); err == nil && wanted.Hash.IsZero() {
			err = desk.Usage("standard input is empty; the hash is read from there")
		}
	}
	return err
}

// SecretView is a secret as JSON with the secret shown: this answer is the only place it is in.
type SecretView struct {
	*client.ApplicationSecret
	Secret      string `json:"secret,omitempty"`
	HandoverURL string `json:"handover_url,omitempty"`
}

// ViewSecret returns what is printed of a secret.
func ViewSecret(s *client.ApplicationSecret) SecretView {
	return SecretView{s, s.Secret.Reveal(), s.HandoverURL.Reveal()}
}

func (d verbs) secretAddCommand() *cobra.Command {
	var flagged SecretFlags
	cmd := d.Command("add APP", "Make another secret; those there are go on working", cobra.ExactArgs(1), desk.TableJSONOrEnv,
		d.WithApp(func(ctx context.Context, c *client.Client, app *client.Application, _ []string) error {
			wanted, err := flagged.Wanted(d.Now())
			if err != nil {
				return err
			}
			if d.Output == desk.AsEnv && (flagged.hash || flagged.handover != 0) {
				return desk.Usage("there is no secret to print as -o env: of a hash nobody knows it, and a link hands it over")
			}
			if err := flagged.read(d.Desk, wanted); err != nil {
				return err
			}
			issuer, err := d.Issuer(ctx, c) // before the creation: nothing may fail after it
			if err != nil {
				return err
			}
			made, err := c.AddSecret(ctx, app.ClientID, *wanted)
			if err != nil {
				return err
			}
			return d.showMade(made, wanted.ChosenSecret, issuer)
		}))
	cmd.Example = "  counterfoil app secret add billing --expires 1y --scope openid -o env > .env\n" +
		"  counterfoil app secret add billing --handover 24h"
	flagged.bind(cmd)
	return cmd
}

// showMade prints a secret in answer to its creation; chosen is what its maker chose, if that was so.
func (d verbs) showMade(made *client.ApplicationSecret, chosen client.Secret, issuer string) error {
	if d.Output != desk.AsEnv {
		return d.showSecret(made)
	}
	WarnIfLost(d.Desk, made)
	secret := made.Secret
	if secret.IsZero() {
		secret = chosen
	}
	return d.PrintCredential(made.ClientID, &secret, issuer)
}

// WarnIfLost tells what to do when the answer that held the secret never arrived.
func WarnIfLost(d *desk.Desk, s *client.ApplicationSecret) {
	if s.SecretShown {
		d.Say("note: the secret was made, but the answer that showed it was lost on the way.\n"+
			"hint: counterfoil app secret delete %s %s, then counterfoil app secret add %s\n", s.ClientID, s.ID, s.ClientID)
	}
}

func (d verbs) showSecret(s *client.ApplicationSecret) error {
	WarnIfLost(d.Desk, s)
	return d.Show(ViewSecret(s), func(t *terminal.Table) {
		t.Field("Id", s.ID)
		t.Field("Client id", s.ClientID)
		t.Field("Description", s.Description)
		t.Field("Hint", s.Hint)
		if !s.Secret.IsZero() {
			t.Field("Secret", s.Secret.Reveal()+"   (shown this once)")
		}
		if !s.HandoverURL.IsZero() {
			t.Field("Hand-over", s.HandoverURL.Reveal()+"   (shows the secret once; this line is shown this once)")
			t.Field("Link works until", terminal.StampOr(s.HandoverExpiresAt, ""))
		}
		if s.Form != "generated" {
			t.Field("Form", s.Form)
		}
		t.Field("Scopes", secretScopes(s))
		t.Field("Networks", strings.Join(s.Networks, " "))
		switch {
		case s.Viewable:
			t.Field("Viewable", "yes: counterfoil app secret reveal "+s.ClientID+" "+s.ID)
		case s.Secret.IsZero() && s.HandoverURL.IsZero():
			t.Field("Viewable", "no: it was shown once and is not kept; rotate it to get another")
		}
		t.Field("Status", secretStatus(s, d.Now()))
		t.Field("Not before", terminal.StampOr(s.NotBefore, ""))
		t.Field("Expires", terminal.StampOr(s.ExpiresAt, "never"))
		t.Field("Reported leaked", terminal.StampOr(s.ExposedAt, ""))
		t.Field("Last used", lastUse(s))
		t.Field("Replaces", s.Replaces)
		t.Field("Replaced by", s.ReplacedBy)
		t.Field("Old secret", oldSecret(s))
		if s.AutoRetireDays > 0 {
			t.Field("Auto-retire", fmt.Sprintf("deleted after %d days without a use", s.AutoRetireDays))
		}
		t.Field("Created", terminal.Stamp(s.CreatedAt)+" by "+s.CreatedBy)
	})
}

func lastUse(s *client.ApplicationSecret) string {
	text := terminal.StampOr(s.LastUsedAt, "never")
	if s.LastUsedFrom != "" {
		text += " from " + s.LastUsedFrom
	}
	if s.LastUsedBy != "" {
		text += " by " + s.LastUsedBy
	}
	return text
}

// secretStatus says whether a secret works, and how far its rotation has come.
func secretStatus(s *client.ApplicationSecret, now time.Time) string {
	state := desk.Status(s.Enabled)
	switch {
	case s.ExpiresAt != nil && !s.ExpiresAt.After(now):
		state = "expired"
	case !s.Enabled:
		// Disabled is what a person did to stop it; how far its rotation has come matters less.
	case s.Retiring:
		state = "retiring"
	case s.ReplacedBy != "":
		state = "replaced"
	}
	switch {
	case s.SafeToRemove:
		state += ", safe to remove"
	case s.StillUsed:
		state += ", still used"
	}
	return state
}

func secretScopes(s *client.ApplicationSecret) string {
	if s.Scopes == nil {
		return "all of the application"
	}
	if len(s.Scopes) == 0 {
		return "none"
	}
	return strings.Join(s.Scopes, " ")
}

func (d verbs) secretList(ctx context.Context, c *client.Client, app *client.Application, _ []string) error {
	all, err := client.Collect(c.Secrets(ctx, app.ClientID))
	if err != nil {
		return err
	}
	head := []string{"ID", "HINT", "SCOPES", "STATUS", "EXPIRES", "LAST USED", "CREATED", "DESCRIPTION"}
	return desk.List(d.Desk, all, head, func(s *client.ApplicationSecret) []string {
		return []string{
			s.ID, s.Hint, secretScopes(s), secretStatus(s, d.Now()), terminal.StampOr(s.ExpiresAt, "never"), terminal.StampOr(s.LastUsedAt, "never"),
			terminal.Stamp(s.CreatedAt), s.Description,
		}
	})
}

func (d verbs) secretShow(ctx context.Context, c *client.Client, app *client.Application, args []string) error {
	secret, err := c.Secret(ctx, app.ClientID, args[0])
	if err != nil {
		return err
	}
	return d.showSecret(secret)
}

// secretIDs are those of the application that the first argument names; hints tell them apart.
func secretIDs(ctx context.Context, c *client.Client, args []string) []string {
	app, err := desk.FindApplication(ctx, c, args[0])
	if err != nil {
		return nil
	}
	return desk.NamesOf(c.Secrets(ctx, app.ClientID), func(s *client.ApplicationSecret) string {
		return cobra.CompletionWithDesc(s.ID, s.Hint)
	})
}

// onSecret makes the run of a verb that takes an application and a secret's id and changes the secret's state.
func (d verbs) onSecret(verb func(*client.Client, context.Context, string, string) (client.Answer, error)) desk.Run {
	return d.WithApp(func(ctx context.Context, c *client.Client, app *client.Application, args []string) error {
		answer, err := verb(c, ctx, app.ClientID, args[0])
		if err != nil {
			return err
		}
		secret, err := c.Secret(ctx, app.ClientID, args[0])
		if err != nil {
			return fmt.Errorf("it was done, but looking at the result failed: %w", err)
		}
		d.NotePropagation(answer)
		return d.showSecret(secret)
	})
}

func (d verbs) secretDeleteCommand() *cobra.Command {
	var yes, force bool
	cmd := d.Command("delete APP ID", "Delete a secret, and make its tokens inactive", cobra.ExactArgs(2), desk.TableOrJSON,
		d.WithApp(func(ctx context.Context, c *client.Client, app *client.Application, args []string) error {
			if err := d.Confirm(yes, "Delete secret %s of application %s, and its tokens?", args[0], app.Name); err != nil {
				return err
			}
			var options []client.CallOption
			if force {
				options = append(options, client.Force())
			}
			answer, err := c.DeleteSecret(ctx, app.ClientID, args[0], options...)
			if err != nil {
				return err
			}
			return d.ShowDeleted(answer, args[0])
		}))
	desk.BindYes(cmd, &yes)
	cmd.Flags().BoolVar(&force, "force", false, "delete it also if it is the last that the application can use")
	return cmd
}
