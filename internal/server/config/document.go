package config

import (
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"

	"github.com/counterfoil/counterfoil/internal/seal"
)

// Print writes the settings as a file that can be loaded again, each with where it came from, and without what is
// secret.
func (c *Config) Print(w io.Writer) error {
	var b strings.Builder
	for _, f := range fields {
		fmt.Fprintf(&b, "%s: %s", f.Key, printed(f.of(c).Interface()))
		if origin := c.origin[f.Key]; origin != "" && origin != "default" {
			fmt.Fprintf(&b, " # from the %s", origin)
		}
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// printed returns a value as YAML has it.
func printed(value any) string {
	switch v := value.(type) {
	case []string:
		quoted := make([]string, len(v))
		for i, one := range v {
			quoted[i] = fmt.Sprintf("%q", one)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	case seal.Secret:
		return fmt.Sprintf("%q", redacted(v.Reveal()))
	case time.Duration:
		return v.String()
	case string:
		return fmt.Sprintf("%q", v)
	default:
		return fmt.Sprint(v)
	}
}

// redacted returns what of a database URL may be shown: user, host and name. Parameters may hold passwords too.
func redacted(dsn string) string {
	if dsn == "" {
		return ""
	}
	u, err := url.Parse(dsn)
	if err != nil || u.Host == "" {
		return "[secret]"
	}
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	if name := u.User.Username(); name != "" {
		shown.User = url.User(name)
	}
	return shown.String()
}

// Document returns docs/configuration.md.
func Document() string {
	var b strings.Builder
	b.WriteString(`# Configuration

<!-- Written by internal/server/config/document.go from the structure Config; a test compares them. Change it there, then
     run: go test ./internal/server/config -run TestConfigurationPageIsCurrent -update -->

Nothing needs to be configured to try Counterfoil out: ` + "`counterfoil serve --dev`" + `. In production set at least
` + "`base_url`" + ` (or ` + "`acme_domain`" + `), and ` + "`database_file`" + ` when several nodes share one installation.

Every setting can be given in three ways. A flag beats an environment variable, a variable beats the file, the
file beats the default:

- as a flag of ` + "`counterfoil serve`" + `: ` + "`--base-url https://id.example.com`" + `
- as an environment variable: ` + "`COUNTERFOIL_BASE_URL=https://id.example.com`" + ` (an empty one counts as not set)
- in a YAML file named by ` + "`--config`" + ` or ` + "`COUNTERFOIL_CONFIG`" + `: ` + "`base_url: https://id.example.com`" + `

Lists are separated by commas, or are lists in YAML. Lengths of time have a unit: ` + "`20s`, `5m`" + `. A key in the file
that is not in this list is an error. ` + "`counterfoil config print`" + ` shows what is in force and where it came from,
without secrets.
`)
	for _, f := range fields {
		if f.Group != "" {
			fmt.Fprintf(&b, "\n## %s\n", f.Group)
		}
		fmt.Fprintf(&b, "\n### `%s`\n\n`--%s` · `%s`", f.Key, f.Flag(), f.Env())
		if f.Default != "" {
			fmt.Fprintf(&b, " · default `%s`", f.Default)
		}
		fmt.Fprintf(&b, "\n\n%s\n", f.Help)
	}
	return b.String()
}
