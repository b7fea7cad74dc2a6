package services_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

var command = regexp.MustCompile("(?ms)^(<!-- not run[^\n]*\n)?```sh\n(.*?)^```$")

// The commands of the page are run as they stand there, one after the other.
func TestCommandsOfThePageRun(t *testing.T) {
	page, err := os.ReadFile("../../docs/services.md")
	if err != nil {
		t.Fatal(err)
	}
	script := ""
	for _, block := range command.FindAllStringSubmatch(string(page), -1) {
		if block[1] == "" {
			script += block[2] + "\n"
		}
	}
	if strings.Count(script, "curl ") < 10 {
		t.Fatalf("only this is run:\n%s", script)
	}
	h := housetest.Start(t)
	p := open(h, "portal")
	front := h.NewApp("front", O{"target_urls": []string{target}}, "signin:use")
	cmd := exec.CommandContext(t.Context(), "bash", "-euo", "pipefail", "-c", script)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "ISSUER="+h.URL, "CLIENT_ID="+p.ID, "CLIENT_SECRET="+p.Secret, "SIGNIN_ID="+front.ID, "SIGNIN_SECRET="+front.Secret)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{`"verified":true`, "a link is on its way", "303 See Other", "Location: https://portal.example/start", `"kind":"session"`, "__Host-counterfoil-session="} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is missing:\n%s", want, out)
		}
	}
}
