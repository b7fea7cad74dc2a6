// Package doctor examines, from where a user sits, whether they can work with their server: their own files, the way
// to the server, the clocks, the credential. What is wrong inside the server the server says itself.
//
// Enter at [Examine].
package doctor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/counterfoil/counterfoil/client"
)

// Patient is what there is to examine.
type Patient struct {
	// ContextsPath is the file that holds the user's client secrets; empty when they have no home for it.
	ContextsPath string
	// BaseURL and ClientID are the chosen server and who the user is to it, Origin where that was chosen.
	BaseURL, ClientID, Origin string
	// Client speaks to that server. It is nil when none could be chosen, and Unconfigured says why.
	Client       *client.Client
	Unconfigured error
	// HTTP asks the server what can be asked without a credential.
	HTTP *http.Client
	// Hint returns what to do about an error, or nothing.
	Hint func(error) string
	// Now is the clock.
	Now func() time.Time
}

// The statuses of a check, as the server has them.
const (
	good    = "ok"
	warning = "warning"
	failed  = "failure"
)

// Failures counts the checks that failed.
func Failures(checks []client.Check) (count int) {
	for _, c := range checks {
		if c.Status == failed {
			count++
		}
	}
	return count
}

// Clocks that differ by more spoil checks of exp and nbf; verifiers allow 30 s.
const (
	skewWarning = 5 * time.Second
	skewFailure = 30 * time.Second
)

// expiresSoon is when to begin to remind of a credential's end.
const expiresSoon = 14 * 24 * time.Hour

// examination gathers findings.
type examination struct {
	Patient
	checks []client.Check
}

// Examine returns what it finds, in the order in which things depend on each other. It stops where nothing further
// can be found out.
func Examine(ctx context.Context, p Patient) []client.Check {
	e := &examination{Patient: p}
	for _, step := range []func(context.Context) bool{e.permissions, e.configuration, e.reachable, e.token, e.server} {
		if !step(ctx) {
			break
		}
	}
	return e.checks
}

func (e *examination) find(name, status, remedy, detail string, args ...any) {
	e.checks = append(e.checks, client.Check{Name: name, Status: status, Detail: fmt.Sprintf(detail, args...), Remedy: remedy})
}

func (e *examination) configuration(context.Context) bool {
	if e.Client == nil {
		e.find("configuration", failed, e.Hint(e.Unconfigured), "%v", e.Unconfigured)
		return false
	}
	e.find("configuration", good, "", "%s, as %s, by %s", e.BaseURL, e.ClientID, e.Origin)
	return true
}

// permissions looks at the file that holds client secrets, also when this command did not need it.
func (e *examination) permissions(context.Context) bool {
	path := e.ContextsPath
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
	address := strings.TrimSuffix(e.BaseURL, "/") + "/.well-known/openid-configuration"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		e.find("server", failed, "", "%v", err)
		return false
	}
	sent := e.Now()
	response, err := e.HTTP.Do(request)
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
	self, err := e.Client.Self(ctx)
	if err != nil {
		remedy := "save a working credential with counterfoil context add NAME --url " + e.BaseURL + " --client-id ID"
		if s := client.Status(err); s != http.StatusUnauthorized && s != http.StatusBadRequest {
			remedy = e.Hint(err)
		}
		e.find("credential", failed, remedy, "%v", err)
		return false
	}
	if ends := self.Credential.ExpiresAt; ends != nil && ends.Sub(e.Now()) < expiresSoon {
		e.find("credential", warning, "counterfoil app secret add "+self.ClientID,
			"%s of application %s expires at %s", self.Credential.Hint, self.Application, ends.UTC().Format(time.RFC3339))
		return true
	}
	e.find("credential", good, "", "application %s in environment %s, with %d scopes", self.Application, self.Environment.ID, len(self.Scopes))
	return true
}

// server adds what the server finds wrong with itself.
func (e *examination) server(ctx context.Context) bool {
	diagnosis, err := e.Client.Diagnosis(ctx)
	switch {
	case client.Status(err) == http.StatusForbidden:
		e.find("installation", warning, "give the application the scope installation:read", "this credential may not ask the server about itself")
	case err != nil:
		e.find("installation", failed, e.Hint(err), "%v", err)
	default:
		e.find("installation", good, "", "version %s on %s", diagnosis.Version, diagnosis.Engine)
		e.checks = append(e.checks, diagnosis.Checks...)
	}
	return true
}
