package desk

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

// SetIf sets a member of a change when its flag was given, also to the empty value.
func SetIf[T any](cmd *cobra.Command, flag string, member *client.Field[T], value T) {
	if cmd.Flags().Changed(flag) {
		*member = client.Set(value)
	}
}

// Said returns the values of a flag that is repeated; a single empty one takes them all away.
func Said(values []string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(value string) bool { return value == "" })
}

// ScopeEdit is three ways to change a list of scopes.
type ScopeEdit struct{ Replace, Add, Remove []string }

// Bind adds --scope, --add-scope and --remove-scope to cmd.
func (e *ScopeEdit) Bind(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&e.Replace, "scope", nil, "replace the scopes by these; repeatable")
	cmd.Flags().StringArrayVar(&e.Add, "add-scope", nil, "add a scope; repeatable")
	cmd.Flags().StringArrayVar(&e.Remove, "remove-scope", nil, "take a scope away; repeatable")
	cmd.MarkFlagsMutuallyExclusive("scope", "add-scope")
	cmd.MarkFlagsMutuallyExclusive("scope", "remove-scope")
}

// Any reports whether one of the flags was given.
func (e *ScopeEdit) Any() bool { return len(e.Replace)+len(e.Add)+len(e.Remove) > 0 }

// EditList applies a ScopeEdit to a list; name tells equal ones.
func EditList[T any](now, replace, add, remove []T, name func(T) string) []T {
	if len(replace) > 0 {
		return replace
	}
	among := func(list []T) func(T) bool {
		return func(one T) bool {
			return slices.ContainsFunc(list, func(other T) bool { return name(other) == name(one) })
		}
	}
	kept := slices.DeleteFunc(slices.Clone(now), among(add)) // an added one may bring a new description
	return slices.DeleteFunc(append(kept, add...), among(remove))
}

// BindYes adds --yes, which [Desk.Confirm] wants to know of.
func BindYes(cmd *cobra.Command, yes *bool) {
	cmd.Flags().BoolVarP(yes, "yes", "y", false, "do not ask")
}

// NotePropagation tells a person that other nodes follow. Scripts find it in the answer to a deletion.
func (d *Desk) NotePropagation(a client.Answer) {
	if !a.Propagated {
		d.Say("note: not every node has applied this yet; the others follow within 5 seconds\n")
	}
}

// deleted is the result of a deletion.
type deleted struct {
	ID         string `json:"id"`
	Deleted    bool   `json:"deleted"`
	Propagated bool   `json:"propagated"`
}

// ShowDeleted prints that the thing with that id is deleted.
func (d *Desk) ShowDeleted(a client.Answer, id string) error {
	d.NotePropagation(a)
	return d.Show(deleted{id, true, a.Propagated}, func(t *terminal.Table) { t.Row("deleted " + id) })
}
