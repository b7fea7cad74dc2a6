package seal_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/seal"
)

// holder keeps secrets in every way a structure can.
type holder struct {
	Open    seal.Secret
	hidden  seal.Secret
	pointer *seal.Secret
	list    []seal.Secret
	keyed   map[string]seal.Secret
	any     any
}

func TestNoFormatterShowsASecret(t *testing.T) {
	const text = "hunter2hunter2"
	s := seal.NewSecret(text)
	values := []any{s, &s, []seal.Secret{s}, map[string]seal.Secret{"k": s}, map[seal.Secret]int{s: 1},
		holder{Open: s, hidden: s, pointer: &s, list: []seal.Secret{s}, keyed: map[string]seal.Secret{"k": s}, any: s},
		&holder{Open: s, hidden: s, any: &s}, struct{ h holder }{holder{hidden: s}}, fmt.Errorf("x: %v", s)}
	var shown []string
	for _, value := range values {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10.3s", "%p", "%c", "%U"} {
			shown = append(shown, fmt.Sprintf(verb, value))
		}
		var log bytes.Buffer
		slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "value", value)
		slog.New(slog.NewTextHandler(&log, nil)).Info("m", "value", value)
		shown = append(shown, log.String())
	}
	for _, value := range []any{s, &s, holder{Open: s}, []seal.Secret{s}, map[string]seal.Secret{"k": s}} {
		text, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		shown = append(shown, string(text))
	}
	asXML, err := xml.Marshal(holder{Open: s})
	if err != nil {
		t.Fatal(err)
	}
	var encoded bytes.Buffer
	if err := gob.NewEncoder(&encoded).Encode(struct{ Open seal.Secret }{s}); err != nil {
		t.Fatal(err)
	}
	shown = append(shown, string(asXML), encoded.String())
	for _, output := range shown {
		hexed := fmt.Sprintf("%x", text)
		if strings.Contains(output, text) || strings.Contains(strings.ToLower(output), hexed) {
			t.Errorf("the secret is shown: %s", output)
		}
	}
}

func TestEveryVerbPrintsTheSame(t *testing.T) {
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%10.3s", "%c", "%U"} {
		if got := fmt.Sprintf(verb, seal.NewSecret("text")); got != "[secret]" {
			t.Errorf("%s prints %s", verb, got)
		}
	}
}

func TestOnlyRevealReturnsTheText(t *testing.T) {
	if got := seal.NewSecret("a text").Reveal(); got != "a text" {
		t.Errorf("Reveal() = %q", got)
	}
	var zero seal.Secret
	if zero.Reveal() != "" || !zero.Empty() || seal.NewSecret("x").Empty() {
		t.Error("the zero Secret is not the empty one")
	}
	if got, empty := fmt.Sprint(seal.NewSecret("x")), fmt.Sprint(zero); got != "[secret]" || got != empty {
		t.Errorf("a secret prints as %s, an empty one as %s", got, empty)
	}
}
