package provider_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/fault"
)

func open(t *testing.T, folder string) *provider.Catalogue {
	t.Helper()
	c, err := provider.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const (
	client      = "3b1ae7f4-95c2-4c1d-8f0e-6a2d9c41b7e5"
	environment = "7c2f9d10-0b6e-4e0a-9a3f-52d1c8e4a6b9"
)

func TestARegionIsChosenByItsValueItsLabelOrTheEndOfADomain(t *testing.T) {
	p := open(t, "testdata/providers").Get("regional")
	for _, typed := range []string{"eu", ".eu", "European Union (eu)", "european union", " eu "} {
		values, _, _, err := p.Fill(map[string]string{"client_id": client, "client_secret": "s", "environment_id": environment, "tld": typed}, nil)
		if err != nil || values["tld"] != "eu" {
			t.Errorf("%q: %v %v", typed, values, err)
		}
	}
}

func TestWhatIsPastedFillsTheFieldsThatItTells(t *testing.T) {
	p := open(t, "testdata/providers").Get("regional")
	both := map[string]string{"tld": "com.au", "environment_id": environment}
	for text, want := range map[string]map[string]string{
		"https://auth.regional.com.au/" + environment + "/as/token":               both,
		"https://console.regional.com.au/index.html?env=" + environment + "#home": both,
		"https://api.regional.com.au/v1/environments/" + environment:              both,
		"ACME_CLIENT_ID=" + client + "\nexport CLIENT_SECRET=\"a b\"\n":           {"client_id": client, "client_secret": "a b"},
		`{"clientId": "` + client + `", "environmentId": "` + environment + `"}`:  {"client_id": client, "environment_id": environment},
		"https://evil.example/" + environment:                                     {},
	} {
		if diff := cmp.Diff(want, p.Pasted(text)); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
}

func TestASecretLosesTheBlanksAroundItAndSaysSo(t *testing.T) {
	p := open(t, "testdata/providers").Get("regional")
	_, secrets, notes, err := p.Fill(map[string]string{"client_id": client, "client_secret": "s3cret ", "environment_id": environment, "tld": "eu"}, nil)
	if err != nil || secrets["client_secret"].Reveal() != "s3cret" {
		t.Fatalf("%v", err)
	}
	if diff := cmp.Diff([]provider.Note{{Field: "client_secret", Kind: provider.Trimmed}}, notes); diff != "" {
		t.Error(diff)
	}
}

func TestEveryFieldThatDoesNotFitIsNamed(t *testing.T) {
	p := open(t, "testdata/providers").Get("regional")
	_, _, _, err := p.Fill(map[string]string{"client_id": "typo", "tld": "xx", "else": "x"}, nil) //nolint:dogsled // only what is wrong counts here
	wrong := provider.FieldErrors{}
	if !errors.As(err, &wrong) || !fault.Is(err, fault.Invalid) {
		t.Fatal(err)
	}
	for _, field := range []string{"client_id", "client_secret", "environment_id", "tld", "else"} {
		if wrong[field] == "" {
			t.Errorf("nothing about %s: %v", field, wrong)
		}
	}
}

func TestNothingThatIsEnteredLeavesItsPlaceInAnAddress(t *testing.T) {
	for _, value := range []string{"evil.example/", "a@b", "x#", "x?y", "a\\b", "..", "a:1", "a\nb", ""} {
		if text, err := provider.ExpandURL("https://${host}.example.com/x", map[string]string{"host": value}); err == nil {
			t.Errorf("%q became %s", value, text)
		}
	}
	for _, value := range []string{".", "..", "a\nb"} {
		if text, err := provider.ExpandURL("https://host/${path}/x", map[string]string{"path": value}); err == nil {
			t.Errorf("%q became %s", value, text)
		}
	}
	if text, err := provider.ExpandURL("https://host/${path}/x", map[string]string{"path": "a/../b?c#d"}); err != nil || text != "https://host/a%2F..%2Fb%3Fc%23d/x" {
		t.Errorf("%s %v", text, err)
	}
}

func TestAFileThatIsNoProviderIsRefusedAndLeavesTheFormerOneInPlace(t *testing.T) {
	folder := t.TempDir()
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(folder, "acme.yaml"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const good = "display_name: Acme\ndocs: https://acme.example/docs\nmode: api_key\nfields: [{name: key, title: Key, secret: true}]\n"
	write(good)
	c := open(t, folder)
	if c.Get("acme") == nil || c.Get("counterfoil") == nil {
		t.Fatal("not both of them")
	}
	for bad, why := range map[string]string{
		good + "modes: x\n":                                "modes",
		strings.Replace(good, "api_key", "magic", 1):       "mode",
		good + "api: {base_url: \"https://x/${key}\"}\n":   "secret",
		good + "api: {base_url: \"https://x/${other}\"}\n": "other",
		strings.Replace(good, "https", "ftp", 1):           "docs",
		"[":                                                "YAML",
	} {
		write(bad)
		if changed, err := c.Reload(); changed || !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), why) {
			t.Errorf("%s\nchanged %v, %v; nothing about %q", bad, changed, err, why)
		}
		if c.Get("acme").DisplayName != "Acme" {
			t.Fatal("the former one is gone")
		}
	}
	write(strings.Replace(good, "Acme", "Acme Two", 1))
	if changed, err := c.Reload(); !changed || err != nil || c.Get("acme").DisplayName != "Acme Two" {
		t.Errorf("changed %v, %v", changed, err)
	}
	if changed, err := c.Reload(); changed || err != nil {
		t.Errorf("changed %v, %v without a change", changed, err)
	}
}
