package oauth

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/access"
	"github.com/counterfoil/counterfoil/internal/fault"
	"github.com/counterfoil/counterfoil/internal/register"
)

const someID = "0b8f4d8e-32b1-4c0a-9d2e-8f3f6a7b1c2d"

// present reads what a request with these headers and this body brings.
func present(headers []string, body string) (*presented, error) {
	r := &http.Request{Header: http.Header{}}
	if headers != nil {
		r.Header["Authorization"] = headers
	}
	var f form
	if err := f.parse([]byte(body)); err != nil {
		return nil, err
	}
	p := &presented{}
	return p, p.read(r, &f)
}

func basic(userinfo string) []string {
	return []string{"Basic " + base64.StdEncoding.EncodeToString([]byte(userinfo))}
}

func TestBasicIsReadAsEncodedAndAsSent(t *testing.T) {
	for userinfo, want := range map[string][2]string{
		someID + ":plain":    {"", "plain"},
		someID + ":a:b:c":    {"", "a:b:c"}, // the first colon divides
		someID + ":a%3Ab%25": {"a:b%", "a%3Ab%25"},
		someID + ":a+b":      {"a b", "a+b"},
		someID + ":50%":      {"", "50%"}, // cannot have been encoded
		someID + ":%zz":      {"", "%zz"},
		someID + ":é":        {"", "é"},
		someID + ":%C3%A9":   {"é", "%C3%A9"},
		someID + ":\x00\xff": {"", "\x00\xff"},
		someID + ":":         {"", ""},
		"0b8f4d8e%2D32b1-4c0a-9d2e-8f3f6a7b1c2d:x": {"", "x"},
	} {
		p, err := present(basic(userinfo), "")
		if err != nil || !p.Known || p.ID.String() != someID || p.Method != register.Basic {
			t.Errorf("%q: %+v, %v", userinfo, p, err)
			continue
		}
		if string(p.Readings[0]) != want[0] || string(p.Readings[1]) != want[1] {
			t.Errorf("%q: read as %q and %q, want %q", userinfo, p.Readings[0], p.Readings[1], want)
		}
	}
}

func TestClientIDHasOneSpelling(t *testing.T) {
	for _, id := range []string{
		strings.ToUpper(someID), " " + someID, someID + " ", someID + "\n", "{" + someID + "}", "urn:uuid:" + someID,
		strings.ReplaceAll(someID, "-", ""), someID[:35] + "D", someID + "\x00", "", "admin", "ｂ" + someID[1:], someID[:18] + "_" + someID[19:],
	} {
		p, err := present(nil, "client_secret=x&client_id="+strings.NewReplacer(" ", "+", "\n", "%0A", "\x00", "%00").Replace(id))
		if err != nil || p.Known {
			t.Errorf("%q in the body: known %v, %v", id, p.Known, err)
		}
		if p, err = present(basic(id+":x"), ""); err == nil && p.Known {
			t.Errorf("%q in the header is known", id)
		}
	}
}

func TestOneRequestHasOneAuthentication(t *testing.T) {
	header := basic(someID + ":x")
	for name, c := range map[string]struct {
		headers []string
		body    string
		want    error
	}{
		"header":                         {header, "", nil},
		"header and its own client_id":   {header, "client_id=" + someID, nil},
		"header and an empty secret":     {header, "client_secret=", nil},
		"body":                           {nil, "client_id=" + someID + "&client_secret=x", nil},
		"nothing":                        {nil, "", errNoMethod},
		"a client_id alone":              {nil, "client_id=" + someID, nil}, // for the certificate of the connection
		"header and secret":              {header, "client_secret=x", errTwoMethods},
		"header and assertion":           {header, "client_assertion=x", errTwoMethods},
		"header and an assertion's type": {header, "client_assertion_type=x", errTwoMethods},
		"secret and assertion":           {nil, "client_secret=x&client_assertion=y", errTwoMethods},
		"bearer and secret":              {[]string{"Bearer x"}, "client_secret=x", errTwoMethods},
		"an assertion":                   {nil, "client_assertion=x&client_assertion_type=y", errAssertionType},
		"two headers":                    {append(header, header...), "", errMalformed},
		"header and another client_id":   {header, "client_id=" + strings.Replace(someID, "0", "1", 1), errMismatch},
		"header and its id in capitals":  {header, "client_id=" + strings.ToUpper(someID), errMismatch},
		"a token":                        {[]string{"Bearer abc"}, "", errMalformed},
		"an empty header":                {[]string{""}, "", errMalformed},
		"a scheme alone":                 {[]string{"Basic"}, "", errMalformed},
		"nothing after the scheme":       {[]string{"Basic "}, "", errMalformed},
		"no base64":                      {[]string{"Basic %%%"}, "", errMalformed},
		"base64url":                      {[]string{"Basic " + strings.Repeat("_-", 8)}, "", errMalformed},
		"no padding":                     {[]string{"Basic YTpiYw"}, "", errMalformed},
		"no colon":                       {basic("abc"), "", errMalformed},
		"another scheme":                 {[]string{"Negotiate YTpi"}, "", errMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := present(c.headers, c.body); err != c.want { //nolint:errorlint // these are never wrapped
				t.Errorf("%v, want %v", err, c.want)
			}
		})
	}
	for _, scheme := range []string{"basic", "BASIC", "bAsIc"} {
		if p, err := present([]string{strings.Replace(header[0], "Basic", scheme, 1)}, ""); err != nil || !p.Known {
			t.Errorf("%s: %v", scheme, err)
		}
	}
}

// A presented is used for one request after the other.
func TestNothingOfOneRequestIsLeftForTheNext(t *testing.T) {
	p := &presented{}
	var f form
	r := &http.Request{Header: http.Header{"Authorization": basic(someID + ":a%2Bb")}}
	if err := p.read(r, &f); err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{}
	if err := f.parse([]byte("client_secret=x")); err != nil {
		t.Fatal(err)
	}
	if err := p.read(r, &f); err != nil || p.Known || p.Method != register.Post || string(p.Readings[0]) != "x" || p.Readings[1] != nil {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestEveryKindOfFailureIsSaidInTheWordsOfOAuth(t *testing.T) {
	known := map[string]bool{ // RFC 6749 §5.2 and §4.1.2.1, RFC 8707 §2, RFC 6750 §3.1
		"invalid_request": true, "invalid_client": true, "invalid_scope": true, "invalid_target": true, "unsupported_grant_type": true,
		"server_error": true, "temporarily_unavailable": true, "access_denied": true, "invalid_token": true,
	}
	var all []refusal
	for _, kind := range fault.Kinds() {
		if _, ok := kinds[kind]; !ok {
			t.Errorf("%s is not rendered", kind)
		}
		all = append(all, render(fault.New(kind, "inside")), render(fault.Wrap(kind, errClient, "inside")))
	}
	for r := access.Unknown; r <= access.Malformed; r++ {
		all = append(all, *refusedBy(r))
	}
	for short := access.BadScope; short <= access.AmbiguousTarget; short++ {
		all = append(all, *shortfalls[short])
	}
	for _, err := range []error{errRepeated, errEncoding, errTooMany, errNoMethod, errTwoMethods, errMalformed, errMismatch, errMethod,
		errBearer, errNoGrant, errGrant, errNoToken, errMediaType, errAPIDisabled, errResources} {
		all = append(all, render(err))
	}
	for _, r := range all {
		if !known[r.code] || r.status < 400 || r.description == "" || r.reason == "" {
			t.Errorf("%+v", r)
		}
		for _, c := range r.description {
			if c < ' ' || c > '~' || c == '"' || c == '\\' {
				t.Errorf("%q: the character %q may not stand in an error_description (RFC 6749 §5.2)", r.description, c)
			}
		}
	}
	if r := render(fault.New(fault.Internal, "the password is 1234")); strings.Contains(r.description, "1234") {
		t.Errorf("internal text leaves: %q", r.description)
	}
}

func FuzzBasic(f *testing.F) {
	for _, seed := range []string{
		basic(someID + ":secret")[0], basic(someID + ":%zz")[0], basic("a:b:c")[0], "Basic", "Basic ====", "basic  YTpi", "Bearer x",
		basic("\x00:\xff")[0], basic("%:%")[0],
	} {
		f.Add(seed, "client_id="+someID)
		f.Add(seed, "")
	}
	f.Fuzz(func(t *testing.T, header, body string) {
		p, err := present([]string{header}, body)
		if err != nil {
			return
		}
		// What is accepted was sent as net/http reads it, and the id, if it is one, as we write it.
		r := &http.Request{Header: http.Header{"Authorization": {header}}}
		if id, secret, ok := r.BasicAuth(); ok {
			if string(p.Readings[1]) != secret {
				t.Fatalf("%q: the secret is %q, read as %q", header, secret, p.Readings[1])
			}
			if p.Known && id != p.ID.String() && !strings.Contains(id, "%") {
				t.Fatalf("%q: the client is %q, read as %s", header, id, p.ID)
			}
		}
	})
}
