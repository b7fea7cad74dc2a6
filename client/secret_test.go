package client_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/client"
)

func TestSecretIsShownByNoFormatter(t *testing.T) {
	const plain = "cfs_hush"
	s := client.NewSecret(plain)
	type hidden struct {
		secret client.Secret // fmt calls no methods on unexported fields
		Shown  client.Secret
	}
	deep := map[string]any{"a": []any{hidden{s, s}, &hidden{s, s}}}
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", s, "deep", deep)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "secret", s, "application", client.Application{Secret: &client.ApplicationSecret{Secret: s}})
	texts := []string{log.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		texts = append(texts, fmt.Sprintf(verb, s), fmt.Sprintf(verb, &s), fmt.Sprintf(verb, deep), fmt.Sprintf(verb, client.Options{ClientSecret: s}))
	}
	encoded, err := json.Marshal(map[string]any{"secret": s, "in": hidden{Shown: s}})
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range append(texts, string(encoded)) {
		if strings.Contains(text, plain) || strings.Contains(text, fmt.Sprintf("%x", plain)) {
			t.Errorf("the secret is in %s", text)
		}
	}
	if s.Reveal() != plain {
		t.Error("Reveal does not give it back")
	}
}

func TestEmptySecretIsEmpty(t *testing.T) {
	var zero client.Secret
	if got := fmt.Sprintf("%d %x", zero, client.NewSecret("a")); got != "[secret] [secret]" {
		t.Errorf("got %s", got)
	}
	if !zero.IsZero() || !client.NewSecret("").IsZero() || zero.Reveal() != "" || fmt.Sprint(zero) != "[secret]" {
		t.Error("the zero Secret is not empty")
	}
}
