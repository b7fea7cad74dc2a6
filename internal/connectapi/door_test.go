package connectapi_test

import (
	"encoding/base32"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"

	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/provider"
	"github.com/counterfoil/counterfoil/internal/connect/session"
	"github.com/counterfoil/counterfoil/internal/db"
	"github.com/counterfoil/counterfoil/internal/ledger"
	"github.com/counterfoil/counterfoil/internal/seal"
)

// ping is a connector's name and the provider whose four fields the tests fill in.
const ping = "pingone"

func TestCustomerConnectsOnceAndNothingSecretIsSeen(t *testing.T) {
	each(t, func(s *site) {
		s.connector(ping, ping, connect.Settings{})
		id, token := s.session(session.Spec{Connectors: []string{ping}, Spec: connect.Spec{
			Tags: map[string]string{"plan": "gold"}, EndUser: connect.EndUser{ID: "u1", DisplayName: "Ada <b>Lovelace"},
		}})
		b := s.browser()
		var seen strings.Builder
		note := func(a *answer) *answer {
			fmt.Fprint(&seen, a.Header.Get("Location"), a.Text)
			return a
		}
		at := own + "/enter/" + id.String()
		note(b.get(at)).wants(t, "the link", 200, "Connect an account")
		at = b.enter(id, token)
		note(b.get(at+"/form")).wants(t, "the form", 200, "Connect PingOne", "Ada &lt;b&gt;Lovelace", `name="f.client_secret" type="password" value=""`)
		note(b.post(at+"/try", filled(ping, "typo")...)).wants(t, "a failed try", 422, "Connect PingOne",
			"nothing was stored", "Check the client.", client, tenant, `value="eu" selected`, "one of these", "not reached", `data-error="check_failed"`)
		if n := len(s.connections()); n != 0 {
			t.Fatalf("a failed try stored %d", n)
		}
		a := note(b.post(at+"/try", filled(ping, " "+secret+" ")...))
		if a.StatusCode != http.StatusSeeOther {
			t.Fatalf("%d %s", a.StatusCode, a.Text)
		}
		note(b.get(a.Header.Get("Location"))).wants(t, "the end", 200, "PingOne is connected", "There was a blank around this", `data-event="connected"`)
		all := s.connections()
		if len(all) != 1 || all[0].Tags["plan"] != "gold" || all[0].EndUser.ID != "u1" || all[0].Values["tld"] != "eu" || all[0].State != connect.Healthy {
			t.Fatalf("%+v", all)
		}
		for what, text := range map[string]string{"pages": seen.String(), "log": s.logged()} {
			for _, canary := range []string{secret, "typo", "access-canary", token, token[10:40]} {
				if strings.Contains(text, canary) {
					t.Errorf("the %s have %q", what, canary)
				}
			}
		}
	})
}

func TestLinkThatIsOverSaysWhyToWhoeverHasIt(t *testing.T) {
	each(t, func(s *site) {
		s.connector(ping, ping, connect.Settings{})
		expire := func(id uuid.UUID) {
			s.Write(func(tx *db.Tx) error {
				_, err := tx.Exec(`UPDATE connect_session SET expires_at = $1 WHERE id = $2`, db.Micros(tx.Now()), id.String())
				return err
			})
		}
		used, usedToken := s.session(session.Spec{Connectors: []string{ping}, Language: "de"})
		b := s.browser()
		if a := b.post(b.enter(used, usedToken)+"/try", filled(ping, secret)...); a.StatusCode != http.StatusSeeOther {
			t.Fatal(a.Text)
		}
		again := s.browser()
		at := again.enter(used, usedToken)
		again.get(at+"/form").wants(t, "a replay", 410, "Dieser Link wurde schon benutzt")
		again.post(at+"/try", filled(ping, secret)...).wants(t, "a second use", 410, "Dieser Link wurde schon benutzt")
		late, lateToken := s.session(session.Spec{Connectors: []string{ping}})
		at = b.enter(late, lateToken)
		expire(late)
		b.get(at+"/form").wants(t, "too late", 410, "This link has expired")
		b.post(at+"/try", filled(ping, secret)...).wants(t, "too late to try", 410, "This link has expired")
		// Whoever has not the whole token hears the same of all of them.
		_, other := s.session(session.Spec{Connectors: []string{ping}})
		for what, id := range map[string]uuid.UUID{"used": used, "late": late, "none": uuid.New()} {
			b := s.browser()
			stranger := own + "/enter/" + id.String()
			b.get(stranger+"/form").wants(t, what+" without a token", 404, "This link does not work")
			b.post(stranger, "token", other).wants(t, what+" with another's", 404, "This link does not work")
			b.post(stranger+"/form", "session", other).wants(t, what+" with another's in a form", 404, "This link does not work")
			forged := forge(t, id, other)
			b.post(stranger+"/form", "session", forged).wants(t, what+" with a forged one", 404, "This link does not work")
		}
		if n := len(s.connections()); n != 1 {
			t.Errorf("%d connections", n)
		}
	})
}

// forge writes a token with the id of one session and the secret of another.
func forge(t *testing.T, id uuid.UUID, other string) string {
	t.Helper()
	letters := base32.NewEncoding("abcdefghijklmnopqrstuvwxyz234567")
	raw, err := letters.DecodeString(strings.TrimPrefix(other, session.Prefix))
	if err != nil {
		t.Fatal(err)
	}
	return session.Prefix + letters.EncodeToString(append(id[:], raw[len(id):]...))
}

func TestTriesAreCountedHoweverManyComeAtOnce(t *testing.T) {
	each(t, func(s *site) {
		s.connector(ping, ping, connect.Settings{})
		id, token := s.session(session.Spec{Connectors: []string{ping}})
		at := s.browser().enter(id, token)
		var refused atomic.Int32
		var trying sync.WaitGroup
		for range 6 {
			trying.Go(func() {
				b := s.browser()
				for range 4 {
					a := b.post(at+"/try", append(filled(ping, "guess"), "session", token)...)
					if a.StatusCode == http.StatusGone {
						refused.Add(1)
					}
				}
			})
		}
		trying.Wait()
		if s.Far.calls != session.MaxTries || refused.Load() != 24-session.MaxTries {
			t.Errorf("the provider was called %d times, %d tries were refused", s.Far.calls, refused.Load())
		}
		// What does not fit its field calls nobody and is no try.
		id, token = s.session(session.Spec{Connectors: []string{ping}})
		b := s.browser()
		at = b.enter(id, token)
		for range session.MaxTries + 1 {
			b.post(at+"/try", "connector", ping, "f.client_id", "x").wants(t, "a typo", 422, "Connect PingOne", "This is no UUID", `data-error="invalid"`)
		}
		if a := b.post(at+"/try", filled(ping, secret)...); a.StatusCode != http.StatusSeeOther {
			t.Errorf("after typos: %d %s", a.StatusCode, a.Text)
		}
	})
}

func TestOfTwoWhoFinishAtOnceOneIsStored(t *testing.T) {
	each(t, func(s *site) {
		s.connector(ping, ping, connect.Settings{})
		id, token := s.session(session.Spec{Connectors: []string{ping}})
		at := s.browser().enter(id, token)
		var both sync.WaitGroup
		both.Add(2)
		s.Far.during = func() { both.Done(); both.Wait() } // both have been let in
		var stored atomic.Int32
		var trying sync.WaitGroup
		for range 2 {
			trying.Go(func() {
				a := s.browser().post(at+"/try", append(filled(ping, secret), "session", token)...)
				if a.StatusCode == http.StatusOK && strings.Contains(a.Text, `data-event="connected"`) {
					stored.Add(1)
				} else if a.StatusCode != http.StatusGone {
					t.Errorf("%d %s", a.StatusCode, a.Text)
				}
			})
		}
		trying.Wait()
		if n := len(s.connections()); n != 1 || stored.Load() != 1 {
			t.Errorf("%d connections, %d were told so", n, stored.Load())
		}
	})
}

func TestConnectingAgainKeepsTheConnection(t *testing.T) {
	each(t, func(s *site) {
		s.connector(ping, ping, connect.Settings{})
		var former *connect.Connection
		s.Write(func(tx *db.Tx) error {
			c, err := connect.NamedConnector(tx, s.Home.ID, ping)
			if err != nil {
				return err
			}
			former, err = s.Connect.Create(tx, ledger.System, c, connect.Spec{Tags: map[string]string{"plan": "gold"}}, connect.Filled{
				Values:  map[string]string{"client_id": client, "environment_id": tenant, "tld": "asia"},
				Secrets: map[string]seal.Secret{"client_secret": seal.NewSecret("old-canary")},
			}, nil, "")
			if err != nil {
				return err
			}
			_, err = s.Connect.SetHealth(tx, s.Home.ID, former.ID, connect.Health{State: connect.Failing, Stage: provider.AppEnabled, Reason: "It is switched off."})
			return err
		})
		id, token := s.session(session.Spec{Connection: former.ID, Language: "en"})
		b := s.browser()
		at := b.enter(id, token)
		form := b.get(at + "/form")
		form.wants(t, "the form", 200, "Connect PingOne again", client, tenant, `value="asia" selected`, "It is switched off.", "Failing since")
		if strings.Contains(form.Text, "old-canary") {
			t.Error("the form has the former secret")
		}
		// A blank secret does not mean the former one: whoever has the link could have it sent to a host of their own.
		b.post(at+"/try", filled(ping, "")...).wants(t, "without a secret", 422, "Connect PingOne again", "This is needed.")
		a := b.post(at+"/try", filled(ping, secret)...)
		b.get(a.Header.Get("Location")).wants(t, "the end", 200, "PingOne is connected again", `data-event="reconnected"`)
		all := s.connections()
		if len(all) != 1 || all[0].ID != former.ID || all[0].Tags["plan"] != "gold" || all[0].State != connect.Healthy || all[0].Values["tld"] != "eu" {
			t.Errorf("%+v", all)
		}
	})
}

func TestPresetsAreNotAskedForAndCannotBeOverwritten(t *testing.T) {
	each(t, func(s *site) {
		s.connector(ping, ping, connect.Settings{Presets: map[string]string{"tld": "ca"}})
		id, token := s.session(session.Spec{Connectors: []string{ping}, Presets: map[string]map[string]string{ping: {"environment_id": tenant}}})
		b := s.browser()
		at := b.enter(id, token)
		if a := b.get(at + "/form"); strings.Contains(a.Text, "f.tld") || strings.Contains(a.Text, "f.environment_id") {
			t.Errorf("the form asks for what is preset: %s", a.Text)
		}
		b.post(at+"/try", filled(ping, secret)...)
		if all := s.connections(); len(all) != 1 || all[0].Values["tld"] != "ca" {
			t.Errorf("%+v", all)
		}
		bad, token := s.session(session.Spec{Connectors: []string{ping}, Presets: map[string]map[string]string{ping: {"environment_id": "nonsense"}}})
		b.post(b.enter(bad, token)+"/try", filled(ping, secret)...).wants(t, "a preset that does not fit", 422, "Something was set up wrongly")
	})
}

func TestSeveralConnectorsAreChosenFromAndNoOthers(t *testing.T) {
	each(t, func(s *site) {
		s.connector(ping, "one", connect.Settings{})
		s.connector("counterfoil", "two", connect.Settings{})
		s.connector(ping, "secret-third", connect.Settings{})
		id, token := s.session(session.Spec{Connectors: []string{"one", "two"}})
		b := s.browser()
		at := b.enter(id, token)
		a := b.get(at + "/form")
		a.wants(t, "the choice", 200, "What do you want to connect?", `value="one"`, `value="two"`)
		if strings.Contains(a.Text, "secret-third") {
			t.Error("a connector is offered that the session does not name")
		}
		b.post(at+"/form", "connector", "two").wants(t, "the second", 200, "Connect Counterfoil")
		b.post(at+"/form", "connector", "secret-third").wants(t, "another", 200, "What do you want to connect?")
		b.post(at+"/try", filled("secret-third", secret)...).wants(t, "another's fields", 409, "This cannot be connected now")
		// One that is switched off meanwhile, and one that is while it is tried.
		switchOff := func(name string) {
			s.Write(func(tx *db.Tx) error {
				c, err := connect.NamedConnector(tx, s.Home.ID, name)
				if err == nil {
					_, err = s.Connect.SetConnectorEnabled(tx, &s.Operator, c.ID, 0, false)
				}
				return err
			})
		}
		switchOff("two")
		b.get(at+"/form").wants(t, "one is left", 200, "Connect PingOne")
		s.Far.during = func() { switchOff("one") }
		b.post(at+"/try", filled("one", secret)...).wants(t, "switched off while it is tried", 409, "This cannot be connected now")
		b.get(at+"/form").wants(t, "none is left", 200, "This cannot be connected now", `data-error="unavailable"`)
		if n := len(s.connections()); n != 0 {
			t.Errorf("%d connections", n)
		}
	})
}

func TestWhatIsPastedIsSortedIntoFieldsAndNoSecretComesBack(t *testing.T) {
	each(t, func(s *site) {
		s.connector(ping, ping, connect.Settings{})
		id, token := s.session(session.Spec{Connectors: []string{ping}})
		b := s.browser()
		at := b.enter(id, token)
		env := "# ä𝄞 of the customer\nCLIENT_ID=" + client + "\nCLIENT_SECRET=\"" + secret + "\"\n"
		a := b.post(at+"/paste", "connector", ping, "text", env)
		if a.StatusCode != 200 || strings.Contains(a.Text, secret) || !strings.Contains(a.Text, client) || !strings.Contains(a.Text, `"said":"Client ID, Client Secret"`) {
			t.Fatalf("%d %s", a.StatusCode, a.Text)
		}
		from := len([]rune(env[:strings.Index(env, secret)])) + 1 // the clef is two units
		if want := fmt.Sprintf(`"client_secret":{"from":%d,"to":%d}`, from, from+len(secret)); !strings.Contains(a.Text, want) {
			t.Errorf("%s lacks %s", a.Text, want)
		}
		a = b.post(at+"/paste", "connector", ping, "text", "https://api.pingone.eu/v1/environments/"+tenant)
		if !strings.Contains(a.Text, `"tld":{"value":"eu"}`) || !strings.Contains(a.Text, `"environment_id":{"value":"`+tenant+`"}`) {
			t.Errorf("an address: %s", a.Text)
		}
		if a := b.post(at+"/paste", "connector", ping, "text", "just words"); a.Text != "{}" {
			t.Errorf("words: %s", a.Text)
		}
		if a := s.browser().post(at+"/paste", "connector", ping, "text", env); a.StatusCode != 404 {
			t.Errorf("without a token: %d %s", a.StatusCode, a.Text)
		}
		// Without scripts the same happens when the form is sent.
		a = b.post(at+"/try", "connector", ping, "f.client_id", client, "f.client_secret", secret,
			"f.environment_id", "https://api.pingone.eu/v1/environments/"+tenant, "f.tld", "")
		if a.StatusCode != http.StatusSeeOther {
			t.Errorf("a pasted address: %d %s", a.StatusCode, a.Text)
		}
		if all := s.connections(); len(all) != 1 || all[0].Values["environment_id"] != tenant || all[0].Values["tld"] != "eu" {
			t.Errorf("%+v", all)
		}
	})
}

func TestJourneyToAProviderEndsInTheBrowserThatBeganIt(t *testing.T) {
	each(t, func(s *site) {
		s.agreeable()
		var token string
		begin := func(b *browser) (back string, id uuid.UUID) {
			id, token = s.session(session.Spec{Connectors: []string{"agree"}})
			a := b.post(b.enter(id, token)+"/agree", "connector", "agree")
			if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Header.Get("Location"), "https://far.example/authorize?") {
				t.Fatalf("%d %s %s", a.StatusCode, a.Header.Get("Location"), a.Text)
			}
			return "/connect/callback?" + url.Values{"code": {"good"}, "state": {s.Far.state}}.Encode(), id
		}
		b := s.browser()
		back, first := begin(b)
		if a := b.post(own+"/enter/"+first.String()+"/look", "session", token); a.Text != `{"over":false}` {
			t.Errorf("not over: %s", a.Text)
		}
		mine := token
		// Another browser, with or without a journey of its own, does not end it: neither can it be sent there by somebody.
		s.browser().get(back).wants(t, "another browser", 404, "This link does not work")
		victim := s.browser()
		begin(victim)
		victim.get(back).wants(t, "with a journey of its own", 404, "This link does not work")
		if n := len(s.connections()); n != 0 {
			t.Fatalf("%d connections", n)
		}
		a := b.get(back)
		if a.StatusCode != http.StatusSeeOther {
			t.Fatalf("%d %s", a.StatusCode, a.Text)
		}
		token = mine
		b.get(a.Header.Get("Location")).wants(t, "the end", 200, "Agreeable is connected")
		// The page in a frame that opened another window for this asks until it is over, and shows the end as well.
		done := own + "/enter/" + first.String()
		waiting := s.browser()
		waiting.framed = true
		if a := waiting.post(done+"/look", "session", token); a.Text != `{"over":true}` {
			t.Errorf("over: %s", a.Text)
		}
		waiting.post(done+"/done", "session", token).wants(t, "the end in the frame", 200, "Agreeable is connected", `data-event="connected"`)
		if n := len(s.connections()); n != 1 {
			t.Fatalf("%d connections", n)
		}
		b.get(back).wants(t, "once more", 404, "This link does not work")
		// A refusal, a code that is no good, and a state of nobody's.
		back, _ = begin(b)
		injected := strings.Replace(back, "code=good", "error=access_denied&error_description=%3Cscript%3Eraw-body-canary", 1)
		if a := b.get(injected); a.StatusCode != 403 || strings.Contains(a.Text, "raw-body-canary") {
			t.Errorf("refused: %d %s", a.StatusCode, a.Text)
		}
		back, _ = begin(b)
		if a := b.get(strings.Replace(back, "code=good", "code=bad", 1)); a.StatusCode != 502 || strings.Contains(a.Text, "raw-body-canary") {
			t.Errorf("a bad code: %d %s", a.StatusCode, a.Text)
		}
		for _, state := range []string{"", "a.b.c", s.Home.ID.String() + "." + uuid.NewString() + ".x", strings.Repeat(".", 5000)} {
			b.get("/connect/callback?"+url.Values{"code": {"good"}, "state": {state}}.Encode()).wants(t, "state "+state[:min(len(state), 40)], 404, "This link does not work")
		}
		if n := len(s.connections()); n != 1 {
			t.Errorf("%d connections", n)
		}
	})
}

func TestJourneyOutlivesANewSealingKeyAndNotItsSession(t *testing.T) {
	each(t, func(s *site) {
		s.agreeable()
		begin := func(b *browser) string {
			id, token := s.session(session.Spec{Connectors: []string{"agree"}})
			b.post(b.enter(id, token)+"/agree", "connector", "agree")
			return "/connect/callback?" + url.Values{"code": {"good"}, "state": {s.Far.state}}.Encode()
		}
		b := s.browser()
		back := begin(b)
		if err := s.Environments.Rekey(t.Context(), s.DB); err != nil {
			t.Fatal(err)
		}
		if a := b.get(back); a.StatusCode != http.StatusSeeOther {
			t.Errorf("after a new key: %d %s", a.StatusCode, a.Text)
		}
		// What was begun and never ended is gone with its session, whenever that is forgotten.
		id, token := s.session(session.Spec{Connectors: []string{"agree"}})
		b.post(b.enter(id, token)+"/agree", "connector", "agree")
		s.Write(func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE connect_session SET expires_at = 1 WHERE id = $1`, id.String())
			return err
		})
		if err := session.Forget(t.Context(), s.DB); err != nil {
			t.Fatal(err)
		}
		b.get("/connect/callback?"+url.Values{"code": {"good"}, "state": {s.Far.state}}.Encode()).wants(t, "forgotten", 404, "This link does not work")
		if n := len(s.connections()); n != 1 {
			t.Errorf("%d connections", n)
		}
	})
}
