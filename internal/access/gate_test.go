package access

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2030, 5, 6, 12, 0, 0, 0, time.UTC)

func good() Standing {
	return Standing{
		EnvironmentEnabled: true, APIEnabled: true, ApplicationEnabled: true, CredentialEnabled: true,
		NotBefore: noon.Add(-time.Hour).UnixMicro(), Expires: noon.Add(time.Hour).UnixMicro(),
		Epochs: Epochs{Incarnation: 9, Environment: 1, API: 2, Application: 3, Credential: 4},
	}
}

func TestGateNamesTheOutermostReason(t *testing.T) {
	current := good().Epochs
	if r := new(good()).Admit(noon, nil); r != Admitted {
		t.Errorf("a logon with nothing wrong: %s", r)
	}
	if r := new(good()).Admit(noon, &current); r != Admitted {
		t.Errorf("a token with nothing wrong: %s", r)
	}
	old := current
	old.API--
	breaks := []struct {
		want   Refusal
		broken func(*Standing)
	}{
		{EnvironmentDisabled, func(s *Standing) { s.EnvironmentEnabled = false }},
		{APIDisabled, func(s *Standing) { s.APIEnabled = false }},
		{ApplicationDisabled, func(s *Standing) { s.ApplicationEnabled = false }},
		{CredentialDisabled, func(s *Standing) { s.CredentialEnabled = false }},
		{CredentialNotYetValid, func(s *Standing) { s.NotBefore = noon.Add(time.Microsecond).UnixMicro() }},
		{CredentialExpired, func(s *Standing) { s.Expires = noon.UnixMicro() }},
	}
	for i, b := range breaks {
		alone, together := good(), good()
		b.broken(&alone)
		if r := alone.Admit(noon, nil); r != b.want {
			t.Errorf("%s alone: %s", b.want, r)
		}
		if r := alone.Admit(noon, &current); r != b.want {
			t.Errorf("%s alone, for a token: %s", b.want, r)
		}
		for _, inner := range breaks[i:] {
			inner.broken(&together)
		}
		if r := together.Admit(noon, &old); r != b.want {
			t.Errorf("%s with everything inside it: %s", b.want, r)
		}
	}
	if r := new(good()).Admit(noon, &old); r != Superseded {
		t.Errorf("a token of an earlier life: %s", r)
	}
}

func TestCredentialIsValidFromItsFirstMicrosecondToItsLast(t *testing.T) {
	s := good()
	for at, want := range map[int64]Refusal{
		s.NotBefore - 1: CredentialNotYetValid, s.NotBefore: Admitted, s.Expires - 1: Admitted, s.Expires: CredentialExpired,
	} {
		if r := s.Admit(time.UnixMicro(at), nil); r != want {
			t.Errorf("at %d: %s, want %s", at, r, want)
		}
	}
	s.NotBefore, s.Expires = 0, 0
	for _, at := range []time.Time{time.UnixMicro(1), noon.AddDate(900, 0, 0)} {
		if r := s.Admit(at, nil); r != Admitted {
			t.Errorf("an unbounded credential at %s: %s", at, r)
		}
	}
}

// A random history of disabling, enabling and restoring, beside a model that only remembers which tokens have died.
func TestTokensDieWithEveryDisablingAndNeverComeBack(t *testing.T) {
	type token struct {
		carried Epochs
		dead    bool
	}
	rapid.Check(t, func(t *rapid.T) {
		s := good()
		var tokens []token
		parts := []struct {
			enabled *bool
			epoch   *uint32
		}{
			{&s.EnvironmentEnabled, &s.Epochs.Environment}, {&s.APIEnabled, &s.Epochs.API},
			{&s.ApplicationEnabled, &s.Epochs.Application}, {&s.CredentialEnabled, &s.Epochs.Credential},
		}
		allDie := func() {
			for i := range tokens {
				tokens[i].dead = true
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"issue": func(*rapid.T) {
				if s.Admit(noon, nil) == Admitted {
					tokens = append(tokens, token{carried: s.Epochs})
				}
			},
			"disable": func(t *rapid.T) {
				part := rapid.SampledFrom(parts).Draw(t, "part")
				if *part.enabled {
					*part.enabled = false
					*part.epoch++
					allDie()
				}
			},
			"enable": func(t *rapid.T) { *rapid.SampledFrom(parts).Draw(t, "part").enabled = true },
			"restore": func(t *rapid.T) {
				// Everything is as it was before, epochs too; only the incarnation is another.
				s.Epochs.Incarnation = rapid.Uint64Min(100).Draw(t, "incarnation") + s.Epochs.Incarnation
				for _, part := range parts {
					*part.epoch -= min(*part.epoch, 2)
				}
				allDie()
			},
			"": func(t *rapid.T) {
				for _, k := range tokens {
					want := !k.dead && s.EnvironmentEnabled && s.APIEnabled && s.ApplicationEnabled && s.CredentialEnabled
					if got := s.Admit(noon, &k.carried) == Admitted; got != want {
						t.Fatalf("token %+v at %+v: admitted %v, want %v", k, s, got, want)
					}
				}
			},
		})
	})
}

func TestNodeBehindTheLedgerIsToldByAnEpochAhead(t *testing.T) {
	known := good().Epochs
	for name, ahead := range map[string]func(*Epochs){
		"environment": func(e *Epochs) { e.Environment++ }, "API": func(e *Epochs) { e.API++ },
		"application": func(e *Epochs) { e.Application++ }, "credential": func(e *Epochs) { e.Credential++ },
	} {
		carried := known
		ahead(&carried)
		if !carried.Exceeds(known) || carried.Precedes(known) || known.Exceeds(carried) || !known.Precedes(carried) {
			t.Errorf("%s: %+v and %+v are not put in order", name, carried, known)
		}
	}
	if known.Exceeds(known) || known.Precedes(known) {
		t.Error("equal epochs precede or exceed each other")
	}
}

func TestEveryRefusalHasAWordAndASentenceInPlainASCII(t *testing.T) {
	seen := map[string]bool{}
	for r := Unknown; r <= Malformed; r++ {
		if r.String() == "" || seen[r.String()] || r.Sentence() == "" {
			t.Errorf("refusal %d: %q, %q", r, r.String(), r.Sentence())
		}
		seen[r.String()] = true
		for _, c := range []byte(r.String() + r.Sentence()) {
			if c < ' ' || c > '~' || c == '"' || c == '\\' {
				t.Errorf("%s: the character %q may not stand in an error_description (RFC 6749 §5.2)", r, c)
			}
		}
	}
	if Admitted.String() != "" || Admitted.Sentence() != "" {
		t.Error("being admitted is called a refusal")
	}
}
