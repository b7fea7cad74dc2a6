package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/contexts"
	"github.com/counterfoil/counterfoil/internal/cli/doctor"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func (p *program) doctorCommand() *cobra.Command {
	return p.command("doctor", "Say what is wrong with this installation, and what mends it", cobra.NoArgs, tableOrJSON,
		func(ctx context.Context, _ []string) error {
			checks := doctor.Examine(ctx, p.patient())
			if err := p.showChecks(checks); err != nil {
				return err
			}
			if count := doctor.Failures(checks); count > 0 {
				return fail(exitFailure, "", "%d of %d checks failed", count, len(checks))
			}
			return nil
		})
}

func (p *program) patient() doctor.Patient {
	patient := doctor.Patient{HTTP: p.httpClient(), Now: p.Now, Hint: func(err error) string {
		_, hint := verdict(err)
		return hint
	}}
	patient.ContextsPath, _ = contexts.Path(p.Getenv)
	c, err := p.connection()
	if err == nil {
		patient.BaseURL, patient.ClientID, patient.Origin = c.baseURL, c.clientID, c.origin
		patient.Client, err = p.clientFor(c)
	}
	patient.Unconfigured = err
	return patient
}

func (p *program) showChecks(checks []client.Check) error {
	view := struct {
		Checks []client.Check `json:"checks"`
	}{checks}
	return p.show(view, func(t *terminal.Table) {
		for _, c := range checks {
			t.Row(c.Status, c.Name, c.Detail)
			if c.Remedy != "" {
				t.Row(" ", " ", "→ "+c.Remedy)
			}
		}
	})
}
