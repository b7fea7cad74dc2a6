package oauth_test

import (
	"bytes"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

func TestClientCredentialsAnswerExactlyWhatRFC6749Says(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *House) {
		jwt, handle := furnish(h)
		for scope, client := range map[string]Client{"invoices:read": jwt, "parcels:read": handle} {
			a := h.Form("/oauth2/token", client, "grant_type", "client_credentials")
			if a.Status != http.StatusOK || a.String("token_type") != "Bearer" || a.JSON["expires_in"] != 600.0 || a.String("scope") != scope {
				t.Errorf("%d %s", a.Status, a.Text)
			}
			if strings.HasPrefix(a.String("access_token"), "cft_") != (client == handle) || strings.Count(a.String("access_token"), ".") == 2 != (client == jwt) {
				t.Errorf("a token of the wrong format: %s", a.String("access_token"))
			}
			if len(a.JSON) != 4 || a.JSON["access_token"] == nil { // no refresh_token, no id_token (§4.4.3)
				t.Errorf("members: %s", a.Text)
			}
			want := http.Header{
				"Cache-Control": {"no-store"}, "Pragma": {"no-cache"}, "Content-Type": {"application/json"},
				"X-Content-Type-Options": {"nosniff"}, "Content-Length": {fmt.Sprint(len(a.Text))}, "Date": a.Header["Date"],
			}
			if fmt.Sprint(a.Header) != fmt.Sprint(want) {
				t.Errorf("headers %v, want %v", a.Header, want)
			}
		}
	})
}

func TestSecretIsTakenHoweverClientsWriteIt(t *testing.T) {
	h := housetest.Start(t)
	c, _ := furnish(h)
	encode := func(s string) string {
		var b strings.Builder
		for _, c := range []byte(s) {
			fmt.Fprintf(&b, "%%%02X", c)
		}
		return b.String()
	}
	for name, headers := range map[string][]string{
		"raw, as curl --user sends it":       basic(c.ID + ":" + c.Secret),
		"form-encoded (RFC 6749 §2.3.1)":     basic(url.QueryEscape(c.ID) + ":" + url.QueryEscape(c.Secret)),
		"form-encoded to the last character": basic(encode(c.ID) + ":" + encode(c.Secret)),
		"only the secret encoded":            basic(c.ID + ":" + encode(c.Secret)),
		"scheme in small letters":            {"Authorization", strings.Replace(basic(c.ID + ":" + c.Secret)[1], "Basic", "basic", 1)},
	} {
		if a := post(h, "/oauth2/token", "grant_type=client_credentials", headers...); a.Status != http.StatusOK {
			t.Errorf("%s: %d %s", name, a.Status, a.Text)
		}
	}
	for name, body := range map[string]string{
		"in the body":                   "client_id=" + c.ID + "&client_secret=" + c.Secret,
		"in the body, encoded":          "client_id=" + encode(c.ID) + "&client_secret=" + encode(c.Secret),
		"beside empty and unknown ones": "client_id=" + c.ID + "&client_secret=" + c.Secret + "&client_assertion=&scope=&resource=&audience=x&foo",
	} {
		if a := post(h, "/oauth2/token", "grant_type=client_credentials&"+body); a.Status != http.StatusOK {
			t.Errorf("%s: %d %s", name, a.Status, a.Text)
		}
	}
	for name, secret := range map[string]string{
		"a second colon": c.Secret + ":", "encoded twice": encode(encode(c.Secret)), "a space": c.Secret + " ", "in front": " " + c.Secret,
		"a line break": c.Secret + "\n", "NUL": c.Secret + "\x00", "cut": c.Secret[:52], "twice": c.Secret + c.Secret, "case": strings.ToUpper(c.Secret),
	} {
		refused(t, post(h, "/oauth2/token", "grant_type=client_credentials", basic(c.ID+":"+secret)...), 401, "invalid_client")
		refused(t, post(h, "/oauth2/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {c.ID}, "client_secret": {secret}}.Encode()), 401, "invalid_client")
		_ = name
	}
}

func TestEveryEndpointTakesExactlyOneAuthentication(t *testing.T) {
	h := housetest.Start(t)
	c, other := furnish(h)
	header := basic(c.ID + ":" + c.Secret)
	right := "grant_type=client_credentials&token=x&"
	for _, path := range endpoints {
		for name, r := range map[string]struct {
			body    string
			headers []string
			status  int
			code    string
		}{
			"header and secret":            {right + "client_id=" + c.ID + "&client_secret=" + c.Secret, header, 400, "invalid_request"},
			"header and a wrong secret":    {right + "client_secret=x", header, 400, "invalid_request"},
			"header and assertion":         {right + "client_assertion=x", header, 400, "invalid_request"},
			"secret and assertion":         {right + "client_id=" + c.ID + "&client_secret=" + c.Secret + "&client_assertion=x", nil, 400, "invalid_request"},
			"two headers":                  {right, append(slices.Clone(header), header...), 400, "invalid_request"},
			"header and another client_id": {right + "client_id=" + other.ID, header, 400, "invalid_request"},
			"the id in capitals beside it": {right + "client_id=" + strings.ToUpper(c.ID), header, 400, "invalid_request"},
			"an unknown kind of assertion": {right + "client_assertion=x&client_assertion_type=y", nil, 400, "invalid_request"},
			"an assertion that is none":    {right + "client_assertion=x&client_assertion_type=" + url.QueryEscape(jwtBearer), nil, 401, "invalid_client"},
			"assertion and assertion":      {right + "client_assertion=x&client_assertion=x&client_assertion_type=" + url.QueryEscape(jwtBearer), nil, 400, "invalid_request"},
			"none":                         {right, nil, 401, "invalid_client"},
			"a client_id alone":            {right + "client_id=" + c.ID, nil, 401, "invalid_client"},
			"an unreadable header":         {right, []string{"Authorization", "Basic %%%"}, 400, "invalid_request"},
			"an encoding that is none":     {right, basic("%zz:%zz"), 401, "invalid_client"},
			"NUL":                          {right, basic("\x00:\x00"), 401, "invalid_client"},
			"overlong UTF-8":               {right, basic("\xc0\xaf:\xc0\xaf"), 401, "invalid_client"},
			"64 kB":                        {right, basic(c.ID + ":" + strings.Repeat("x", 48<<10)), 401, "invalid_client"},
		} {
			t.Run(path+" "+name, func(t *testing.T) {
				refused(t, post(h, path, r.body, r.headers...), r.status, r.code)
			})
		}
	}
}

func TestRepeatedParametersAreRefused(t *testing.T) {
	h := housetest.Start(t)
	c, _ := furnish(h)
	for _, path := range endpoints {
		for _, name := range []string{"grant_type", "scope", "client_id", "client_secret", "token", "token_type_hint", "unheard_of"} {
			refused(t, post(h, path, fmt.Sprintf("%s=a&%s=a", name, name), basic(c.ID+":"+c.Secret)...), 400, "invalid_request")
		}
	}
}

func TestGrantsThatAreNotThereAreSaidToBe(t *testing.T) {
	h := housetest.Start(t)
	c, _ := furnish(h)
	for grant, code := range map[string]string{
		"": "invalid_request", "password": "unsupported_grant_type", "authorization_code": "unsupported_grant_type", "refresh_token": "unsupported_grant_type",
		"implicit": "unsupported_grant_type", "Client_credentials": "unsupported_grant_type", "client_credentials ": "unsupported_grant_type",
		"urn:ietf:params:oauth:grant-type:jwt-bearer": "unsupported_grant_type", "\x00": "unsupported_grant_type",
	} {
		refused(t, h.Form("/oauth2/token", c, "grant_type", grant, "username", "a", "password", "b"), 400, code)
	}
	// Somebody who is not known learns nothing about grants.
	refused(t, h.Form("/oauth2/token", Client{ID: c.ID, Secret: "wrong"}, "grant_type", "password"), 401, "invalid_client")
}

func TestQueryIsNeverReadAsParameters(t *testing.T) {
	h := housetest.Start(t)
	c, _ := furnish(h)
	header := basic(c.ID + ":" + c.Secret)
	refused(t, post(h, "/oauth2/token?grant_type=client_credentials", "", header...), 400, "invalid_request")
	refused(t, post(h, "/oauth2/token?client_id="+c.ID+"&client_secret="+c.Secret, "grant_type=client_credentials"), 401, "invalid_client")
	if a := post(h, "/oauth2/token?scope=invoices:write&grant_type=password&client_secret=x", "grant_type=client_credentials", header...); a.Status != 200 || a.String("scope") != "invoices:read" {
		t.Errorf("%d %s", a.Status, a.Text)
	}
	refused(t, post(h, "/oauth2/introspect?token="+h.Token(c), "", header...), 400, "invalid_request")
	refused(t, post(h, "/oauth2/revoke?token="+h.Token(c), "", header...), 400, "invalid_request")
	refused(t, post(h, "/oauth2/introspect?access_token="+h.AdminToken(), "token=x"), 401, "invalid_client")
	refused(t, post(h, "/oauth2/introspect", "token=x&access_token="+h.AdminToken()), 401, "invalid_client")
}

func TestOnlyPostedFormsAreTaken(t *testing.T) {
	h := housetest.Start(t)
	c, _ := furnish(h)
	header := basic(c.ID + ":" + c.Secret)
	var parts bytes.Buffer
	w := multipart.NewWriter(&parts)
	_ = w.WriteField("grant_type", "client_credentials")
	_ = w.Close()
	for _, path := range endpoints {
		for _, method := range []string{"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"} {
			a := h.Send(h.Request(method, path+"?grant_type=client_credentials", nil, append(slices.Clone(header), "X-HTTP-Method-Override", "POST", "Origin", "https://evil.example")...))
			if a.Status != http.StatusMethodNotAllowed || a.Header.Get("Allow") != "POST" || a.Header.Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s %s: %d, Allow %q", method, path, a.Status, a.Header.Get("Allow"))
			}
		}
		for kind, body := range map[string]string{
			"application/json": `{"grant_type":"client_credentials"}`, w.FormDataContentType(): parts.String(), "text/plain": "grant_type=client_credentials",
			"": "grant_type=client_credentials", "application/x-www-form-urlencoded, text/plain": "grant_type=client_credentials", "application/x-www-form-urlencode": "",
		} {
			refused(t, h.Send(h.Request("POST", path, strings.NewReader(body), append(slices.Clone(header), "Content-Type", kind)...)), 415, "invalid_request")
		}
		refused(t, h.Send(h.Request("POST", path, strings.NewReader(""), append(slices.Clone(header), "Content-Type", formType, "Content-Type", formType)...)), 415, "invalid_request")
	}
	for _, kind := range []string{formType + "; charset=UTF-8", formType + ";charset=utf-8", "Application/X-WWW-Form-URLEncoded"} {
		a := h.Send(h.Request("POST", "/oauth2/token", strings.NewReader("grant_type=client_credentials"), append(slices.Clone(header), "Content-Type", kind)...))
		if a.Status != http.StatusOK {
			t.Errorf("%s: %d %s", kind, a.Status, a.Text)
		}
	}
}

func TestLongBodiesAreRefusedUnread(t *testing.T) {
	h := housetest.Start(t)
	c, _ := furnish(h)
	for _, path := range endpoints {
		for name, body := range map[string]io.Reader{
			"announced":     strings.NewReader("token=" + strings.Repeat(".", 8<<20)),
			"not announced": io.MultiReader(strings.NewReader("token="), strings.NewReader(strings.Repeat(".", 60<<10))),
		} {
			began := time.Now()
			a := h.Send(h.Request("POST", path, body, append(basic(c.ID+":"+c.Secret), "Content-Type", formType)...))
			if a.Status != http.StatusRequestEntityTooLarge || a.String("error") != "invalid_request" {
				t.Errorf("%s, %s: %d %s", path, name, a.Status, a.Text)
			}
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("%s, %s: took %s", path, name, took)
			}
		}
	}
	if a := post(h, "/oauth2/token", "grant_type=client_credentials&filler="+strings.Repeat("x", 39<<10), basic(c.ID+":"+c.Secret)...); a.Status != http.StatusOK {
		t.Errorf("a body within the limit: %d %s", a.Status, a.Text)
	}
}

func TestScopeIsNarrowedAndNeverWidened(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *House) {
		furnish(h)
		both := h.NewApp("both", nil, "invoices:read", "invoices:write")
		s := h.Must("POST", "/applications/"+both.ID+"/secrets", O{"scopes": []string{"invoices:read"}})
		narrow := Client{ID: both.ID, Secret: s.String("secret")}
		wide := h.NewApp("wide", nil, "invoices:read", "parcels:read")
		nothing := h.NewApp("nothing", nil)
		many := strings.TrimSpace(strings.Repeat("s ", 10_000))
		for name, c := range map[string]struct {
			as          Client
			parameters  []string
			scope, code string
		}{
			"all when none is asked for":            {both, nil, "invoices:read invoices:write", ""},
			"all when an empty one is asked for":    {both, []string{"scope", ""}, "invoices:read invoices:write", ""},
			"what is asked for":                     {both, []string{"scope", "invoices:write"}, "invoices:write", ""},
			"once what is asked for twice":          {both, []string{"scope", "invoices:write invoices:write"}, "invoices:write", ""},
			"all that the credential may":           {narrow, nil, "invoices:read", ""},
			"what the credential may":               {narrow, []string{"scope", "invoices:read"}, "invoices:read", ""},
			"beyond the credential":                 {narrow, []string{"scope", "invoices:write"}, "", "invalid_scope"},
			"partly beyond the credential":          {narrow, []string{"scope", "invoices:read invoices:write"}, "", "invalid_scope"},
			"beyond the application":                {both, []string{"scope", "parcels:read"}, "", "invalid_scope"},
			"beyond everybody":                      {both, []string{"scope", "invoices:delete"}, "", "invalid_scope"},
			"OpenID":                                {both, []string{"scope", "openid"}, "", "invalid_scope"},
			"offline":                               {both, []string{"scope", "invoices:read offline_access"}, "", "invalid_scope"},
			"a quote":                               {both, []string{"scope", `invoices:"read"`}, "", "invalid_scope"},
			"a line break":                          {both, []string{"scope", "invoices:read\r\nX: y"}, "", "invalid_scope"},
			"ten thousand":                          {both, []string{"scope", many}, "", "invalid_scope"},
			"a client without scopes":               {nothing, nil, "", "invalid_scope"},
			"management by one who has none":        {both, []string{"scope", "applications:write"}, "", "invalid_scope"},
			"the API asked for":                     {wide, []string{"resource", "https://parcels.example"}, "parcels:read", ""},
			"the API of the scope":                  {wide, []string{"scope", "parcels:read"}, "parcels:read", ""},
			"the API asked for and its scope":       {wide, []string{"scope", "parcels:read", "resource", "https://parcels.example"}, "parcels:read", ""},
			"two APIs reached":                      {wide, nil, "", "invalid_target"},
			"scopes of two APIs":                    {wide, []string{"scope", "invoices:read parcels:read"}, "", "invalid_target"},
			"another API than that of the scope":    {wide, []string{"scope", "invoices:read", "resource", "https://parcels.example"}, "", "invalid_target"},
			"two resources":                         {wide, []string{"resource", "https://parcels.example", "resource", "https://invoices.example"}, "", "invalid_target"},
			"one resource twice":                    {wide, []string{"resource", "https://parcels.example", "resource", "https://parcels.example"}, "", "invalid_target"},
			"a relative resource":                   {wide, []string{"resource", "parcels"}, "", "invalid_target"},
			"a resource with a fragment":            {wide, []string{"resource", "https://parcels.example#x"}, "", "invalid_target"},
			"a resource with a query":               {wide, []string{"resource", "https://parcels.example?x"}, "", "invalid_target"},
			"a resource nobody knows":               {wide, []string{"resource", "https://evil.example"}, "", "invalid_target"},
			"a resource out of reach":               {both, []string{"resource", "https://parcels.example"}, "", "invalid_target"},
			"the management API by one who may not": {both, []string{"resource", h.URL + "/api/v1"}, "", "invalid_target"},
			"the row of the management API":         {h.Admin, []string{"resource", "counterfoil:management"}, "", "invalid_target"},
		} {
			t.Run(name, func(t *testing.T) {
				a := h.Form("/oauth2/token", c.as, append([]string{"grant_type", "client_credentials"}, c.parameters...)...)
				if c.code != "" {
					refused(t, a, 400, c.code)
				} else if a.Status != http.StatusOK || a.String("scope") != c.scope {
					t.Errorf("%d %s, want scope %q", a.Status, a.Text, c.scope)
				}
			})
		}
	})
}

func TestTokenLivesNoLongerThanItsCredential(t *testing.T) {
	housetest.Each(t, func(t *testing.T, h *House) {
		h.NewAPI("invoices", O{"token_lifetime": 3600}, "invoices:read")
		h.NewAPI("parcels", O{"token_lifetime": 3600, "token_format": "handle"}, "parcels:read")
		expires := h.Clock.Now().Add(90 * time.Second)
		for _, scope := range []string{"invoices:read", "parcels:read"} {
			c := h.NewApp(scope, O{"secret": O{"expires_at": expires.Format(time.RFC3339Nano)}}, scope)
			a := h.Form("/oauth2/token", c, "grant_type", "client_credentials")
			if in, _ := a.JSON["expires_in"].(float64); in < 80 || in > 90 {
				t.Errorf("%s: expires in %v s, its credential in 90", scope, in)
			}
			if exp, _ := h.Introspect(c, a.String("access_token")).JSON["exp"].(float64); int64(exp) > expires.Unix() {
				t.Errorf("%s: expires at %v, its credential at %d", scope, exp, expires.Unix())
			}
		}
		shorter := h.NewApp("shorter", O{"token_lifetime": 120}, "invoices:read")
		longer := h.NewApp("longer", O{"token_lifetime": 7200}, "invoices:read")
		for c, want := range map[Client]float64{shorter: 120, longer: 3600} {
			if a := h.Form("/oauth2/token", c, "grant_type", "client_credentials"); a.JSON["expires_in"] != want {
				t.Errorf("lives %v s, want %v", a.JSON["expires_in"], want)
			}
		}
		token := h.Token(shorter)
		h.Clock.Move(119 * time.Second)
		if !h.Active(shorter, token) {
			t.Error("a token died before its time")
		}
		h.Clock.Move(2 * time.Second)
		if h.Active(shorter, token) {
			t.Error("a token outlived its time")
		}
	})
}

// With all scopes of the largest API in it a JWT is as long as one gets, and works like any other.
func TestLongestTokenIsStillAToken(t *testing.T) {
	h := housetest.Start(t)
	var scopes []string
	for i := range 200 {
		scopes = append(scopes, fmt.Sprintf("%0100d", i))
	}
	audience := "https://large.example/" + strings.Repeat("x", 233)
	h.NewAPI("large", O{"signing_alg": "RS256", "audience": audience}, scopes...)
	c := h.NewApp("large", nil, scopes...)
	for _, parameters := range [][]string{nil, {"scope", strings.Join(scopes, " ")}, {"resource", audience}} {
		token := h.Token(c, parameters...)
		a := h.Introspect(c, token)
		if a.JSON["active"] != true || a.String("scope") != strings.Join(scopes, " ") {
			t.Errorf("a token of %d bytes: %.80s", len(token), a.Text)
		}
		if a := h.Form("/oauth2/revoke", c, "token", token); a.Status != 200 || h.Active(c, token) {
			t.Errorf("a token of %d bytes cannot be revoked", len(token))
		}
	}
}
