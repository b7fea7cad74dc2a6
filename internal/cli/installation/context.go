package installation

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/internal/cli/contexts"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func (d verbs) contextCommand() *cobra.Command {
	completed := func(cmd *cobra.Command) *cobra.Command {
		cmd.ValidArgsFunction = d.CompleteContexts
		return cmd
	}
	return desk.Group("context", "The servers that this user knows",
		d.Command("list", "List the saved servers", cobra.NoArgs, desk.TableOrJSON, d.contextList),
		completed(d.Command("show [NAME]", "Show a saved server, the current one unless named", cobra.MaximumNArgs(1), desk.TableOrJSON, d.contextShow)),
		completed(d.Command("use NAME", "Make a saved server the current one", cobra.ExactArgs(1), desk.TableOrJSON, d.contextUse)),
		d.contextAddCommand(),
		completed(d.Command("remove NAME", "Forget a saved server", cobra.ExactArgs(1), desk.TableOrJSON, d.contextRemove)),
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

func (d verbs) contextList(context.Context, []string) error {
	_, known, err := d.Contexts()
	if err != nil {
		return err
	}
	var all []*contextView
	for _, name := range known.Names() {
		all = append(all, view(known, name))
	}
	return desk.List(d.Desk, all, []string{"", "NAME", "BASE URL", "CLIENT ID"}, func(v *contextView) []string {
		mark := " "
		if v.Current {
			mark = "*"
		}
		return []string{mark, v.Name, v.BaseURL, v.ClientID}
	})
}

func (d verbs) contextShow(_ context.Context, args []string) error {
	_, known, err := d.Contexts()
	if err != nil {
		return err
	}
	name := strings.Join(args, "")
	if name == "" {
		if name = known.Current; name == "" {
			return desk.Fail(desk.ExitNotFound, "counterfoil context add saves one", "there is no current context")
		}
	}
	if _, err := desk.FindContext(known, name); err != nil {
		return err
	}
	return d.showContext(view(known, name))
}

func (d verbs) showContext(v *contextView) error {
	return d.Show(v, func(t *terminal.Table) {
		t.Field("Name", v.Name)
		t.Field("Base URL", v.BaseURL)
		t.Field("Client id", v.ClientID)
		t.Field("Current", fmt.Sprint(v.Current))
	})
}

func (d verbs) contextUse(_ context.Context, args []string) error {
	_, known, err := d.Contexts()
	if err != nil {
		return err
	}
	if _, err := desk.FindContext(known, args[0]); err != nil {
		return err
	}
	known.Current = args[0]
	if err := known.Write(); err != nil {
		return err
	}
	return d.showContext(view(known, args[0]))
}

func (d verbs) contextRemove(_ context.Context, args []string) error {
	_, known, err := d.Contexts()
	if err != nil {
		return err
	}
	if _, err := desk.FindContext(known, args[0]); err != nil {
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
	return d.showContext(gone)
}

func (d verbs) contextAddCommand() *cobra.Command {
	var baseURL, clientID, secretFile string
	cmd := d.Command("add NAME", "Save a server and make it the current one", cobra.ExactArgs(1), desk.TableOrJSON,
		func(_ context.Context, args []string) error {
			secret, err := d.SecretFrom(secretFile)
			if err != nil {
				return err
			}
			saved := desk.Connection{BaseURL: baseURL, ClientID: clientID, Secret: secret, Origin: "context " + args[0]}
			if _, err := d.ClientFor(&saved); err != nil { // checks the address
				return err
			}
			known, err := d.SaveContext(args[0], &saved)
			if err != nil {
				return err
			}
			return d.showContext(view(known, args[0]))
		})
	flags := cmd.Flags()
	flags.StringVar(&baseURL, "url", "", "the environment's issuer, such as https://auth.example")
	flags.StringVar(&clientID, "client-id", "", "an application with management scopes")
	flags.StringVar(&secretFile, "client-secret-file", "-", "file with its secret; - is standard input")
	_ = cmd.MarkFlagRequired("url")
	_ = cmd.MarkFlagRequired("client-id")
	return cmd
}
