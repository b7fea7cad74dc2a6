package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// The formats of -o.
const (
	AsTable = "table"
	AsJSON  = "json"
	AsEnv   = "env"
	AsCSV   = "csv"
)

// What -o may say, for most commands and for those that hand out a credential.
var (
	TableOrJSON    = []string{AsTable, AsJSON}
	TableJSONOrEnv = []string{AsTable, AsJSON, AsEnv}
)

// Run is what a command does with its arguments.
type Run = func(ctx context.Context, args []string) error

// outputs is the annotation that lists the formats a command knows, for completion.
const outputs = "outputs"

func completeOutputs(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	return strings.Fields(cmd.Annotations[outputs]), cobra.ShellCompDirectiveNoFileComp
}

// Command makes a verb. do gets the arguments; its result goes to d.Out. formats are what -o may say.
func (d *Desk) Command(use, short string, args cobra.PositionalArgs, formats []string, do Run) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: args,
		Annotations:       map[string]string{outputs: strings.Join(formats, " ")},
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(cmd *cobra.Command, args []string) error {
			d.Begin()
			if !slices.Contains(formats, d.Output) {
				return Usage("%s knows -o %s, not %q", cmd.CommandPath(), strings.Join(formats, " and "), d.Output)
			}
			return do(cmd.Context(), args)
		},
	}
}

// Group makes a noun with its verbs. Alone it explains itself; with an unknown verb it is wrong usage.
func Group(use, short string, verbs ...*cobra.Command) *cobra.Command {
	g := &cobra.Command{
		Use: use, Short: short,
		SuggestionsMinimumDistance: 2,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return fmt.Errorf("unknown command %q for %q%s", args[0], cmd.CommandPath(), didYouMean(cmd.SuggestionsFor(args[0])))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	g.AddCommand(verbs...)
	return g
}

func didYouMean(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "; did you mean " + strings.Join(names, " or ") + "?"
}
