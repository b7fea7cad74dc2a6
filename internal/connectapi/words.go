package connectapi

import (
	"embed"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/connect/session"
)

//go:embed words
var files embed.FS

// words are what is said, by language and name; hints are what providers' files say in English, by language and text.
var words, hints = load("words"), load("hints")

func load(kind string) map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, language := range session.Languages() {
		if kind == "hints" && language == session.Languages()[0] {
			continue // they are written in it
		}
		text, err := files.ReadFile("words/" + kind + "-" + language + ".json")
		if err != nil {
			panic(err)
		}
		said := map[string]string{}
		if err := json.Unmarshal(text, &said); err != nil {
			panic(kind + " " + language + ": " + err.Error())
		}
		all[language] = said
	}
	return all
}

// speak returns the language of a page: what the session says, else the one that the browser likes best
// (RFC 9110 §12.5.4) of those there are.
func speak(known string, r *http.Request) string {
	if slices.Contains(session.Languages(), known) {
		return known
	}
	best, weight := session.Languages()[0], 0.0
	tags := strings.Split(strings.Join(r.Header["Accept-Language"], ","), ",")
	for _, tag := range tags[:min(len(tags), 20)] {
		tag, parameters, _ := strings.Cut(tag, ";")
		q := 1.0
		if text, ok := strings.CutPrefix(strings.TrimSpace(parameters), "q="); ok {
			q, _ = strconv.ParseFloat(text, 64) // what is no number counts as 0
		}
		language, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(tag)), "-")
		if q > weight && slices.Contains(session.Languages(), language) {
			best, weight = language, q
		}
	}
	return best
}

// Say returns the words with that name, with what they leave open filled in.
func (p *page) Say(name string) string {
	text := words[p.Language][name]
	if !strings.Contains(text, "{") {
		return text
	}
	return strings.NewReplacer("{title}", p.Title()).Replace(text)
}

// Of returns words of the page's state, others where somebody connects again.
func (p *page) Of(part string) string {
	if p.State == "form" && part == "lead" && p.Choice.Offers.Authorize != nil {
		return p.Say("form.lead.agree")
	}
	if p.View != nil && p.View.Reconnect {
		if text := p.Say(p.State + "." + part + ".again"); text != "" {
			return text
		}
	}
	if p.Warning != "" && part == "lead" {
		return ""
	}
	return p.Say(p.State + "." + part)
}

// Said returns words with that name about something.
func (p *page) Said(name, about string) string {
	return strings.NewReplacer("{what}", about).Replace(p.Say(name))
}

// Noted says of which field something was tidied up, after it is gone from the screen.
func (p *page) Noted(n provider.Note) string {
	text := p.Say("note." + string(n.Kind))
	if p.Choice == nil {
		return text
	}
	if f := p.Choice.Offers.Field(n.Field); f != nil {
		return p.Tell(f.Title) + ": " + text
	}
	return text
}

// Tell translates what a provider's file says, as far as it is known.
func (p *page) Tell(text string) string {
	if known := hints[p.Language][text]; known != "" {
		return known
	}
	return text
}

// Foreign reports whether a text of a provider's file is not in the page's language, which screen readers should know.
func (p *page) Foreign(text string) bool {
	return p.Language != session.Languages()[0] && hints[p.Language][text] == ""
}

// problems are what can be wrong with a field, by what its room says about it. That is English, and here are people who
// read another language.
var problems = []struct{ says, name string }{
	{"this is needed", "problem.needed"},
	{"this is longer", "problem.long"},
	{"this holds line ends", "problem.odd"},
	{"choose one of", "problem.choose"},
	{"this is no UUID", "problem.uuid"},
	{"this is no host", "problem.hostname"},
	{"this is no address", "problem.uri"},
	{"this is no e-mail", "problem.email"},
	{"this is no JSON", "problem.json"},
	{"this is no key", "problem.pem"},
}

// Problem returns the words about a field that does not fit.
func (p *page) Problem(why string) string {
	for _, known := range problems {
		if strings.HasPrefix(why, known.says) {
			return p.Say(known.name)
		}
	}
	return p.Say("problem.pattern")
}
