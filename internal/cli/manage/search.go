package manage

import (
	"context"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

// secretive is what is no name: more of one of our secrets than a hint shows, a signed token, a private key, or a long run of
// letters and digits such as other systems make their secrets of.
var secretive = regexp.MustCompile(`cf[a-z]_[\w-]{5}|whsec_|\beyJ[\w-]{8,}\.|PRIVATE KEY|(^|[^\w-])[0-9A-Za-z+/]{32}`)

func (d verbs) searchCommand() *cobra.Command {
	var limit int
	cmd := d.Command("search TEXT", "Find applications, credentials, people, groups and connections; - reads the text from standard input", cobra.MinimumNArgs(1), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			text := strings.Join(args, " ")
			if secretive.MatchString(text) { // said without the text
				return desk.Fail(desk.ExitUsage, "counterfoil search - reads it from there; what was typed here may be in the history of your shell",
					"that looks like a secret, and others on this machine can read arguments: give it by standard input")
			}
			if limit < 1 || limit > 50 {
				return desk.Usage("--limit is 1 to 50")
			}
			if text == "-" && d.Asks {
				d.Say("Paste the text, then press Return and Ctrl-D:\n")
			}
			asked, err := d.Sensitive(text)
			if err != nil {
				return err
			}
			found, err := c.Search(ctx, asked, limit)
			if err != nil {
				return err
			}
			return d.showHits(found)
		}))
	cmd.Long = "Find applications, credentials, people, groups and connections by how their names begin, applications also by words\n" +
		"of their names; by a client id, an address or any id; and credentials by how a secret begins, or by a whole secret. What\n" +
		"looks like a secret is taken from standard input only. What the context's credential may not read is left out."
	cmd.Example = "  counterfoil search billing\n  counterfoil search ann@example.com\n  pbpaste | counterfoil search -"
	cmd.Flags().IntVar(&limit, "limit", 10, "the most hits of each kind, up to 50")
	return cmd
}

func (d verbs) showHits(found *client.SearchHits) error {
	if found.Leaked {
		d.Say("note: that is a whole secret, so it was copied somewhere.\nhint: if it was found where it should not be, counterfoil app secret rotate or disable, with the ids below\n")
	}
	if len(found.Items) == 0 {
		d.Say("nothing is called so\n")
	}
	return d.Show(found, func(t *terminal.Table) {
		t.Row("KIND", "NAME", "DETAIL", "ID", "OF", "STATUS")
		for _, hit := range found.Items {
			kind := hit.Kind
			if hit.CredentialKind != "" {
				kind = hit.CredentialKind
			}
			t.Row(kind, hit.Name, hit.Detail, hit.ID, hit.ClientID, desk.Status(hit.Enabled))
		}
	})
}
