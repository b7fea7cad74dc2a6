package provider_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/counterfoil/counterfoil/internal/connect/provider"
)

// transcript is a file of testdata/transcripts: what a person types, what is then sent, and what the provider answers. The
// requests are run by those who call providers; here is what needs no network.
type transcript struct {
	Provider string            `yaml:"provider"`
	Typed    map[string]string `yaml:"typed"`
	Request  struct {
		Method  string            `yaml:"method"`
		URL     string            `yaml:"url"`
		Headers map[string]string `yaml:"headers"`
		Body    map[string]string `yaml:"body"`
	} `yaml:"request"`
	Probe   string   `yaml:"probe"`
	Revoke  string   `yaml:"revoke"`
	Answers []answer `yaml:"answers"`
}

type answer struct {
	Name   string         `yaml:"name"`
	On     string         `yaml:"on"` // token, also when empty, or verify
	Status int            `yaml:"status"`
	Body   string         `yaml:"body"`
	Stage  provider.Stage `yaml:"stage"` // empty: no rule of the provider's explains it, as with None
	Among  provider.Stage `yaml:"among"` // one of those that it may be as well
	Hint   string         `yaml:"hint"`  // a part of it
	None   bool           `yaml:"none"`
	Warns  bool           `yaml:"warns"` // it is connected all the same
	// Assumed answers were seen in no recording and no documentation of the provider's: their words are ours. A rule that
	// only such an answer speaks for may be wrong.
	Assumed bool `yaml:"assumed"`
}

func transcripts(t *testing.T) (all []transcript) {
	t.Helper()
	files, err := filepath.Glob("testdata/transcripts/*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		decoder := yaml.NewDecoder(bytes.NewReader(text))
		decoder.KnownFields(true)
		var one transcript
		if err := decoder.Decode(&one); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, one)
	}
	return all
}

func TestWhatIsTypedBecomesTheAddressesOfTheTranscripts(t *testing.T) {
	c := open(t, "")
	for _, script := range transcripts(t) {
		p := c.Get(script.Provider)
		values, secrets, _, err := p.Fill(script.Typed, nil)
		if err != nil {
			t.Errorf("%s: %v", p.Name, err)
			continue
		}
		same := func(what, template, want string) {
			if got, err := provider.ExpandURL(template, values); err != nil || got != want {
				t.Errorf("%s: %s is %s, %v; want %s", p.Name, what, got, err, want)
			}
		}
		same("token", p.Token.URL, script.Request.URL)
		if script.Probe != "" {
			same("probe", p.API.BaseURL+p.Verify.Path, script.Probe)
		}
		if script.Revoke != "" {
			same("revoke", p.Revoke.URL, script.Revoke)
		}
		for name, secret := range secrets {
			values[name] = secret.Reveal()
		}
		for name, want := range script.Request.Headers {
			if got, err := provider.Expand(p.Token.Headers[name], values); err != nil || got != want {
				t.Errorf("%s: %s is %s, %v", p.Name, name, got, err)
			}
		}
		for name, want := range script.Request.Body {
			if _, field := values[name]; field && values[name] != want {
				t.Errorf("%s: %s is %q, want %q", p.Name, name, values[name], want)
			}
		}
	}
}

func TestAnswersOfTheTranscriptsAreExplained(t *testing.T) {
	c := open(t, "")
	for _, script := range transcripts(t) {
		p := c.Get(script.Provider)
		for _, a := range script.Answers {
			on := a.On
			if on == "" {
				on = "token"
			}
			rule, ok := p.Explain(on, a.Status, []byte(a.Body))
			if want := a.Stage != ""; ok != want {
				t.Errorf("%s, %s: explained %v by %q", p.Name, a.Name, ok, rule.Hint)
				continue
			}
			if rule.Stage != a.Stage || a.Among != "" && !slices.Contains(rule.Among, a.Among) || !strings.Contains(rule.Hint, a.Hint) {
				t.Errorf("%s, %s: %s among %v, %q", p.Name, a.Name, rule.Stage, rule.Among, rule.Hint)
			}
			if a.On == "verify" && slices.Contains(p.Verify.Warn, a.Status) != a.Warns {
				t.Errorf("%s, %s: warns %v", p.Name, a.Name, !a.Warns)
			}
		}
	}
}
