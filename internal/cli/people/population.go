package people

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func populationCommand(d *desk.Desk) *cobra.Command {
	completed := d.Completing(populationNames)
	one := cobra.ExactArgs(1)
	var description, name, newDescription string
	create := d.Command("create NAME", "Make a population", one, desk.TableOrJSON, d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
		made, err := c.CreatePopulation(ctx, client.NewPopulation{Name: args[0], Description: description})
		if err != nil {
			return err
		}
		return showPopulation(d, made)
	}))
	create.Flags().StringVar(&description, "description", "", "who is in it")
	var edit *cobra.Command
	edit = d.Command("edit POPULATION", "Change a population", one, desk.TableOrJSON, withPopulation(d, func(ctx context.Context, c *client.Client, p *client.Population) error {
		var change client.PopulationChange
		desk.SetIf(edit, "name", &change.Name, name)
		desk.SetIf(edit, "description", &change.Description, newDescription)
		changed, err := c.UpdatePopulation(ctx, p.ID, change, client.IfMatch(p.ETag))
		if err != nil {
			return err
		}
		return showPopulation(d, changed)
	}))
	edit.Flags().StringVar(&name, "name", "", "a new name")
	edit.Flags().StringVar(&newDescription, "description", "", "who is in it")
	return desk.Group("population", "Sets of users that somebody looks after; every user is in one",
		create,
		d.Command("list", "List the populations", cobra.NoArgs, desk.TableOrJSON, d.WithClient(func(ctx context.Context, c *client.Client, _ []string) error {
			all, err := client.Collect(c.Populations(ctx))
			if err != nil {
				return err
			}
			return desk.List(d, all, []string{"NAME", "DESCRIPTION", "DEFAULT", "ID"}, func(p *client.Population) []string {
				return []string{p.Name, p.Description, yesOrNo(p.Default), p.ID}
			})
		})),
		completed(d.Command("show POPULATION", "Show a population by name or id", one, desk.TableOrJSON, withPopulation(d,
			func(_ context.Context, _ *client.Client, p *client.Population) error { return showPopulation(d, p) }))),
		completed(edit), completed(populationDeleteCommand(d)),
	)
}

func populationDeleteCommand(d *desk.Desk) *cobra.Command {
	var yes bool
	cmd := d.Command("delete POPULATION", "Delete a population in which nobody is", cobra.ExactArgs(1), desk.TableOrJSON, withPopulation(d, func(ctx context.Context, c *client.Client, p *client.Population) error {
		if err := d.Confirm(yes, "Delete the population %s?", p.Name); err != nil {
			return err
		}
		answer, err := c.DeletePopulation(ctx, p.ID)
		if err != nil {
			return err
		}
		return d.ShowDeleted(answer, p.ID)
	}))
	desk.BindYes(cmd, &yes)
	return cmd
}

// withPopulation makes a run for a command whose first argument names a population, as [findPopulation] has it.
func withPopulation(d *desk.Desk, then func(context.Context, *client.Client, *client.Population) error) desk.Run {
	return d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
		p, err := findPopulation(ctx, c, args[0])
		if err != nil {
			return err
		}
		return then(ctx, c, p)
	})
}

func showPopulation(d *desk.Desk, p *client.Population) error {
	return d.Show(p, func(t *terminal.Table) {
		t.Field("Name", p.Name)
		t.Field("Id", p.ID)
		t.Field("Description", p.Description)
		t.Field("Default", yesOrNo(p.Default))
		t.Field("Created", terminal.Stamp(p.CreatedAt))
		t.Field("Updated", terminal.Stamp(p.UpdatedAt))
	})
}

func yesOrNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
