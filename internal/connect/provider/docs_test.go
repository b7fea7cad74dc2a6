package provider_test

import (
	"os"
	"strings"
	"testing"
)

func TestTheExampleOfTheDocumentationIsAProvider(t *testing.T) {
	page, err := os.ReadFile("../../../docs/providers.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```yaml\n")
	text, _, found := strings.Cut(rest, "```\n")
	if !found {
		t.Fatal("there is no example")
	}
	p, err := open(t, "").Parse("acme", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if told := p.Pasted("https://contoso.acme.example/home"); told["tenant"] != "contoso" {
		t.Errorf("%v", told)
	}
}
