package cli

import (
	"cmp"
	"context"
	"iter"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
)

// What a command's run starts from: the chosen server, and the thing that its first argument names.
type (
	run       = func(context.Context, []string) error
	clientRun = func(context.Context, *client.Client, []string) error
	apiRun    = func(context.Context, *client.Client, *client.API, []string) error
	appRun    = func(context.Context, *client.Client, *client.Application, []string) error
)

func (p *program) withClient(then clientRun) run {
	return func(ctx context.Context, args []string) error {
		c, err := p.client()
		if err != nil {
			return err
		}
		return then(ctx, c, args)
	}
}

func (p *program) withAPI(then apiRun) run {
	return p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		api, err := findAPI(ctx, c, args[0])
		if err != nil {
			return err
		}
		return then(ctx, c, api, args[1:])
	})
}

func (p *program) withApp(then appRun) run {
	return p.withClient(func(ctx context.Context, c *client.Client, args []string) error {
		app, err := findApplication(ctx, c, args[0])
		if err != nil {
			return err
		}
		return then(ctx, c, app, args[1:])
	})
}

// findApplication returns the application with a client id or a name.
func findApplication(ctx context.Context, c *client.Client, idOrName string) (*client.Application, error) {
	if isID(idOrName) {
		return c.Application(ctx, idOrName)
	}
	found, err := client.Collect(c.Applications(ctx, client.ApplicationFilter{Name: idOrName}))
	if err != nil {
		return nil, err
	}
	switch len(found) {
	case 0:
		return nil, fail(exitNotFound, "counterfoil app list shows those there are", "there is no application %q", idOrName)
	case 1:
		return c.Application(ctx, found[0].ClientID) // for its ETag
	}
	return nil, fail(exitUsage, "say which one by its client id", "%d applications are called %q", len(found), idOrName)
}

// findAPI returns the API with an id, a name or an audience.
func findAPI(ctx context.Context, c *client.Client, wanted string) (*client.API, error) {
	if isID(wanted) {
		return c.API(ctx, wanted)
	}
	for api, err := range c.APIs(ctx) {
		if err != nil {
			return nil, err
		}
		if api.Name == wanted || api.Audience == wanted {
			return c.API(ctx, api.ID) // items of a list have no ETag, which an edit needs
		}
	}
	return nil, fail(exitNotFound, "counterfoil api list shows those there are", "there is no API %q", wanted)
}

// isID reports whether s is an id of ours, a lowercase UUID; anything else is a name.
func isID(s string) bool {
	id, err := uuid.Parse(s)
	return err == nil && id.String() == s
}

// Shell completion asks the server for names. It is silent when that fails: an error would end up in the middle
// of the command line somebody is typing.

const completionPatience = 2 * time.Second

// candidates asks the server what the next argument, after args, can be.
type candidates = func(ctx context.Context, c *client.Client, args []string) []string

// completing gives a command completion of as many arguments as there are candidates.
func (p *program) completing(arguments ...candidates) func(*cobra.Command) *cobra.Command {
	complete := func(cmd *cobra.Command, args []string, _ string) (found []string, _ cobra.ShellCompDirective) {
		if c, err := p.client(); err == nil && len(args) < len(arguments) {
			ctx, cancel := context.WithTimeout(cmd.Context(), completionPatience)
			defer cancel()
			found = arguments[len(args)](ctx, c, args)
		}
		return found, cobra.ShellCompDirectiveNoFileComp
	}
	return func(cmd *cobra.Command) *cobra.Command {
		cmd.ValidArgsFunction = complete
		return cmd
	}
}

func applicationNames(ctx context.Context, c *client.Client, _ []string) []string {
	return namesOf(c.Applications(ctx, client.ApplicationFilter{}), func(a *client.Application) string { return a.Name })
}

// secretIDs are those of the application that the first argument names; hints tell them apart.
func secretIDs(ctx context.Context, c *client.Client, args []string) []string {
	app, err := findApplication(ctx, c, args[0])
	if err != nil {
		return nil
	}
	return namesOf(c.Secrets(ctx, app.ClientID), func(s *client.ApplicationSecret) string {
		return cobra.CompletionWithDesc(s.ID, s.Hint)
	})
}

func apiNames(ctx context.Context, c *client.Client, _ []string) []string {
	return namesOf(c.APIs(ctx), func(a *client.API) string { return a.Name })
}

func environmentNames(ctx context.Context, c *client.Client, _ []string) []string {
	return namesOf(c.Environments(ctx), func(e *client.Environment) string { return cmp.Or(e.Slug, e.ID) })
}

func keyIDs(ctx context.Context, c *client.Client, _ []string) []string {
	return namesOf(c.Keys(ctx), func(k *client.Key) string { return k.ID })
}

// namesOf returns what the things in a list are called, as far as it could be read.
func namesOf[T any](all iter.Seq2[*T, error], name func(*T) string) (names []string) {
	for one, err := range all {
		if err == nil {
			names = append(names, name(one))
		}
	}
	return names
}

func (p *program) completeContexts(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	_, known, err := p.contexts()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return known.Names(), cobra.ShellCompDirectiveNoFileComp
}
