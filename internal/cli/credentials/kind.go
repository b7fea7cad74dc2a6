package credentials

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/counterfoil/counterfoil/client"
	"github.com/counterfoil/counterfoil/internal/cli/desk"
	"github.com/counterfoil/counterfoil/internal/cli/terminal"
)

// settings are the flags that every new credential has which is no secret.
type settings struct {
	expires                desk.Expires
	description, notBefore string
	scopes                 desk.ScopeList
	networks               []string
}

func (s *settings) bind(cmd *cobra.Command, what string) {
	flags := cmd.Flags()
	flags.StringVar(&s.description, "description", "", "where it is used, to recognise it later")
	s.expires.Bind(cmd, what)
	flags.StringVar(&s.notBefore, "not-before", "", "when it begins to work, such as 2027-01-31T08:00:00Z")
	s.scopes.Bind(cmd, "scope", "narrow it to API families (application, application-users, openid) and permissions of the application")
	flags.StringArrayVar(&s.networks, "network", nil, "let it be used from this network only, such as 192.0.2.0/24; repeatable")
}

func (s *settings) wanted(now time.Time) (w client.CredentialSettings, err error) {
	w = client.CredentialSettings{Description: s.description, Scopes: s.scopes, Networks: s.networks}
	if w.ExpiresAt, err = s.expires.At(now); err != nil {
		return w, err
	}
	w.NotBefore, err = notBefore(s.notBefore)
	return w, err
}

// maxCertificates bounds a file with a certificate, those between, or a signing request.
const maxCertificates = 64 << 10

// certificateIn reads a certificate or a signing request: PEM as it is, DER in base64, since the API speaks text.
// Nothing is cut off at the end, unlike elsewhere: the last byte of DER may be that of a line break.
func (d verbs) certificateIn(flag, path string) (string, error) {
	in := d.In
	if path != "-" {
		file, err := os.Open(path)
		if os.IsNotExist(err) {
			return "", desk.Usage("%s: there is no file %s", flag, path)
		}
		if err != nil {
			return "", err
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	content, err := io.ReadAll(io.LimitReader(in, maxCertificates+1))
	switch {
	case err != nil:
		return "", err
	case len(content) > maxCertificates:
		return "", desk.Usage("%s: more than %d bytes", flag, maxCertificates)
	case utf8.Valid(content) && !bytes.ContainsRune(content, 0):
		return string(content), nil
	}
	return base64.StdEncoding.EncodeToString(content), nil
}

// sort is one kind of credential that is no secret: what its commands have in common.
type sort[T any] struct {
	verbs
	noun, one string // the command's name, and what sentences call it
	about     string
	all       func(*client.Client, context.Context, string) iter.Seq2[*T, error]
	get       func(*client.Client, context.Context, string, string) (*T, error)
	disable   func(*client.Client, context.Context, string, string) (client.Answer, error)
	enable    func(*client.Client, context.Context, string, string) (client.Answer, error)
	remove    func(*client.Client, context.Context, string, string, ...client.CallOption) (client.Answer, error)
	update    func(*client.Client, context.Context, string, string, client.CredentialChange, ...client.CallOption) (*T, error)
	uses      usesOf
	record    func(*T) *client.CredentialRecord
	fields    func(*terminal.Table, *T)
}

// group puts the commands together; add are those that make one, ofOne further ones about one.
func (k *sort[T]) group(add, ofOne []*cobra.Command) *cobra.Command {
	ofApp, two := k.Completing(desk.ApplicationNames), cobra.ExactArgs(2)
	which := k.Completing(desk.ApplicationNames, k.ids)
	var all []*cobra.Command
	for _, cmd := range add {
		all = append(all, ofApp(cmd))
	}
	all = append(all,
		ofApp(k.Command("list APP", "List an application's "+k.one+"s", cobra.ExactArgs(1), desk.TableOrJSON, k.WithApp(k.list))),
		which(k.Command("show APP ID", "Show a "+k.one, two, desk.TableOrJSON, k.WithApp(k.show))),
		which(k.editCommand()),
		which(k.usageCommand(k.one, k.uses)),
		which(k.Command("disable APP ID", "Refuse a "+k.one+", and make its tokens inactive for good", two, desk.TableOrJSON, k.switching(k.disable))),
		which(k.Command("enable APP ID", "Let a "+k.one+" work again", two, desk.TableOrJSON, k.switching(k.enable))),
		which(k.deleteCommand()),
	)
	for _, cmd := range ofOne {
		all = append(all, which(cmd))
	}
	return desk.Group(k.noun, k.about, all...)
}

func (k *sort[T]) ids(ctx context.Context, c *client.Client, args []string) []string {
	app, err := desk.FindApplication(ctx, c, args[0])
	if err != nil {
		return nil
	}
	return desk.NamesOf(k.all(c, ctx, app.ClientID), func(t *T) string {
		return cobra.CompletionWithDesc(k.record(t).ID, k.record(t).Hint)
	})
}

func (k *sort[T]) list(ctx context.Context, c *client.Client, app *client.Application, _ []string) error {
	all, err := client.Collect(k.all(c, ctx, app.ClientID))
	if err != nil {
		return err
	}
	head := []string{"ID", "HINT", "SCOPES", "STATUS", "EXPIRES", "LAST USED", "CREATED", "DESCRIPTION"}
	return desk.List(k.Desk, all, head, func(t *T) []string {
		r := k.record(t)
		return []string{
			r.ID, r.Hint, narrowed(r.Scopes), k.state(r), terminal.StampOr(r.ExpiresAt, "never"), terminal.StampOr(r.LastUsedAt, "never"),
			terminal.Stamp(r.CreatedAt), r.Description,
		}
	})
}

func (k *sort[T]) state(r *client.CredentialRecord) string {
	if r.ExpiresAt != nil && !r.ExpiresAt.After(k.Now()) {
		return "expired"
	}
	return desk.Status(r.Enabled)
}

func narrowed(scopes []string) string {
	switch {
	case scopes == nil:
		return "all of the application"
	case len(scopes) == 0:
		return "none"
	}
	return strings.Join(scopes, " ")
}

func (k *sort[T]) show(ctx context.Context, c *client.Client, app *client.Application, args []string) error {
	t, err := k.get(c, ctx, app.ClientID, args[0])
	if err != nil {
		return err
	}
	return k.print(t, t)
}

// print shows one; view is what is printed as JSON.
func (k *sort[T]) print(one *T, view any, more ...string) error {
	r := k.record(one)
	return k.Show(view, func(t *terminal.Table) {
		t.Field("Id", r.ID)
		t.Field("Client id", r.ClientID)
		t.Field("Description", r.Description)
		t.Field("Hint", r.Hint)
		k.fields(t, one)
		for i := 0; i+1 < len(more); i += 2 {
			t.Field(more[i], more[i+1])
		}
		t.Field("Scopes", narrowed(r.Scopes))
		t.Field("Networks", strings.Join(r.Networks, " "))
		t.Field("Status", k.state(r))
		t.Field("Not before", terminal.StampOr(r.NotBefore, ""))
		t.Field("Expires", terminal.StampOr(r.ExpiresAt, "never"))
		t.Field("Last used", terminal.StampOr(r.LastUsedAt, "never"))
		t.Field("Created", terminal.Stamp(r.CreatedAt)+" by "+r.CreatedBy)
	})
}

func (k *sort[T]) switching(verb func(*client.Client, context.Context, string, string) (client.Answer, error)) desk.Run {
	return k.WithApp(func(ctx context.Context, c *client.Client, app *client.Application, args []string) error {
		answer, err := verb(c, ctx, app.ClientID, args[0])
		if err != nil {
			return err
		}
		t, err := k.get(c, ctx, app.ClientID, args[0])
		if err != nil {
			return fmt.Errorf("it was done, but looking at the result failed: %w", err)
		}
		k.NotePropagation(answer)
		return k.print(t, t)
	})
}

func (k *sort[T]) deleteCommand() *cobra.Command {
	var yes, force bool
	cmd := k.Command("delete APP ID", "Delete a "+k.one+", and make its tokens inactive", cobra.ExactArgs(2), desk.TableOrJSON,
		k.WithApp(func(ctx context.Context, c *client.Client, app *client.Application, args []string) error {
			if err := k.Confirm(yes, "Delete %s %s of application %s, and its tokens?", k.one, args[0], app.Name); err != nil {
				return err
			}
			var options []client.CallOption
			if force {
				options = append(options, client.Force())
			}
			answer, err := k.remove(c, ctx, app.ClientID, args[0], options...)
			if err != nil {
				return err
			}
			return k.ShowDeleted(answer, args[0])
		}))
	desk.BindYes(cmd, &yes)
	cmd.Flags().BoolVar(&force, "force", false, "delete it also if it is the last that the application can use")
	return cmd
}

// fileOrStdin reads what is public: a file or, as "-", standard input.
func (d verbs) fileOrStdin(flag, path string) (string, error) {
	if path == "-" {
		text, err := d.Sensitive("-")
		return text.Reveal(), err
	}
	text, err := desk.ReadSmall(path)
	if os.IsNotExist(err) {
		return "", desk.Usage("%s: there is no file %s", flag, path)
	}
	return text, err
}
