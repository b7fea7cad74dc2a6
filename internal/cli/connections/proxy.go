package connections

import (
	"context"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
)

// proxyCommand calls the system behind a connection and prints its answer as it is.
func proxyCommand(d *desk.Desk) *cobra.Command {
	var data, baseURL string
	var headers []string
	cmd := d.Completing(connectionIDs)(d.Command("proxy CONNECTION METHOD PATH", "Call the system behind a connection", cobra.ExactArgs(3), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			header := http.Header{}
			for _, line := range headers {
				name, value, ok := strings.Cut(line, ":")
				if !ok {
					return desk.Usage("--header is written Name: value, not %q", line)
				}
				header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
			}
			if baseURL != "" {
				header.Set("Counterfoil-Base-Url", baseURL)
			}
			body, err := open(d, data)
			if err != nil {
				return err
			}
			defer func() { _ = body.Close() }()
			var sent io.Reader
			if data != "" {
				sent = body
				if header.Get("Content-Type") == "" {
					header.Set("Content-Type", "application/json")
				}
			}
			answer, err := c.Through(ctx, args[0], strings.ToUpper(args[1]), args[2], header, sent)
			if err != nil {
				return err
			}
			defer func() { _ = answer.Body.Close() }()
			if _, err := io.Copy(d.Out, answer.Body); err != nil {
				return err
			}
			if answer.StatusCode >= http.StatusBadRequest {
				return desk.Fail(desk.ExitFailure, "", "the answer is %s", answer.Status)
			}
			return nil
		})))
	cmd.Example = "  counterfoil connect proxy 0192… GET /users?limit=10\n  counterfoil connect proxy 0192… POST /users --data @user.json"
	cmd.Flags().StringVar(&data, "data", "", "the body: @FILE, or @- for standard input")
	cmd.Flags().StringArrayVar(&headers, "header", nil, "a header, as Name: value; repeatable")
	cmd.Flags().StringVar(&baseURL, "base-url", "", "send it there; the connector must list it")
	return cmd
}

// open returns the body that --data means.
func open(d *desk.Desk, data string) (io.ReadCloser, error) {
	switch {
	case data == "":
		return http.NoBody, nil
	case data == "@-":
		return io.NopCloser(d.In), nil
	case strings.HasPrefix(data, "@"):
		return os.Open(data[1:])
	}
	return io.NopCloser(strings.NewReader(data)), nil
}
