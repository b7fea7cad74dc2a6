package egress

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/counterfoil/counterfoil/internal/fault"
)

// Defaults of [Options], and bounds that nobody sets.
const (
	DefaultTimeout = 10 * time.Second
	DefaultMaxBody = 1 << 20

	maxURL     = 2048
	maxHeaders = 16 << 10
)

// Options say what a [Client] may do. They come from the operator's configuration only, never from the API.
type Options struct {
	// Allow names places that are reached although they are not public, and without TLS if the address begins with
	// http: "host:port", "CIDR" or "CIDR:port", IPv6 with a port in brackets. Empty by default.
	Allow []string
	// Timeout bounds a whole request, from resolving the name to the last byte; 0 means [DefaultTimeout].
	Timeout time.Duration
	// MaxBody bounds an answer in bytes; 0 means [DefaultMaxBody].
	MaxBody int64
	// RootCAs are the authorities trusted for TLS; nil means the system's.
	RootCAs *x509.CertPool
}

// Request is what is asked of another server.
type Request struct {
	Method string // empty means GET
	URL    string
	Header map[string]string
	Body   []byte
	// MaxBody bounds the answer in bytes, if it is not 0 and less than the client's own bound.
	MaxBody int64
	// Timeout bounds the whole request, if it is not 0 and less than the client's own bound.
	Timeout time.Duration
	// Certificate is shown to the other server (RFC 8705); the connection is then used for this request alone.
	Certificate *tls.Certificate
	// Excerpt is for whoever wants to know the status: of a longer answer the beginning is returned, of a compressed one
	// nothing, and of one that breaks off what came.
	Excerpt bool
}

// Answer is what the other server said, whole.
type Answer struct {
	Status int
	Body   []byte

	header http.Header
}

// Header returns the first value of the header called name, in any case, or "".
func (a *Answer) Header(name string) string { return a.header.Get(name) }

// Client calls out. It is safe for concurrent use.
type Client struct {
	allow   []exception
	roots   *x509.CertPool
	timeout time.Duration
	maxBody int64
	ways    schemes
	stream  schemes                                                               // for doors that pass on what they do not read: see [Client.Transport]
	lookup  func(ctx context.Context, network, host string) ([]netip.Addr, error) // tests rebind names here
}

// New returns a client, or [fault.Invalid] on "egress.allow" for an exception that cannot be read.
func New(o Options) (*Client, error) {
	c := &Client{roots: o.RootCAs, timeout: o.Timeout, maxBody: o.MaxBody, lookup: net.DefaultResolver.LookupNetIP}
	if c.timeout <= 0 {
		c.timeout = DefaultTimeout
	}
	if c.maxBody <= 0 {
		c.maxBody = DefaultMaxBody
	}
	for _, entry := range o.Allow {
		e, err := parseAllow(entry)
		if err != nil {
			return nil, err
		}
		c.allow = append(c.allow, e)
	}
	c.ways = schemes{"http": c.transport(true), "https": c.transport(false)}
	c.stream = schemes{"http": c.streaming(true), "https": c.streaming(false)}
	return c, nil
}

// schemes has a transport for each scheme, because what may be dialled without TLS differs.
type schemes map[string]*http.Transport

// RoundTrip implements [http.RoundTripper]. A transport follows no redirects by itself.
func (s schemes) RoundTrip(r *http.Request) (*http.Response, error) {
	return s[r.URL.Scheme].RoundTrip(r) // inForm has refused other schemes
}

func (s schemes) closeIdle() {
	for _, t := range s {
		t.CloseIdleConnections()
	}
}

func (c *Client) transport(plain bool) *http.Transport {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true) // HTTP/2 would bring its own limits, and nothing here needs it
	return &http.Transport{
		Proxy:                  nil, // a proxy would resolve names behind our back
		DialContext:            func(ctx context.Context, _, address string) (net.Conn, error) { return c.dial(ctx, address, plain) },
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.roots},
		TLSHandshakeTimeout:    c.timeout,
		DisableCompression:     true, // or 1 MiB on the wire could become 1 GiB here
		MaxResponseHeaderBytes: maxHeaders,
		MaxConnsPerHost:        16,
		MaxIdleConnsPerHost:    2,
		MaxIdleConns:           64,
		IdleConnTimeout:        30 * time.Second,
		Protocols:              protocols,
	}
}

// Close lets go of idle connections.
func (c *Client) Close() {
	c.ways.closeIdle()
	c.stream.closeIdle()
}

// Get is [Client.Do] for a plain GET.
func (c *Client) Get(ctx context.Context, address string) (*Answer, error) {
	return c.Do(ctx, Request{URL: address})
}

// Do sends r and returns the whole answer, whatever its status, except that a redirect is an error.
//
// [fault.Invalid] is an address that can never be called as it stands: its form, where it leads, or that it redirects.
// [fault.TooLarge] is an answer over the bound or one that is compressed. [fault.Unavailable] is everything else: no
// answer, no answer in time, no trustworthy TLS. Messages name the host and the reason, never the path or the query,
// which may be secret; causes are for the log. [TroubleOf] tells programs what went wrong.
func (c *Client) Do(ctx context.Context, r Request) (*Answer, error) {
	u, err := c.parse(r.URL)
	if err != nil {
		return nil, err
	}
	timeout := c.timeout
	if r.Timeout > 0 {
		timeout = min(timeout, r.Timeout)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	ctx, way := follow(ctx)
	var body io.Reader
	if r.Body != nil {
		body = bytes.NewReader(r.Body)
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, u.String(), body)
	if err != nil {
		return nil, troubled(Address, fault.New(fault.Invalid, "%q is no method of HTTP", r.Method))
	}
	request.Header.Set("User-Agent", "Counterfoil")
	for name, value := range r.Header {
		request.Header.Set(name, value)
	}
	ways, done, err := c.waysFor(u, r.Certificate)
	if err != nil {
		return nil, err
	}
	defer done()
	response, err := ways.RoundTrip(request)
	if err != nil {
		return nil, way.explain(ctx, u.Host, err)
	}
	defer func() { _ = response.Body.Close() }()
	return c.read(ctx, way, u.Host, response, &r)
}

func (c *Client) read(ctx context.Context, way *way, host string, response *http.Response, r *Request) (*Answer, error) {
	limit := r.MaxBody
	if limit <= 0 || limit > c.maxBody {
		limit = c.maxBody
	}
	if s := response.StatusCode; s >= 300 && s < 400 && s != http.StatusNotModified {
		return nil, troubled(Redirect, fault.New(fault.Invalid, "%s redirects to another address, which is not followed: give the final address", host))
	}
	encoding := response.Header.Get("Content-Encoding")
	compressed := encoding != "" && !strings.EqualFold(encoding, "identity")
	if r.Excerpt {
		answer := &Answer{Status: response.StatusCode, header: response.Header}
		if !compressed {
			answer.Body, _ = io.ReadAll(io.LimitReader(response.Body, limit)) // the status has been said, whatever follows
		}
		return answer, nil
	}
	if compressed {
		return nil, troubled(Compressed, fault.New(fault.TooLarge, "%s sent a compressed answer that nobody asked for: it is not unpacked", host))
	}
	if response.ContentLength > limit {
		return nil, tooLarge(host, limit)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	if err == nil {
		// A server that sees us hang up may end its answer properly, and that end may still arrive: half an answer.
		err = ctx.Err()
	}
	if err != nil {
		return nil, way.explain(ctx, host, err)
	}
	if int64(len(body)) > limit {
		return nil, tooLarge(host, limit)
	}
	return &Answer{Status: response.StatusCode, Body: body, header: response.Header}, nil
}

func tooLarge(host string, limit int64) error {
	return troubled(Large, fault.New(fault.TooLarge, "%s sent more than %d bytes", host, limit))
}

// parse refuses what an address must not be in its own form. Where it leads is for [Client.dial].
func (c *Client) parse(raw string) (*url.URL, error) {
	if len(raw) > maxURL {
		return nil, malformed("the address is longer than %d characters", maxURL)
	}
	u, err := url.Parse(raw)
	if err != nil { // its text repeats the address, which may hold a secret
		return nil, malformed("the address cannot be read")
	}
	if strings.Contains(raw, "#") {
		u.Fragment = "#" // an empty one counts as well
	}
	return u, inForm(u)
}

func malformed(format string, args ...any) error {
	return troubled(Address, fault.New(fault.Invalid, format, args...))
}

func inForm(u *url.URL) error {
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return malformed("the address must begin with https://")
	case u.Host == "" || u.Opaque != "":
		return malformed("the address names no host")
	case u.User != nil:
		return malformed("the address holds a user name or a password: leave them out")
	case u.Fragment != "":
		return malformed("the address ends in a fragment: leave out the # and what follows")
	}
	host := u.Hostname()
	if _, err := netip.ParseAddr(host); err != nil && !isName(host) {
		return malformed("the host is neither a name in ASCII nor an IP address in its usual form")
	} else if strings.Contains(host, "%") {
		return malformed("an address with a zone leads to a local network: it is not called")
	}
	if port := u.Port(); port != "" || strings.HasSuffix(u.Host, ":") {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return malformed("the port must be a number from 1 to 65535")
		}
	}
	return nil
}
