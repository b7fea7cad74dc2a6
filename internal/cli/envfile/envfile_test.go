package envfile_test

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/cli/envfile"
)

func TestEnvLinesComeBackAsTheyWere(t *testing.T) {
	values := []string{
		"plain", "cfs_AbC123", "https://auth.example/oauth2/token", "two words", "it's", `"quoted"`, "$(rm -rf /)", "`x`", "a;b", "",
		"#comment", "\\", "a=b",
	}
	var text strings.Builder
	text.WriteString("# a comment\n\nexport EXPORTED=yes\nDOUBLE=\"a \\\"b\\\" \\$c\"\n")
	for i, value := range values {
		text.WriteString(envfile.Line("V"+string(rune('A'+i)), value))
	}
	got, err := envfile.Parse(text.String())
	if err != nil {
		t.Fatal(err)
	}
	for i, value := range values {
		if key := "V" + string(rune('A'+i)); got[key] != value {
			t.Errorf("%q came back as %q", value, got[key])
		}
	}
	if got["EXPORTED"] != "yes" || got["DOUBLE"] != `a "b" $c` {
		t.Errorf("got %v", got)
	}
	for i, value := range values { // and a shell reads the same
		out, err := exec.Command("sh", "-c", text.String()+"printf %s \"$V"+string(rune('A'+i))+"\"").Output()
		if err != nil || string(out) != value {
			t.Errorf("a shell takes %q for %q, %v", value, out, err)
		}
	}
	for _, bad := range []string{"no equals sign", "A='open", `A="open`, "A='"} {
		if got, err := envfile.Parse(bad); err == nil {
			t.Errorf("%q: read as %v", bad, got)
		}
	}
}
