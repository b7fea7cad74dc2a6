package adminapi

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/token"
)

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
