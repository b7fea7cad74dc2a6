package verify

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	fetchTimeout = 10 * time.Second
	// maxDocument bounds metadata, key sets and introspection answers.
	maxDocument = 1 << 20
)

// newHTTP copies a client and forbids redirects: the issuer's addresses are exact, and following one would hand
// the decision who signs tokens to whoever is redirected to.
func newHTTP(h *http.Client) *http.Client {
	own := http.Client{Timeout: fetchTimeout}
	if h != nil {
		own = *h
	}
	own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &own
}

func checkAddress(raw string, allowHTTP bool) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return fmt.Errorf("verify: %q is not an absolute address without user, query and fragment", raw)
	case u.Scheme == "https", u.Scheme == "http" && (allowHTTP || loopback(u.Hostname())):
		return nil
	}
	return fmt.Errorf("verify: %q must begin with https://", raw)
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func getJSON(ctx context.Context, h *http.Client, address string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil) //nolint:gosec // configured, or the configured issuer says so
	if err != nil {
		return err
	}
	req.Header.Set("Accept", "application/json")
	body, status, err := send(h, req)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("%s answered %d", address, status)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("%s: %w", address, err)
	}
	return nil
}

func send(h *http.Client, req *http.Request) (body []byte, status int, err error) {
	resp, err := h.Do(req) //nolint:gosec // the address is checked where the request is made
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err = io.ReadAll(io.LimitReader(resp.Body, maxDocument+1))
	if err != nil {
		return nil, 0, err
	}
	if len(body) > maxDocument {
		return nil, 0, fmt.Errorf("%s answered more than %d bytes", req.URL.Redacted(), maxDocument)
	}
	return body, resp.StatusCode, nil
}
