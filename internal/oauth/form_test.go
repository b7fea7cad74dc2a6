package oauth

import (
	"bytes"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/fault"
)

func TestEveryParameterIsRepeatableOnlyIfItIsTheResource(t *testing.T) {
	for _, name := range []string{
		"grant_type", "scope", "client_id", "client_secret", "client_assertion", "client_assertion_type", "token",
		"token_type_hint", "unheard_of", "",
	} {
		for _, body := range []string{name + "=a&" + name + "=b", name + "=a&x=y&" + name + "=a", name + "=&" + name + "=b", name + "&" + name} {
			var f form
			if err := f.parse([]byte(body)); name != "" && !fault.Is(err, fault.Invalid) {
				t.Errorf("%q: %v", body, err)
			}
		}
	}
	var f form
	if err := f.parse([]byte("resource=a&resource=b&resource=")); err != nil || f.resources != 2 {
		t.Errorf("two resources: %v, counted %d", err, f.resources)
	}
	// One name has many spellings.
	if err := f.parse([]byte("scope=a&s%63ope=b")); !fault.Is(err, fault.Invalid) {
		t.Errorf("scope and s%%63ope: %v", err)
	}
}

func TestEmptyParametersAreAbsentAndUnknownOnesIgnored(t *testing.T) {
	var f form
	if err := f.parse([]byte("&&grant_type=client_credentials&scope=&resource=&client_id&client_secret=&client_assertion=&token=&audience=x&&")); err != nil {
		t.Fatal(err)
	}
	if string(f.grantType) != "client_credentials" || f.scope != nil || f.resource != nil || f.resources != 0 ||
		f.clientID != nil || f.clientSecret != nil || f.assertion != nil || f.token != nil {
		t.Errorf("%+v", f)
	}
}

func TestFormWithoutEndIsRefused(t *testing.T) {
	body := []byte("p0=")
	for i := 1; i < maxParameters; i++ {
		body = fmt.Appendf(body, "&p%d=", i)
	}
	var f form
	if err := f.parse(bytes.Clone(body)); err != nil {
		t.Errorf("%d parameters: %v", maxParameters, err)
	}
	if err := f.parse(append(body, "&one=more"...)); !fault.Is(err, fault.Invalid) {
		t.Errorf("%d parameters: %v", maxParameters+1, err)
	}
}

func TestBrokenEscapesAreRefused(t *testing.T) {
	for _, body := range []string{"a=%", "a=%4", "a=%zz", "a=%4g", "a=%g4", "%=a", "a%zz=b", "a=b%"} {
		var f form
		if err := f.parse([]byte(body)); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", body, err)
		}
	}
	for body, want := range map[string]string{
		"scope=a+b": "a b", "scope=a%20b": "a b", "scope=a%2Bb": "a+b", "scope=a%2bb": "a+b", "scope=%00": "\x00", "scope=a%26b": "a&b",
		"scope=a=b": "a=b", "scope=a;b": "a;b", "scope=%c3%a9": "é", "scope=%ff": "\xff",
	} {
		var f form
		if err := f.parse([]byte(body)); err != nil || string(f.scope) != want {
			t.Errorf("%q: %q, %v, want %q", body, f.scope, err, want)
		}
	}
}

func TestParsingAFormAllocatesNothing(t *testing.T) {
	text := []byte("grant_type=client_credentials&client_id=x&client_secret=a%2Bb&scope=invoices%3Aread+invoices%3Awrite&resource=https%3A%2F%2Finvoices.example")
	body, f := make([]byte, len(text)), new(form)
	if n := testing.AllocsPerRun(100, func() {
		copy(body, text)
		if err := f.parse(body); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// What net/url reads from a form, this parser reads too, unless it refuses the form.
func FuzzForm(f *testing.F) {
	for _, seed := range []string{
		"grant_type=client_credentials&scope=a+b", "a=%zz", "&&=&=x", "scope=a&scope=b", "resource=a&resource=b",
		"client_id=%00&client_secret=%ff", "token=a;b", strings.Repeat("a&", 60), "s%63ope=x",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var got form
		if err := got.parse(bytes.Clone(body)); err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("%q: %v", body, err)
			}
			return
		}
		if bytes.ContainsRune(body, ';') {
			return // which net/url refuses, for the sake of others who split there
		}
		want, err := url.ParseQuery(string(body))
		if err != nil {
			t.Fatalf("%q: accepted, but net/url says %v", body, err)
		}
		for name, values := range want {
			if len(values) > 1 && name != "resource" {
				t.Fatalf("%q: %q is there %d times", body, name, len(values))
			}
		}
		for name, value := range map[string][]byte{
			"grant_type": got.grantType, "scope": got.scope, "client_id": got.clientID, "client_secret": got.clientSecret, "token": got.token,
		} {
			if want.Get(name) != string(value) {
				t.Fatalf("%q: %s is %q, want %q", body, name, value, want.Get(name))
			}
		}
	})
}
