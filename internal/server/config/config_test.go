package config

import (
	"bytes"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"

	"github.com/counterfoil/counterfoil/internal/fault"
)

var update = flag.Bool("update", false, "write generated pages instead of comparing them")

// load reads settings from flags, variables and the text of a file, over a base that is valid.
func load(t *testing.T, yaml string, environ []string, args ...string) (*Config, error) {
	t.Helper()
	set := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	Flags(set)
	if yaml != "" {
		path := filepath.Join(t.TempDir(), "counterfoil.yaml")
		if err := os.WriteFile(path, []byte(yaml), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--config", path)
	}
	if err := set.Parse(args); err != nil {
		t.Fatal(err)
	}
	return Load(set, environ)
}

func TestFlagBeatsVariableBeatsFileBeatsDefault(t *testing.T) {
	yaml := "dev: true\ngogc: 101\nlog_level: warn\nlisten: 127.0.0.1:1\nshutdown_grace: 5s\n"
	environ := []string{"COUNTERFOIL_GOGC=102", "COUNTERFOIL_LISTEN=127.0.0.1:2", "COUNTERFOIL_LOG_LEVEL=", "COUNTERFOIL_PORT=tcp://10.0.0.1:80", "HOME=/"}
	c, err := load(t, yaml, environ, "--listen", "127.0.0.1:3")
	if err != nil {
		t.Fatal(err)
	}
	got := []any{c.Listen, c.GOGC, c.LogLevel, c.ShutdownGrace, c.ProxyHeader, c.Dev}
	if diff := cmp.Diff([]any{"127.0.0.1:3", 102, "warn", 5 * time.Second, "X-Forwarded-For", true}, got); diff != "" {
		t.Error(diff)
	}
}

func TestListsComeFromEveryLayer(t *testing.T) {
	want := []string{"10.0.0.0/8", "192.0.2.1"}
	for name, c := range map[string]func() (*Config, error){
		"file":       func() (*Config, error) { return load(t, "dev: true\ntrusted_proxies: [10.0.0.0/8, 192.0.2.1]\n", nil) },
		"file, text": func() (*Config, error) { return load(t, "dev: true\ntrusted_proxies: 10.0.0.0/8, 192.0.2.1\n", nil) },
		"environment": func() (*Config, error) {
			return load(t, "dev: true", []string{"COUNTERFOIL_TRUSTED_PROXIES=10.0.0.0/8,192.0.2.1"})
		},
		"flags": func() (*Config, error) {
			return load(t, "dev: true", nil, "--trusted-proxies", "10.0.0.0/8", "--trusted-proxies", "192.0.2.1")
		},
	} {
		if got, err := c(); err != nil || !slices.Equal(got.TrustedProxies, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEverySettingIsDescribedAndReachable(t *testing.T) {
	set := pflag.NewFlagSet("serve", pflag.ContinueOnError)
	Flags(set)
	for _, f := range fields {
		if f.Help == "" || !strings.HasSuffix(f.Help, ".") || set.Lookup(f.Flag()) == nil {
			t.Errorf("%s: help %q, flag --%s %v", f.Key, f.Help, f.Flag(), set.Lookup(f.Flag()))
		}
		if f.Env() != "COUNTERFOIL_"+strings.ToUpper(f.Key) {
			t.Errorf("%s: %s", f.Key, f.Env())
		}
	}
	if len(fields) < 20 || fields[0].Group == "" {
		t.Errorf("%d settings", len(fields))
	}
}

func TestBadSettingsAreRefusedWithAWayToMendThem(t *testing.T) {
	const good = "base_url: https://id.example.com\n"
	for _, c := range []struct{ yaml, want string }{
		{good + "listn: x", `there is no setting "listn"`},
		{good + "listen: {host: x}", `there is no setting "listen.host"`},
		{good + "gogc: 1\ngogc: 2", "cannot be read"},
		{"log_level: info", "base_url is missing"},
		{"base_url: http://id.example.com", "must start with https://"},
		{"base_url: https://id.example.com/auth", "scheme and host alone"},
		{"base_url: https://user@id.example.com", "scheme and host alone"},
		{"base_url: https://id.example.com?x", "scheme and host alone"},
		{"base_url: id.example.com", "scheme and host alone"},
		{good + "listen: 0.0.0.0:8700", "in plain HTTP"},
		{"dev: true\nlisten: 0.0.0.0:8700", "listen on 127.0.0.1"},
		{"dev: true\nlisten: :8700", "listen on 127.0.0.1"},
		{"dev: true\nlisten: 192.0.2.1:8700", "listen on 127.0.0.1"},
		{"dev: true\nbase_url: http://id.example.com", "must start with https://"},
		{good + "listen: '8700'", "is not host:port"},
		{good + "metrics_listen: '9700'", "is not host:port"},
		{good + "tls_cert: a.pem", "belong together"},
		{good + "tls_cert: a\ntls_key: b\nacme_domain: id.example.com", "keep one"},
		{good + "acme_domain: other.example.com", "acme_domain lacks id.example.com"},
		{"acme_domain: id.example.com\nacme_directory: http://ca.example", "is not an https URL"},
		{"dev: true\nacme_domain: id.example.com", "an authority cannot reach"},
		{good + "database: host=db password=s3cr3t", "starts with postgres://"},
		{good + "database: postgres://db\ndatabase_file: x", "keep one"},
		{good + "database_file: /nonexistent", "cannot be read"},
		{good + "root_key_file: a\nroot_passphrase_file: b", "exclude each other"},
		{good + "trusted_proxies: proxy.example.com", "neither an address nor a range"},
		{good + "proxy_header: X-Real-IP", "use X-Forwarded-For or Forwarded"},
		{good + "log_level: loud", "none of debug, info"},
		{good + "shutdown_grace: 20", "with its unit"},
		{good + "shutdown_delay: 2h", "between 0s and 1m"},
		{good + "shutdown_grace: 0s", "between 1s and 10m"},
		{good + "gogc: off", "is not a whole number"},
		{good + "gogc: 1", "between 10 and 10000"},
		{good + "gomemlimit: 512MB", "512MiB"},
		{good + "dev: perhaps", "neither true nor false"},
		{good + "trusted_proxies: {a: b}", "there is no setting"},
		{good + "trusted_proxies: 7", "expected a list"},
	} {
		_, err := load(t, c.yaml, nil)
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v\nwant: %s", c.yaml, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "s3cr3t") {
			t.Errorf("%q: the message holds the secret: %v", c.yaml, err)
		}
	}
}

func TestDevLeavesAtOnceUnlessToldOtherwise(t *testing.T) {
	for text, want := range map[string]time.Duration{"": 0, "shutdown_delay: 3s\n": 3 * time.Second} {
		if c, err := load(t, "dev: true\n"+text, nil); err != nil || c.ShutdownDelay != want {
			t.Errorf("%q: %+v, %v", text, c, err)
		}
	}
}

func TestSeveralMistakesAreToldAtOnce(t *testing.T) {
	_, err := load(t, "log_level: loud\ngogc: 1\n", nil)
	for _, want := range []string{"log_level", "gogc", "base_url"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not in: %v", want, err)
		}
	}
}

func TestGoodSettingsAreTaken(t *testing.T) {
	for _, yaml := range []string{
		"base_url: https://id.example.com/", "base_url: https://id.example.com:8443\nlisten: :443\ntrusted_proxies: [10.0.0.1]", "acme_domain: [id.example.com, id.example.org]\nlisten: :443",
		"dev: true", "dev: true\nlisten: '[::1]:0'", "dev: true\nlisten: localhost:8700\nbase_url: http://localhost:8700",
		"base_url: https://id.example.com\ndatabase: postgres://user:s3cr3t@db/counterfoil\ngomemlimit: 2GiB\nroot_key_credential: root",
	} {
		if _, err := load(t, yaml, nil); err != nil {
			t.Errorf("%q: %v", yaml, err)
		}
	}
}

func TestWhatFollowsFromOtherSettings(t *testing.T) {
	c, err := load(t, "acme_domain: [id.example.com, other.example.com]\ndata: /var/lib/counterfoil", nil)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{c.BaseURL, c.DSN(), c.RootSource().File}
	if diff := cmp.Diff([]string{"https://id.example.com", "/var/lib/counterfoil/counterfoil.db", "/var/lib/counterfoil/root.key"}, got); diff != "" {
		t.Error(diff)
	}
	dev, err := load(t, "dev: true\nlisten: localhost:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	if base := dev.Base(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 4711}); base != "http://localhost:4711" {
		t.Error(base)
	}
	if base := c.Base(&net.TCPAddr{IP: net.IPv4zero, Port: 4711}); base != "https://id.example.com" {
		t.Error(base)
	}
}

func TestSecretsComeFromFilesAndAreNeverPrinted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dsn")
	if err := os.WriteFile(path, []byte("postgres://user:s3cr3t@db:5432/counterfoil?sslpassword=s3cr3t\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := load(t, "dev: true\ntrusted_proxies: [10.0.0.0/8]", nil, "--database-file", path)
	if err != nil {
		t.Fatal(err)
	}
	if c.DSN() != "postgres://user:s3cr3t@db:5432/counterfoil?sslpassword=s3cr3t" {
		t.Error("the file was not read")
	}
	var out bytes.Buffer
	if err := c.Print(&out); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`database: "postgres://user@db:5432/counterfoil"`, "dev: true # from the file", `trusted_proxies: ["10.0.0.0/8"] # from the file`,
		fmt.Sprintf("database_file: %q # from the flag", path), "gogc: 400\n", "shutdown_grace: 20s\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not in:\n%s", want, out.String())
		}
	}
	for _, printed := range []string{out.String(), fmt.Sprintf("%v %+v %#v", c, *c, struct{ c *Config }{c})} {
		if strings.Contains(printed, "s3cr3t") {
			t.Errorf("the secret is printed: %s", printed)
		}
	}
}

func TestPrintedConfigurationLoadsAgain(t *testing.T) {
	c, err := load(t, "base_url: https://id.example.com\nacme_domain: [id.example.com]\nlisten: :443\nshutdown_grace: 1m30s", nil)
	if err != nil {
		t.Fatal(err)
	}
	var first, second bytes.Buffer
	_ = c.Print(&first)
	again, err := load(t, first.String(), nil)
	if err != nil {
		t.Fatalf("%v in\n%s", err, first.String())
	}
	_ = again.Print(&second)
	if diff := cmp.Diff(withoutOrigin(first.String()), withoutOrigin(second.String())); diff != "" {
		t.Error(diff)
	}
}

func withoutOrigin(yaml string) string {
	var b strings.Builder
	for line := range strings.Lines(yaml) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), " # ")
		b.WriteString(line + "\n")
	}
	return b.String()
}

func TestConfigurationPageIsCurrent(t *testing.T) {
	path := filepath.Join("..", "..", "..", "docs", "configuration.md")
	if *update {
		if err := os.WriteFile(path, []byte(Document()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(committed), Document()); diff != "" {
		t.Errorf("docs/configuration.md is not what Document returns; run this test with -update:\n%s", diff)
	}
}

func TestMemoryLimitIsReadAsGoReadsIt(t *testing.T) {
	for text, want := range map[string]int64{"": 0, "1024": 1024, "1B": 1, "512MiB": 512 << 20, "2GiB": 2 << 30, "1TiB": 1 << 40, "0": -1, "-5": -1, "x": -1, "1MB": -1, "9999999999TiB": -1} {
		if got, err := memory(text); (err != nil) != (want < 0) || want >= 0 && got != want {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
}
