package desk

import (
	"errors"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// ScopeList is a flag that lists scopes, repeated or separated by commas; nil means that it was not given.
// RFC 6749 §3.3 allows a comma in a scope's name: where names are free, as with api create, a list is only repeated.
type ScopeList []string

// Bind adds the flag to cmd. help says what the scopes are for.
func (l *ScopeList) Bind(cmd *cobra.Command, flag, help string) {
	cmd.Flags().Var(l, flag, help+"; repeatable, or with commas")
}

// Set adds what one use of the flag says; it is for cobra. One that is there already is not added again.
func (l *ScopeList) Set(text string) error {
	for name := range strings.SplitSeq(text, ",") {
		name = strings.TrimSpace(name)
		if name == "" {
			return errors.New("a scope has a name")
		}
		if !slices.Contains(*l, name) {
			*l = append(*l, name)
		}
	}
	return nil
}

// String returns the list as Set reads it.
func (l *ScopeList) String() string { return strings.Join(*l, ",") }

// Type is what help shows for a value.
func (*ScopeList) Type() string { return "scopes" }
