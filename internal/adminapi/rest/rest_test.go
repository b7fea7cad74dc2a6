package rest

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/fault"
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
		var p struct {
			Name     Patch[string]   `json:"name,omitzero"`
			Scopes   Patch[[]string] `json:"scopes,omitzero"`
			Lifetime Patch[int64]    `json:"token_lifetime,omitzero"`
		}
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			t.Fatal(text, err)
		}
		name, scopes, seconds := "old", []string{"a"}, 600*time.Second
		p.Name.Apply(&name, "")
		p.Scopes.Apply(&scopes, nil)
		Mapped(p.Lifetime, func(n int64) time.Duration { return time.Duration(n) * time.Second }).Apply(&seconds, 0)
		if got := fmt.Sprintf("%s %v %d", name, scopes, int(seconds.Seconds())); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestIfMatchNamesOneVersion(t *testing.T) {
	for header, want := range map[string]int64{
		"": anyVersion, "*": anyVersion, ` "7" `: 7, `"7"`: 7, `W/"7"`: noVersion, "7": noVersion, `"07"`: noVersion,
		`"0"`: noVersion, `"-1"`: noVersion, `"x"`: noVersion, `"99999999999999999999"`: noVersion, `""`: noVersion,
	} {
		if got, err := (Precondition{header}).Version(); err != nil || got != want {
			t.Errorf("%q: %d %v, want %d", header, got, err, want)
		}
	}
	if _, err := (Precondition{`"1", "2"`}).Version(); !fault.Is(err, fault.Invalid) {
		t.Errorf("a list: %v", err)
	}
}

func TestIdsHaveOneSpelling(t *testing.T) {
	id := uuid.New()
	if ID(id.String()) != id {
		t.Error("an id is not read")
	}
	for _, text := range []string{
		"", "x", strings.ToUpper(id.String()), "{" + id.String() + "}", "urn:uuid:" + id.String(),
		strings.ReplaceAll(id.String(), "-", ""), id.String() + "0",
	} {
		if got := ID(text); got != uuid.Nil {
			t.Errorf("%q: %s", text, got)
		}
	}
}
