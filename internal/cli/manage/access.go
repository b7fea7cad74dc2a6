package manage

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/access/rule"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func (d verbs) accessCommand() *cobra.Command {
	rules := d.Command("rules", "Print the permission table: what every route asks for, and why", cobra.NoArgs, desk.TableOrJSON, d.accessRules)
	return desk.Group("access", "Which rule decides who may do what", rules, d.accessExplainCommand())
}

func (d verbs) accessExplainCommand() *cobra.Command {
	var field string
	cmd := d.Command("explain CREDENTIAL METHOD PATH", "Say which rule decides about a request, and whether and where a credential's authority ends", cobra.ExactArgs(3), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			id := args[0]
			if app, err := desk.FindApplication(ctx, c, id); err == nil {
				id = app.ClientID
			}
			x, err := c.ExplainAccess(ctx, client.AccessQuestion{Credential: id, Method: args[1], Path: args[2], Field: field})
			if err != nil {
				return err
			}
			return d.showExplanation(x)
		}))
	cmd.Long = "Says which row of the permission table decides, what it asks for, and follows the authority from the application to the\ncredential. CREDENTIAL is the id of a credential, or the name or client id of an application that has just one."
	cmd.Example = "  counterfoil access explain billing PATCH /users/42 --field password"
	cmd.Flags().StringVar(&field, "field", "", "a field that the request sets, such as password")
	return cmd
}

func (d verbs) showExplanation(x *client.AccessExplanation) error {
	return d.Show(x, func(t *terminal.Table) {
		verdict := "yes"
		if !x.Allowed {
			verdict = "no: " + x.CutAt
		}
		t.Field("Allowed", verdict)
		t.Field("Application", x.Application+" "+x.ClientID)
		t.Field("Credential", x.CredentialID)
		for _, r := range x.Rules {
			t.Field("Rule", strings.TrimSpace(r.Method+" "+r.Path+" "+r.Field)+" asks for "+r.Asks)
			if r.Why != "" {
				t.Field("Why", r.Why)
			}
		}
		for _, s := range x.Steps {
			mark := "yes: "
			if !s.Holds {
				mark = "no: "
			}
			t.Field(strings.ToUpper(s.At[:1])+s.At[1:], mark+s.Says)
		}
	})
}

// shownRule is a row as scripts get it.
type shownRule struct {
	Door   string `json:"door"`
	Method string `json:"method"`
	Path   string `json:"path"`
	Field  string `json:"field,omitempty"`
	Asks   string `json:"asks"`
	Why    string `json:"why,omitempty"`
}

func (d verbs) accessRules(context.Context, []string) error {
	var all []*shownRule
	for _, r := range rule.All() {
		all = append(all, &shownRule{string(r.Door), r.Method, r.Path, r.Field, r.Asks(), r.Why})
	}
	return desk.List(d.Desk, all, []string{"DOOR", "METHOD", "PATH", "FIELD", "ASKS FOR", "WHY"}, func(r *shownRule) []string {
		return []string{r.Door, r.Method, r.Path, r.Field, r.Asks, r.Why}
	})
}
