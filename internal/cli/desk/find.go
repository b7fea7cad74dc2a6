package desk

import (
	"context"
	"iter"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
)

// What a command's run starts from: the chosen server, and the thing that its first argument names.
type (
	// ClientRun is a run that speaks to the chosen server.
	ClientRun = func(context.Context, *client.Client, []string) error
	// APIRun is a run whose first argument named an API; it gets the arguments after that.
	APIRun = func(context.Context, *client.Client, *client.API, []string) error
	// AppRun is a run whose first argument named an application; it gets the arguments after that.
	AppRun = func(context.Context, *client.Client, *client.Application, []string) error
)

// WithClient makes a run that speaks to the chosen server.
func (d *Desk) WithClient(then ClientRun) Run {
	return func(ctx context.Context, args []string) error {
		c, err := d.Client()
		if err != nil {
			return err
		}
		return then(ctx, c, args)
	}
}

// WithAPI makes a run for a command whose first argument is an API, as [FindAPI] has it.
func (d *Desk) WithAPI(then APIRun) Run {
	return d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
		api, err := FindAPI(ctx, c, args[0])
		if err != nil {
			return err
		}
		return then(ctx, c, api, args[1:])
	})
}

// WithApp makes a run for a command whose first argument is an application, as [FindApplication] has it.
func (d *Desk) WithApp(then AppRun) Run {
	return d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
		app, err := FindApplication(ctx, c, args[0])
		if err != nil {
			return err
		}
		return then(ctx, c, app, args[1:])
	})
}

// FindApplication returns the application with a client id or a name, with its ETag. A name that several have is
// wrong usage.
func FindApplication(ctx context.Context, c *client.Client, idOrName string) (*client.Application, error) {
	if isID(idOrName) {
		return c.Application(ctx, idOrName)
	}
	found, err := client.Collect(c.Applications(ctx, client.ApplicationFilter{Name: idOrName}))
	if err != nil {
		return nil, err
	}
	switch len(found) {
	case 0:
		return nil, Fail(ExitNotFound, "counterfoil app list shows those there are", "there is no application %q", idOrName)
	case 1:
		return c.Application(ctx, found[0].ClientID) // for its ETag
	}
	return nil, Fail(ExitUsage, "say which one by its client id", "%d applications are called %q", len(found), idOrName)
}

// FindAPI returns the API with an id, a name or an audience, with its ETag.
func FindAPI(ctx context.Context, c *client.Client, wanted string) (*client.API, error) {
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
	return nil, Fail(ExitNotFound, "counterfoil api list shows those there are", "there is no API %q", wanted)
}

// isID reports whether s is an id of ours, a lowercase UUID; anything else is a name.
func isID(s string) bool {
	id, err := uuid.Parse(s)
	return err == nil && id.String() == s
}

// Shell completion asks the server for names. It is silent when that fails: an error would end up in the middle
// of the command line somebody is typing.

const completionPatience = 2 * time.Second

// Candidates asks the server what the next argument, after args, can be.
type Candidates = func(ctx context.Context, c *client.Client, args []string) []string

// Completing gives a command completion of as many arguments as there are candidates.
func (d *Desk) Completing(arguments ...Candidates) func(*cobra.Command) *cobra.Command {
	complete := func(cmd *cobra.Command, args []string, _ string) (found []string, _ cobra.ShellCompDirective) {
		if c, err := d.Client(); err == nil && len(args) < len(arguments) {
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

// ApplicationNames completes an application.
func ApplicationNames(ctx context.Context, c *client.Client, _ []string) []string {
	return NamesOf(c.Applications(ctx, client.ApplicationFilter{}), func(a *client.Application) string { return a.Name })
}

// APINames completes an API.
func APINames(ctx context.Context, c *client.Client, _ []string) []string {
	return NamesOf(c.APIs(ctx), func(a *client.API) string { return a.Name })
}

// NamesOf returns what the things in a list are called, as far as it could be read.
func NamesOf[T any](all iter.Seq2[*T, error], name func(*T) string) (names []string) {
	for one, err := range all {
		if err == nil {
			names = append(names, name(one))
		}
	}
	return names
}
