package letter

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"net/url"
	"strings"
	plain "text/template"
	"time"

	"github.com/counterfoil/counterfoil/internal/environment"
	"github.com/counterfoil/counterfoil/internal/notice"
	"github.com/counterfoil/counterfoil/internal/notice/mail"
)

//go:embed text
var texts embed.FS

// words holds what is said in each language, page and twin what it is put into.
var (
	words = func() map[string]*plain.Template {
		all := map[string]*plain.Template{}
		for _, language := range Languages() {
			all[language] = plain.Must(plain.ParseFS(texts, "text/"+language+".tmpl"))
		}
		return all
	}()
	page = template.Must(template.ParseFS(texts, "text/page.tmpl"))
	twin = plain.Must(plain.ParseFS(texts, "text/plain.tmpl"))
)

// facts are what the sentences are made with.
type facts struct{ Name, Inviter, Place, Until string }

// spoken is a letter's sentences. Each was written once, in plain text; only the page makes HTML of it, by escaping.
type spoken struct {
	Language, Subject, Greeting, Says, Lead, Button, Copy, Only, Else, Sender string
	Link, Code                                                                string
	Header, Footer                                                            []string
}

// compose makes the mail.
func compose(w *waiting, c *content, env *environment.Environment) (mail.Message, error) {
	f := facts{Name: name(c.Name), Inviter: name(c.Inviter), Place: place(c, env)}
	if !c.Until.IsZero() {
		f.Until = moment(w.language, c.Until)
	}
	says := func(part string) string {
		template := words[w.language].Lookup(part)
		if template == nil {
			return ""
		}
		var text strings.Builder
		if err := template.Execute(&text, f); err != nil {
			return ""
		}
		return strings.TrimSpace(text.String())
	}
	kind := string(w.kind) + "."
	s := spoken{
		Language: w.language, Subject: notice.Clean(says(kind+"subject"), maxSubject), Greeting: says("greeting"), Says: says("says"),
		Lead: says(kind + "lead"), Button: says(kind + "button"), Copy: says("copy"), Else: says(kind + "else"), Sender: says("sender"),
		Link: c.Link, Code: c.Code, Header: c.Header, Footer: c.Footer,
	}
	if natures[w.kind].link {
		s.Only = says("only")
	} else {
		s.Only = says(kind + "only")
	}
	var text, html bytes.Buffer
	if err := twin.ExecuteTemplate(&text, "plain.tmpl", s); err != nil {
		return mail.Message{}, fmt.Errorf("compose the text of a letter: %w", err)
	}
	if err := page.ExecuteTemplate(&html, "page.tmpl", s); err != nil {
		return mail.Message{}, fmt.Errorf("compose the HTML of a letter: %w", err)
	}
	return mail.Message{
		Environment: w.environment, ID: w.id.String(), To: c.To, Subject: s.Subject, Body: text.String(), HTML: html.String(), Date: w.queued,
	}, nil
}

const maxSubject = 200

// place is what the letter calls the house: the application, else the environment. The name that an installation is born
// with says nothing to anybody, so there the host of the link stands for it.
func place(c *content, env *environment.Environment) string {
	where := cmp.Or(name(c.Application), name(env.Name))
	if c.Application == "" && env.Default && env.Name == "Default" {
		where = "Counterfoil"
		if u, err := url.Parse(c.Link); err == nil && u.Hostname() != "" {
			where = u.Hostname() // our own: it may be a link
		}
	}
	return where
}

var months = map[string][12]string{
	"de": {"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
	"fr": {"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"},
	"es": {"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"},
}

// moment writes a time as people do. It is in UTC and says so: where the reader lives is not known.
func moment(language string, t time.Time) string {
	t = t.UTC()
	day, clock := t.Day(), t.Format("15:04")
	switch language {
	case "de":
		return fmt.Sprintf("%d. %s %d, %s Uhr (UTC)", day, months[language][t.Month()-1], t.Year(), clock)
	case "fr":
		first := ""
		if day == 1 {
			first = "er"
		}
		return fmt.Sprintf("%d%s %s %d à %s (UTC)", day, first, months[language][t.Month()-1], t.Year(), clock)
	case "es":
		return fmt.Sprintf("%d de %s de %d a las %s (UTC)", day, months[language][t.Month()-1], t.Year(), clock)
	default:
		return t.Format("2 January 2006, 15:04 (UTC)")
	}
}
