package signin

import (
	"cmp"
	"embed"
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/counterfoil/counterfoil/internal/directory/factor"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/notice/letter"
	"github.com/counterfoil/counterfoil/internal/signin/qr"
)

//go:embed words
var files embed.FS

// words are what is said, by language and name.
var words = func() map[string]map[string]string {
	all := map[string]map[string]string{}
	for _, language := range letter.Languages() {
		text, err := files.ReadFile("words/" + language + ".json")
		if err != nil {
			panic(err)
		}
		said := map[string]string{}
		if err := json.Unmarshal(text, &said); err != nil {
			panic(language + ": " + err.Error())
		}
		all[language] = said
	}
	return all
}()

// Say returns the words with that name, with what they leave open filled in.
func (p page) Say(name string) string {
	text := words[p.Language][name]
	if !strings.Contains(text, "{") {
		return text
	}
	var open []string
	if p.View != nil {
		open = append(open, "{application}", p.View.Application,
			"{length}", strconv.Itoa(p.View.Policy.MinLength), "{classes}", strconv.Itoa(p.View.Policy.MinClasses))
	}
	if p.Account != nil {
		open = append(open, "{name}", p.Account.User.Profile.Shown())
	}
	return strings.NewReplacer(open...).Replace(text)
}

// Kind says in words what kind of factor one is.
func (p page) Kind(f *factor.Factor) string { return p.Say("kind." + string(f.Kind)) }

// Time shows a time to people everywhere.
func (p page) Time(at time.Time) string { return at.UTC().Format("2006-01-02 15:04 UTC") }

// QR returns the picture that an app reads its secret from, or nil where the text is too long for one.
func (p page) QR() *qr.Picture { return qr.Draw(p.Account.Enrolled.URI.Reveal()) }

// PasskeyFor is what the page's passkey is for, and PasskeyTo where its answer goes.
func (p page) PasskeyFor() string {
	return map[string]string{"signin": "signin", "factor": "factor", "stepup": "step-up"}[p.State]
}

// PasskeyTo is explained with [page.PasskeyFor].
func (p page) PasskeyTo() string {
	return p.Form.Up + map[string]string{"signin": "signin/passkey", "factor": "signin/factor", "stepup": "signin/step-up"}[p.State]
}

// Factor returns what a person calls a factor.
func (p page) Factor(f *factor.Factor) string {
	if f.Kind == factor.Recovery {
		return p.Say("factor.recovery")
	}
	return f.Name
}

// Of returns the words of the page's state, those that name the application if there is one.
func (p page) Of(part string) string {
	if p.View != nil && p.View.Application != "" {
		if text := p.Say(p.State + "." + part + ".application"); text != "" {
			return text
		}
	}
	return p.Say(p.State + "." + part)
}

// Rules are what a password must be like, said before it is typed.
func (p page) Rules() []string {
	policy := &p.View.Policy
	rules := []string{p.Say("rule.length")}
	if !policy.PersonalWords {
		rules = append(rules, p.Say("rule.personal"))
	}
	if policy.MinScore > 0 || !policy.Breached {
		rules = append(rules, p.Say("rule.guess"))
	}
	if policy.MinClasses > 0 {
		rules = append(rules, p.Say("rule.classes"))
	}
	if policy.History > 0 && (p.State == "reset" || p.State == "change") {
		rules = append(rules, p.Say("rule.history"))
	}
	return rules
}

// Described returns the ids of what describes a field.
func (p page) Described(field, always string) string {
	if p.Field != field {
		return always
	}
	return strings.TrimSpace(field + "-problem " + always)
}

// problems are what can be wrong with a password, by what its room says about it. That is English, and here are people who
// read another language; a test gets each of these sentences from the room.
var problems = []struct{ says, name string }{
	{"is empty", "problem.empty"}, {"too short: words from", "problem.personal"}, {"too short", "problem.short"}, {"of these: small letters", "problem.classes"},
	{"too easy to guess", "problem.easy"}, {"became known elsewhere", "problem.breached"}, {"used before", "problem.used"}, {"too long", "problem.long"},
	{"control character", "problem.odd"}, {"not valid UTF-8", "problem.odd"},
}

// problem returns the name of the words about a refused password.
func problem(err error) string {
	_, said := fault.Public(err)
	found := ""
	for _, p := range problems {
		if found == "" && strings.Contains(said, p.says) {
			found = p.name
		}
	}
	return cmp.Or(found, "problem.other")
}
