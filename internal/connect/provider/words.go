package provider

import (
	"slices"
	"strings"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// checkWords looks at what people read: hints are sentences, and what a field is called is not.
func (p *Provider) checkWords() error {
	for i := range p.Errors {
		hint := p.Errors[i].Hint
		if !strings.HasSuffix(hint, ".") || hint != strings.TrimSpace(hint) {
			return fault.New(fault.Invalid, "errors: the hint %q must be whole sentences, with a full stop at the end", hint)
		}
		if placeholder.MatchString(hint) {
			return fault.New(fault.Invalid, "errors: the hint %q cannot hold what was entered", hint)
		}
		if slices.Contains(p.Errors[i].Among, p.Errors[i].Stage) {
			return fault.New(fault.Invalid, "errors: the hint %q names its own stage in among", hint)
		}
	}
	for i := range p.Fields {
		f := &p.Fields[i]
		if strings.HasSuffix(f.Title, ".") {
			return fault.New(fault.Invalid, "field %s: a title has no full stop", f.Name)
		}
		if f.Description != "" && !strings.HasSuffix(f.Description, ".") {
			return fault.New(fault.Invalid, "field %s: a description is whole sentences, with a full stop at the end", f.Name)
		}
	}
	return nil
}

// Strings returns every text of the providers that people read, sorted and each once, for whoever translates them: titles
// and descriptions of fields, labels of choices and hints.
func (c *Catalogue) Strings() []string {
	var all []string
	for _, p := range c.List() {
		for i := range p.Fields {
			f := &p.Fields[i]
			all = append(all, f.Title, f.Description)
			for _, choice := range f.Choices {
				all = append(all, choice.Label)
			}
		}
		for i := range p.Errors {
			all = append(all, p.Errors[i].Hint)
		}
	}
	slices.Sort(all)
	all = slices.Compact(all)
	return slices.DeleteFunc(all, func(text string) bool { return text == "" })
}
