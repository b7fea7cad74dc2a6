package config

import (
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/notice/mail"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/web"
	"github.com/counterfoil/counterfoil/internal/web/limit"
)

// complete fills in what follows from other settings and checks the whole.
func (c *Config) complete() error {
	if c.DatabaseFile != "" {
		if !c.Database.Empty() {
			return fault.New(fault.Invalid, "database and database_file are both set: keep one")
		}
		text, err := os.ReadFile(c.DatabaseFile)
		if err != nil {
			return fault.Wrap(fault.Invalid, err, "database_file %s cannot be read", c.DatabaseFile)
		}
		c.Database = seal.NewSecret(strings.TrimSpace(string(text)))
	}
	if c.SMTPPasswordFile != "" {
		if !c.SMTPPassword.Empty() {
			return fault.New(fault.Invalid, "smtp_password and smtp_password_file are both set: keep one")
		}
		text, err := os.ReadFile(c.SMTPPasswordFile)
		if err != nil {
			return fault.Wrap(fault.Invalid, err, "smtp_password_file %s cannot be read", c.SMTPPasswordFile)
		}
		c.SMTPPassword = seal.NewSecret(strings.TrimRight(string(text), "\r\n"))
	}
	if c.RootKeyFile == "" && c.RootKeyCredential == "" && c.RootPassphraseFile == "" {
		c.RootKeyFile = filepath.Join(c.Data, "root.key")
	}
	if c.BaseURL == "" && len(c.ACMEDomain) > 0 {
		c.BaseURL = "https://" + c.ACMEDomain[0]
	}
	if c.Dev && c.origin["shutdown_delay"] == "default" {
		c.ShutdownDelay = 0
	}
	c.BaseURL = strings.TrimSuffix(c.BaseURL, "/")
	c.MTLSBaseURL = strings.TrimSuffix(c.MTLSBaseURL, "/")
	return c.Validate()
}

// Validate returns everything that is wrong with the settings, joined, each part [fault.Invalid] and with the way
// to mend it.
func (c *Config) Validate() error {
	var wrong []error
	refuse := func(format string, args ...any) { wrong = append(wrong, fault.New(fault.Invalid, format, args...)) }
	c.checkAddresses(refuse)
	c.checkBaseURL(refuse)
	c.checkTLS(refuse)
	c.checkMTLS(refuse)
	c.checkNotices(refuse)
	if dsn := c.Database.Reveal(); dsn != "" && !db.IsPostgreSQL(dsn) {
		refuse("database must be a URL that starts with postgres://; for the embedded database set only data")
	}
	if n := count(c.RootKeyFile != "", c.RootKeyCredential != "", c.RootPassphraseFile != ""); n != 1 {
		refuse("root_key_file, root_key_credential and root_passphrase_file exclude each other: keep one")
	}
	if _, err := web.NewProxies(c.TrustedProxies, c.ProxyHeader); err != nil {
		refuse("trusted_proxies, proxy_header: %v", err)
	}
	if _, err := environment.ParseRegions(c.Regions, c.Region); err != nil {
		refuse("regions, region: %v", err)
	}
	for key, setting := range map[string]string{"rate_limit_credential": c.RateLimitCredential, "rate_limit_address": c.RateLimitAddress} {
		if _, err := limit.ParseRate(setting); err != nil {
			refuse("%s: %v", key, err)
		}
	}
	if _, ok := logLevels[c.LogLevel]; !ok {
		refuse("log_level %q is none of debug, info, warn, error", c.LogLevel)
	}
	if c.ShutdownDelay < 0 || c.ShutdownDelay > time.Minute {
		refuse("shutdown_delay must be between 0s and 1m")
	}
	if c.ShutdownGrace < time.Second || c.ShutdownGrace > 10*time.Minute {
		refuse("shutdown_grace must be between 1s and 10m")
	}
	if c.GOGC < 10 || c.GOGC > 10_000 {
		refuse("gogc must be between 10 and 10000")
	}
	if _, err := memory(c.GOMEMLIMIT); err != nil {
		refuse("gomemlimit %q is not a size such as 512MiB or 2GiB", c.GOMEMLIMIT)
	}
	return errors.Join(wrong...)
}

func count(conditions ...bool) (n int) {
	for _, condition := range conditions {
		if condition {
			n++
		}
	}
	return n
}

func (c *Config) checkAddresses(refuse func(string, ...any)) {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		refuse("listen %q is not host:port, such as 127.0.0.1:8700 or :443", c.Listen)
	} else if c.Dev && !loopback(host) {
		refuse("dev allows plain HTTP and is for this machine only: listen on 127.0.0.1 or ::1 instead of %q, or leave dev off", c.Listen)
	}
	if _, _, err := net.SplitHostPort(c.MetricsListen); err != nil && c.MetricsListen != "" {
		refuse("metrics_listen %q is not host:port, such as 127.0.0.1:9700", c.MetricsListen)
	}
}

// loopback reports whether host can be reached from this machine only. The empty host is every address.
func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

func (c *Config) checkBaseURL(refuse func(string, ...any)) {
	if c.BaseURL == "" {
		if !c.Dev {
			refuse("base_url is missing: set it to the https URL that clients reach this server under, or try things out with dev")
		}
		return
	}
	u, err := url.Parse(c.BaseURL)
	if err != nil || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery {
		refuse("base_url %q must be scheme and host alone, such as https://id.example.com: environments use the path", c.BaseURL)
		return
	}
	if u.Scheme != "https" && (!c.Dev || u.Scheme != "http" || !loopback(u.Hostname())) {
		refuse("base_url %q must start with https:// (http:// only with dev, on a loopback address): secrets travel to it", c.BaseURL)
	}
}

func (c *Config) checkTLS(refuse func(string, ...any)) {
	if (c.TLSCert == "") != (c.TLSKey == "") {
		refuse("tls_cert and tls_key belong together: set both or none")
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err == nil && !c.Dev && !loopback(host) && c.TLSCert == "" && len(c.ACMEDomain) == 0 && len(c.TrustedProxies) == 0 {
		refuse("secrets would cross the network in plain HTTP: set tls_cert and tls_key or acme_domain, or listen on a " +
			"loopback address behind a proxy that ends TLS, or name that proxy in trusted_proxies")
	}
	if len(c.ACMEDomain) == 0 {
		return
	}
	if c.TLSCert != "" {
		refuse("certificates come from files (tls_cert) or from an authority (acme_domain): keep one")
	}
	if c.Dev {
		refuse("an authority cannot reach a server in dev: leave dev or acme_domain off")
	}
	if u, err := url.Parse(c.BaseURL); err == nil && !slices.Contains(c.ACMEDomain, u.Hostname()) {
		refuse("acme_domain lacks %s, the host of base_url: add it", u.Hostname())
	}
	if u, err := url.Parse(c.ACMEDirectory); err != nil || u.Scheme != "https" || u.Host == "" {
		refuse("acme_directory %q is not an https URL", c.ACMEDirectory)
	}
}

var logLevels = map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}

// Level returns the least level that is logged.
func (c *Config) Level() slog.Level { return logLevels[c.LogLevel] }

// checkNotices refuses settings of mail and of leak reports that cannot work.
func (c *Config) checkNotices(refuse func(string, ...any)) {
	if c.SMTPURL == "" && (c.MailFrom != "" || !c.SMTPPassword.Empty()) {
		refuse("mail_from and smtp_password are for the mail server that smtp_url names: set it, or leave them out")
	} else if c.SMTPURL != "" {
		if _, err := mail.NewSMTP(c.Mail()); err != nil {
			field, message := fault.Public(err)
			refuse("%s: %s", field, message)
		}
	}
	for _, help := range []struct{ name, to string }{
		{"help_docs_url", c.HelpDocsURL},
		{"help_report_url", c.HelpReportURL},
		{"help_ideas_url", c.HelpIdeasURL},
	} {
		// A page leads there, so it must be no script (javascript:) and nothing that a browser reads by itself.
		if u, err := url.Parse(help.to); help.to != "" && (err != nil || u.Scheme != "https" && u.Scheme != "mailto") {
			refuse("%s %q is neither an https nor a mailto URL", help.name, help.to)
		}
	}
	if u, err := url.Parse(c.LeakKeysURL); c.LeakKeysFile == "" && (err != nil || u.Scheme != "https" || u.Host == "") {
		refuse("leak_keys_url %q is not an https URL", c.LeakKeysURL)
	}
}
