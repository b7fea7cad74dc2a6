package exchange

import (
	"regexp"
	"strings"

	"github.com/counterfoil/counterfoil/internal/connect/provider"
)

var (
	hole = regexp.MustCompile(`\$\{([a-z][a-z0-9_.]*)\}`)
	// fixedEnd is what may follow a value inside a host's name, so that whoever enters it stays in the provider's domain.
	fixedEnd = regexp.MustCompile(`^(?:\.[a-z0-9-]+){2,}(?::[0-9]+)?$`)
)

// mayGo refuses to send the connector's own secret to a host that a customer chose: they could enter one of theirs and
// read it there. The host must be the provider's own, or one of a list, or preset by the connector.
func (c *Credential) mayGo(template string) error {
	if c.Provider.Mode != provider.AuthorizationCode || c.Settings.ClientID == "" || c.Client.Empty() {
		return nil // what is sent is the customer's own
	}
	host := template
	if _, rest, absolute := strings.Cut(template, "://"); absolute {
		host, _, _ = strings.Cut(rest, "/")
	} else if at := strings.IndexByte(template, '/'); at >= 0 {
		host = template[:at]
	}
	for _, m := range hole.FindAllStringSubmatchIndex(host, -1) {
		name, after := host[m[2]:m[3]], host[m[1]:]
		preset, is := c.Settings.Presets[name]
		f := c.Provider.Field(name)
		if is && preset == c.Values[name] || f != nil && len(f.Choices) > 0 || fixedEnd.MatchString(after) {
			continue
		}
		return local(provider.ReachHost, "Where the provider is must be preset by the connector, because the connector's own client secret is sent there.")
	}
	return nil
}
