package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"
	"github.com/spf13/pflag"

	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// Config is everything that an operator can set. The tags are the only place where a setting is described: key
// is its name in the file, and gives the flag (--base-url) and the variable (COUNTERFOIL_BASE_URL); group starts
// a section of the documentation; secret marks what is never printed. [Load] fills it.
type Config struct {
	Listen  string `key:"listen" default:"127.0.0.1:8700" group:"Address" help:"The address to serve on, host:port. Port 0 takes any free one."`
	BaseURL string `key:"base_url" help:"The https URL that clients reach this server under, without a path: tokens and metadata name it, whatever a request's Host says. With dev it follows from listen, with acme_domain from the first name."`
	Dev     bool   `key:"dev" help:"For trying out: plain HTTP is allowed, on a loopback address only, and the CLI is set up for the current user."`

	Data         string      `key:"data" default:"./data" group:"Data" help:"The folder of the embedded database, of the root key unless it is elsewhere, and of certificates from ACME. Made when missing."`
	Database     seal.Secret `key:"database" secret:"true" help:"A PostgreSQL URL (postgres://…) instead of the embedded database. Connect to the server itself or through a session pooler: notifications do not pass a transaction pooler. Arguments and variables can be seen by others on the machine: use database_file for one with a password."`
	DatabaseFile string      `key:"database_file" help:"A file that holds the value of database."`

	RootKeyFile        string `key:"root_key_file" group:"Root key" help:"The file of the root key, which seals everything else at rest. It is made on the first start. Default: root.key in the data folder; a place that backups of the data do not reach is better."`
	RootKeyCredential  string `key:"root_key_credential" help:"The name of a systemd credential (LoadCredential=) that holds the root key, instead of a file."`
	RootPassphraseFile string `key:"root_passphrase_file" help:"A file that holds a passphrase to derive the root key from, instead of a file with the key."`

	TLSCert       string   `key:"tls_cert" group:"TLS" help:"A file with the certificate chain in PEM. It is read again when it changes and on SIGHUP; a bad one is logged and the one before stays in use. Without certificates the server speaks plain HTTP, to a proxy that ends TLS."`
	TLSKey        string   `key:"tls_key" help:"The file with the private key of tls_cert, in PEM."`
	ACMEDomain    []string `key:"acme_domain" help:"Host names to get certificates for from an ACME authority; setting it accepts the authority's terms. The server must be reachable on port 443 (TLS-ALPN-01) or 80 (HTTP-01)."`
	ACMEEmail     string   `key:"acme_email" help:"Where the authority sends warnings."`
	ACMEDirectory string   `key:"acme_directory" default:"https://acme-v02.api.letsencrypt.org/directory" help:"The authority's directory URL."`
	ACMERoot      string   `key:"acme_root" help:"A file with the root certificates, in PEM, of an authority inside your own network. Empty: the system's."`

	TrustedProxies []string `key:"trusted_proxies" group:"Proxies" help:"Addresses and ranges (10.0.0.0/8) of proxies that may tell the caller's address."`
	ProxyHeader    string   `key:"proxy_header" default:"X-Forwarded-For" help:"The one header they tell it in: X-Forwarded-For or Forwarded. Only name one that they set themselves: any other reaches us as the caller wrote it."`

	MTLSListen       string `key:"mtls_listen" group:"Client certificates" help:"A second address, host:port, that serves the same and asks for client certificates (RFC 8705). The main address does not ask, or browsers would show a chooser to everybody. It speaks TLS with the certificates of the main address, or in dev with one made for the occasion."`
	MTLSBaseURL      string `key:"mtls_base_url" help:"The https URL that clients with a certificate reach: the metadata name it (mtls_endpoint_aliases). Default: base_url with the port of mtls_listen. Set it too when a proxy asks for certificates on a host of its own."`
	ClientCertHeader string `key:"client_cert_header" default:"none" help:"How proxies in trusted_proxies pass a client's certificate on: rfc9440 (Client-Cert and Client-Cert-Chain), nginx (X-SSL-Cert with $ssl_client_escaped_cert), nginx:NAME for another header, or none. The proxy must remove what callers send under these names; we refuse it from everybody else."`

	EgressAllow []string `key:"egress_allow" group:"Ways out" help:"Places inside your own network that may be called for keys of clients and issuers and for webhooks: host:port, CIDR or CIDR:port. Everything else that is not public is refused."`
	EgressRoot  string   `key:"egress_root" help:"A file with root certificates, in PEM, that servers called from here may have instead of the system's."`

	ConnectProviders string `key:"connect_providers" group:"Connect" help:"A folder with providers of your own, one YAML file each. One that is called as one of ours takes its place. Files are read again when they change; one that is wrong is logged, and what was known before stays in use."`

	SMTPURL          string      `key:"smtp_url" group:"Mail" help:"The mail server, for mail to people and for notices about credentials that expire: smtp://user@host:587 (STARTTLS, which it must offer unless it is on this machine) or smtps://user@host:465. Without it no mail is sent; in dev mails are kept to be read instead (/mailbox, counterfoil notice mailbox)."`
	SMTPPassword     seal.Secret `key:"smtp_password" secret:"true" help:"The password of smtp_url's user. Arguments and variables can be seen by others on the machine: use smtp_password_file."`
	SMTPPasswordFile string      `key:"smtp_password_file" help:"A file that holds the value of smtp_password."`
	MailFrom         string      `key:"mail_from" help:"The address that mails come from, such as counterfoil@example.com."`

	LeakKeysURL  string   `key:"leak_keys_url" default:"https://api.github.com/meta/public_keys/secret_scanning" group:"Leaks" help:"Where the partner that reports leaked secrets to /leaks/github publishes the keys it signs with. They are fetched when an alert comes, once an hour at most."`
	LeakKeysFile string   `key:"leak_keys_file" help:"A file with these keys instead, for servers that reach no outside address. It is read again when an alert comes."`
	Regions      []string `key:"regions" default:"NA=com,CA=ca,EU=eu,AU=com.au,SG=sg,AP=asia" group:"Regions" help:"The regions that environments can live in, as CODE=domain: what the deployment of that region is reached under, or how that ends."`
	Region       string   `key:"region" help:"The code of the region that this deployment serves. Who asks it for an environment of another region is told where that lives if they can prove who they are, and else that there is nothing. Empty: it serves all of them."`

	RateLimitCredential string `key:"rate_limit_credential" default:"1000/5000" group:"Limits" help:"How often one credential may call the APIs on one node: 1000/5000 is 1000 requests a second in the long run and 5000 at once. 0 is no bound. The token endpoint is not counted: it has bounds of its own."`
	RateLimitAddress    string `key:"rate_limit_address" default:"2000/10000" help:"The same for one network of callers: an IPv4/24 or IPv6/64."`

	BreachedPasswordsFile string `key:"breached_passwords_file" group:"Passwords" help:"A list of breached passwords, which people then cannot choose: a file that counterfoil passwords filter build made. It is asked without a network, is not read into memory, and must not change while the server runs."`

	HelpDocsURL   string `key:"help_docs_url" group:"Help" help:"Where the console's help menu leads for documentation. Empty: to the pages that the server carries, under /docs/."`
	HelpReportURL string `key:"help_report_url" help:"Where people report a problem, from the help menu: https:// or mailto:. Empty: the menu does not offer it."`
	HelpIdeasURL  string `key:"help_ideas_url" help:"Where people suggest an idea, in the same way."`

	LogLevel      string        `key:"log_level" default:"info" group:"Operation" help:"debug, info, warn or error. Requests are logged at info."`
	LogFile       string        `key:"log_file" help:"The file to append the log to. Empty: standard error or, in dev, server.log in the data folder."`
	MetricsListen string        `key:"metrics_listen" help:"An address of its own for /metrics, host:port. Empty: on the main address."`
	ShutdownDelay time.Duration `key:"shutdown_delay" default:"2s" help:"How long, after SIGTERM, /readyz fails before the server stops taking connections: longer than the load balancer needs to notice. In dev it does not wait unless this is set."`
	ShutdownGrace time.Duration `key:"shutdown_grace" default:"20s" help:"How long requests may then take to end."`
	GOGC          int           `key:"gogc" default:"400" help:"How much the heap grows between collections, in percent (10–10000). 400 rather than Go's 100: one tenth more requests per second for a heap that is small anyway."`
	GOMEMLIMIT    string        `key:"gomemlimit" help:"The memory that the collector tries to stay under, such as 512MiB. Empty: nine tenths of the container's limit (cgroup v2), if it has one."`
	ReadyFile     string        `key:"ready_file" help:"A file to write the base URL into once /readyz says so, for scripts that wait for it."`

	origin map[string]string // where each value came from, for Print
}

// field is one setting, as its tags describe it.
type field struct {
	Key, Default, Group, Help string
	Secret                    bool
	index                     int
}

// Flag returns the name of the flag, without the dashes before it.
func (f field) Flag() string { return strings.ReplaceAll(f.Key, "_", "-") }

// Env returns the name of the environment variable.
func (f field) Env() string { return envPrefix + strings.ToUpper(f.Key) }

func (f field) of(c *Config) reflect.Value { return reflect.ValueOf(c).Elem().Field(f.index) }

const envPrefix = "COUNTERFOIL_"

// fields lists the settings in the order of [Config].
var fields = func() (all []field) {
	t := reflect.TypeFor[Config]()
	for i := range t.NumField() {
		tag := t.Field(i).Tag
		if key := tag.Get("key"); key != "" {
			all = append(all, field{key, tag.Get("default"), tag.Get("group"), tag.Get("help"), tag.Get("secret") != "", i})
		}
	}
	return all
}()

func find(key string) (field, bool) {
	for _, f := range fields {
		if f.Key == key {
			return f, true
		}
	}
	return field{}, false
}

// Flags adds a flag for every setting, and --config for the file.
func Flags(set *pflag.FlagSet) {
	set.String("config", "", "file with settings in YAML ("+envPrefix+"CONFIG)")
	for _, f := range fields {
		help := f.Help + " (" + f.Env() + ")"
		switch f.of(new(Config)).Interface().(type) {
		case bool:
			set.Bool(f.Flag(), f.Default == "true", help)
		case []string:
			set.StringSlice(f.Flag(), nil, help)
		default:
			set.String(f.Flag(), f.Default, help)
		}
	}
}

// Load gathers the settings: a flag beats a variable, a variable beats the file, the file beats the
// default. An empty variable counts as none. A key of the file that is no setting is refused, while variables
// are not: Kubernetes puts COUNTERFOIL_PORT and more into the environment of everything near a service of that
// name. Errors are [fault.Invalid] and say how to mend the matter.
func Load(set *pflag.FlagSet, environ []string) (*Config, error) {
	c := &Config{origin: map[string]string{}}
	all := koanf.New(delimiter)
	layers := []struct {
		name string
		load func() (*koanf.Koanf, error)
	}{
		{"default", defaults},
		{"file", func() (*koanf.Koanf, error) { return fromFile(set, environ) }},
		{"environment", func() (*koanf.Koanf, error) { return fromEnvironment(environ) }},
		{"flag", func() (*koanf.Koanf, error) { return fromFlags(set) }},
	}
	for _, layer := range layers {
		one, err := layer.load()
		if err == nil {
			err = all.Merge(one)
		}
		if err != nil {
			return nil, err
		}
		for _, key := range one.Keys() {
			c.origin[key] = layer.name
		}
	}
	for _, f := range fields {
		if err := assign(f.of(c), all.Get(f.Key)); err != nil {
			return nil, fault.New(fault.Invalid, "%s (from the %s): %v", f.Key, c.origin[f.Key], err)
		}
	}
	if err := c.complete(); err != nil {
		return nil, err
	}
	return c, nil
}

// delimiter separates nested keys, of which there are none.
const delimiter = "."

func defaults() (*koanf.Koanf, error) {
	values := map[string]any{}
	for _, f := range fields {
		values[f.Key] = f.Default
	}
	return fromMap(values)
}

func fromMap(values map[string]any) (*koanf.Koanf, error) {
	k := koanf.New(delimiter)
	return k, k.Load(confmap.Provider(values, delimiter), nil)
}

func fromFile(set *pflag.FlagSet, environ []string) (*koanf.Koanf, error) {
	k := koanf.New(delimiter)
	path, _ := set.GetString("config")
	for _, pair := range environ {
		if name, value, _ := strings.Cut(pair, "="); name == envPrefix+"CONFIG" && path == "" {
			path = value
		}
	}
	if path == "" {
		return k, nil
	}
	if err := k.Load(file.Provider(path), yaml.Parser()); err != nil {
		return nil, fault.Wrap(fault.Invalid, err, "the configuration file %s cannot be read", path)
	}
	for _, key := range k.Keys() {
		if _, ok := find(key); !ok {
			return nil, fault.New(fault.Invalid, "%s: there is no setting %q; `counterfoil config print` lists them all", path, key)
		}
	}
	return k, nil
}

func fromEnvironment(environ []string) (*koanf.Koanf, error) {
	k := koanf.New(delimiter)
	return k, k.Load(env.Provider(delimiter, env.Opt{
		Prefix: envPrefix,
		TransformFunc: func(name, value string) (string, any) {
			f, ok := find(strings.ToLower(strings.TrimPrefix(name, envPrefix)))
			if !ok || value == "" {
				return "", nil
			}
			return f.Key, value
		},
		EnvironFunc: func() []string { return environ },
	}), nil)
}

func fromFlags(set *pflag.FlagSet) (*koanf.Koanf, error) {
	values := map[string]any{}
	for _, f := range fields {
		flag := set.Lookup(f.Flag())
		if flag == nil || !flag.Changed {
			continue
		}
		values[f.Key] = flag.Value.String()
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			values[f.Key] = list.GetSlice()
		}
	}
	return fromMap(values)
}

// assign stores a value as a layer has it: text from flags and variables, whatever YAML makes of it from a file.
func assign(target reflect.Value, value any) error {
	text := strings.TrimSpace(fmt.Sprint(value))
	if value == nil {
		text = ""
	}
	var err error
	switch t := target.Addr().Interface().(type) {
	case *string:
		*t = text
	case *seal.Secret:
		*t = seal.NewSecret(text)
	case *[]string:
		*t, err = list(value)
	case *bool:
		if text == "" {
			text = "false"
		}
		if *t, err = strconv.ParseBool(text); err != nil {
			return fmt.Errorf("%q is neither true nor false", text)
		}
	case *int:
		if *t, err = strconv.Atoi(text); err != nil {
			return fmt.Errorf("%q is not a whole number", text)
		}
	case *time.Duration:
		if *t, err = time.ParseDuration(text); err != nil {
			return fmt.Errorf("%q is not a length of time with its unit, such as 20s or 5m", text)
		}
	}
	return err
}

// list reads a YAML list, or text with commas.
func list(value any) ([]string, error) {
	var all []string
	switch v := value.(type) {
	case []any:
		for _, one := range v {
			all = append(all, fmt.Sprint(one))
		}
	case []string:
		all = v
	case string:
		all = strings.Split(v, ",")
	default:
		return nil, fmt.Errorf("expected a list")
	}
	kept := []string{}
	for _, one := range all {
		if one = strings.TrimSpace(one); one != "" {
			kept = append(kept, one)
		}
	}
	return kept, nil
}
