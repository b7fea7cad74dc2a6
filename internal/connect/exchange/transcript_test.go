package exchange_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/counterfoil/counterfoil/internal/connect/exchange"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
)

// transcript is what somebody entered, what we and the provider then said to each other, and what a person was told.
type transcript struct {
	// Provider is the name of a file of the catalogue.
	Provider string `yaml:"provider"`
	// Entered is what is typed into the fields; a value of fields that are addresses begins with https://.
	Entered map[string]string `yaml:"entered"`
	Calls   []struct {
		Ask struct {
			Method string            `yaml:"method"` // empty means POST
			URL    string            `yaml:"url"`
			Header map[string]string `yaml:"header"` // those that must be there; "*" for anything, "" for none
			Form   map[string]string `yaml:"form"`   // all of it
			JSON   map[string]string `yaml:"json"`   // all of it
		} `yaml:"ask"`
		Answer struct {
			Status int               `yaml:"status"` // empty means 200
			Header map[string]string `yaml:"header"`
			Body   string            `yaml:"body"`
		} `yaml:"answer"`
	} `yaml:"calls"`
	Told struct {
		// Stage and Among are of the step that failed; empty when none did.
		Stage provider.Stage   `yaml:"stage"`
		Among []provider.Stage `yaml:"among"`
		// Hint and Warning are parts of what a person reads.
		Hint    string `yaml:"hint"`
		Warning string `yaml:"warning"`
		// Token is the access token, Lives how many seconds it lives.
		Token string `yaml:"token"`
		Lives int    `yaml:"lives"`
	} `yaml:"told"`
}

// A file of transcripts is a list of them; files of providers are run against what the real servers are documented to say.
func TestProvidersFilesPassTheirTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/transcripts/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are no transcripts: %v", err)
	}
	catalogue, err := opened()
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		decoder := yaml.NewDecoder(bytes.NewReader(text))
		decoder.KnownFields(true)
		var all []transcript
		if err := decoder.Decode(&all); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for i := range all {
			t.Run(filepath.Base(file)+"/"+strconv.Itoa(i+1), func(t *testing.T) { all[i].play(t, catalogue) })
		}
	}
}

// play checks what was entered and compares every request with the transcript's.
func (s *transcript) play(t *testing.T, catalogue *provider.Catalogue) {
	at := 0
	f := provide(t, func(w http.ResponseWriter, r *http.Request, got seen) {
		if at >= len(s.Calls) {
			t.Errorf("one call too many: %s %s", got.method, got.path)
			return
		}
		call := &s.Calls[at]
		at++
		method := call.Ask.Method
		if method == "" {
			method = "POST"
		}
		address := "https:/" + r.URL.EscapedPath()
		if got.query != "" {
			address += "?" + got.query
		}
		if got.method != method || address != call.Ask.URL {
			t.Errorf("asked %s %s, want %s %s", got.method, address, method, call.Ask.URL)
		}
		for name, want := range call.Ask.Header {
			if have := got.header.Get(name); have != want && (want != "*" || have == "") {
				t.Errorf("%s is %q, want %q", name, have, want)
			}
		}
		compare(t, got, call.Ask.Form, call.Ask.JSON)
		for name, value := range call.Answer.Header {
			w.Header().Set(name, value)
		}
		if call.Answer.Status != 0 {
			w.WriteHeader(call.Answer.Status)
		}
		_, _ = io.WriteString(w, call.Answer.Body)
	})
	p := *catalogue.Get(s.Provider)
	values, secrets, _, err := p.Fill(s.Entered, nil)
	if err != nil {
		t.Fatal(err)
	}
	f.stand(&p, values)
	c := exchange.Credential{Provider: &p}
	c.Values, c.Secrets = values, secrets
	s.compare(t, f.open(t).Check(t.Context(), c))
	if at != len(s.Calls) {
		t.Errorf("%d calls of %d were made", at, len(s.Calls))
	}
}

// stand puts the test's server in the place of every host: the host becomes the first part of the path.
func (f *far) stand(p *provider.Provider, values map[string]string) {
	move := func(address *string) { *address = strings.Replace(*address, "https://", f.URL+"/", 1) }
	move(&p.API.BaseURL)
	if p.Token != nil {
		token := *p.Token
		p.Token = &token
		move(&token.URL)
	}
	for name := range values {
		if field := p.Field(name); field.Format == "uri" {
			value := values[name]
			move(&value)
			values[name] = value
		}
	}
}

func compare(t *testing.T, got seen, form, body map[string]string) {
	t.Helper()
	want := url.Values{}
	for name, value := range form {
		want.Set(name, value)
	}
	if body != nil {
		var have map[string]string
		if err := json.Unmarshal([]byte(got.body), &have); err != nil {
			t.Errorf("%q: %v", got.body, err)
		}
		got.form = url.Values{}
		for name, value := range have {
			got.form.Set(name, value)
		}
		for name, value := range body {
			want.Set(name, value)
		}
	}
	for name := range want {
		if want.Get(name) == "*" && got.form.Get(name) != "" { // what is signed is never the same
			want.Set(name, got.form.Get(name))
		}
	}
	if got.form.Encode() != want.Encode() {
		t.Errorf("sent %s, want %s", got.form.Encode(), want.Encode())
	}
}

func (s *transcript) compare(t *testing.T, r exchange.Report) {
	t.Helper()
	failed := r.Failed()
	if failed == nil {
		failed = &exchange.Step{}
	}
	if failed.Stage != s.Told.Stage || !strings.Contains(failed.Hint, s.Told.Hint) || len(failed.Among) != len(s.Told.Among) {
		t.Errorf("told %+v, want %+v", failed, s.Told)
	}
	for i, stage := range s.Told.Among {
		if i < len(failed.Among) && failed.Among[i] != stage {
			t.Errorf("among %v, want %v", failed.Among, s.Told.Among)
		}
	}
	if (s.Told.Warning == "") != (r.Warning == "") || !strings.Contains(r.Warning, s.Told.Warning) {
		t.Errorf("warned %q, want %q", r.Warning, s.Told.Warning)
	}
	token, lives := "", 0
	if r.Token != nil {
		token, lives = r.Token.Access.Reveal(), int(r.Token.ExpiresAt.Sub(now).Seconds())
	}
	if token != s.Told.Token || s.Told.Lives != 0 && lives != s.Told.Lives {
		t.Errorf("got %q for %d s, want %q for %d s", token, lives, s.Told.Token, s.Told.Lives)
	}
}
