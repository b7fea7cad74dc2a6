package cli_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/counterfoil/counterfoil/internal/housetest"
)

// shownByApp is the code that an app makes of a secret (RFC 6238).
func shownByApp(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	key, err := base32.StdEncoding.DecodeString(secret)
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha1.New, key)
	_ = binary.Write(mac, binary.BigEndian, at.Unix()/30)
	sum := mac.Sum(nil)
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[sum[19]&15:])&0x7fffffff%1000000)
}

func TestFactorsAreEnrolledConfirmedAndRemoved(t *testing.T) {
	h := housetest.Start(t)
	d := at(t, h)
	h.Must("POST", "/users", housetest.O{"user_name": "ada"})
	type factor struct {
		ID, Kind, Secret string
		Confirmed        bool
		URI              string `json:"otpauth_uri"`
	}
	made := decode[factor](t, d.must("user", "factor", "enrol", "ADA", "--name", "Phone", "-o", "json"))
	if made.Kind != "totp" || len(made.Secret) != 32 || !strings.HasPrefix(made.URI, "otpauth://totp/") {
		t.Fatalf("%+v", made)
	}
	d.stdin = "123"
	d.fails(2, "not right", "user", "factor", "confirm", "ada", made.ID)
	d.stdin = shownByApp(t, made.Secret, h.Clock.Now()) + "\n"
	if shown := d.must("user", "factor", "confirm", "ada", made.ID); !strings.Contains(shown, "confirmed") || strings.Contains(shown, made.Secret) {
		t.Errorf("%s", shown)
	}
	d.fails(1, "not right", "user", "factor", "verify", "ada", made.ID) // the same code again
	h.Clock.Move(time.Minute)
	d.stdin = shownByApp(t, made.Secret, h.Clock.Now())
	d.must("user", "factor", "verify", "ada", made.ID)
	codes := strings.Fields(d.must("user", "recovery-codes", "ada"))
	if list := d.must("user", "factor", "list", "ada"); len(codes) != 10 || !strings.Contains(list, "Phone") || !strings.Contains(list, "10 codes left") ||
		strings.Contains(list, codes[0]) {
		t.Errorf("%v\n%s", codes, list)
	}
	d.must("user", "factor", "remove", "ada", made.ID)
	d.fails(3, "", "user", "factor", "remove", "ada", made.ID)
	d.fails(3, "nobody", "user", "factor", "list", "nobody")
}
