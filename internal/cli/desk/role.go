package desk

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
)

// FindRole returns the role with an id or a name, whatever the name's case, with its ETag.
func FindRole(ctx context.Context, c *client.Client, wanted string) (*client.Role, error) {
	if isID(wanted) {
		return c.Role(ctx, wanted)
	}
	all, err := c.Roles(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range all {
		if strings.EqualFold(r.Name, wanted) {
			return c.Role(ctx, r.Role) // items of a list have no ETag, which an edit needs
		}
	}
	return nil, Fail(ExitNotFound, "counterfoil role list shows those there are", "there is no role %q", wanted)
}

// RoleCalled returns what assignments call a role. What it cannot find stands for itself: whoever may assign roles need not
// be allowed to see them, and the server says what is wrong with a name.
func RoleCalled(ctx context.Context, c *client.Client, wanted string) string {
	all, _ := c.Roles(ctx)
	for _, r := range all {
		if strings.EqualFold(r.Name, wanted) {
			return r.Role
		}
	}
	return wanted
}

// RoleNames completes a role.
func RoleNames(ctx context.Context, c *client.Client, _ []string) (names []string) {
	all, _ := c.Roles(ctx)
	for _, r := range all {
		names = append(names, r.Name)
	}
	return names
}

// Over reads what --over says: organization, environment, population:ID or application:NAME-or-id.
func Over(ctx context.Context, c *client.Client, text string) (over, id string, err error) {
	over, id, named := strings.Cut(text, ":")
	switch {
	case (over == "population" || over == "application") && id == "":
		return "", "", Usage("--over %s: say which, as %s:ID", text, over)
	case over == "application":
		app, err := FindApplication(ctx, c, id)
		if err != nil {
			return "", "", err
		}
		return over, app.ClientID, nil
	case over == "population", !named && (over == "organization" || over == "environment"):
		return over, id, nil
	}
	return "", "", Usage("--over %q: say organization, environment, population:ID or application:NAME", text)
}

// BindOver adds --over to cmd, which [Over] reads.
func BindOver(cmd *cobra.Command, over *string) {
	cmd.Flags().StringVar(over, "over", "environment", "organization, environment, population:ID or application:NAME-or-id")
	_ = cmd.RegisterFlagCompletionFunc("over", cobra.FixedCompletions([]string{"organization", "environment", "population:", "application:"}, cobra.ShellCompDirectiveNoFileComp|cobra.ShellCompDirectiveNoSpace))
}
