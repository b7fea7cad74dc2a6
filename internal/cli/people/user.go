package people

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

// userCommands are the verbs about a user itself.
func userCommands(d *desk.Desk) []*cobra.Command {
	one := cobra.ExactArgs(1)
	verb := func(use, short string, act func(*client.Client, context.Context, string) (client.Answer, error)) *cobra.Command {
		return d.Command(use+" USER", short, one, desk.TableOrJSON, onUser(d, act))
	}
	return []*cobra.Command{
		userListCommand(d),
		d.Command("show USER", "Show a user by id, number, user name or address", one, desk.TableOrJSON, withUser(d,
			func(_ context.Context, _ *client.Client, u *client.User, _ []string) error { return showUser(d, u) })),
		userCreateCommand(d),
		userEditCommand(d),
		userDeleteCommand(d),
		verb("approve", "Let a user wait for activation who waited for approval", (*client.Client).ApproveUser),
		verb("reject", "Reject a user who waits for approval or activation", (*client.Client).RejectUser),
		verb("activate", "Make a user active, also one that was suspended", (*client.Client).ActivateUser),
		verb("suspend", "Keep a user out until it is activated; its sessions die for good", (*client.Client).SuspendUser),
		userLockCommand(d),
		verb("unlock", "End a user's lock", (*client.Client).UnlockUser),
		verb("logout", "End every session of a user", (*client.Client).LogOutUser),
		d.Command("groups USER", "List the groups that a user is in", one, desk.TableOrJSON, withUser(d, userGroups(d))),
	}
}

// onUser makes the run of a verb that takes a user and changes its state.
func onUser(d *desk.Desk, act func(*client.Client, context.Context, string) (client.Answer, error)) desk.Run {
	return withUser(d, func(ctx context.Context, c *client.Client, u *client.User, _ []string) error {
		answer, err := act(c, ctx, u.ID)
		if err != nil {
			return err
		}
		if u, err = c.User(ctx, u.ID); err != nil {
			return err
		}
		d.NotePropagation(answer)
		return showUser(d, u)
	})
}

func userListCommand(d *desk.Desk) *cobra.Command {
	var f client.UserFilter
	var population, group string
	cmd := d.Command("list", "List users, the oldest first", cobra.NoArgs, desk.TableOrJSON, d.WithClient(func(ctx context.Context, c *client.Client, _ []string) (err error) {
		if f.PopulationID, err = populationID(ctx, c, population); err != nil {
			return err
		}
		if group != "" {
			g, err := findGroup(ctx, c, group)
			if err != nil {
				return err
			}
			f.GroupID = g.ID
		}
		all, err := client.Collect(c.Users(ctx, f))
		if err != nil {
			return err
		}
		return desk.List(d, all, []string{"USER NAME", "NAME", "EMAIL", "STATE", "ID"}, func(u *client.User) []string {
			return []string{u.UserName, shownName(u), primaryEmail(u), u.State, u.ID}
		})
	}))
	flags := cmd.Flags()
	flags.StringVar(&population, "population", "", "only those in this population")
	flags.StringVar(&group, "group", "", "only those who were added to this group by hand")
	flags.StringVar(&f.Status, "status", "", "only those who are unapproved, rejected, staged, active or suspended")
	flags.StringVar(&f.ExternalID, "external-id", "", "only those whom another system calls so")
	flags.StringVar(&f.Filter, "filter", "", "only those whom a filter chooses, such as 'userName sw \"an\"' (RFC 7644)")
	completeStatus(cmd, "unapproved", "rejected", "staged", "active", "suspended")
	return cmd
}

func completeStatus(cmd *cobra.Command, words ...string) {
	_ = cmd.RegisterFlagCompletionFunc("status", cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// userSettings are the flags that creating and editing share.
type userSettings struct {
	emails, phones, attributes                                                            []string
	given, family, display, title, department, employee, externalID, population, language string
}

func (s *userSettings) bind(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringArrayVar(&s.emails, "email", nil, "an address, the first of them the primary one; repeatable")
	flags.StringArrayVar(&s.phones, "phone", nil, "a phone number; repeatable")
	flags.StringArrayVar(&s.attributes, "attribute", nil, "an attribute of a custom schema, as SCHEMA.NAME=VALUE; repeatable")
	flags.StringVar(&s.given, "given-name", "", "the given name")
	flags.StringVar(&s.family, "family-name", "", "the family name")
	flags.StringVar(&s.display, "display-name", "", "what the user is called where people read it")
	flags.StringVar(&s.title, "title", "", "such as Vice President")
	flags.StringVar(&s.department, "department", "", "where the user works")
	flags.StringVar(&s.employee, "employee-number", "", "what the organization calls the user")
	flags.StringVar(&s.externalID, "external-id", "", "what another system calls the user")
	flags.StringVar(&s.language, "language", "", "what mails to the user are written in, such as de")
	flags.StringVar(&s.population, "population", "", "the population by name or id")
}

func (s *userSettings) addresses() (all []client.UserEmail) {
	for _, one := range s.emails {
		all = append(all, client.UserEmail{Value: one})
	}
	return all
}

func (s *userSettings) numbers() (all []client.UserValue) {
	for _, one := range s.phones {
		if one != "" {
			all = append(all, client.UserValue{Value: one})
		}
	}
	return all
}

func userCreateCommand(d *desk.Desk) *cobra.Command {
	var settings userSettings
	var status string
	cmd := d.Command("create USER-NAME", "Make a user", cobra.ExactArgs(1), desk.TableOrJSON, d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
		population, err := populationID(ctx, c, settings.population)
		if err != nil {
			return err
		}
		custom, err := customValues(ctx, c, settings.attributes)
		if err != nil {
			return err
		}
		made, err := c.CreateUser(ctx, client.NewUser{
			UserProfile: client.UserProfile{
				PhoneNumbers: settings.numbers(), Custom: custom,
				UserName: args[0], ExternalID: settings.externalID, DisplayName: settings.display, Title: settings.title,
				Name: client.PersonName{GivenName: settings.given, FamilyName: settings.family}, Emails: settings.addresses(),
				PreferredLanguage: settings.language,
				Enterprise:        client.UserEnterprise{Department: settings.department, EmployeeNumber: settings.employee},
			},
			PopulationID: population, Status: status,
		})
		if err != nil {
			return err
		}
		return showUser(d, made)
	}))
	cmd.Example = "  counterfoil user create ann --email ann@example.com --given-name Ann --family-name Brown"
	settings.bind(cmd)
	cmd.Flags().StringVar(&status, "status", "", "active unless it is staged, unapproved or suspended")
	completeStatus(cmd, "active", "staged", "unapproved", "suspended")
	return cmd
}

func userEditCommand(d *desk.Desk) *cobra.Command {
	var settings userSettings
	var name string
	var cmd *cobra.Command
	cmd = d.Command("edit USER", "Change a user; an empty value takes one away", cobra.ExactArgs(1), desk.TableOrJSON, withUser(d, func(ctx context.Context, c *client.Client, u *client.User, _ []string) error {
		population, err := populationID(ctx, c, settings.population)
		if err != nil {
			return err
		}
		var change client.UserChange
		var names client.PersonNameChange
		var enterprise client.UserEnterpriseChange
		desk.SetIf(cmd, "user-name", &change.UserName, name)
		desk.SetIf(cmd, "given-name", &names.GivenName, settings.given)
		desk.SetIf(cmd, "family-name", &names.FamilyName, settings.family)
		desk.SetIf(cmd, "display-name", &change.DisplayName, settings.display)
		desk.SetIf(cmd, "title", &change.Title, settings.title)
		desk.SetIf(cmd, "department", &enterprise.Department, settings.department)
		desk.SetIf(cmd, "employee-number", &enterprise.EmployeeNumber, settings.employee)
		desk.SetIf(cmd, "external-id", &change.ExternalID, settings.externalID)
		desk.SetIf(cmd, "language", &change.PreferredLanguage, settings.language)
		desk.SetIf(cmd, "population", &change.PopulationID, population)
		if names != (client.PersonNameChange{}) {
			change.Name = client.Set(names)
		}
		if enterprise != (client.UserEnterpriseChange{}) {
			change.Enterprise = client.Set(enterprise)
		}
		if cmd.Flags().Changed("email") {
			change.Emails = client.Set(keptDetails(u.Emails, settings.addresses()))
		}
		if cmd.Flags().Changed("phone") {
			change.PhoneNumbers = client.Set(settings.numbers())
		}
		custom, err := customValues(ctx, c, settings.attributes)
		if err != nil {
			return err
		}
		if len(custom) > 0 {
			patch := map[string]any{}
			for urn, values := range custom {
				patch[urn] = values
			}
			change.Custom = client.Set(patch)
		}
		changed, err := c.UpdateUser(ctx, u.ID, change, client.IfMatch(u.ETag))
		if err != nil {
			return err
		}
		return showUser(d, changed)
	}))
	settings.bind(cmd)
	cmd.Flags().StringVar(&name, "user-name", "", "a new user name")
	return cmd
}

// keptDetails are the addresses wanted, with what is known of those that the user has already, in the order wanted.
func keptDetails(now, wanted []client.UserEmail) []client.UserEmail {
	all := make([]client.UserEmail, 0, len(wanted))
	for i, w := range wanted {
		for _, has := range now {
			if has.Value == w.Value {
				w = has
			}
		}
		if w.Primary = i == 0; w.Value != "" {
			all = append(all, w)
		}
	}
	return all
}

func userDeleteCommand(d *desk.Desk) *cobra.Command {
	var yes bool
	cmd := d.Command("delete USER", "Delete a user with its memberships, sessions and links", cobra.ExactArgs(1), desk.TableOrJSON, withUser(d, func(ctx context.Context, c *client.Client, u *client.User, _ []string) error {
		if err := d.Confirm(yes, "Delete the user %s (%s)?", u.UserName, shownName(u)); err != nil {
			return err
		}
		answer, err := c.DeleteUser(ctx, u.ID)
		if err != nil {
			return err
		}
		return d.ShowDeleted(answer, u.ID)
	}))
	desk.BindYes(cmd, &yes)
	return cmd
}

func userLockCommand(d *desk.Desk) *cobra.Command {
	var until string
	cmd := d.Command("lock USER", "Keep a user out for a time, or until it is unlocked; its sessions die for good", cobra.ExactArgs(1), desk.TableOrJSON, withUser(d, func(ctx context.Context, c *client.Client, u *client.User, _ []string) error {
		var lock client.NewUserLock
		if until != "" {
			at, err := desk.Moment("--until", until, d.Now(), "a time")
			if err != nil {
				return err
			}
			lock.Until = &at
		}
		answer, err := c.LockUser(ctx, u.ID, lock)
		if err != nil {
			return err
		}
		if u, err = c.User(ctx, u.ID); err != nil {
			return err
		}
		d.NotePropagation(answer)
		return showUser(d, u)
	}))
	cmd.Flags().StringVar(&until, "until", "", "when the lock ends: 12h, 90d, 2w, a date or a time; without it somebody must unlock the user")
	return cmd
}

func userGroups(d *desk.Desk) func(context.Context, *client.Client, *client.User, []string) error {
	return func(ctx context.Context, c *client.Client, u *client.User, _ []string) error {
		all, err := c.UserGroups(ctx, u.ID)
		if err != nil {
			return err
		}
		return desk.List(d, all, []string{"GROUP", "HOW", "ID"}, func(m *client.Membership) []string {
			how := "through another group"
			switch {
			case m.Direct:
				how = "added"
			case m.Dynamic:
				how = "by its filter"
			}
			return []string{m.Name, how, m.ID}
		})
	}
}

func shownName(u *client.User) string {
	switch {
	case u.DisplayName != "":
		return u.DisplayName
	case u.Name.Formatted != "":
		return u.Name.Formatted
	case u.Name.GivenName != "" && u.Name.FamilyName != "":
		return u.Name.GivenName + " " + u.Name.FamilyName
	}
	return u.Name.GivenName + u.Name.FamilyName
}

func primaryEmail(u *client.User) string {
	for _, e := range u.Emails {
		if e.Primary {
			return e.Value
		}
	}
	return ""
}

func showUser(d *desk.Desk, u *client.User) error {
	return d.Show(u, func(t *terminal.Table) {
		field := func(name, value string) {
			if value != "" {
				t.Field(name, value)
			}
		}
		field("User name", u.UserName)
		field("Name", shownName(u))
		field("Id", u.ID)
		field("Number", strconv.FormatInt(u.Number, 10))
		field("State", u.State)
		field("Password", u.PasswordState)
		for _, e := range u.Emails {
			value := e.Value
			if !e.Verified {
				value += "  not verified"
			}
			field("Email", value)
		}
		for _, p := range u.PhoneNumbers {
			field("Phone", p.Value)
		}
		field("Title", u.Title)
		field("Department", u.Enterprise.Department)
		field("Employee number", u.Enterprise.EmployeeNumber)
		field("External id", u.ExternalID)
		field("Language", u.PreferredLanguage)
		field("Population", u.PopulationID)
		if u.LockedUntil != nil {
			field("Locked until", terminal.Stamp(*u.LockedUntil))
		}
		field("Created", terminal.Stamp(u.CreatedAt))
		field("Updated", terminal.Stamp(u.UpdatedAt))
		if u.LastLoginAt != nil {
			field("Last login", terminal.Stamp(*u.LastLoginAt))
		}
	})
}
