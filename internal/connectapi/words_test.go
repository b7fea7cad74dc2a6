package connectapi

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/connect/session"
)

var blanks = regexp.MustCompile(`\{[^}]*\}`)

// alike are the words that two languages may have in common.
var alike = []string{"error", "optional", "form.title.again"}

func TestEveryLanguageSaysTheSame(t *testing.T) {
	english := words["en"]
	for _, language := range session.Languages() {
		said := words[language]
		if a, b := slices.Sorted(maps.Keys(english)), slices.Sorted(maps.Keys(said)); !slices.Equal(a, b) {
			t.Errorf("%s: %v, want %v", language, b, a)
		}
		for name, text := range said {
			a, b := blanks.FindAllString(english[name], -1), blanks.FindAllString(text, -1)
			if strings.HasPrefix(name, "problem.json") { // whose braces are meant
				a, b = nil, nil
			}
			if !slices.Equal(a, b) || strings.TrimSpace(text) == "" {
				t.Errorf("%s, %s: %q leaves open %v, the English %v", language, name, text, b, a)
			}
			if language != "en" && text == english[name] && !slices.Contains(alike, name) {
				t.Errorf("%s, %s is English", language, name)
			}
		}
	}
	german := hints["de"]
	for _, language := range session.Languages()[1:] {
		if a, b := slices.Sorted(maps.Keys(german)), slices.Sorted(maps.Keys(hints[language])); !slices.Equal(a, b) {
			t.Errorf("hints in %s: %v, want %v", language, b, a)
		}
		for english, text := range hints[language] {
			if strings.TrimSpace(text) == "" {
				t.Errorf("%s says nothing for %q", language, english)
			}
		}
	}
}

func TestWhateverCanBeSaidHasWords(t *testing.T) {
	var names []string
	for _, stage := range provider.Stages() {
		names = append(names, "stage."+string(stage))
	}
	for _, state := range []string{"ok", "failed", "maybe", "skipped", "unknown", "warning"} {
		names = append(names, "step."+state)
	}
	for _, note := range []provider.NoteKind{provider.Trimmed, provider.Unquoted, provider.Read} {
		names = append(names, "note."+string(note))
	}
	for _, state := range []string{
		"enter", "choose", "form", "done", "used", "expired", "tried", "unknown", "nothing", "preset", "refused", "unredeemed", "elsewhere", "busy", "broken",
	} {
		names = append(names, state+".title", state+".lead")
	}
	for _, m := range regexp.MustCompile(`(?:\.|\$p?\.)Say "([^"]+)"`).FindAllStringSubmatch(source, -1) {
		names = append(names, m[1])
	}
	for _, name := range names {
		if words["en"][name] == "" {
			t.Errorf("there are no words for %s", name)
		}
	}
}

func TestProblemsOfFieldsAreSaidInThePagesLanguage(t *testing.T) {
	p, err := provider.Open("")
	if err != nil {
		t.Fatal(err)
	}
	of := &page{Language: "de"}
	for text, name := range map[string]string{"": "problem.needed", "x": "problem.uuid", strings.Repeat("x", 40<<10): "problem.long", "a\x01b": "problem.odd"} {
		_, _, _, err := p.Get("pingone").Fill(map[string]string{"environment_id": text}, nil)
		wrong, ok := err.(provider.FieldErrors) //nolint:errorlint // it is what Fill says it returns
		if !ok || of.Problem(wrong["environment_id"]) != words["de"][name] {
			t.Errorf("%.20q: %v", text, err)
		}
	}
	_, _, _, err = p.Get("pingone").Fill(map[string]string{"tld": "nowhere"}, nil)                                 //nolint:dogsled // only what is wrong counts here
	if wrong, ok := err.(provider.FieldErrors); !ok || of.Problem(wrong["tld"]) != words["de"]["problem.choose"] { //nolint:errorlint // as above
		t.Errorf("%v", err)
	}
}
