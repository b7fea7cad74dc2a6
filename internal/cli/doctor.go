package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
)

const (
	good    = "ok"
	warning = "warning"
	failed  = "failure"
)

// Clocks that differ by more spoil checks of exp and nbf; verifiers allow 30 s.
const (
	skewWarning = 5 * time.Second
	skewFailure = 30 * time.Second
)

// expiresSoon is when doctor begins to remind of a credential's end.
const expiresSoon = 14 * 24 * time.Hour

// examination gathers findings. Each step needs the one before.
type examination struct {
	*program
	connection *connection
	client     *client.Client
	checks     []client.Check
}

func (p *program) doctorCommand() *cobra.Command {
	return p.command("doctor", "Say what is wrong with this installation, and what mends it", cobra.NoArgs, tableOrJSON,
		func(ctx context.Context, _ []string) error {
			e := &examination{program: p}
			for _, step := range []func(context.Context) bool{e.configuration, e.permissions, e.reachable, e.token, e.server} {
				if !step(ctx) {
					break
				}
			}
			return e.report()
		})
}

func (e *examination) find(name, status, remedy, detail string, args ...any) {
	e.checks = append(e.checks, client.Check{Name: name, Status: status, Detail: fmt.Sprintf(detail, args...), Remedy: remedy})
}

// report prints the findings. Failures make the command fail.
func (e *examination) report() error {
	result := struct {
		Checks []client.Check `json:"checks"`
	}{e.checks}
	err := e.show(result, func(d *drawing) {
		for _, c := range e.checks {
			d.row(c.Status, c.Name, c.Detail)
			if c.Remedy != "" {
				d.row(" ", " ", "→ "+c.Remedy)
			}
		}
	})
	if err != nil {
		return err
	}
	count := 0
	for _, c := range e.checks {
		if c.Status == failed {
			count++
		}
	}
	if count > 0 {
		return fail(exitFailure, "", "%d of %d checks failed", count, len(e.checks))
	}
	return nil
}

func (e *examination) configuration(context.Context) bool {
	c, err := e.program.connection()
	if err == nil {
		e.connection = c
		e.client, err = e.clientFor(c)
	}
	if err != nil {
		_, hint := verdict(err)
		e.find("configuration", failed, hint, "%v", err)
		return false
	}
	e.find("configuration", good, "", "%s, as %s, by %s", c.baseURL, c.clientID, c.origin)
	return true
}

// permissions looks at the file that holds client secrets, also when this command did not need it.
func (e *examination) permissions(context.Context) bool {
	path, err := e.contextsPath()
	if err != nil {
		return true // no home, no file
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		e.find("context file", warning, "", "%v", err)
	case info.Mode().Perm()&0o077 != 0:
		e.find("context file", failed, "chmod 600 "+path, "other users of this machine can read the client secrets in it (mode %04o)", info.Mode().Perm())
	default:
		e.find("context file", good, "", "%s", path)
	}
	return true
}

// reachable asks the server whether it is ready, and what time it is.
func (e *examination) reachable(ctx context.Context) bool {
	address := strings.TrimSuffix(e.connection.baseURL, "/") + "/.well-known/openid-configuration"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		e.find("server", failed, "", "%v", err)
		return false
	}
	sent := e.Now()
	response, err := e.httpClient().Do(request)
	if err != nil {
		e.find("server", failed, "start it with counterfoil serve, or choose another with counterfoil context use NAME", "%v", err)
		return false
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		e.find("server", failed, "counterfoil context list shows the saved servers", "%s answered %s", address, response.Status)
		return false
	}
	e.find("server", good, "", "answers after %s", e.Now().Sub(sent).Round(time.Millisecond))
	e.clock(response.Header.Get("Date"), sent)
	return true
}

// clock compares with the Date header, which is cut to whole seconds and was written between sent and now.
func (e *examination) clock(date string, sent time.Time) {
	theirs, err := http.ParseTime(date)
	if err != nil {
		e.find("clock", warning, "", "the server's answer has no date")
		return
	}
	ours := sent.Add(e.Now().Sub(sent) / 2)
	skew := theirs.Add(500 * time.Millisecond).Sub(ours).Abs().Round(time.Second)
	const remedy = "timedatectl set-ntp true, here or there"
	switch {
	case skew > skewFailure:
		e.find("clock", failed, remedy, "this machine and the server differ by %s", skew)
	case skew > skewWarning:
		e.find("clock", warning, remedy, "this machine and the server differ by %s", skew)
	default:
		e.find("clock", good, "", "agrees with the server's")
	}
}

func (e *examination) token(ctx context.Context) bool {
	self, err := e.client.Self(ctx)
	if err != nil {
		remedy := "save a working credential with counterfoil context add NAME --url " + e.connection.baseURL + " --client-id ID"
		if code, hint := verdict(err); code != exitDenied {
			remedy = hint
		}
		e.find("credential", failed, remedy, "%v", err)
		return false
	}
	if ends := self.Credential.ExpiresAt; ends != nil && ends.Sub(e.Now()) < expiresSoon {
		e.find("credential", warning, "counterfoil app secret add "+self.ClientID,
			"%s of application %s expires at %s", self.Credential.Hint, self.Application, stamp(*ends))
		return true
	}
	e.find("credential", good, "", "application %s in environment %s, with %d scopes", self.Application, self.Environment.ID, len(self.Scopes))
	return true
}

// server adds what the server finds wrong with itself.
func (e *examination) server(ctx context.Context) bool {
	diagnosis, err := e.client.Diagnosis(ctx)
	switch {
	case client.Status(err) == http.StatusForbidden:
		e.find("installation", warning, "give the application the scope installation:read", "this credential may not ask the server about itself")
	case err != nil:
		_, hint := verdict(err)
		e.find("installation", failed, hint, "%v", err)
	default:
		e.find("installation", good, "", "version %s on %s", diagnosis.Version, diagnosis.Engine)
		e.checks = append(e.checks, diagnosis.Checks...)
	}
	return true
}
