package credentials

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

func (d verbs) certificates() *sort[client.Certificate] {
	return &sort[client.Certificate]{
		verbs: d, noun: "certificate", one: "certificate", about: "The client certificates of an application",
		all: (*client.Client).Certificates, get: (*client.Client).Certificate, disable: (*client.Client).DisableCertificate,
		enable: (*client.Client).EnableCertificate, remove: (*client.Client).DeleteCertificate,
		update: (*client.Client).UpdateCertificate, uses: (*client.Client).CertificateUsage,
		record: func(c *client.Certificate) *client.CredentialRecord { return &c.CredentialRecord },
		fields: func(t *terminal.Table, c *client.Certificate) {
			t.Field("Method", c.Method)
			t.Field("Thumbprint", c.Thumbprint)
			for _, s := range [][2]string{{"Subject", c.SubjectDN}, {"DNS name", c.SANDNS}, {"URI", c.SANURI}, {"IP address", c.SANIP}, {"E-mail", c.SANEmail}} {
				t.Field(s[0], s[1])
			}
			t.Field("Authorities", strings.Join(c.CAs, " "))
		},
	}
}

func (d verbs) certificateCommand() *cobra.Command {
	k := d.certificates()
	return k.group([]*cobra.Command{d.certificateAddCommand(k), d.certificateGenerateCommand(k)}, nil)
}

func (d verbs) certificateAddCommand(k *sort[client.Certificate]) *cobra.Command {
	var file, csr string
	var pinned bool
	var authorities []string
	var subject client.CertificateSubject
	var s settings
	cmd := d.Command("add APP", "Let an application prove itself by a certificate", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithApp(func(ctx context.Context, c *client.Client, app *client.Application, _ []string) error {
			common, err := s.wanted(d.Now())
			if err != nil {
				return err
			}
			wanted := client.NewCertificate{CredentialSettings: common, CertificateSubject: subject}
			if pinned {
				wanted.Method = "self_signed_tls_client_auth"
			}
			if file != "" {
				wanted.Certificate, err = d.certificateIn("--file", file)
			} else if csr != "" {
				wanted.CSR, err = d.certificateIn("--csr", csr)
			}
			if err != nil {
				return err
			}
			for _, name := range authorities {
				ca, err := findAuthority(ctx, c, name)
				if err != nil {
					return err
				}
				wanted.CAs = append(wanted.CAs, ca.ID)
			}
			made, err := c.AddCertificate(ctx, app.ClientID, wanted)
			if err != nil {
				return err
			}
			if csr != "" {
				return k.print(made, made, "Certificate", "\n"+made.Certificate)
			}
			return k.print(made, made)
		}))
	cmd.Example = "  counterfoil app certificate add billing --file billing.pem\n" +
		"  counterfoil app certificate add billing --subject-dn CN=billing,O=Acme --ca acme\n" +
		"  counterfoil app certificate add billing --csr billing.csr -o json | jq -r .certificate"
	flags := cmd.Flags()
	flags.StringVar(&file, "file", "", "the certificate, PEM or DER, with those of the authorities between; - is standard input")
	flags.StringVar(&csr, "csr", "", "a signing request for the environment's own authority; - is standard input")
	flags.BoolVar(&pinned, "pinned", false, "take this one certificate, whoever issued it (self_signed_tls_client_auth)")
	flags.StringArrayVar(&authorities, "ca", nil, "the authority that it must come from, by name or id; repeatable")
	flags.StringVar(&subject.SubjectDN, "subject-dn", "", "accept any with this subject, such as CN=billing,O=Acme,C=DE")
	flags.StringVar(&subject.SANDNS, "san-dns", "", "accept any with this DNS name")
	flags.StringVar(&subject.SANURI, "san-uri", "", "accept any with this URI")
	flags.StringVar(&subject.SANIP, "san-ip", "", "accept any with this IP address")
	flags.StringVar(&subject.SANEmail, "san-email", "", "accept any with this e-mail address")
	cmd.MarkFlagsMutuallyExclusive("file", "csr", "subject-dn", "san-dns", "san-uri", "san-ip", "san-email")
	cmd.MarkFlagsOneRequired("file", "csr", "subject-dn", "san-dns", "san-uri", "san-ip", "san-email")
	s.bind(cmd, "it")
	return cmd
}

// certificateView is a certificate as JSON with the password of its file shown: this answer is the only place it is in.
type certificateView struct {
	*client.Certificate
	PKCS12   string `json:"pkcs12,omitempty"`
	File     string `json:"file,omitempty"`
	Password string `json:"password,omitempty"`
}

func (d verbs) certificateGenerateCommand(k *sort[client.Certificate]) *cobra.Command {
	var out, name string
	var chosen bool
	var s settings
	cmd := d.Command("generate APP", "Make a key and a certificate, write them to a file, and print its password", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithApp(func(ctx context.Context, c *client.Client, app *client.Application, _ []string) error {
			common, err := s.wanted(d.Now())
			if err != nil {
				return err
			}
			wanted := client.NewCertificate{CredentialSettings: common, Generate: true, CommonName: name}
			if chosen {
				if wanted.Password, err = d.ChosenSecret(); err != nil {
					return err
				}
			}
			// Before the creation: nothing may fail after it. What is there is never overwritten.
			file, err := os.OpenFile(out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
			if err != nil {
				return err
			}
			made, err := c.AddCertificate(ctx, app.ClientID, wanted)
			if err == nil {
				err = writeKey(file, made)
			}
			if closing := file.Close(); err == nil {
				err = closing
			}
			if err != nil {
				_ = os.Remove(out)
				return err
			}
			view := certificateView{Certificate: made, File: out, Password: made.Password.Reveal()}
			if chosen {
				return k.print(made, view, "File", out, "Password", "the one that you chose")
			}
			return k.print(made, view, "File", out, "Password", view.Password+"   (shown this once)")
		}))
	cmd.Example = "  counterfoil app certificate generate billing --out billing.p12\n" +
		"  counterfoil app certificate generate billing --out billing.p12 --common-name 'Billing, night run' --password-from-stdin <password.txt"
	cmd.Flags().StringVar(&out, "out", "", "the PKCS #12 file to write; it must not be there yet")
	_ = cmd.MarkFlagRequired("out")
	cmd.Flags().StringVar(&name, "common-name", "", "what the certificate is called; the client ID unless given")
	cmd.Flags().BoolVar(&chosen, "password-from-stdin", false, "read the file's password from standard input, 12 to 128 characters, instead of having one made")
	s.bind(cmd, "it")
	return cmd
}

func writeKey(file *os.File, made *client.Certificate) error {
	if made.SecretShown {
		return desk.Fail(desk.ExitFailure, fmt.Sprintf("counterfoil app certificate delete %s %s, then generate again", made.ClientID, made.ID),
			"the certificate was made, but the answer that held its key was lost on the way")
	}
	content, err := base64.StdEncoding.DecodeString(made.PKCS12.Reveal())
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	return err
}

func (d verbs) authorityCommand() *cobra.Command {
	var yes, pem bool
	named := d.Completing(authorityNames)
	show := d.Command("show NAME", "Show an authority by name or id; own is the environment's own", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			ca, err := findAuthority(ctx, c, args[0])
			if err != nil {
				return err
			}
			if pem {
				_, err = fmt.Fprint(d.Out, ca.Certificate)
				return err
			}
			return d.showAuthority(ca)
		}))
	show.Flags().BoolVar(&pem, "pem", false, "print its certificate and nothing else")
	remove := d.Command("delete NAME", "End the trust in an authority that no credential names", cobra.ExactArgs(1), desk.TableOrJSON,
		d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
			ca, err := findAuthority(ctx, c, args[0])
			if err != nil {
				return err
			}
			if err := d.Confirm(yes, "End the trust in %s?", ca.Name); err != nil {
				return err
			}
			answer, err := c.DeleteCertificateAuthority(ctx, ca.ID)
			if err != nil {
				return err
			}
			return d.ShowDeleted(answer, ca.ID)
		}))
	desk.BindYes(remove, &yes)
	return desk.Group("ca", "The authorities whose certificates an environment may accept",
		d.Command("add NAME FILE", "Trust an authority; that lets nobody in until a certificate names it", cobra.ExactArgs(2), desk.TableOrJSON,
			d.WithClient(func(ctx context.Context, c *client.Client, args []string) error {
				text, err := d.certificateIn("FILE", args[1])
				if err != nil {
					return err
				}
				ca, err := c.AddCertificateAuthority(ctx, client.NewCertificateAuthority{Name: args[0], Certificate: text})
				if err != nil {
					return err
				}
				return d.showAuthority(ca)
			})),
		d.Command("list", "List the authorities", cobra.NoArgs, desk.TableOrJSON, d.WithClient(d.authorityList)),
		named(show), named(remove),
	)
}

func (d verbs) authorityList(ctx context.Context, c *client.Client, _ []string) error {
	all, err := c.CertificateAuthorities(ctx)
	if err != nil {
		return err
	}
	return desk.List(d.Desk, all, []string{"ID", "NAME", "OWN", "SUBJECT", "EXPIRES"}, func(ca *client.CertificateAuthority) []string {
		own := "no"
		if ca.Own {
			own = "yes"
		}
		return []string{ca.ID, ca.Name, own, ca.Subject, terminal.Stamp(ca.ExpiresAt)}
	})
}

func (d verbs) showAuthority(ca *client.CertificateAuthority) error {
	return d.Show(ca, func(t *terminal.Table) {
		t.Field("Id", ca.ID)
		t.Field("Name", ca.Name)
		t.Field("Subject", ca.Subject)
		t.Field("Expires", terminal.Stamp(ca.ExpiresAt))
		t.Field("Created", terminal.Stamp(ca.CreatedAt)+" by "+ca.CreatedBy)
	})
}

func authorityNames(ctx context.Context, c *client.Client, _ []string) (names []string) {
	all, _ := c.CertificateAuthorities(ctx)
	for _, ca := range all {
		names = append(names, ca.Name)
	}
	return names
}

// findAuthority returns the authority with a name or an id; own is the environment's own.
func findAuthority(ctx context.Context, c *client.Client, wanted string) (*client.CertificateAuthority, error) {
	all, err := c.CertificateAuthorities(ctx)
	if err != nil {
		return nil, err
	}
	for _, ca := range all {
		if ca.ID == wanted || ca.Name == wanted {
			return ca, nil
		}
	}
	if wanted == "own" {
		return c.CertificateAuthority(ctx, wanted)
	}
	return nil, desk.Fail(desk.ExitNotFound, "counterfoil ca list shows those there are", "there is no authority %q", wanted)
}
