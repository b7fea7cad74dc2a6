package cli

import (
	"slices"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

// What the verbs that change things share.

// setIf sets a member of a change when its flag was given, also to the empty value.
func setIf[T any](cmd *cobra.Command, flag string, member *client.Field[T], value T) {
	if cmd.Flags().Changed(flag) {
		*member = client.Set(value)
	}
}

// scopeEdit is three ways to change a list of scopes.
type scopeEdit struct{ replace, add, remove []string }

func (e *scopeEdit) bind(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&e.replace, "scope", nil, "replace the scopes by these; repeatable")
	cmd.Flags().StringArrayVar(&e.add, "add-scope", nil, "add a scope; repeatable")
	cmd.Flags().StringArrayVar(&e.remove, "remove-scope", nil, "take a scope away; repeatable")
	cmd.MarkFlagsMutuallyExclusive("scope", "add-scope")
	cmd.MarkFlagsMutuallyExclusive("scope", "remove-scope")
}

func (e *scopeEdit) any() bool { return len(e.replace)+len(e.add)+len(e.remove) > 0 }

// editList applies a scopeEdit to a list; name tells equal ones.
func editList[T any](now, replace, add, remove []T, name func(T) string) []T {
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

func bindYes(cmd *cobra.Command, yes *bool) {
	cmd.Flags().BoolVarP(yes, "yes", "y", false, "do not ask")
}

// notePropagation tells a person that other nodes follow. Scripts find it in the answer to a deletion.
func (p *program) notePropagation(a client.Answer) {
	if !a.Propagated {
		p.say("note: not every node has applied this yet; the others follow within 5 seconds\n")
	}
}

// deleted is the result of a deletion.
type deleted struct {
	ID         string `json:"id"`
	Deleted    bool   `json:"deleted"`
	Propagated bool   `json:"propagated"`
}

func (p *program) showDeleted(a client.Answer, id string) error {
	p.notePropagation(a)
	return p.show(deleted{id, true, a.Propagated}, func(t *terminal.Table) { t.Row("deleted " + id) })
}
