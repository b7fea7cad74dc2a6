package certificate_test

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/credential/certificate"
	"github.com/counterfoil/counterfoil/internal/fault"
)

func TestACertificateIsReadInEveryFormThatOpensslWrites(t *testing.T) {
	f := newFolder(t)
	text := f.selfSigned("client", "/CN=billing", clientOnly...)
	want := parse(t, text)
	f.openssl("x509", "-in", "client.pem", "-outform", "DER", "-out", "client.der")
	f.openssl("x509", "-in", "client.pem", "-text", "-out", "client.txt")
	f.openssl("base64", "-in", "client.der", "-out", "client.b64")
	for name, upload := range map[string][]byte{
		"PEM": text, "PEM with text around": f.read("client.txt"), "DER": f.read("client.der"),
		"base64 with line breaks": f.read("client.b64"), "Windows line ends": bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")),
		"base64 in one line": []byte(base64.StdEncoding.EncodeToString(f.read("client.der"))),
		"base64 for URLs":    []byte(base64.RawURLEncoding.EncodeToString(f.read("client.der"))),
	} {
		c, chain, err := certificate.Parse(upload)
		if err != nil || !bytes.Equal(c.Raw, want.Raw) || len(chain) != 0 {
			t.Errorf("%s: %v, %d in the chain", name, err, len(chain))
		}
	}
	if hint := certificate.Hint(want); len(hint) != len("01234567 billing") || !strings.HasSuffix(hint, " billing") {
		t.Errorf("hint %q", hint)
	}
}

func TestTheClientsCertificateIsFoundInItsChain(t *testing.T) {
	f := newFolder(t)
	ca := f.selfSigned("ca", "/CN=Acme CA")
	leaf := f.selfSigned("client", "/CN=billing", clientOnly...)
	for name, upload := range map[string][]byte{"leaf first": append(bytes.Clone(leaf), ca...), "leaf last": append(bytes.Clone(ca), leaf...)} {
		c, chain, err := certificate.Parse(upload)
		if err != nil || c.Subject.CommonName != "billing" || len(chain) != 1 || chain[0].Subject.CommonName != "Acme CA" {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := f.selfSigned("other", "/CN=shipping", clientOnly...)
	for name, upload := range map[string][]byte{
		"two clients": append(bytes.Clone(leaf), other...), "no client": append(bytes.Clone(ca), ca...), "too many": bytes.Repeat(ca, 10),
	} {
		if _, _, err := certificate.Parse(upload); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAPrivateKeyInTheUploadIsRefusedWithTheReason(t *testing.T) {
	f := newFolder(t)
	cert := f.selfSigned("client", "/CN=billing", clientOnly...)
	key := f.read("client.key")
	f.openssl("ec", "-in", "client.key", "-out", "sec1.pem")
	f.openssl("ec", "-in", "client.key", "-outform", "DER", "-out", "sec1.der")
	f.openssl("pkcs8", "-topk8", "-in", "client.key", "-nocrypt", "-outform", "DER", "-out", "pkcs8.der")
	f.openssl("pkcs8", "-topk8", "-in", "client.key", "-passout", "pass:x", "-outform", "DER", "-out", "encrypted.der")
	f.openssl("genrsa", "-traditional", "-out", "rsa.pem", "1024")
	block, _ := pem.Decode(f.read("rsa.pem"))
	for name, upload := range map[string][]byte{
		"after the certificate": append(bytes.Clone(cert), key...), "before it": append(bytes.Clone(key), cert...), "alone": key,
		"traditional": f.read("sec1.pem"), "traditional in DER": f.read("sec1.der"), "PKCS #8 in DER": f.read("pkcs8.der"),
		"encrypted": f.read("encrypted.der"), "in base64": []byte(base64.StdEncoding.EncodeToString(f.read("pkcs8.der"))),
		"RSA": f.read("rsa.pem"), "RSA in DER": block.Bytes, "cut short": append(bytes.Clone(cert), key[:60]...),
		"called a certificate": pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.read("pkcs8.der")}),
	} {
		_, _, err := certificate.Parse(upload)
		if field, message := fault.Public(err); field != "certificate" || !strings.Contains(message, "exposed") {
			t.Errorf("%s: %s: %v", name, field, err)
		}
	}
}

func TestWhatIsNoCertificateIsRefusedAndSaidSo(t *testing.T) {
	f := newFolder(t)
	cert := f.selfSigned("client", "/CN=billing", clientOnly...)
	f.openssl("req", "-new", "-key", "client.key", "-subj", "/CN=x", "-out", "client.csr")
	f.openssl("req", "-in", "client.csr", "-outform", "DER", "-out", "csr.der")
	f.openssl("pkcs12", "-export", "-inkey", "client.key", "-in", "client.pem", "-passout", "pass:x", "-out", "client.p12")
	f.openssl("crl2pkcs7", "-nocrl", "-certfile", "client.pem", "-out", "client.p7b")
	f.openssl("x509", "-in", "client.pem", "-trustout", "-out", "trusted.pem")
	for name, c := range map[string]struct {
		upload []byte
		says   string
	}{
		"nothing": {nil, "no X.509"}, "spaces": {[]byte(" \n"), "no X.509"}, "words": {[]byte("certificate, please"), "no X.509"},
		"a JWK": {[]byte(`{"kty":"EC"}`), "no X.509"}, "a request": {f.read("client.csr"), "request"}, "a request in DER": {f.read("csr.der"), "request"},
		"PKCS #12": {f.read("client.p12"), "PKCS #12"}, "PKCS #7": {f.read("client.p7b"), "PKCS #12"}, "openssl's own": {f.read("trusted.pem"), "BEGIN CERTIFICATE"},
		"cut short": {cert[:len(cert)/2], "damaged"}, "a byte changed": {bytes.Replace(cert, []byte("MII"), []byte("MIJ"), 1), "no X.509"},
	} {
		_, _, err := certificate.Parse(c.upload)
		if field, message := fault.Public(err); field != "certificate" || !strings.Contains(message, c.says) {
			t.Errorf("%s: %s: %v", name, field, err)
		}
	}
	if _, _, err := certificate.Parse(make([]byte, certificate.MaxUpload+1)); !fault.Is(err, fault.TooLarge) {
		t.Error(err)
	}
}

func TestWeakExpiredOrMisusedCertificatesAreNoCredentials(t *testing.T) {
	f := newFolder(t)
	now := time.Now()
	made := func(more ...string) *x509.Certificate {
		return parse(t, f.selfSigned("client", "/CN=billing", append(more, clientOnly...)...))
	}
	rsa := func(bits string) *x509.Certificate { return made("-newkey", "rsa:"+bits) }
	plain := func(more ...string) *x509.Certificate {
		return parse(t, f.selfSigned("client", "/CN=billing", append([]string{"-addext", "basicConstraints=critical,CA:FALSE"}, more...)...))
	}
	f.openssl("genpkey", "-algorithm", "ed448", "-out", "ed448.key")
	f.openssl("req", "-x509", "-key", "ed448.key", "-subj", "/CN=x", "-addext", "basicConstraints=critical,CA:FALSE", "-out", "ed448.pem")
	for name, c := range map[string]struct {
		cert *x509.Certificate
		says string
	}{
		"P-256": {made(), ""}, "RSA": {rsa("2048"), ""}, "Ed25519": {made("-newkey", "ed25519"), ""}, "no extended usage": {plain(), ""},
		"P-384": {made("-pkeyopt", "ec_paramgen_curve:P-384", "-sha384"), ""}, "PSS": {made("-newkey", "rsa:2048", "-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:digest"), ""},
		"SHA-1": {made("-sha1"), "SHA1"}, "SHA-1 with RSA": {made("-newkey", "rsa:2048", "-sha1"), "SHA1"}, "MD5": {made("-newkey", "rsa:2048", "-md5"), "MD5"},
		"RSA 1024": {rsa("1024"), "2048"}, "P-224": {made("-pkeyopt", "ec_paramgen_curve:P-224"), "P-256"},
		"Ed448": {parse(t, f.read("ed448.pem")), "not accepted"}, "an authority": {parse(t, f.selfSigned("ca", "/CN=ca")), "CA:FALSE"},
		"a server": {plain("-addext", "extendedKeyUsage=serverAuth"), "clientAuth"}, "no signatures": {made("-addext", "keyUsage=keyEncipherment"), "digitalSignature"},
		"both": {plain("-addext", "extendedKeyUsage=serverAuth,clientAuth"), ""},
	} {
		err := certificate.Check(c.cert, now)
		if field, message := fault.Public(err); (err == nil) != (c.says == "") || err != nil && field != "certificate" || !strings.Contains(message, c.says) {
			t.Errorf("%s: %s: %v", name, field, err)
		}
	}
	good := made()
	if err := certificate.Check(good, now.AddDate(1, 0, 0)); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "expired") {
		t.Error(err)
	}
	if err := certificate.Check(good, now.AddDate(-1, 0, 0)); err != nil {
		t.Errorf("one for later: %v", err)
	}
}

func TestAHintShowsOnlyWhatPrints(t *testing.T) {
	c := issue(t, nil, func(c *x509.Certificate) { c.Subject.CommonName = "a\x1b[31m\u202eb\n" + strings.Repeat("é", 60) })
	if hint := certificate.Hint(c.Certificate); hint[8:] != " a[31mb"+strings.Repeat("é", 34)+"…" {
		t.Errorf("%q", hint)
	}
}

func FuzzParse(f *testing.F) {
	cert := issue(f, nil, nil)
	f.Add(cert.Raw)
	f.Add(certificate.PEM(cert.Certificate))
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----"))
	f.Add([]byte("MIIB"))
	f.Fuzz(func(t *testing.T, upload []byte) {
		c, _, err := certificate.Parse(upload)
		if (c == nil) == (err == nil) {
			t.Fatal(err)
		}
		if err != nil {
			if k := fault.Of(err); k != fault.Invalid && k != fault.TooLarge {
				t.Fatal(err)
			}
			return
		}
		_ = certificate.Check(c, start)
		_ = certificate.Hint(c)
		name := certificate.Subject(c)
		if again, err := certificate.ParseDN(name.String()); err == nil && !again.Equal(name) {
			t.Fatalf("%q is another name when it is read again", name.String())
		}
	})
}
