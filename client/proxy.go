package client

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Through calls the system behind a connection: it sends method and path, which begins with a slash and may end in a
// query, with header and body through the proxy, and returns the system's answer, whose body the caller closes. Nothing
// is repeated here. A refusal by the proxy itself is an answer, too: a problem document. Needs connections:use.
func (c *Client) Through(ctx context.Context, connection, method, path string, header http.Header, body io.Reader) (*http.Response, error) {
	if connection == "" || !strings.HasPrefix(path, "/") {
		return nil, errors.New("client: a connection and a path that begins with a slash are needed")
	}
	token, err := c.tokens.get(ctx)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+"/connect/proxy"+path, body)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	r.Header.Set("Counterfoil-Connection", connection)
	r.Header.Set("Authorization", "Bearer "+token.Reveal())
	if r.Header.Get("User-Agent") == "" {
		r.Header.Set("User-Agent", c.wire.agent)
	}
	return c.wire.http.Do(r)
}
