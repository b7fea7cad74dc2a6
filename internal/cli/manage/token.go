package manage

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/envfile"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func (d verbs) tokenCommand() *cobra.Command {
	return desk.Group("token", "Access tokens",
		d.tokenGetCommand(),
		d.Command("inspect TOKEN", "Say what a token is, whether it would be accepted, and why; - reads it from standard input",
			cobra.ExactArgs(1), desk.TableOrJSON, d.tokenInspect),
		d.Command("revoke TOKEN", "Make one token inactive; - reads it from standard input",
			cobra.ExactArgs(1), desk.TableOrJSON, d.WithClient(d.tokenRevoke)),
	)
}

func (d verbs) tokenGetCommand() *cobra.Command {
	var envFile, resource string
	var scopes []string
	cmd := d.Command("get", "Fetch an access token and print it", cobra.NoArgs, desk.TableJSONOrEnv,
		func(ctx context.Context, _ []string) error {
			request, err := d.tokenRequest(envFile)
			if err != nil {
				return err
			}
			if len(scopes) > 0 || resource != "" {
				request.Scopes, request.Resource = scopes, resource
			}
			token, err := client.RequestToken(ctx, *request)
			if err != nil {
				return err
			}
			return d.printToken(token)
		})
	cmd.Long = "Fetch an access token by client credentials and print it.\n\n" +
		"CLIENT_ID, CLIENT_SECRET and TOKEN_URL are taken from --env-file, else from the environment. Where neither\n" +
		"has them, the current context's credential is used, and the token is for the management API."
	cmd.Example = "  counterfoil token get --env-file .env --scope invoices:read"
	cmd.Flags().StringVar(&envFile, "env-file", "", "file with CLIENT_ID, CLIENT_SECRET and TOKEN_URL, as -o env prints them")
	cmd.Flags().StringArrayVar(&scopes, "scope", nil, "ask for this permission only; repeatable")
	cmd.Flags().StringVar(&resource, "resource", "", "ask for a token for the API with this audience")
	_ = cmd.MarkFlagFilename("env-file")
	return cmd
}

// tokenRequest says as whom to ask. A file is taken whole or not at all: its secret must not go to an address from
// somewhere else.
func (d verbs) tokenRequest(envFile string) (*client.TokenRequest, error) {
	value, origin := d.Getenv, "the environment"
	if envFile != "" {
		values, err := readEnvFile(envFile)
		if err != nil {
			return nil, err
		}
		value, origin = func(key string) string { return values[key] }, envFile
	}
	id, secret, address := value("CLIENT_ID"), value("CLIENT_SECRET"), value("TOKEN_URL")
	request := &client.TokenRequest{HTTPClient: d.HTTPClient(), AllowHTTP: d.AllowHTTP}
	switch {
	case id != "" && secret != "" && address != "":
		request.ClientID, request.ClientSecret, request.TokenURL = id, client.NewSecret(secret), address
	case envFile != "" || id+secret+address != "":
		return nil, desk.Usage("%s lacks one of CLIENT_ID, CLIENT_SECRET and TOKEN_URL", origin)
	default:
		c, err := d.Connection()
		if err != nil {
			return nil, err
		}
		base := strings.TrimSuffix(c.BaseURL, "/")
		request.ClientID, request.ClientSecret = c.ClientID, c.Secret
		request.TokenURL, request.Resource = base+"/oauth2/token", base+"/api/v1"
	}
	return request, nil
}

// readEnvFile reads KEY=value lines as -o env prints them.
func readEnvFile(path string) (map[string]string, error) {
	text, err := desk.ReadSmall(path)
	if err != nil {
		return nil, desk.Usage("--env-file: %v", err)
	}
	values, err := envfile.Parse(text)
	if err != nil {
		return nil, desk.Usage("%s: %v", path, err)
	}
	return values, nil
}

func (d verbs) printToken(t *client.Token) error {
	switch d.Output {
	case desk.AsEnv:
		_, err := io.WriteString(d.Out, envfile.Line("ACCESS_TOKEN", t.AccessToken.Reveal())+
			envfile.Line("EXPIRES_AT", t.ExpiresAt.UTC().Format("2006-01-02T15:04:05Z")))
		return err
	case desk.AsJSON: // RFC 6749 §5.1
		return d.PrintJSON(map[string]any{
			"access_token": t.AccessToken.Reveal(), "token_type": t.TokenType,
			"expires_in": int64(t.ExpiresIn.Seconds()), "scope": strings.Join(t.Scopes, " "),
		})
	}
	_, err := fmt.Fprintln(d.Out, t.AccessToken.Reveal())
	return err
}

func (d verbs) tokenRevoke(ctx context.Context, c *client.Client, args []string) error {
	token, err := d.Sensitive(args[0])
	if err != nil {
		return err
	}
	done, err := c.RevokeToken(ctx, token)
	if err != nil {
		return err
	}
	d.NotePropagation(done.Answer)
	view := map[string]bool{"revoked": done.Revoked, "propagated": done.Propagated}
	return d.Show(view, func(t *terminal.Table) {
		if done.Revoked {
			t.Row("revoked")
		} else {
			t.Row("nothing to revoke: the token is unknown here, or was dead already")
		}
	})
}

func (d verbs) tokenInspect(ctx context.Context, args []string) error {
	token, err := d.Sensitive(args[0])
	if err != nil {
		return err
	}
	c, err := d.Client()
	if err == nil {
		var got *client.Inspection
		if got, err = c.InspectToken(ctx, token); err == nil {
			return d.showInspection(&inspectionView{
				Format: got.Format, Header: got.Header, Claims: got.Claims,
				Active: &got.Active, Reason: got.Reason, Detail: got.Detail, ExpiresIn: got.ExpiresIn,
			})
		}
	}
	// The server cannot be asked: show what the token says of itself, and still fail.
	if own := readUnverified(token.Reveal(), d.Now()); own != nil {
		if shown := d.showInspection(own); shown != nil {
			return shown
		}
	}
	return err
}

// inspectionView is an inspection as JSON. Active is null when the server could not be asked.
type inspectionView struct {
	Format    string  `json:"format"`
	Header    rawJSON `json:"header,omitempty"`
	Claims    rawJSON `json:"claims,omitempty"`
	Active    *bool   `json:"active"`
	Reason    string  `json:"reason"`
	Detail    string  `json:"detail"`
	ExpiresIn *int64  `json:"expires_in,omitempty"`
}

func (d verbs) showInspection(v *inspectionView) error {
	return d.Show(v, func(t *terminal.Table) {
		active := "unknown"
		if v.Active != nil {
			active = map[bool]string{true: "yes", false: "no"}[*v.Active]
		}
		t.Field("Active", active)
		t.Field("Why", v.Reason+": "+v.Detail)
		t.Field("Time left", timeLeft(v.ExpiresIn))
		t.Field("Format", v.Format)
		members(t, "Header", v.Header)
		members(t, "Claim", v.Claims)
	})
}

func timeLeft(seconds *int64) string {
	switch {
	case seconds == nil:
		return ""
	case *seconds <= 0:
		return "none"
	}
	return terminal.Seconds(int(*seconds))
}
