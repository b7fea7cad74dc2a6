package people

import (
	"context"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
)

// withUser makes a run for a command whose first argument names a user, as [findUser] has it; it gets the arguments after
// that.
func withUser(d *desk.Desk, then func(context.Context, *client.Client, *client.User, []string) error) desk.Run {
	return d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
		u, err := findUser(ctx, c, args[0])
		if err != nil {
			return err
		}
		return then(ctx, c, u, args[1:])
	})
}

// findUser returns the user with an id, a number, a user name or an address, with its ETag. A user name goes before the
// rest, so that somebody called 7 is found.
func findUser(ctx context.Context, c *client.Client, wanted string) (*client.User, error) {
	if isID(wanted) {
		return c.User(ctx, wanted)
	}
	filters := []client.UserFilter{{UserName: wanted}}
	if strings.Contains(wanted, "@") {
		filters = append(filters, client.UserFilter{Email: wanted})
	}
	if number, err := strconv.ParseInt(wanted, 10, 64); err == nil && number > 0 {
		filters = append(filters, client.UserFilter{Number: number})
	}
	for _, f := range filters {
		found, err := client.Collect(c.Users(ctx, f))
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			return c.User(ctx, found[0].ID) // for its ETag
		}
	}
	return nil, desk.Fail(desk.ExitNotFound, "counterfoil user list shows those there are", "there is no user %q", wanted)
}

// findPopulation returns the population with an id or a name, with its ETag.
func findPopulation(ctx context.Context, c *client.Client, wanted string) (*client.Population, error) {
	if isID(wanted) {
		return c.Population(ctx, wanted)
	}
	for p, err := range c.Populations(ctx) {
		if err != nil {
			return nil, err
		}
		if strings.EqualFold(p.Name, wanted) {
			return c.Population(ctx, p.ID)
		}
	}
	return nil, desk.Fail(desk.ExitNotFound, "counterfoil population list shows those there are", "there is no population %q", wanted)
}

// populationID is the id of a population that a flag names; empty if it names none.
func populationID(ctx context.Context, c *client.Client, wanted string) (string, error) {
	if wanted == "" {
		return "", nil
	}
	p, err := findPopulation(ctx, c, wanted)
	if err != nil {
		return "", err
	}
	return p.ID, nil
}

// findGroup returns the group with an id or a name, with its ETag.
func findGroup(ctx context.Context, c *client.Client, wanted string) (*client.Group, error) {
	if isID(wanted) {
		return c.Group(ctx, wanted)
	}
	found, err := client.Collect(c.Groups(ctx, wanted))
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, desk.Fail(desk.ExitNotFound, "counterfoil group list shows those there are", "there is no group %q", wanted)
	}
	return c.Group(ctx, found[0].ID)
}

// findMember returns the user that an argument names, or the group behind group:.
func findMember(ctx context.Context, c *client.Client, wanted string) (client.NewMember, error) {
	if name, ok := strings.CutPrefix(wanted, "group:"); ok {
		g, err := findGroup(ctx, c, name)
		if err != nil {
			return client.NewMember{}, err
		}
		return client.NewMember{ID: g.ID, Kind: "group"}, nil
	}
	u, err := findUser(ctx, c, wanted)
	if err != nil {
		return client.NewMember{}, err
	}
	return client.NewMember{ID: u.ID, Kind: "user"}, nil
}

// isID reports whether s is an id, a lowercase UUID.
func isID(s string) bool {
	id, err := uuid.Parse(s)
	return err == nil && id.String() == s
}

func populationNames(ctx context.Context, c *client.Client, _ []string) []string {
	return desk.NamesOf(c.Populations(ctx), func(p *client.Population) string { return p.Name })
}

func groupNames(ctx context.Context, c *client.Client, _ []string) []string {
	return desk.NamesOf(c.Groups(ctx, ""), func(g *client.Group) string { return g.Name })
}
