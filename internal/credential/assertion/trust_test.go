package assertion_test

import (
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/credential/assertion"
	"github.com/counterfoil/counterfoil/internal/fault"
)

const audience = "https://auth.example/t1"

// workflow is what a code forge says about a job, cluster what Kubernetes says about a service account.
func workflow() (assertion.Trust, object) {
	return assertion.Trust{
			Issuer: "https://token.actions.example", Audience: audience, Subject: "repo:org/app:ref:refs/heads/*",
			Claims: map[string]string{"repository_owner_id": "65", "runner_environment": "self-*"},
		}, object{
			"iss": "https://token.actions.example", "aud": audience, "sub": "repo:org/app:ref:refs/heads/main", "jti": "w-1",
			"iat": now.Unix() - 5, "nbf": now.Unix() - 5, "exp": now.Unix() + 300, "repository_owner_id": "65",
			"runner_environment": "self-hosted", "ref_protected": "true", "run_attempt": "1",
		}
}

func cluster() (assertion.Trust, object) {
	return assertion.Trust{
			Issuer: "https://kubernetes.default.svc", Audience: audience, Subject: "system:serviceaccount:shop:*",
			Claims: map[string]string{"kubernetes.io/namespace": "shop", "kubernetes.io.serviceaccount.name": "till"},
		}, object{
			"iss": "https://kubernetes.default.svc", "aud": []string{audience, "https://kubernetes.default.svc"}, "sub": "system:serviceaccount:shop:till",
			"iat": now.Unix() - 3600, "nbf": now.Unix() - 3600, "exp": now.Unix() + 30*86400,
			"kubernetes.io": object{"namespace": "shop", "serviceaccount": object{"name": "till", "uid": "u"}, "warnafter": now.Unix()},
		}
}

func TestTokensOfTrustedIssuersAreAccepted(t *testing.T) {
	for name, make := range map[string]func() (assertion.Trust, object){"workflow": workflow, "cluster": cluster} {
		trust, c := make()
		if err := trust.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		published := parseSet(t, set(jwk(t, keys().rsa, object{"kid": "k", "alg": "RS256"})))
		for _, header := range []string{`{"alg":"RS256","kid":"k","typ":"JWT"}`, `{"alg":"RS256","kid":"k"}`} {
			a, err := assertion.VerifyFederated(raw(t, keys().rsa, header, text(c)), published, &trust, rules())
			if err != nil || a.Subject != c["sub"] || a.JTI == "" || a.KeyID != "k" || a.Issuer != trust.Issuer {
				t.Errorf("%s: %+v, %v", name, a, err)
			}
		}
		for header, want := range map[string]assertion.Reason{
			`{"alg":"RS256","kid":"k","typ":"at+jwt"}`: assertion.WrongType, `{"alg":"RS256","kid":"k","typ":"client-authentication+jwt"}`: assertion.WrongType,
			`{"alg":"PS256","kid":"k"}`: assertion.WrongAlgorithm, `{"alg":"RS256","kid":"l"}`: assertion.UnknownKey,
		} {
			_, err := assertion.VerifyFederated(raw(t, keys().rsa, header, text(c)), published, &trust, rules())
			wantReason(t, header, err, want)
		}
		_, err := assertion.VerifyFederated(sign(t, keys().p256, "ES256", c), parseSet(t, set(jwk(t, keys().other256, nil))), &trust, rules())
		wantReason(t, "another key", err, assertion.BadSignature)
		later := rules()
		later.Now = now.Add(31 * 24 * time.Hour)
		_, err = assertion.VerifyFederated(raw(t, keys().rsa, `{"alg":"RS256"}`, text(c)), published, &trust, later)
		wantReason(t, "later", err, assertion.Expired)
		delete(c, "exp")
		_, err = assertion.VerifyFederated(raw(t, keys().rsa, `{"alg":"RS256"}`, text(c)), published, &trust, rules())
		wantReason(t, "no exp", err, assertion.Expired)
	}
	trust, c := cluster()
	bounded := rules()
	bounded.MaxLifetime = time.Hour
	_, err := assertion.VerifyFederated(sign(t, keys().p256, "ES256", c), parseSet(t, set(jwk(t, keys().p256, nil))), &trust, bounded)
	wantReason(t, "bounded", err, assertion.TooLong)
}

func TestATokenWithoutIDIsTheSameWhateverItsSignature(t *testing.T) {
	trust, c := cluster()
	ids := map[string]bool{}
	for range 3 { // ECDSA signatures are random
		a, err := assertion.VerifyFederated(sign(t, keys().p256, "ES256", c), parseSet(t, set(jwk(t, keys().p256, nil))), &trust, rules())
		if err != nil {
			t.Fatal(err)
		}
		ids[a.JTI] = true
	}
	if len(ids) != 1 {
		t.Errorf("got %v", ids)
	}
}

func TestARefusedTokenSaysWhichClaimsDiffer(t *testing.T) {
	trust, c := workflow()
	c["sub"], c["repository_owner_id"], c["iss"] = "repo:org/app:pull_request", "66", "https://token.actions.example/"
	c["aud"] = []string{"a", "b"}
	delete(c, "runner_environment")
	_, err := assertion.VerifyFederated(sign(t, keys().p256, "ES256", c), parseSet(t, set(jwk(t, keys().p256, nil))), &trust, rules())
	wantReason(t, "differs", err, assertion.ClaimDiffers)
	r, _ := err.(*assertion.Refused) //nolint:errorlint // the test wants exactly that
	want := []assertion.Difference{
		{"iss", trust.Issuer, "https://token.actions.example/"}, {"aud", audience, "a, b"}, {"sub", trust.Subject, "repo:org/app:pull_request"},
		{"repository_owner_id", "65", "66"}, {"runner_environment", "self-*", "(missing)"},
	}
	if len(r.Differences) != len(want) {
		t.Fatalf("got %+v", r.Differences)
	}
	for i, d := range r.Differences {
		if d != want[i] {
			t.Errorf("got %+v, want %+v", d, want[i])
		}
	}
}

func TestForeignTextIsFitToBeShown(t *testing.T) {
	trust, _ := workflow()
	c := assertion.Claims{"iss": "evil\x1b[2J\r\n\u202eabc\u0000\u200b", "sub": strings.Repeat("é", 5000), "aud": []any{1}}
	for _, d := range trust.Compare(c) {
		if strings.ContainsAny(d.Got, "\x1b\r\n\u202e\u0000\u200b") || len([]rune(d.Got)) > 201 {
			t.Errorf("got %q", d.Got)
		}
	}
}

func TestClaimsAreFoundByTheirPath(t *testing.T) {
	raw := object{
		"plain": "a", "https://example.com/roles": "admin", "n": 7, "big": raws("12345678901234567890"), "yes": true, "no": false,
		"list": []string{"a"}, "null": nil, "object": object{"a": "b"}, "a.b": object{"c/d": object{"e": "deep"}},
		"x.y": "outer", "x": object{"y": "inner"}, "empty": "",
	}
	u, err := assertion.Peek(sign(t, keys().p256, "ES256", raw))
	if err != nil {
		t.Fatal(err)
	}
	for path, c := range map[string]struct {
		wanted string
		got    string // "" if it matches
	}{
		"plain": {"a", ""}, "https://example.com/roles": {"admin", ""}, "n": {"7", ""}, "big": {"12345678901234567890", ""}, "yes": {"true", ""}, "no": {"false", ""},
		"a.b.c/d.e": {"deep", ""}, "a.b/c/d/e": {"deep", ""}, "object.a": {"b", ""}, "object/a": {"b", ""}, "list": {"a", "(a list)"}, "null": {"null", "(null)"},
		"object": {"b", "(an object)"}, "x.y": {"outer", "(two claims have this path)"}, "x/y": {"inner", ""}, "a.b": {"x", "(an object)"}, "nothing": {"*a", "(missing)"},
		"object.": {"b", "(missing)"}, ".object.a": {"b", "(missing)"}, "object.a.b": {"b", "(missing)"}, "empty": {"x*", ""}, "Plain": {"a", "(missing)"},
	} {
		trust := assertion.Trust{Claims: map[string]string{path: c.wanted}}
		found := ""
		for _, d := range trust.Compare(u.Claims) {
			if d.Claim == path {
				found = d.Got
			}
		}
		if found != c.got {
			t.Errorf("%s: got %q, want %q", path, found, c.got)
		}
	}
}

func TestPatternsStopAtColons(t *testing.T) {
	for pattern, c := range map[string]struct{ yes, no []string }{
		"repo:org/app:ref:refs/heads/main": {[]string{"repo:org/app:ref:refs/heads/main"}, []string{"repo:org/app:ref:refs/heads/main2", "Repo:org/app:ref:refs/heads/main", ""}},
		"repo:org/*:ref:refs/heads/main": {
			[]string{"repo:org/app:ref:refs/heads/main", "repo:org/:ref:refs/heads/main"},
			[]string{"repo:org/app:environment:x:ref:refs/heads/main", "repo:organ/app:ref:refs/heads/main", "repo:org/app:ref:refs/heads/main:x", "x:repo:org/app:ref:refs/heads/main"},
		},
		"repo:org/**":        {[]string{"repo:org/app:ref:refs/heads/main", "repo:org/"}, []string{"repo:org", "repo:orgs/app"}},
		"repo:org/app:*":     {[]string{"repo:org/app:pull_request", "repo:org/app:"}, []string{"repo:org/app:ref:refs/heads/main", "repo:org/app"}},
		"repo:org/a*b:**:ok": {[]string{"repo:org/ab:x:y:ok", "repo:org/axb::ok"}, []string{"repo:org/a:b:x:ok", "repo:org/ab:ok"}},
		"a*b*c":              {[]string{"abc", "abbbc", "axbxc", "abcbc"}, []string{"ab", "ac", "abcx", "a:bc"}},
		"a[b]?.(c)*":         {[]string{"a[b]?.(c)", "a[b]?.(c)d"}, []string{"ab", "abxc"}},
		"a\\*":               {[]string{"a\\", "a\\b"}, []string{"a*"}},
		"ü*":                 {[]string{"ü", "üé"}, []string{"u"}},
	} {
		trust := assertion.Trust{Claims: map[string]string{"c": pattern}}
		match := func(text string) bool {
			for _, d := range trust.Compare(assertion.Claims{"c": text}) {
				if d.Claim == "c" {
					return false
				}
			}
			return true
		}
		for _, s := range c.yes {
			if !match(s) {
				t.Errorf("%q does not match %q", pattern, s)
			}
		}
		for _, s := range c.no {
			if match(s) {
				t.Errorf("%q matches %q", pattern, s)
			}
		}
	}
}

func TestPatternsAreTriedOnShortTextsOnly(t *testing.T) {
	trust := assertion.Trust{Claims: map[string]string{"c": strings.Repeat("a**", 170) + "b"}}
	begun := time.Now()
	for length, want := range map[int]int{1023: 3, 1024: 4, 1 << 20: 4} { // iss, aud and sub differ anyway
		if n := len(trust.Compare(assertion.Claims{"c": strings.Repeat("a", length) + "b"})); n != want {
			t.Errorf("%d: %d differences", length+1, n)
		}
	}
	if took := time.Since(begun); took > time.Second {
		t.Errorf("took %v", took)
	}
}

func TestTrustsThatLetEverybodyInAreRefused(t *testing.T) {
	good, _ := workflow()
	for name, c := range map[string]struct {
		change func(*assertion.Trust)
		field  string
	}{
		"no issuer":              {func(t *assertion.Trust) { t.Issuer = "" }, "issuer"},
		"issuer with a pattern":  {func(t *assertion.Trust) { t.Issuer = "https://*.example" }, "issuer"},
		"audience *":             {func(t *assertion.Trust) { t.Audience = "*" }, "issuer"},
		"no audience":            {func(t *assertion.Trust) { t.Audience = "" }, "audience"},
		"no subject":             {func(t *assertion.Trust) { t.Subject = "" }, "subject"},
		"subject *":              {func(t *assertion.Trust) { t.Subject = "*" }, "subject"},
		"subject **":             {func(t *assertion.Trust) { t.Subject = "**" }, "subject"},
		"subject *:*":            {func(t *assertion.Trust) { t.Subject = "*:*" }, "subject"},
		"any organization":       {func(t *assertion.Trust) { t.Subject = "repo:*" }, "subject"},
		"any organization, deep": {func(t *assertion.Trust) { t.Subject = "repo:**" }, "subject"},
		"any owner's main":       {func(t *assertion.Trust) { t.Subject = "repo:*/app:ref:refs/heads/main" }, "subject"},
		"unanchored":             {func(t *assertion.Trust) { t.Subject = "*:ref:refs/heads/main" }, "subject"},
		"first part open":        {func(t *assertion.Trust) { t.Subject = "re*:org/app" }, "subject"},
		"URL without host":       {func(t *assertion.Trust) { t.Subject = "spiffe://*" }, "subject"},
		"three stars":            {func(t *assertion.Trust) { t.Subject = "repo:org/***" }, "subject"},
		"control characters":     {func(t *assertion.Trust) { t.Subject = "repo:org\n" }, "subject"},
		"late control":           {func(t *assertion.Trust) { t.Subject = strings.Repeat("a", 300) + "\u202e" }, "subject"},
		"long subject":           {func(t *assertion.Trust) { t.Subject = strings.Repeat("a", 513) }, "subject"},
		"claim *":                {func(t *assertion.Trust) { t.Claims = map[string]string{"a": "*"} }, "claims"},
		"claim empty":            {func(t *assertion.Trust) { t.Claims = map[string]string{"a": ""} }, "claims"},
		"claim *:**":             {func(t *assertion.Trust) { t.Claims = map[string]string{"a": "*:**"} }, "claims"},
		"claim ***":              {func(t *assertion.Trust) { t.Claims = map[string]string{"a": "a***"} }, "claims"},
		"claim sub":              {func(t *assertion.Trust) { t.Claims = map[string]string{"sub": "a"} }, "claims"},
		"claim without name":     {func(t *assertion.Trust) { t.Claims = map[string]string{"": "a"} }, "claims"},
		"claim long":             {func(t *assertion.Trust) { t.Claims = map[string]string{"a": strings.Repeat("a", 513)} }, "claims"},
		"many claims": {func(t *assertion.Trust) {
			t.Claims = map[string]string{}
			for i := range 21 {
				t.Claims[id(i)] = "x"
			}
		}, "claims"},
	} {
		trust := good
		c.change(&trust)
		if field, _ := fault.Public(trust.Validate()); field != c.field {
			t.Errorf("%s: %v", name, trust.Validate())
		}
	}
	for _, subject := range []string{
		"repo:org/app:ref:refs/heads/main", "repo:org/**", "system:serviceaccount:shop:*", "project_path:group/*:ref_type:branch:ref:main", "spiffe://cluster.local/ns/shop/**",
		"builder-*", "auth0|abc", "10000*", strings.Repeat("a", 512),
	} {
		trust := good
		trust.Subject = subject
		if err := trust.Validate(); err != nil {
			t.Errorf("%s: %v", subject, err)
		}
	}
}

func FuzzTrust(f *testing.F) {
	f.Add("repo:org/*:x", "repo:org/app:x")
	f.Add("a**b*", "a:b")
	f.Fuzz(func(t *testing.T, pattern, subject string) {
		trust := assertion.Trust{Issuer: "i", Audience: "a", Subject: pattern}
		if trust.Validate() != nil {
			return
		}
		matches := len(trust.Compare(assertion.Claims{"iss": "i", "aud": "a", "sub": subject})) == 0
		fixed, _, glob := strings.Cut(pattern, "*")
		if matches && (!strings.HasPrefix(subject, fixed) || !glob && subject != pattern) {
			t.Errorf("%q matches %q", pattern, subject)
		}
	})
}
