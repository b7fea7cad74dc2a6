package connectapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/connect"
	"github.com/counterfoil/counterfoil/internal/connect/session"
	"github.com/counterfoil/counterfoil/internal/db"
)

func frameAncestors(a *answer) string {
	_, rest, _ := strings.Cut(a.Header.Get("Content-Security-Policy"), "frame-ancestors ")
	return rest
}

func TestOnlyTheSitesOfASessionMayFrameIt(t *testing.T) {
	each(t, func(s *site) {
		s.connector(ping, ping, connect.Settings{Origins: []string{"https://shop.example"}})
		id, token := s.session(session.Spec{Connectors: []string{ping}, Origins: []string{"https://app.example:8443"}})
		b := s.browser()
		b.framed = true
		at := own + "/enter/" + id.String()
		const sites = "https://app.example:8443 https://shop.example"
		shell := b.get(at)
		form := b.post(at, "token", token, "framed", "1")
		form.wants(t, "the form in a frame", 200, "Connect PingOne", `name="session" value="`+token+`"`, `data-sites="`+sites+`"`)
		failed := b.post(at+"/try", append(filled(ping, "typo"), "session", token)...)
		done := b.post(at+"/try", append(filled(ping, secret), "session", token)...)
		done.wants(t, "the end in a frame", 200, "PingOne is connected", "data-close")
		for what, a := range map[string]*answer{"the link": shell, "the form": form, "a failed try": failed, "the end": done} {
			if frameAncestors(a) != sites || a.Header.Get("X-Frame-Options") != "" || len(a.Cookies()) != 0 {
				t.Errorf("%s: framed by %q, X-Frame-Options %q, cookies %v", what, frameAncestors(a), a.Header.Get("X-Frame-Options"), a.Cookies())
			}
		}
		alone, token := s.session(session.Spec{Connectors: []string{ping}})
		s.Write(func(tx *db.Tx) error {
			c, err := connect.NamedConnector(tx, s.Home.ID, ping)
			if err == nil {
				_, err = s.Connect.ChangeConnector(tx, &s.Operator, c.ID, 0, func(spec *connect.ConnectorSpec) { spec.Settings.Origins = nil })
			}
			return err
		})
		at = own + "/enter/" + alone.String()
		for what, a := range map[string]*answer{
			"a link without sites": b.get(at), "its form": b.post(at, "token", token, "framed", "1"), "no session": b.get(own + "/enter/none"),
			"the bare page": b.get(own), "somebody else's": b.post(at, "token", "x"),
		} {
			if frameAncestors(a) != "'none'" || a.Header.Get("X-Frame-Options") != "DENY" {
				t.Errorf("%s: framed by %q, X-Frame-Options %q", what, frameAncestors(a), a.Header.Get("X-Frame-Options"))
			}
		}
	})
}

func TestPagesAreInertAndKeptByNobody(t *testing.T) {
	each(t, func(s *site) {
		s.connector(ping, ping, connect.Settings{})
		s.Far.hint = `<script>alert(1)</script>" onload="x`
		s.Write(func(tx *db.Tx) error {
			c, err := connect.NamedConnector(tx, s.Home.ID, ping)
			if err == nil {
				_, err = s.Connect.ChangeConnector(tx, &s.Operator, c.ID, 0, func(spec *connect.ConnectorSpec) {
					spec.Title, spec.Settings.Docs = "</title><script>title()</script>\r\nX-Injected: 1", "javascript:alert(1)"
				})
			}
			return err
		})
		id, token := s.session(session.Spec{
			Connectors: []string{ping}, Theme: session.Theme{Mode: "dark", Dark: session.Colors{Primary: "#C4B5FD"}},
			Spec: connect.Spec{EndUser: connect.EndUser{DisplayName: `"><img src=x onerror=alert(1)>`}},
		})
		b := s.browser()
		at := b.enter(id, token)
		pages := []*answer{b.get(at), b.get(at + "/form"), b.post(at+"/try", filled(ping, `"><script>typed()</script>`)...), b.post(at+"/try", "connector", ping, "f.client_id", `"><script>typed()</script>`)}
		for _, a := range pages {
			for name, want := range map[string]string{
				"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff", "Content-Type": "text/html; charset=utf-8",
				"X-Robots-Tag": "noindex, nofollow, noarchive", "X-Injected": "",
			} {
				if got := a.Header.Get(name); got != want {
					t.Errorf("%s: %q, want %q", name, got, want)
				}
			}
			policy := a.Header.Get("Content-Security-Policy")
			if strings.Contains(policy, "unsafe") || strings.Contains(policy, "*") || !strings.HasPrefix(policy, "default-src 'none'; script-src 'sha256-") {
				t.Errorf("policy %s", policy)
			}
			if n := strings.Count(a.Text, "<script"); n != 1 {
				t.Errorf("%d scripts: %s", n, a.Text)
			}
			for _, bad := range []string{"<img", `href="javascript`, "onerror=alert(1)>"} {
				if strings.Contains(a.Text, bad) {
					t.Errorf("%s in %s", bad, a.Text)
				}
			}
		}
		if !strings.Contains(pages[1].Text, "--accent:#C4B5FD") || strings.Contains(pages[1].Text, "prefers-color-scheme") {
			t.Errorf("the theme: %s", pages[1].Text)
		}
	})
}

func TestCookieIsForThePagesOfItsSessionAlone(t *testing.T) {
	each(t, func(s *site) {
		s.connector(ping, ping, connect.Settings{})
		id, token := s.session(session.Spec{Connectors: []string{ping}})
		at := own + "/enter/" + id.String()
		a := s.browser().post(at, "token", "  "+issuer+"/connect/enter/"+id.String()+"#"+token+" ") // people paste whole links
		if cookies := a.Cookies(); len(cookies) != 1 || cookies[0].Name != "__Secure-connect" || cookies[0].Path != at || !cookies[0].HttpOnly ||
			!cookies[0].Secure || cookies[0].SameSite != http.SameSiteLaxMode {
			t.Errorf("%+v", cookies)
		}
		if a := s.browser().post(own, "token", token); a.Header.Get("Location") != at+"/form" || a.Cookies()[0].Path != at {
			t.Errorf("without the id: %v", a.Header)
		}
		// A cookie that another page of this host slipped in does not change which session a page is about.
		other, otherToken := s.session(session.Spec{Connectors: []string{ping}})
		b := s.browser()
		b.enter(id, token)
		b.cookies["x"] = &http.Cookie{Name: "__Secure-connect", Value: otherToken, Path: own + "/enter/" + other.String()}
		b.get(at+"/form").wants(t, "two sessions", 200, "Connect PingOne", id.String())
		b.cookies = map[string]*http.Cookie{"x": {Name: "__Secure-connect", Value: otherToken, Path: at}}
		b.get(at+"/form").wants(t, "another session's token", 404, "This link does not work")
		// Nor is a token taken from the address.
		s.browser().get(at+"/form?session="+token+"&token="+token).wants(t, "in the query", 404, "This link does not work")
	})
}

func TestOtherSitesMakeNobodysBrowserSubmit(t *testing.T) {
	each(t, func(s *site) {
		s.connector(ping, ping, connect.Settings{})
		id, token := s.session(session.Spec{Connectors: []string{ping}})
		b := s.browser()
		at := b.enter(id, token)
		for _, from := range []string{"cross-site", "same-site"} {
			b.site_ = from
			for _, path := range []string{own, at, at + "/form", at + "/try", at + "/paste", at + "/agree", at + "/look"} {
				a := b.post(path, append(filled(ping, secret), "token", token, "session", token)...)
				if a.StatusCode != http.StatusForbidden || len(a.Cookies()) != 0 {
					t.Errorf("%s from a %s: %d %s", path, from, a.StatusCode, a.Text)
				}
			}
		}
		if s.Far.calls != 0 || len(s.connections()) != 0 {
			t.Error("something was tried")
		}
	})
}

func TestSessionsOfDisabledEnvironmentsAreUnknown(t *testing.T) {
	each(t, func(s *site) {
		s.connector(ping, ping, connect.Settings{})
		id, token := s.session(session.Spec{Connectors: []string{ping}})
		b := s.browser()
		at := b.enter(id, token)
		s.Place.Enabled = false
		b.get(at+"/form").wants(t, "disabled", 404, "This link does not work")
		b.post(at+"/try", filled(ping, secret)...).wants(t, "disabled", 404, "This link does not work")
	})
}

func TestPageSpeaksWhatTheSessionOrTheBrowserSays(t *testing.T) {
	each(t, func(s *site) {
		s.connector(ping, ping, connect.Settings{})
		open, token := s.session(session.Spec{Connectors: []string{ping}})
		b := s.browser()
		at := b.enter(open, token)
		for accept, heading := range map[string]string{
			"": "Connect PingOne", "tlh": "Connect PingOne", "de-AT,en;q=0.5": "PingOne verbinden", "en;q=0.1, fr;q=0.9": "Connecter PingOne",
			"es": "Conectar PingOne", "ja": "PingOne を接続する", "de;q=0,ja;q=x,es": "Conectar PingOne",
		} {
			b.get(at+"/form", "Accept-Language", accept).wants(t, accept, 200, heading)
		}
		fixed, token := s.session(session.Spec{Connectors: []string{ping}, Language: "ja"})
		b.get(b.enter(fixed, token)+"/form", "Accept-Language", "de").wants(t, "of the session", 200, "PingOne を接続する", `<html lang="ja">`)
	})
}

func TestWhereThePageLeadsHearsWhatWasMade(t *testing.T) {
	each(t, func(s *site) {
		s.connector(ping, ping, connect.Settings{})
		id, token := s.session(session.Spec{Connectors: []string{ping}, Origins: []string{"https://app.example"}, ReturnTo: "https://app.example/s?tab=1"})
		b := s.browser()
		b.post(b.enter(id, token)+"/try", filled(ping, secret)...)
		made := s.connections()[0]
		b.get(own+"/enter/"+id.String()+"/done").wants(t, "the end", 200, "PingOne is connected",
			`href="https://app.example/s?connect_session=`+id.String()+`&amp;connection=`+made.ID.String()+`&amp;tab=1"`)
	})
}

func TestScriptForOtherSitesIsSmallAndTheSameForAll(t *testing.T) {
	each(t, func(s *site) {
		a := s.browser().get(own+"/connect.js", "Origin", "https://app.example")
		if a.StatusCode != 200 || len(a.Text) > 2000 || a.Header.Get("Access-Control-Allow-Origin") != "*" || a.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" {
			t.Errorf("%d, %d bytes, %v", a.StatusCode, len(a.Text), a.Header)
		}
		if again := s.browser().get(own+"/connect.js", "If-None-Match", a.Header.Get("ETag")); again.StatusCode != http.StatusNotModified {
			t.Errorf("%d", again.StatusCode)
		}
		page := s.browser().get(own)
		_, script, _ := strings.Cut(page.Text, "<script>")
		script, _, _ = strings.Cut(script, "</script>")
		if n := len(script); n == 0 || n > 5000 {
			t.Errorf("the page's script has %d bytes", n)
		}
	})
}
