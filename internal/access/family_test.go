package access

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/fault"
)

func TestFamiliesAreReadAsTheyAreWritten(t *testing.T) {
	for f := NoFamilies; f <= AllFamilies; f++ {
		var read Families
		for _, name := range f.Names() {
			one, ok := FamilyNamed(name)
			if !ok {
				t.Errorf("%q is no family", name)
			}
			read |= one
		}
		if read != f {
			t.Errorf("%s read as %s", f, read)
		}
	}
	for _, name := range []string{"", "OpenID", "application_users", "users:read"} {
		if f, ok := FamilyNamed(name); ok {
			t.Errorf("%q is taken for %s", name, f)
		}
	}
}

// sound is a standing that nothing is wrong with.
func sound() Standing {
	return Standing{EnvironmentEnabled: true, APIEnabled: true, ApplicationEnabled: true, CredentialEnabled: true, Families: AllFamilies}
}

func TestGateOpensTheDoorsOfTheFamilies(t *testing.T) {
	for held := NoFamilies; held <= AllFamilies; held++ {
		for _, door := range []Families{NoFamilies, FamilyApplication, FamilyUsers, FamilyOpenID} {
			s := sound()
			s.Families, s.Door = held, door
			want := Admitted
			if held&door != door {
				want = FamilyMissing
			}
			if got := s.Admit(time.Now(), nil); got != want {
				t.Errorf("%q before %q: %q", held, door, got)
			}
		}
	}
}

func TestGateAsksWhereACallerIs(t *testing.T) {
	networks, err := ParseNetworks([]string{"192.0.2.0/24", "2001:db8::/32", "198.51.100.7"})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]Refusal{
		"192.0.2.1": Admitted, "192.0.3.1": NetworkNotAllowed, "::ffff:192.0.2.1": Admitted, "::ffff:192.0.3.1": NetworkNotAllowed,
		"2001:db8::1": Admitted, "2001:db8::1%eth0": Admitted, "2001:db9::1": NetworkNotAllowed, "198.51.100.7": Admitted, "198.51.100.8": NetworkNotAllowed,
	} {
		s := sound()
		s.Networks, s.From = networks, netip.MustParseAddr(text)
		if got := s.Admit(time.Now(), nil); got != want {
			t.Errorf("%s: %q", text, got)
		}
	}
	for _, s := range []Standing{{Networks: networks}, {From: netip.MustParseAddr("203.0.113.1")}} {
		whole := sound()
		whole.Networks, whole.From = s.Networks, s.From
		if got := whole.Admit(time.Now(), nil); got != Admitted {
			t.Errorf("%v from %v: %q", s.Networks, s.From, got)
		}
	}
	// What is wrong with the credential itself comes first: from outside nobody learns more than from inside.
	s := sound()
	s.CredentialEnabled, s.Networks, s.From = false, networks, netip.MustParseAddr("203.0.113.1")
	if got := s.Admit(time.Now(), nil); got != CredentialDisabled {
		t.Errorf("%q", got)
	}
}

func TestNetworksAreWrittenOneWay(t *testing.T) {
	for _, text := range []string{
		"", "192.0.2.1/24", "192.0.2.0/33", "2001:db8::1/32", "::ffff:192.0.2.0/120", "example.com", "192.0.2.0/24,192.0.3.0/24", "fe80::1%eth0", "fe80::%eth0/64", "10.0.0.0/08",
	} {
		if n, err := ParseNetworks([]string{text}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v %v", text, n, err)
		}
	}
	many := strings.Split(strings.Repeat("192.0.2.1 ", maxNetworks+1), " ")
	if _, err := ParseNetworks(many[:maxNetworks+1]); !fault.Is(err, fault.Invalid) {
		t.Errorf("%d: %v", len(many), err)
	}
	n, err := ParseNetworks([]string{" 0.0.0.0/0 ", "::/0", "192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1/32"})
	if got := strings.Join(n.Strings(), " "); err != nil || got != "0.0.0.0/0 ::/0 192.0.2.1/32" {
		t.Errorf("%s %v", got, err)
	}
}

func FuzzNetworksSurviveTheirRow(f *testing.F) {
	for _, text := range []string{"192.0.2.0/24", "2001:db8::/32", "::1", "::ffff:192.0.2.1", "fe80::1%x", "/", "1.2.3.4/"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		n, err := ParseNetworks([]string{text})
		if err != nil {
			return
		}
		back, err := NetworksFromText(n.Text())
		if err != nil || strings.Join(back.Strings(), " ") != strings.Join(n.Strings(), " ") || !back.Contain(n[0].Addr()) {
			t.Errorf("%q: %v, %v, %v", text, n, back, err)
		}
	})
}
