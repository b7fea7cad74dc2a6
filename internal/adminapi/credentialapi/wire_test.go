package credentialapi_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/adminapi/credentialapi"
	"github.com/counterfoil/counterfoil/internal/adminapi/rest"
	"github.com/counterfoil/counterfoil/internal/seal"
)

func TestMergePatchTellsNoScopesFromAllScopes(t *testing.T) {
	for text, isNil := range map[string]bool{`{"scopes":null}`: true, `{"scopes":[]}`: false} {
		var p credentialapi.SecretChange
		if err := json.Unmarshal([]byte(text), &p); err != nil {
			t.Fatal(err)
		}
		scopes := []string{"a"}
		p.Scopes.Apply(&scopes, nil)
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
		var body credentialapi.NewSecret
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

func TestOnlyTheAnswerDisclosesASecret(t *testing.T) {
	shown := credentialapi.Secret{Secret: rest.Disclose(seal.NewSecret("s3cr3t"))}
	if text := fmt.Sprintf("%v %+v %#v", shown, shown, &shown); strings.Contains(text, "s3cr3t") {
		t.Errorf("printed: %s", text)
	}
	if text, err := json.Marshal(shown); err != nil || !strings.Contains(string(text), `"secret":"s3cr3t"`) {
		t.Errorf("%s %v", text, err)
	}
	if text, err := json.Marshal(credentialapi.Secret{}); err != nil || strings.Contains(string(text), `"secret"`) {
		t.Errorf("%s %v", text, err)
	}
}
