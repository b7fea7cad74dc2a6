package web

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/counterfoil/counterfoil/internal/fault"
)

func TestStrictTakesWhatIsOneThingOnly(t *testing.T) {
	for _, text := range []string{
		`{}`, `[]`, `null`, `true`, `0`, `-0`, `""`, ` {"a" : [ 1 , 2 ] , "b":{"a":1}} `, `[{"a":1},{"a":2}]`,
		`{"a":9007199254740991,"b":-9007199254740991,"c":1.5e15,"d":1e-400}`, `"\ud834\udd1e \u00e9 \\u0000 \\ud800 \""`,
		`{"a":"{\"a\":1,\"a\":2}"}`, strings.Repeat("[", 64) + strings.Repeat("]", 64), `{"":1,"A":2,"a":3}`,
	} {
		var got, want any
		if err := Strict([]byte(text), &got); err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		_ = json.Unmarshal([]byte(text), &want)
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%s: read %v, want %v", text, got, want)
		}
	}
}

func TestStrictRefusesWhatTwoReadersReadDifferently(t *testing.T) {
	for name, text := range map[string]string{
		"duplicate member":         `{"a":1,"a":2}`,
		"duplicate by escape":      `{"a":1,"\u0061":2}`,
		"duplicate deep inside":    `[{"x":{"b":1,"c":[],"b":{}}}]`,
		"duplicate with spaces":    "{ \"a\" :1 ,\n\t\"a\" : 1 }",
		"duplicate slash":          `{"a/b":1,"a\/b":2}`,
		"trailing value":           `{"a":1}{"a":2}`,
		"trailing text":            `{} x`,
		"trailing comma":           `{"a":1,}`,
		"byte order mark":          "\xef\xbb\xbf{}",
		"not UTF-8":                "\"\xff\"",
		"lone high surrogate":      `"\ud800"`,
		"lone low surrogate":       `"\udc00"`,
		"surrogates in disorder":   `"\udc00\ud800"`,
		"high surrogate and text":  `"\ud800\u0041"`,
		"surrogate in member name": `{"\ud800":1}`,
		"U+0000":                   `"a\u0000b"`,
		"integer past 2^53":        `9007199254740992`,
		"integer below -2^53":      `[-9007199254740992]`,
		"integer past 64 bits":     `{"a":123456789012345678901234567890}`,
		"integer as a float":       `1e20`,
		"float past double":        `1e400`,
		"float below double":       `-1e400`,
		"nesting of 65 arrays":     strings.Repeat("[", 65) + strings.Repeat("]", 65),
		"nesting of 65 objects":    strings.Repeat(`{"a":`, 65) + "1" + strings.Repeat("}", 65),
		"nesting of 10,000":        strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000),
		"nesting of 500,000":       strings.Repeat("[", 500_000),
		"comment":                  `{} // x`,
		"leading zero":             `01`,
		"NaN":                      `NaN`,
		"nothing":                  ``,
		"only space":               ` `,
		"control in text":          "\"\n\"",
	} {
		var v any
		if err := Strict([]byte(text), &v); !fault.Is(err, fault.Invalid) || v != nil {
			t.Errorf("%s: %v, read %v", name, err, v)
		}
	}
}

func TestStrictRefusesBodiesPastAMebibyte(t *testing.T) {
	var v string
	fits := `"` + strings.Repeat("x", BodyLimit-2) + `"`
	if err := Strict([]byte(fits), &v); err != nil {
		t.Error(err)
	}
	if err := Strict([]byte(fits+" "), &v); !fault.Is(err, fault.TooLarge) {
		t.Error(err)
	}
}

func TestStrictSaysWhichMemberHasTheWrongType(t *testing.T) {
	var v struct{ Name string }
	err := Strict([]byte(`{"Name":7}`), &v)
	if field, message := fault.Public(err); field != "Name" || message != "a number does not fit here" {
		t.Errorf("%q %q", field, message)
	}
}

// FuzzStrict compares with a reader that goes token by token, written in another way.
func FuzzStrict(f *testing.F) {
	for _, seed := range []string{`{"a":1,"a":2}`, `[{"a":[{}]}]`, `"\ud834\udd1e"`, `{"\u0061":1,"a":2}`, `1e400`, "\xef\xbb\xbf{}", `[[],[[]]]`, `{"a":{"b":1},"b":{"a":1}} `} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var strict, loose any
		err := Strict(data, &strict)
		if err != nil {
			if fault.Of(err) != fault.Invalid && fault.Of(err) != fault.TooLarge {
				t.Fatalf("%q: %v is of no kind", data, err)
			}
			return
		}
		if err := json.Unmarshal(data, &loose); err != nil {
			t.Fatalf("%q passes and is not JSON: %v", data, err)
		}
		if !reflect.DeepEqual(loose, strict) {
			t.Fatalf("%q: read %v, want %v", data, strict, loose)
		}
		if twice(t, json.NewDecoder(bytes.NewReader(data))) {
			t.Fatalf("%q passes with a member twice", data)
		}
		again, err := json.Marshal(strict)
		if err != nil {
			t.Fatal(err)
		}
		if err := Strict(again, &loose); err != nil && len(again) <= BodyLimit {
			t.Fatalf("%q passes, but not %q: %v", data, again, err)
		}
	})
}

// twice reports whether the next value of d has an object with the same member twice.
func twice(t *testing.T, d *json.Decoder) bool {
	token, err := d.Token()
	if err != nil {
		t.Fatal(err)
	}
	open, ok := token.(json.Delim)
	if !ok {
		return false
	}
	seen, found := map[any]bool{}, false
	for d.More() {
		if open == '{' {
			name, _ := d.Token()
			found = found || seen[name]
			seen[name] = true
		}
		found = twice(t, d) || found
	}
	_, _ = d.Token()
	return found
}
