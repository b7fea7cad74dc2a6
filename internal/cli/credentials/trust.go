package credentials

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func (d verbs) keys() *sort[client.JWTKey] {
	return &sort[client.JWTKey]{
		verbs: d, noun: "jwk", one: "JWT key", about: "The public keys that an application signs its assertions with (private_key_jwt)",
		all: (*client.Client).JWTKeys, get: (*client.Client).JWTKey, disable: (*client.Client).DisableJWTKey, enable: (*client.Client).EnableJWTKey,
		remove: (*client.Client).DeleteJWTKey,
		update: (*client.Client).UpdateJWTKey, uses: (*client.Client).JWTKeyUsage,
		record: func(k *client.JWTKey) *client.CredentialRecord { return &k.CredentialRecord },
		fields: func(t *terminal.Table, k *client.JWTKey) {
			t.Field("JWKS", k.JWKSURI)
			publicKeys(t, k.Keys)
		},
	}
}

func publicKeys(t *terminal.Table, keys []client.PublicKey) {
	for _, k := range keys {
		t.Field("Key", strings.TrimSpace(k.Type+" "+k.Algorithm+" "+k.Thumbprint+" "+k.ID))
	}
}

func (d verbs) keyCommand() *cobra.Command {
	k := d.keys()
	var file, uri string
	var s settings
	add := d.Command("add APP", "Let an application prove itself by JWTs that it signs", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithApp(func(ctx context.Context, c *client.Client, app *client.Application, _ []string) error {
			common, err := s.wanted(d.Now())
			if err != nil {
				return err
			}
			wanted := client.NewJWTKey{CredentialSettings: common, JWKSURI: uri}
			if file != "" {
				text, err := d.fileOrStdin("--file", file)
				if err != nil {
					return err
				}
				wanted.JWKS = client.KeySet(text)
			}
			made, err := c.AddJWTKey(ctx, app.ClientID, wanted)
			if err != nil {
				return err
			}
			return k.print(made, made)
		}))
	add.Example = "  counterfoil app jwk add billing --file jwks.json\n  openssl pkey -in key.pem -pubout | counterfoil app jwk add billing --file -"
	add.Flags().StringVar(&file, "file", "", "public keys: a JWK Set, a JWK or PEM; - is standard input")
	add.Flags().StringVar(&uri, "jwks-uri", "", "where the application publishes its keys; the server tries it at once")
	add.MarkFlagsMutuallyExclusive("file", "jwks-uri")
	add.MarkFlagsOneRequired("file", "jwks-uri")
	s.bind(add, "it")
	return k.group([]*cobra.Command{add}, nil)
}

func (d verbs) trusts() *sort[client.Trust] {
	return &sort[client.Trust]{
		verbs: d, noun: "trust", one: "federated trust", about: "Other issuers by whose tokens an application proves itself, with no secret anywhere",
		all: (*client.Client).Trusts, get: (*client.Client).Trust, disable: (*client.Client).DisableTrust, enable: (*client.Client).EnableTrust,
		remove: (*client.Client).DeleteTrust,
		update: (*client.Client).UpdateTrust, uses: (*client.Client).TrustUsage,
		record: func(t *client.Trust) *client.CredentialRecord { return &t.CredentialRecord },
		fields: func(t *terminal.Table, one *client.Trust) {
			t.Field("Issuer", one.Issuer)
			t.Field("Audience", one.Audience)
			t.Field("Subject", one.Subject)
			for name, value := range one.Claims {
				t.Field("Claim", name+" = "+value)
			}
			t.Field("JWKS", one.JWKSURI)
			publicKeys(t, one.Keys)
			if one.SingleUse {
				t.Field("Single use", "yes")
			}
		},
	}
}

func (d verbs) trustCommand() *cobra.Command {
	k := d.trusts()
	return k.group([]*cobra.Command{d.trustAddCommand(k)}, []*cobra.Command{
		d.Command("test APP ID TOKEN|-", "Say what a federated trust finds in a token; nothing comes of it", cobra.ExactArgs(3), desk.TableOrJSON, d.WithApp(d.trustTest)),
	})
}

func (d verbs) trustAddCommand(k *sort[client.Trust]) *cobra.Command {
	var p preset
	var file string
	var s settings
	wanted := client.NewTrust{}
	cmd := d.Command("add APP", "Let an application prove itself by tokens of another issuer", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithApp(func(ctx context.Context, c *client.Client, app *client.Application, _ []string) (err error) {
			if err := p.fill(&wanted); err != nil {
				return err
			}
			if wanted.CredentialSettings, err = s.wanted(d.Now()); err != nil {
				return err
			}
			if file != "" {
				text, err := d.fileOrStdin("--jwks", file)
				if err != nil {
					return err
				}
				wanted.JWKS = client.KeySet(text)
			}
			made, err := c.AddTrust(ctx, app.ClientID, wanted)
			if err != nil {
				return err
			}
			return k.print(made, made)
		}))
	cmd.Example = "  counterfoil app trust add deploy --github acme/shop@main\n" +
		"  counterfoil app trust add billing --kubernetes shop/billing --issuer https://oidc.cluster.example\n" +
		"  counterfoil app trust add deploy --issuer https://ci.example --subject 'project:acme/*:main' --claim environment=production"
	flags := cmd.Flags()
	flags.StringVar(&p.github, "github", "", "ORG/REPO[@REF]: GitHub Actions of a repository, on a branch, on refs/tags/… or anywhere")
	flags.StringVar(&p.kubernetes, "kubernetes", "", "NAMESPACE/SERVICEACCOUNT of the cluster whose issuer is --issuer")
	flags.StringVar(&wanted.Issuer, "issuer", "", "the iss of its tokens, exactly")
	flags.StringVar(&wanted.Subject, "subject", "", "the sub of its tokens; * is any text without a colon, ** any text")
	flags.StringVar(&wanted.Audience, "audience", "", "the aud of its tokens; the environment's issuer unless given")
	flags.StringToStringVar(&wanted.Claims, "claim", nil, "what another claim must be, NAME=VALUE; repeatable")
	flags.StringVar(&file, "jwks", "", "a file with the issuer's public keys, instead of discovery")
	flags.StringVar(&wanted.JWKSURI, "jwks-uri", "", "where the issuer publishes its keys, instead of discovery")
	flags.BoolVar(&wanted.SingleUse, "single-use", false, "accept each token once")
	cmd.MarkFlagsMutuallyExclusive("github", "kubernetes", "subject")
	cmd.MarkFlagsMutuallyExclusive("github", "issuer")
	cmd.MarkFlagsMutuallyExclusive("jwks", "jwks-uri")
	s.bind(cmd, "it")
	return cmd
}

// preset knows how the subjects of well-known issuers are written.
type preset struct{ github, kubernetes string }

// gitHubIssuer is the issuer of GitHub Actions.
const gitHubIssuer = "https://token.actions.githubusercontent.com"

// fill sets issuer and subject of a trust as the preset says.
func (p *preset) fill(t *client.NewTrust) error {
	parts := func(text string) bool {
		first, second, ok := strings.Cut(text, "/")
		return ok && first != "" && second != "" && !strings.ContainsAny(text, "*: ") && !strings.Contains(second, "/")
	}
	switch {
	case p.github != "":
		repository, ref, at := strings.Cut(p.github, "@")
		if !parts(repository) || at && (ref == "" || strings.ContainsAny(ref, ": ")) {
			return desk.Usage("--github %q: say ORG/REPO, or ORG/REPO@BRANCH, or ORG/REPO@refs/tags/v*", p.github)
		}
		t.Issuer, t.Subject = gitHubIssuer, "repo:"+repository+":**"
		if at {
			if !strings.HasPrefix(ref, "refs/") {
				ref = "refs/heads/" + ref
			}
			t.Subject = "repo:" + repository + ":ref:" + ref
		}
	case p.kubernetes != "":
		if !parts(p.kubernetes) {
			return desk.Usage("--kubernetes %q: say NAMESPACE/SERVICEACCOUNT", p.kubernetes)
		}
		t.Subject = "system:serviceaccount:" + strings.Replace(p.kubernetes, "/", ":", 1)
	}
	if t.Issuer == "" || t.Subject == "" {
		return desk.Usage("say whom to trust: --github, --kubernetes with --issuer, or --issuer with --subject")
	}
	return nil
}

// trustTest exits with 1 when the token would not be accepted.
func (d verbs) trustTest(ctx context.Context, c *client.Client, app *client.Application, args []string) error {
	token, err := d.Sensitive(args[1])
	if err != nil {
		return err
	}
	v, err := c.TestTrust(ctx, app.ClientID, args[0], token)
	if err != nil {
		return err
	}
	err = d.Show(v, func(t *terminal.Table) {
		fine := func(what, wrong string) {
			if wrong == "" {
				wrong = "ok"
			}
			t.Row(what, wrong)
		}
		fine("form", v.Form)
		fine("signature", v.Signature)
		fine("time", v.Time)
		for _, f := range v.Claims {
			if f.Matches {
				t.Row(f.Claim, "ok", f.Got)
			} else {
				t.Row(f.Claim, "differs", "is "+f.Got, "wanted "+f.Wanted)
			}
		}
	})
	if err == nil && !v.Accepted {
		err = desk.Fail(desk.ExitFailure, "", "the trust does not accept this token")
	}
	return err
}
