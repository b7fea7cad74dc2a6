package letter_test

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/dbtest"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/notice/letter"
	"github.com/counterfoil/counterfoil/internal/seal"
)

var tags = regexp.MustCompile(`(?s)<(head|style)\b.*?</(head|style)>|<[^>]*>`)

// visible is what a person reads of a page.
func visible(page string) string {
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(page, " "))), " ")
}

func TestEveryLetterIsWholeInEveryLanguage(t *testing.T) {
	h := found(t, dbtest.SQLiteDSN(t))
	until := time.Date(2031, 3, 1, 9, 5, 0, 0, time.UTC)
	moments := map[string]string{
		"en": "1 March 2031, 09:05 (UTC)", "de": "1. März 2031, 09:05 Uhr (UTC)", "fr": "1er mars 2031 à 09:05 (UTC)", "es": "1 de marzo de 2031 a las 09:05 (UTC)",
	}
	said := map[string]string{} // subject → kind and language: no two are the same
	for _, language := range letter.Languages() {
		for _, kind := range letter.Kinds() {
			h.post(letter.Letter{Kind: kind, Language: language, Data: letter.Data{
				Name: "Ada Lovelace", Until: until, Application: "Parcels", Inviter: "Grace Hopper", Header: "Welcome!\nGrace", Footer: "See you on 1.12.",
			}})
			what := language + " " + string(kind)
			all := h.sent()
			m := all[len(all)-1]
			if len(said)+1 != len(all) || said[m.Subject] != "" || !strings.Contains(m.Subject, "Parcels") {
				t.Fatalf("%s: %d mails, subject %q as %s", what, len(all), m.Subject, said[m.Subject])
			}
			said[m.Subject] = what
			page := visible(m.HTML)
			for _, wanted := range append([]string{"Ada Lovelace", "Parcels", "Welcome!", "Grace", "See you on 1.12."}, wanted(kind, moments[language])...) {
				if !strings.Contains(m.Body, wanted) || !strings.Contains(page, wanted) {
					t.Errorf("%s lacks %q:\n%s\n%s", what, wanted, m.Body, page)
				}
			}
			for _, sign := range []string{"<no value>", "{{", "%!", "ZgotmplZ", "  ,"} {
				if strings.Contains(m.Body+m.HTML, sign) {
					t.Errorf("%s has %q", what, sign)
				}
			}
			for _, sign := range []string{"src=", "<img", "<link", "url(", "@import", "<script", "http-equiv", "background="} {
				if strings.Contains(m.HTML, sign) {
					t.Errorf("%s loads something: %s", what, sign)
				}
			}
			if n := strings.Count(m.HTML, "href="); n > 2 || n != strings.Count(m.HTML, `href="`+link+`"`) {
				t.Errorf("%s has %d links", what, n)
			}
			if !strings.Contains(m.HTML, `<html lang="`+language+`">`) {
				t.Errorf("%s does not say its language", what)
			}
		}
	}
}

func wanted(kind letter.Kind, until string) []string {
	switch kind {
	case letter.EmailCode:
		return []string{"493021", until}
	case letter.AccountLocked:
		return []string{until}
	case letter.PasswordChanged:
		return nil
	default:
		return []string{link, until}
	}
}

func TestALetterArrivesInBothForms(t *testing.T) {
	h := found(t, dbtest.SQLiteDSN(t))
	s := serve(t, func(string) bool { return false })
	h.Carrier = s.carrier(t)
	h.post(letter.Letter{Kind: letter.PasswordReset, Language: "de-AT", To: "Ada@Example.com", Data: letter.Data{Name: "Ädá <b>"}})
	if err := h.SendDue(t.Context()); err != nil {
		t.Fatal(err)
	}
	mails := s.taken()
	if len(mails) != 1 {
		t.Fatalf("%d mails", len(mails))
	}
	header, forms := parts(t, mails[0])
	if header.Get("To") != "<Ada@Example.com>" || header.Get("Auto-Submitted") != "auto-generated" {
		t.Errorf("header: %v", header)
	}
	plain, page := forms["text/plain"], forms["text/html"]
	if !strings.Contains(plain, "\n"+link+"\n") || !strings.Contains(page, `href="`+link+`"`) || !strings.Contains(page, "Neues Passwort wählen") ||
		!strings.Contains(plain, "Guten Tag Ädá <b>,") || !strings.Contains(page, "Guten Tag Ädá &lt;b&gt;,") {
		t.Errorf("%s\n%s", plain, page)
	}
	// An installation that nobody has named is called by its host.
	if !strings.Contains(plain, "bei auth.example ein neues") {
		t.Error(plain)
	}
}

func TestWordsOfStrangersNeitherBecomeLinksNorHeadersNorMarkup(t *testing.T) {
	h := found(t, dbtest.SQLiteDSN(t))
	for _, evil := range []string{
		"https://evil.example/login", "evil.example", "www.evil.example", "Win at evil.example now", "me@evil.example", "mailto:me@evil.example",
		"javascript://evil.example/%0aalert(1)", "evil。example", "evil．example", "evil\u200b.example", "evil.\u200bexample", "a.bc.de.fgh", "tel:0800123456", "EVIL.EXAMPLE/x",
		"a:b:x@y", "xn--e-ca.example", "evil.ex\u0301ample", "//evil.example",
	} {
		name := "Bob " + evil + "\r\nBcc: victim@example.com\u202e"
		h.post(letter.Letter{Kind: letter.Invitation, Data: letter.Data{Name: name, Inviter: name, Application: name}})
		all := h.sent()
		m := all[len(all)-1]
		own := strings.ReplaceAll(m.Body, link, "")
		if linkish.MatchString(own) || linkish.MatchString(m.Subject) || linkish.MatchString(strings.ReplaceAll(visible(m.HTML), link, "")) {
			t.Errorf("%q: %s\n%s", evil, m.Subject, own)
		}
		if n := strings.Count(m.HTML, "<a "); n != 2 || strings.ContainsAny(m.Subject, "\r\n\u202e\u200b") || strings.ContainsAny(own, "\r\u202e\u200b") {
			t.Errorf("%q: %d links, %q", evil, n, m.Subject)
		}
		for _, field := range []string{"header", "footer"} {
			l := letter.Letter{Kind: letter.Invitation}
			if field == "header" {
				l.Data.Header = "Hello,\n" + evil
			} else {
				l.Data.Footer = evil
			}
			h.Refused(field+" "+evil, fault.Invalid, func(tx *db.Tx) error { return letter.Post(tx, h.Rooms.Vault, h.complete(l)) })
		}
	}
	h.post(letter.Letter{Kind: letter.Invitation, Data: letter.Data{Header: `<a href="x" onclick=y>click</a> & "quotes"`}})
	all := h.sent()
	if m := all[len(all)-1]; strings.Contains(m.HTML, "onclick=y>") || strings.Count(m.HTML, "<a ") != 2 {
		t.Error(m.HTML)
	}
}

// linkish is what mail programs are known to turn into links, told in another way than the code does.
var linkish = regexp.MustCompile(`(?i)[^\s.][.。．][\pL][\pL\pN\pM]|[a-z]:/|mailto:\S|tel:\S|www\.\S|\S@\S+\.\S`)

// linked is the part of it that holds for any text; an address without a domain, such as "mailto:x", leads nowhere.
var linked = regexp.MustCompile(`(?i)[^\s.][.。．][\pL][\pL\pN\pM]|[a-z]:/|www\.\S`)

func TestNamesOfPeopleComeThroughAsTheyAre(t *testing.T) {
	for _, name := range []string{"J.R.R. Tolkien", "Dr. Ada Lovelace", "María-José O’Neill", "李小龙", "Ada (Ops), 3. Stock", "Nr.7", "am 22.11.2026 um 10:30", "A/B test: yes"} {
		if got := letter.Defang(name); got != name {
			t.Errorf("%q became %q", name, got)
		}
	}
}

func FuzzDefangedTextHasNothingToMakeALinkOf(f *testing.F) {
	f.Add("https://evil.example")
	f.Add("a:b:x@y.zz")
	f.Add("a.bc.de")
	f.Fuzz(func(t *testing.T, text string) {
		safe := letter.Defang(text)
		if found := linked.FindString(safe); found != "" {
			t.Errorf("%q became %q, with %q in it", text, safe, found)
		}
		if strings.ReplaceAll(safe, " ", "") != strings.ReplaceAll(text, " ", "") {
			t.Errorf("%q lost its words: %q", text, safe)
		}
		if letter.Defang(safe) != safe {
			t.Errorf("%q is not the end of it", safe)
		}
	})
}

func TestLettersThatAreRefused(t *testing.T) {
	h := found(t, dbtest.SQLiteDSN(t))
	good := h.complete(letter.Letter{Kind: letter.PasswordReset})
	for what, change := range map[string]func(*letter.Letter){
		"two addresses":         func(l *letter.Letter) { l.To = "a@example.com, b@example.com" },
		"a header in the To":    func(l *letter.Letter) { l.To = "a@example.com\r\nBcc: b@example.com" },
		"no address":            func(l *letter.Letter) { l.To = "" },
		"a kind nobody knows":   func(l *letter.Letter) { l.Kind = "advertisement" },
		"eleven lines":          func(l *letter.Letter) { l.Data.Header = strings.Repeat("a\n", 11) + "a" },
		"a long text":           func(l *letter.Letter) { l.Data.Footer = strings.Repeat("ä", 1001) },
		"an escape in the text": func(l *letter.Letter) { l.Data.Header = "a\x1b[2J" },
	} {
		l := good
		change(&l)
		h.Refused(what, fault.Invalid, func(tx *db.Tx) error { return letter.Post(tx, h.Rooms.Vault, l) })
	}
	for what, change := range map[string]func(*letter.Letter){
		"no link":                 func(l *letter.Letter) { l.Data.Link = seal.Secret{} },
		"no end":                  func(l *letter.Letter) { l.Data.Until = time.Time{} },
		"a code that is not due":  func(l *letter.Letter) { l.Data.Code = seal.NewSecret("1") },
		"a script for a link":     func(l *letter.Letter) { l.Data.Link = seal.NewSecret("javascript:alert(1)") },
		"a link of two lines":     func(l *letter.Letter) { l.Data.Link = seal.NewSecret("https://a.example/\nb") },
		"a link with a user":      func(l *letter.Letter) { l.Data.Link = seal.NewSecret("https://auth.example@evil.example/") },
		"a link with a quotation": func(l *letter.Letter) { l.Data.Link = seal.NewSecret(`https://auth.example/"x`) },
	} {
		l := good
		change(&l)
		h.Refused(what, fault.Internal, func(tx *db.Tx) error { return letter.Post(tx, h.Rooms.Vault, l) })
	}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
}

func TestLanguageIsTheOneThatSuitsBest(t *testing.T) {
	for tags, want := range map[string]string{
		"": "en", "de": "de", "DE-at": "de", "fr_CH": "fr", "es-419": "es", "ja": "en", "ja, fr;q=0.5, de;q=0.8": "de", "en-GB,de": "en",
		"de;q=0, fr;q=0.1": "fr", "de;q=x,es;q=0.2": "es", "deu": "en", ";;;,,,": "en", "*": "en", "zh;q=1, es; q=0.9, fr;q=0.9": "es",
		strings.Repeat("xx,", 30) + "de": "en",
	} {
		if got := letter.Speak(tags); got != want {
			t.Errorf("%q: %s, want %s", tags, got, want)
		}
	}
}

func ExampleDefang() {
	fmt.Println(letter.Defang("Ada, https://evil.example"))
	// Output: Ada, https: //evil. example
}
