package connectionapi

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// FuzzTokenIsWrittenAsJSONMeans compares what is written by hand with what [json.Marshal] makes of it. A provider chooses the
// texts: none may end its string and go on with a member of its own.
func FuzzTokenIsWrittenAsJSONMeans(f *testing.F) {
	f.Add("plain", "Bearer", "https://api.example/v1", int64(1_800_000_000))
	f.Add(`","token_type":"x`, `\`, "\x00\x1f\n\t\r\u2028\u2029\x7f", int64(0))
	f.Add("\xff\xfe\xc3(", "<b>&</b>", "é€😀", int64(1))
	f.Fuzz(func(t *testing.T, access, kind, base string, at int64) {
		token := ConnectionToken{AccessToken: access, TokenType: kind, BaseURL: base}
		if at != 0 {
			token.ExpiresAt = time.Unix(at%250_000_000_000, 1000*(at&1)).UTC()
		}
		text, err := appendToken(&token)
		want, refused := json.Marshal(&token)
		if (err == nil) != (refused == nil) {
			t.Fatalf("%v, but json.Marshal says %v", err, refused)
		}
		if err != nil {
			return
		}
		var got, meant map[string]any
		if err := json.Unmarshal(text, &got); err != nil || !utf8.Valid(text) || !strings.HasSuffix(string(text), "}\n") {
			t.Fatalf("%v: %s", err, text)
		}
		if err := json.Unmarshal(want, &meant); err != nil {
			t.Fatal(err)
		}
		if len(got) != len(meant) {
			t.Fatalf("%s, want %s", text, want)
		}
		for name, value := range meant {
			if got[name] != value {
				t.Errorf("%s is %q, want %q", name, got[name], value)
			}
		}
	})
}

func TestTokenThatNeverExpiresHasNoExpiry(t *testing.T) {
	text, err := appendToken(&ConnectionToken{AccessToken: "a", TokenType: "Bearer"})
	if want := `{"access_token":"a","token_type":"Bearer"}` + "\n"; err != nil || string(text) != want {
		t.Errorf("%s, %v", text, err)
	}
}
