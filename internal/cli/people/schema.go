package people

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func schemaCommand(d *desk.Desk) *cobra.Command {
	one := cobra.ExactArgs(1)
	list := d.Command("list", "List the custom schemas", cobra.NoArgs, desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, _ []string) error {
			all, err := client.Collect(c.Schemas(ctx))
			if err != nil {
				return err
			}
			return desk.List(d, all, []string{"NAME", "ATTRIBUTES", "URN", "ID"}, func(s *client.Schema) []string {
				return []string{s.Name, terminal.Brief(attributeNames(s.Attributes)), s.URN, s.ID}
			})
		}))
	show := d.Command("show SCHEMA", "Show a custom schema by name, URN or id", one, desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			s, err := schemaCalled(ctx, c, args[0])
			if err != nil {
				return err
			}
			return showSchema(d, s)
		}))
	remove := d.Command("delete SCHEMA", "Delete a custom schema that no user has values under", one, desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			s, err := schemaCalled(ctx, c, args[0])
			if err != nil {
				return err
			}
			answer, err := c.DeleteSchema(ctx, s.ID, client.IfMatch(s.ETag))
			if err != nil {
				return err
			}
			return d.ShowDeleted(answer, s.Name)
		}))
	return desk.Group("schema", "Attributes that the environment adds to its users", list, show, schemaCreateCommand(d), schemaEditCommand(d), remove)
}

func schemaCreateCommand(d *desk.Desk) *cobra.Command {
	var schema client.NewSchema
	var texts []string
	cmd := d.Command("create NAME", "Add attributes to the users of the environment", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			schema.Name, schema.Attributes = args[0], nil
			for _, text := range texts {
				a, err := parseAttribute(text)
				if err != nil {
					return err
				}
				schema.Attributes = append(schema.Attributes, a)
			}
			made, err := c.CreateSchema(ctx, schema)
			if err != nil {
				return err
			}
			return showSchema(d, made)
		}))
	cmd.Example = "  counterfoil schema create staff --attribute badge:string,filterable,immutable --attribute level:integer --attribute tags:string,many"
	cmd.Flags().StringArrayVar(&texts, "attribute", nil, "NAME:TYPE and any of ,filterable ,many ,required ,immutable ,case-exact ,on-request; repeatable")
	cmd.Flags().StringVar(&schema.URN, "urn", "", "what the attributes stand under; made of the name unless given")
	cmd.Flags().StringVar(&schema.Description, "description", "", "what the schema is for")
	_ = cmd.MarkFlagRequired("attribute")
	return cmd
}

func schemaEditCommand(d *desk.Desk) *cobra.Command {
	var name, description string
	var texts, gone []string
	var cmd *cobra.Command
	cmd = d.Command("edit SCHEMA", "Change a custom schema: add attributes, describe them otherwise, take unused ones away", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			s, err := schemaCalled(ctx, c, args[0])
			if err != nil {
				return err
			}
			var n client.SchemaChange
			desk.SetIf(cmd, "name", &n.Name, name)
			desk.SetIf(cmd, "description", &n.Description, description)
			if len(texts)+len(gone) > 0 {
				all, err := editAttributes(s.Attributes, texts, gone)
				if err != nil {
					return err
				}
				n.Attributes = client.Set(all)
			}
			made, err := c.UpdateSchema(ctx, s.ID, n, client.IfMatch(s.ETag))
			if err != nil {
				return err
			}
			return showSchema(d, made)
		}))
	cmd.Example = "  counterfoil schema edit staff --attribute desk:string,filterable --remove fax"
	cmd.Flags().StringVar(&name, "name", "", "what to call it")
	cmd.Flags().StringVar(&description, "description", "", "what the schema is for")
	cmd.Flags().StringArrayVar(&texts, "attribute", nil, "one to add or to describe otherwise, as for schema create; repeatable")
	cmd.Flags().StringArrayVar(&gone, "remove", nil, "the name of one to take away, which no user has values of; repeatable")
	return cmd
}

// editAttributes adds to attributes, or changes in place, those that texts describe, and takes away those whose names are in gone.
func editAttributes(all []client.SchemaAttribute, texts, gone []string) ([]client.SchemaAttribute, error) {
	place := func(name string) int {
		return slices.IndexFunc(all, func(a client.SchemaAttribute) bool { return strings.EqualFold(a.Name, name) })
	}
	for _, name := range gone {
		at := place(name)
		if at < 0 {
			return nil, desk.Usage("there is no attribute %q to remove", name)
		}
		all = slices.Delete(all, at, at+1)
	}
	for _, text := range texts {
		a, err := parseAttribute(text)
		if err != nil {
			return nil, err
		}
		at := place(a.Name)
		if at < 0 {
			all = append(all, a)
			continue
		}
		// What a line cannot say stays.
		a.Name, a.Description, a.CanonicalValues, a.SubAttributes = all[at].Name, all[at].Description, all[at].CanonicalValues, all[at].SubAttributes
		all[at] = a
	}
	return all, nil
}

// parseAttribute reads NAME:TYPE,WORD,WORD. What has parts or a list of values needs the API.
func parseAttribute(text string) (a client.SchemaAttribute, err error) {
	words := strings.Split(text, ",")
	var typed bool
	if a.Name, a.Type, typed = strings.Cut(words[0], ":"); !typed {
		return a, desk.Usage("an attribute is NAME:TYPE, such as badge:string; %q has no type", text)
	}
	for _, word := range words[1:] {
		switch word {
		case "filterable":
			a.Filterable = true
		case "many":
			a.MultiValued = true
		case "required":
			a.Required = true
		case "immutable":
			a.Mutability = "immutable"
		case "case-exact":
			a.CaseExact = true
		case "on-request":
			a.Returned = "request"
		default:
			return a, desk.Usage("an attribute can be filterable, many, required, immutable, case-exact and on-request, not %q", word)
		}
	}
	return a, nil
}

// schemaCalled returns the schema with this name, URN or id.
func schemaCalled(ctx context.Context, c *client.Client, called string) (*client.Schema, error) {
	all, err := client.Collect(c.Schemas(ctx))
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(all, func(s *client.Schema) bool {
		return s.ID == called || strings.EqualFold(s.Name, called) || strings.EqualFold(s.URN, called)
	})
	if at < 0 {
		return nil, desk.Fail(desk.ExitNotFound, "counterfoil schema list shows those there are", "there is no schema %q", called)
	}
	return c.Schema(ctx, all[at].ID)
}

func attributeNames(all []client.SchemaAttribute) []string {
	names := make([]string, len(all))
	for i, a := range all {
		names[i] = a.Name
	}
	return names
}

func showSchema(d *desk.Desk, s *client.Schema) error {
	return d.Show(s, func(t *terminal.Table) {
		t.Field("Name", s.Name)
		t.Field("Id", s.ID)
		t.Field("URN", s.URN)
		if s.Description != "" {
			t.Field("Description", s.Description)
		}
		for _, a := range s.Attributes {
			t.Field("Attribute", describe(&a))
		}
		t.Field("Created", terminal.Stamp(s.CreatedAt))
		t.Field("Updated", terminal.Stamp(s.UpdatedAt))
	})
}

// describe is an attribute in one line: its name, its type, and what is particular about it.
func describe(a *client.SchemaAttribute) string {
	words := []string{a.Name, a.Type}
	for word, is := range map[string]bool{
		"filterable": a.Filterable, "many": a.MultiValued, "required": a.Required, "immutable": a.Mutability == "immutable",
		"case-exact": a.CaseExact, "on-request": a.Returned == "request",
	} {
		if is {
			words = append(words, word)
		}
	}
	slices.Sort(words[2:])
	if len(a.CanonicalValues) > 0 {
		words = append(words, fmt.Sprintf("one of %s", strings.Join(a.CanonicalValues, ", ")))
	}
	for _, sub := range a.SubAttributes {
		words = append(words, "."+sub.Name)
	}
	return strings.Join(words, "  ")
}
