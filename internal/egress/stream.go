package egress

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"time"
)

// maxStreamed is how many connections to one host are open for [Client.Transport], and idleStreamed how many of them wait
// for the next request.
const (
	maxStreamed  = 512
	idleStreamed = 64
)

// waysFor returns what a request travels by, and what to do when it is over. A client certificate gets a connection of its
// own: one that was proved with it must never carry somebody else's request.
func (c *Client) waysFor(u *url.URL, certificate *tls.Certificate) (http.RoundTripper, func(), error) {
	if certificate == nil {
		return c.ways, func() {}, nil
	}
	if u.Scheme != "https" {
		return nil, nil, malformed("a client certificate is shown over https only")
	}
	t := c.transport(false)
	t.DisableKeepAlives = true
	// Not Certificates, of which none is sent if the server's list of authorities does not name its issuer: whoever
	// entered a certificate is to be told that it was refused, and not that it was missing.
	t.TLSClientConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		return certificate, nil
	}
	return t, t.CloseIdleConnections, nil
}

// streaming is a transport with connections of its own, so that long answers keep nobody from fetching a token.
func (c *Client) streaming(plain bool) *http.Transport {
	t := c.transport(plain)
	t.MaxConnsPerHost, t.MaxIdleConnsPerHost, t.MaxIdleConns = maxStreamed, idleStreamed, 8*idleStreamed
	t.IdleConnTimeout, t.ExpectContinueTimeout = 90*time.Second, time.Second
	return t
}

// Transport returns the way out for a door that passes on bodies of any length and reads none of them. Every connection
// is guarded like those of [Client.Do]; there is no proxy, no redirect, no decompression and no HTTP/2, and headers are
// bounded. Body and time are not: the context of the request is the caller's only clock. Errors are those of Do.
func (c *Client) Transport() http.RoundTripper { return streamer{c} }

type streamer struct{ *Client }

// RoundTrip implements [http.RoundTripper].
func (s streamer) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := inForm(r.URL); err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // as the interface demands
		}
		return nil, err
	}
	ctx, way := follow(r.Context())
	response, err := s.stream.RoundTrip(r.WithContext(ctx))
	if err != nil {
		return nil, way.explain(ctx, r.URL.Host, err)
	}
	return response, nil
}
