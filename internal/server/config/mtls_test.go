package config

import (
	"net"
	"strings"
	"testing"
)

func TestSettingsOfClientCertificatesAreChecked(t *testing.T) {
	const good = "base_url: https://id.example.com\n"
	for _, c := range []struct{ yaml, want string }{
		{good + "mtls_listen: :8701", "tls_cert and tls_key"},
		{good + "mtls_listen: '8701'\ntls_cert: a\ntls_key: b", "is not host:port"},
		{"dev: true\nmtls_listen: :8701", "127.0.0.1"},
		{good + "mtls_base_url: https://mtls.example.com", "leads nowhere"},
		{good + "mtls_base_url: http://mtls.example.com\nclient_cert_header: rfc9440\ntrusted_proxies: 10.0.0.1", "must be https://"},
		{good + "mtls_base_url: https://mtls.example.com/x\nclient_cert_header: rfc9440\ntrusted_proxies: 10.0.0.1", "a host alone"},
		{"acme_domain: id.example.com\nmtls_listen: :8701\nmtls_base_url: https://mtls.example.com", "acme_domain lacks mtls.example.com"},
		{good + "client_cert_header: rfc9440", "needs trusted_proxies"},
		{good + "client_cert_header: envoy\ntrusted_proxies: 10.0.0.1", "none of none"},
	} {
		if _, err := load(t, c.yaml, nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.yaml, err)
		}
	}
	for yaml, want := range map[string]string{
		good: "https://id.example.com:8701", "base_url: https://id.example.com:8443\n": "https://id.example.com:8701",
		"base_url: 'https://[2001:db8::1]:1'\n": "https://[2001:db8::1]:8701", good + "mtls_base_url: https://m.example/\n": "https://m.example",
	} {
		c, err := load(t, yaml+"mtls_listen: :8701\ntls_cert: a\ntls_key: b\n", nil)
		if err != nil {
			t.Fatal(err)
		}
		if base := c.MTLSBase(&net.TCPAddr{Port: 8701}); base != want || !c.AsksForCertificates() {
			t.Errorf("%s: %s", yaml, base)
		}
	}
	for yaml, want := range map[string]string{
		good: "", "dev: true\ndata: d": "", good + "mtls_listen: :1\ntls_cert: a\ntls_key: b\nmtls_base_url: https://m.example": "https://m.example\n",
		"dev: true\ndata: d\nmtls_listen: 127.0.0.1:1\nmtls_base_url: https://m.example": "https://m.example, made for the occasion, trust d/mtls.pem\n",
	} {
		c, err := load(t, yaml, nil)
		if err != nil || !strings.HasSuffix(c.MTLSNotice(), want) || (want == "") != (c.MTLSNotice() == "") {
			t.Errorf("%s: %q %v", yaml, c.MTLSNotice(), err)
		}
	}
	c, err := load(t, good+"mtls_listen: :443\ntls_cert: a\ntls_key: b\n", nil)
	if err != nil || c.MTLSBase(&net.TCPAddr{Port: 443}) != "https://id.example.com" {
		t.Error(err)
	}
}
