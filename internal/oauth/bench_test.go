package oauth_test

import (
	"bytes"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// discard is a ResponseWriter that does nothing, so that the benchmarks measure what is ours.
type discard struct {
	header http.Header
	status int
}

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(status int)      { d.status = status }

// BenchmarkEndpoints measures everything between net/http and its answer: routing, log, metrics, form, client
// authentication, gate, attenuation and token.
func BenchmarkEndpoints(b *testing.B) {
	h := housetest.Start(b)
	h.NewAPI("plain", housetest.O{"token_format": "handle"}, "plain:read")
	h.NewAPI("signed", housetest.O{"signing_alg": "EdDSA"}, "signed:read")
	handles := h.NewApp("handles", housetest.O{"introspects": []string{"plain", "signed"}}, "plain:read")
	signed := h.NewApp("signed", nil, "signed:read")
	for _, endpoint := range []struct {
		name, path string
		as         housetest.Client
		form       url.Values
	}{
		{"token/handle", "/oauth2/token", handles, url.Values{"grant_type": {"client_credentials"}}},
		{"token/jwt", "/oauth2/token", signed, url.Values{"grant_type": {"client_credentials"}}},
		{"introspect/handle", "/oauth2/introspect", handles, url.Values{"token": {h.Token(handles)}}},
		{"introspect/jwt", "/oauth2/introspect", handles, url.Values{"token": {h.Token(signed)}}},
	} {
		b.Run(endpoint.name, func(b *testing.B) {
			text := []byte(endpoint.form.Encode())
			basic := "Basic " + base64.StdEncoding.EncodeToString([]byte(endpoint.as.ID+":"+endpoint.as.Secret))
			body := bytes.NewReader(nil)
			r := h.Request("POST", endpoint.path, nil, "Content-Type", "application/x-www-form-urlencoded", "Authorization", basic)
			r.RemoteAddr, r.Body, r.ContentLength = "127.0.0.1:1234", io.NopCloser(body), int64(len(text))
			w := &discard{header: http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				body.Reset(text)
				w.status = 0
				h.Handler().ServeHTTP(w, r)
				if w.status >= 400 {
					b.Fatal(w.status)
				}
			}
		})
	}
}
