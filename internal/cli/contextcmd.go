package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/contexts"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func (p *program) contextCommand() *cobra.Command {
	completed := func(cmd *cobra.Command) *cobra.Command {
		cmd.ValidArgsFunction = p.completeContexts
		return cmd
	}
	return group("context", "The servers that this user knows",
		p.command("list", "List the saved servers", cobra.NoArgs, tableOrJSON, p.contextList),
		completed(p.command("show [NAME]", "Show a saved server, the current one unless named", cobra.MaximumNArgs(1), tableOrJSON, p.contextShow)),
		completed(p.command("use NAME", "Make a saved server the current one", cobra.ExactArgs(1), tableOrJSON, p.contextUse)),
		p.contextAddCommand(),
		completed(p.command("remove NAME", "Forget a saved server", cobra.ExactArgs(1), tableOrJSON, p.contextRemove)),
	)
}

// contextView is a context as it is printed: never with its secret.
type contextView struct {
	Name     string `json:"name"`
	Current  bool   `json:"current"`
	BaseURL  string `json:"base_url"`
	ClientID string `json:"client_id"`
}

func view(known *contexts.File, name string) *contextView {
	saved := known.Saved[name]
	return &contextView{name, name == known.Current, saved.BaseURL, saved.ClientID}
}

func (p *program) contextList(context.Context, []string) error {
	_, known, err := p.contexts()
	if err != nil {
		return err
	}
	var all []*contextView
	for _, name := range known.Names() {
		all = append(all, view(known, name))
	}
	return list(p, all, []string{"", "NAME", "BASE URL", "CLIENT ID"}, func(v *contextView) []string {
		mark := " "
		if v.Current {
			mark = "*"
		}
		return []string{mark, v.Name, v.BaseURL, v.ClientID}
	})
}

func (p *program) contextShow(_ context.Context, args []string) error {
	_, known, err := p.contexts()
	if err != nil {
		return err
	}
	name := strings.Join(args, "")
	if name == "" {
		if name = known.Current; name == "" {
			return fail(exitNotFound, "counterfoil context add saves one", "there is no current context")
		}
	}
	if _, err := find(known, name); err != nil {
		return err
	}
	return p.showContext(view(known, name))
}

func (p *program) showContext(v *contextView) error {
	return p.show(v, func(t *terminal.Table) {
		t.Field("Name", v.Name)
		t.Field("Base URL", v.BaseURL)
		t.Field("Client id", v.ClientID)
		t.Field("Current", fmt.Sprint(v.Current))
	})
}

func (p *program) contextUse(_ context.Context, args []string) error {
	_, known, err := p.contexts()
	if err != nil {
		return err
	}
	if _, err := find(known, args[0]); err != nil {
		return err
	}
	known.Current = args[0]
	if err := known.Write(); err != nil {
		return err
	}
	return p.showContext(view(known, args[0]))
}

func (p *program) contextRemove(_ context.Context, args []string) error {
	_, known, err := p.contexts()
	if err != nil {
		return err
	}
	if _, err := find(known, args[0]); err != nil {
		return err
	}
	gone := view(known, args[0])
	delete(known.Saved, args[0])
	if known.Current == args[0] {
		known.Current = ""
	}
	if err := known.Write(); err != nil {
		return err
	}
	gone.Current = false
	return p.showContext(gone)
}

func (p *program) contextAddCommand() *cobra.Command {
	var baseURL, clientID, secretFile string
	cmd := p.command("add NAME", "Save a server and make it the current one", cobra.ExactArgs(1), tableOrJSON,
		func(_ context.Context, args []string) error {
			secret, err := p.secretFrom(secretFile)
			if err != nil {
				return err
			}
			saved := connection{baseURL: baseURL, clientID: clientID, secret: secret, origin: "context " + args[0]}
			if _, err := p.clientFor(&saved); err != nil { // checks the address
				return err
			}
			v, err := p.saveContext(args[0], saved)
			if err != nil {
				return err
			}
			return p.showContext(v)
		})
	flags := cmd.Flags()
	flags.StringVar(&baseURL, "url", "", "the environment's issuer, such as https://auth.example")
	flags.StringVar(&clientID, "client-id", "", "an application with management scopes")
	flags.StringVar(&secretFile, "client-secret-file", "-", "file with its secret; - is standard input")
	_ = cmd.MarkFlagRequired("url")
	_ = cmd.MarkFlagRequired("client-id")
	return cmd
}

// secretFrom reads a secret from a file or, as "-", from standard input. There is no flag for the secret itself:
// other users of a machine can read the arguments of its processes.
func (p *program) secretFrom(path string) (client.Secret, error) {
	if path == "-" {
		if p.Asks {
			p.say("Paste the client secret, then press Return and Ctrl-D:\n")
		}
		return p.sensitive("-")
	}
	text, err := readSmall(path)
	return client.NewSecret(strings.TrimSpace(text)), err
}

// saveContext writes a context and makes it the current one.
func (p *program) saveContext(name string, c connection) (*contextView, error) {
	_, known, err := p.contexts()
	if err != nil {
		return nil, err
	}
	known.Saved[name] = contexts.Saved{BaseURL: c.baseURL, ClientID: c.clientID, ClientSecret: c.secret.Reveal()}
	known.Current = name
	return view(known, name), known.Write()
}
