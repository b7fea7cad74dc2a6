package provider_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/fault"
)

func TestEveryProviderOfOursHoldsToTheRules(t *testing.T) {
	list := open(t, "").List()
	if len(list) < 20 {
		t.Fatalf("only %d providers", len(list))
	}
	for _, p := range list {
		if len(p.Categories) == 0 || !strings.HasPrefix(p.Docs, "https://") {
			t.Errorf("%s has no category or no documentation", p.Name)
		}
		for _, f := range p.Fields {
			if f.Secret && f.Example != "" {
				t.Errorf("%s: an example of the secret %s would be taken for one", p.Name, f.Name)
			}
		}
		for _, stage := range p.Errors {
			if !slices.Contains(provider.Stages(), stage.Stage) {
				t.Errorf("%s: %q is no stage", p.Name, stage.Stage)
			}
		}
	}
}

const lintable = `display_name: Acme
docs: https://acme.example/docs
mode: jwt_bearer
token: {url: "https://${host}/token", auth: none, params: {x: "${host}"}}
assertion: {key: file, issuer: "${file.email}"}
fields:
  - {name: host, title: Host, format: hostname, description: "The host."}
  - {name: file, title: File, format: json, secret: true}
errors:
  - {status: 401, stage: client_known, among: [auth_method], hint: "Check the file."}
`

func TestAFileThatCouldLeakOrMisleadIsRefused(t *testing.T) {
	c := open(t, "")
	if _, err := c.Parse("acme", []byte(lintable)); err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][3]string{
		{"https://${host}/token", "https://${host}/${file}", "secret"},
		{"https://${host}/token", "https://${host}/${file.email}", "secret"}, // a member is as secret as its file
		{"https://${host}/token", "https://${host}/${access_token}", "secret"},
		{"https://${host}/token", "https://${host}/${Host}", "placeholder"},
		{`x: "${host}"`, `x: "${nothing}"`, "nothing"},
		{`x: "${host}"`, `x: "${host"`, "placeholder"},
		{"auth: none", "auth: none, body: query", "logs"},
		{"title: File, format: json, secret: true", "title: File, format: json", "must be secret"},
		{"Check the file.", "check the file", "full stop"},
		{"Check the file.", "Check ${host}.", "entered"},
		{"The host.", "The host", "full stop"},
		{"[auth_method]", "[client_known]", "among"},
		{"format: hostname", "format: hostname, example: \"a b\"", "does not fit"},
		{"format: hostname", "format: hostname, pattern: \"(\"", "host"},
	} {
		text := strings.Replace(lintable, bad[0], bad[1], 1)
		if _, err := c.Parse("acme", []byte(text)); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), bad[2]) {
			t.Errorf("%s: %v", bad[1], err)
		}
	}
}

func TestAnAddressTypedIntoAFieldFillsWhatWasLeftEmpty(t *testing.T) {
	p := open(t, "testdata/providers").Get("regional")
	typed := map[string]string{
		"client_id": client, "client_secret": "s", "tld": "https://console.regional.com.au/?env=" + environment,
	}
	values, _, notes, err := p.Fill(typed, nil)
	if err != nil || values["tld"] != "com.au" || values["environment_id"] != environment {
		t.Fatalf("%v %v", values, err)
	}
	if diff := cmp.Diff([]provider.Note{{Field: "environment_id", Kind: provider.Read}, {Field: "tld", Kind: provider.Read}}, notes); diff != "" {
		t.Error(diff)
	}
	typed["environment_id"] = client // what was typed itself stays
	if values, _, _, err = p.Fill(typed, nil); err != nil || values["environment_id"] != client {
		t.Errorf("%v %v", values, err)
	}
	typed["tld"] = "https://console.evil.example/?env=" + environment
	if _, _, _, err = p.Fill(typed, nil); err == nil {
		t.Error("a stranger's address chose a region")
	}
}

func TestWhatPeopleReadCanBeTranslated(t *testing.T) {
	all := open(t, "").Strings()
	if !slices.IsSorted(all) || !slices.Contains(all, "Client Secret") || slices.Contains(all, "") || len(slices.Compact(slices.Clone(all))) != len(all) {
		t.Errorf("%q", all)
	}
}
