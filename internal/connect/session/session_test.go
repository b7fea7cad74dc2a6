package session_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/connect/session"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/roomtest"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// insertConnector stands in for a connector of a provider that the catalogue need not have.
const insertConnector = `
INSERT INTO connector (environment_id, id, name, provider, title, description, enabled, settings, version, created_by, created_at, updated_at)
VALUES ($1, $2, $3, $4, '', '', $5, $6, 1, 'test', 0, 0)`

func authority(r *roomtest.Rooms) *session.Authority {
	return &session.Authority{Connect: &connect.Authority{Vault: r.Vault, Catalogue: &provider.Catalogue{}}}
}

func addConnector(r *roomtest.Rooms, name string, enabled bool, settings string) {
	r.Helper()
	r.Write(func(tx *db.Tx) error {
		_, err := tx.Exec(insertConnector, r.Home.ID.String(), uuid.NewString(), name, "some", enabled, settings)
		return err
	})
}

func create(r *roomtest.Rooms, spec session.Spec) (s *session.Session, token seal.Secret) {
	r.Helper()
	r.Write(func(tx *db.Tx) (err error) {
		s, token, err = authority(r).Create(tx, &r.Operator, spec)
		return err
	})
	return s, token
}

func open(r *roomtest.Rooms, token seal.Secret) (s *session.Session, err error) {
	r.Helper()
	err = r.DB.Read(r.Context(), func(tx *db.Tx) (err error) {
		s, err = authority(r).Open(tx, r.Home.ID, token)
		return err
	})
	return s, err
}

func TestSessionIsOpenedByItsWholeTokenAlone(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		addConnector(r, "pay-roll", true, `{"origins":["https://app.example"]}`)
		made, token := create(r, session.Spec{
			Connectors: []string{"pay-roll"}, Origins: []string{"https://own.example"}, ReturnTo: "https://app.example/done?x=1",
			Spec: connect.Spec{Tags: map[string]string{"Plan": "gold"}, EndUser: connect.EndUser{ID: "u1", Email: "ada@example.com"}},
		})
		text := token.Reveal()
		if len(text) != session.TokenLength || !strings.HasPrefix(text, session.Prefix) || made.ExpiresAt.Sub(made.CreatedAt) != session.DefaultLife {
			t.Fatalf("%d characters, lasts %s", len(text), made.ExpiresAt.Sub(made.CreatedAt))
		}
		s, err := open(r, token)
		if err != nil || s.ID != made.ID || s.Carried.Tags["plan"] != "gold" || s.Carried.EndUser.ID != "u1" || s.ReturnTo != "https://app.example/done?x=1" {
			t.Fatalf("%+v %v", s, err)
		}
		var sites []string
		r.Write(func(tx *db.Tx) (err error) {
			sites, err = s.Sites(tx)
			return err
		})
		if strings.Join(sites, " ") != "https://app.example https://own.example" {
			t.Errorf("framed by %v", sites)
		}
		last := "a"
		if strings.HasSuffix(text, "a") {
			last = "b"
		}
		for what, wrong := range map[string]string{
			"another secret": text[:len(text)-1] + last, "no token": "", "a short one": text[:40], "a long one": text + "a",
			"another prefix": "cfs_" + text[4:], "another id": session.Prefix + "aaaa" + text[8:], "line breaks": text[:50] + "\n" + text[51:],
		} {
			if _, err := open(r, seal.NewSecret(wrong)); err == nil || err.Error() != session.ErrUnknown.Error() {
				t.Errorf("%s: %v", what, err)
			}
		}
		err = r.DB.Read(r.Context(), func(tx *db.Tx) error {
			_, err := authority(r).Open(tx, uuid.New(), token)
			return err
		})
		if !fault.Is(err, fault.NotFound) {
			t.Errorf("in another environment: %v", err)
		}
		var stored string
		r.Write(func(tx *db.Tx) (err error) {
			stored, err = db.Value[string](tx, `SELECT settings FROM connect_session WHERE id = $1`, made.ID.String())
			return err
		})
		if strings.Contains(stored, text[30:]) {
			t.Error("the token is stored")
		}
	})
}

func TestWhoeverMakesASessionNeedsThePermission(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		addConnector(r, "pay-roll", true, `{}`)
		reader := r.Actor(access.ReadConnections, access.UseConnections)
		r.Refused("a reader", fault.Denied, func(tx *db.Tx) error {
			_, _, err := authority(r).Create(tx, &reader, session.Spec{Connectors: []string{"pay-roll"}})
			return err
		})
		writer := r.Actor(access.WriteConnections)
		r.Write(func(tx *db.Tx) error {
			s, _, err := authority(r).Create(tx, &writer, session.Spec{Connectors: []string{"pay-roll"}})
			if err != nil {
				return err
			}
			return authority(r).Withdraw(tx, &writer, s.ID)
		})
	})
}

func TestSessionSaysWhatDoesNotFit(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		addConnector(r, "on", true, `{}`)
		addConnector(r, "off", false, `{}`)
		on := []string{"on"}
		for what, c := range map[string]struct {
			field string
			spec  session.Spec
		}{
			"no connector":        {"connectors", session.Spec{}},
			"one that is not":     {"connectors", session.Spec{Connectors: []string{"none"}}},
			"one that is off":     {"connectors", session.Spec{Connectors: []string{"off"}}},
			"one twice":           {"connectors", session.Spec{Connectors: []string{"on", "on"}}},
			"too long a life":     {"expires_in", session.Spec{Connectors: on, Life: session.MaxLife + 1}},
			"a negative life":     {"expires_in", session.Spec{Connectors: on, Life: -1}},
			"a language":          {"language", session.Spec{Connectors: on, Language: "tlh"}},
			"a path as origin":    {"origins", session.Spec{Connectors: on, Origins: []string{"https://app.example/x"}}},
			"a policy in one":     {"origins", session.Spec{Connectors: on, Origins: []string{"https://app.example;script-src"}}},
			"two in one":          {"origins", session.Spec{Connectors: on, Origins: []string{"https://a.example,https://b.example"}}},
			"a star":              {"origins", session.Spec{Connectors: on, Origins: []string{"https://*.example"}}},
			"no TLS":              {"origins", session.Spec{Connectors: on, Origins: []string{"http://app.example"}}},
			"a way out elsewhere": {"return_to", session.Spec{Connectors: on, Origins: []string{"https://app.example"}, ReturnTo: "https://evil.example/"}},
			"a script as way out": {"return_to", session.Spec{Connectors: on, ReturnTo: "javascript:alert(1)"}},
			"a user in it":        {"return_to", session.Spec{Connectors: on, Origins: []string{"https://app.example"}, ReturnTo: "https://app.example@evil.example/"}},
			"docs elsewhere":      {"docs", session.Spec{Connectors: on, Docs: map[string]string{"off": "https://docs.example"}}},
			"docs that run":       {"docs", session.Spec{Connectors: on, Docs: map[string]string{"on": "javascript:alert(1)"}}},
			"a colour that is no": {"theme.light.primary", session.Spec{Connectors: on, Theme: session.Theme{Light: session.Colors{Primary: "red;}"}}}},
			"a mode":              {"theme.mode", session.Spec{Connectors: on, Theme: session.Theme{Mode: "sepia"}}},
			"a tag":               {"tags", session.Spec{Connectors: on, Spec: connect.Spec{Tags: map[string]string{"": "x"}}}},
			"presets of others":   {"presets", session.Spec{Connectors: on, Presets: map[string]map[string]string{"off": {}}}},
		} {
			err := r.DB.Write(r.Context(), func(tx *db.Tx) error {
				_, _, err := authority(r).Create(tx, &r.Operator, c.spec)
				return err
			})
			if field, _ := fault.Public(err); !fault.Is(err, fault.Invalid) || field != c.field {
				t.Errorf("%s: %v on %q, want %q", what, err, field, c.field)
			}
		}
		r.Refused("a connection that is not", fault.NotFound, func(tx *db.Tx) error {
			_, _, err := authority(r).Create(tx, &r.Operator, session.Spec{Connection: uuid.New()})
			return err
		})
	})
}

func TestForgottenSessionsAreThoseLongOver(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		addConnector(r, "on", true, `{}`)
		_, token := create(r, session.Spec{Connectors: []string{"on"}})
		living := map[int64]bool{}
		r.Write(func(tx *db.Tx) error { return session.PeppersInUse(tx, living) })
		age := func(by time.Duration) {
			r.Write(func(tx *db.Tx) error {
				_, err := tx.Exec(`UPDATE connect_session SET expires_at = $1`, db.Micros(tx.Now().Add(-by)))
				return err
			})
		}
		age(time.Hour)
		dead := map[int64]bool{}
		r.Write(func(tx *db.Tx) error { return session.PeppersInUse(tx, dead) })
		if !living[1] || len(dead) != 0 {
			t.Errorf("living sessions hang on %v, dead ones on %v", living, dead)
		}
		if err := session.Forget(t.Context(), r.DB); err != nil {
			t.Fatal(err)
		}
		if _, err := open(r, token); err == nil || err.Error() != session.ErrExpired.Error() {
			t.Errorf("an hour late: %v", err)
		}
		age(25 * time.Hour)
		if err := session.Forget(t.Context(), r.DB); err != nil {
			t.Fatal(err)
		}
		if _, err := open(r, token); err == nil || err.Error() != session.ErrUnknown.Error() {
			t.Errorf("a day late: %v", err)
		}
	})
}

func TestManyMakeSessionsAtOnce(t *testing.T) {
	roomtest.Each(t, func(r *roomtest.Rooms) {
		addConnector(r, "on", true, `{}`)
		var seen sync.Map
		var making sync.WaitGroup
		for range 8 {
			making.Go(func() {
				_, token := create(r, session.Spec{Connectors: []string{"on"}})
				if _, twice := seen.LoadOrStore(token.Reveal(), true); twice {
					t.Error("two sessions have one token")
				}
			})
		}
		making.Wait()
	})
}

func TestThemeWarnsOfColoursThatCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		theme session.Theme
		warns int
	}{
		"ours":                   {session.Theme{}, 0},
		"a deep blue":            {session.Theme{Light: session.Colors{Primary: "#0b3d91"}}, 0},
		"yellow":                 {session.Theme{Light: session.Colors{Primary: "#ffe94d"}}, 1}, // black on it is fine, it on white is not
		"grey on grey":           {session.Theme{Dark: session.Colors{Surface: "#777777", Text: "#888888", Muted: "#808080", Primary: "#7a7a7a"}}, 3},
		"white on a light green": {session.Theme{Light: session.Colors{Primary: "#90ee90", OnPrimary: "#ffffff"}}, 2},
	} {
		warnings, err := c.theme.Check()
		if err != nil || len(warnings) != c.warns {
			t.Errorf("%s: %q %v, want %d warnings", name, warnings, err, c.warns)
		}
	}
	if got := session.Contrast("#000000", "#ffffff"); got < 20.99 || got > 21.01 {
		t.Errorf("black on white is %.2f to 1", got)
	}
	for _, set := range []session.Colors{session.OurLight, session.OurDark} {
		if warnings, err := (&session.Theme{Light: set}).Check(); err != nil || len(warnings) != 0 {
			t.Errorf("our own: %q %v", warnings, err)
		}
	}
}

func FuzzTokensOfStrangersAreRefused(f *testing.F) {
	f.Add("cfc_" + strings.Repeat("a", 80))
	f.Add("cfc_" + strings.Repeat("=", 80))
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		if id, ok := session.Parse(text); ok && session.Format(id, text) != strings.ToLower(text) {
			t.Errorf("%q is read as another token", text)
		}
	})
}
