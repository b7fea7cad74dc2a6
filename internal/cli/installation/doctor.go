package installation

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/contexts"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/doctor"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func (d verbs) doctorCommand() *cobra.Command {
	return d.Command("doctor", "Say what is wrong with this installation, and what mends it", cobra.NoArgs, desk.TableOrJSON,
		func(ctx context.Context, _ []string) error {
			checks := doctor.Examine(ctx, d.patient())
			if err := d.showChecks(checks); err != nil {
				return err
			}
			if count := doctor.Failures(checks); count > 0 {
				return desk.Fail(desk.ExitFailure, "", "%d of %d checks failed", count, len(checks))
			}
			return nil
		})
}

func (d verbs) patient() doctor.Patient {
	patient := doctor.Patient{HTTP: d.HTTPClient(), Now: d.Now, Hint: func(err error) string {
		_, hint := desk.Verdict(err)
		return hint
	}}
	patient.ContextsPath, _ = contexts.Path(d.Getenv)
	c, err := d.Connection()
	if err == nil {
		patient.BaseURL, patient.ClientID, patient.Origin = c.BaseURL, c.ClientID, c.Origin
		patient.Client, err = d.ClientFor(c)
	}
	patient.Unconfigured = err
	return patient
}

func (d verbs) showChecks(checks []client.Check) error {
	view := struct {
		Checks []client.Check `json:"checks"`
	}{checks}
	return d.Show(view, func(t *terminal.Table) {
		for _, c := range checks {
			t.Row(c.Status, c.Name, c.Detail)
			if c.Remedy != "" {
				t.Row(" ", " ", "→ "+c.Remedy)
			}
		}
	})
}
