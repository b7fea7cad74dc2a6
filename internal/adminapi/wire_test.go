package adminapi

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/seal"
	"github.com/counterfoil/counterfoil/internal/token"
)

func TestMergePatchLeavesResetsAndSets(t *testing.T) {
	for text, want := range map[string]string{
		`{}`:                         "old [a] 600",
		`{"name":null}`:              " [a] 600",
		`{"name":"new"}`:             "new [a] 600",
		`{"scopes":null}`:            "old [] 600",
		`{"scopes":[]}`:              "old [] 600",
		`{"scopes":["b","c"]}`:       "old [b c] 600",
		`{"token_lifetime":null}`:    "old [a] 0",
		`{"token_lifetime":90}`:      "old [a] 90",
		`{"name":"x","scopes":null}`: "x [] 600",
	} {
		var p ApplicationChange
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			t.Fatal(text, err)
		}
		name, scopes, seconds := "old", []string{"a"}, 600*time.Second
		p.Name.apply(&name, "")
		p.Scopes.apply(&scopes, nil)
		mapped(p.TokenLifetime, lifetime).apply(&seconds, 0)
		if got := fmt.Sprintf("%s %v %d", name, scopes, int(seconds.Seconds())); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestMergePatchTellsNoScopesFromAllScopes(t *testing.T) {
	for text, isNil := range map[string]bool{`{"scopes":null}`: true, `{"scopes":[]}`: false} {
		var p SecretChange
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			t.Fatal(err)
		}
		scopes := []string{"a"}
		p.Scopes.apply(&scopes, nil)
		if (scopes == nil) != isNil || len(scopes) != 0 {
			t.Errorf("%s: %#v", text, scopes)
		}
	}
}

func TestNewSecretsThatDifferHaveDifferentHashes(t *testing.T) {
	seen := map[string]string{}
	for _, text := range []string{
		`{}`, `{"scopes":[]}`, `{"scopes":["a"]}`, `{"description":"x"}`, `{"expires_at":"2030-01-01T00:00:00Z"}`,
		`{"not_before":"2030-01-01T00:00:00Z"}`,
	} {
		var body NewSecret
		if err := json.Unmarshal([]byte(text), &body); err != nil {
			t.Fatal(err)
		}
		asked, err := json.Marshal(body)
		if err != nil || seen[string(asked)] != "" {
			t.Errorf("%s looks like %s: %s %v", text, seen[string(asked)], asked, err)
		}
		seen[string(asked)] = text
	}
}

func TestIfMatchNamesOneVersion(t *testing.T) {
	for header, want := range map[string]int64{
		"": anyVersion, "*": anyVersion, ` "7" `: 7, `"7"`: 7, `W/"7"`: noVersion, "7": noVersion, `"07"`: noVersion,
		`"0"`: noVersion, `"-1"`: noVersion, `"x"`: noVersion, `"99999999999999999999"`: noVersion, `""`: noVersion,
	} {
		if got, err := (Precondition{header}).version(); err != nil || got != want {
			t.Errorf("%q: %d %v, want %d", header, got, err, want)
		}
	}
	if _, err := (Precondition{`"1", "2"`}).version(); !fault.Is(err, fault.Invalid) {
		t.Errorf("a list: %v", err)
	}
}

func TestIdsHaveOneSpelling(t *testing.T) {
	id := uuid.New()
	if idOf(id.String()) != id {
		t.Error("an id is not read")
	}
	for _, text := range []string{
		"", "x", strings.ToUpper(id.String()), "{" + id.String() + "}", "urn:uuid:" + id.String(),
		strings.ReplaceAll(id.String(), "-", ""), id.String() + "0",
	} {
		if got := idOf(text); got != uuid.Nil {
			t.Errorf("%q: %s", text, got)
		}
	}
}

func TestOnlyTheAnswerDisclosesASecret(t *testing.T) {
	shown := Secret{Secret: disclosure{seal.NewSecret("s3cr3t")}}
	if text := fmt.Sprintf("%v %+v %#v", shown, shown, &shown); strings.Contains(text, "s3cr3t") {
		t.Errorf("printed: %s", text)
	}
	if text, err := json.Marshal(shown); err != nil || !strings.Contains(string(text), `"secret":"s3cr3t"`) {
		t.Errorf("%s %v", text, err)
	}
	if text, err := json.Marshal(Secret{}); err != nil || strings.Contains(string(text), `"secret"`) {
		t.Errorf("%s %v", text, err)
	}
}

func TestDissectionSurvivesRubbish(t *testing.T) {
	encode := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	header, claims := encode(`{"alg":"none"}`), encode(`{"sub":"x"}`)
	for text, want := range map[string]string{
		"":                                  "unknown  ",
		"cft_":                              "handle  ",
		"cft_\xff\x00":                      "handle  ",
		"..":                                "unknown  ",
		strings.Repeat(".", 10_000):         "unknown  ",
		"a.b.c":                             "unknown  ",
		header + "." + claims + ".":         `jwt {"alg":"none"} {"sub":"x"}`,
		header + "." + claims:               "unknown  ",
		header + "." + claims + ".a.b":      "unknown  ",
		header + ".!.x":                     `jwt {"alg":"none"} `,
		encode("null") + "." + claims + ".": "unknown  ",
		encode("[]") + "." + claims + ".":   "unknown  ",
		encode(`{"a":1,"a":2}`) + "." + claims + ".":                                             "unknown  ",
		header + "." + encode(strings.Repeat(`{"a":`, 1000)+"1"+strings.Repeat("}", 1000)) + ".": `jwt {"alg":"none"} `,
		header + "." + encode(`{"a":"`+strings.Repeat("x", token.MaxLength)+`"}`) + ".":          "unknown  ",
	} {
		got := dissect(text)
		if shown := fmt.Sprintf("%s %s %s", got.Format, got.Header, got.Claims); shown != want {
			t.Errorf("%.60q: %q, want %q", text, shown, want)
		}
		if _, err := json.Marshal(got); err != nil {
			t.Errorf("%.60q: %v", text, err)
		}
	}
}

func FuzzDissection(f *testing.F) {
	for _, seed := range []string{"", "cft_AAAA", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.", "bnVsbA.e30."} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := json.Marshal(dissect(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}

func TestDocumentStatesTheBoundsOfTheRooms(t *testing.T) {
	document, err := Document()
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct {
					Maximum float64 `json:"maximum"`
				} `json:"properties"`
			} `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(document, &d); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"NewAPI", "APIChange", "NewApplication", "ApplicationChange"} {
		if got := d.Components.Schemas[name].Properties["token_lifetime"].Maximum; got != access.MaxLifetime.Seconds() {
			t.Errorf("%s: at most %v seconds", name, got)
		}
	}
}
